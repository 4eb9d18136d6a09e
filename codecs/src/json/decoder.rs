//! Text into a tape.

use super::document::Document;
use super::error::ParseError;
use super::exact::ExactParser;
use rookery_model::limits::JSON_DEPTH_MAX;
use simd_json::{Buffers, INPUT_PADDING, Tape, fill_tape_padded};

/// Parses one text at a time into buffers that it keeps. They grow to the longest text seen; after that
/// nothing is allocated.
pub struct Decoder {
    /// simd-json unescapes in place: it works on this copy, with room behind it for its wide loads.
    copy: Vec<u8>,
    buffers: Buffers,
    /// The tape between two documents: empty, but with its memory.
    tape: Tape<'static>,
    /// Where each node of the tape begins in the text.
    starts: Vec<u32>,
    exact: ExactParser,
}

impl Default for Decoder {
    fn default() -> Self {
        Self::new()
    }
}

impl std::fmt::Debug for Decoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Decoder").finish_non_exhaustive()
    }
}

impl Decoder {
    /// A decoder without memory yet.
    #[must_use]
    pub fn new() -> Self {
        Self {
            copy: Vec::new(),
            buffers: Buffers::with_max_depth(0, JSON_DEPTH_MAX),
            tape: Tape(Vec::new()),
            starts: Vec::new(),
            exact: ExactParser::default(),
        }
    }

    /// Parses a text. The document borrows the decoder until it is dropped; its strings and numbers
    /// live as long as that borrow.
    ///
    /// # Errors
    /// [`ParseError`] if the text is not JSON, not UTF-8, or nested too deep. The decoder is as good as
    /// before.
    pub fn decode<'a>(&'a mut self, raw: &'a [u8]) -> Result<Document<'a>, ParseError> {
        let Self {
            copy,
            buffers,
            tape: slot,
            starts,
            exact,
        } = self;
        copy.clear();
        copy.reserve(raw.len() + INPUT_PADDING);
        copy.extend_from_slice(raw);
        copy.extend_from_slice(&[b' '; INPUT_PADDING]);
        let mut tape = std::mem::replace(slot, Tape(Vec::new())).reset();
        if fill_tape_padded(copy, raw.len(), buffers, &mut tape).is_ok() {
            let structurals = buffers.structural_indexes();
            return Ok(Document::new(raw, tape, slot, starts, Some(structurals)));
        }
        // What it left may borrow the copy: only the memory is kept.
        let mut tape = tape.reset();
        match exact.parse(raw, &mut tape, starts) {
            Ok(()) => Ok(Document::new(raw, tape, slot, starts, None)),
            Err(error) => {
                *slot = tape.reset();
                Err(error)
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::{KeySet, Node, NodeRef};
    use super::*;

    fn compact(text: &str) -> Result<String, ParseError> {
        let mut decoder = Decoder::new();
        let document = decoder.decode(text.as_bytes())?;
        let mut out = Vec::new();
        document.write_json(document.root(), &mut out);
        Ok(String::from_utf8(out).unwrap())
    }

    #[test]
    fn values_keep_their_order_and_their_text() {
        for (text, expected) in [
            (
                " { \"b\" : 12.50 , \"a\" : [ -0 , 1E+3 , 0.10 ] } ",
                r#"{"b":12.50,"a":[-0,1E+3,0.10]}"#,
            ),
            (
                r#"{"a":"\u4e2d\/\"\n\u0001","a":null}"#,
                r#"{"a":"中/\"\n\u0001","a":null}"#,
            ),
            ("[]", "[]"),
            ("{}", "{}"),
            ("[[],{},[{}]]", "[[],{},[{}]]"),
            ("12.50", "12.50"),
            ("\"x\"", "\"x\""),
            ("true", "true"),
            // Refused by simd-json, valid all the same.
            (
                r#"{"iccid":89860012345678901234,"x":[1e400,-99999999999999999999]}"#,
                r#"{"iccid":89860012345678901234,"x":[1e400,-99999999999999999999]}"#,
            ),
            (
                r#"{"half":"\ud83d","n":[1,{"a":"\t"}]}"#,
                "{\"half\":\"\u{FFFD}\",\"n\":[1,{\"a\":\"\\t\"}]}",
            ),
            ("1e400", "1e400"),
        ] {
            assert_eq!(compact(text).unwrap(), expected);
        }
    }

    #[test]
    fn what_is_wrong_is_named_with_its_place() {
        let deepest = format!("{}{}", "[".repeat(32), "]".repeat(32));
        assert_eq!(compact(&deepest).unwrap(), deepest);
        let too_deep = format!("{}{}", "[".repeat(33), "]".repeat(33));
        for (text, error) in [
            ("", "not JSON: a value expected at byte 0"),
            ("{\"a\":}", "not JSON: a value expected at byte 5"),
            ("{\"a\" 1}", "not JSON: `:` expected at byte 5"),
            ("{\"a\":1,}", "not JSON: a key expected at byte 7"),
            ("{a:1}", "not JSON: a key expected at byte 1"),
            (
                "{\"a\":1 \"b\":2}",
                "not JSON: `,` or `}` expected at byte 7",
            ),
            ("[1 2]", "not JSON: `,` or `]` expected at byte 3"),
            ("[01]", "not JSON: a number expected at byte 1"),
            ("\"abc", "not JSON: a closing quote expected at byte 4"),
            (
                "{\"a\":\"x\\qy\"}",
                "not JSON: a valid escape expected at byte 7",
            ),
            (
                "[\"a\tb\"]",
                "not JSON: an escape instead of a control character expected at byte 3",
            ),
            ("{} {}", "not JSON: the end of the text expected at byte 3"),
            ("nul", "not JSON: a value expected at byte 0"),
            ("NaN", "not JSON: a value expected at byte 0"),
            (&too_deep, "nested deeper than the limit of 32 at byte 32"),
        ] {
            assert_eq!(compact(text).unwrap_err().to_string(), error, "{text}");
        }
        let mut decoder = Decoder::new();
        let error = decoder.decode(b"{\"a\":\"caf\xe9\"}").unwrap_err();
        assert_eq!(error, ParseError::NotUtf8 { offset: 9 });
        assert_eq!(
            decoder.decode(b"7").unwrap().node(NodeRef::MISSING),
            Node::Missing
        );
    }

    #[test]
    fn columns_are_filled_in_one_pass_and_duplicates_counted() {
        let keys = KeySet::new(["imei", "time", "gone", "data"]);
        let mut out = [NodeRef::MISSING; 4];
        let mut decoder = Decoder::new();
        let text =
            br#"{"x":1,"imei":"first","data":{"imei":"in"},"imei":"second","time":12.50,"x":2}"#;
        let document = decoder.decode(text).unwrap();
        assert_eq!(document.fill_columns(&keys, &mut out), 2);
        assert_eq!(document.node(out[0]), Node::String("first"));
        assert_eq!(document.node(out[1]), Node::Number("12.50"));
        assert_eq!(document.node(out[2]), Node::Missing);
        assert_eq!(document.node(out[3]), Node::Object(1));
        assert_eq!(document.node(document.get("imei")), Node::String("first"));
        assert_eq!(document.get("gone"), NodeRef::MISSING);
        drop(document);
        let document = decoder.decode(b"[{\"imei\":1}]").unwrap();
        assert_eq!(document.fill_columns(&keys, &mut out), 0);
        assert_eq!(out, [NodeRef::MISSING; 4]);
    }

    #[test]
    fn many_unknown_keys_are_no_duplicates() {
        let mut text = String::from("{");
        for i in 0..300 {
            text.push_str(&format!("\"key{i}\":{i},"));
        }
        text.push_str("\"key7\":0,\"key299\":1}");
        let mut decoder = Decoder::new();
        let document = decoder.decode(text.as_bytes()).unwrap();
        assert_eq!(document.fill_columns(&KeySet::default(), &mut []), 2);
    }

    #[test]
    fn memory_is_kept_from_document_to_document() {
        let mut decoder = Decoder::new();
        let text = br#"{"a":[1,2,3],"b":"x\ny"}"#;
        drop(decoder.decode(text).unwrap());
        let room = decoder.tape.0.capacity();
        assert!(room > 0);
        for _ in 0..3 {
            drop(decoder.decode(text).unwrap());
            assert!(decoder.decode(b"{oops").is_err());
            drop(decoder.decode(b"[1e999]").unwrap());
            assert_eq!(decoder.tape.0.capacity(), room);
        }
    }

    #[test]
    fn texts_outlive_the_document() {
        let mut decoder = Decoder::new();
        let text = r#"{"a":"x","n":1.50}"#.to_owned();
        let (a, n) = {
            let document = decoder.decode(text.as_bytes()).unwrap();
            (
                document.node(document.get("a")),
                document.node(document.get("n")),
            )
        };
        assert_eq!((a, n), (Node::String("x"), Node::Number("1.50")));
    }
}
