//! What a start finds, and what it makes of it.

use super::{Place, cursors, files, write};
use crate::testing::{at, key};
use crate::{LaneCursor, SinkWriter, TargetCursor};
use std::fs;

#[test]
fn unconfirmed_rows_are_cut_off() {
    let place = Place::rotating(10);
    let (mut writer, _) = place.open();
    write(&mut writer, 1, &["1234\n"]);
    writer.confirm(&cursors(1)).unwrap();
    write(&mut writer, 2, &["678\n", "abcd\n", "efgh\n", "ijkl\n"]);
    assert_eq!(place.files().len(), 3);
    drop(writer);
    let (mut writer, cursor) = place.open();
    assert_eq!(cursor, TargetCursor::At(at(1)));
    assert_eq!(place.text(), "1234\n");
    write(&mut writer, 2, &["678\n", "abcd\n"]);
    writer.confirm(&cursors(3)).unwrap();
    drop(writer);
    let (_writer, cursor) = place.open();
    assert_eq!(cursor, TargetCursor::At(at(3)));
    assert_eq!(place.text(), "1234\n678\nabcd\n");
}

#[test]
fn rows_before_the_first_confirmation_are_cut_off() {
    let place = Place::rotating(10);
    let (mut writer, _) = place.open();
    write(&mut writer, 1, &["1234\n", "5678\n", "9\n"]);
    drop(writer);
    let (mut writer, cursor) = place.open();
    assert_eq!(cursor, TargetCursor::Missing);
    assert_eq!(place.text(), "");
    write(&mut writer, 1, &["a\n"]);
    assert_eq!(place.text(), "a\n");
}

#[test]
fn a_row_cut_in_the_middle_is_gone() {
    let place = Place::new();
    let (mut writer, _) = place.open();
    write(&mut writer, 1, &["1234\n"]);
    writer.confirm(&cursors(1)).unwrap();
    drop(writer);
    for tail in ["{\"half\":", "\0\0\0\0", "5678\n{\"ha"] {
        fs::write(place.file(1), format!("1234\n{tail}")).unwrap();
        let (_writer, cursor) = place.open();
        assert_eq!(cursor, TargetCursor::At(at(1)));
        assert_eq!(place.text(), "1234\n");
    }
}

#[test]
fn each_lane_has_its_own_cursor() {
    let place = Place::new();
    let mut writer = place.writer();
    writer.open(&[key(0), key(1)]).unwrap();
    let both = [0, 1].map(|shard| LaneCursor {
        lane: key(shard),
        through: at(10 + u64::from(shard)),
    });
    writer.confirm(&both).unwrap();
    drop(writer);
    let found = place.writer().open(&[key(1), key(2), key(0)]).unwrap();
    assert_eq!(
        found,
        [
            TargetCursor::At(at(11)),
            TargetCursor::Missing,
            TargetCursor::At(at(10))
        ]
    );
}

/// A place whose first file holds a confirmed row.
fn one_confirmed_row() -> Place {
    let place = Place::new();
    let (mut writer, _) = place.open();
    write(&mut writer, 1, &["1234\n"]);
    writer.confirm(&cursors(1)).unwrap();
    place
}

#[test]
fn a_missing_file_is_not_made_again() {
    let place = one_confirmed_row();
    fs::remove_file(place.file(1)).unwrap();
    let (mut writer, cursor) = place.open();
    assert_eq!(cursor, TargetCursor::At(at(1)));
    write(&mut writer, 2, &["next\n"]);
    assert_eq!(
        place.files(),
        [("part-000000000002.ndjson".to_owned(), "next\n".to_owned())]
    );
}

#[test]
fn a_missing_directory_is_made_again() {
    let place = one_confirmed_row();
    fs::remove_dir_all(place.rows()).unwrap();
    let (mut writer, cursor) = place.open();
    assert_eq!(cursor, TargetCursor::At(at(1)));
    write(&mut writer, 2, &["next\n"]);
    assert_eq!(place.text(), "next\n");
}

#[test]
fn an_edited_or_shortened_file_is_left_as_it_is() {
    for edited in ["123", "", "12345\n"] {
        let place = one_confirmed_row();
        fs::write(place.file(1), edited).unwrap();
        // Unconfirmed rows beyond are cut off all the same.
        fs::write(place.file(2), "unconfirmed\n").unwrap();
        let (mut writer, cursor) = place.open();
        assert_eq!(cursor, TargetCursor::At(at(1)));
        write(&mut writer, 2, &["next\n"]);
        assert_eq!(
            place.files(),
            [
                ("part-000000000001.ndjson".to_owned(), edited.to_owned()),
                ("part-000000000003.ndjson".to_owned(), "next\n".to_owned())
            ]
        );
        writer.confirm(&cursors(2)).unwrap();
        drop(writer);
        let (_writer, cursor) = place.open();
        assert_eq!(cursor, TargetCursor::At(at(2)));
        assert_eq!(place.files().len(), 2, "and it is settled for good");
    }
}

#[test]
fn complete_files_may_be_taken_away() {
    let place = Place::rotating(5);
    let (mut writer, _) = place.open();
    write(&mut writer, 1, &["1234\n", "5678\n", "9\n"]);
    writer.confirm(&cursors(3)).unwrap();
    fs::remove_file(place.file(1)).unwrap();
    write(&mut writer, 4, &["a\n"]);
    writer.confirm(&cursors(4)).unwrap();
    drop(writer);
    fs::remove_file(place.file(2)).unwrap();
    let (_writer, cursor) = place.open();
    assert_eq!(cursor, TargetCursor::At(at(4)));
    assert_eq!(place.text(), "9\na\n");
}

#[test]
fn files_of_others_are_left_alone() {
    let place = Place::new();
    fs::create_dir_all(place.rows()).unwrap();
    fs::write(place.rows().join("README"), "hands off\n").unwrap();
    fs::write(place.rows().join("part-1.ndjson"), "not ours\n").unwrap();
    fs::write(place.file(41), "an earlier data directory's\n").unwrap();
    let (mut writer, cursor) = place.open();
    assert_eq!(cursor, TargetCursor::Missing);
    write(&mut writer, 1, &["mine\n"]);
    drop(writer);
    assert_eq!(fs::read_to_string(place.file(42)).unwrap(), "mine\n");
    let (_writer, _) = place.open();
    let names: Vec<_> = place.files().into_iter().map(|(name, _)| name).collect();
    assert!(names.contains(&"README".to_owned()));
    assert!(names.contains(&"part-1.ndjson".to_owned()));
    assert!(names.contains(&"part-000000000041.ndjson".to_owned()));
    assert!(
        !place.text().contains("mine"),
        "the unconfirmed row is cut off"
    );
}

#[test]
fn more_than_can_be_unconfirmed_is_not_deleted() {
    let place = one_confirmed_row();
    let file = fs::OpenOptions::new()
        .write(true)
        .open(place.file(1))
        .unwrap();
    file.set_len(1 << 30).unwrap();
    fs::write(place.file(2), "confirmed once\n").unwrap();
    let (mut writer, _) = place.open();
    write(&mut writer, 2, &["next\n"]);
    drop(writer);
    assert_eq!(fs::metadata(place.file(1)).unwrap().len(), 1 << 30);
    assert_eq!(
        fs::read_to_string(place.file(2)).unwrap(),
        "confirmed once\n"
    );
    assert_eq!(fs::read_to_string(place.file(3)).unwrap(), "next\n");
    let (_writer, _) = place.open();
    assert_eq!(fs::metadata(place.file(3)).map_or(0, |file| file.len()), 0);
    assert_eq!(
        fs::read_to_string(place.file(2)).unwrap(),
        "confirmed once\n"
    );
}

#[test]
fn a_changed_path_goes_on_in_the_new_directory_without_repeating_rows() {
    let place = one_confirmed_row();
    let (mut writer, _) = place.open();
    write(&mut writer, 2, &["unconfirmed\n"]);
    drop(writer);
    let mut settings = place.settings();
    settings.directory = place.root.path().join("elsewhere");
    let mut writer = super::FileWriter::new(settings.clone());
    let found = writer.open(&[key(0)]).unwrap();
    assert_eq!(found, [TargetCursor::At(at(1))]);
    write(&mut writer, 2, &["again\n"]);
    assert_eq!(place.text(), "1234\n");
    assert_eq!(
        files(&settings.directory),
        [("part-000000000001.ndjson".to_owned(), "again\n".to_owned())]
    );
}

#[test]
fn a_directory_has_one_writer() {
    let place = Place::new();
    let (mut first, _) = place.open();
    let error = place.writer().open(&[key(0)]).unwrap_err();
    assert_eq!(error.code(), "E3003");
    // Through a link it is the same directory.
    let mut settings = place.settings();
    settings.directory = place.root.path().join("link");
    settings.state_directory = place.root.path().join("data/sinks/other");
    std::os::unix::fs::symlink(place.rows(), &settings.directory).unwrap();
    let error = super::FileWriter::new(settings)
        .open(&[key(0)])
        .unwrap_err();
    assert_eq!(error.code(), "E3003");
    first.close().unwrap();
    place.writer().open(&[key(0)]).unwrap();
}

#[test]
fn a_file_removed_under_the_writer_is_noticed_before_its_rows_are_confirmed() {
    let place = one_confirmed_row();
    let (mut writer, _) = place.open();
    write(&mut writer, 2, &["a\n"]);
    fs::remove_file(place.file(1)).unwrap();
    let error = writer.confirm(&cursors(2)).unwrap_err();
    assert_eq!(error.code(), "E3004");
    let cursor = writer.open(&[key(0)]).unwrap();
    assert_eq!(cursor, [TargetCursor::At(at(1))]);
    write(&mut writer, 2, &["a\n"]);
    writer.confirm(&cursors(2)).unwrap();
    assert_eq!(place.text(), "a\n");
}

#[test]
fn a_path_that_is_a_file_is_an_error_that_names_it() {
    let place = Place::new();
    fs::create_dir_all(place.rows().parent().unwrap()).unwrap();
    fs::write(place.rows(), "").unwrap();
    let error = place.writer().open(&[key(0)]).unwrap_err();
    let text = error.to_string();
    assert!(text.contains("deep/er/rows"), "{text}");
    fs::remove_file(place.rows()).unwrap();
    place.writer().open(&[key(0)]).unwrap();
}

#[test]
fn damage_of_the_cursor_file_is_an_error_until_it_is_moved_away() {
    let place = one_confirmed_row();
    let bytes = fs::read(place.cursor()).unwrap();
    fs::write(place.cursor(), vec![0xa5; bytes.len()]).unwrap();
    let error = place.writer().open(&[key(0)]).unwrap_err();
    assert_eq!(error.code(), "E3005");
    fs::remove_file(place.cursor()).unwrap();
    let (mut writer, cursor) = place.open();
    assert_eq!(cursor, TargetCursor::Missing);
    write(&mut writer, 2, &["next\n"]);
    assert_eq!(fs::read_to_string(place.file(2)).unwrap(), "next\n");
}
