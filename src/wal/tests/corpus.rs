//! The inputs that fuzzing kept, and every one that ever failed, replayed (tests/fuzz/README.md).
#![allow(missing_docs)]

#[path = "../../../tests/fuzz/bodies/replay.rs"]
mod replay;
#[path = "../../../tests/fuzz/bodies/scan.rs"]
mod scan;

#[test]
fn the_scan_corpus_is_survived() {
    replay::replay("scan", scan::check);
}
