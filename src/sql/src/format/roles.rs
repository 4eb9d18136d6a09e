//! What each token is where it stands.

use super::items::{Item, Kind};
use super::keywords;
use std::borrow::Cow;

/// What a bracket holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bracket {
    /// The columns of CREATE TABLE.
    Columns,
    /// The options of WITH.
    Options,
    /// A query.
    Query,
    /// Arguments, a list, an operand.
    List,
    /// `<` of a type.
    Type,
    /// CASE to END.
    Case,
}

/// An item with its role.
#[derive(Debug)]
pub(super) struct Token<'t> {
    /// As it is to be written.
    pub text: Cow<'t, str>,
    /// What it is, alone.
    pub kind: Kind,
    /// How many lines ended before it.
    pub breaks: usize,
    /// The word in upper case, if it is a keyword here.
    pub keyword: Option<String>,
    /// Whether a blank stands before it within a line.
    pub space: bool,
    /// More blanks, which align types.
    pub pad: usize,
    /// What it opens, and where that is closed.
    pub opens: Option<(Bracket, usize)>,
    /// Whether a statement ends with it.
    pub ends_statement: bool,
}

impl Token<'_> {
    /// Whether it is this keyword.
    pub fn is(&self, word: &str) -> bool {
        self.keyword.as_deref() == Some(word)
    }

    /// Whether it is a comment.
    pub fn is_comment(&self) -> bool {
        matches!(self.kind, Kind::LineComment | Kind::BlockComment)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Statement {
    Table,
    View,
    Insert,
    Set,
    Other,
}

struct Open {
    bracket: Bracket,
    at: usize,
    /// The word before it, in upper case.
    word: String,
}

/// Walks the items once.
struct Walk<'i, 't> {
    items: &'i [Item<'t>],
    tokens: Vec<Token<'t>>,
    /// Bare words in upper case; empty for anything else.
    words: Vec<String>,
    open: Vec<Open>,
    statement: Statement,
    /// Whether the columns of CREATE TABLE, or the query of INSERT and VIEW, have begun.
    body: bool,
    /// By item: names of columns; words of types; signs of numbers.
    column_names: Vec<bool>,
    type_words: Vec<bool>,
    signs: Vec<bool>,
}

/// Gives all items their roles; keywords get upper case if asked.
pub(super) fn classify<'t>(items: &[Item<'t>], upper_keywords: bool) -> Vec<Token<'t>> {
    let words = items.iter().map(|item| match item.kind {
        Kind::Word => item.text.to_uppercase(),
        _ => String::new(),
    });
    let mut walk = Walk {
        items,
        tokens: Vec::with_capacity(items.len()),
        words: words.collect(),
        open: Vec::new(),
        statement: Statement::Other,
        body: false,
        column_names: vec![false; items.len()],
        type_words: vec![false; items.len()],
        signs: vec![false; items.len()],
    };
    let mut before = None;
    for (at, item) in items.iter().enumerate() {
        walk.take(at, before);
        if !item.is_comment() {
            before = Some(at);
        }
    }
    walk.align();
    if upper_keywords {
        for (token, word) in walk.tokens.iter_mut().zip(&walk.words) {
            if token.keyword.is_some() {
                token.text = Cow::Owned(word.clone());
            }
        }
    }
    walk.tokens
}

impl Walk<'_, '_> {
    fn take(&mut self, at: usize, before: Option<usize>) {
        let item = self.items[at];
        self.tokens.push(Token {
            text: Cow::Borrowed(item.text),
            kind: item.kind,
            breaks: item.breaks,
            keyword: None,
            space: true,
            pad: 0,
            opens: None,
            ends_statement: false,
        });
        if item.is_comment() {
            return;
        }
        let after = (at + 1..self.items.len()).find(|&next| !self.items[next].is_comment());
        let starts = before.is_none_or(|before| self.tokens[before].ends_statement);
        if starts {
            self.begin(at);
        }
        if self.is_keyword(at, before, after, starts) {
            self.tokens[at].keyword = Some(self.words[at].clone());
        }
        self.signs[at] = self.is_sign(at, before);
        self.brackets(at, before, after);
        self.tokens[at].space = !starts && before.is_some_and(|before| self.space(at, before));
        if self.open.is_empty()
            && ["SELECT", "VALUES", "WITH", "AS"]
                .iter()
                .any(|w| self.tokens[at].is(w))
        {
            self.body = true;
        }
        let opens_set = item.is_word()
            && self.words[at] == "BEGIN"
            && before.is_some_and(|before| self.words[before] == "SET");
        if item.kind == Kind::Semicolon || opens_set {
            self.tokens[at].ends_statement = true;
            self.open.clear();
        }
    }

    fn begin(&mut self, at: usize) {
        let mut words = (at..self.items.len())
            .filter(|&next| !self.items[next].is_comment())
            .map(|next| self.words[next].as_str());
        self.statement = match words.next() {
            Some("CREATE") => match words.find(|word| *word != "TEMPORARY") {
                Some("TABLE") => Statement::Table,
                Some("VIEW") => Statement::View,
                _ => Statement::Other,
            },
            Some("INSERT") => Statement::Insert,
            Some("SET") => Statement::Set,
            _ => Statement::Other,
        };
        self.body = false;
    }

    fn word(&self, at: Option<usize>) -> &str {
        at.map_or("", |at| self.words[at].as_str())
    }

    fn is_keyword(
        &mut self,
        at: usize,
        before: Option<usize>,
        after: Option<usize>,
        starts: bool,
    ) -> bool {
        let kind = |at: Option<usize>| at.map(|at| self.items[at].kind);
        let named = matches!(self.items[at].kind, Kind::Word | Kind::Name);
        let in_columns = self.open.last().is_some_and(|open| {
            open.bracket == Bracket::Columns
                && (before == Some(open.at) || kind(before) == Some(Kind::Comma))
        });
        let (word, next) = (self.words[at].as_str(), self.word(after));
        if in_columns {
            let constraint = matches!((word, next), ("PRIMARY", "KEY") | ("WATERMARK", "FOR"));
            self.column_names[at] = named && !constraint;
            return constraint;
        }
        if word.is_empty()
            || kind(before) == Some(Kind::Period)
            || kind(after) == Some(Kind::Period)
        {
            return false;
        }
        if starts {
            return matches!(word, "SET" | "BEGIN" | "STATEMENT")
                || keywords::is_keyword(word, "", next);
        }
        if self.statement == Statement::Set {
            return false;
        }
        if keywords::is_type(word) && self.is_type_place(before) {
            self.type_words[at] = true;
            return true;
        }
        let previous = self.word(before);
        if previous == "AS"
            && before.is_some_and(|before| self.tokens[before].is("AS"))
            && !self.in_columns()
        {
            let of_time = word == "OF" && next == "PROCTIME";
            return matches!(word, "SELECT" | "WITH" | "VALUES") || of_time;
        }
        let after_text = kind(before) == Some(Kind::Text);
        (keywords::makes_literal(word) && kind(after) == Some(Kind::Text))
            || (keywords::is_unit(word) && after_text)
            || (word == "COMMENT" && kind(after) == Some(Kind::Text))
            || (word == "ESCAPE" && kind(after) == Some(Kind::Text))
            || keywords::is_keyword(word, previous, next)
    }

    fn in_columns(&self) -> bool {
        let last = self.open.last();
        last.is_some_and(|open| open.bracket == Bracket::Columns)
    }

    /// Whether a type is expected behind an item.
    fn is_type_place(&self, before: Option<usize>) -> bool {
        let Some(before) = before else { return false };
        if self.column_names[before] || self.words[before] == "RETURNING" {
            return true;
        }
        let Some(open) = self.open.last() else {
            return false;
        };
        let first = before == open.at || self.items[before].kind == Kind::Comma;
        match open.bracket {
            Bracket::Type if open.word == "ROW" => {
                !first && matches!(self.items[before].kind, Kind::Word | Kind::Name)
            }
            Bracket::Type => first,
            _ => self.words[before] == "AS" && matches!(open.word.as_str(), "CAST" | "TRY_CAST"),
        }
    }

    /// Whether it is the sign of what follows.
    fn is_sign(&self, at: usize, before: Option<usize>) -> bool {
        if !matches!(self.items[at].text, "-" | "+") {
            return false;
        }
        let Some(before) = before else { return true };
        match self.items[before].kind {
            Kind::Open | Kind::Comma | Kind::Operator => true,
            Kind::Word => {
                let value = ["NULL", "TRUE", "FALSE", "END", "UNKNOWN"];
                let keyword = self.tokens[before].keyword.as_deref();
                keyword.is_some_and(|word| !value.contains(&word) && !keywords::is_unit(word))
            }
            _ => false,
        }
    }

    /// Opens and closes.
    fn brackets(&mut self, at: usize, before: Option<usize>, after: Option<usize>) {
        let item = self.items[at];
        let top = self.open.last().map(|open| open.bracket);
        match item.kind {
            Kind::Open => {
                let bracket = self.bracket(at, before, after);
                self.push(bracket, at, before);
            }
            Kind::Close => {
                while self
                    .open
                    .last()
                    .is_some_and(|open| matches!(open.bracket, Bracket::Case | Bracket::Type))
                {
                    self.open.pop();
                }
                self.close(at);
            }
            Kind::Word if self.tokens[at].is("CASE") => self.push(Bracket::Case, at, before),
            Kind::Word if self.tokens[at].is("END") && top == Some(Bracket::Case) => self.close(at),
            Kind::Operator if item.text == ">" && top == Some(Bracket::Type) => self.close(at),
            Kind::Operator
                if item.text == "<"
                    && before.is_some_and(|before| self.type_words[before])
                    && self.closes_type(at) =>
            {
                self.push(Bracket::Type, at, before);
            }
            _ => {}
        }
    }

    fn bracket(&mut self, at: usize, before: Option<usize>, after: Option<usize>) -> Bracket {
        if self.items[at].text == "[" {
            return Bracket::List;
        }
        if self.statement == Statement::Table && self.open.is_empty() {
            if self.word(before) == "WITH" {
                return Bracket::Options;
            }
            if !self.body {
                self.body = true;
                return Bracket::Columns;
            }
        }
        match self.word(after) {
            "SELECT" | "WITH" | "VALUES" => Bracket::Query,
            _ => Bracket::List,
        }
    }

    fn push(&mut self, bracket: Bracket, at: usize, before: Option<usize>) {
        let word = self.word(before).to_owned();
        self.open.push(Open { bracket, at, word });
    }

    fn close(&mut self, at: usize) {
        if let Some(open) = self.open.pop() {
            self.tokens[open.at].opens = Some((open.bracket, at));
        }
    }

    /// Whether a `<` is closed before the bracket around it is.
    fn closes_type(&self, at: usize) -> bool {
        let (mut angles, mut rounds) = (0_u32, 0_u32);
        for item in &self.items[at..] {
            match (item.kind, item.text) {
                (_, "<") => angles += 1,
                (_, ">") if angles == 1 => return rounds == 0,
                (_, ">") => angles -= 1,
                (Kind::Open, _) => rounds += 1,
                (Kind::Close, _) if rounds == 0 => return false,
                (Kind::Close, _) => rounds -= 1,
                (Kind::Semicolon, _) => return false,
                _ => {}
            }
        }
        false
    }

    /// Whether a blank stands between an item and the one before.
    fn space(&self, at: usize, before: usize) -> bool {
        let (item, previous) = (&self.items[at], &self.items[before]);
        let in_type = |at: usize, text: &str| {
            self.items[at].text == text
                && self.tokens.get(at).is_some()
                && match text {
                    "<" => self.type_bracket(at),
                    _ => self.closes_some_type(at),
                }
        };
        if in_type(at, "<") || in_type(before, "<") || in_type(at, ">") {
            return false;
        }
        match (previous.kind, item.kind) {
            (_, Kind::Comma | Kind::Semicolon | Kind::Close | Kind::Period)
            | (Kind::Period | Kind::Open, _) => false,
            (_, Kind::Open) => self.space_before_open(at, before),
            (Kind::Operator, Kind::Operator) => true,
            (Kind::Operator, _) if self.signs[before] => false,
            // `_UTF16'..'` and `U&'..'` are one literal.
            (Kind::Word, Kind::Text) if item.adjacent => !previous.text.starts_with('_'),
            (Kind::Word, Kind::Operator) if item.text == "&" => {
                !(item.adjacent && previous.text.eq_ignore_ascii_case("U"))
            }
            (Kind::Operator, Kind::Text) if previous.text == "&" => !item.adjacent,
            _ => item.text != "::" && previous.text != "::",
        }
    }

    fn type_bracket(&self, at: usize) -> bool {
        let open = self.open.iter().any(|open| open.at == at);
        open || matches!(self.tokens[at].opens, Some((Bracket::Type, _)))
    }

    fn closes_some_type(&self, at: usize) -> bool {
        let closes = |token: &Token<'_>| token.opens == Some((Bracket::Type, at));
        self.tokens.iter().rev().any(closes)
    }

    fn space_before_open(&self, at: usize, before: usize) -> bool {
        let previous = &self.items[before];
        let columns = self.tokens_open(at) == Some(Bracket::Columns);
        match previous.kind {
            Kind::Word | Kind::Name | Kind::Close if self.items[at].text == "[" => {
                self.tokens[before].keyword.is_some() && !self.type_words[before]
            }
            Kind::Word | Kind::Name if columns => true,
            Kind::Word if keywords::stands_apart(&self.words[before]) => true,
            Kind::Word | Kind::Name => {
                // The columns of INSERT INTO and CREATE VIEW.
                let body = matches!(self.statement, Statement::Insert | Statement::View);
                body && !self.body && self.open.len() == 1
            }
            Kind::Operator => !self.signs[before],
            _ => true,
        }
    }

    /// What a bracket that is still open holds.
    fn tokens_open(&self, at: usize) -> Option<Bracket> {
        let open = self.open.iter().find(|open| open.at == at);
        open.map(|open| open.bracket)
    }

    /// Aligns the types of each table's columns.
    fn align(&mut self) {
        let tables: Vec<(usize, usize)> = (0..self.tokens.len())
            .filter_map(|at| match self.tokens[at].opens {
                Some((Bracket::Columns, end)) => Some((at, end)),
                _ => None,
            })
            .collect();
        for (start, end) in tables {
            let names: Vec<usize> = (start..end).filter(|&at| self.column_names[at]).collect();
            let widths = names.iter().map(|&at| width(self.items[at].text));
            let longest = widths.filter(|&width| width <= NAME_WIDTH_MAX).max();
            for at in names {
                if let Some(token) = self.tokens.get_mut(at + 1)
                    && !token.is_comment()
                {
                    token.pad = longest
                        .unwrap_or(0)
                        .saturating_sub(width(self.items[at].text));
                }
            }
        }
    }
}

/// Names beyond it do not push the types of all other columns to the right.
const NAME_WIDTH_MAX: usize = 32;

/// How many cells of a terminal a text takes: Chinese characters take two.
pub(super) fn width(text: &str) -> usize {
    text.chars()
        .map(|c| 1 + usize::from(matches!(u32::from(c), 0x1100..=0x115f | 0x2e80..=0xffe0)))
        .sum()
}
