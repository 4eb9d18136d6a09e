//! A path into a JSON value, parsed. The grammar lives in `sql`, the walk in `codecs`.

use std::fmt;

/// How missing steps and wrong kinds are taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum PathMode {
    /// No mode was written: strict in flink, and what blink always means.
    #[default]
    Unsaid,
    /// `lax`
    Lax,
    /// `strict`
    Strict,
}

/// One step down.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum PathStep {
    /// `.name` or `['name']`
    Key(String),
    /// `[n]`, from 0
    Index(u32),
    /// `[*]`: every element
    AnyElement,
    /// `.*`: every member
    AnyMember,
    /// `[-n]`: the n-th element from the end, from 1
    FromEnd(u32),
    /// `[a,b]`: several elements in this order; negative from the end
    Indexes(Vec<i32>),
    /// `[from:to]`: the elements from one to before another; negative from the end
    Slice {
        /// The first, or the array's.
        from: Option<i32>,
        /// The one behind the last, or the array's end.
        to: Option<i32>,
    },
    /// `..`: what the next step finds here and anywhere below
    Descend,
    /// `[?(..)]`: the elements for which it holds, or the object itself
    Filter(PathFilter),
}

impl PathStep {
    /// Whether a path with this step finds a list, of however many values.
    #[must_use]
    pub fn is_indefinite(&self) -> bool {
        !matches!(self, Self::Key(_) | Self::Index(_) | Self::FromEnd(_))
    }
}

/// What `[?(..)]` asks of a value.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum PathFilter {
    /// `a && b`
    All(Vec<PathFilter>),
    /// `a || b`
    Any(Vec<PathFilter>),
    /// `!a`
    Not(Box<PathFilter>),
    /// `@.a`: it is there, be it null.
    Exists(Vec<PathStep>),
    /// `@.a > 1`
    Compare {
        /// How.
        op: PathCompare,
        /// What stands before the operator.
        left: PathOperand,
        /// What stands behind it.
        right: PathOperand,
    },
}

/// An operator of a filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PathCompare {
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
}

/// What a filter compares.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum PathOperand {
    /// `@` and keys and subscripts behind it.
    Path(Vec<PathStep>),
    /// A number's text.
    Number(String),
    /// A quoted text.
    Text(String),
    /// true, false
    Boolean(bool),
    /// null
    Null,
}

/// Steps as they are written behind the root.
#[must_use]
pub fn steps_text(steps: &[PathStep]) -> String {
    let mut text = String::new();
    let mut descended = false;
    for step in steps {
        let step_text = step.to_string();
        let written = if descended {
            step_text.strip_prefix('.').unwrap_or(&step_text)
        } else {
            &step_text
        };
        text.push_str(written);
        descended = *step == PathStep::Descend;
    }
    text
}

/// A quoted name or text, with a backslash before each quote and backslash.
fn escaped(text: &str, quote: char) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c == quote || c == '\\' {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

fn is_plain(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_')
}

impl fmt::Display for PathStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(key) if is_plain(key) => write!(f, ".{key}"),
            Self::Key(key) => write!(f, "['{}']", escaped(key, '\'')),
            Self::Index(index) => write!(f, "[{index}]"),
            Self::AnyElement => f.write_str("[*]"),
            Self::AnyMember => f.write_str(".*"),
            Self::FromEnd(place) => write!(f, "[-{place}]"),
            Self::Indexes(list) => {
                let list: Vec<String> = list.iter().map(i32::to_string).collect();
                write!(f, "[{}]", list.join(","))
            }
            Self::Slice { from, to } => {
                let text = |place: &Option<i32>| place.map_or_else(String::new, |n| n.to_string());
                write!(f, "[{}:{}]", text(from), text(to))
            }
            Self::Descend => f.write_str(".."),
            Self::Filter(filter) => write!(f, "[?({filter})]"),
        }
    }
}

impl fmt::Display for PathFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |f: &mut fmt::Formatter<'_>, parts: &[Self], word: &str| {
            for (n, part) in parts.iter().enumerate() {
                if n > 0 {
                    f.write_str(word)?;
                }
                match part {
                    Self::All(_) | Self::Any(_) => write!(f, "({part})")?,
                    _ => write!(f, "{part}")?,
                }
            }
            Ok(())
        };
        match self {
            Self::All(parts) => list(f, parts, " && "),
            Self::Any(parts) => list(f, parts, " || "),
            Self::Not(part) => write!(f, "!({part})"),
            Self::Exists(steps) => write!(f, "{}", PathOperand::Path(steps.clone())),
            Self::Compare { op, left, right } => {
                let op = match op {
                    PathCompare::Equal => "==",
                    PathCompare::NotEqual => "!=",
                    PathCompare::Less => "<",
                    PathCompare::LessOrEqual => "<=",
                    PathCompare::Greater => ">",
                    PathCompare::GreaterOrEqual => ">=",
                };
                write!(f, "{left} {op} {right}")
            }
        }
    }
}

impl fmt::Display for PathOperand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Path(steps) => write!(f, "@{}", steps_text(steps)),
            Self::Number(text) => f.write_str(text),
            Self::Text(text) => write!(f, "\"{}\"", escaped(text, '"')),
            Self::Boolean(truth) => write!(f, "{truth}"),
            Self::Null => f.write_str("null"),
        }
    }
}

/// `$` and the steps after it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct JsonPath {
    /// The mode that was written.
    pub mode: PathMode,
    /// The steps; none is the root itself.
    pub steps: Vec<PathStep>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_written_as_they_are_read() {
        let key = |name: &str| PathStep::Key(name.into());
        let steps = [
            PathStep::Descend,
            key("a"),
            key("b'\\c"),
            PathStep::FromEnd(1),
            PathStep::Indexes(vec![0, -2]),
            PathStep::Slice {
                from: None,
                to: Some(2),
            },
            PathStep::Filter(PathFilter::All(vec![
                PathFilter::Not(Box::new(PathFilter::Exists(vec![key("x")]))),
                PathFilter::Any(vec![
                    PathFilter::Compare {
                        op: PathCompare::GreaterOrEqual,
                        left: PathOperand::Path(vec![key("y"), PathStep::Index(0)]),
                        right: PathOperand::Number("1.5".into()),
                    },
                    PathFilter::Compare {
                        op: PathCompare::NotEqual,
                        left: PathOperand::Text("q\"".into()),
                        right: PathOperand::Null,
                    },
                ]),
            ])),
        ];
        assert_eq!(
            steps_text(&steps),
            r#"..a['b\'\\c'][-1][0,-2][:2][?(!(@.x) && (@.y[0] >= 1.5 || "q\"" != null))]"#
        );
        assert_eq!(
            steps_text(&[PathStep::Descend, PathStep::Index(0)]),
            "..[0]"
        );
    }
}
