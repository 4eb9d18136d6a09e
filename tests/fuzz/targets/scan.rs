//! See the body.
#![no_main]

#[path = "../bodies/scan.rs"]
mod scan;

libfuzzer_sys::fuzz_target!(|input: &[u8]| scan::check(input));
