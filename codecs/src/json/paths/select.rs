//! The steps of a path that neither name their value nor take them all: from the end, lists, slices,
//! `..` and filters. They mean what Jayway JsonPath makes of them, which Flink uses.

use super::{Matches, PathSet, Selector};
use crate::json::document::{Document, Node, NodeRef};
use rookery_model::{PathCompare, PathFilter, PathOperand, PathStep};
use std::cmp::Ordering;

impl PathSet {
    /// Goes on from what the selector takes of a value.
    pub(super) fn select(
        &self,
        selector: &Selector,
        document: &Document<'_>,
        at: NodeRef,
        matches: &mut Matches,
    ) {
        let node = document.node(at);
        let fits = match selector.step {
            PathStep::Descend => !matches!(node, Node::Missing),
            PathStep::Filter(_) => matches!(node, Node::Array(_) | Node::Object(_)),
            _ => matches!(node, Node::Array(_)),
        };
        if !fits {
            return;
        }
        for &path in &selector.firsts {
            matches.found[path as usize].many = true;
        }
        match (&selector.step, node) {
            (PathStep::Descend, _) => self.descend(selector, document, at, matches),
            (PathStep::Filter(filter), Node::Object(_)) => {
                self.take_if(filter, selector, document, at, matches);
            }
            (PathStep::Filter(filter), _) => {
                for element in document.elements(at) {
                    self.take_if(filter, selector, document, element, matches);
                }
            }
            (PathStep::FromEnd(place), Node::Array(length)) => {
                let index = length.checked_sub(*place as usize);
                self.take(index, selector, document, at, matches);
            }
            (PathStep::Indexes(list), Node::Array(length)) => {
                for &index in list {
                    self.take(place(index, length), selector, document, at, matches);
                }
            }
            (PathStep::Slice { from, to }, Node::Array(length)) => {
                for index in slice(*from, *to, length) {
                    self.take(place(index, length), selector, document, at, matches);
                }
            }
            _ => {}
        }
    }

    fn take(
        &self,
        index: Option<usize>,
        selector: &Selector,
        document: &Document<'_>,
        array: NodeRef,
        matches: &mut Matches,
    ) {
        if let Some(element) = index.and_then(|index| document.elements(array).nth(index)) {
            self.visit(&self.points[selector.next], document, element, matches);
        }
    }

    fn take_if(
        &self,
        filter: &PathFilter,
        selector: &Selector,
        document: &Document<'_>,
        value: NodeRef,
        matches: &mut Matches,
    ) {
        if holds(filter, document, value) {
            self.visit(&self.points[selector.next], document, value, matches);
        }
    }

    /// A value, then all below it, each before what it holds.
    fn descend(
        &self,
        selector: &Selector,
        document: &Document<'_>,
        at: NodeRef,
        matches: &mut Matches,
    ) {
        self.visit(&self.points[selector.next], document, at, matches);
        for element in document.elements(at) {
            self.descend(selector, document, element, matches);
        }
        for (_, value) in document.members(at) {
            self.descend(selector, document, value, matches);
        }
    }
}

/// Where an index lies that may count from the end.
fn place(index: i32, length: usize) -> Option<usize> {
    match usize::try_from(index) {
        Ok(index) => Some(index),
        Err(_) => length.checked_sub(index.unsigned_abs() as usize),
    }
}

/// The indexes of a slice. One that says both its ends takes them as they are, so that `[-2:1]` counts
/// through the array's begin.
fn slice(from: Option<i32>, to: Option<i32>, length: usize) -> std::ops::Range<i32> {
    let length = i32::try_from(length).unwrap_or(i32::MAX);
    let placed = |index: i32| if index < 0 { index + length } else { index };
    match (from, to) {
        (Some(from), Some(to)) => from.max(-length)..to.min(length),
        (Some(from), None) => placed(from).max(0)..length,
        (None, Some(to)) => 0..placed(to).min(length),
        (None, None) => 0..length,
    }
}

/// Whether a filter holds of a value.
fn holds(filter: &PathFilter, document: &Document<'_>, value: NodeRef) -> bool {
    match filter {
        PathFilter::All(parts) => parts.iter().all(|part| holds(part, document, value)),
        PathFilter::Any(parts) => parts.iter().any(|part| holds(part, document, value)),
        PathFilter::Not(part) => !holds(part, document, value),
        PathFilter::Exists(steps) => !follow(steps, document, value).is_missing(),
        PathFilter::Compare { op, left, right } => {
            let left = operand(left, document, value);
            let right = operand(right, document, value);
            match op {
                PathCompare::Equal => equal(left, right),
                PathCompare::NotEqual => !equal(left, right),
                PathCompare::Less => order(left, right) == Some(Ordering::Less),
                PathCompare::Greater => order(left, right) == Some(Ordering::Greater),
                PathCompare::LessOrEqual => {
                    order(left, right).is_some_and(|order| order != Ordering::Greater)
                }
                PathCompare::GreaterOrEqual => {
                    order(left, right).is_some_and(|order| order != Ordering::Less)
                }
            }
        }
    }
}

fn operand<'o, 'd: 'o>(
    operand: &'o PathOperand,
    document: &Document<'d>,
    value: NodeRef,
) -> Node<'o> {
    match operand {
        PathOperand::Path(steps) => document.node(follow(steps, document, value)),
        PathOperand::Number(text) => Node::Number(text),
        PathOperand::Text(text) => Node::String(text),
        PathOperand::Boolean(truth) => Node::Boolean(*truth),
        PathOperand::Null => Node::Null,
    }
}

/// Where a path of a filter leads; its steps each name one value.
fn follow(steps: &[PathStep], document: &Document<'_>, value: NodeRef) -> NodeRef {
    let mut at = value;
    for step in steps {
        let next = match step {
            PathStep::Key(key) => {
                let mut members = document.members(at);
                members.find(|(name, _)| name == key).map(|found| found.1)
            }
            PathStep::Index(index) => document.elements(at).nth(*index as usize),
            _ => None,
        };
        let Some(next) = next else {
            return NodeRef::MISSING;
        };
        at = next;
    }
    at
}

/// A number is equal to a text that is that number; no array or object is equal to anything.
fn equal(left: Node<'_>, right: Node<'_>) -> bool {
    match (left, right) {
        (Node::Number(left), Node::Number(right) | Node::String(right)) => {
            compare_numbers(left, right) == Some(Ordering::Equal)
        }
        (Node::String(left), Node::Number(right)) => left == right,
        (Node::Missing | Node::Array(_) | Node::Object(_), _) => false,
        (left, right) => left == right,
    }
}

fn order(left: Node<'_>, right: Node<'_>) -> Option<Ordering> {
    match (left, right) {
        (Node::Number(left), Node::Number(right)) => compare_numbers(left, right),
        (Node::String(left), Node::String(right)) => Some(left.cmp(right)),
        _ => None,
    }
}

fn compare_numbers(left: &str, right: &str) -> Option<Ordering> {
    match (left.parse::<i128>(), right.parse::<i128>()) {
        (Ok(left), Ok(right)) => Some(left.cmp(&right)),
        _ => {
            let (left, right): (f64, f64) = (left.parse().ok()?, right.parse().ok()?);
            left.partial_cmp(&right)
        }
    }
}
