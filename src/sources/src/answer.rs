//! The lines that go back to a forwarder that greeted. Each ends with a line feed.

use crate::WireError;
use serde::Serialize;
use std::io::Write;

/// Where to resume.
#[derive(Serialize)]
struct Resume<'a> {
    instance: &'a str,
    resume: u64,
}

#[derive(Serialize)]
struct Fault<'a> {
    code: &'a str,
    message: &'a str,
    at: u64,
}

pub(crate) fn put_resume(instance: &str, resume: u64, out: &mut Vec<u8>) {
    put_line("rookery", &Resume { instance, resume }, out);
}

pub(crate) fn put_error(error: &WireError, at: u64, out: &mut Vec<u8>) {
    let fault = Fault {
        code: error.code(),
        message: &error.to_string(),
        at,
    };
    put_line("error", &fault, out);
}

/// No allocation beyond `out`: one is written per connection and commit.
pub(crate) fn put_ack(number: u64, out: &mut Vec<u8>) {
    writeln!(out, "{{\"ack\":{number}}}").expect("a Vec takes every byte");
}

fn put_line(key: &str, value: &impl Serialize, out: &mut Vec<u8>) {
    write!(out, "{{\"{key}\":").expect("a Vec takes every byte");
    serde_json::to_writer(&mut *out, value).expect("strings and numbers always become JSON");
    out.extend_from_slice(b"}\n");
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn text(put: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        put(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn answers_have_their_fixed_shapes() {
        assert_eq!(
            text(|out| put_resume("k3v9", 0, out)),
            "{\"rookery\":{\"instance\":\"k3v9\",\"resume\":0}}\n"
        );
        assert_eq!(text(|out| put_ack(2, out)), "{\"ack\":2}\n");
        let error = WireError::TooManyNames {
            name: "a\"b".into(),
            limit: 1024,
        };
        assert_eq!(
            text(|out| put_error(&error, 17, out)),
            "{\"error\":{\"code\":\"E1006\",\"message\":\"forwarder \\\"a\\\"b\\\" would be one \
             more than the 1,024 names that are remembered; raise `listen.forwarders_max`, or \
             forget names that are no longer used\",\"at\":17}}\n"
        );
    }
}
