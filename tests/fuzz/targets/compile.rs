//! See the body.
#![no_main]

#[path = "../bodies/compile.rs"]
mod compile;

libfuzzer_sys::fuzz_target!(|input: &[u8]| compile::check(input));
