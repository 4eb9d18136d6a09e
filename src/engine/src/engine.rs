//! One shard's engine: a record in, rows out.

use crate::dispatch::{Candidate, Candidates};
use crate::eval::context::{Context, GroupState, JsonInput, Site, SpareJson};
use crate::eval::node::Node;
use crate::eval::workspace::Workspace;
use crate::failure::Failure;
use crate::record::{Counter, Output, Record, RecordInput};
use crate::rules::{Branch, RuleSet, Shape, SourceId};
use bumpalo::Bump;
use bumpalo::collections::Vec as ArenaVec;
use regex::Regex;
use rookery_codecs::json::{Decoder, Document, Matches, Node as JsonNode, NodeRef};
use rookery_model::{DeadLetter, ShardId, SinkId, Stage, Value};
use std::cell::{Cell, RefCell};
use std::sync::Arc;

/// Steps records through a rule set. Holds the buffers of one shard; after warm-up a step allocates
/// nothing.
pub struct Engine {
    rules: Arc<RuleSet>,
    /// The only source whose rules run, if not all.
    source: Option<SourceId>,
    decoder: Decoder,
    buffers: Buffers,
    arena: Bump,
}

/// Memory that is used again from step to step.
struct Buffers {
    /// Values of the keys that are read.
    keys: Vec<NodeRef>,
    /// One for each column that is parsed as JSON.
    decoders: Vec<Decoder>,
    groups: Vec<GroupState>,
    /// As many as groups, for a message may reach all of them.
    matches: Vec<RefCell<Matches>>,
    scratch: RefCell<Vec<u8>>,
    members: RefCell<Vec<NodeRef>>,
    spare: RefCell<SpareJson>,
    sites: Vec<RefCell<Site>>,
    regexes: Vec<Regex>,
    candidates: Candidates,
    steps: u64,
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").finish_non_exhaustive()
    }
}

impl Engine {
    /// An engine that runs all rules, or those over one source only.
    #[must_use]
    pub fn new(rules: Arc<RuleSet>, source: Option<SourceId>) -> Self {
        let buffers = Buffers {
            keys: vec![NodeRef::MISSING; rules.keys.len()],
            decoders: rules.inputs.iter().map(|_| Decoder::new()).collect(),
            groups: rules.groups.iter().map(|_| GroupState::default()).collect(),
            matches: rules.groups.iter().map(|_| RefCell::default()).collect(),
            scratch: RefCell::default(),
            members: RefCell::default(),
            spare: RefCell::default(),
            sites: (0..rules.sites).map(|_| RefCell::default()).collect(),
            regexes: rules.regexes.clone(),
            candidates: Candidates::default(),
            steps: 0,
        };
        Self {
            rules,
            source,
            decoder: Decoder::new(),
            buffers,
            arena: Bump::new(),
        }
    }

    /// The rules it runs.
    #[must_use]
    pub fn rules(&self) -> &Arc<RuleSet> {
        &self.rules
    }

    /// Makes the rows of one record: a pure function of the record and the rule set. Rules run in the
    /// order of the set; a rule's rows are given out only if all of them could be made, otherwise one
    /// dead letter is.
    pub fn step(&mut self, record: &Record<'_>, out: &mut impl Output) {
        match record.kind {
            RecordInput::Message(raw) => self.step_message(record, raw, out),
            // Constant rows are made once, not once a shard.
            RecordInput::Rules if record.shard == ShardId(0) => self.step_constants(record, out),
            RecordInput::Rules => {}
        }
        self.arena.reset();
    }

    fn step_message(&mut self, record: &Record<'_>, raw: &[u8], out: &mut impl Output) {
        let document = match self.decoder.decode(raw) {
            Ok(document) => document,
            Err(error) => {
                let reason = bumpalo::format!(in &self.arena, "{}", error);
                out.dead_letter(DeadLetter {
                    stage: Stage::Parse,
                    rule: None,
                    code: error.code(),
                    reason: &reason,
                    raw,
                });
                return;
            }
        };
        if !matches!(document.node(document.root()), JsonNode::Object(_)) {
            fail(&Failure::NotAnObject, None, raw, &self.arena, out);
            return;
        }
        let duplicates = document.fill_columns(&self.rules.keys, &mut self.buffers.keys);
        if duplicates > 0 {
            out.count(None, Counter::DuplicateKey, duplicates);
        }
        let step = Step {
            rules: &self.rules,
            source: self.source,
            raw,
        };
        let rules = &*self.rules;
        self.buffers
            .with_context(rules, record, Some(&document), &self.arena, |cx, list| {
                rules.dispatch.candidates(cx, list);
                step.run(list.as_slice(), cx, out);
            });
    }

    fn step_constants(&mut self, record: &Record<'_>, out: &mut impl Output) {
        let step = Step {
            rules: &self.rules,
            source: self.source,
            raw: &[],
        };
        let rules = &*self.rules;
        self.buffers
            .with_context(rules, record, None, &self.arena, |cx, list| {
                list.set(&rules.constants);
                step.run(list.as_slice(), cx, out);
            });
    }
}

impl Buffers {
    /// Lends everything to one record's evaluation.
    fn with_context<'a>(
        &'a mut self,
        rules: &'a RuleSet,
        record: &Record<'a>,
        message: Option<&Document<'a>>,
        arena: &'a Bump,
        evaluate: impl FnOnce(&Context<'_, 'a>, &mut Candidates),
    ) {
        self.steps += 1;
        let mut inputs = ArenaVec::with_capacity_in(rules.inputs.len(), arena);
        let decoders = self.decoders.iter_mut();
        inputs.extend(
            rules
                .inputs
                .iter()
                .zip(decoders)
                .map(|(&key, decoder)| JsonInput::new(key, decoder)),
        );
        let Some(zone) = rules.zones.first() else {
            return;
        };
        let cx = Context {
            record,
            message,
            keys: &self.keys,
            inputs: &inputs,
            groups: &self.groups,
            matches: &self.matches,
            matches_used: Cell::new(0),
            group_plans: &rules.groups,
            groups_at: Cell::new(0),
            step: self.steps,
            work: Workspace {
                arena,
                scratch: &self.scratch,
                members: &self.members,
            },
            spare: &self.spare,
            sites: &self.sites,
            regexes: &self.regexes,
            zone: Cell::new(zone),
            casts_to_null: Cell::new(0),
            narrowed_to_null: Cell::new(0),
            columns_to_null: Cell::new(0),
            rule: Cell::new(0),
            uuids: Cell::new(0),
            made: Cell::new(0),
        };
        evaluate(&cx, &mut self.candidates);
    }
}

/// What rules run against in one step.
struct Step<'s> {
    rules: &'s RuleSet,
    source: Option<SourceId>,
    raw: &'s [u8],
}

impl<'s> Step<'s> {
    /// Runs the candidates, rule by rule.
    fn run<'a>(&self, candidates: &[Candidate], cx: &Context<'_, 'a>, out: &mut impl Output)
    where
        's: 'a,
    {
        let rules = self.rules;
        let branch_of = |candidate: &Candidate| &rules.branches[candidate.branch as usize];
        for of_rule in candidates.chunk_by(|a, b| branch_of(a).rule == branch_of(b).rule) {
            let branch = branch_of(&of_rule[0]);
            let rule = branch.rule;
            cx.rule.set(rule);
            cx.uuids.set(0);
            match of_rule {
                [one] => match self.branch(branch, one.guarded, cx) {
                    Ok(Some(row)) => out.row(rule, branch.sink, 0, row),
                    Ok(None) => {}
                    Err(failure) => self.fail(failure, rule, cx, out),
                },
                several => self.union(several, branch, cx, out),
            }
            count(rule, cx, out);
        }
    }

    /// Runs several branches of one rule: all their rows, or a dead letter.
    fn union<'a>(
        &self,
        branches: &[Candidate],
        first: &'s Branch,
        cx: &Context<'_, 'a>,
        out: &mut impl Output,
    ) where
        's: 'a,
    {
        let mut rows = ArenaVec::new_in(cx.work.arena);
        for candidate in branches {
            let branch = &self.rules.branches[candidate.branch as usize];
            match self.branch(branch, candidate.guarded, cx) {
                Ok(row) => rows.extend(row),
                Err(failure) => return self.fail(failure, first.rule, cx, out),
            }
        }
        for (ordinal, row) in (0..).zip(rows) {
            out.row(first.rule, first.sink, ordinal, row);
        }
    }

    /// The row that a branch makes, if the record passes its conditions; whether its guard is known to.
    fn branch<'a>(
        &self,
        branch: &'s Branch,
        guarded: bool,
        cx: &Context<'_, 'a>,
    ) -> Result<Option<&'a [Value<'a>]>, &'a Failure<'a>>
    where
        's: 'a,
    {
        if self.source.is_some() && branch.source.is_some() && branch.source != self.source {
            return Ok(None);
        }
        let rules = self.rules;
        cx.zone.set(&rules.zones[branch.zone as usize]);
        cx.groups_at.set(branch.groups as usize);
        cx.made.set(0);
        let shape = &rules.shapes[branch.shape as usize];
        if !self.passes(branch, shape, guarded, cx)? {
            return Ok(None);
        }
        let row = cx
            .work
            .arena
            .alloc_slice_fill_copy(shape.row.len(), Value::Null);
        for (value, node) in row.iter_mut().zip(&shape.row) {
            *value = node.value(cx)?;
        }
        if shape.keyed {
            self.check_key(branch.sink, row, cx)?;
        }
        Ok(Some(row))
    }

    /// Whether all conditions are TRUE; the guard is not tested where it is known to be.
    #[inline]
    fn passes<'a>(
        &self,
        branch: &'s Branch,
        shape: &'s Shape,
        guarded: bool,
        cx: &Context<'_, 'a>,
    ) -> Result<bool, &'a Failure<'a>>
    where
        's: 'a,
    {
        let Some(guard) = branch.guard.filter(|_| !guarded) else {
            return all_true(&shape.conditions, cx);
        };
        let (before, after) = shape.conditions.split_at(guard.place as usize);
        let own = &self.rules.guards[guard.node as usize];
        Ok(all_true(before, cx)? && own.truth(cx)? == Some(true) && all_true(after, cx)?)
    }

    /// A row without a value in its sink's primary key goes nowhere.
    fn check_key<'a>(
        &self,
        sink: SinkId,
        row: &[Value<'a>],
        cx: &Context<'_, 'a>,
    ) -> Result<(), &'a Failure<'a>>
    where
        's: 'a,
    {
        let sink = &self.rules.sinks[usize::from(sink.0)];
        for &column in &sink.primary_key {
            if row[column].is_null() {
                return cx.fail(Failure::NullKey {
                    column: &sink.columns[column].name,
                    sink: &sink.name,
                });
            }
        }
        Ok(())
    }

    #[cold]
    fn fail(&self, failure: &Failure<'_>, rule: u16, cx: &Context<'_, '_>, out: &mut impl Output) {
        let name = &self.rules.rules[usize::from(rule)].name;
        fail(failure, Some(name), self.raw, cx.work.arena, out);
    }
}

#[cold]
fn fail(
    failure: &Failure<'_>,
    rule: Option<&str>,
    raw: &[u8],
    arena: &Bump,
    out: &mut impl Output,
) {
    let reason = bumpalo::format!(in arena, "{}", failure);
    out.dead_letter(DeadLetter {
        stage: failure.stage(),
        rule,
        code: failure.code(),
        reason: &reason,
        raw,
    });
}

/// Whether conditions are TRUE, tested in order until one is not.
#[inline]
fn all_true<'a>(
    conditions: &'a [Arc<Node>],
    cx: &Context<'_, 'a>,
) -> Result<bool, &'a Failure<'a>> {
    for condition in conditions {
        if condition.truth(cx)? != Some(true) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Gives out what the rule at work has counted.
#[inline]
fn count(rule: u16, cx: &Context<'_, '_>, out: &mut impl Output) {
    let counters = [
        (&cx.columns_to_null, Counter::ColumnToNull),
        (&cx.casts_to_null, Counter::CastToNull),
        (&cx.narrowed_to_null, Counter::NarrowedToNull),
    ];
    for (cell, counter) in counters {
        let times = cell.take();
        if times > 0 {
            out.count(Some(rule), counter, times);
        }
    }
}
