//! Properties of the codecs over random input, with serde_json and jiff as judges.
#![allow(clippy::unwrap_used)]

mod decode;
mod format;
mod framing;
mod route;
mod time;
mod tree;
