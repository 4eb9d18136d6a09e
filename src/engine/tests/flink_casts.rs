//! CAST in the flink dialect: what wraps, what saturates, what fails and where that is told.
#![allow(clippy::unwrap_used)]

mod support;

use rookery_model::DataType;
use rookery_sql::plan::{CastFailure, Dialect, Expr, Literal, Program};
use rookery_sql::{Function, TimeFunction};
use support::*;

fn seen(expr: Expr, message: &str) -> Seen {
    let blink = program(table("up", &["v"]), vec![rule("r", None, vec![expr])]);
    let flink = Program {
        dialect: Dialect::Flink,
        ..blink
    };
    step(&mut engine(vec![flink]), message)
}

fn fails(input: Expr, to: DataType) -> Expr {
    cast_as(input, to, CastFailure::Fail)
}

#[test]
fn numbers_wrap_around_or_saturate_and_decimals_overflow_to_null() {
    let long = || fails(column(0), DataType::BigInt);
    let float = || fails(column(0), DataType::Double);
    let narrow = DataType::Decimal {
        precision: 3,
        scale: 1,
    };
    let cases = [
        (fails(long(), DataType::TinyInt), "300", "44"),
        (fails(long(), DataType::Int), "2147483648", "-2147483648"),
        (fails(float(), DataType::Int), "1e20", "2147483647"),
        (fails(float(), DataType::TinyInt), "1e20", "-1"),
        (fails(float(), DataType::Int), "NaN", "0"),
        (fails(float(), DataType::Boolean), "0.5", "true"),
        (fails(long(), narrow.clone()), "99", "990e-1"),
        (fails(long(), narrow), "100", "NULL"),
        (fails(column(0), DataType::Int), " 12.9 ", "12"),
        (fails(column(0), DataType::Double), "1.5d", "1.5d"),
    ];
    for (expr, value, expected) in cases {
        let seen = seen(expr, &format!(r#"{{"v":"{value}"}}"#));
        assert_eq!(seen.rows, [format!("0:0: {expected}")], "{value}");
    }
}

#[test]
fn text_that_does_not_fit_is_a_dead_letter_unless_it_is_tried() {
    let message = r#"{"v":"12x"}"#;
    let failed = seen(fails(column(0), DataType::Int), message);
    assert_eq!(failed.rows, Vec::<String>::new());
    assert_eq!(
        failed.dead_letters,
        [r#"cast E1203 r: "12x" of STRING does not fit INT; TRY_CAST gives NULL of such values"#]
    );
    let tried = seen(cast(column(0), DataType::Int), message);
    assert_eq!(tried.rows, ["0:0: NULL"]);
    assert_eq!(tried.dead_letters, Vec::<String>::new());
    let absent = seen(fails(column(0), DataType::Int), "{}");
    assert_eq!(absent.rows, ["0:0: NULL"]);
}

#[test]
fn a_cast_that_can_fail_keeps_its_place_among_conditions() {
    let guarded = |value: &str| {
        let is_number = equal(column(1), text("n"));
        let is_big = compare(
            rookery_sql::plan::CompareOp::Greater,
            fails(column(0), DataType::Int),
            int(5),
        );
        let blink = program(
            table("up", &["v", "kind"]),
            vec![rule(
                "r",
                Some(and(vec![is_number, is_big])),
                vec![column(0)],
            )],
        );
        let flink = Program {
            dialect: Dialect::Flink,
            ..blink
        };
        step(&mut engine(vec![flink]), value)
    };
    assert_eq!(guarded(r#"{"v":"7","kind":"n"}"#).rows, ["0:0: '7'"]);
    assert_eq!(guarded(r#"{"v":"x","kind":"t"}"#), Seen::default());
    assert_eq!(guarded(r#"{"v":"x","kind":"n"}"#).dead_letters.len(), 1);
}

#[test]
fn binary_is_filled_up_and_a_timestamp_has_no_more_fraction_than_its_type() {
    let bytes = |length| fails(column(0), DataType::Binary(length));
    let message = r#"{"v":"ab"}"#;
    for (length, expected) in [(1, "'a'"), (2, "'ab'"), (4, "'ab\0\0'")] {
        let seen = seen(fails(bytes(length), DataType::STRING), message);
        assert_eq!(seen.rows, [format!("0:0: {expected}")]);
    }
    let later = |digits| {
        let half = literal(Literal::Millis(500), DataType::IntervalMillis);
        let sum = call(
            Function::Time(TimeFunction::AddMillis),
            vec![timestamp(1_000, digits), half],
            DataType::Timestamp(digits),
        );
        seen(fails(sum, DataType::STRING), message).rows
    };
    assert_eq!(later(0), ["0:0: '1970-01-01 00:00:01'"]);
    assert_eq!(later(3), ["0:0: '1970-01-01 00:00:01.500'"]);
}
