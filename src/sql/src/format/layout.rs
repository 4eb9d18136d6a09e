//! Where lines break.

use super::items::Kind;
use super::roles::{Bracket, Token, width};

/// Columns of a line, where its tokens let it be.
const LINE_WIDTH: usize = 100;

/// A whole select list in one line is shorter than this.
const SELECT_WIDTH: usize = 80;

/// Conditions in one line are shorter than this.
const CONDITION_WIDTH: usize = 60;

/// Blanks of one step inwards.
const STEP: usize = 2;

/// What stands before a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Gap {
    /// The token's own blank, or nothing.
    Inline,
    /// A new line with so many blanks.
    Line(usize),
}

/// A clause of a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Clause {
    None,
    /// SELECT, VALUES: what follows is a list of its own lines.
    List,
    /// WITH: each query of it begins a line at the margin.
    With,
    /// Conditions and short lists.
    Other,
}

/// What is open.
#[derive(Debug)]
struct Frame {
    bracket: Bracket,
    close: usize,
    /// Where its lines begin.
    indent: usize,
    /// Where the bracket that closes it stands.
    outer: usize,
    broken: bool,
    clause: Clause,
    clause_broken: bool,
    /// Behind which token the clause's list begins.
    head: usize,
    /// BETWEENs whose AND is still to come.
    betweens: u32,
}

/// The text of all tokens.
pub(super) fn lay_out(tokens: &[Token<'_>]) -> String {
    let mut layout = Layout {
        tokens,
        out: String::new(),
        column: 0,
        line_indent: 0,
        frames: Vec::new(),
        last: None,
        must_break: None,
        led_by_comma: false,
    };
    layout.run();
    layout.out
}

struct Layout<'l, 't> {
    tokens: &'l [Token<'t>],
    out: String,
    column: usize,
    line_indent: usize,
    frames: Vec<Frame>,
    /// The last token that is no comment.
    last: Option<usize>,
    /// After a line comment: where the next line begins.
    must_break: Option<usize>,
    /// Whether the last token is a comma that began its line.
    led_by_comma: bool,
}

impl Layout<'_, '_> {
    fn run(&mut self) {
        for at in 0..self.tokens.len() {
            if self.at_top() {
                self.top(at);
            } else if self.tokens[at].is_comment() {
                self.comment(at);
            } else {
                let gap = self.gap(at);
                self.token(at, gap);
            }
        }
        if !self.out.is_empty() {
            self.out.push('\n');
        }
    }

    /// Whether no statement is open.
    fn at_top(&self) -> bool {
        self.last
            .is_none_or(|last| self.tokens[last].ends_statement)
    }

    /// A statement's first token, or a comment between statements.
    fn top(&mut self, at: usize) {
        let token = &self.tokens[at];
        let trailing = token.is_comment() && token.breaks == 0 && at > 0;
        if self.out.is_empty() || token.kind == Kind::Semicolon {
            // Nothing stands before it.
        } else if trailing && self.tokens[at - 1].kind != Kind::LineComment {
            self.write(" ");
        } else {
            let after_statement = self.last.is_some_and(|last| {
                (last..at).all(|between| {
                    between == last
                        || (self.tokens[between].is_comment() && self.tokens[between].breaks == 0)
                })
            });
            let apart = token.breaks > 1 || (after_statement && self.stands_apart(at));
            self.new_line(0, apart);
        }
        self.must_break = None;
        if token.is_comment() {
            self.write_text(at);
            return;
        }
        self.frames.clear();
        let end = (at..self.tokens.len()).find(|&end| self.tokens[end].ends_statement);
        self.frames.push(Frame {
            bracket: Bracket::Query,
            close: end.unwrap_or(usize::MAX),
            indent: 0,
            outer: 0,
            broken: token.is("INSERT") || token.is("CREATE"),
            clause: Clause::None,
            clause_broken: false,
            head: usize::MAX,
            betweens: 0,
        });
        self.token(at, Gap::Inline);
    }

    /// Whether a blank line stands before the statement that begins here: not between two SETs, nor right
    /// within a statement set.
    fn stands_apart(&self, at: usize) -> bool {
        let next = (at..self.tokens.len()).find(|&next| !self.tokens[next].is_comment());
        let next = next.and_then(|next| self.tokens[next].keyword.as_deref());
        let mut first = self.last;
        while let Some(before) = first.and_then(|first| first.checked_sub(1)) {
            if self.tokens[before].ends_statement {
                break;
            }
            first = Some(before);
        }
        let before = first.map(|first| {
            let mut words = self.tokens[first..]
                .iter()
                .filter(|token| !token.is_comment());
            words.next().and_then(|token| token.keyword.as_deref())
        });
        let before = before.flatten();
        let opened = matches!(before, Some("BEGIN" | "EXECUTE" | "STATEMENT"));
        !(opened || next == Some("END") || (before == Some("SET") && next == Some("SET")))
    }

    /// What stands before a token of a statement.
    fn gap(&self, at: usize) -> Gap {
        let (Some(frame), Some(last)) = (self.frames.last(), self.last) else {
            return Gap::Inline;
        };
        let token = &self.tokens[at];
        if at == frame.close && self.frames.len() > 1 {
            return match frame.broken {
                true => Gap::Line(frame.outer),
                false => Gap::Inline,
            };
        }
        if !frame.broken {
            return Gap::Inline;
        }
        let opened = self.tokens[last]
            .opens
            .is_some_and(|(_, close)| close == frame.close);
        if opened && frame.bracket != Bracket::Case {
            return Gap::Line(frame.indent);
        }
        let comma = self.tokens[last].kind == Kind::Comma && !self.led_by_comma;
        match frame.bracket {
            Bracket::Columns | Bracket::Options | Bracket::Type if comma => Gap::Line(frame.indent),
            Bracket::List if comma => Gap::Line(frame.indent),
            Bracket::List if self.joins(at, frame) => Gap::Line(frame.indent),
            Bracket::Case if token.is("WHEN") || token.is("ELSE") => Gap::Line(frame.indent),
            Bracket::Query => self.gap_of_query(at, last, frame, comma),
            _ => Gap::Inline,
        }
    }

    fn gap_of_query(&self, at: usize, last: usize, frame: &Frame, comma: bool) -> Gap {
        if self.begins_clause(at, last) {
            return Gap::Line(frame.indent);
        }
        let inner = match frame.clause {
            Clause::With => frame.indent,
            _ => frame.indent + STEP,
        };
        let listed = frame.clause == Clause::List && last == frame.head;
        if frame.clause_broken && (comma || listed || self.joins(at, frame)) {
            return Gap::Line(inner);
        }
        Gap::Inline
    }

    /// Whether a token joins two conditions.
    fn joins(&self, at: usize, frame: &Frame) -> bool {
        let token = &self.tokens[at];
        (token.is("AND") && frame.betweens == 0) || token.is("OR")
    }

    /// Whether a clause of a query begins with a token.
    fn begins_clause(&self, at: usize, last: usize) -> bool {
        let next = self
            .next(at)
            .and_then(|next| self.tokens[next].keyword.as_deref());
        let last = self.tokens[last].keyword.as_deref();
        let Some(word) = self.tokens[at].keyword.as_deref() else {
            return false;
        };
        match word {
            "FROM" => !matches!(last, Some("DISTINCT")),
            "SELECT" | "WHERE" | "HAVING" | "LIMIT" | "UNION" | "EXCEPT" | "INTERSECT"
            | "VALUES" => true,
            "WITH" => !self.is_table(),
            "GROUP" | "ORDER" => next == Some("BY"),
            "LEFT" | "RIGHT" | "FULL" => matches!(next, Some("JOIN" | "OUTER")),
            "INNER" | "CROSS" => next == Some("JOIN"),
            "JOIN" => !matches!(
                last,
                Some("LEFT" | "RIGHT" | "FULL" | "OUTER" | "INNER" | "CROSS")
            ),
            _ => false,
        }
    }

    fn next(&self, at: usize) -> Option<usize> {
        (at + 1..self.tokens.len()).find(|&next| !self.tokens[next].is_comment())
    }

    /// Whether the statement is CREATE TABLE: its WITH begins no query.
    fn is_table(&self) -> bool {
        let end = self.frames[0].close;
        let last = self.last.unwrap_or(0);
        let start = (0..=last)
            .rev()
            .take_while(|&at| !self.tokens[at].ends_statement)
            .last();
        let start = start.unwrap_or(last);
        self.frames.len() == 1
            && self.tokens[start..end.min(self.tokens.len())]
                .iter()
                .any(|token| matches!(token.opens, Some((Bracket::Columns, _))))
    }

    /// Writes a token and notes what it opens, closes and begins.
    fn token(&mut self, at: usize, gap: Gap) {
        let gap = match (gap, self.must_break.take()) {
            (Gap::Inline, Some(indent)) => Gap::Line(indent),
            (gap, _) => gap,
        };
        let token = &self.tokens[at];
        let broke = matches!(gap, Gap::Line(_));
        match gap {
            Gap::Line(indent) => {
                let inside = self
                    .last
                    .is_some_and(|last| self.tokens[last].opens.is_none());
                let closes = self.frames.last().is_some_and(|frame| frame.close == at);
                self.new_line(indent, token.breaks > 1 && inside && !closes);
            }
            Gap::Inline if token.space => self.write(&" ".repeat(1 + token.pad)),
            Gap::Inline => {}
        }
        self.clauses(at);
        self.write_text(at);
        self.led_by_comma = token.kind == Kind::Comma && broke;
        if self.frames.len() > 1 && self.frames.last().is_some_and(|frame| frame.close == at) {
            self.frames.pop();
        }
        if let Some((bracket, close)) = token.opens {
            self.open(at, bracket, close);
        }
        self.last = Some(at);
    }

    /// Notes the clause that a token begins, and the ANDs that belong to BETWEEN.
    fn clauses(&mut self, at: usize) {
        let begins = self.last.is_some_and(|last| self.begins_clause(at, last));
        let in_query = self
            .frames
            .last()
            .is_some_and(|frame| frame.bracket == Bracket::Query);
        let clause = (begins && in_query).then(|| self.clause(at, self.column));
        let word = self.tokens[at].keyword.clone();
        let Some(frame) = self.frames.last_mut() else {
            return;
        };
        match word.as_deref() {
            Some("BETWEEN") => frame.betweens += 1,
            Some("AND") => frame.betweens = frame.betweens.saturating_sub(1),
            _ => {}
        }
        if let Some(clause) = clause {
            (frame.clause, frame.clause_broken, frame.head) = clause;
            frame.betweens = 0;
        }
    }

    /// The clause that begins with a token, whether it takes several lines, and where its list begins.
    fn clause(&self, at: usize, start: usize) -> (Clause, bool, usize) {
        let token = &self.tokens[at];
        let (clause, limit) = match token.keyword.as_deref() {
            Some("SELECT" | "VALUES") => (Clause::List, SELECT_WIDTH),
            Some("WITH") => (Clause::With, 0),
            Some("WHERE" | "HAVING") => (Clause::Other, CONDITION_WIDTH),
            _ => (Clause::Other, LINE_WIDTH),
        };
        let end = self.clause_end(at);
        let fits = self
            .flat(at, end)
            .is_some_and(|width| start + width <= limit);
        let head = match self.next(at) {
            Some(next) if self.tokens[next].is("DISTINCT") || self.tokens[next].is("ALL") => next,
            _ => at,
        };
        (clause, !fits, head)
    }

    /// The token behind a clause.
    fn clause_end(&self, at: usize) -> usize {
        let close = self.frames.last().map_or(usize::MAX, |frame| frame.close);
        let mut last = at;
        let mut next = at;
        loop {
            next = match self.tokens[next].opens {
                Some((_, inner)) => inner + 1,
                None => next + 1,
            };
            if next >= self.tokens.len() || next >= close {
                return next.min(self.tokens.len());
            }
            if self.tokens[next].is_comment() {
                continue;
            }
            if self.begins_clause(next, last) {
                return next;
            }
            last = next;
        }
    }

    fn open(&mut self, at: usize, bracket: Bracket, close: usize) {
        let empty = close == at + 1;
        let flat = self.flat(at + 1, close + 1);
        let fits = flat.is_some_and(|width| self.column + width < LINE_WIDTH);
        let outside = self.frames.last().is_none_or(|frame| frame.broken);
        let broken = match bracket {
            Bracket::Columns | Bracket::Options => !empty,
            _ => !fits && outside,
        };
        self.frames.push(Frame {
            bracket,
            close,
            indent: self.line_indent + STEP,
            outer: self.line_indent,
            broken,
            clause: Clause::None,
            clause_broken: false,
            head: usize::MAX,
            betweens: 0,
        });
    }

    /// Cells that tokens take in one line; none if they need several.
    fn flat(&self, from: usize, to: usize) -> Option<usize> {
        let mut cells = 0;
        for (place, token) in self.tokens.get(from..to.max(from))?.iter().enumerate() {
            let several = token.text.contains('\n');
            let own_line =
                token.is_comment() && (token.breaks > 0 || token.kind == Kind::LineComment);
            if several || own_line {
                return None;
            }
            cells += width(&token.text) + usize::from(token.space && place > 0);
        }
        Some(cells)
    }

    /// A comment within a statement.
    fn comment(&mut self, at: usize) {
        let token = &self.tokens[at];
        let indent = self.comment_indent(at);
        match self.must_break.take() {
            None if token.breaks == 0 => self.write(" "),
            _ => {
                let inside = self
                    .last
                    .is_some_and(|last| self.tokens[last].opens.is_none());
                self.new_line(indent, token.breaks > 1 && inside);
            }
        }
        self.write_text(at);
        let next = self.tokens.get(at + 1);
        let behind = next.is_some_and(|next| next.breaks > 0);
        if token.kind == Kind::LineComment || (token.breaks > 0 && behind) {
            self.must_break = Some(indent);
        }
    }

    /// Where a comment's line begins: with what follows, but inside of a bracket that closes.
    fn comment_indent(&self, at: usize) -> usize {
        let frame = self.frames.last();
        let margin = frame.map_or(0, |frame| match frame.bracket {
            Bracket::Query => frame.indent + STEP,
            _ => frame.indent,
        });
        let Some(next) = self.next(at) else {
            return margin;
        };
        if frame.is_some_and(|frame| frame.close == next) {
            return margin;
        }
        match self.gap(next) {
            Gap::Line(indent) => indent,
            Gap::Inline => margin,
        }
    }

    fn new_line(&mut self, indent: usize, blank: bool) {
        self.out.push('\n');
        if blank {
            self.out.push('\n');
        }
        self.out.push_str(&" ".repeat(indent));
        self.column = indent;
        self.line_indent = indent;
    }

    fn write(&mut self, text: &str) {
        self.out.push_str(text);
        self.column += width(text);
    }

    fn write_text(&mut self, at: usize) {
        let text = &self.tokens[at].text;
        self.out.push_str(text);
        match text.rsplit_once('\n') {
            Some((_, last)) => self.column = width(last),
            None => self.column += width(text),
        }
    }
}
