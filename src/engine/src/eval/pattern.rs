//! LIKE and SIMILAR TO, compiled: in time linear in the text, whatever the pattern.

use super::context::{Context, Parsed, Truth};
use super::node::Node;
use crate::failure::Failure;
use regex::Regex;
use rookery_model::Value;
use std::collections::HashSet;
use std::hash::{BuildHasherDefault, Hasher};

/// `input [NOT] LIKE pattern` or `SIMILAR TO`.
#[derive(Debug)]
pub(crate) struct Match {
    pub input: Node,
    pub pattern: PatternSource,
    pub syntax: Syntax,
    pub negated: bool,
}

/// Where the pattern comes from.
#[derive(Debug)]
pub(crate) enum PatternSource {
    /// A constant that needs no regular expression.
    Simple(Matcher),
    /// A constant: index among the engine's regular expressions.
    Regex(usize),
    /// An expression, and the place that remembers what it meant.
    Dynamic {
        /// The pattern's text.
        text: Node,
        /// The place.
        site: usize,
    },
}

/// How a pattern is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Syntax {
    /// SIMILAR TO instead of LIKE.
    pub similar: bool,
    /// The escape character; there is none unless it is said.
    pub escape: Option<char>,
}

impl Syntax {
    /// The operator's name.
    pub fn operator(self) -> &'static str {
        if self.similar { "SIMILAR TO" } else { "LIKE" }
    }
}

impl Match {
    pub fn truth<'a>(&'a self, cx: &Context<'_, 'a>) -> Truth<'a> {
        let Value::String(text) = self.input.value(cx)? else {
            return Ok(None);
        };
        let matches = match &self.pattern {
            PatternSource::Simple(matcher) => matcher.matches(text),
            PatternSource::Regex(index) => cx.regexes[*index].is_match(text),
            PatternSource::Dynamic {
                text: pattern,
                site,
            } => {
                let Value::String(pattern) = pattern.value(cx)? else {
                    return Ok(None);
                };
                self.dynamic(text, pattern, *site, cx)?
            }
        };
        Ok(Some(matches != self.negated))
    }

    fn dynamic<'a>(
        &'a self,
        text: &str,
        pattern: &'a str,
        site: usize,
        cx: &Context<'_, 'a>,
    ) -> Result<bool, &'a Failure<'a>> {
        let compile = |pattern: &str| Parsed::Pattern(Matcher::new(pattern, self.syntax));
        cx.at_site(site, pattern, compile, |parsed| match parsed {
            Parsed::Pattern(Ok(matcher)) => Ok(matcher.matches(text)),
            Parsed::Pattern(Err(problem)) => cx.fail(Failure::Pattern {
                operator: self.syntax.operator(),
                pattern,
                problem: cx.work.arena.alloc_str(problem),
            }),
            _ => Ok(false),
        })
    }
}

/// A compiled pattern.
#[derive(Clone, Debug)]
pub(crate) enum Matcher {
    /// The text itself.
    Exact(Box<str>),
    /// A beginning, an end, both, or (both empty) anything.
    Ends { prefix: Box<str>, suffix: Box<str> },
    /// A part.
    Contains(Box<str>),
    /// All else.
    Regex(Regex),
}

impl Matcher {
    /// Compiles a pattern; otherwise says what is wrong with it.
    pub fn new(pattern: &str, syntax: Syntax) -> Result<Self, String> {
        if syntax.similar {
            return regex(&similar_to_regex(pattern, syntax.escape)?);
        }
        let items = like_items(pattern, syntax.escape)?;
        if let Some(simple) = simple(&items) {
            return Ok(simple);
        }
        let mut text = String::new();
        for item in &items {
            match item {
                LikeItem::Literal(c) => text.push_str(&regex::escape(c.encode_utf8(&mut [0; 4]))),
                LikeItem::One => text.push_str("(?s:.)"),
                LikeItem::Any => text.push_str("(?s:.*)"),
            }
        }
        regex(&text)
    }

    fn matches(&self, text: &str) -> bool {
        match self {
            Self::Exact(whole) => *text == **whole,
            Self::Ends { prefix, suffix } => {
                text.len() >= prefix.len() + suffix.len()
                    && text.starts_with(&**prefix)
                    && text.ends_with(&**suffix)
            }
            Self::Contains(part) => text.contains(&**part),
            Self::Regex(regex) => regex.is_match(text),
        }
    }
}

/// The whole text must match.
fn regex(pattern: &str) -> Result<Matcher, String> {
    let whole = format!(r"\A(?:{pattern})\z");
    match Regex::new(&whole) {
        Ok(regex) => Ok(Matcher::Regex(regex)),
        Err(regex::Error::CompiledTooBig(limit)) => {
            Err(format!("it takes more than {limit} bytes when compiled"))
        }
        Err(_) => Err("it is no regular expression".to_owned()),
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum LikeItem {
    Literal(char),
    /// `_`
    One,
    /// `%`
    Any,
}

fn like_items(pattern: &str, escape: Option<char>) -> Result<Vec<LikeItem>, String> {
    let mut items = Vec::new();
    let mut rest = pattern.chars();
    while let Some(c) = rest.next() {
        items.push(match c {
            _ if Some(c) == escape => match rest.next() {
                Some(next @ ('_' | '%')) => LikeItem::Literal(next),
                Some(next) if Some(next) == escape => LikeItem::Literal(next),
                Some(next) => {
                    return Err(format!(
                        "`{c}{next}` is no escape; `{c}` goes before `_`, `%` or itself"
                    ));
                }
                None => return Err(format!("it ends within an escape (`{c}`)")),
            },
            '_' => LikeItem::One,
            '%' => LikeItem::Any,
            other => LikeItem::Literal(other),
        });
    }
    items.dedup_by(|a, b| *a == LikeItem::Any && *b == LikeItem::Any);
    Ok(items)
}

/// A matcher without a regular expression, if one will do.
fn simple(items: &[LikeItem]) -> Option<Matcher> {
    let parts: Vec<&[LikeItem]> = items.split(|item| *item == LikeItem::Any).collect();
    let text = |part: &[LikeItem]| -> Option<Box<str>> {
        let mut text = String::new();
        for item in part {
            let LikeItem::Literal(c) = item else {
                return None;
            };
            text.push(*c);
        }
        Some(text.into())
    };
    Some(match parts.as_slice() {
        [whole] => Matcher::Exact(text(whole)?),
        [prefix, suffix] => Matcher::Ends {
            prefix: text(prefix)?,
            suffix: text(suffix)?,
        },
        [[], part, []] => Matcher::Contains(text(part)?),
        _ => return None,
    })
}

/// Characters that SIMILAR TO gives a meaning.
const SIMILAR_SPECIALS: &str = "[]()|^-+*_%?{}";

/// A SIMILAR TO pattern as a regular expression, after Flink's `SqlLikeUtils`: what is neither `%`, `_`
/// nor an enumeration passes, `.` as any character but a line's end.
fn similar_to_regex(pattern: &str, escape: Option<char>) -> Result<String, String> {
    let mut out = String::new();
    let mut rest = pattern;
    while let Some(c) = rest.chars().next() {
        rest = &rest[c.len_utf8()..];
        match c {
            _ if Some(c) == escape => rest = similar_escape(c, rest, &mut out)?,
            '_' => out.push_str("(?s:.)"),
            '%' => out.push_str("(?s:.*)"),
            '[' => rest = enumeration(rest, escape, &mut out)?,
            ']' => return Err("a `]` stands without its `[`".to_owned()),
            '\\' | '$' => {
                out.push('\\');
                out.push(c);
            }
            other => out.push(other),
        }
    }
    Ok(out)
}

/// Puts in what is escaped; what follows it.
fn similar_escape<'p>(escape: char, rest: &'p str, out: &mut String) -> Result<&'p str, String> {
    let Some(next) = rest.chars().next() else {
        return Err(format!("it ends within an escape (`{escape}`)"));
    };
    if !SIMILAR_SPECIALS.contains(next) && next != escape {
        return Err(format!(
            "`{escape}{next}` is no escape; `{escape}` goes before one of {SIMILAR_SPECIALS} or itself"
        ));
    }
    out.push_str(&regex::escape(next.encode_utf8(&mut [0; 4])));
    Ok(&rest[next.len_utf8()..])
}

/// Named classes of an enumeration.
const CLASSES: [(&str, &str); 8] = [
    ("[:ALPHA:]", "a-zA-Z"),
    ("[:UPPER:]", "A-Z"),
    ("[:LOWER:]", "a-z"),
    ("[:DIGIT:]", "0-9"),
    ("[:SPACE:]", " "),
    ("[:WHITESPACE:]", r" \t\n\x0B\f\r"),
    ("[:ALNUM:]", "a-zA-Z0-9"),
    ("[:ALPHANUM:]", "a-zA-Z0-9"),
];

/// Puts in `[...]`, whose `[` is read; what follows it.
fn enumeration<'p>(
    mut rest: &'p str,
    escape: Option<char>,
    out: &mut String,
) -> Result<&'p str, String> {
    out.push('[');
    loop {
        let Some(c) = rest.chars().next() else {
            return Err("a `[` has no `]`".to_owned());
        };
        if let Some((name, class)) = CLASSES.iter().find(|(name, _)| {
            rest.get(..name.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(name))
        }) {
            out.push_str(class);
            rest = &rest[name.len()..];
            continue;
        }
        rest = &rest[c.len_utf8()..];
        match c {
            ']' => {
                out.push(']');
                return Ok(rest);
            }
            _ if Some(c) == escape => rest = similar_escape(c, rest, out)?,
            '-' | '^' => out.push(c),
            other if SIMILAR_SPECIALS.contains(other) => {
                return Err(format!("`{other}` within `[` and `]` must be escaped"));
            }
            other => out.push_str(&regex::escape(other.encode_utf8(&mut [0; 4]))),
        }
    }
}

/// Texts of an IN list.
#[derive(Clone, Debug)]
pub(crate) enum TextSet {
    /// So few that comparing is faster than hashing.
    Few(Box<[Box<str>]>),
    /// All others.
    Many(HashSet<Box<str>, TextHash>),
}

/// Up to so many texts are compared one by one: each comparison takes some 2 ns, a hash some 10.
const FEW_TEXTS: usize = 6;

impl TextSet {
    pub fn new(texts: impl IntoIterator<Item = String>) -> Self {
        let mut texts: Vec<Box<str>> = texts.into_iter().map(String::into_boxed_str).collect();
        texts.sort();
        texts.dedup();
        if texts.len() <= FEW_TEXTS {
            Self::Few(texts.into())
        } else {
            Self::Many(texts.into_iter().collect())
        }
    }

    #[inline]
    pub fn contains(&self, text: &str) -> bool {
        match self {
            Self::Few(texts) => texts.iter().any(|known| **known == *text),
            Self::Many(texts) => texts.contains(text),
        }
    }
}

/// Hashes text alike in every process.
pub(crate) type TextHash = BuildHasherDefault<Fnv>;

/// FNV-1a, eight bytes at a time: fast on the short texts that rules compare with. What it hashes is
/// looked up only, so nobody can slow it down with chosen texts.
#[derive(Clone, Debug)]
pub(crate) struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Fnv {
    #[inline]
    fn mix(&mut self, word: u64) {
        self.0 = (self.0 ^ word).wrapping_mul(0x0000_0100_0000_01b3);
        self.0 ^= self.0 >> 29;
    }
}

impl Hasher for Fnv {
    #[inline]
    fn write(&mut self, bytes: &[u8]) {
        let (words, tail) = bytes.as_chunks::<8>();
        for word in words {
            self.mix(u64::from_le_bytes(*word));
        }
        let mut last = [0; 8];
        last[..tail.len()].copy_from_slice(tail);
        self.mix(u64::from_le_bytes(last) ^ (bytes.len() as u64) << 56);
    }

    #[inline]
    fn write_u8(&mut self, _: u8) {
        // `str` ends its hash with a byte; the length is mixed in already.
    }

    #[inline]
    fn finish(&self) -> u64 {
        self.0.wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }
}

#[cfg(test)]
#[path = "pattern_tests.rs"]
mod tests;
