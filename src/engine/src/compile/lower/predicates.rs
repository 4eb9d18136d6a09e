//! Comparisons, IN, LIKE and SIMILAR TO.

use super::Lowering;
use crate::error::RefusalReason;
use crate::eval::compare::{Comparable, Compare};
use crate::eval::node::Node;
use crate::eval::pattern::{Match, Matcher, PatternSource, Syntax, TextSet};
use rookery_model::{DataType, Value};
use rookery_sql::plan::{CompareOp, Expr};

impl Lowering<'_> {
    /// How two operands are compared; none, with a refusal unless one is a bare NULL, if they are not.
    pub(super) fn comparable(&mut self, left: &Expr, right: &Expr) -> Option<Comparable> {
        if left.data_type == DataType::Null || right.data_type == DataType::Null {
            // NULL whatever the other is; the other must still be one that is run.
            return Comparable::of(&left.data_type).or(Comparable::of(&right.data_type));
        }
        let of = Comparable::of(&left.data_type);
        if of.is_none() || of != Comparable::of(&right.data_type) {
            let construct = format!("comparing {} with {}", left.data_type, right.data_type);
            self.not_built(left.span, construct);
            return None;
        }
        of
    }

    pub(super) fn compare(&mut self, op: CompareOp, left: &Expr, right: &Expr) -> Node {
        let Some(comparable) = self.comparable(left, right) else {
            return Node::NULL;
        };
        let (left, right) = (self.lower(left), self.lower(right));
        if let CompareOp::Equal | CompareOp::NotEqual = op {
            let negated = op == CompareOp::NotEqual;
            let text_equals = |input: Node, text: Box<str>| Node::TextEquals {
                input: Box::new(input),
                text,
                negated,
            };
            match (left, right) {
                (input, Node::Text(text)) | (Node::Text(text), input) => text_equals(input, text),
                (left, right) => compare_node(op, comparable, left, right),
            }
        } else {
            compare_node(op, comparable, left, right)
        }
    }

    pub(super) fn distinct(&mut self, negated: bool, left: &Expr, right: &Expr) -> Node {
        for (side, other) in [(left, right), (right, left)] {
            if side.data_type == DataType::Null {
                // DISTINCT FROM NULL is IS NOT NULL.
                return Node::IsNull {
                    input: Box::new(self.lower(other)),
                    negated: !negated,
                };
            }
        }
        match self.comparable(left, right) {
            Some(comparable) => Node::Distinct {
                comparable,
                operands: Box::new((self.lower(left), self.lower(right))),
                negated,
            },
            None => Node::NULL,
        }
    }

    pub(super) fn in_list(&mut self, input: &Expr, list: &[Expr], negated: bool) -> Node {
        let mut comparable = None;
        for element in list {
            match self.comparable(input, element) {
                Some(found) => comparable = Some(found),
                None if element.data_type == DataType::Null => {}
                None => return Node::NULL,
            }
        }
        let Some(comparable) = comparable else {
            // Nothing but NULL on both sides.
            return Node::NULL;
        };
        let node = Box::new(self.lower(input));
        let list = self.list(list);
        let text = |node: &Node| match node {
            Node::Text(text) => Some(Some(text.to_string())),
            Node::Constant(Value::Null) => Some(None),
            _ => None,
        };
        if let (Comparable::Text, Some(texts)) = (
            comparable,
            list.iter().map(text).collect::<Option<Vec<_>>>(),
        ) {
            return Node::TextIn {
                input: node,
                has_null: texts.contains(&None),
                set: TextSet::new(texts.into_iter().flatten()),
                negated,
            };
        }
        Node::In {
            comparable,
            input: node,
            list,
            negated,
        }
    }

    pub(super) fn pattern(
        &mut self,
        input: &Expr,
        pattern: &Expr,
        syntax: Syntax,
        negated: bool,
    ) -> Node {
        let node = self.lower(input);
        let source = match self.lower(pattern) {
            Node::Constant(Value::Null) => return Node::NULL,
            Node::Text(text) => match Matcher::new(&text, syntax) {
                Ok(Matcher::Regex(regex)) => PatternSource::Regex(self.shared.regex(regex)),
                Ok(matcher) => PatternSource::Simple(matcher),
                Err(problem) => {
                    let message = format!("{} pattern '{text}': {problem}", syntax.operator());
                    return self.refuse(pattern.span, RefusalReason::Constant(message));
                }
            },
            text => PatternSource::Dynamic {
                text,
                site: self.shared.site(),
            },
        };
        Node::Match(Box::new(Match {
            input: node,
            pattern: source,
            syntax,
            negated,
        }))
    }
}

fn compare_node(op: CompareOp, comparable: Comparable, left: Node, right: Node) -> Node {
    Node::Compare(Box::new(Compare {
        op,
        comparable,
        left,
        right,
    }))
}
