//! Files by size.

use super::{Place, cursors, write};
use crate::testing::{at, batch};
use crate::{Part, SinkWriter, TargetCursor, Verdicts};

#[test]
fn rows_are_there_as_soon_as_they_are_handed_over() {
    let place = Place::new();
    let (mut writer, cursor) = place.open();
    assert_eq!(cursor, TargetCursor::Missing);
    assert_eq!(place.files(), [], "no file before the first row");
    write(&mut writer, 1, &["{\"a\":1}\n", "{\"a\":2}\n"]);
    let file = ("part-000000000001.ndjson", "{\"a\":1}\n{\"a\":2}\n");
    assert_eq!(place.files(), [(file.0.to_owned(), file.1.to_owned())]);
}

#[test]
fn a_file_never_passes_its_size_and_never_splits_a_row() {
    let place = Place::rotating(10);
    let (mut writer, _) = place.open();
    write(
        &mut writer,
        1,
        &["1234\n", "678\n", "x\n", "a row that is longer\n", "y\n"],
    );
    write(&mut writer, 6, &["12345678\n", "z\n"]);
    writer.confirm(&cursors(7)).unwrap();
    let texts: Vec<_> = place.files().into_iter().map(|(_, text)| text).collect();
    assert_eq!(
        texts,
        [
            "1234\n678\n",
            "x\n",
            "a row that is longer\n",
            "y\n",
            "12345678\n",
            "z\n"
        ]
    );
}

#[test]
fn exactly_full_files_hold_nothing_more() {
    let place = Place::rotating(10);
    let (mut writer, _) = place.open();
    for lsn in 1..=4 {
        write(&mut writer, lsn, &["1234\n"]);
    }
    let texts: Vec<_> = place.files().into_iter().map(|(_, text)| text).collect();
    assert_eq!(texts, ["1234\n1234\n", "1234\n1234\n"]);
}

#[test]
fn names_sort_in_the_order_written() {
    let place = Place::rotating(1);
    let (mut writer, _) = place.open();
    let rows: Vec<_> = (0..120).map(|row| format!("{row}\n")).collect();
    let rows: Vec<_> = rows.iter().map(String::as_str).collect();
    write(&mut writer, 1, &rows);
    assert_eq!(place.files().len(), 120);
    assert_eq!(place.text(), rows.concat());
}

#[test]
fn a_request_of_very_many_pieces_is_written_whole() {
    let place = Place::new();
    let (mut writer, _) = place.open();
    let batches: Vec<_> = (1..=3000_u64)
        .map(|lsn| batch(lsn, &[(lsn, 1, &format!("{lsn}\n"))]))
        .collect();
    let request: Vec<_> = batches
        .iter()
        .map(|batch| Part::new(0, batch, 0, None))
        .collect();
    writer
        .write_batch(&request, &mut Verdicts::default())
        .unwrap();
    let all: String = (1..=3000).map(|lsn| format!("{lsn}\n")).collect();
    assert_eq!(place.text(), all);
}

#[test]
fn selected_rows_alone_are_written() {
    let place = Place::rotating(4);
    let (mut writer, _) = place.open();
    let batch = batch(
        1,
        &[(1, 1, "a\n"), (2, 1, "b\n"), (3, 1, "c\n"), (4, 1, "d\n")],
    );
    let request = [
        Part::new(0, &batch, 2, None),
        Part::new(0, &batch, 0, Some(&[0, 3])),
    ];
    writer
        .write_batch(&request, &mut Verdicts::default())
        .unwrap();
    let texts: Vec<_> = place.files().into_iter().map(|(_, text)| text).collect();
    assert_eq!(texts, ["c\nd\n", "a\nd\n"]);
}

#[test]
fn a_restart_goes_on_in_the_same_file_and_rotates_it_in_time() {
    let place = Place::rotating(10);
    let (mut writer, _) = place.open();
    write(&mut writer, 1, &["1234\n"]);
    writer.confirm(&cursors(1)).unwrap();
    drop(writer);
    let (mut writer, cursor) = place.open();
    assert_eq!(cursor, TargetCursor::At(at(1)));
    write(&mut writer, 2, &["678\n", "abc\n"]);
    let texts: Vec<_> = place.files().into_iter().map(|(_, text)| text).collect();
    assert_eq!(texts, ["1234\n678\n", "abc\n"]);
}
