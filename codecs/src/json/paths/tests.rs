#![allow(clippy::unwrap_used)]

use super::*;
use crate::json::Decoder;

fn path(steps: &[&str]) -> JsonPath {
    let step = |text: &&str| match *text {
        "[*]" => PathStep::AnyElement,
        ".*" => PathStep::AnyMember,
        text => text
            .parse()
            .map_or_else(|_| PathStep::Key(text.to_owned()), PathStep::Index),
    };
    JsonPath {
        steps: steps.iter().map(step).collect(),
        ..JsonPath::default()
    }
}

fn find(text: &str, paths: &[&[&str]]) -> Vec<String> {
    let paths: Vec<JsonPath> = paths.iter().map(|steps| path(steps)).collect();
    let set = PathSet::new(&paths);
    let mut decoder = Decoder::new();
    let document = decoder.decode(text.as_bytes()).unwrap();
    let mut matches = Matches::default();
    set.find(&document, document.root(), &mut matches);
    let show = |node: NodeRef| {
        let mut out = Vec::new();
        document.write_json(node, &mut out);
        String::from_utf8(out).unwrap()
    };
    (0..set.len())
        .map(|i| match matches.get(i) {
            Match::Missing => "missing".to_owned(),
            Match::One(node) => show(node),
            Match::Many(nodes) => {
                format!("many {}", nodes.map(show).collect::<Vec<_>>().join(" "))
            }
        })
        .collect()
}

#[test]
fn paths_share_one_walk() {
    let text = r#"{"Powers":[{"Power":"123","Channel":"1"},{"Power":"9"}],"Flag":"04","n":null}"#;
    assert_eq!(
        find(
            text,
            &[
                &["Powers", "0", "Power"],
                &["Powers", "0"],
                &["Powers", "1", "Channel"],
                &["Powers", "[*]", "Power"],
                &["Flag"],
                &["n"],
                &[],
                &["Powers", "2"],
                &["Flag", "x"],
                &["Powers", "0", "Power"],
                &["Powers", "Power"],
            ]
        ),
        [
            "\"123\"",
            r#"{"Power":"123","Channel":"1"}"#,
            "missing",
            "many \"123\" \"9\"",
            "\"04\"",
            "null",
            text,
            "missing",
            "missing",
            "\"123\"",
            "missing",
        ]
    );
}

#[test]
fn wildcards_tell_nothing_found_from_nothing_there() {
    let text = r#"[10,20,[30,40],[],{"a":{"x":1},"b":{"x":2}}]"#;
    assert_eq!(
        find(
            text,
            &[
                &["2", "[*]"],
                &["3", "[*]"],
                &["0", "[*]"],
                &["7", "[*]"],
                &["4", "[*]"],
                &["4", ".*", "x"],
                &["4", ".*", "y"],
                &["2", ".*"],
                &["[*]", "[*]"],
                &["[*]", ".*", "x"],
                &["4", "a", ".*"],
            ]
        ),
        [
            "many 30 40",
            "many ",
            "missing",
            "missing",
            "missing",
            "many 1 2",
            "many ",
            "missing",
            "many 30 40",
            "many 1 2",
            "many 1",
        ]
    );
}

#[test]
fn the_first_of_equal_keys_is_walked() {
    let text = r#"{"a":{"x":1},"a":{"x":2,"y":3},"b":[{"x":4,"x":5}]}"#;
    assert_eq!(
        find(
            text,
            &[
                &["a", "x"],
                &["a", "y"],
                &["b", "[*]", "x"],
                &["b", "0", "x"]
            ]
        ),
        ["1", "missing", "many 4", "4"]
    );
}

#[test]
fn an_empty_set_finds_nothing() {
    assert!(find("{}", &[]).is_empty());
    assert!(PathSet::new(&[]).is_empty());
}

#[test]
fn an_object_may_be_asked_for_more_keys_than_a_word_has_bits() {
    let names: Vec<String> = (0..200).map(|i| format!("key{i}")).collect();
    let members: Vec<String> = names
        .iter()
        .map(|key| format!("\"{key}\":\"{key}\""))
        .collect();
    let text = format!("{{{},\"key150\":1}}", members.join(","));
    let paths: Vec<Vec<&str>> = names.iter().map(|key| vec![key.as_str()]).collect();
    let paths: Vec<&[&str]> = paths.iter().map(Vec::as_slice).collect();
    let expected: Vec<String> = names.iter().map(|key| format!("\"{key}\"")).collect();
    assert_eq!(find(&text, &paths), expected);
}
