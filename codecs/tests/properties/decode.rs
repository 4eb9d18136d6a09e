use crate::tree::{self, Tree, compact, object, tree, walk, write};
use proptest::prelude::*;
use rookery_codecs::json::{
    Decoder, Document, KeySet, Match, Matches, NodeRef, ParseError, PathSet,
};
use rookery_model::limits::JSON_DEPTH_MAX;
use rookery_model::{JsonPath, PathStep};

/// The value below a node, its numbers as written.
fn read(document: &Document<'_>, node: NodeRef) -> Tree {
    tree::read(document, node, &|text| Tree::Number(text.to_owned()))
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

/// The judge: UTF-8, JSON's grammar, the depth.
fn is_message(text: &[u8]) -> bool {
    std::str::from_utf8(text).is_ok()
        && serde_json::from_slice::<serde::de::IgnoredAny>(text).is_ok()
        && depth(text) <= JSON_DEPTH_MAX
}

/// Whether the decoder and the judge agree; a document is walked whole.
fn agrees(decoder: &mut Decoder, text: &[u8]) -> Result<(), TestCaseError> {
    match decoder.decode(text) {
        Ok(document) => {
            prop_assert!(
                is_message(text),
                "accepted {:?}",
                String::from_utf8_lossy(text)
            );
            let mut out = Vec::new();
            document.write_json(document.root(), &mut out);
            let whole = compact(&read(&document, document.root()));
            prop_assert_eq!(String::from_utf8(out).unwrap(), whole);
        }
        Err(error) => {
            prop_assert!(
                !is_message(text),
                "{}: {:?}",
                error,
                String::from_utf8_lossy(text)
            );
            let (ParseError::NotJson { offset, .. }
            | ParseError::NotUtf8 { offset }
            | ParseError::TooDeep { offset }) = error;
            prop_assert!(offset <= text.len());
        }
    }
    Ok(())
}

fn path() -> impl Strategy<Value = JsonPath> {
    let step = prop_oneof![
        4 => proptest::sample::select(vec!["imei", "id", "data", "type"])
            .prop_map(|key| PathStep::Key(key.to_owned())),
        3 => (0_u32..4).prop_map(PathStep::Index),
        1 => Just(PathStep::AnyElement),
        1 => Just(PathStep::AnyMember),
    ];
    proptest::collection::vec(step, 0..4).prop_map(|steps| JsonPath {
        steps,
        ..JsonPath::default()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn a_document_is_what_was_written(tree in tree(), choices: [u8; 32]) {
        let text = write(&tree, &choices);
        let mut decoder = Decoder::new();
        let document = decoder.decode(text.as_bytes()).unwrap();
        prop_assert_eq!(read(&document, document.root()), tree.clone());
        let mut out = Vec::new();
        document.write_json(document.root(), &mut out);
        prop_assert_eq!(String::from_utf8(out).unwrap(), compact(&tree));
    }

    #[test]
    fn broken_text_is_refused_and_only_that(
        tree in tree(),
        choices: [u8; 32],
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..4_u8), 1..4),
    ) {
        let mut decoder = Decoder::new();
        let mut text = write(&tree, &choices).into_bytes();
        for (at, byte, kind) in changes {
            let at = at.index(text.len());
            match kind {
                0 => text[at] = byte,
                1 => text[at] = b"{}[]:,\"\\0-1.eutfn \n\0"[usize::from(byte) % 20],
                2 => text.insert(at, byte),
                _ if text.len() > 1 => drop(text.remove(at)),
                _ => {}
            }
            agrees(&mut decoder, &text)?;
        }
    }

    #[test]
    fn any_bytes_are_judged_right(
        bytes: Vec<u8>,
        tokens in proptest::collection::vec(
            proptest::sample::select(vec![
                "{", "}", "[", "]", ":", ",", "\"", "\\", "\"a\"", "\"\\ud83d\"", "\"\\u00e9\"", "1", "-0",
                "1.5", "1e999", "123456789012345678901234567890", "true", "null", " ", "\n", "\u{1}", "é",
                "\0", "\u{b}",
            ]),
            0..12,
        ),
    ) {
        let mut decoder = Decoder::new();
        agrees(&mut decoder, &bytes)?;
        agrees(&mut decoder, tokens.concat().as_bytes())?;
    }

    #[test]
    fn nesting_is_limited_exactly(
        opens in proptest::collection::vec(any::<bool>(), 28..40),
        inner in prop_oneof![Just("1"), Just(""), Just("1e999")],
    ) {
        let open: String = opens.iter().map(|array| if *array { "[" } else { "{\"a\":" }).collect();
        let close: String = opens.iter().rev().map(|array| if *array { "]" } else { "}" }).collect();
        let inner = if inner.is_empty() && opens.last() == Some(&false) { "0" } else { inner };
        agrees(&mut Decoder::new(), format!("{open}{inner}{close}").as_bytes())?;
    }

    #[test]
    fn columns_are_those_of_the_first_keys(object in object(), choices: [u8; 16]) {
        let Tree::Object(members) = &object else { unreachable!("an object") };
        let names = ["imei", "gone", "data", "", "type"];
        let text = write(&object, &choices);
        let mut decoder = Decoder::new();
        let document = decoder.decode(text.as_bytes()).unwrap();
        let mut out = [NodeRef::MISSING; 5];
        let duplicates = document.fill_columns(&KeySet::new(names), &mut out);
        for (name, node) in names.iter().zip(out) {
            let first = members.iter().find(|(key, _)| key == name);
            let found = (!node.is_missing()).then(|| read(&document, node));
            prop_assert_eq!(found.as_ref(), first.map(|(_, value)| value));
            prop_assert_eq!(document.get(name), node);
        }
        let mut keys: Vec<&String> = members.iter().map(|(key, _)| key).collect();
        keys.sort();
        keys.dedup();
        prop_assert_eq!(duplicates as usize, members.len() - keys.len());
    }

    #[test]
    fn paths_find_what_each_would_alone(
        tree in tree(),
        paths in proptest::collection::vec(path(), 0..8),
        choices: [u8; 16],
    ) {
        let text = write(&tree, &choices);
        let mut decoder = Decoder::new();
        let document = decoder.decode(text.as_bytes()).unwrap();
        let set = PathSet::new(&paths);
        let mut matches = Matches::default();
        set.find(&document, document.root(), &mut matches);
        for (i, path) in paths.iter().enumerate() {
            let mut expected = Vec::new();
            walk(&tree, &path.steps, &mut expected);
            let wild = |step: &PathStep| matches!(step, PathStep::AnyElement | PathStep::AnyMember);
            match matches.get(i) {
                Match::Missing => prop_assert!(expected.is_empty()),
                Match::One(node) => {
                    prop_assert!(!path.steps.iter().any(wild));
                    let found = read(&document, node);
                    prop_assert_eq!(vec![&found], expected);
                }
                Match::Many(nodes) => {
                    prop_assert!(path.steps.iter().any(wild));
                    let found: Vec<Tree> = nodes.map(|node| read(&document, node)).collect();
                    prop_assert_eq!(found.iter().collect::<Vec<_>>(), expected);
                }
            }
        }
    }
}
