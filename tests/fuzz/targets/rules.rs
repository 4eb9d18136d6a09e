//! See the body.
#![no_main]

#[path = "../bodies/rules.rs"]
mod rules;
#[path = "../bodies/step.rs"]
mod step;

libfuzzer_sys::fuzz_target!(|input: &[u8]| rules::check(input));
