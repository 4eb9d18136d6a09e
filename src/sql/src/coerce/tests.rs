use super::*;
use ArithmeticOp::{Add, Divide, Modulo, Multiply};
use DataType::{
    BigInt, Boolean, Char, Date, Double, Float, Int, Null, SmallInt, Timestamp, TimestampLtz,
    TinyInt, VarChar,
};
use Dialect::{Blink, Flink};

const STRING: DataType = DataType::STRING;

fn decimal(precision: u8, scale: u8) -> DataType {
    DataType::Decimal { precision, scale }
}

fn row(fields: &[(&str, DataType)]) -> DataType {
    let fields = fields.iter().map(|(name, data_type)| Field {
        name: (*name).to_owned(),
        data_type: data_type.clone(),
    });
    DataType::Row(fields.collect())
}

#[test]
fn branches_take_the_widest_type() {
    let both = |a, b, expected: Option<DataType>| {
        for dialect in [Blink, Flink] {
            assert_eq!(common(dialect, &a, &b), expected, "{a} {b}");
            assert_eq!(common(dialect, &b, &a), expected, "{b} {a}");
        }
    };
    both(Int, BigInt, Some(BigInt));
    both(TinyInt, Null, Some(TinyInt));
    both(Int, decimal(4, 2), Some(decimal(12, 2)));
    both(decimal(38, 30), decimal(38, 2), Some(decimal(38, 6)));
    both(decimal(4, 2), Float, Some(Double));
    both(Int, Float, Some(Float));
    both(Char(2), Char(2), Some(Char(2)));
    both(Char(2), Char(4), Some(VarChar(4)));
    both(VarChar(9), STRING, Some(STRING));
    assert_eq!(common(Blink, &Date, &Timestamp(3)), Some(Timestamp(3)));
    assert_eq!(common(Flink, &Date, &Timestamp(3)), None);
    assert_eq!(common(Blink, &Float, &Double), Some(Double));
    assert_eq!(common(Flink, &Float, &Double), Some(Float));
    assert_eq!(common(Flink, &Double, &Float), Some(Double));
    both(Timestamp(6), TimestampLtz(3), Some(TimestampLtz(6)));
    both(Boolean, Int, None);
    both(
        DataType::Array(Box::new(Int)),
        DataType::Array(Box::new(Double)),
        Some(DataType::Array(Box::new(Double))),
    );
    both(
        row(&[("a", Int)]),
        row(&[("a", BigInt)]),
        Some(row(&[("a", BigInt)])),
    );
    both(row(&[("a", Int)]), row(&[]), None);
}

#[test]
fn only_blink_makes_text_of_a_mixture() {
    assert_eq!(common(Blink, &STRING, &Int), Some(STRING));
    assert_eq!(common(Blink, &Boolean, &Char(1)), Some(STRING));
    assert_eq!(common(Flink, &STRING, &Int), None);
    assert_eq!(
        common(Blink, &STRING, &DataType::Array(Box::new(Int))),
        None
    );
}

#[test]
fn text_and_numbers_are_compared_in_blink_only() {
    let compared = |dialect, a: &DataType, b: &DataType| {
        comparison(dialect, a, b).map(|c| (c.data_type, c.text_and_number))
    };
    assert_eq!(
        compared(Blink, &STRING, &Int),
        Some((decimal(38, 18), true))
    );
    assert_eq!(compared(Blink, &Double, &Char(3)), Some((Double, true)));
    assert_eq!(compared(Blink, &Boolean, &STRING), Some((Boolean, false)));
    assert_eq!(compared(Flink, &STRING, &Int), None);
    assert_eq!(compared(Flink, &Boolean, &STRING), None);
    for dialect in [Blink, Flink] {
        assert_eq!(
            compared(dialect, &Char(1), &VarChar(9)),
            Some((STRING, false))
        );
        assert_eq!(
            compared(dialect, &Timestamp(3), &STRING),
            Some((Timestamp(3), false))
        );
        assert_eq!(compared(dialect, &Int, &Float), Some((Double, false)));
        assert_eq!(compared(dialect, &SmallInt, &BigInt), Some((BigInt, false)));
        assert_eq!(compared(dialect, &Int, &Date), None);
        assert_eq!(compared(dialect, &Null, &Date), Some((Date, false)));
    }
}

#[test]
fn whole_numbers_divide_to_double_in_blink_and_to_whole_numbers_in_flink() {
    let result = |dialect, op, a: &DataType, b: &DataType| {
        arithmetic(dialect, op, a, b).map(|typed| typed.result)
    };
    assert_eq!(result(Blink, Divide, &Int, &Int), Some(Double));
    assert_eq!(result(Flink, Divide, &Int, &Int), Some(Int));
    assert_eq!(result(Flink, Divide, &Int, &BigInt), Some(BigInt));
    assert_eq!(result(Flink, Modulo, &BigInt, &Int), Some(Int));
    assert_eq!(result(Blink, Modulo, &BigInt, &Int), Some(BigInt));
    assert_eq!(result(Flink, Modulo, &Double, &Int), None);
    assert_eq!(result(Blink, Add, &Int, &STRING), Some(Double));
    assert_eq!(result(Flink, Add, &Int, &STRING), None);
    assert_eq!(result(Blink, Add, &Boolean, &Int), None);
    assert_eq!(result(Blink, Multiply, &Null, &Double), Some(Double));
    assert_eq!(result(Flink, Multiply, &Null, &Double), None);
}

/// Precisions and scales that Flink 2.1 gives.
#[test]
fn decimals_grow_as_flink_lets_them() {
    let result = |op, a: &DataType, b: &DataType| arithmetic(Flink, op, a, b).map(|t| t.result);
    assert_eq!(result(Divide, &Int, &decimal(2, 1)), Some(decimal(17, 6)));
    assert_eq!(
        result(Add, &decimal(2, 1), &decimal(2, 1)),
        Some(decimal(3, 1))
    );
    assert_eq!(
        result(Multiply, &decimal(10, 2), &decimal(5, 3)),
        Some(decimal(16, 5))
    );
    assert_eq!(
        result(Multiply, &decimal(38, 10), &decimal(38, 10)),
        Some(decimal(38, 6))
    );
    assert_eq!(
        result(Modulo, &decimal(10, 0), &decimal(3, 0)),
        Some(decimal(3, 0))
    );
    assert_eq!(
        result(Modulo, &decimal(10, 2), &decimal(5, 1)),
        Some(decimal(6, 2))
    );
    assert_eq!(result(Add, &decimal(10, 2), &Double), Some(Double));
}

#[test]
fn sinks_take_what_fits() {
    let fit = |dialect, from: &DataType, to: &DataType| sink_fit(dialect, from, to);
    for dialect in [Blink, Flink] {
        assert_eq!(fit(dialect, &Int, &BigInt), Fit::Always);
        assert_eq!(fit(dialect, &Int, &decimal(10, 0)), Fit::Always);
        assert_eq!(fit(dialect, &Char(3), &STRING), Fit::Always);
        assert_eq!(fit(dialect, &Null, &Date), Fit::Always);
        assert_eq!(fit(dialect, &decimal(38, 0), &Float), Fit::Always);
        assert_eq!(fit(dialect, &decimal(10, 2), &Double), Fit::Always);
        assert_eq!(fit(dialect, &BigInt, &Double), Fit::Always);
        assert_eq!(fit(dialect, &decimal(10, 2), &decimal(5, 2)), Fit::OrNull);
        assert_eq!(
            fit(dialect, &DataType::Array(Box::new(Int)), &Int),
            Fit::Refused
        );
    }
    assert_eq!(fit(Blink, &BigInt, &Int), Fit::OrNull);
    assert_eq!(fit(Flink, &BigInt, &Int), Fit::Refused);
    assert_eq!(fit(Blink, &STRING, &Double), Fit::OrNull);
    assert_eq!(fit(Flink, &STRING, &Double), Fit::Refused);
    assert_eq!(fit(Flink, &Double, &decimal(5, 2)), Fit::Always);
    assert_eq!(fit(Flink, &STRING, &VarChar(5)), Fit::Always);
    assert_eq!(fit(Blink, &STRING, &VarChar(5)), Fit::OrNull);
    assert_eq!(fit(Flink, &STRING, &Char(5)), Fit::Refused);
    assert_eq!(fit(Blink, &Double, &Float), Fit::OrNull);
}

#[test]
fn casts_exist_between_what_has_a_meaning() {
    assert!(castable(&STRING, &Int) && castable(&Int, &STRING));
    assert!(castable(&Int, &Boolean) && castable(&Boolean, &Int));
    assert!(castable(&Timestamp(3), &Date) && castable(&Date, &TimestampLtz(3)));
    assert!(castable(&row(&[("a", Int)]), &STRING));
    assert!(castable(&row(&[("a", Int)]), &row(&[("b", STRING)])));
    assert!(!castable(&row(&[("a", Int)]), &Int));
    assert!(!castable(&STRING, &DataType::Array(Box::new(Int))));
    assert!(!castable(&Date, &Int));
    assert!(!castable(&Int, &Null));
    assert!(castable(&Null, &Date));
}
