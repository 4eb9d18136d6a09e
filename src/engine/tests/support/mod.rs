//! Plans built by hand, and what an engine made of a message.
#![allow(dead_code, clippy::unwrap_used)]

use rookery_engine::{CompileError, Counter, Engine, Output, Record, RecordInput, RuleSet};
use rookery_model::{
    DataType, DeadLetter, Decimal, Field, JsonPath, Lsn, PathStep, Position, RecordTime, ShardId,
    SinkId, Term, Timestamp, Value,
};
use rookery_sql::Function;
use rookery_sql::plan::*;
use std::sync::Arc;

/// What a step gave out, as text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// `rule:ordinal: value, value`
    pub rows: Vec<String>,
    /// `stage code rule: reason`
    pub dead_letters: Vec<String>,
    /// Rule (or none), counter, times.
    pub counts: Vec<(Option<u16>, Counter, u32)>,
}

impl Output for Seen {
    fn row(&mut self, rule: u16, _: SinkId, ordinal: u32, row: &[Value<'_>]) {
        let values: Vec<String> = row.iter().map(show).collect();
        self.rows
            .push(format!("{rule}:{ordinal}: {}", values.join(", ")));
    }

    fn dead_letter(&mut self, letter: DeadLetter<'_>) {
        let rule = letter.rule.unwrap_or("-");
        let DeadLetter {
            stage,
            code,
            reason,
            ..
        } = letter;
        self.dead_letters
            .push(format!("{stage} {code} {rule}: {reason}"));
    }

    fn count(&mut self, rule: Option<u16>, counter: Counter, times: u32) {
        self.counts.push((rule, counter, times));
    }
}

/// A value as text that tells its kind.
pub fn show(value: &Value<'_>) -> String {
    match value {
        Value::Null => "NULL".to_owned(),
        Value::Boolean(truth) => truth.to_string(),
        Value::Int(int) => int.to_string(),
        Value::Float(float) => format!("{float:?}f"),
        Value::Double(double) => format!("{double:?}d"),
        Value::Decimal(Decimal { unscaled, scale }) => format!("{unscaled}e-{scale}"),
        Value::String(text) => format!("'{text}'"),
        Value::Timestamp(t) => format!("local {}.{}", t.millis, t.nanos),
        Value::TimestampLtz(t) => format!("instant {}.{}", t.millis, t.nanos),
        other => format!("{other:?}"),
    }
}

pub fn int(value: i64) -> Expr {
    literal(Literal::Int(value), DataType::Int)
}

pub fn bigint(value: i64) -> Expr {
    literal(Literal::Int(value), DataType::BigInt)
}

pub fn double(value: f64) -> Expr {
    literal(Literal::Double(value), DataType::Double)
}

pub fn text(value: &str) -> Expr {
    let length = value.chars().count() as u32;
    literal(Literal::String(value.to_owned()), DataType::Char(length))
}

pub fn boolean(value: Option<bool>) -> Expr {
    let value = value.map_or(Literal::Null, Literal::Boolean);
    literal(value, DataType::Boolean)
}

pub fn null(data_type: DataType) -> Expr {
    literal(Literal::Null, data_type)
}

pub fn decimal(unscaled: i128, precision: u8, scale: u8) -> Expr {
    literal(
        Literal::Decimal(Decimal { unscaled, scale }),
        DataType::Decimal { precision, scale },
    )
}

pub fn timestamp(millis: i64, digits: u8) -> Expr {
    literal(
        Literal::Timestamp(Timestamp::from_millis(millis)),
        DataType::Timestamp(digits),
    )
}

pub fn literal(value: Literal, data_type: DataType) -> Expr {
    expr(ExprKind::Literal(value), data_type)
}

pub fn expr(kind: ExprKind, data_type: DataType) -> Expr {
    Expr {
        kind,
        data_type,
        span: Span { start: 7, end: 9 },
    }
}

/// Column `index` of a source whose columns are STRING.
pub fn column(index: usize) -> Expr {
    expr(ExprKind::Column(index), DataType::STRING)
}

pub fn cast(input: Expr, to: DataType) -> Expr {
    cast_as(input, to, CastFailure::Null)
}

pub fn cast_as(input: Expr, to: DataType, on_failure: CastFailure) -> Expr {
    let input = Box::new(input);
    expr(ExprKind::Cast { input, on_failure }, to)
}

pub fn compare(op: CompareOp, left: Expr, right: Expr) -> Expr {
    let (left, right) = (Box::new(left), Box::new(right));
    expr(ExprKind::Compare { op, left, right }, DataType::Boolean)
}

pub fn equal(left: Expr, right: Expr) -> Expr {
    compare(CompareOp::Equal, left, right)
}

pub fn and(list: Vec<Expr>) -> Expr {
    expr(ExprKind::And(list), DataType::Boolean)
}

pub fn or(list: Vec<Expr>) -> Expr {
    expr(ExprKind::Or(list), DataType::Boolean)
}

pub fn not(input: Expr) -> Expr {
    expr(ExprKind::Not(Box::new(input)), DataType::Boolean)
}

pub fn is(input: Expr, test: IsTest, negated: bool) -> Expr {
    let input = Box::new(input);
    let kind = ExprKind::Is {
        input,
        test,
        negated,
    };
    expr(kind, DataType::Boolean)
}

pub fn in_list(input: Expr, list: Vec<Expr>, negated: bool) -> Expr {
    let input = Box::new(input);
    let kind = ExprKind::In {
        input,
        list,
        negated,
    };
    expr(kind, DataType::Boolean)
}

pub fn like(input: Expr, pattern: Expr, escape: Option<char>, similar: bool) -> Expr {
    let kind = ExprKind::Match {
        input: Box::new(input),
        pattern: Box::new(pattern),
        escape,
        similar,
        negated: false,
    };
    expr(kind, DataType::Boolean)
}

pub fn arithmetic(op: ArithmeticOp, left: Expr, right: Expr, data_type: DataType) -> Expr {
    let (left, right) = (Box::new(left), Box::new(right));
    expr(ExprKind::Arithmetic { op, left, right }, data_type)
}

pub fn call(function: Function, args: Vec<Expr>, data_type: DataType) -> Expr {
    expr(ExprKind::Call { function, args }, data_type)
}

/// `json_value(input, path)`; a step is a key, `[n]`, `[*]` or `.*`.
pub fn json_value(input: Expr, steps: &[&str]) -> Expr {
    json_value_at(input, PathArgument::Constant(path(steps)))
}

pub fn json_value_at(input: Expr, path: PathArgument) -> Expr {
    let kind = ExprKind::JsonValue {
        input: Box::new(input),
        path,
        dialect: Dialect::Blink,
        on_empty: JsonFallback::Null,
        on_error: JsonFallback::Null,
    };
    expr(kind, DataType::STRING)
}

pub fn path(steps: &[&str]) -> JsonPath {
    let step = |text: &&str| match text.strip_prefix('[') {
        Some("*]") => PathStep::AnyElement,
        Some(index) => PathStep::Index(index.trim_end_matches(']').parse().unwrap()),
        None if *text == ".*" => PathStep::AnyMember,
        None => PathStep::Key((*text).to_owned()),
    };
    JsonPath {
        steps: steps.iter().map(step).collect(),
        ..JsonPath::default()
    }
}

/// A table of STRING columns.
pub fn table(name: &str, columns: &[&str]) -> Table {
    let typed: Vec<(&str, DataType)> = columns.iter().map(|c| (*c, DataType::STRING)).collect();
    typed_table(name, &typed)
}

pub fn typed_table(name: &str, columns: &[(&str, DataType)]) -> Table {
    let column = |(name, data_type): &(&str, DataType)| Column {
        field: Field {
            name: (*name).to_owned(),
            data_type: data_type.clone(),
        },
        kind: ColumnKind::Physical,
    };
    Table {
        name: name.to_owned(),
        columns: columns.iter().map(column).collect(),
        options: Vec::new(),
        option_spans: Vec::new(),
        primary_key: Vec::new(),
        span: Span::default(),
    }
}

/// Scan of table 0, filtered, projected, into table 1.
pub fn rule(name: &str, predicate: Option<Expr>, exprs: Vec<Expr>) -> Rule {
    let mut query = Rel::Scan(0);
    if let Some(predicate) = predicate {
        query = filter(query, predicate);
    }
    rule_of(name, project(query, exprs))
}

pub fn rule_of(name: &str, query: Rel) -> Rule {
    Rule {
        name: name.to_owned(),
        sink: 1,
        query,
        span: Span::default(),
    }
}

pub fn filter(input: Rel, predicate: Expr) -> Rel {
    let input = Box::new(input);
    Rel::Filter { input, predicate }
}

pub fn project(input: Rel, exprs: Vec<Expr>) -> Rel {
    let input = Box::new(input);
    Rel::Project { input, exprs }
}

/// A blink program in Shanghai's zone: source `up`, sink `out`.
pub fn program(source: Table, rules: Vec<Rule>) -> Program {
    Program {
        name: "job".to_owned(),
        dialect: Dialect::Blink,
        zone: "Asia/Shanghai".to_owned(),
        tables: vec![source, table("out", &["a", "b", "c", "d", "e", "f", "g"])],
        rules,
    }
}

pub fn engine(programs: Vec<Program>) -> Engine {
    Engine::new(Arc::new(RuleSet::compile(programs).unwrap()), None)
}

pub fn refusals(programs: Vec<Program>) -> Vec<String> {
    let CompileError { refusals } = RuleSet::compile(programs).unwrap_err();
    refusals
        .iter()
        .map(|refusal| format!("{} {}", refusal.code(), refusal.reason))
        .collect()
}

pub fn record(kind: RecordInput<'_>) -> Record<'_> {
    Record {
        shard: ShardId(0),
        position: Position::new(Term(3), Lsn(42)),
        // 2026-11-22 10:00:00.123456 UTC
        time: RecordTime(1_795_341_600_123_456),
        forwarder: "emqx-1",
        kind,
    }
}

pub fn step(engine: &mut Engine, message: &str) -> Seen {
    let mut seen = Seen::default();
    let record = record(RecordInput::Message(message.as_bytes()));
    engine.step(&record, &mut seen);
    seen
}

/// The values of expressions over a message whose columns `d`, `e`, `n` and `ts` are STRING.
pub fn values(exprs: Vec<Expr>, message: &str) -> Seen {
    let source = table("up", &["d", "e", "n", "ts"]);
    let mut engine = engine(vec![program(source, vec![rule("job.out", None, exprs)])]);
    step(&mut engine, message)
}

/// One expression's value.
pub fn value(expr: Expr, message: &str) -> String {
    let seen = values(vec![expr], message);
    assert_eq!(seen.dead_letters, Vec::<String>::new());
    seen.rows[0]["0:0: ".len()..].to_owned()
}

/// One constant expression's value.
pub fn constant(expr: Expr) -> String {
    value(expr, "{}")
}
