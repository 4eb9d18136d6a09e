//! The inputs that fuzzing kept, and every one that ever failed, replayed (tests/fuzz/README.md).
#![allow(missing_docs)]

#[path = "../../../tests/fuzz/bodies/frame.rs"]
mod frame;
#[path = "../../../tests/fuzz/bodies/replay.rs"]
mod replay;

#[test]
fn the_frame_corpus_is_survived() {
    replay::replay("frame", frame::check);
}
