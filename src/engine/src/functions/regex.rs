//! Functions of patterns. A pattern is compiled when a shard first meets it, and again only when its
//! text changes; what it found is kept in memory that is used again.

use super::Operator;
use super::java_regex::{PatternError, compile};
use super::made;
use super::seen::Seen;
use crate::eval::context::{Context, Evaluated, Parsed};
use crate::eval::node::Node;
use crate::failure::Failure;
use regex::{CaptureLocations, Regex};
use rookery_model::Value;
use rookery_sql::TextFunction;
use std::cell::RefCell;

/// A compiled pattern with the memory for what it finds.
#[derive(Debug)]
pub(crate) struct Finder {
    regex: Regex,
    found: RefCell<CaptureLocations>,
}

impl Finder {
    /// Compiles a pattern of Java's.
    ///
    /// # Errors
    /// [`PatternError`]
    pub fn new(pattern: &str) -> Result<Self, PatternError> {
        let regex = compile(pattern)?;
        Ok(Self {
            found: RefCell::new(regex.capture_locations()),
            regex,
        })
    }

    /// Whether there is such a group.
    fn has_group(&self, group: i64) -> bool {
        usize::try_from(group).is_ok_and(|group| group < self.regex.captures_len())
    }

    /// The matches in order, as Java finds them: an empty one may follow right behind another.
    fn each<'t>(
        &self,
        text: &'t str,
        mut see: impl FnMut(&dyn Fn(usize) -> Option<Part<'t>>) -> bool,
    ) {
        let mut found = self.found.borrow_mut();
        let mut from = 0;
        while from <= text.len()
            && self
                .regex
                .captures_read_at(&mut found, text, from)
                .is_some()
        {
            let Some((start, end)) = found.get(0) else {
                return;
            };
            let group = |group: usize| {
                let (start, end) = found.get(group)?;
                Some(Part {
                    start,
                    end,
                    text: &text[start..end],
                })
            };
            if !see(&group) {
                return;
            }
            from = if end > start {
                end
            } else {
                end + text[end..].chars().next().map_or(1, char::len_utf8)
            };
        }
    }

    /// The first match's group.
    fn first<'t>(&self, text: &'t str, group: usize) -> Option<Part<'t>> {
        let mut first = None;
        self.each(text, |found| {
            first = found(group);
            false
        });
        first
    }

    fn count(&self, text: &str) -> usize {
        let mut count = 0;
        self.each(text, |_| {
            count += 1;
            true
        });
        count
    }

    /// Calls `part` with each piece between matches, as Java's `String.split` gives them: none before an
    /// empty match at the beginning, at most `limit` if that is not 0, otherwise no empty ones at the end.
    pub fn split<'t>(&self, text: &'t str, limit: usize, mut part: impl FnMut(&'t str)) {
        let mut pieces = 0;
        let mut from = 0;
        // Empty pieces that count only if another follows.
        let mut held = 0;
        let mut give = |piece: &'t str| {
            if limit == 0 && piece.is_empty() {
                held += 1;
                return;
            }
            (0..std::mem::take(&mut held)).for_each(|_| part(""));
            part(piece);
        };
        self.each(text, |found| {
            let Some(whole) = found(0) else {
                return false;
            };
            if whole.end == 0 {
                return true;
            }
            if limit > 0 && pieces + 1 == limit {
                return false;
            }
            give(&text[from..whole.start]);
            pieces += 1;
            from = whole.end;
            true
        });
        give(&text[from..]);
    }
}

/// A piece of a text.
#[derive(Clone, Copy, Debug)]
struct Part<'t> {
    start: usize,
    end: usize,
    text: &'t str,
}

/// REGEXP and its kin.
#[derive(Debug)]
pub(crate) struct RegexCall {
    pub function: TextFunction,
    pub text: Node,
    pub pattern: Node,
    /// The group or the replacement.
    pub more: Option<Node>,
    pub site: usize,
}

impl RegexCall {
    fn name(&self) -> &'static str {
        match self.function {
            TextFunction::RegexpExtract => "REGEXP_EXTRACT",
            TextFunction::RegexpExtractAll => "REGEXP_EXTRACT_ALL",
            TextFunction::RegexpReplace => "REGEXP_REPLACE",
            TextFunction::RegexpCount => "REGEXP_COUNT",
            TextFunction::RegexpInstr => "REGEXP_INSTR",
            TextFunction::RegexpSubstr => "REGEXP_SUBSTR",
            _ => "REGEXP",
        }
    }

    fn apply<'a>(
        &'a self,
        finder: &Finder,
        text: &'a str,
        more: Option<Value<'a>>,
        cx: &Context<'_, 'a>,
    ) -> Evaluated<'a> {
        let string = |part: Option<Part<'a>>| part.map_or(Value::Null, |p| Value::String(p.text));
        Ok(match (self.function, more) {
            (TextFunction::RegexpExtract, None) => string(finder.first(text, 0)),
            (TextFunction::RegexpExtract, Some(Value::Int(group))) if finder.has_group(group) => {
                string(finder.first(text, group as usize))
            }
            (TextFunction::RegexpExtractAll, more) => {
                let group = match more {
                    None => 1,
                    Some(Value::Int(group)) => group,
                    Some(_) => return Ok(Value::Null),
                };
                if !finder.has_group(group) {
                    return Ok(Value::Null);
                }
                let out = made::values(cx, self.name(), finder.count(text))?;
                let mut places = out.iter_mut();
                finder.each(text, |found| {
                    if let Some(place) = places.next() {
                        *place = string(found(group as usize));
                    }
                    true
                });
                Value::Array(out)
            }
            (TextFunction::RegexpReplace, Some(Value::String(by))) => {
                return made::string(cx, self.name(), |out| {
                    let mut rest = 0;
                    finder.each(text, |found| {
                        if let Some(whole) = found(0) {
                            out.push(&text[rest..whole.start]);
                            out.push(by);
                            rest = whole.end;
                        }
                        !out.is_over()
                    });
                    out.push(&text[rest..]);
                });
            }
            (TextFunction::RegexpCount, _) => Value::Int(finder.count(text) as i64),
            (TextFunction::RegexpInstr, _) => {
                let place = finder
                    .first(text, 0)
                    .map_or(0, |part| text[..part.start].chars().count() as i64 + 1);
                Value::Int(place)
            }
            (TextFunction::RegexpSubstr, _) => string(finder.first(text, 0)),
            (TextFunction::Regexp, _) => Value::Boolean(finder.regex.is_match(text)),
            _ => Value::Null,
        })
    }
}

/// The finder of a pattern that is kept at a site, for `use_finder`; none of a malformed pattern.
pub(super) fn with_finder<'a, T>(
    cx: &Context<'_, 'a>,
    site: usize,
    function: &'static str,
    pattern: &'a str,
    use_finder: impl FnOnce(Option<&Finder>) -> Result<T, &'a Failure<'a>>,
) -> Result<T, &'a Failure<'a>> {
    let parse = |pattern: &str| Parsed::Regex(Finder::new(pattern));
    cx.at_site(site, pattern, parse, |parsed| match parsed {
        Parsed::Regex(Ok(finder)) => use_finder(Some(finder)),
        Parsed::Regex(Err(PatternError::Unsupported(what))) => cx.fail(Failure::Pattern {
            operator: function,
            pattern,
            problem: cx.work.arena.alloc_str(&format!("{what} is not supported")),
        }),
        _ => use_finder(None),
    })
}

impl Operator for RegexCall {
    fn value<'a>(&'a self, cx: &Context<'_, 'a>) -> Evaluated<'a> {
        let text = self.text.value(cx)?;
        let pattern = self.pattern.value(cx)?;
        let more = match &self.more {
            Some(more) => Some(more.value(cx)?),
            None => None,
        };
        let (Value::String(text), Value::String(pattern)) = (text, pattern) else {
            return Ok(Value::Null);
        };
        if more.is_some_and(|more| more.is_null()) {
            return Ok(Value::Null);
        }
        let boolean = self.function == TextFunction::Regexp;
        if boolean && pattern.is_empty() {
            return Ok(Value::Boolean(false));
        }
        with_finder(cx, self.site, self.name(), pattern, |finder| match finder {
            Some(finder) => self.apply(finder, text, more, cx),
            None if boolean => Ok(Value::Boolean(false)),
            None => Ok(Value::Null),
        })
    }

    fn children(&self) -> Vec<&Node> {
        [&self.text, &self.pattern]
            .into_iter()
            .chain(&self.more)
            .collect()
    }

    fn fallible(&self) -> bool {
        !matches!(self.pattern, Node::Text(_))
            || matches!(
                self.function,
                TextFunction::RegexpReplace | TextFunction::RegexpExtractAll
            )
    }
}

/// STR_TO_MAP(text, between pairs, between key and value): both are patterns.
#[derive(Debug)]
pub(crate) struct StrToMap {
    pub text: Node,
    pub between_pairs: Node,
    pub between: Node,
    pub sites: [usize; 2],
}

impl Operator for StrToMap {
    fn value<'a>(&'a self, cx: &Context<'_, 'a>) -> Evaluated<'a> {
        const NAME: &str = "STR_TO_MAP";
        let values = [&self.text, &self.between_pairs, &self.between];
        let [text, pairs, between] = values.map(|node| node.value(cx));
        let (Value::String(text), Value::String(pairs), Value::String(between)) =
            (text?, pairs?, between?)
        else {
            return Ok(Value::Null);
        };
        if text.is_empty() {
            return Ok(Value::Map(&[]));
        }
        with_finder(cx, self.sites[0], NAME, pairs, |pairs| {
            let Some(pairs) = pairs else {
                return Ok(Value::Null);
            };
            with_finder(cx, self.sites[1], NAME, between, |between| {
                let Some(between) = between else {
                    return Ok(Value::Null);
                };
                let mut count = 0;
                pairs.split(text, 0, |_| count += 1);
                let entries = made::entries(cx, NAME, count)?;
                let mut seen = Seen::new(cx, NAME, count)?;
                let mut length = 0;
                pairs.split(text, 0, |pair| {
                    let entry = entry(between, pair);
                    let is_at = |place: usize| entries[place].0 == entry.0;
                    let known = seen.find_or_note(&entry.0, length, is_at);
                    entries[known.unwrap_or(length)] = entry;
                    length += usize::from(known.is_none());
                });
                Ok(Value::Map(&entries[..length]))
            })
        })
    }

    fn children(&self) -> Vec<&Node> {
        vec![&self.text, &self.between_pairs, &self.between]
    }

    fn fallible(&self) -> bool {
        true
    }
}

fn entry<'a>(between: &Finder, pair: &'a str) -> (Value<'a>, Value<'a>) {
    let mut parts = [None; 2];
    let mut at = 0;
    between.split(pair, 2, |part| {
        if let Some(place) = parts.get_mut(at) {
            *place = Some(part);
        }
        at += 1;
    });
    match parts {
        [Some(key), Some(value)] => (Value::String(key), Value::String(value)),
        _ => (Value::String(pair), Value::Null),
    }
}
