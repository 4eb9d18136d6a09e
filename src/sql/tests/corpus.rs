//! The inputs that fuzzing kept, and every one that ever failed, replayed (tests/fuzz/README.md).
#![allow(missing_docs)]

#[path = "../../../tests/fuzz/bodies/compile.rs"]
mod compile;
#[path = "../../../tests/fuzz/bodies/replay.rs"]
mod replay;

#[test]
fn the_compile_corpus_is_survived() {
    replay::replay("compile", compile::check);
}
