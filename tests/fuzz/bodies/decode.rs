//! Bytes through the JSON decoder, judged by another parser.
//!
//! Held: a text is accepted exactly if it is UTF-8, JSON and not too deep; what is read is what the
//! other parser reads; the compact text means the same; paths and columns find what the definition
//! says; a decoder's earlier text does not matter.

#[path = "tree.rs"]
mod tree;

use rookery_codecs::json::{
    Decoder, Document, KeySet, Match, Matches, NodeRef, ParseError, PathSet,
};
use rookery_model::limits::JSON_DEPTH_MAX;
use rookery_model::{JsonPath, PathStep};
use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::fmt;
use tree::{Tree, walk};

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Tree;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }
    fn visit_unit<E: Error>(self) -> Result<Tree, E> {
        Ok(Tree::Null)
    }
    fn visit_bool<E: Error>(self, value: bool) -> Result<Tree, E> {
        Ok(Tree::Boolean(value))
    }
    fn visit_i64<E: Error>(self, value: i64) -> Result<Tree, E> {
        Ok(Tree::Number(value.to_string()))
    }
    fn visit_u64<E: Error>(self, value: u64) -> Result<Tree, E> {
        Ok(Tree::Number(value.to_string()))
    }
    fn visit_f64<E: Error>(self, value: f64) -> Result<Tree, E> {
        Ok(Tree::Number(format!("{value:?}")))
    }
    fn visit_str<E: Error>(self, value: &str) -> Result<Tree, E> {
        Ok(Tree::String(value.to_owned()))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Tree, A::Error> {
        let mut read = Vec::new();
        while let Some(element) = elements.next_element()? {
            read.push(element);
        }
        Ok(Tree::Array(read))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Tree, A::Error> {
        let mut read = Vec::new();
        while let Some(member) = members.next_entry()? {
            read.push(member);
        }
        Ok(Tree::Object(read))
    }
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader)
    }
}

/// The check.
pub fn check(text: &[u8]) {
    let mut decoder = Decoder::new();
    let fresh = look(&mut decoder, text);
    // A decoder that just read something else, one text of each parser and a broken one.
    for before in [
        &b"{\"a\":[\"\\u00e9\",1.5]}"[..],
        b"[1e999,\"\\ud83d\"]",
        b"{\"a\":\"\\",
    ] {
        let _ = decoder.decode(before);
        assert_eq!(look(&mut decoder, text), fresh);
    }
}

/// The text as compact JSON, checked, or what is wrong with it.
fn look(decoder: &mut Decoder, text: &[u8]) -> Result<Vec<u8>, ParseError> {
    let document = match decoder.decode(text) {
        Ok(document) => document,
        Err(error) => {
            assert!(!is_message(text), "{error}");
            let (ParseError::NotJson { offset, .. }
            | ParseError::NotUtf8 { offset }
            | ParseError::TooDeep { offset }) = error;
            assert!(offset <= text.len());
            return Err(error);
        }
    };
    assert!(is_message(text), "accepted");
    let mut compact = Vec::new();
    document.write_json(document.root(), &mut compact);
    // The other parser refuses half of a surrogate pair and numbers beyond a double.
    if let Ok(tree) = serde_json::from_slice::<Tree>(text) {
        assert_eq!(read(&document, document.root()), tree);
        assert_eq!(
            serde_json::from_slice::<Tree>(&compact).ok().as_ref(),
            Some(&tree)
        );
        check_columns(&document, &tree);
        check_paths(&document, &tree);
    }
    let mut again = Vec::new();
    let mut other = Decoder::new();
    let rewritten = other.decode(&compact).expect("the compact text is JSON");
    rewritten.write_json(rewritten.root(), &mut again);
    drop(rewritten);
    assert_eq!(again, compact);
    Ok(compact)
}

/// The judge: UTF-8, JSON's grammar, the depth.
fn is_message(text: &[u8]) -> bool {
    std::str::from_utf8(text).is_ok()
        && serde_json::from_slice::<IgnoredAny>(text).is_ok()
        && depth(text) <= JSON_DEPTH_MAX
}

/// Deepest nesting of a text that is JSON.
fn depth(text: &[u8]) -> usize {
    let (mut deepest, mut depth, mut in_string, mut escaped) = (0, 0_usize, false, false);
    for &byte in text {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'{' | b'[' if !in_string => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b'}' | b']' if !in_string => depth -= 1,
            _ => {}
        }
    }
    deepest
}

/// The value below a node; numbers as the other parser takes their text.
fn read(document: &Document<'_>, node: NodeRef) -> Tree {
    let number = |text: &str| serde_json::from_str(text).expect("a number's text is a number");
    tree::read(document, node, &number)
}

fn check_columns(document: &Document<'_>, tree: &Tree) {
    const NAMES: [&str; 5] = ["imei", "a", "data", "", "type"];
    let mut out = [NodeRef::MISSING; NAMES.len()];
    let duplicates = document.fill_columns(&KeySet::new(NAMES), &mut out);
    let Tree::Object(members) = tree else {
        assert_eq!((duplicates, out), (0, [NodeRef::MISSING; NAMES.len()]));
        return;
    };
    for (name, node) in NAMES.iter().zip(out) {
        let first = members
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value);
        let found = (!node.is_missing()).then(|| read(document, node));
        assert_eq!(found.as_ref(), first);
    }
    let mut keys: Vec<&String> = members.iter().map(|(key, _)| key).collect();
    keys.sort();
    keys.dedup();
    assert_eq!(duplicates as usize, members.len() - keys.len());
}

fn paths() -> Vec<JsonPath> {
    let key = |name: &str| PathStep::Key(name.to_owned());
    let steps = [
        vec![],
        vec![key("a")],
        vec![key("a"), key("a")],
        vec![key("a"), PathStep::Index(1)],
        vec![key("data"), PathStep::AnyElement],
        vec![key("data"), PathStep::AnyMember, key("a")],
        vec![PathStep::AnyElement, PathStep::AnyElement],
        vec![PathStep::AnyMember, PathStep::Index(0)],
        vec![PathStep::Index(0), key(""), PathStep::AnyMember],
        vec![key("a"), key("a")],
    ];
    let path = |steps| JsonPath {
        steps,
        ..JsonPath::default()
    };
    steps.into_iter().map(path).collect()
}

fn check_paths(document: &Document<'_>, tree: &Tree) {
    let paths = paths();
    let set = PathSet::new(&paths);
    let mut matches = Matches::default();
    set.find(document, document.root(), &mut matches);
    for (at, path) in paths.iter().enumerate() {
        let mut expected = Vec::new();
        walk(tree, &path.steps, &mut expected);
        let found: Vec<Tree> = match matches.get(at) {
            Match::Missing => vec![],
            Match::One(node) => vec![read(document, node)],
            Match::Many(nodes) => nodes.map(|node| read(document, node)).collect(),
        };
        assert_eq!(
            found.iter().collect::<Vec<_>>(),
            expected,
            "{:?}",
            path.steps
        );
    }
}
