//! The dispatch table changes nothing but speed.
#![allow(clippy::unwrap_used)]

mod support;

use proptest::prelude::*;
use rookery_model::DataType;
use rookery_sql::plan::*;
use support::*;

const TYPE: usize = 0;
const PK: usize = 1;
const N: usize = 2;
const D: usize = 3;

fn source() -> Table {
    let string = DataType::STRING;
    typed_table(
        "up",
        &[
            ("type", string.clone()),
            ("pk", string.clone()),
            ("n", DataType::Int),
            ("d", string),
        ],
    )
}

fn number() -> Expr {
    expr(ExprKind::Column(N), DataType::Int)
}

/// A condition that hides from the table what it tests.
fn hidden(condition: Expr) -> Expr {
    not(not(condition))
}

fn condition(json: bool) -> impl Strategy<Value = Expr> {
    let word = || prop::sample::select(vec!["a", "b", "c", "", "x y"]);
    let words = move || prop::collection::vec(word(), 1..4);
    let small = || -1..4_i64;
    let tested = move |w| {
        let input = if json {
            json_value(column(D), &["k"])
        } else {
            column(D)
        };
        equal(input, text(w))
    };
    prop_oneof![
        4 => word().prop_map(|w| equal(column(TYPE), text(w))),
        2 => word().prop_map(|w| equal(text(w), column(PK))),
        2 => words().prop_map(|list| in_list(column(TYPE), list.into_iter().map(text).collect(), false)),
        1 => words().prop_map(|list| {
            let mut list: Vec<Expr> = list.into_iter().map(text).collect();
            list.push(null(DataType::STRING));
            in_list(column(PK), list, false)
        }),
        1 => words().prop_map(|list| or(list.into_iter().map(|w| equal(column(TYPE), text(w))).collect())),
        1 => Just(equal(column(TYPE), null(DataType::STRING))),
        1 => word().prop_map(|w| compare(CompareOp::NotEqual, column(TYPE), text(w))),
        2 => small().prop_map(|n| equal(number(), int(n))),
        1 => small().prop_map(|n| in_list(number(), vec![int(n), int(n + 1)], false)),
        1 => small().prop_map(|n| compare(CompareOp::Greater, number(), int(n))),
        1 => small().prop_map(|n| equal(
            arithmetic(ArithmeticOp::Modulo, int(7), number(), DataType::Int),
            int(n),
        )),
        1 => any::<bool>().prop_map(|negated| is(column(PK), IsTest::Null, negated)),
        2 => word().prop_map(tested),
    ]
}

/// Conditions, and whether each stands in a filter of its own.
fn branch(json: bool) -> impl Strategy<Value = Vec<(Expr, bool)>> {
    prop::collection::vec((condition(json), any::<bool>()), 0..4)
}

fn rel(conditions: &[(Expr, bool)], hide: bool, json: bool) -> Rel {
    let mut rel = Rel::Scan(0);
    let mut together = Vec::new();
    for (condition, alone) in conditions {
        let condition = if hide {
            hidden(condition.clone())
        } else {
            condition.clone()
        };
        if *alone {
            rel = filter(rel, condition);
        } else {
            together.push(condition);
        }
    }
    if !together.is_empty() {
        rel = filter(rel, and(together));
    }
    let mut row = vec![column(TYPE), number()];
    if json {
        row.push(json_value(column(D), &["k"]));
        row.push(json_value(column(D), &["l", "[0]"]));
    }
    project(rel, row)
}

fn programs(dialect: Dialect, rules: &[Vec<Vec<(Expr, bool)>>], hide: bool) -> Vec<Program> {
    let json = dialect == Dialect::Blink;
    // Every third rule in another program, over a table of its own.
    let program_of = |part: usize| {
        let mine = (0..rules.len()).filter(|index| index % 3 == part);
        let rules = mine.map(|index| {
            let branches = rules[index].iter().map(|b| rel(b, hide, json)).collect();
            rule_of(&format!("rule {index}"), Rel::Union(branches))
        });
        Program {
            name: format!("job {part}"),
            dialect,
            ..program(source(), rules.collect())
        }
    };
    (0..3).map(program_of).collect()
}

fn message() -> impl Strategy<Value = String> {
    let value = |list: Vec<&'static str>| prop::sample::select(list);
    (
        value(vec![
            "",
            "\"type\":\"a\",",
            "\"type\":\"b\",",
            "\"type\":\"c\",",
            "\"type\":\"\",",
            "\"type\":null,",
        ]),
        value(vec!["", "\"pk\":\"a\",", "\"pk\":\"x y\",", "\"pk\":5,"]),
        value(vec![
            "",
            "\"n\":0,",
            "\"n\":\"1\",",
            "\"n\":2.5,",
            "\"n\":\"x\",",
            "\"n\":99999999999,",
            "\"n\":[],",
        ]),
        value(vec![
            "\"d\":1",
            "\"d\":\"{\\\"k\\\":\\\"a\\\",\\\"l\\\":[7]}\"",
            "\"d\":{\"k\":\"b\"}",
            "\"d\":\"{\"",
        ]),
    )
        .prop_map(|(a, b, c, d)| format!("{{{a}{b}{c}{d}}}"))
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 400,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn dispatch_changes_no_row_and_no_dead_letter(
        flink in any::<bool>(),
        blink_rules in prop::collection::vec(prop::collection::vec(branch(true), 1..3), 1..12),
        flink_rules in prop::collection::vec(prop::collection::vec(branch(false), 1..3), 1..12),
        messages in prop::collection::vec(message(), 1..12),
    ) {
        let (dialect, rules) = if flink {
            (Dialect::Flink, flink_rules)
        } else {
            (Dialect::Blink, blink_rules)
        };
        let mut dispatched = engine(programs(dialect, &rules, false));
        let mut tried = engine(programs(dialect, &rules, true));
        for message in &messages {
            let seen = step(&mut dispatched, message);
            // Counts differ: a cast in a condition that is not tested is not counted.
            let all = step(&mut tried, message);
            prop_assert_eq!(&seen.rows, &all.rows, "{}", message);
            prop_assert_eq!(&seen.dead_letters, &all.dead_letters, "{}", message);
            // Nor does what came before.
            let mut fresh = engine(programs(dialect, &rules, false));
            prop_assert_eq!(seen, step(&mut fresh, message), "{}", message);
        }
    }
}

#[test]
fn a_thousand_rules_find_theirs() {
    let rules = (0..1000).map(|i| {
        let condition = equal(column(TYPE), text(&format!("{i:04}")));
        let power = json_value(column(D), &["Powers", "[0]", "Power"]);
        rule(&format!("rule {i}"), Some(condition), vec![power])
    });
    let mut engine = engine(vec![program(source(), rules.collect())]);
    for i in [0, 7, 999] {
        let message =
            format!(r#"{{"type":"{i:04}","d":"{{\"Powers\":[{{\"Power\":\"{i}\"}}]}}"}}"#);
        assert_eq!(step(&mut engine, &message).rows, [format!("{i}:0: '{i}'")]);
    }
    assert_eq!(
        step(&mut engine, r#"{"type":"1000"}"#).rows,
        Vec::<String>::new()
    );
    assert_eq!(step(&mut engine, "{}").rows, Vec::<String>::new());
}

#[test]
fn rules_by_many_columns_all_run() {
    let names: Vec<String> = (0..20).map(|i| format!("c{i}")).collect();
    let columns: Vec<&str> = names.iter().map(String::as_str).collect();
    let rules = (0..20).map(|i| {
        let condition = equal(column(i), text("x"));
        rule(&format!("rule {i}"), Some(condition), vec![int(i as i64)])
    });
    let mut engine = engine(vec![program(table("up", &columns), rules.collect())]);
    let members: Vec<String> = names
        .iter()
        .map(|name| format!("\"{name}\":\"x\""))
        .collect();
    let seen = step(&mut engine, &format!("{{{}}}", members.join(",")));
    let expected: Vec<String> = (0..20).map(|i| format!("{i}:0: {i}")).collect();
    assert_eq!(seen.rows, expected);
}

/// Rules whose expressions look alike, though what surrounds them differs, keep what is theirs.
#[test]
fn rules_of_one_shape_keep_what_is_theirs() {
    let k_of = |index| json_value(column(index), &["k"]);
    let of_type = |name: &str, row: Vec<Expr>| {
        let condition = and(vec![
            equal(column(TYPE), text(name)),
            is(k_of(D), IsTest::Null, true),
        ]);
        rule(&format!("rule {name}"), Some(condition), row)
    };
    // The same paths, met in another order; another group; another constant.
    let rules = vec![
        of_type("a", vec![k_of(D), k_of(PK), int(1)]),
        of_type("b", vec![k_of(PK), k_of(D), int(1)]),
        of_type("c", vec![k_of(D), k_of(D), int(2)]),
        of_type("d", vec![k_of(D), json_value(column(D), &["l"]), int(1)]),
        of_type("e", vec![k_of(D), k_of(PK), int(1)]),
    ];
    let hour = || cast(record_time(), DataType::STRING);
    let zoned = |zone: &str, name: &str| Program {
        name: format!("job of {name}"),
        zone: zone.to_owned(),
        ..program(source(), vec![of_type(name, vec![hour()])])
    };
    let mut engine = engine(vec![
        program(source(), rules),
        zoned("Asia/Shanghai", "f"),
        zoned("UTC", "g"),
    ]);
    let mut rows = |name: &str| {
        let message = format!(
            r#"{{"type":"{name}","d":"{{\"k\":\"d\",\"l\":\"l\"}}","pk":"{{\"k\":\"pk\"}}"}}"#
        );
        step(&mut engine, &message).rows
    };
    assert_eq!(rows("a"), ["0:0: 'd', 'pk', 1"]);
    assert_eq!(rows("b"), ["1:0: 'pk', 'd', 1"]);
    assert_eq!(rows("c"), ["2:0: 'd', 'd', 2"]);
    assert_eq!(rows("d"), ["3:0: 'd', 'l', 1"]);
    assert_eq!(rows("e"), ["4:0: 'd', 'pk', 1"]);
    assert_eq!(rows("f"), ["5:0: '2026-11-22 18:00:00.123'"]);
    assert_eq!(rows("g"), ["6:0: '2026-11-22 10:00:00.123'"]);
}

/// The record's time as an instant, whose text depends on the zone.
fn record_time() -> Expr {
    use rookery_sql::{Function, TimeFunction};
    let function = Function::Time(TimeFunction::CurrentTimestamp);
    call(function, Vec::new(), DataType::TimestampLtz(3))
}
