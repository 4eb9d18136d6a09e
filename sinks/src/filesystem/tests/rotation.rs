//! Files by size.

use super::super::writer::{FileSettings, FileWriter};
use super::{Place, cursors, write};
use crate::testing::{at, batch, key};
use crate::{Part, SinkWriter, TargetCursor, Verdicts};
use std::time::Duration;

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

fn texts(place: &Place) -> Vec<String> {
    place.files().into_iter().map(|(_, text)| text).collect()
}

fn csv(place: &Place, header: &str) -> FileWriter {
    let mut writer = FileWriter::new(FileSettings {
        extension: "csv",
        header: header.into(),
        ..place.settings()
    });
    writer.open(&[key(0)]).unwrap();
    writer
}

#[test]
fn a_file_of_some_age_is_followed_by_another_over_restarts_too() {
    let place = Place::new();
    let aging = |interval| {
        let mut writer = FileWriter::new(FileSettings {
            rotate_interval: Some(interval),
            ..place.settings()
        });
        writer.open(&[key(0)]).unwrap();
        writer
    };
    let (hour, short) = (Duration::from_secs(3600), Duration::from_millis(30));
    let mut writer = aging(hour);
    write(&mut writer, 1, &["a\n"]);
    write(&mut writer, 2, &["b\n"]);
    writer.confirm(&cursors(2)).unwrap();
    drop(writer);
    std::thread::sleep(short);
    let mut writer = aging(short);
    write(&mut writer, 3, &["c\n"]);
    writer.confirm(&cursors(3)).unwrap();
    assert_eq!(texts(&place), ["a\nb\n", "c\n"]);
    std::thread::sleep(short);
    write(&mut writer, 4, &["d\n"]);
    writer.confirm(&cursors(4)).unwrap();
    drop(writer);
    assert_eq!(texts(&place), ["a\nb\n", "c\n", "d\n"]);
}

#[test]
fn every_file_begins_with_the_header_and_has_a_row() {
    let place = Place::rotating(10);
    let mut writer = csv(&place, "h,i\n");
    assert_eq!(texts(&place), [""; 0]);
    write(
        &mut writer,
        1,
        &["1,2\n", "3,4\n", "a longer row,5\n", "6,7\n"],
    );
    writer.confirm(&cursors(4)).unwrap();
    let files = [
        "h,i\n1,2\n",
        "h,i\n3,4\n",
        "h,i\na longer row,5\n",
        "h,i\n6,7\n",
    ];
    assert_eq!(texts(&place), files);
    assert_eq!(place.files()[3].0, "part-000000000004.csv");
    drop(writer);
    // Unconfirmed rows go, and so does a header without a row behind it.
    let mut writer = csv(&place, "h,i\n");
    write(&mut writer, 5, &["8,9\n"]);
    drop(writer);
    let mut writer = csv(&place, "h,i\n");
    assert_eq!(texts(&place), files);
    write(&mut writer, 5, &["8,9\n"]);
    assert_eq!(texts(&place)[4], "h,i\n8,9\n");
}

#[test]
fn another_header_or_format_begins_another_file_and_doubles_no_row() {
    let place = Place::new();
    let (mut writer, _) = place.open();
    write(&mut writer, 1, &["{}\n"]);
    writer.confirm(&cursors(1)).unwrap();
    write(&mut writer, 2, &["{\"unconfirmed\":1}\n"]);
    drop(writer);
    let mut writer = csv(&place, "a\n");
    write(&mut writer, 2, &["1\n"]);
    writer.confirm(&cursors(2)).unwrap();
    write(&mut writer, 3, &["2\n"]);
    drop(writer);
    let mut writer = csv(&place, "a,b\n");
    write(&mut writer, 3, &["2,3\n"]);
    writer.confirm(&cursors(3)).unwrap();
    drop(writer);
    let mut writer = csv(&place, "a,b\n");
    write(&mut writer, 4, &["4,5\n"]);
    let files = ["{}\n", "a\n1\n", "a,b\n2,3\n4,5\n"];
    assert_eq!(texts(&place), files);
}
