//! What a row's commands are made of: bytes that are always the same, and arguments that are the row's.

use super::refusal::Refusal;
use super::resp;

/// The commands of every row of a table.
#[derive(Clone, Debug, Default)]
pub(super) struct RowCommands {
    segments: Vec<Segment>,
    /// Commands, and so answers, of a row.
    per_row: usize,
    /// Name and number of arguments (the name among them) of the template, which the server is asked about.
    template: Option<(String, usize)>,
    /// A command each.
    refusals: Vec<Refusal>,
}

/// A part of a row's bytes.
#[derive(Clone, Debug)]
pub(super) enum Segment {
    /// Whole arguments and heads of commands.
    Bytes(Vec<u8>),
    /// One argument.
    Argument(Argument),
}

/// An argument that differs from row to row.
#[derive(Clone, Debug)]
pub(super) struct Argument {
    pub content: Content,
    pub need: Need,
}

/// Where its bytes come from.
#[derive(Clone, Debug)]
pub(super) enum Content {
    /// A column's text.
    Column(usize),
    /// Texts and columns one after the other.
    Joined(Vec<Part>),
    /// The whole row as a JSON object.
    RowJson,
    /// The row's identity.
    RowId,
}

/// A part of an argument.
#[derive(Clone, Debug)]
pub(super) enum Part {
    Text(Vec<u8>),
    Column(usize),
    RowId,
}

/// What a NULL, or a wrong value, makes of the row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Need {
    /// NULL is the empty string.
    Nothing,
    /// NULL makes the row a dead letter; the word says what the argument is.
    Value(&'static str),
    /// A number.
    Score,
}

/// A word of a command: always the same, or an argument.
#[derive(Clone, Debug)]
pub(super) enum Word {
    Same(Vec<u8>),
    Differs(Argument),
}

impl Word {
    /// Its text, if that is always the same.
    pub(super) fn text(&self) -> Option<&[u8]> {
        match self {
            Self::Same(text) => Some(text),
            Self::Differs(_) => None,
        }
    }

    /// Whether the encoder lets nothing but numbers pass.
    pub(super) fn is_score(&self) -> bool {
        matches!(self, Self::Differs(argument) if argument.need == Need::Score)
    }

    /// Always this text.
    pub(super) fn same(text: impl Into<Vec<u8>>) -> Self {
        Self::Same(text.into())
    }

    /// A column.
    pub(super) fn column(index: usize, need: Need) -> Self {
        Self::Differs(Argument {
            content: Content::Column(index),
            need,
        })
    }
}

impl RowCommands {
    /// Adds a command to every row.
    pub(super) fn push(&mut self, words: &[Word]) {
        self.per_row += 1;
        let name = words.first().and_then(Word::text).unwrap_or_default();
        self.refusals.push(Refusal::of(name, words));
        resp::command_head(words.len(), self.bytes());
        for word in words {
            match word {
                Word::Same(text) => resp::argument(text, self.bytes()),
                Word::Differs(argument) => {
                    self.segments.push(Segment::Argument(argument.clone()));
                }
            }
        }
    }

    /// Adds the template.
    pub(super) fn push_template(&mut self, name: &str, words: &[Word]) {
        self.push(words);
        self.template = Some((name.to_ascii_uppercase(), words.len()));
    }

    fn bytes(&mut self) -> &mut Vec<u8> {
        if !matches!(self.segments.last(), Some(Segment::Bytes(_))) {
            self.segments.push(Segment::Bytes(Vec::new()));
        }
        match self.segments.last_mut() {
            Some(Segment::Bytes(bytes)) => bytes,
            _ => unreachable!("it was just pushed"),
        }
    }

    /// Its parts, in order.
    pub(super) fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// How many answers a row gets.
    pub(super) fn per_row(&self) -> usize {
        self.per_row
    }

    /// What may have refused each command of a row, when nobody saw the answer.
    pub(super) fn refusals(&self) -> &[Refusal] {
        &self.refusals
    }

    /// The template's command and how many arguments it has, its name among them.
    pub(super) fn template(&self) -> Option<(&str, usize)> {
        self.template
            .as_ref()
            .map(|(name, count)| (name.as_str(), *count))
    }
}
