//! Which device a line is about, found before the line is logged.
//!
//! The scanner tracks strings and depth and stops at the first top-level member of that name. It judges
//! nothing else: a line that is broken behind the device key, or between its members, still has its
//! device, and becomes a dead letter when it is decoded. Of valid JSON it finds exactly the member that
//! a full parse finds. A name inside a string or a nested value is never taken.

use crate::escape::unescape_into;
use crate::token::{number_length, skip_blanks, string_end};
use rookery_model::limits::DEVICE_KEY_MAX_BYTES;
use thiserror::Error;

/// Where a line goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route<'a> {
    /// The text form of the device key: a string's text or a number as it is written, blanks at its
    /// ends removed; 1 to [`DEVICE_KEY_MAX_BYTES`] bytes, and UTF-8 if the line is.
    Key(&'a [u8]),
    /// The line belongs to no device.
    Unroutable(RouteError),
}

/// Why a line belongs to no device.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum RouteError {
    /// The first byte that is no blank is not `{`.
    #[error("not a JSON object")]
    NotObject,
    /// The object has no member of that name.
    #[error("no device key at the top level of the object; `listen.device_key` says its name")]
    NoKey,
    /// The member is there and has no text.
    #[error("the device key is empty")]
    Empty,
    /// The member's text is too long.
    #[error("the device key of {length} bytes is over the limit of {DEVICE_KEY_MAX_BYTES}")]
    TooLong {
        /// Bytes of the text, blanks at its ends removed.
        length: usize,
    },
    /// The member is null, true, false, an object, an array, or no JSON value at all.
    #[error("the device key is neither a string nor a number")]
    NotScalar,
}

impl RouteError {
    /// Stable code of the reason.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotObject => "E1101",
            Self::NoKey => "E1102",
            Self::Empty => "E1103",
            Self::TooLong { .. } => "E1104",
            Self::NotScalar => "E1105",
        }
    }
}

/// Finds the device of a line: the first top-level member called `key_name`.
///
/// `scratch` holds the key's text when it is written with escapes; it is cleared first.
#[inline]
#[must_use]
pub fn route<'a>(line: &'a [u8], key_name: &[u8], scratch: &'a mut Vec<u8>) -> Route<'a> {
    let value = match find_member(line, key_name, scratch) {
        Ok(value) => value,
        Err(error) => return Route::Unroutable(error),
    };
    match text_form(value, scratch) {
        Ok(text) => Route::Key(text),
        Err(error) => Route::Unroutable(error),
    }
}

/// The line from the member's value on.
#[inline]
fn find_member<'a>(
    line: &'a [u8],
    key_name: &[u8],
    scratch: &mut Vec<u8>,
) -> Result<&'a [u8], RouteError> {
    let open = skip_blanks(line, 0);
    if line.get(open) != Some(&b'{') {
        return Err(RouteError::NotObject);
    }
    let mut at = open + 1;
    loop {
        at = skip_blanks(line, at);
        if line.get(at) == Some(&b'"') {
            let key = at + 1;
            let (quote, escaped) = string_end(line, key).ok_or(RouteError::NoKey)?;
            at = skip_blanks(line, quote + 1);
            if line.get(at) == Some(&b':') {
                at = skip_blanks(line, at + 1);
                let key = &line[key..quote];
                if key == key_name || (escaped && means(key, key_name, scratch)) {
                    return Ok(&line[at..]);
                }
            }
        }
        at = next_member(line, at).ok_or(RouteError::NoKey)?;
    }
}

/// Place after the comma that ends the member at `at`, or `None` where the object or the line ends.
#[inline]
fn next_member(line: &[u8], mut at: usize) -> Option<usize> {
    let mut depth = 0_usize;
    loop {
        match *line.get(at)? {
            b'"' => at = string_end(line, at + 1)?.0,
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.checked_sub(1)?,
            b',' if depth == 0 => return Some(at + 1),
            _ => {}
        }
        at += 1;
    }
}

/// Whether a key that holds a backslash means this name.
#[cold]
fn means(escaped: &[u8], name: &[u8], scratch: &mut Vec<u8>) -> bool {
    scratch.clear();
    unescape_into(escaped, scratch).is_ok() && scratch == name
}

/// The text form of the value that `rest` begins with.
#[inline]
fn text_form<'a>(rest: &'a [u8], scratch: &'a mut Vec<u8>) -> Result<&'a [u8], RouteError> {
    let text = match rest.first() {
        Some(b'"') => {
            let (quote, escaped) = string_end(rest, 1).ok_or(RouteError::NotScalar)?;
            let text = &rest[1..quote];
            if escaped {
                scratch.clear();
                unescape_into(text, scratch).map_err(|_| RouteError::NotScalar)?;
                trim(scratch)
            } else {
                trim(text)
            }
        }
        _ => {
            let length = number_length(rest).ok_or(RouteError::NotScalar)?;
            &rest[..length]
        }
    };
    match text.len() {
        0 => Err(RouteError::Empty),
        1..=DEVICE_KEY_MAX_BYTES => Ok(text),
        length => Err(RouteError::TooLong { length }),
    }
}

/// Without blanks (those of JSON) at the ends.
#[inline]
fn trim(mut text: &[u8]) -> &[u8] {
    while let [b' ' | b'\t' | b'\r' | b'\n', rest @ ..]
    | [rest @ .., b' ' | b'\t' | b'\r' | b'\n'] = text
    {
        text = rest;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(line: &str) -> Result<String, RouteError> {
        match route(line.as_bytes(), b"imei", &mut Vec::new()) {
            Route::Key(key) => Ok(String::from_utf8_lossy(key).into_owned()),
            Route::Unroutable(error) => Err(error),
        }
    }

    #[test]
    fn the_key_is_found_and_its_text_form_is_one() {
        for line in [
            r#"{"imei":"867"}"#,
            r#"{"id":"a1b2","imei":"867","x":1}"#,
            r#" {	"id" : [1,{"imei":"no"}] , "imei" : "867" }"#,
            r#"{"imei":867}"#,
            r#"{"imei": 867 }"#,
            r#"{"imei":"  867	"}"#,
            r#"{"imei":"\t867\n"}"#,
            r#"{"\u0069mei":"867"}"#,
            r#"{"imei":"8\u00367"}"#,
            r#"{"imei":"867","imei":"other"}"#,
            r#"{"data":"{\"imei\":\"other\"}","imei":"867"}"#,
            r#"{"data":"\\","imei":"867"}"#,
            r#"{"data":"\",\"imei\":\"other","imei":"867"}"#,
            r#"{"":0,"imei ":1,"ime":2,"imeii":3,"IMEI":4,"imei":"867"}"#,
            r#"{"a":"imei","imei":"867"}"#,
        ] {
            assert_eq!(key(line).as_deref(), Ok("867"), "{line}");
        }
        assert_eq!(key(r#"{"imei":-12.50e+3}"#).as_deref(), Ok("-12.50e+3"));
        assert_eq!(key(r#"{"imei":"中 文"}"#).as_deref(), Ok("中 文"));
    }

    #[test]
    fn a_broken_line_keeps_its_device() {
        for line in [
            r#"{"imei":"867""#,
            r#"{"imei":867"#,
            r#"{"imei":"867",}"#,
            r#"{"imei":"867"} and more"#,
            r#"{"imei":"867","x":tru}"#,
            r#"{nonsense,"imei":"867"}"#,
            r#"{"a" 1,"imei":"867"}"#,
            "{\"a\":\"tab\tin it\",\"imei\":\"867\"}",
        ] {
            assert_eq!(key(line).as_deref(), Ok("867"), "{line}");
        }
        let latin1 = b"{\"name\":\"caf\xe9\",\"imei\":\"867\"}";
        let mut scratch = Vec::new();
        assert_eq!(
            route(latin1, b"imei", &mut scratch),
            Route::Key(b"867".as_slice())
        );
    }

    #[test]
    fn what_cannot_be_routed_says_why() {
        use RouteError::{Empty, NoKey, NotObject, NotScalar, TooLong};
        let long = format!(r#"{{"imei":"{}"}}"#, "9".repeat(65));
        let most = format!(r#"{{"imei":" {} "}}"#, "9".repeat(64));
        assert_eq!(key(&most), Ok("9".repeat(64)));
        for (line, error) in [
            ("", NotObject),
            ("867", NotObject),
            (r#"[{"imei":"867"}]"#, NotObject),
            (r#""imei":"867""#, NotObject),
            ("\u{feff}{\"imei\":\"867\"}", NotObject),
            ("{}", NoKey),
            ("{", NoKey),
            (r#"{"imei"}"#, NoKey),
            (r#"{"imei","#, NoKey),
            (r#"{"a":{"imei":"867"}}"#, NoKey),
            (r#"{"a":["imei",{"imei":"867"}]}"#, NoKey),
            (r#"{"a":1} {"imei":"867"}"#, NoKey),
            (r#"{"a":1}, "imei":"867"}"#, NoKey),
            (r#"{"a":"imei":"867"}"#, NoKey),
            (r#"{"a":"never closed, "#, NoKey),
            (r#"{"a":"\"#, NoKey),
            (r#"{"imei":""}"#, Empty),
            (r#"{"imei":"  "}"#, Empty),
            (&long, TooLong { length: 65 }),
            (r#"{"imei":null}"#, NotScalar),
            (r#"{"imei":true}"#, NotScalar),
            (r#"{"imei":{"imei":"867"}}"#, NotScalar),
            (r#"{"imei":["867"]}"#, NotScalar),
            (r#"{"imei":}"#, NotScalar),
            (r#"{"imei":"#, NotScalar),
            (r#"{"imei":"867"#, NotScalar),
            (r#"{"imei":"86\q7"}"#, NotScalar),
            (r#"{"imei":0867}"#, NotScalar),
            (r#"{"imei":867x}"#, NotScalar),
            (r#"{"imei":null,"imei":"867"}"#, NotScalar),
        ] {
            assert_eq!(key(line), Err(error), "{line}");
        }
    }

    #[test]
    fn texts_and_codes() {
        let errors = [
            (RouteError::NotObject, "E1101", "not a JSON object"),
            (
                RouteError::NoKey,
                "E1102",
                "no device key at the top level of the object; `listen.device_key` says its name",
            ),
            (RouteError::Empty, "E1103", "the device key is empty"),
            (
                RouteError::TooLong { length: 65 },
                "E1104",
                "the device key of 65 bytes is over the limit of 64",
            ),
            (
                RouteError::NotScalar,
                "E1105",
                "the device key is neither a string nor a number",
            ),
        ];
        for (error, code, text) in errors {
            assert_eq!((error.code(), error.to_string().as_str()), (code, text));
        }
    }
}
