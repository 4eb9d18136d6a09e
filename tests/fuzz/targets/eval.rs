//! See the body.
#![no_main]

#[path = "../bodies/eval.rs"]
mod eval;
#[path = "../bodies/step.rs"]
mod step;

libfuzzer_sys::fuzz_target!(|input: &[u8]| eval::check(input));
