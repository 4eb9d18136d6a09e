//! Random JSON: a value, and a text that means it, written with random blanks and escapes.

#[path = "../../../tests/fuzz/bodies/tree.rs"]
mod definition;

pub use definition::{Tree, read, walk};
use proptest::prelude::*;

/// Keys: a few that come often, so that they repeat, and any other text.
pub fn key() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => proptest::sample::select(vec!["imei", "id", "data", "", "type", "\"imei\":\"x\"", "ime"])
            .prop_map(str::to_owned),
        2 => text(),
    ]
}

/// Any text; often one that looks like JSON.
pub fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[a-z\"\\\\{}\\[\\]:,/0-9\u{0}-\u{1f} 中é😀]{0,24}",
        Just(r#"{"imei":"other"}"#.to_owned()),
        Just(r#"","imei":"other","x":""#.to_owned()),
    ]
}

/// Any number of JSON's grammar, those beyond 64 bits included.
pub fn number() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<i64>().prop_map(|number| number.to_string()),
        "-?(0|[1-9][0-9]{0,25})(\\.[0-9]{1,20})?([eE][+-]?[0-9]{1,4})?",
    ]
}

/// A value nested a few levels.
pub fn tree() -> impl Strategy<Value = Tree> {
    let leaf = prop_oneof![
        Just(Tree::Null),
        any::<bool>().prop_map(Tree::Boolean),
        number().prop_map(Tree::Number),
        text().prop_map(Tree::String),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(Tree::Array),
            proptest::collection::vec((key(), inner), 0..6).prop_map(Tree::Object),
        ]
    })
}

/// An object at the top.
pub fn object() -> impl Strategy<Value = Tree> {
    proptest::collection::vec((key(), tree()), 0..8).prop_map(Tree::Object)
}

/// Writes a value; each byte of `choices` decides over one blank or escape.
pub fn write(tree: &Tree, choices: &[u8]) -> String {
    let mut writer = Writer {
        choices: choices.iter().copied().cycle(),
        out: String::new(),
    };
    writer.blank();
    writer.value(tree);
    writer.blank();
    writer.out
}

/// Writes a value in the one compact way.
pub fn compact(tree: &Tree) -> String {
    match tree {
        Tree::Null => "null".to_owned(),
        Tree::Boolean(value) => value.to_string(),
        Tree::Number(text) => text.clone(),
        Tree::String(text) => serde_json::to_string(text).unwrap(),
        Tree::Array(elements) => {
            let elements: Vec<String> = elements.iter().map(compact).collect();
            format!("[{}]", elements.join(","))
        }
        Tree::Object(members) => {
            let member = |(key, value): &(String, Tree)| {
                format!("{}:{}", serde_json::to_string(key).unwrap(), compact(value))
            };
            let members: Vec<String> = members.iter().map(member).collect();
            format!("{{{}}}", members.join(","))
        }
    }
}

struct Writer<I> {
    choices: I,
    out: String,
}

impl<I: Iterator<Item = u8>> Writer<I> {
    fn choose(&mut self) -> u8 {
        self.choices.next().unwrap_or(0)
    }

    fn blank(&mut self) {
        let blanks = ["", "", "", "", " ", "\t", "\r\n", "  \n"];
        let chosen = usize::from(self.choose()) % blanks.len();
        self.out.push_str(blanks[chosen]);
    }

    fn value(&mut self, tree: &Tree) {
        match tree {
            Tree::Null | Tree::Boolean(_) | Tree::Number(_) => self.out.push_str(&compact(tree)),
            Tree::String(text) => self.string(text),
            Tree::Array(elements) => {
                self.out.push('[');
                for (i, element) in elements.iter().enumerate() {
                    if i > 0 {
                        self.out.push(',');
                    }
                    self.blank();
                    self.value(element);
                    self.blank();
                }
                self.blank();
                self.out.push(']');
            }
            Tree::Object(members) => {
                self.out.push('{');
                for (i, (key, value)) in members.iter().enumerate() {
                    if i > 0 {
                        self.out.push(',');
                    }
                    self.blank();
                    self.string(key);
                    self.blank();
                    self.out.push(':');
                    self.blank();
                    self.value(value);
                    self.blank();
                }
                self.blank();
                self.out.push('}');
            }
        }
    }

    fn string(&mut self, text: &str) {
        self.out.push('"');
        for character in text.chars() {
            if self.choose().is_multiple_of(8) {
                for unit in character.encode_utf16(&mut [0; 2]) {
                    self.out.push_str(&format!("\\u{unit:04X}"));
                }
            } else if character == '/' && self.choose().is_multiple_of(2) {
                self.out.push_str("\\/");
            } else {
                let quoted = serde_json::to_string(&character).unwrap();
                self.out.push_str(&quoted[1..quoted.len() - 1]);
            }
        }
        self.out.push('"');
    }
}
