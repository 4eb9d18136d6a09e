//! Patterns of `java.util.regex` in the syntax of the `regex` crate.
//!
//! What both write differently is rewritten: predefined classes are of ASCII, `.` stops at every line
//! terminator, `\Q..\E` quotes, POSIX classes have other names. What needs a search that may go back
//! (look-around, back-references, possessive quantifiers) is refused: the crate's time is linear.

use regex::{Regex, RegexBuilder};

/// Bytes that one compiled pattern may take.
const SIZE_MAX_BYTES: usize = 1 << 20;

/// Why there is no pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PatternError {
    /// Java has it, and it is not built here.
    Unsupported(String),
    /// Java would refuse it too.
    Malformed,
}

/// Compiles a pattern.
///
/// # Errors
/// [`PatternError`]
pub(crate) fn compile(pattern: &str) -> Result<Regex, PatternError> {
    let translated = Translator::new(pattern).translate()?;
    RegexBuilder::new(&translated)
        .size_limit(SIZE_MAX_BYTES)
        .nest_limit(64)
        .build()
        .map_err(|error| match error {
            regex::Error::CompiledTooBig(_) => PatternError::Unsupported(format!(
                "a pattern that takes more than {SIZE_MAX_BYTES} bytes when compiled"
            )),
            _ => PatternError::Malformed,
        })
}

struct Translator<'p> {
    rest: std::str::Chars<'p>,
    out: String,
    /// Whether `.` matches line terminators, in each open group.
    dot_all: Vec<bool>,
    /// Whether the last item was a quantifier.
    quantified: bool,
}

fn unsupported<T>(what: &str) -> Result<T, PatternError> {
    Err(PatternError::Unsupported(what.to_owned()))
}

impl<'p> Translator<'p> {
    fn new(pattern: &'p str) -> Self {
        Self {
            rest: pattern.chars(),
            out: String::with_capacity(pattern.len() + 16),
            dot_all: vec![false],
            quantified: false,
        }
    }

    fn peek(&self) -> Option<char> {
        self.rest.clone().next()
    }

    fn accept(&mut self, wanted: &str) -> bool {
        match self.rest.as_str().strip_prefix(wanted) {
            Some(rest) => {
                self.rest = rest.chars();
                true
            }
            None => false,
        }
    }

    fn translate(mut self) -> Result<String, PatternError> {
        while let Some(c) = self.rest.next() {
            let quantified = std::mem::take(&mut self.quantified);
            match c {
                '\\' => self.escape()?,
                '[' => self.class(0)?,
                '(' => self.group()?,
                ')' => {
                    if self.dot_all.len() < 2 {
                        return Err(PatternError::Malformed);
                    }
                    self.dot_all.pop();
                    self.out.push(')');
                }
                '.' if *self.dot_all.last().unwrap_or(&false) => self.out.push_str("(?s:.)"),
                '.' => self.out.push_str(r"[^\n\r\x{85}\x{2028}\x{2029}]"),
                '+' if quantified => return unsupported("a possessive quantifier (`++`)"),
                '?' if quantified => self.out.push('?'),
                '*' | '+' | '?' => {
                    self.out.push(c);
                    self.quantified = true;
                }
                '{' => self.repetition()?,
                '}' => self.out.push_str(r"\}"),
                ']' => self.out.push_str(r"\]"),
                other => self.out.push(other),
            }
        }
        Ok(self.out)
    }

    /// `{n}`, `{n,}`, `{n,m}`
    fn repetition(&mut self) -> Result<(), PatternError> {
        let rest = self.rest.as_str();
        let Some((inner, after)) = rest.split_once('}') else {
            return Err(PatternError::Malformed);
        };
        let (least, most) = inner.split_once(',').unwrap_or((inner, ""));
        let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
        if least.is_empty() || !digits(least) || !digits(most) {
            return Err(PatternError::Malformed);
        }
        self.out.push('{');
        self.out.push_str(inner);
        self.out.push('}');
        self.rest = after.chars();
        self.quantified = true;
        Ok(())
    }

    fn group(&mut self) -> Result<(), PatternError> {
        let dot_all = *self.dot_all.last().unwrap_or(&false);
        if !self.accept("?") {
            self.out.push('(');
            self.dot_all.push(dot_all);
            return Ok(());
        }
        for (start, what) in [
            ("=", "a look-ahead (`(?=`)"),
            ("!", "a look-ahead (`(?!`)"),
            ("<=", "a look-behind (`(?<=`)"),
            ("<!", "a look-behind (`(?<!`)"),
            (">", "an atomic group (`(?>`)"),
        ] {
            if self.rest.as_str().starts_with(start) {
                return unsupported(what);
            }
        }
        self.out.push_str("(?");
        if self.accept("<") {
            self.out.push('<');
            self.dot_all.push(dot_all);
            return Ok(());
        }
        self.flags(dot_all)
    }

    /// The flags of `(?i)` and `(?i:`.
    fn flags(&mut self, mut dot_all: bool) -> Result<(), PatternError> {
        let start = self.out.len();
        let mut on = true;
        loop {
            let Some(flag) = self.rest.next() else {
                return Err(PatternError::Malformed);
            };
            match flag {
                ':' | ')' => {
                    // `(?u)` and its like have nothing left, which the crate does not read.
                    if flag == ')' && self.out.len() == start {
                        self.out.truncate(start - 2);
                        return Ok(());
                    }
                    self.out.push(flag);
                    if flag == ':' {
                        self.dot_all.push(dot_all);
                    } else if let Some(last) = self.dot_all.last_mut() {
                        *last = dot_all;
                    }
                    return Ok(());
                }
                '-' => {
                    on = false;
                    if self.rest.as_str().starts_with(['i', 'm', 's', 'x']) {
                        self.out.push('-');
                    }
                }
                's' => {
                    dot_all = on;
                    self.out.push('s');
                }
                'i' | 'm' => self.out.push(flag),
                // Unicode case folding, which the crate always does; Unix lines.
                'u' | 'd' => {}
                'x' => return unsupported("the flag `x`"),
                'U' => return unsupported("the flag `U`"),
                _ => return Err(PatternError::Malformed),
            }
        }
    }

    /// What follows a backslash outside a class.
    fn escape(&mut self) -> Result<(), PatternError> {
        let Some(c) = self.rest.next() else {
            return Err(PatternError::Malformed);
        };
        match c {
            'b' | 'B' | 'A' | 'z' => {
                if self.peek() == Some('{') {
                    return unsupported(r"`\b{`");
                }
                self.out.push('\\');
                self.out.push(c);
            }
            'Z' => return unsupported(r"`\Z`; write `\z` or `$`"),
            'G' | 'X' | 'N' => return unsupported(&format!("`\\{c}`")),
            'k' | '1'..='9' => return unsupported(&format!("a back-reference (`\\{c}`)")),
            'R' => self
                .out
                .push_str(r"(?:\r\n|[\n\x0B\f\r\x{85}\x{2028}\x{2029}])"),
            'Q' => {
                let rest = self.rest.as_str();
                let (quoted, after) = rest.split_once("\\E").unwrap_or((rest, ""));
                self.out.push_str(&regex::escape(quoted));
                self.rest = after.chars();
            }
            _ => match self.class_escape(c)? {
                Escaped::Class { inner, negated } => {
                    let not = if negated { "^" } else { "" };
                    self.out.push_str(&format!("[{not}{inner}]"));
                }
                Escaped::Character(c) => self.literal(c),
            },
        }
        Ok(())
    }

    fn literal(&mut self, c: char) {
        self.out
            .push_str(&regex::escape(c.encode_utf8(&mut [0; 4])));
    }

    /// An escape that may stand in a class as well.
    fn class_escape(&mut self, c: char) -> Result<Escaped, PatternError> {
        let class = |inner: &str, negated: bool| Escaped::Class {
            inner: inner.to_owned(),
            negated,
        };
        Ok(match c {
            'd' | 'D' => class("0-9", c == 'D'),
            'w' | 'W' => class("a-zA-Z0-9_", c == 'W'),
            's' | 'S' => class(r" \t\n\x0B\f\r", c == 'S'),
            'h' | 'H' => class(
                r" \t\x{A0}\x{1680}\x{180E}\x{2000}-\x{200A}\x{202F}\x{205F}\x{3000}",
                c == 'H',
            ),
            'v' | 'V' => class(r"\n\x0B\f\r\x{85}\x{2028}\x{2029}", c == 'V'),
            'p' | 'P' => class(&self.property()?, c == 'P'),
            't' => Escaped::Character('\t'),
            'n' => Escaped::Character('\n'),
            'r' => Escaped::Character('\r'),
            'f' => Escaped::Character('\x0c'),
            'a' => Escaped::Character('\x07'),
            'e' => Escaped::Character('\x1b'),
            'x' if self.accept("{") => {
                let (digits, after) = self
                    .rest
                    .as_str()
                    .split_once('}')
                    .ok_or(PatternError::Malformed)?;
                self.rest = after.chars();
                character(digits, 16)?
            }
            'x' => self.digits(2, 16)?,
            'u' => self.digits(4, 16)?,
            '0' => {
                let rest = self.rest.as_str();
                let octal = |b: &u8| (b'0'..=b'7').contains(b);
                let length = rest.bytes().take(3).take_while(octal).count();
                let length = if rest.as_bytes().first().is_some_and(|b| *b > b'3') {
                    length.min(2)
                } else {
                    length
                };
                self.digits(length, 8)?
            }
            'c' => match self.rest.next() {
                Some(c) if c.is_ascii() => Escaped::Character(char::from(c as u8 ^ 64)),
                _ => return Err(PatternError::Malformed),
            },
            c if c.is_ascii_alphanumeric() => return Err(PatternError::Malformed),
            c => Escaped::Character(c),
        })
    }

    fn digits(&mut self, count: usize, radix: u32) -> Result<Escaped, PatternError> {
        let (digits, after) = self
            .rest
            .as_str()
            .split_at_checked(count)
            .ok_or(PatternError::Malformed)?;
        let found = character(digits, radix)?;
        self.rest = after.chars();
        Ok(found)
    }

    /// The name behind `\p`, as what stands between `[` and `]`.
    fn property(&mut self) -> Result<String, PatternError> {
        let name = if self.accept("{") {
            let rest = self.rest.as_str();
            let (name, after) = rest.split_once('}').ok_or(PatternError::Malformed)?;
            self.rest = after.chars();
            name
        } else {
            let rest = self.rest.as_str();
            let length = self.rest.next().map_or(0, char::len_utf8);
            &rest[..length]
        };
        const POSIX: [(&str, &str); 15] = [
            ("Lower", "a-z"),
            ("Upper", "A-Z"),
            ("ASCII", r"\x00-\x7F"),
            ("Alpha", "a-zA-Z"),
            ("Digit", "0-9"),
            ("Alnum", "a-zA-Z0-9"),
            ("Punct", r"!-/:-@\[-`{-\x7E"),
            ("Graph", r"!-\x7E"),
            ("Print", r"\x20-\x7E"),
            ("Blank", r" \t"),
            ("Cntrl", r"\x00-\x1F\x7F"),
            ("XDigit", "0-9a-fA-F"),
            ("Space", r" \t\n\x0B\f\r"),
            ("javaLowerCase", r"\p{Lowercase}"),
            ("javaUpperCase", r"\p{Uppercase}"),
        ];
        if let Some((_, class)) = POSIX.iter().find(|(known, _)| *known == name) {
            return Ok((*class).to_owned());
        }
        if name.starts_with("In") || name.starts_with("java") || name.contains('=') {
            return unsupported(&format!("`\\p{{{name}}}`"));
        }
        let name = name.strip_prefix("Is").unwrap_or(name);
        let known = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if name.is_empty() || !known {
            return Err(PatternError::Malformed);
        }
        Ok(format!("\\p{{{name}}}"))
    }

    /// `[..]`, whose `[` is read.
    fn class(&mut self, depth: usize) -> Result<(), PatternError> {
        if depth > 32 {
            return unsupported("so many classes within each other");
        }
        self.out.push('[');
        if self.accept("^") {
            self.out.push('^');
        }
        let mut first = true;
        loop {
            let Some(c) = self.rest.next() else {
                return Err(PatternError::Malformed);
            };
            match c {
                ']' if !first => {
                    self.out.push(']');
                    return Ok(());
                }
                ']' => self.out.push_str(r"\]"),
                '[' => self.class(depth + 1)?,
                '&' if self.accept("&") => self.out.push_str("&&"),
                '&' | '~' | '#' | ' ' => {
                    self.out.push('\\');
                    self.out.push(c);
                }
                '-' if self.peek() == Some('-') || self.out.ends_with('-') => {
                    self.out.push_str(r"\-");
                }
                '\\' if self.accept("Q") => {
                    let rest = self.rest.as_str();
                    let (quoted, after) = rest.split_once("\\E").unwrap_or((rest, ""));
                    let quoted = quoted.to_owned();
                    self.rest = after.chars();
                    quoted.chars().for_each(|c| self.literal(c));
                }
                '\\' => {
                    let c = self.rest.next().ok_or(PatternError::Malformed)?;
                    match self.class_escape(c)? {
                        Escaped::Class { inner, negated } => {
                            let not = if negated { "^" } else { "" };
                            self.out.push_str(&format!("[{not}{inner}]"));
                        }
                        Escaped::Character(c) => self.literal(c),
                    }
                }
                other => self.out.push(other),
            }
            first = false;
        }
    }
}

/// What an escape stands for.
enum Escaped {
    Class { inner: String, negated: bool },
    Character(char),
}

fn character(digits: &str, radix: u32) -> Result<Escaped, PatternError> {
    let plain = !digits.is_empty() && digits.chars().all(|c| c.is_digit(radix));
    let code = u32::from_str_radix(digits, radix).ok().filter(|_| plain);
    code.and_then(char::from_u32)
        .map(Escaped::Character)
        .ok_or(PatternError::Malformed)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn what_java_writes_otherwise_means_the_same() {
        for (pattern, yes, no) in [
            (r"^\d+$", "123", "１２３"),
            (r"^\w$", "_", "é"),
            (r"^[\w-]+$", "a-b", "a b"),
            (r"^[^\d]$", "a", "1"),
            (r"^[\D]$", "a", "1"),
            (r"^a.b$", "a\tb", "a\rb"),
            (r"(?s)^a.b$", "a\nb", "ab"),
            (r"^(?s:a.)b.$", "a\nbc", "a\nb\n"),
            (r"^\Qa.b\E$", "a.b", "axb"),
            (r"^\p{Alpha}+$", "ab", "é"),
            (r"^\p{IsHan}+$", "中文", "ab"),
            (r"^\p{Lu}$", "É", "é"),
            (r"^[\p{L}&&[^a]]$", "b", "a"),
            (r"^\u4e2d\x{6587}\x41\0101$", "中文AA", "中文aa"),
            (r"^[a--]+$", "a-", "b"),
            (r"^[~#& ]+$", "~# &", "x"),
            (r"^\/\-\<$", "/-<", "x"),
            (r"(?i)^ABC$", "abc", "abd"),
            (r"^(?u)a(?iu)B$", "ab", "Ab"),
            (r"^a{2,3}?$", "aa", "a"),
            (r"^]$", "]", "["),
            (r"^\t\cA$", "\t\u{1}", "x"),
            (r"^(?<n>a)$", "a", "b"),
        ] {
            let regex = compile(pattern).unwrap_or_else(|e| panic!("{pattern}: {e:?}"));
            assert!(regex.is_match(yes), "{pattern} on {yes:?}");
            assert!(!regex.is_match(no), "{pattern} on {no:?}");
        }
    }

    #[test]
    fn what_needs_a_search_back_is_told_from_what_is_no_pattern() {
        for (pattern, what) in [
            ("a(?=b)", "a look-ahead (`(?=`)"),
            ("(?<!a)b", "a look-behind (`(?<!`)"),
            (r"(a)\1", r"a back-reference (`\1`)"),
            ("a++", "a possessive quantifier (`++`)"),
            ("(?>a)", "an atomic group (`(?>`)"),
            (r"a\Z", r"`\Z`; write `\z` or `$`"),
            (r"\p{InGreek}", r"`\p{InGreek}`"),
            ("(?x) a", "the flag `x`"),
        ] {
            assert_eq!(
                compile(pattern).err(),
                Some(PatternError::Unsupported(what.to_owned())),
                "{pattern}"
            );
        }
        let deep = "[".repeat(100);
        let large = "(a{1000}){1000}";
        for pattern in [
            "(",
            ")",
            "[a",
            "*",
            r"\y",
            "a{,2}",
            "{",
            r"\",
            r"\x{110000}",
        ] {
            assert_eq!(
                compile(pattern).err(),
                Some(PatternError::Malformed),
                "{pattern}"
            );
        }
        for pattern in [deep.as_str(), large] {
            assert!(matches!(
                compile(pattern),
                Err(PatternError::Unsupported(_))
            ));
        }
    }
}
