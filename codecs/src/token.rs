//! The tokens of JSON text, as far as both the router and the exact parser need them.

use crate::escape::equal_bytes;

/// Place of the quote that ends the string whose text begins at `at`, and whether the text holds a
/// backslash.
#[inline]
pub(crate) fn string_end(line: &[u8], mut at: usize) -> Option<(usize, bool)> {
    let mut escaped = false;
    loop {
        let rest = line.get(at..)?;
        let byte = if let Some(word) = rest.first_chunk::<8>() {
            let word = u64::from_le_bytes(*word);
            let hits = equal_bytes(word, b'"') | equal_bytes(word, b'\\');
            if hits == 0 {
                at += 8;
                continue;
            }
            at += hits.trailing_zeros() as usize / 8;
            line[at]
        } else {
            at += rest.iter().position(|&byte| matches!(byte, b'"' | b'\\'))?;
            line[at]
        };
        if byte == b'"' {
            return Some((at, escaped));
        }
        escaped = true;
        at += 2;
    }
}

/// Length of the JSON number that `rest` begins with, if one does and nothing clings to it.
pub(crate) fn number_length(rest: &[u8]) -> Option<usize> {
    let digits = |from: usize| {
        let count = rest[from..].iter().take_while(|b| b.is_ascii_digit());
        from + count.count()
    };
    let mut at = usize::from(rest.first() == Some(&b'-'));
    let first = at;
    at = digits(at);
    if at == first || (at > first + 1 && rest[first] == b'0') {
        return None;
    }
    if rest.get(at) == Some(&b'.') {
        let fraction = at + 1;
        at = digits(fraction);
        if at == fraction {
            return None;
        }
    }
    if let Some(b'e' | b'E') = rest.get(at) {
        let sign = usize::from(matches!(rest.get(at + 1), Some(b'+' | b'-')));
        let exponent = at + 1 + sign;
        at = digits(exponent);
        if at == exponent {
            return None;
        }
    }
    match rest.get(at) {
        None | Some(b' ' | b'\t' | b'\r' | b'\n' | b',' | b'}' | b']') => Some(at),
        Some(_) => None,
    }
}

/// Place of the first byte from `at` on that is no blank of JSON, or the end.
#[inline]
pub(crate) fn skip_blanks(line: &[u8], mut at: usize) -> usize {
    while let Some(b' ' | b'\t' | b'\r' | b'\n') = line.get(at) {
        at += 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_end_where_json_says() {
        for (text, length) in [
            ("0", Some(1)),
            ("-0,", Some(2)),
            ("12.50}", Some(5)),
            ("1e400 ", Some(5)),
            ("1E+5]", Some(4)),
            ("10", Some(2)),
            ("01", None),
            ("-", None),
            ("", None),
            (".5", None),
            ("1.", None),
            ("1.e5", None),
            ("1e", None),
            ("1e+", None),
            ("1x", None),
            ("--1", None),
            ("1\0", None),
        ] {
            assert_eq!(number_length(text.as_bytes()), length, "{text}");
        }
    }

    #[test]
    fn strings_end_at_their_quote() {
        for (text, end) in [
            (r#"""#, Some((0, false))),
            (r#"a longer text than a word" and more"#, Some((25, false))),
            (r#"\"""#, Some((2, true))),
            (r#"\\" "#, Some((2, true))),
            (r#"1234567\"1234567\\\"8""#, Some((21, true))),
            ("never", None),
            (r"\", None),
            (r#"\""#, None),
        ] {
            assert_eq!(string_end(text.as_bytes(), 0), end, "{text}");
        }
    }
}
