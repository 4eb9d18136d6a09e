//! Patterns of times whose letters mean something else than they look like: `YYYY-MM-DD` has the year
//! of the week and the day of the year, and is right on most days.

use super::Linter;
use super::walk::each_in;
use crate::code::Code;
use crate::diagnostics::Diagnostic;
use crate::function::{Function, TimeFunction as Time};
use crate::plan::{Expr, ExprKind, Literal, Span};
use std::collections::BTreeMap;
use std::ops::Range;

impl Linter<'_> {
    /// Looks at every constant pattern, once each.
    pub(super) fn patterns(&mut self) {
        let mut patterns: BTreeMap<u32, (Span, String)> = BTreeMap::new();
        each_in(self.program, &mut |place| {
            for (span, text) in constants(place.expr) {
                patterns.insert(span.start, (span, text.to_owned()));
            }
        });
        for (span, pattern) in patterns.into_values() {
            self.pattern(span, &pattern);
        }
    }

    fn pattern(&mut self, literal: Span, pattern: &str) {
        // A text with quotes in it has other places than its literal.
        let plain = self.under(literal) == format!("'{pattern}'");
        let span = |part: &Range<usize>| {
            let start = literal.start as usize + 1;
            match plain {
                true => Span::new(start + part.start, start + part.end),
                false => literal,
            }
        };
        if let Some(part) = of_mysql(pattern) {
            return self.warn(
                Diagnostic::new(
                    Code::PatternLetters,
                    span(&part),
                    format!("`{}` is a pattern of MySQL", &pattern[part.clone()]),
                )
                .label("`%` stays, and the letters are read as Java's")
                .help("write Java's letters: 'yyyy-MM-dd HH:mm:ss'"),
            );
        }
        let slips = slips(pattern);
        let [first, rest @ ..] = slips.as_slice() else {
            return;
        };
        let meaning = |slip: &Slip| {
            let letters = &pattern[slip.part.clone()];
            format!("`{letters}` in a pattern is {}", slip.is)
        };
        let mut diagnostic =
            Diagnostic::new(Code::PatternLetters, span(&first.part), meaning(first))
                .label(first.effect);
        for slip in rest {
            diagnostic = diagnostic.related(span(&slip.part), meaning(slip));
        }
        let meant = mended(pattern, &slips).replace('\'', "''");
        self.warn(diagnostic.help(format!("write '{meant}'")));
    }
}

/// The constant patterns among a call's arguments.
fn constants(expr: &Expr) -> impl Iterator<Item = (Span, &str)> {
    let formats = match &expr.kind {
        ExprKind::Call { function, args } => match (function, args.len()) {
            (Function::UnixTimestampOf, _) => args.get(1..2),
            (Function::Time(Time::DateFormatFrom), _) => args.get(1..3),
            // With two arguments the second is the zone.
            (Function::Time(Time::DateFormatTz | Time::ToTimestampTz), 3) => args.get(1..2),
            (
                Function::Time(
                    Time::DateFormat
                    | Time::ToDate
                    | Time::ToTimestamp
                    | Time::ToInstant
                    | Time::FromUnixtime,
                ),
                _,
            ) => args.get(1..2),
            _ => None,
        },
        _ => None,
    };
    formats
        .unwrap_or_default()
        .iter()
        .filter_map(|arg| match &arg.kind {
            ExprKind::Literal(Literal::String(text)) => Some((arg.span, &**text)),
            _ => None,
        })
}

/// Letters that look like others.
struct Slip {
    part: Range<usize>,
    is: &'static str,
    effect: &'static str,
    /// The letter that is meant.
    meant: char,
}

/// The first `%Y` or its like.
fn of_mysql(pattern: &str) -> Option<Range<usize>> {
    let at = pattern.match_indices('%').map(|(at, _)| at);
    let mut letters =
        at.filter(|at| pattern[at + 1..].starts_with(|c: char| c.is_ascii_alphabetic()));
    letters.next().map(|at| at..at + 2)
}

/// Runs of one letter outside quotes, in their order.
fn runs(pattern: &str) -> Vec<(char, Range<usize>)> {
    let mut runs: Vec<(char, Range<usize>)> = Vec::new();
    let mut quoted = false;
    for (at, letter) in pattern.char_indices() {
        match letter {
            '\'' => quoted = !quoted,
            _ if quoted || !letter.is_ascii_alphabetic() => {}
            _ => match runs.last_mut() {
                Some((same, part)) if *same == letter && part.end == at => part.end += 1,
                _ => runs.push((letter, at..at + 1)),
            },
        }
    }
    runs
}

fn slips(pattern: &str) -> Vec<Slip> {
    const HOURS: [char; 4] = ['H', 'h', 'K', 'k'];
    let runs = runs(pattern);
    let has = |letters: &[char]| runs.iter().any(|(letter, _)| letters.contains(letter));
    let mut slips = Vec::new();
    for (at, (letter, part)) in runs.iter().enumerate() {
        let before = at.checked_sub(1).map(|before| runs[before].0);
        let behind = runs.get(at + 1).map(|run| run.0);
        let beside = |letters: &[char]| {
            let near = [before, behind];
            near.into_iter()
                .flatten()
                .any(|near| letters.contains(&near))
        };
        let (is, effect, meant) = match letter {
            // With a week it is what it should be.
            'Y' if !has(&['w', 'W']) => (
                "the year that the week belongs to",
                "another year than the day's around 1 January",
                'y',
            ),
            // Without a month it may well be meant.
            'D' if has(&['M', 'L']) || beside(&['m']) => {
                ("the day of the year", "326 on 22 November", 'd')
            }
            'm' if beside(&['y', 'Y', 'd', 'D']) && !HOURS.iter().any(|&h| before == Some(h)) => {
                ("the minute", "the month is `MM`", 'M')
            }
            'M' if before.is_some_and(|before| HOURS.contains(&before)) => {
                ("the month", "the minute is `mm`", 'm')
            }
            'h' if !has(&['a', 'B']) => (
                "the hour from 1 to 12",
                "nothing says whether before or after noon",
                'H',
            ),
            _ => continue,
        };
        slips.push(Slip {
            part: part.clone(),
            is,
            effect,
            meant,
        });
    }
    slips
}

/// The pattern with the letters that are meant.
fn mended(pattern: &str, slips: &[Slip]) -> String {
    let mut out = pattern.to_owned();
    for slip in slips {
        let letters = slip.meant.to_string().repeat(slip.part.len());
        out.replace_range(slip.part.clone(), &letters);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{mended, of_mysql, slips};

    /// What a pattern is taken to mean; none where nothing is wrong with it.
    fn meant(pattern: &str) -> Option<String> {
        let slips = slips(pattern);
        (!slips.is_empty()).then(|| mended(pattern, &slips))
    }

    #[test]
    fn letters_that_mean_something_else_are_found() {
        for (pattern, right) in [
            ("YYYY-MM-DD", "yyyy-MM-dd"),
            ("YYYY-MM-dd HH:mm:ss", "yyyy-MM-dd HH:mm:ss"),
            ("yyyyMMDD", "yyyyMMdd"),
            ("yyyy-mm-dd", "yyyy-MM-dd"),
            ("yyyy-mm-DD", "yyyy-MM-dd"),
            ("dd/mm/yyyy HH:mm", "dd/MM/yyyy HH:mm"),
            ("yyyy-MM-dd HH:MM:ss", "yyyy-MM-dd HH:mm:ss"),
            ("yyyy-MM-dd hh:mm:ss", "yyyy-MM-dd HH:mm:ss"),
            ("YYYY'年'", "yyyy'年'"),
        ] {
            assert_eq!(meant(pattern).as_deref(), Some(right), "{pattern}");
        }
    }

    #[test]
    fn patterns_that_are_as_they_look_are_left_alone() {
        for pattern in [
            "yyyy-MM-dd HH:mm:ss.SSS",
            "yyyy-MM-dd'T'HH:mm:ss'Z'",
            "YYYY-'W'ww",
            "yyyyDDD",
            "hh:mm a",
            "HH:mm dd.MM.yyyy",
            "HHmm",
            "mm:ss",
            "'YYYY-DD'",
            "",
            "M/d/yy",
        ] {
            assert_eq!(meant(pattern), None, "{pattern}");
        }
    }

    #[test]
    fn patterns_of_mysql_are_found() {
        assert_eq!(of_mysql("%Y-%m-%d"), Some(0..2));
        assert_eq!(of_mysql("at %H"), Some(3..5));
        assert_eq!(of_mysql("100%"), None);
    }
}
