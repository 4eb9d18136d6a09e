//! What a JSON text holds and what a path finds in it, by the definition.

use rookery_codecs::json::{Document, Node, NodeRef};
use rookery_model::PathStep;

/// A JSON value with its members in order, duplicates included.
#[derive(Clone, Debug, PartialEq)]
pub enum Tree {
    Null,
    Boolean(bool),
    /// As the one who made it writes it.
    Number(String),
    String(String),
    Array(Vec<Tree>),
    Object(Vec<(String, Tree)>),
}

/// The value below a node, read through the public interface; `number` takes a number's text.
pub fn read(document: &Document<'_>, node: NodeRef, number: &impl Fn(&str) -> Tree) -> Tree {
    match document.node(node) {
        Node::Missing => panic!("a node of the document is missing"),
        Node::Null => Tree::Null,
        Node::Boolean(value) => Tree::Boolean(value),
        Node::Number(text) => number(text),
        Node::String(text) => Tree::String(text.to_owned()),
        Node::Array(length) => {
            let elements: Vec<Tree> = document
                .elements(node)
                .map(|element| read(document, element, number))
                .collect();
            assert_eq!(elements.len(), length);
            Tree::Array(elements)
        }
        Node::Object(length) => {
            let members: Vec<(String, Tree)> = document
                .members(node)
                .map(|(key, value)| (key.to_owned(), read(document, value, number)))
                .collect();
            assert_eq!(members.len(), length);
            Tree::Object(members)
        }
    }
}

/// What a path means, by the definition.
pub fn walk<'t>(tree: &'t Tree, steps: &[PathStep], found: &mut Vec<&'t Tree>) {
    let Some((step, rest)) = steps.split_first() else {
        found.push(tree);
        return;
    };
    match (step, tree) {
        (PathStep::Key(key), Tree::Object(members)) => {
            if let Some((_, value)) = members.iter().find(|(name, _)| name == key) {
                walk(value, rest, found);
            }
        }
        (PathStep::Index(index), Tree::Array(elements)) => {
            if let Some(element) = elements.get(*index as usize) {
                walk(element, rest, found);
            }
        }
        (PathStep::AnyElement, Tree::Array(elements)) => {
            elements
                .iter()
                .for_each(|element| walk(element, rest, found));
        }
        (PathStep::AnyMember, Tree::Object(members)) => {
            members
                .iter()
                .for_each(|(_, value)| walk(value, rest, found));
        }
        _ => {}
    }
}
