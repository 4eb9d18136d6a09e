//! JSON paths: `[lax|strict] $ .name ['name'] [n] [*] .*`

use rookery_model::limits::SQL_NESTING_MAX;
use rookery_model::{JsonPath, PathMode, PathStep};
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
    /// Too many steps.
    #[error("a JSON path has at most {SQL_NESTING_MAX} steps")]
    TooLong,
}

/// Reads a path. Blanks around it and around subscripts do not count.
///
/// # Errors
/// Where the text stops being a path, and why.
pub fn parse_json_path(text: &str) -> Result<JsonPath, PathError> {
    let mut reader = Reader { text, at: 0 };
    reader.blanks();
    let mode = reader.mode();
    reader.blanks();
    if !reader.accept('$') {
        return Err(reader.error(PathErrorKind::NoRoot));
    }
    let mut steps = Vec::new();
    loop {
        let before = reader.at;
        if reader.rest().trim().is_empty() {
            return Ok(JsonPath { mode, steps });
        }
        if steps.len() >= SQL_NESTING_MAX {
            return Err(reader.error(PathErrorKind::TooLong));
        }
        reader.blanks();
        let step = if reader.accept('.') {
            // Flink's pages write names that are quoted as `$.['a b']`, too.
            if reader.accept('[') {
                reader.quoted_subscript()?
            } else {
                reader.member()?
            }
        } else if reader.accept('[') {
            reader.subscript()?
        } else {
            reader.at = before;
            return Err(reader.error(PathErrorKind::NoStep));
        };
        steps.push(step);
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl Reader<'_> {
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
            Some('?') => return Err(self.error(PathErrorKind::Unsupported("a filter"))),
            Some(c) if c.is_ascii_digit() => self.index()?,
            _ => return Err(self.error(PathErrorKind::BadSubscript)),
        };
        self.blanks();
        match self.peek() {
            Some(']') => {
                self.at += 1;
                Ok(step)
            }
            Some(',') => Err(self.error(PathErrorKind::Unsupported("a list of subscripts"))),
            Some(':') => Err(self.error(PathErrorKind::Unsupported("a slice"))),
            _ => Err(self.error(PathErrorKind::Unclosed(']'))),
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
mod tests {
    use super::*;

    fn steps(text: &str) -> Vec<PathStep> {
        parse_json_path(text).expect(text).steps
    }

    fn error(text: &str) -> (usize, String) {
        let error = parse_json_path(text).expect_err(text);
        (error.at, error.to_string())
    }

    #[test]
    fn reads_every_kind_of_step() {
        use PathStep::{AnyElement, AnyMember, Index, Key};
        let key = |name: &str| Key(name.into());
        assert_eq!(steps("$"), []);
        assert_eq!(
            steps("$.Powers[0].Power"),
            [key("Powers"), Index(0), key("Power")]
        );
        assert_eq!(steps("$[2][*]"), [Index(2), AnyElement]);
        assert_eq!(
            steps(" $.* [ 'a b' ] [ \"c\" ] "),
            [AnyMember, key("a b"), key("c")]
        );
        assert_eq!(steps("$.功率.\"x.y\""), [key("功率"), key("x.y")]);
        assert_eq!(steps("$.['a b'].[\"c\"]"), [key("a b"), key("c")]);
        assert_eq!(steps("$['it\\'s']"), [key("it's")]);
        assert_eq!(steps("$.a-b$"), [key("a-b$")]);
    }

    #[test]
    fn reads_the_mode() {
        let mode = |text| parse_json_path(text).map(|path| path.mode);
        assert_eq!(mode("$.a"), Ok(PathMode::Unsaid));
        assert_eq!(mode("lax $.a"), Ok(PathMode::Lax));
        assert_eq!(mode("STRICT$.a"), Ok(PathMode::Strict));
        assert_eq!(error("laxer $"), (0, "a JSON path begins with `$`".into()));
    }

    #[test]
    fn errors_say_where_and_why() {
        assert_eq!(error(""), (0, "a JSON path begins with `$`".into()));
        assert_eq!(error("Powers"), (0, "a JSON path begins with `$`".into()));
        assert_eq!(error("$."), (2, "a name or `*` follows `.`".into()));
        assert_eq!(error("$.[0]"), (3, "a name or `*` follows `.`".into()));
        assert_eq!(
            error("$..a"),
            (2, "`..` is not part of JSON paths here".into())
        );
        assert_eq!(
            error("$a"),
            (1, "`.name`, `[n]`, `[*]` or `['name']` follows here".into())
        );
        assert_eq!(
            error("$[x]"),
            (2, "`[` holds a number from 0, `*` or a quoted name".into())
        );
        assert_eq!(
            error("$[-1]"),
            (2, "`[` holds a number from 0, `*` or a quoted name".into())
        );
        assert_eq!(error("$[0"), (3, "`]` is missing".into()));
        assert_eq!(error("$['a"), (4, "`'` is missing".into()));
        assert_eq!(
            error("$[99999999999]"),
            (2, "an index is at most 4294967295".into())
        );
        assert_eq!(
            error("$[?(@.a)]"),
            (2, "a filter is not part of JSON paths here".into())
        );
        assert_eq!(
            error("$.size()"),
            (6, "a function is not part of JSON paths here".into())
        );
        assert_eq!(
            error("$[0,1]"),
            (
                3,
                "a list of subscripts is not part of JSON paths here".into()
            )
        );
        assert_eq!(
            error("$[0:1]"),
            (3, "a slice is not part of JSON paths here".into())
        );
        assert_eq!(
            error(&format!("${}", ".a".repeat(65))),
            (129, "a JSON path has at most 64 steps".into())
        );
    }
}
