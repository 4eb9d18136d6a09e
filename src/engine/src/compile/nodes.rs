//! What the branches of a rule set do, each expression and each shape kept once.

use crate::eval::node::Node;
use crate::rules::Shape;
use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::Arc;

/// Expressions by place. Two are the same if all that they hold is: their `Debug` text says it all, numbers
/// to the last bit.
#[derive(Default)]
pub(super) struct Nodes {
    list: Vec<Arc<Node>>,
    /// Places by text.
    known: HashMap<Box<str>, u32>,
    /// The text of the expression at hand.
    text: String,
}

impl Nodes {
    /// The place of an expression; of one that is known already, the place it has.
    pub fn shared(&mut self, node: Node) -> u32 {
        self.text.clear();
        write!(self.text, "{node:?}").expect("a string takes every text");
        if let Some(&place) = self.known.get(self.text.as_str()) {
            return place;
        }
        let place = self.own(node);
        self.known.insert(self.text.as_str().into(), place);
        place
    }

    /// A place of its own, for an expression that is evaluated once.
    pub fn own(&mut self, node: Node) -> u32 {
        self.list.push(Arc::new(node));
        (self.list.len() - 1) as u32
    }

    fn at(&self, places: &[u32]) -> Box<[Arc<Node>]> {
        let node = |&place: &u32| Arc::clone(&self.list[place as usize]);
        places.iter().map(node).collect()
    }
}

/// A [`Shape`] by the places of its expressions.
#[derive(PartialEq, Eq, Hash)]
pub(super) struct Outline {
    pub conditions: Vec<u32>,
    pub row: Vec<u32>,
    pub keyed: bool,
}

/// Shapes by place.
#[derive(Default)]
pub(super) struct Shapes {
    list: Vec<Shape>,
    known: HashMap<Outline, u32>,
}

impl Shapes {
    /// The place of a shape; of one that is known already, the place it has.
    pub fn shared(&mut self, outline: Outline, nodes: &Nodes) -> u32 {
        *self.known.entry(outline).or_insert_with_key(|outline| {
            self.list.push(Shape {
                conditions: nodes.at(&outline.conditions),
                row: nodes.at(&outline.row),
                keyed: outline.keyed,
            });
            (self.list.len() - 1) as u32
        })
    }

    /// The shapes.
    pub fn into_list(self) -> Vec<Shape> {
        self.list
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rookery_model::{Decimal, Value};

    #[test]
    fn only_what_is_the_same_to_the_last_bit_is_shared() {
        let decimal = |unscaled, scale| Value::Decimal(Decimal { unscaled, scale });
        let constants = [
            Value::Null,
            Value::Boolean(true),
            Value::Int(1),
            Value::Int(0),
            Value::Date(1),
            Value::Time(1),
            Value::Float(0.0),
            Value::Double(0.0),
            Value::Double(-0.0),
            Value::Double(0.1),
            Value::Double(0.1_f64.next_up()),
            decimal(10, 1),
            decimal(100, 2),
        ];
        let mut nodes = Nodes::default();
        for round in 0..2 {
            for (place, constant) in (0..).zip(constants) {
                let found = nodes.shared(Node::Constant(constant));
                assert_eq!(found, place, "{constant:?}, round {round}");
            }
        }
        let texts = ["", "1", "a", "a\"", "a\\\"", "A"].map(|text| Node::Text(text.into()));
        let places: Vec<u32> = texts.map(|text| nodes.shared(text)).into();
        assert_eq!(places, (13..19).collect::<Vec<_>>());
        assert_ne!(nodes.own(Node::NULL), nodes.shared(Node::NULL));
    }

    #[test]
    fn shapes_with_the_same_expressions_are_one() {
        let (mut nodes, mut shapes) = (Nodes::default(), Shapes::default());
        let (a, b) = (nodes.own(Node::NULL), nodes.own(Node::NULL));
        let mut place = |conditions: &[u32], row: &[u32], keyed| {
            let outline = Outline {
                conditions: conditions.into(),
                row: row.into(),
                keyed,
            };
            shapes.shared(outline, &nodes)
        };
        assert_eq!(place(&[a], &[b], false), 0);
        assert_eq!(place(&[a, b], &[], false), 1);
        assert_eq!(place(&[], &[a, b], false), 2);
        assert_eq!(place(&[a], &[b], true), 3);
        assert_eq!(place(&[a], &[b], false), 0);
        let list = shapes.into_list();
        assert!(Arc::ptr_eq(&list[0].row[0], &list[2].row[1]));
    }
}
