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
                let indexes = slice(*from, *to, length);
                // Those below zero lie at the array's end; each run is walked once.
                let below = |index: i32| length - index.min(0).unsigned_abs() as usize;
                let above = |index: i32| usize::try_from(index).unwrap_or(0);
                for places in [
                    below(indexes.start)..below(indexes.end),
                    above(indexes.start)..above(indexes.end),
                ] {
                    let elements = document.elements(at).skip(places.start);
                    for element in elements.take(places.len()) {
                        self.visit(&self.points[selector.next], document, element, matches);
                    }
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
        (Some(from), Some(to)) => from.clamp(-length, length)..to.clamp(-length, length),
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

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::json::{Decoder, Match};
    use rookery_model::JsonPath;

    /// What a path finds: `missing`, a value, or `many` of them.
    fn find(text: &str, steps: &[PathStep]) -> String {
        let path = JsonPath {
            steps: steps.to_vec(),
            ..JsonPath::default()
        };
        let set = PathSet::new([&path]);
        let mut decoder = Decoder::new();
        let document = decoder.decode(text.as_bytes()).unwrap();
        let mut matches = Matches::default();
        set.find(&document, document.root(), &mut matches);
        let show = |node| {
            let mut out = Vec::new();
            document.write_json(node, &mut out);
            String::from_utf8(out).unwrap()
        };
        match matches.get(0) {
            Match::Missing => "missing".to_owned(),
            Match::One(node) => show(node),
            Match::Many(nodes) => format!("many {}", nodes.map(show).collect::<Vec<_>>().join(" ")),
        }
    }

    fn key(name: &str) -> PathStep {
        PathStep::Key(name.to_owned())
    }

    fn slice_of(from: Option<i32>, to: Option<i32>) -> String {
        find("[0,1,2,3]", &[PathStep::Slice { from, to }])
    }

    #[test]
    fn places_count_from_either_end() {
        let digits = "[0,1,2,3]";
        assert_eq!(find(digits, &[PathStep::FromEnd(1)]), "3");
        assert_eq!(find(digits, &[PathStep::FromEnd(4)]), "0");
        assert_eq!(find(digits, &[PathStep::FromEnd(5)]), "missing");
        assert_eq!(find("{}", &[PathStep::FromEnd(1)]), "missing");
        let list = |list: &[i32]| find(digits, &[PathStep::Indexes(list.to_vec())]);
        assert_eq!(list(&[2, 0, -1, 9]), "many 2 0 3");
        assert_eq!(find("7", &[PathStep::Indexes(vec![0, 1])]), "missing");
        assert_eq!(slice_of(Some(1), Some(3)), "many 1 2");
        assert_eq!(slice_of(Some(-2), None), "many 2 3");
        assert_eq!(slice_of(None, Some(-3)), "many 0");
        assert_eq!(slice_of(Some(2), Some(1)), "many ");
        assert_eq!(slice_of(Some(-9), Some(i32::MAX)), "many 0 1 2 3 0 1 2 3");
    }

    #[test]
    fn descending_finds_each_value_before_what_it_holds() {
        let text = r#"{"a":{"a":1},"b":[{"a":2},3]}"#;
        let descend = |step| find(text, &[PathStep::Descend, step]);
        assert_eq!(descend(key("a")), r#"many {"a":1} 1 2"#);
        assert_eq!(descend(PathStep::Index(1)), "many 3");
        assert_eq!(descend(key("z")), "many ");
        assert_eq!(
            find(text, &[key("b"), PathStep::Descend, PathStep::AnyMember]),
            "many 2"
        );
    }

    #[test]
    fn filters_compare_what_elements_hold() {
        let text = r#"[{"n":1,"s":"x"},{"n":2.50,"s":"2"},{"s":null},7]"#;
        let at = |name: &str| PathOperand::Path(vec![key(name)]);
        let compare = |op, left, right| {
            find(
                text,
                &[
                    PathStep::Filter(PathFilter::Compare { op, left, right }),
                    key("s"),
                ],
            )
        };
        let number = |text: &str| PathOperand::Number(text.to_owned());
        let string = |text: &str| PathOperand::Text(text.to_owned());
        assert_eq!(
            compare(PathCompare::Greater, at("n"), number("1")),
            r#"many "2""#
        );
        assert_eq!(
            compare(PathCompare::LessOrEqual, at("n"), number("2.5")),
            r#"many "x" "2""#
        );
        assert_eq!(
            compare(PathCompare::Equal, at("s"), string("x")),
            r#"many "x""#
        );
        assert_eq!(
            compare(PathCompare::Equal, number("2"), at("s")),
            r#"many "2""#
        );
        assert_eq!(
            compare(PathCompare::Equal, at("s"), PathOperand::Null),
            "many null"
        );
        assert_eq!(
            compare(PathCompare::NotEqual, at("n"), number("1")),
            r#"many "2" null"#
        );
        assert_eq!(compare(PathCompare::Less, at("s"), number("9")), "many ");
        let exists = PathFilter::Exists(vec![key("n")]);
        let not = PathFilter::Not(Box::new(exists.clone()));
        let both = |parts| find(text, &[PathStep::Filter(parts), key("s")]);
        assert_eq!(both(exists.clone()), r#"many "x" "2""#);
        assert_eq!(both(not.clone()), "many null");
        assert_eq!(
            both(PathFilter::All(vec![exists.clone(), not.clone()])),
            "many "
        );
        assert_eq!(
            both(PathFilter::Any(vec![exists, not])),
            r#"many "x" "2" null"#
        );
        assert_eq!(
            find("7", &[PathStep::Filter(PathFilter::Any(Vec::new()))]),
            "missing"
        );
    }
}
