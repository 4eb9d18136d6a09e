//! See the body.
#![no_main]

#[path = "../bodies/frame.rs"]
mod frame;

libfuzzer_sys::fuzz_target!(|input: &[u8]| frame::check(input));
