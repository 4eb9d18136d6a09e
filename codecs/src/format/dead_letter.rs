//! A dead letter as a JSON object.

use super::scalar::write_base64;
use crate::escape::{write_escaped, write_string};
use rookery_model::DeadLetter;

/// Appends `{"stage":..,"rule":..,"code":..,"reason":..,"raw":..}`. `rule` is null where no rule failed.
/// Where the bytes are not UTF-8, `raw` has U+FFFD for what is not, and `raw_base64` follows it.
pub fn write_object(letter: &DeadLetter<'_>, out: &mut Vec<u8>) {
    out.push(b'{');
    write_members(letter, out);
    out.push(b'}');
}

/// Appends the members of that object without its braces, for who adds others.
pub fn write_members(letter: &DeadLetter<'_>, out: &mut Vec<u8>) {
    out.extend_from_slice(b"\"stage\":");
    write_string(letter.stage.name(), out);
    out.extend_from_slice(b",\"rule\":");
    match letter.rule {
        Some(rule) => write_string(rule, out),
        None => out.extend_from_slice(b"null"),
    }
    out.extend_from_slice(b",\"code\":");
    write_string(letter.code, out);
    out.extend_from_slice(b",\"reason\":");
    write_string(letter.reason, out);
    out.extend_from_slice(b",\"raw\":");
    write_bytes(letter.raw, out);
}

/// Appends the bytes as a string, and `,"raw_base64":".."` if they are not UTF-8.
fn write_bytes(raw: &[u8], out: &mut Vec<u8>) {
    if let Ok(text) = std::str::from_utf8(raw) {
        write_string(text, out);
        return;
    }
    out.push(b'"');
    for chunk in raw.utf8_chunks() {
        write_escaped(chunk.valid(), out);
        if !chunk.invalid().is_empty() {
            write_escaped("\u{FFFD}", out);
        }
    }
    out.extend_from_slice(b"\",\"raw_base64\":\"");
    write_base64(raw, out);
    out.push(b'"');
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use rookery_model::Stage;

    fn written(letter: &DeadLetter<'_>) -> String {
        let mut out = Vec::new();
        write_object(letter, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_dead_letter_keeps_its_bytes() {
        let mut letter = DeadLetter {
            stage: Stage::Cast,
            rule: Some("charge.power"),
            code: "E1201",
            reason: "`x` is no INT",
            raw: b"{\"a\":\"x\"}",
        };
        assert_eq!(
            written(&letter),
            r#"{"stage":"cast","rule":"charge.power","code":"E1201","reason":"`x` is no INT","raw":"{\"a\":\"x\"}"}"#
        );
        letter.rule = None;
        letter.raw = b"caf\xe9 \xf0\x9f!";
        assert_eq!(
            written(&letter),
            "{\"stage\":\"cast\",\"rule\":null,\"code\":\"E1201\",\"reason\":\"`x` is no INT\",\
             \"raw\":\"caf\u{FFFD} \u{FFFD}!\",\"raw_base64\":\"Y2Fm6SDwnyE=\"}"
        );
    }
}
