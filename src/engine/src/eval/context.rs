//! What an expression sees while it is evaluated.

use super::pattern::Matcher;
use super::workspace::Workspace;
use crate::failure::Failure;
use crate::functions::{Finder, PatternError, PrintfFormat};
use crate::record::Record;
use crate::rules::PathGroup;
use regex::Regex;
use rookery_codecs::json::{Decoder, Document, Matches, Node as JsonNode, NodeRef, PathSet};
use rookery_codecs::time::{Pattern, Zone};
use rookery_model::{PathMode, Value};
use std::cell::{Cell, OnceCell, RefCell};

/// A value, or why there is none.
pub(crate) type Evaluated<'a> = Result<Value<'a>, &'a Failure<'a>>;

/// A three-valued truth, or why there is none: `None` is UNKNOWN.
pub(crate) type Truth<'a> = Result<Option<bool>, &'a Failure<'a>>;

/// The JSON that a column of the message holds, parsed when first asked for.
pub(crate) struct JsonInput<'a> {
    /// Index of the column's key among the keys of the message that are read.
    key: usize,
    /// Taken by the one parse.
    decoder: Cell<Option<&'a mut Decoder>>,
    parsed: OnceCell<ParsedInput<'a>>,
}

/// What a column's JSON turned out to be.
enum ParsedInput<'a> {
    /// NULL.
    Null,
    /// No JSON.
    Invalid,
    /// A value within the message itself.
    Within(NodeRef),
    /// Text that holds JSON.
    Text(Document<'a>),
}

impl<'a> JsonInput<'a> {
    pub fn new(key: usize, decoder: &'a mut Decoder) -> Self {
        Self {
            key,
            decoder: Cell::new(Some(decoder)),
            parsed: OnceCell::new(),
        }
    }
}

/// What looking into a column's JSON comes to.
pub(crate) enum Lookup<T> {
    /// The column is NULL.
    Null,
    /// It holds no JSON.
    Invalid,
    /// What was looked for.
    Found(T),
}

/// In which step the paths of a group were last looked for, and where among the step's matches what
/// they found lies.
#[derive(Debug, Default)]
pub(crate) struct GroupState {
    step: Cell<u64>,
    place: Cell<usize>,
}

/// What an operator whose pattern, path or format is no constant made of the last text it saw.
#[derive(Debug, Default)]
pub(crate) struct Site {
    /// The text.
    pub text: String,
    /// What it means.
    pub parsed: Parsed,
}

/// What a text meant to the operator that keeps it.
#[derive(Debug, Default)]
pub(crate) enum Parsed {
    /// There was none yet.
    #[default]
    Nothing,
    /// A pattern of LIKE or SIMILAR TO.
    Pattern(Result<Matcher, String>),
    /// A path; none of a malformed one.
    Path(Option<(PathSet, PathMode)>),
    /// A date format.
    DateFormat(Result<Pattern, String>),
    /// A zone; none of an unknown one.
    Zone(Option<Zone>),
    /// A regular expression.
    Regex(Result<Finder, PatternError>),
    /// A format of PRINTF.
    Printf(Result<PrintfFormat, String>),
}

/// What JSON_VALUE needs over text that is no column.
#[derive(Debug, Default)]
pub(crate) struct SpareJson {
    pub decoder: Decoder,
    pub matches: Matches,
}

/// One record's evaluation. `'a` is what values borrow from: the message, the rule set, the arena.
pub(crate) struct Context<'c, 'a> {
    pub record: &'c Record<'a>,
    /// The message, unless the record is none.
    pub message: Option<&'c Document<'a>>,
    /// For each key that is read, its value in the message.
    pub keys: &'c [NodeRef],
    pub inputs: &'c [JsonInput<'a>],
    pub groups: &'c [GroupState],
    /// What groups found, in the order in which this step came to them: few of many groups are reached,
    /// so the first of these stay in the cache.
    pub matches: &'c [RefCell<Matches>],
    /// How many of them this step has used.
    pub matches_used: Cell<usize>,
    pub group_plans: &'a [PathGroup],
    /// Where among them those of the branch at work begin.
    pub groups_at: Cell<usize>,
    /// Number of the step in the engine's life, from 1: says which groups are of this step.
    pub step: u64,
    pub work: Workspace<'c, 'a>,
    /// For JSON that is no column's.
    pub spare: &'c RefCell<SpareJson>,
    pub sites: &'c [RefCell<Site>],
    /// This engine's own copies, so that shards share no lock.
    pub regexes: &'c [Regex],
    /// The zone of the rule at work.
    pub zone: Cell<&'a Zone>,
    /// Casts of the rule at work that gave NULL.
    pub casts_to_null: Cell<u32>,
    /// Values of the rule at work that did not fit their sink's column.
    pub narrowed_to_null: Cell<u32>,
    /// Values of the message that did not fit their column in the rule at work.
    pub columns_to_null: Cell<u32>,
    /// The rule at work.
    pub rule: Cell<u16>,
    /// Calls of UUID in the rule at work.
    pub uuids: Cell<u32>,
    /// Bytes of values that functions have made for the branch at work.
    pub made: Cell<usize>,
}

impl<'a> Context<'_, 'a> {
    /// Puts a failure where it outlives the evaluation.
    #[cold]
    pub fn fail<T>(&self, failure: Failure<'a>) -> Result<T, &'a Failure<'a>> {
        Err(self.work.arena.alloc(failure))
    }

    /// A JSON value as SQL text: NULL of null and of nothing, a string's text, numbers as written, compact
    /// JSON of arrays and objects.
    #[inline]
    pub fn json_text(&self, document: &Document<'a>, node: NodeRef) -> Value<'a> {
        match document.node(node) {
            JsonNode::Missing | JsonNode::Null => Value::Null,
            JsonNode::String(text) | JsonNode::Number(text) => Value::String(text),
            JsonNode::Boolean(value) => Value::String(if value { "true" } else { "false" }),
            JsonNode::Array(_) | JsonNode::Object(_) => self.json_compact(document, node),
        }
    }

    #[cold]
    fn json_compact(&self, document: &Document<'_>, node: NodeRef) -> Value<'a> {
        let text = self.work.build(|out| document.write_json(node, out));
        Value::String(text)
    }

    /// What the paths of a group of the branch at work found, for `use_match`, with the document it lies
    /// in. None if the column is NULL or no JSON.
    #[inline]
    pub fn with_path<T>(
        &self,
        group: usize,
        use_match: impl FnOnce(&Document<'a>, &Matches) -> T,
    ) -> Option<T> {
        match self.look_up(group, use_match) {
            Lookup::Found(value) => Some(value),
            Lookup::Null | Lookup::Invalid => None,
        }
    }

    /// The same, with what stands in the way told apart.
    #[inline]
    pub fn look_up<T>(
        &self,
        group: usize,
        use_match: impl FnOnce(&Document<'a>, &Matches) -> T,
    ) -> Lookup<T> {
        let group = self.groups_at.get() + group;
        let plan = &self.group_plans[group];
        let input = &self.inputs[plan.input];
        let Some(message) = self.message else {
            return Lookup::Null;
        };
        let parsed = input
            .parsed
            .get_or_init(|| self.parse_input(message, input));
        let (document, root) = match parsed {
            ParsedInput::Null => return Lookup::Null,
            ParsedInput::Invalid => return Lookup::Invalid,
            ParsedInput::Within(root) => (message, *root),
            ParsedInput::Text(document) => (document, document.root()),
        };
        let state = &self.groups[group];
        if state.step.get() != self.step {
            state.place.set(self.matches_used.get());
            self.matches_used.set(state.place.get() + 1);
            let mut matches = self.matches[state.place.get()].borrow_mut();
            plan.paths.find(document, root, &mut matches);
            state.step.set(self.step);
        }
        let matches = self.matches[state.place.get()].borrow();
        Lookup::Found(use_match(document, &matches))
    }

    fn parse_input(&self, message: &Document<'a>, input: &JsonInput<'a>) -> ParsedInput<'a> {
        let node = self.keys[input.key];
        match message.node(node) {
            JsonNode::Missing | JsonNode::Null => ParsedInput::Null,
            JsonNode::String(text) => {
                let decoder = input.decoder.take().expect("a column is parsed once");
                match decoder.decode(text.as_bytes()) {
                    Ok(document) => ParsedInput::Text(document),
                    Err(_) => ParsedInput::Invalid,
                }
            }
            // Their text, parsed again, would be the same value.
            _ => ParsedInput::Within(node),
        }
    }

    /// What a text that is no constant means to one operator; made anew only when the text changes.
    pub fn at_site<T>(
        &self,
        site: usize,
        text: &str,
        parse: impl FnOnce(&str) -> Parsed,
        use_parsed: impl FnOnce(&Parsed) -> T,
    ) -> T {
        let mut site = self.sites[site].borrow_mut();
        if site.text != text || matches!(site.parsed, Parsed::Nothing) {
            site.parsed = parse(text);
            site.text.clear();
            site.text.push_str(text);
        }
        use_parsed(&site.parsed)
    }
}
