//! Text through the compiler and, where it is a program, through the engine over fixed messages.
//!
//! Held: nothing panics; what the engine refuses it names; rows are JSON; a step does not depend on
//! the step before it.

use crate::step::{formats, step};
use rookery_engine::{Engine, RecordInput, RuleSet};
use rookery_sql::plan::Dialect;
use rookery_sql::{CompileOptions, SourceFile, compile};
use std::sync::Arc;

/// Columns called `a` to `d`, with what they may hold.
const MESSAGES: [&str; 6] = [
    r#"{"a":"x","b":1,"c":2.5,"d":"{\"a\":[1,{\"b\":\"y\"}],\"n\":null}"}"#,
    r#"{"a":"2026-11-22 10:00:00","b":-9223372036854775808,"c":1e308,"d":"[1,2,3]"}"#,
    r#"{"a":"","b":2147483647,"c":-0.0,"d":""}"#,
    r#"{"a":null,"b":null,"c":null,"d":null}"#,
    r#"{"a":"中文é😀 %_\\[*","b":"77","c":"NaN","d":{"a":[true]}}"#,
    r#"{}"#,
];

/// The check.
pub fn check(input: &[u8]) {
    let file = SourceFile {
        path: "fuzzed.sql".to_owned(),
        text: String::from_utf8_lossy(input).into_owned(),
    };
    for dialect in [Dialect::Blink, Dialect::Flink] {
        let options = CompileOptions {
            dialect: Some(dialect),
            zone: None,
        };
        let Some(program) = compile(&file, &options).program else {
            continue;
        };
        let _ = RuleSet::describe(std::slice::from_ref(&program));
        let rules = match RuleSet::compile(vec![program]) {
            Ok(rules) => Arc::new(rules),
            Err(error) => {
                assert!(!error.refusals.is_empty() && !error.to_string().is_empty());
                continue;
            }
        };
        let formats = formats(&rules);
        let mut engine = Engine::new(rules, None);
        step(&mut engine, &formats, RecordInput::Rules);
        for message in MESSAGES {
            let kind = RecordInput::Message(message.as_bytes());
            let seen = step(&mut engine, &formats, kind);
            assert_eq!(step(&mut engine, &formats, kind), seen, "a second step");
        }
    }
}
