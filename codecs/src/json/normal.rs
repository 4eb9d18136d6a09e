//! JSON written anew in one form, whatever its text was like: keys sorted, numbers as Java's `BigDecimal`
//! writes them. It is the form that Flink's JSON functions give.

use super::document::{Document, Node, NodeRef};
use crate::escape::write_string;
use std::cmp::Ordering;
use std::io::Write as _;

impl<'a> Document<'a> {
    /// Appends a value as JSON in that form; of members of one key the first. `members` is room to sort in.
    /// Nothing for [`NodeRef::MISSING`].
    pub fn write_normal(&self, node: NodeRef, members: &mut Vec<NodeRef>, out: &mut Vec<u8>) {
        match self.node(node) {
            Node::Number(text) => write_normal_number(text, out),
            Node::Array(_) => {
                out.push(b'[');
                for (i, element) in self.elements(node).enumerate() {
                    if i > 0 {
                        out.push(b',');
                    }
                    self.write_normal(element, members, out);
                }
                out.push(b']');
            }
            Node::Object(_) => {
                let base = members.len();
                members.extend(self.members(node).map(|(_, value)| value));
                // Of one key the first comes first: places on the tape grow.
                members[base..].sort_unstable_by(|left, right| {
                    compare_keys(self.key_of(*left), self.key_of(*right)).then(left.cmp(right))
                });
                let end = members.len();
                out.push(b'{');
                let mut last = None;
                for place in base..end {
                    let value = members[place];
                    let key = self.key_of(value);
                    if last == Some(key) {
                        continue;
                    }
                    if last.replace(key).is_some() {
                        out.push(b',');
                    }
                    write_string(key, out);
                    out.push(b':');
                    self.write_normal(value, members, out);
                }
                out.push(b'}');
                members.truncate(base);
            }
            _ => self.write_json(node, out),
        }
    }
}

/// The order of Java's strings: by UTF-16 units.
#[must_use]
pub fn compare_keys(left: &str, right: &str) -> Ordering {
    left.encode_utf16().cmp(right.encode_utf16())
}

/// The number's text if it is already as Java's `BigDecimal`, or an integer, writes it.
#[must_use]
pub fn normal_number(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    match digits.split_once('.') {
        _ if text.contains(['e', 'E']) => false,
        None => digits != "0" || digits == text,
        // From 0.000001 on there is no exponent; zero has no sign.
        Some(("0", fraction)) => {
            let zeros = fraction.len() - fraction.trim_start_matches('0').len();
            if zeros == fraction.len() {
                zeros <= 6 && digits == text
            } else {
                zeros <= 5
            }
        }
        Some(_) => true,
    }
}

/// Appends a JSON number as Java's `BigDecimal.toString` writes it.
pub fn write_normal_number(text: &str, out: &mut Vec<u8>) {
    if normal_number(text) {
        out.extend_from_slice(text.as_bytes());
        return;
    }
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i64>()),
        None => (text, Ok(0)),
    };
    let Ok(exponent) = exponent else {
        // Beyond what any number type holds.
        out.extend_from_slice(text.as_bytes());
        return;
    };
    let (negative, mantissa) = match mantissa.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, mantissa),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let scale = (fraction.len() as i64).saturating_sub(exponent);
    let digits = || whole.bytes().chain(fraction.bytes());
    let zeros = digits().take_while(|digit| *digit == b'0').count();
    let count = whole.len() + fraction.len();
    // The unscaled value has no zeros in front; zero itself is one digit, and has no sign.
    let is_zero = zeros == count;
    let zeros = if is_zero { count - 1 } else { zeros };
    let unscaled = || digits().skip(zeros);
    let length = (count - zeros) as i64;
    if negative && !is_zero {
        out.push(b'-');
    }
    let adjusted = (length - 1).saturating_sub(scale);
    if scale >= 0 && adjusted >= -6 {
        if scale >= length {
            out.extend_from_slice(b"0.");
            out.extend(std::iter::repeat_n(b'0', (scale - length) as usize));
            out.extend(unscaled());
        } else {
            let whole = (length - scale) as usize;
            out.extend(unscaled().take(whole));
            if scale > 0 {
                out.push(b'.');
                out.extend(unscaled().skip(whole));
            }
        }
        return;
    }
    out.extend(unscaled().take(1));
    if length > 1 {
        out.push(b'.');
        out.extend(unscaled().skip(1));
    }
    if adjusted != 0 {
        write!(out, "E{adjusted:+}").unwrap_or_default();
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::json::Decoder;

    fn number(text: &str) -> String {
        let mut out = Vec::new();
        write_normal_number(text, &mut out);
        let out = String::from_utf8(out).unwrap();
        assert!(!normal_number(text) || out == text, "{text}");
        out
    }

    #[test]
    fn numbers_are_written_as_java_does() {
        for same in [
            "0", "-1", "42", "12.50", "0.0", "0.000001", "-0.5", "0.000000", "120",
        ] {
            assert_eq!(number(same), same);
            assert!(normal_number(same), "{same}");
        }
        for (text, wanted) in [
            ("-0", "0"),
            ("-0.0", "0.0"),
            ("1e3", "1E+3"),
            ("1.0e2", "1.0E+2"),
            ("12.5e1", "125"),
            ("1.25E1", "12.5"),
            ("1e0", "1"),
            ("1E-7", "1E-7"),
            ("1e-7", "1E-7"),
            ("1e-6", "0.000001"),
            ("0.0000001", "1E-7"),
            ("0.00000012", "1.2E-7"),
            ("-1.5e-3", "-0.0015"),
            ("0e5", "0E+5"),
            ("0.0000000", "0E-7"),
            ("1e+21", "1E+21"),
            ("1E400", "1E+400"),
            ("123e-2", "1.23"),
            ("1e99999999999999999999", "1e99999999999999999999"),
        ] {
            assert_eq!(number(text), wanted, "{text}");
        }
    }

    #[test]
    fn keys_are_sorted_and_the_first_of_a_name_stays() {
        let text =
            r#"{"b": 1e3, "a": {"z": [], "\ue000": 1, "😀": 2}, "b": 3, "": [{"d":0,"c":null}]}"#;
        let mut decoder = Decoder::new();
        let document = decoder.decode(text.as_bytes()).unwrap();
        let (mut members, mut out) = (Vec::new(), Vec::new());
        document.write_normal(document.root(), &mut members, &mut out);
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "{\"\":[{\"c\":null,\"d\":0}],\"a\":{\"z\":[],\"😀\":2,\"\u{e000}\":1},\"b\":1E+3}"
        );
        assert_eq!(members, []);
    }
}
