//! JSON paths: `[lax|strict] $ .name ['name'] [n] [*] .*`, in flink also `..name [-n] [n,m] [n:m] [?(..)]`

mod filter;

use rookery_model::limits::SQL_NESTING_MAX;
use rookery_model::{JsonPath, PathMode, PathStep};
use std::borrow::Cow;
use thiserror::Error;

/// A path that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{reason}")]
pub struct PathError {
    /// Byte of the path's text where it went wrong.
    pub at: usize,
    /// What is wrong there.
    pub reason: PathErrorKind,
}

/// What is wrong with a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum PathErrorKind {
    /// It does not begin with the root.
    #[error("a JSON path begins with `$`")]
    NoRoot,
    /// A dot without a name behind it.
    #[error("a name or `*` follows `.`")]
    NoName,
    /// Something else than a step.
    #[error("`.name`, `[n]`, `[*]` or `['name']` follows here")]
    NoStep,
    /// A bracket that holds none of the three.
    #[error("`[` holds a number from 0, `*` or a quoted name")]
    BadSubscript,
    /// A number beyond the largest index.
    #[error("an index is at most 4294967295")]
    IndexTooLarge,
    /// A bracket or a quoted name without an end.
    #[error("`{0}` is missing")]
    Unclosed(char),
    /// A feature of other JSON paths.
    #[error("{0} is not part of JSON paths here")]
    Unsupported(&'static str),
    /// A mode that touches what follows it.
    #[error("a blank follows the mode of a JSON path")]
    NoBlank,
    /// Too many steps.
    #[error("a JSON path has at most {SQL_NESTING_MAX} steps")]
    TooLong,
}

impl PathError {
    /// Whether the path means something elsewhere that it does not mean here. What is only malformed finds
    /// nothing in flink.
    #[must_use]
    pub fn is_unsupported(&self) -> bool {
        use PathErrorKind::{TooLong, Unsupported};
        matches!(self.reason, Unsupported(_) | TooLong)
    }
}

/// Reads a path. Blanks around it and around subscripts do not count.
///
/// # Errors
/// Where the text stops being a path, and why.
pub fn parse_json_path(text: &str) -> Result<JsonPath, PathError> {
    let mut reader = Reader::over(text);
    reader.blanks();
    let mode = reader.mode();
    reader.blanks();
    reader.path(mode)
}

/// Reads a path as Flink does: a blank follows a mode and none comes before `$`; a path that begins with
/// a name has its root put before it.
///
/// # Errors
/// Where the text stops being a path, and why. Places are those of the text with its root.
pub fn parse_flink_json_path(text: &str) -> Result<JsonPath, PathError> {
    let name = text.starts_with(|c: char| c.is_alphanumeric() || c == '_');
    let has_mode = Reader::over(text).mode() != PathMode::Unsaid;
    let rooted = if name && !has_mode && !text.contains('$') {
        Cow::Owned(format!("$.{text}"))
    } else {
        Cow::Borrowed(text)
    };
    let mut reader = Reader {
        flink: true,
        ..Reader::over(&rooted)
    };
    reader.blanks();
    let mode = reader.mode();
    if mode != PathMode::Unsaid {
        if !reader.peek().is_some_and(char::is_whitespace) {
            return Err(reader.error(PathErrorKind::NoBlank));
        }
        reader.blanks();
    } else if reader.at > 0 {
        reader.at = 0;
        return Err(reader.error(PathErrorKind::NoRoot));
    }
    reader.path(mode)
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    /// Whether all steps are read that Flink has.
    flink: bool,
}

impl<'a> Reader<'a> {
    fn over(text: &'a str) -> Self {
        Self {
            text,
            at: 0,
            flink: false,
        }
    }
}

impl Reader<'_> {
    fn path(&mut self, mode: PathMode) -> Result<JsonPath, PathError> {
        if !self.accept('$') {
            return Err(self.error(PathErrorKind::NoRoot));
        }
        let mut steps = Vec::new();
        while !self.rest().trim().is_empty() {
            if steps.len() >= SQL_NESTING_MAX {
                return Err(self.error(PathErrorKind::TooLong));
            }
            self.step(&mut steps)?;
        }
        Ok(JsonPath { mode, steps })
    }

    /// Reads what follows a step.
    fn step(&mut self, steps: &mut Vec<PathStep>) -> Result<(), PathError> {
        let before = self.at;
        self.blanks();
        let step = if self.accept('.') {
            if self.flink && self.peek() == Some('.') {
                if steps.contains(&PathStep::Descend) {
                    return Err(self.error(PathErrorKind::Unsupported("a second `..`")));
                }
                self.at += 1;
                steps.push(PathStep::Descend);
            }
            // Flink's pages write names that are quoted as `$.['a b']`, too.
            if self.accept('[') {
                if steps.last() == Some(&PathStep::Descend) {
                    self.subscript()?
                } else {
                    self.quoted_subscript()?
                }
            } else {
                self.member()?
            }
        } else if self.accept('[') {
            self.subscript()?
        } else {
            self.at = before;
            return Err(self.error(PathErrorKind::NoStep));
        };
        steps.push(step);
        Ok(())
    }
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn accept(&mut self, wanted: char) -> bool {
        let found = self.peek() == Some(wanted);
        if found {
            self.at += wanted.len_utf8();
        }
        found
    }

    fn blanks(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start().len();
    }

    fn error(&self, reason: PathErrorKind) -> PathError {
        PathError {
            at: self.at,
            reason,
        }
    }

    fn mode(&mut self) -> PathMode {
        for (word, mode) in [("lax", PathMode::Lax), ("strict", PathMode::Strict)] {
            let rest = self.rest();
            let head = rest.get(..word.len());
            let follows = rest.get(word.len()..).and_then(|tail| tail.chars().next());
            if head.is_some_and(|head| head.eq_ignore_ascii_case(word))
                && follows.is_some_and(|c| c.is_whitespace() || c == '$')
            {
                self.at += word.len();
                return mode;
            }
        }
        PathMode::Unsaid
    }

    /// What follows a dot.
    fn member(&mut self) -> Result<PathStep, PathError> {
        match self.peek() {
            Some('*') => {
                self.at += 1;
                Ok(PathStep::AnyMember)
            }
            Some('.') => Err(self.error(PathErrorKind::Unsupported("`..`"))),
            Some(quote @ '"') => {
                self.at += 1;
                Ok(PathStep::Key(self.quoted(quote)?))
            }
            _ => {
                let rest = self.rest();
                let end = rest
                    .find(|c: char| c.is_whitespace() || "[].*()?@'\"".contains(c))
                    .unwrap_or(rest.len());
                if end == 0 {
                    return Err(self.error(PathErrorKind::NoName));
                }
                let name = rest[..end].to_owned();
                self.at += end;
                if self.peek() == Some('(') {
                    return Err(self.error(PathErrorKind::Unsupported("a function")));
                }
                Ok(PathStep::Key(name))
            }
        }
    }

    /// A quoted name in brackets behind a dot.
    fn quoted_subscript(&mut self) -> Result<PathStep, PathError> {
        match self.rest().trim_start().chars().next() {
            Some('\'' | '"') => self.subscript(),
            _ => Err(self.error(PathErrorKind::NoName)),
        }
    }

    /// What stands in brackets.
    fn subscript(&mut self) -> Result<PathStep, PathError> {
        self.blanks();
        let step = match self.peek() {
            Some('*') => {
                self.at += 1;
                PathStep::AnyElement
            }
            Some(quote @ ('\'' | '"')) => {
                self.at += 1;
                PathStep::Key(self.quoted(quote)?)
            }
            Some('?') if self.flink => self.filter()?,
            Some('?') => return Err(self.error(PathErrorKind::Unsupported("a filter"))),
            Some(c) if self.flink && (c.is_ascii_digit() || "-:".contains(c)) => self.places()?,
            Some(c) if c.is_ascii_digit() => self.index()?,
            _ => return Err(self.error(PathErrorKind::BadSubscript)),
        };
        self.blanks();
        match self.peek() {
            Some(']') => {
                self.at += 1;
                Ok(step)
            }
            Some(',') if matches!(step, PathStep::Key(_)) => {
                Err(self.error(PathErrorKind::Unsupported("a list of names")))
            }
            Some(',') => Err(self.error(PathErrorKind::Unsupported("a list of subscripts"))),
            Some(':') => Err(self.error(PathErrorKind::Unsupported("a slice"))),
            _ => Err(self.error(PathErrorKind::Unclosed(']'))),
        }
    }

    /// `n`, `-n`, `n,m`, `n:m`, `n:`, `:m`
    fn places(&mut self) -> Result<PathStep, PathError> {
        if self.accept(':') {
            self.blanks();
            let to = Some(self.place()?);
            return Ok(PathStep::Slice { from: None, to });
        }
        let first = self.place()?;
        self.blanks();
        match self.peek() {
            Some(':') => {
                self.at += 1;
                self.blanks();
                let ends = self.peek() == Some(']');
                let to = if ends { None } else { Some(self.place()?) };
                let from = Some(first);
                Ok(PathStep::Slice { from, to })
            }
            Some(',') => {
                let mut list = vec![first];
                while self.accept(',') {
                    self.blanks();
                    if list.len() > SQL_NESTING_MAX {
                        return Err(self.error(PathErrorKind::TooLong));
                    }
                    list.push(self.place()?);
                    self.blanks();
                }
                Ok(PathStep::Indexes(list))
            }
            _ if first < 0 => Ok(PathStep::FromEnd(first.unsigned_abs())),
            _ => Ok(PathStep::Index(first.unsigned_abs())),
        }
    }

    fn place(&mut self) -> Result<i32, PathError> {
        let rest = self.rest();
        let sign = usize::from(rest.starts_with('-'));
        let digits = rest[sign..].bytes().take_while(u8::is_ascii_digit).count();
        if digits == 0 {
            return Err(self.error(PathErrorKind::BadSubscript));
        }
        match rest[..sign + digits].parse() {
            Ok(place) => {
                self.at += sign + digits;
                Ok(place)
            }
            Err(_) => Err(self.error(PathErrorKind::IndexTooLarge)),
        }
    }

    fn index(&mut self) -> Result<PathStep, PathError> {
        let rest = self.rest();
        let end = rest
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(rest.len());
        let index = rest[..end].parse();
        match index {
            Ok(index) => {
                self.at += end;
                Ok(PathStep::Index(index))
            }
            Err(_) => Err(self.error(PathErrorKind::IndexTooLarge)),
        }
    }

    /// The rest of a quoted name; a backslash takes the next character as it is.
    fn quoted(&mut self, quote: char) -> Result<String, PathError> {
        let start = self.at;
        let mut name = String::new();
        let mut escaped = false;
        for (offset, c) in self.text[start..].char_indices() {
            if escaped {
                name.push(c);
                escaped = false;
            } else if c == '\\' {
                escaped = true;
            } else if c == quote {
                self.at = start + offset + quote.len_utf8();
                return Ok(name);
            } else {
                name.push(c);
            }
        }
        self.at = self.text.len();
        Err(self.error(PathErrorKind::Unclosed(quote)))
    }
}

#[cfg(test)]
mod tests;
