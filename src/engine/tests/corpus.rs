//! The inputs that fuzzing kept, and every one that ever failed, replayed (tests/fuzz/README.md).
#![allow(missing_docs)]

#[path = "../../../tests/fuzz/bodies/eval.rs"]
mod eval;
#[path = "../../../tests/fuzz/bodies/replay.rs"]
mod replay;
#[path = "../../../tests/fuzz/bodies/rules.rs"]
mod rules;
#[path = "../../../tests/fuzz/bodies/step.rs"]
mod step;

#[test]
fn the_eval_corpus_is_survived() {
    replay::replay("eval", eval::check);
}

#[test]
fn the_rules_corpus_is_survived() {
    replay::replay("rules", rules::check);
}
