//! What a step gives out, in which order, and what is refused before any step.
#![allow(clippy::unwrap_used)]

mod support;

use rookery_engine::{Counter, Engine, Record, RecordInput, RuleSet};
use rookery_model::{DataType, Lsn, Position, RecordTime, ShardId, Term};
use rookery_sql::Function;
use rookery_sql::plan::*;
use std::sync::Arc;
use support::*;

fn orders() -> Rule {
    let pass = and(vec![
        equal(column(1), text("08")),
        is(column(3), IsTest::Null, false),
        in_list(
            json_value(column(2), &["Flag"]),
            vec![text("04"), text("05")],
            false,
        ),
    ]);
    rule("water.orders", Some(pass), vec![column(0), column(2)])
}

fn powers() -> Rule {
    let first = |key| json_value(column(2), &["Powers", "[0]", key]);
    let pass = and(vec![
        equal(column(1), text("0706")),
        is(
            json_value(column(2), &["Powers", "[0]"]),
            IsTest::Null,
            true,
        ),
    ]);
    let seconds = call(Function::UnixTimestamp, vec![column(4)], DataType::BigInt);
    let row = vec![
        text("power"),
        cast(seconds, DataType::Int),
        cast(first("Power"), DataType::Int),
        column(0),
        first("Channel"),
    ];
    rule("charge.powers", Some(pass), row)
}

fn up() -> Table {
    let mut up = table("up", &["imei", "type", "data", "profile", "time"]);
    up.columns[4].kind = ColumnKind::Undeclared;
    up
}

#[test]
fn orders_and_powers() {
    let programs = vec![program(up(), vec![orders()]), program(up(), vec![powers()])];
    let mut engine = engine(programs);
    let order = r#"{"imei":"86a","type":"08","data":"{\"Flag\":\"04\"}","profile":null}"#;
    assert_eq!(
        step(&mut engine, order).rows,
        [r#"0:0: '86a', '{"Flag":"04"}'"#]
    );
    let backlog = r#"{"imei":"86a","type":"08","data":"{\"Flag\":\"09\"}"}"#;
    assert_eq!(step(&mut engine, backlog), Seen::default());
    let profiled = r#"{"imei":"86a","type":"08","data":"{\"Flag\":\"04\"}","profile":"p"}"#;
    assert_eq!(step(&mut engine, profiled), Seen::default());
    let power = r#"{"imei":86,"type":"0706","time":"2026-11-22 10:00:00","data":"{\"Powers\":[{\"Channel\":\"1\",\"Power\":\"2203\"},{\"Channel\":\"2\"}]}"}"#;
    assert_eq!(
        step(&mut engine, power).rows,
        ["1:0: 'power', 1795312800, 2203, '86', '1'"]
    );
    let odd =
        r#"{"imei":"86","type":"0706","time":"soon","data":"{\"Powers\":[{\"Power\":\"many\"}]}"}"#;
    let seen = step(&mut engine, odd);
    assert_eq!(seen.rows, ["1:0: 'power', NULL, NULL, '86', NULL"]);
    assert_eq!(seen.counts, [(Some(1), Counter::CastToNull, 1)]);
    let idle = r#"{"imei":"86","type":"0706","data":"{\"Powers\":[]}"}"#;
    assert_eq!(step(&mut engine, idle), Seen::default());
}

#[test]
fn a_message_that_is_no_object_stops_once() {
    let two = vec![
        rule("a", None, vec![column(0)]),
        rule("b", None, vec![column(0)]),
    ];
    let mut engine = engine(vec![program(up(), two)]);
    let cases = [
        (
            "{\"imei\":",
            "parse E1111 -: not JSON: a value expected at byte 8",
        ),
        ("[1]", "parse E1120 -: the message is not a JSON object"),
        ("7", "parse E1120 -: the message is not a JSON object"),
    ];
    for (message, letter) in cases {
        let seen = step(&mut engine, message);
        assert_eq!(seen.dead_letters, [letter]);
        assert_eq!(seen.rows, Vec::<String>::new());
    }
    let mut bad = Seen::default();
    engine.step(
        &record(RecordInput::Message(b"{\"imei\":\"\xff\"}")),
        &mut bad,
    );
    assert_eq!(
        bad.dead_letters,
        ["parse E1112 -: not UTF-8: bad byte at 9"]
    );
    assert_eq!(
        step(&mut engine, r#"{"imei":"1"}"#).rows,
        ["0:0: '1'", "1:0: '1'"]
    );
}

#[test]
fn duplicate_keys_are_counted_once_a_message() {
    let rules = vec![
        rule("a", None, vec![column(0)]),
        rule("b", None, vec![column(0)]),
    ];
    let mut engine = engine(vec![program(up(), rules)]);
    let seen = step(&mut engine, r#"{"imei":"1","imei":"2","x":1,"x":2}"#);
    assert_eq!(seen.rows, ["0:0: '1'", "1:0: '1'"]);
    assert_eq!(seen.counts, [(None, Counter::DuplicateKey, 2)]);
}

#[test]
fn a_union_gives_all_its_rows_or_a_dead_letter() {
    let divided = |by: i64| {
        let divisor = cast(column(1), DataType::Int);
        arithmetic(ArithmeticOp::Modulo, int(by), divisor, DataType::Int)
    };
    let branches = vec![
        project(Rel::Scan(0), vec![text("first")]),
        project(
            filter(Rel::Scan(0), equal(column(0), text("x"))),
            vec![divided(7)],
        ),
        project(Rel::Scan(0), vec![text("last")]),
    ];
    let rules = vec![
        rule_of("union", Rel::Union(branches)),
        rule("other", None, vec![int(5)]),
    ];
    let mut engine = engine(vec![program(up(), rules)]);
    let seen = step(&mut engine, r#"{"imei":"x","type":"4"}"#);
    assert_eq!(
        seen.rows,
        ["0:0: 'first'", "0:1: 3", "0:2: 'last'", "1:0: 5"]
    );
    let seen = step(&mut engine, r#"{"imei":"y","type":"0"}"#);
    assert_eq!(seen.rows, ["0:0: 'first'", "0:1: 'last'", "1:0: 5"]);
    let seen = step(&mut engine, r#"{"imei":"x","type":"0"}"#);
    assert_eq!(seen.rows, ["1:0: 5"]);
    assert_eq!(seen.dead_letters, ["eval E1301 union: division by zero"]);
}

#[test]
fn conditions_that_can_fail_keep_their_place() {
    let fails = || {
        let divisor = cast(column(1), DataType::Int);
        let rest = arithmetic(ArithmeticOp::Modulo, int(7), divisor, DataType::Int);
        equal(rest, int(0))
    };
    let never = || equal(column(0), text("never"));
    let rules = vec![
        rule("before", Some(and(vec![never(), fails()])), vec![int(1)]),
        rule("after", Some(and(vec![fails(), never()])), vec![int(1)]),
    ];
    let mut engine = engine(vec![program(up(), rules)]);
    let seen = step(&mut engine, r#"{"imei":"x","type":"0"}"#);
    assert_eq!(seen.dead_letters, ["eval E1301 after: division by zero"]);
}

#[test]
fn implicit_columns_are_the_records() {
    let implicit = [
        (Implicit::Arrival, DataType::TimestampLtz(3)),
        (Implicit::Lsn, DataType::BigInt),
        (Implicit::Shard, DataType::Int),
        (Implicit::Forwarder, DataType::STRING),
        (Implicit::Raw, DataType::STRING),
    ];
    let mut up = up();
    let first = up.columns.len();
    let mut row = Vec::new();
    for (at, (implicit, data_type)) in implicit.into_iter().enumerate() {
        up.columns.push(Column {
            field: rookery_model::Field {
                name: format!("{implicit:?}"),
                data_type: data_type.clone(),
            },
            kind: ColumnKind::Implicit(implicit),
        });
        row.push(expr(ExprKind::Column(first + at), data_type));
    }
    let arrival = cast(row[0].clone(), DataType::STRING);
    row.push(arrival);
    let mut engine = engine(vec![program(up, vec![rule("r", None, row)])]);
    let seen = step(&mut engine, r#"{"a": 1}"#);
    let expected =
        "0:0: instant 1795341600123.0, 42, 0, 'emqx-1', '{\"a\": 1}', '2026-11-22 18:00:00.123'";
    assert_eq!(seen.rows, [expected]);
    let anonymous = Record {
        shard: ShardId(7),
        position: Position::new(Term(1), Lsn(2)),
        time: RecordTime(-1),
        forwarder: "",
        kind: RecordInput::Message(b"{}"),
    };
    let mut seen = Seen::default();
    engine.step(&anonymous, &mut seen);
    assert_eq!(
        seen.rows,
        ["0:0: instant -1.0, 2, 7, NULL, '{}', '1970-01-01 07:59:59.999'"]
    );
}

#[test]
fn computed_columns_and_views_are_put_in() {
    let mut up = up();
    let flag = json_value(column(2), &["Flag"]);
    up.columns.push(Column {
        field: rookery_model::Field {
            name: "flag".to_owned(),
            data_type: DataType::STRING,
        },
        kind: ColumnKind::Computed(flag),
    });
    // SELECT x || '!' FROM (SELECT flag AS x, type AS t FROM up WHERE type = '08') WHERE x <> '05'
    let view = project(
        filter(Rel::Scan(0), equal(column(1), text("08"))),
        vec![column(5), column(1)],
    );
    let query = project(
        filter(view, compare(CompareOp::NotEqual, column(0), text("05"))),
        vec![call(
            Function::Concat,
            vec![column(0), text("!")],
            DataType::STRING,
        )],
    );
    let mut engine = engine(vec![program(up, vec![rule_of("r", query)])]);
    let message = |flag: &str| format!(r#"{{"type":"08","data":{{"Flag":"{flag}"}}}}"#);
    assert_eq!(step(&mut engine, &message("04")).rows, ["0:0: '04!'"]);
    assert_eq!(step(&mut engine, &message("05")), Seen::default());
}

#[test]
fn typed_columns_are_null_or_a_dead_letter() {
    let columns = [
        ("i", DataType::Int),
        ("f", DataType::Double),
        ("b", DataType::Boolean),
        ("t", DataType::Timestamp(3)),
    ];
    let row: Vec<Expr> = (0..4)
        .map(|at| expr(ExprKind::Column(at), columns[at].1.clone()))
        .collect();
    let blink = program(typed_table("up", &columns), vec![rule("r", None, row)]);
    let flink = Program {
        dialect: Dialect::Flink,
        ..blink.clone()
    };
    let (mut blink, mut flink) = (engine(vec![blink]), engine(vec![flink]));
    let fine = [
        (
            r#"{"i":12,"f":1.5,"b":true,"t":"2026-11-22 10:00:00"}"#,
            "0:0: 12, 1.5d, true, local 1795341600000.0",
        ),
        (
            r#"{"i":" 12 ","f":"1e3","b":"false","t":null}"#,
            "0:0: 12, 1000.0d, false, NULL",
        ),
        (r#"{"i":1e3,"f":7}"#, "0:0: 1000, 7.0d, NULL, NULL"),
        (r#"{"i":12.7}"#, "0:0: 12, NULL, NULL, NULL"),
    ];
    for (message, row) in fine {
        assert_eq!(step(&mut blink, message).rows, [row], "{message}");
        assert_eq!(step(&mut flink, message).rows, [row], "{message}");
    }
    let unfit = [
        (
            r#"{"i":"x"}"#,
            r#"cast E1202 r: column `i` is INT, the message has "x""#,
        ),
        (
            r#"{"i":2147483648}"#,
            r#"cast E1202 r: column `i` is INT, the message has "2147483648""#,
        ),
        (
            r#"{"f":{}}"#,
            r#"cast E1202 r: column `f` is DOUBLE, the message has "an object""#,
        ),
        (
            r#"{"i":true}"#,
            r#"cast E1202 r: column `i` is INT, the message has "a boolean""#,
        ),
    ];
    for (message, letter) in unfit {
        let seen = step(&mut blink, message);
        assert_eq!(seen.rows, ["0:0: NULL, NULL, NULL, NULL"], "{message}");
        assert_eq!(seen.counts, [(Some(0), Counter::ColumnToNull, 1)]);
        let seen = step(&mut flink, message);
        assert_eq!(seen.rows, Vec::<String>::new());
        assert_eq!(seen.dead_letters, [letter], "{message}");
    }
}

#[test]
fn narrowing_is_counted_apart() {
    let narrowed = cast_as(
        cast(column(0), DataType::BigInt),
        DataType::Int,
        CastFailure::NullNarrowed,
    );
    let mut engine = engine(vec![program(up(), vec![rule("r", None, vec![narrowed])])]);
    let seen = step(&mut engine, r#"{"imei":"99999999999"}"#);
    assert_eq!(seen.rows, ["0:0: NULL"]);
    assert_eq!(seen.counts, [(Some(0), Counter::NarrowedToNull, 1)]);
    let seen = step(&mut engine, r#"{"imei":"x"}"#);
    assert_eq!(seen.counts, [(Some(0), Counter::CastToNull, 1)]);
}

#[test]
fn a_row_without_its_key_is_a_dead_letter() {
    let mut program = program(up(), vec![rule("r", None, vec![column(0), column(1)])]);
    program.tables[1].primary_key = vec![1];
    let mut engine = engine(vec![program]);
    assert_eq!(
        step(&mut engine, r#"{"type":"1"}"#).rows,
        ["0:0: NULL, '1'"]
    );
    let seen = step(&mut engine, r#"{"imei":"1"}"#);
    assert_eq!(
        seen.dead_letters,
        ["eval E1304 r: column `b` is in the primary key of `job.out` and must not be NULL"]
    );
}

#[test]
fn constant_rows_are_made_by_the_rules_record_of_shard_0() {
    let values = Rel::Values(vec![vec![int(1), text("a")], vec![int(2), text("b")]]);
    let second = filter(
        values.clone(),
        equal(expr(ExprKind::Column(0), DataType::Int), int(2)),
    );
    let rules = vec![
        rule_of("all", values),
        rule("message", None, vec![column(0)]),
        rule_of("second", second),
    ];
    let mut engine = engine(vec![program(up(), rules)]);
    let mut seen = Seen::default();
    engine.step(&record(RecordInput::Rules), &mut seen);
    assert_eq!(seen.rows, ["0:0: 1, 'a'", "0:1: 2, 'b'", "2:0: 2, 'b'"]);
    assert_eq!(step(&mut engine, r#"{"imei":"m"}"#).rows, ["1:0: 'm'"]);
    let elsewhere = Record {
        shard: ShardId(1),
        ..record(RecordInput::Rules)
    };
    let mut seen = Seen::default();
    engine.step(&elsewhere, &mut seen);
    assert_eq!(seen, Seen::default());
}

#[test]
fn one_source_can_be_chosen() {
    let mut other = program(up(), vec![rule("b", None, vec![text("b")])]);
    other.tables[0].name = "down".to_owned();
    let rules = Arc::new(
        RuleSet::compile(vec![
            program(up(), vec![rule("a", None, vec![text("a")])]),
            other,
        ])
        .unwrap(),
    );
    let names: Vec<&str> = rules.sources().iter().map(|s| s.name.as_str()).collect();
    assert_eq!(names, ["up", "down"]);
    let mut all = Engine::new(Arc::clone(&rules), None);
    assert_eq!(step(&mut all, "{}").rows, ["0:0: 'a'", "1:0: 'b'"]);
    let mut down = Engine::new(Arc::clone(&rules), Some(rules.sources()[1].id));
    assert_eq!(step(&mut down, "{}").rows, ["1:0: 'b'"]);
}

#[test]
fn sinks_and_rules_are_described() {
    let mut first = program(up(), vec![rule("a", None, vec![]), rule("b", None, vec![])]);
    first.tables[1].columns[0].kind = ColumnKind::Computed(int(1));
    first.tables[1].primary_key = vec![2];
    first.tables[1].options = vec![("connector".to_owned(), "print".to_owned())];
    first.rules.iter_mut().for_each(|rule| {
        rule.query = project(Rel::Scan(0), (0..6).map(|_| column(0)).collect());
    });
    let mut second = program(up(), vec![rule("c", None, vec![column(0)])]);
    second.name = "late".to_owned();
    let rules = RuleSet::compile(vec![first, second]).unwrap();
    let sinks: Vec<_> = rules
        .sinks()
        .iter()
        .map(|s| (s.id.0, s.name.as_str(), s.program, s.columns.len()))
        .collect();
    assert_eq!(sinks, [(0, "job.out", 0, 6), (1, "late.out", 1, 7)]);
    assert_eq!(rules.sinks()[0].primary_key, [1]);
    assert_eq!(rules.sinks()[0].zone, "Asia/Shanghai");
    assert_eq!(rules.sinks()[0].options[0].1, "print");
    let sinks: Vec<u16> = rules.rules().iter().map(|rule| rule.sink.0).collect();
    assert_eq!(sinks, [0, 0, 1]);
}

#[test]
fn what_is_not_run_is_refused() {
    let one = |expr: Expr| vec![program(up(), vec![rule("r", None, vec![expr])])];
    let not_built = Rel::NotBuilt {
        construct: "GROUP BY".to_owned(),
        span: Span { start: 1, end: 2 },
        output: Vec::new(),
    };
    let mut programs = one(int(1));
    programs[0].rules.push(rule_of("r", not_built));
    assert_eq!(
        refusals(programs),
        [
            "E1355 two rules are named `r`; rename one with a comment `-- rule: name` before it",
            "E1350 GROUP BY is not built yet",
        ]
    );
    let array = DataType::Array(Box::new(DataType::Int));
    assert_eq!(
        refusals(one(cast(int(1), array))),
        ["E1351 a cast from INT to ARRAY<INT> is not built yet"]
    );
    assert_eq!(
        refusals(one(cast(int(1), DataType::Date))),
        ["E1351 a cast from INT to DATE is not built yet"]
    );
    assert_eq!(
        refusals(one(like(column(0), text("a!"), Some('!'), false))),
        ["E1354 LIKE pattern 'a!': it ends within an escape (`!`)"]
    );
    let mut unknown_zone = one(int(1));
    unknown_zone[0].zone = "Mars/Base".to_owned();
    assert_eq!(
        refusals(unknown_zone),
        [
            "E1354 unknown time zone `Mars/Base`; a zone is an IANA name such as `Asia/Shanghai` or an offset such as `+08:00`"
        ]
    );
    let mut lag = up();
    lag.columns[0].kind = ColumnKind::Implicit(Implicit::LagMs);
    assert_eq!(
        refusals(vec![program(lag, vec![rule("r", None, vec![column(0)])])]),
        ["E1353 column `__lag_ms` needs the message's own time, which no table can name yet"]
    );
    let mut metadata = up();
    metadata.columns[0].kind = ColumnKind::Metadata("offset".to_owned());
    assert_eq!(
        refusals(vec![program(
            metadata,
            vec![rule("r", None, vec![column(0)])]
        )]),
        ["E1350 METADATA FROM 'offset' is not built yet"]
    );
}

#[test]
fn flink_divides_whole_numbers_and_has_no_null_for_what_is_no_time() {
    let one = |expr: Expr| {
        let blink = program(up(), vec![rule("r", None, vec![expr])]);
        vec![Program {
            dialect: Dialect::Flink,
            ..blink
        }]
    };
    let fails = |input, to| cast_as(input, to, CastFailure::Fail);
    let half = arithmetic(ArithmeticOp::Divide, int(7), int(2), DataType::Int);
    let seconds = call(
        Function::UnixTimestamp,
        vec![text("no time")],
        DataType::BigInt,
    );
    let agreed = [
        (half, "3"),
        (seconds, "-9223372036854775808"),
        (fails(text("12"), DataType::Int), "12"),
        (fails(column(0), DataType::Int), "5"),
        (fails(int(12), DataType::STRING), "'12'"),
        (cast(column(0), DataType::Int), "5"),
        (cast(column(0), DataType::Boolean), "NULL"),
        (
            arithmetic(ArithmeticOp::Modulo, int(7), int(2), DataType::Int),
            "1",
        ),
    ];
    for (expr, expected) in agreed {
        let mut engine = engine(one(expr));
        assert_eq!(
            step(&mut engine, r#"{"imei":"5"}"#).rows,
            [format!("0:0: {expected}")]
        );
    }
}

#[test]
fn views_that_grow_without_end_are_refused() {
    let doubled = || {
        vec![call(
            Function::Concat,
            vec![column(0), column(0)],
            DataType::STRING,
        )]
    };
    let mut query = Rel::Scan(0);
    for _ in 0..40 {
        query = project(query, doubled());
    }
    let programs = vec![program(up(), vec![rule_of("r", query)])];
    assert_eq!(
        refusals(programs),
        ["E1357 with its views put in, this rule has over 100000 operators; split it"]
    );
    let mut query = Rel::Scan(0);
    for _ in 0..400 {
        query = project(query, vec![not(column(0))]);
    }
    let programs = vec![program(up(), vec![rule_of("r", query)])];
    assert_eq!(
        refusals(programs),
        ["E1358 with its views put in, this rule is nested deeper than 256; split it"]
    );
}

#[test]
fn deep_expressions_fit_a_small_stack() {
    let mut query = project(Rel::Scan(0), vec![late_true()]);
    for _ in 0..240 {
        query = project(query, vec![not(column(0))]);
    }
    let mut engine = engine(vec![program(up(), vec![rule_of("r", query)])]);
    let work = move || step(&mut engine, r#"{"data":"{\"t\":1}"}"#).rows;
    let small = std::thread::Builder::new().stack_size(512 * 1024);
    let rows = small.spawn(work).unwrap().join().unwrap();
    assert_eq!(rows, ["0:0: true"]);
}

fn late_true() -> Expr {
    cast(json_value(column(2), &["t"]), DataType::Boolean)
}

#[test]
fn an_engine_moves_between_threads_and_shares_its_rules() {
    fn sendable<T: Send>() {}
    fn shared<T: Send + Sync>() {}
    sendable::<Engine>();
    shared::<RuleSet>();
}
