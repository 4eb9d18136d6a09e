//! The inputs that fuzzing kept, and every one that ever failed, replayed (tests/fuzz/README.md).
#![allow(missing_docs)]

#[path = "../../tests/fuzz/bodies/decode.rs"]
mod decode;
#[path = "../../tests/fuzz/bodies/replay.rs"]
mod replay;

#[test]
fn the_decode_corpus_is_survived() {
    replay::replay("decode", decode::check);
}
