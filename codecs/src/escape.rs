//! JSON's string escapes, read and written.

/// What stands for a surrogate that lacks its other half: JSON's grammar allows it, UTF-8 does not.
const REPLACEMENT: char = '\u{FFFD}';

/// Place of a bad escape, as an offset into the escaped text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BadEscape(pub usize);

/// Appends what `escaped` (the bytes between a string's quotes) means.
///
/// Only escapes are judged: control characters and bad UTF-8 pass as they are.
pub(crate) fn unescape_into(escaped: &[u8], out: &mut Vec<u8>) -> Result<(), BadEscape> {
    let mut rest = 0;
    while let Some(found) = memchr::memchr(b'\\', &escaped[rest..]) {
        let at = rest + found;
        out.extend_from_slice(&escaped[rest..at]);
        rest = at + unescape_one(&escaped[at..], out).ok_or(BadEscape(at))?;
    }
    out.extend_from_slice(&escaped[rest..]);
    Ok(())
}

/// Appends the one escape that `escaped` begins with; returns how many bytes it takes.
fn unescape_one(escaped: &[u8], out: &mut Vec<u8>) -> Option<usize> {
    let byte = match *escaped.get(1)? {
        byte @ (b'"' | b'\\' | b'/') => byte,
        b'b' => 0x08,
        b'f' => 0x0c,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'u' => return unescape_code_point(escaped, out),
        _ => return None,
    };
    out.push(byte);
    Some(2)
}

/// `\uXXXX`, or a pair of them that makes one character.
fn unescape_code_point(escaped: &[u8], out: &mut Vec<u8>) -> Option<usize> {
    let first = hex4(escaped, 2)?;
    let mut taken = 6;
    let mut code_point = first;
    if (0xd800..0xdc00).contains(&first) && escaped.get(6..8) == Some(b"\\u") {
        // A second escape with bad digits is judged when its own turn comes.
        if let Some(second @ 0xdc00..0xe000) = hex4(escaped, 8) {
            code_point = 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
            taken = 12;
        }
    }
    let character = char::from_u32(code_point).unwrap_or(REPLACEMENT);
    out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
    Some(taken)
}

fn hex4(text: &[u8], at: usize) -> Option<u32> {
    let digits = text.get(at..at + 4)?;
    digits.iter().try_fold(0, |value, &digit| {
        Some(value << 4 | char::from(digit).to_digit(16)?)
    })
}

/// Bytes that a JSON string may not hold as they are: `"`, `\` and those below 0x20.
const ESCAPES: [u8; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 0x20 {
        table[byte] = b'u';
        byte += 1;
    }
    table[0x08] = b'b';
    table[0x0c] = b'f';
    table[b'\n' as usize] = b'n';
    table[b'\r' as usize] = b'r';
    table[b'\t' as usize] = b't';
    table[b'"' as usize] = b'"';
    table[b'\\' as usize] = b'\\';
    table
};

const LOW_BITS: u64 = 0x0101_0101_0101_0101;
const HIGH_BITS: u64 = 0x8080_8080_8080_8080;

/// For each byte of the word its high bit, set where the byte is zero. Exact for the lowest such byte.
#[inline(always)]
pub(crate) fn zero_bytes(word: u64) -> u64 {
    word.wrapping_sub(LOW_BITS) & !word & HIGH_BITS
}

/// For each byte of the word its high bit, set where the byte equals `byte`. Exact for the lowest one.
#[inline(always)]
pub(crate) fn equal_bytes(word: u64, byte: u8) -> u64 {
    zero_bytes(word ^ (LOW_BITS * byte as u64))
}

/// The high bits of bytes that must be escaped; exact for the lowest one.
#[inline(always)]
fn escaped_bytes(word: u64) -> u64 {
    let control = word.wrapping_sub(LOW_BITS * 0x20) & !word & HIGH_BITS;
    control | equal_bytes(word, b'"') | equal_bytes(word, b'\\')
}

/// Length of the longest prefix that needs no escape.
#[inline]
fn plain_prefix(text: &[u8]) -> usize {
    let (words, tail) = text.as_chunks::<8>();
    for (i, word) in words.iter().enumerate() {
        let hits = escaped_bytes(u64::from_le_bytes(*word));
        if hits != 0 {
            return i * 8 + hits.trailing_zeros() as usize / 8;
        }
    }
    let from = text.len() - tail.len();
    let plain = tail
        .iter()
        .position(|&byte| ESCAPES[byte as usize] != 0)
        .unwrap_or(tail.len());
    from + plain
}

/// Appends the text between quotes, with the fewest escapes that JSON allows.
#[inline]
pub fn write_string(text: &str, out: &mut Vec<u8>) {
    out.reserve(text.len() + 2);
    out.push(b'"');
    write_escaped(text, out);
    out.push(b'"');
}

/// Appends the text with the fewest escapes that JSON allows, without quotes.
#[inline]
pub fn write_escaped(text: &str, out: &mut Vec<u8>) {
    let text = text.as_bytes();
    let plain = plain_prefix(text);
    out.extend_from_slice(&text[..plain]);
    if plain < text.len() {
        write_dense(&text[plain..], out);
    }
}

/// Bytes written at once where escapes are many.
const BLOCK: usize = 256;
/// Bytes that one byte becomes at most: `\u001f`.
const ESCAPE_BYTES_MAX: usize = 6;

/// Where one byte needs an escape more follow (JSON in a string): words go through a block on the stack,
/// so that `out` grows seldom.
#[inline(never)]
fn write_dense(text: &[u8], out: &mut Vec<u8>) {
    let mut block = [0; BLOCK];
    let mut used = 0;
    let (words, tail) = text.as_chunks::<8>();
    for word in words {
        if used > BLOCK - 8 * ESCAPE_BYTES_MAX {
            out.extend_from_slice(&block[..used]);
            used = 0;
        }
        if escaped_bytes(u64::from_le_bytes(*word)) == 0 {
            block[used..used + 8].copy_from_slice(word);
            used += 8;
        } else {
            used = escape_bytes(word, &mut block, used);
        }
    }
    out.extend_from_slice(&block[..used]);
    let used = escape_bytes(tail, &mut block, 0);
    out.extend_from_slice(&block[..used]);
}

/// Writes bytes into the block from `used` on; how much of it is used then.
#[inline]
fn escape_bytes(bytes: &[u8], block: &mut [u8; BLOCK], mut used: usize) -> usize {
    for &byte in bytes {
        match ESCAPES[usize::from(byte)] {
            0 => {
                block[used] = byte;
                used += 1;
            }
            b'u' => {
                const DIGITS: &[u8; 16] = b"0123456789abcdef";
                let low = DIGITS[usize::from(byte & 0x0f)];
                let escape = [b'\\', b'u', b'0', b'0', b'0' + (byte >> 4), low];
                block[used..used + ESCAPE_BYTES_MAX].copy_from_slice(&escape);
                used += ESCAPE_BYTES_MAX;
            }
            escape => {
                block[used..used + 2].copy_from_slice(&[b'\\', escape]);
                used += 2;
            }
        }
    }
    used
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn unescape(text: &str) -> Result<String, BadEscape> {
        let mut out = Vec::new();
        unescape_into(text.as_bytes(), &mut out)?;
        Ok(String::from_utf8(out).unwrap())
    }

    #[test]
    fn escapes_are_read() {
        assert_eq!(
            unescape(r#"a\"\\\/\b\f\n\r\tz"#).unwrap(),
            "a\"\\/\u{8}\u{c}\n\r\tz"
        );
        assert_eq!(unescape(r"\u4e2d\u6587\u00e9").unwrap(), "中文é");
        assert_eq!(unescape(r"\ud83d\ude00!").unwrap(), "😀!");
        assert_eq!(unescape("").unwrap(), "");
    }

    #[test]
    fn a_lone_surrogate_becomes_the_replacement_character() {
        assert_eq!(unescape(r"\ud83dx").unwrap(), "\u{FFFD}x");
        assert_eq!(unescape(r"\ude00").unwrap(), "\u{FFFD}");
        assert_eq!(unescape(r"\ud83d\u0041").unwrap(), "\u{FFFD}A");
        assert_eq!(unescape(r"\ud83d\ud83d\ude00").unwrap(), "\u{FFFD}😀");
    }

    #[test]
    fn a_bad_escape_names_its_place() {
        assert_eq!(unescape(r"ab\q"), Err(BadEscape(2)));
        assert_eq!(unescape(r"\"), Err(BadEscape(0)));
        assert_eq!(unescape(r"\u12"), Err(BadEscape(0)));
        assert_eq!(unescape(r"\u12g4"), Err(BadEscape(0)));
        assert_eq!(unescape(r"\ud83d\u12g4"), Err(BadEscape(6)));
    }

    #[test]
    fn each_byte_at_each_place_of_a_word_is_written_right() {
        for byte in 0..0x80_u8 {
            for place in 0..20 {
                let mut text = "é0123456789abcdefghi".to_owned();
                text.truncate(place.max(2));
                text.push(char::from(byte));
                text.push_str("中tail");
                let mut out = Vec::new();
                write_string(&text, &mut out);
                let written = String::from_utf8(out).unwrap();
                assert_eq!(serde_json::to_string(&text).unwrap(), written);
            }
        }
    }

    #[test]
    fn long_texts_of_escapes_are_written_right() {
        for unit in [
            "\u{1}",
            "\"",
            "a\"b",
            "\u{1f}\n\\",
            "plain text\t",
            "中\u{0}",
        ] {
            for times in [1, 7, 40, 41, 42, 43, 200, 1000] {
                let text = unit.repeat(times);
                let mut out = Vec::new();
                write_string(&text, &mut out);
                let written = String::from_utf8(out).unwrap();
                assert_eq!(serde_json::to_string(&text).unwrap(), written);
            }
        }
    }
}
