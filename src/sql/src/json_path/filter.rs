//! Filters of JSON paths: `?(@.a > 1 && @.b == 'x')`.

use super::{PathError, PathErrorKind, Reader};
use rookery_model::limits::SQL_NESTING_MAX;
use rookery_model::{PathCompare, PathFilter, PathOperand, PathStep};

/// Operators, the longer before those that they begin with.
const OPERATORS: [(&str, PathCompare); 6] = [
    ("==", PathCompare::Equal),
    ("!=", PathCompare::NotEqual),
    ("<=", PathCompare::LessOrEqual),
    (">=", PathCompare::GreaterOrEqual),
    ("<", PathCompare::Less),
    (">", PathCompare::Greater),
];

impl Reader<'_> {
    /// What stands in brackets: `?(..)`.
    pub(super) fn filter(&mut self) -> Result<PathStep, PathError> {
        self.accept('?');
        self.blanks();
        if !self.accept('(') {
            return Err(self.error(PathErrorKind::Unsupported("a filter without brackets")));
        }
        let filter = self.any(0)?;
        self.close()?;
        Ok(PathStep::Filter(filter))
    }

    fn close(&mut self) -> Result<(), PathError> {
        self.blanks();
        if self.accept(')') {
            return Ok(());
        }
        Err(self.error(PathErrorKind::Unsupported("this in a filter")))
    }

    fn word(&mut self, word: &str) -> bool {
        self.blanks();
        let found = self.rest().starts_with(word);
        if found {
            self.at += word.len();
        }
        found
    }

    fn any(&mut self, depth: usize) -> Result<PathFilter, PathError> {
        let mut parts = vec![self.all(depth)?];
        while self.word("||") {
            parts.push(self.all(depth)?);
        }
        Ok(match parts.len() {
            1 => parts.swap_remove(0),
            _ => PathFilter::Any(parts),
        })
    }

    fn all(&mut self, depth: usize) -> Result<PathFilter, PathError> {
        let mut parts = vec![self.one(depth)?];
        while self.word("&&") {
            parts.push(self.one(depth)?);
        }
        Ok(match parts.len() {
            1 => parts.swap_remove(0),
            _ => PathFilter::All(parts),
        })
    }

    fn one(&mut self, depth: usize) -> Result<PathFilter, PathError> {
        if depth >= SQL_NESTING_MAX {
            return Err(self.error(PathErrorKind::TooLong));
        }
        if self.word("!") {
            return Ok(PathFilter::Not(Box::new(self.one(depth + 1)?)));
        }
        if self.word("(") {
            let inner = self.any(depth + 1)?;
            self.close()?;
            return Ok(inner);
        }
        let left = self.operand()?;
        for (word, op) in OPERATORS {
            if self.word(word) {
                let right = self.operand()?;
                return Ok(PathFilter::Compare { op, left, right });
            }
        }
        match left {
            PathOperand::Path(steps) => Ok(PathFilter::Exists(steps)),
            _ => Err(self.error(PathErrorKind::Unsupported("this in a filter"))),
        }
    }

    fn operand(&mut self) -> Result<PathOperand, PathError> {
        self.blanks();
        for (word, operand) in [
            ("true", PathOperand::Boolean(true)),
            ("false", PathOperand::Boolean(false)),
            ("null", PathOperand::Null),
        ] {
            if self.word(word) {
                return Ok(operand);
            }
        }
        match self.peek() {
            Some('@') => {
                self.at += 1;
                self.relative()
            }
            Some(quote @ ('\'' | '"')) => {
                self.at += 1;
                Ok(PathOperand::Text(self.quoted(quote)?))
            }
            Some(c) if c == '-' || c.is_ascii_digit() => {
                let rest = self.rest();
                let sign = |c: char| c.is_ascii_digit() || "+-.eE".contains(c);
                let end = rest.find(|c| !sign(c)).unwrap_or(rest.len());
                let text = rest[..end].to_owned();
                if text.parse::<f64>().is_err() {
                    return Err(self.error(PathErrorKind::Unsupported("this number")));
                }
                self.at += end;
                Ok(PathOperand::Number(text))
            }
            _ => Err(self.error(PathErrorKind::Unsupported("this in a filter"))),
        }
    }

    /// Keys and subscripts behind `@`.
    fn relative(&mut self) -> Result<PathOperand, PathError> {
        let mut steps = Vec::new();
        while let Some('.' | '[') = self.peek() {
            let before = self.at;
            self.step(&mut steps)?;
            let names_one = |step: &PathStep| matches!(step, PathStep::Key(_) | PathStep::Index(_));
            if !steps.iter().all(names_one) || steps.len() > SQL_NESTING_MAX {
                self.at = before;
                return Err(self.error(PathErrorKind::Unsupported("this step in a filter")));
            }
        }
        Ok(PathOperand::Path(steps))
    }
}
