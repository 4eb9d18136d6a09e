//! The line by which a forwarder gives its name.

use crate::WireError;
use rookery_model::limits::FORWARDER_NAME_MAX_BYTES;
use serde::Deserialize;

/// What a connection said of itself. Checked: whoever asks for acknowledgements or a fresh start has a
/// name, and the name is fit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Greeting {
    /// Whose stream this is.
    pub forwarder: Option<String>,
    /// The secret that a listener may require.
    pub token: Option<String>,
    /// Whether `{"ack":N}` lines are wanted.
    pub ack: bool,
    /// Whether the forwarder cannot send what it sent before, and begins anew.
    pub fresh: bool,
}

/// The whole line.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Envelope {
    rookery: Body,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    forwarder: Option<String>,
    token: Option<String>,
    #[serde(default)]
    ack: bool,
    #[serde(default)]
    fresh: bool,
}

/// Whether a line wants to be a greeting: an object whose first key is `rookery`. What follows is
/// judged by [`parse`].
#[inline]
pub(crate) fn is_greeting(line: &[u8]) -> bool {
    // Messages of the platform begin with `{"` and another letter.
    let Some(rest) = line.trim_ascii_start().strip_prefix(b"{") else {
        return false;
    };
    rest.trim_ascii_start().starts_with(b"\"rookery\"")
}

/// Reads a greeting.
///
/// # Errors
/// It is no JSON of this shape, or asks for what it cannot have.
pub(crate) fn parse(line: &[u8]) -> Result<Greeting, WireError> {
    let Envelope { rookery } = serde_json::from_slice(line).map_err(|error| {
        let reason = error.to_string();
        WireError::Greeting { reason }
    })?;
    match &rookery.forwarder {
        Some(name) => check_name(name)?,
        None if rookery.ack => return Err(WireError::NameMissing { key: "ack" }),
        None if rookery.fresh => return Err(WireError::NameMissing { key: "fresh" }),
        None => {}
    }
    Ok(Greeting {
        forwarder: rookery.forwarder,
        token: rookery.token,
        ack: rookery.ack,
        fresh: rookery.fresh,
    })
}

fn check_name(name: &str) -> Result<(), WireError> {
    if name.is_empty() || name.chars().any(char::is_control) {
        return Err(WireError::NameUnfit);
    }
    if name.len() > FORWARDER_NAME_MAX_BYTES {
        return Err(WireError::NameTooLong { length: name.len() });
    }
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn code(line: &str) -> &'static str {
        parse(line.as_bytes()).unwrap_err().code()
    }

    #[test]
    fn the_keys_are_read() {
        let line = br#"{"rookery":{"forwarder":"emqx-1","token":"t","ack":true,"fresh":true}}"#;
        assert!(is_greeting(line));
        let greeting = Greeting {
            forwarder: Some("emqx-1".into()),
            token: Some("t".into()),
            ack: true,
            fresh: true,
        };
        assert_eq!(parse(line).unwrap(), greeting);
        assert_eq!(parse(br#"{"rookery":{}}"#).unwrap(), Greeting::default());
    }

    #[test]
    fn only_an_object_that_begins_with_the_key_is_one() {
        for line in [r#"{"rookery":1}"#, " { \"rookery\" : {}}", r#"{"rookery""#] {
            assert!(is_greeting(line.as_bytes()), "{line}");
        }
        for line in [
            r#"{"imei":"1","rookery":{}}"#,
            r#"["rookery"]"#,
            r#"{"rookeryx":{}}"#,
            r#"{"data":"{\"rookery\":{}}"}"#,
            "",
        ] {
            assert!(!is_greeting(line.as_bytes()), "{line}");
        }
    }

    #[test]
    fn what_is_wrong_is_refused_by_its_code() {
        for line in [
            r#"{"rookery":{"forwarder":"a""#,
            r#"{"rookery":[]}"#,
            r#"{"rookery":{"forwarder":7}}"#,
            r#"{"rookery":{"ack":"yes"}}"#,
            r#"{"rookery":{"acks":true}}"#,
            r#"{"rookery":{"forwarder":"a","forwarder":"b"}}"#,
            r#"{"rookery":{"forwarder":"a"},"imei":"1"}"#,
            r#"{"rookery":{}} {}"#,
        ] {
            assert_eq!(code(line), "E1002", "{line}");
        }
        assert_eq!(
            parse(b"{\"rookery\":\"\xff\"}").unwrap_err().code(),
            "E1002"
        );
        assert_eq!(code(r#"{"rookery":{"ack":true}}"#), "E1003");
        assert_eq!(
            code(r#"{"rookery":{"forwarder":null,"fresh":true}}"#),
            "E1003"
        );
        assert_eq!(code(r#"{"rookery":{"forwarder":""}}"#), "E1004");
        assert_eq!(code(r#"{"rookery":{"forwarder":"a\nb"}}"#), "E1004");
    }

    #[test]
    fn an_unknown_key_is_answered_with_the_known_ones() {
        let error = parse(br#"{"rookery":{"acks":true}}"#).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the greeting cannot be read: unknown field `acks`, expected one of `forwarder`, \
             `token`, `ack`, `fresh` at line 1 column 18; it is \
             {\"rookery\":{\"forwarder\":\"name\",\"ack\":true}}"
        );
    }

    #[test]
    fn a_name_may_have_64_bytes_and_not_65() {
        let line = |length| format!(r#"{{"rookery":{{"forwarder":"{}"}}}}"#, "n".repeat(length));
        parse(line(64).as_bytes()).unwrap();
        assert_eq!(code(&line(65)), "E1005");
        let wide = format!(r#"{{"rookery":{{"forwarder":"{}"}}}}"#, "柜".repeat(22));
        assert_eq!(code(&wide), "E1005");
    }
}
