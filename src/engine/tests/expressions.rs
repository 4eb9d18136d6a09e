//! What expressions mean: Kleene logic, JSON_VALUE, casts, arithmetic, patterns, functions.
#![allow(clippy::unwrap_used)]

mod support;

use rookery_model::DataType;
use rookery_sql::Function;
use rookery_sql::plan::*;
use support::*;

const TRUTHS: [Option<bool>; 3] = [Some(true), Some(false), None];

fn shown(truth: Option<bool>) -> String {
    truth.map_or("NULL".to_owned(), |truth| truth.to_string())
}

/// A truth that is only known once the message is read.
fn late(truth: Option<bool>) -> Expr {
    let name = match truth {
        Some(true) => "t",
        Some(false) => "f",
        None => "u",
    };
    cast(json_value(column(0), &[name]), DataType::Boolean)
}

const TRUTH_MESSAGE: &str = r#"{"d":"{\"t\":true,\"f\":false,\"u\":null}"}"#;

#[test]
fn and_or_not_are_kleenes() {
    for make in [boolean, late] {
        for a in TRUTHS {
            let negated = value(not(make(a)), TRUTH_MESSAGE);
            assert_eq!(negated, shown(a.map(|a| !a)));
            for b in TRUTHS {
                let both = match (a, b) {
                    (Some(false), _) | (_, Some(false)) => Some(false),
                    (Some(true), Some(true)) => Some(true),
                    _ => None,
                };
                let either = match (a, b) {
                    (Some(true), _) | (_, Some(true)) => Some(true),
                    (Some(false), Some(false)) => Some(false),
                    _ => None,
                };
                let got = value(and(vec![make(a), make(b)]), TRUTH_MESSAGE);
                assert_eq!(got, shown(both), "{a:?} AND {b:?}");
                let got = value(or(vec![make(a), make(b)]), TRUTH_MESSAGE);
                assert_eq!(got, shown(either), "{a:?} OR {b:?}");
                let got = value(equal(make(a), make(b)), TRUTH_MESSAGE);
                assert_eq!(got, shown(a.zip(b).map(|(a, b)| a == b)));
                for negated in [false, true] {
                    let distinct = ExprKind::Distinct {
                        negated,
                        left: Box::new(make(a)),
                        right: Box::new(make(b)),
                    };
                    let got = value(expr(distinct, DataType::Boolean), TRUTH_MESSAGE);
                    assert_eq!(got, ((a != b) != negated).to_string(), "{a:?} {b:?}");
                }
            }
        }
    }
}

#[test]
fn is_tests_are_never_null() {
    let tests = [
        (IsTest::Null, None),
        (IsTest::Unknown, None),
        (IsTest::True, Some(true)),
        (IsTest::False, Some(false)),
    ];
    for make in [boolean, late] {
        for truth in TRUTHS {
            for (test, wanted) in tests {
                for negated in [false, true] {
                    let got = value(is(make(truth), test, negated), TRUTH_MESSAGE);
                    let expected = (truth == wanted) != negated;
                    assert_eq!(got, expected.to_string(), "{truth:?} {test:?} {negated}");
                }
            }
        }
    }
}

#[test]
fn a_row_passes_only_on_true() {
    for truth in TRUTHS {
        let source = table("up", &["d"]);
        let rules = vec![rule("job.out", Some(late(truth)), vec![int(1)])];
        let mut engine = engine(vec![program(source, rules)]);
        let seen = step(&mut engine, TRUTH_MESSAGE);
        assert_eq!(seen.rows.len(), usize::from(truth == Some(true)));
    }
}

#[test]
fn in_is_three_valued() {
    let a = || text("a");
    let unknown = || null(DataType::STRING);
    let of_column = || column(1);
    for input in [a as fn() -> Expr, of_column] {
        let message = r#"{"e":"a"}"#;
        let cases = [
            (vec![a(), unknown()], "true", "false"),
            (vec![text("b"), unknown()], "NULL", "NULL"),
            (vec![text("b"), a()], "true", "false"),
            (vec![text("b")], "false", "true"),
            // One operand is no constant: another way through.
            (vec![column(1), unknown()], "true", "false"),
            (vec![column(0), text("b")], "NULL", "NULL"),
        ];
        for (list, positive, negative) in cases {
            assert_eq!(
                value(in_list(input(), list.clone(), false), message),
                positive
            );
            assert_eq!(value(in_list(input(), list, true), message), negative);
        }
    }
    assert_eq!(constant(in_list(unknown(), vec![a()], false)), "NULL");
    assert_eq!(constant(in_list(unknown(), vec![a()], true)), "NULL");
    let many: Vec<Expr> = (0..50).map(|i| text(&format!("{i:02}"))).collect();
    assert_eq!(constant(in_list(text("49"), many.clone(), false)), "true");
    assert_eq!(constant(in_list(text("50"), many, false)), "false");
}

#[test]
fn json_value_gives_text_of_whatever_it_finds() {
    let d = r#"{"Flag":"04","Powers":[{"Channel":"1","Power":"2203"},{"Channel":"2"}],"n":null,
        "num":42,"flt":12.50,"exp":1e+21,"big":12345678901234567890123,"t":true,"f":false,"empty":"",
        "uni":"中文\u00e9","esc":"a\"b\\c\n","deep":{"a":{"b":"x"}},"a":1,"a":2,"none":[]}"#;
    let message = format!("{{\"d\":{}}}", quoted(d));
    let cases: &[(&[&str], &str)] = &[
        (&["Flag"], "'04'"),
        (&["Powers", "[0]"], r#"'{"Channel":"1","Power":"2203"}'"#),
        (&["Powers", "[0]", "Power"], "'2203'"),
        (&["Powers", "[1]", "Power"], "NULL"),
        (&["Powers", "[2]"], "NULL"),
        (&["Powers", "[*]", "Channel"], r#"'["1","2"]'"#),
        (&["Powers", "[*]", "Power"], r#"'["2203"]'"#),
        (&["Powers", "[*]", "nope"], "'[]'"),
        (&["none", "[*]"], "'[]'"),
        (&["Flag", "[*]"], "NULL"),
        (&["nope", "[*]"], "NULL"),
        (&["n"], "NULL"),
        (&["nope"], "NULL"),
        (&["flag"], "NULL"),
        (&["num"], "'42'"),
        (&["flt"], "'12.50'"),
        (&["exp"], "'1e+21'"),
        (&["big"], "'12345678901234567890123'"),
        (&["t"], "'true'"),
        (&["f"], "'false'"),
        (&["empty"], "''"),
        (&["uni"], "'中文é'"),
        (&["esc"], "'a\"b\\c\n'"),
        (&["deep"], r#"'{"a":{"b":"x"}}'"#),
        (&["deep", "a", "b"], "'x'"),
        (&["a"], "'1'"),
        (&["none"], "'[]'"),
    ];
    for (steps, expected) in cases {
        let of_column = value(json_value(column(0), steps), &message);
        assert_eq!(of_column, *expected, "{steps:?}");
        // The same text, not as a column.
        let copied = call(Function::ConcatSkipNull, vec![column(0)], DataType::STRING);
        assert_eq!(
            value(json_value(copied, steps), &message),
            *expected,
            "{steps:?}"
        );
    }
    // The same JSON not wrapped in text.
    let within = format!("{{\"d\":{d}}}");
    for (steps, expected) in cases {
        let got = value(json_value(column(0), steps), &within);
        assert_eq!(got, *expected, "{steps:?}");
    }
}

fn quoted(text: &str) -> String {
    let escaped: Vec<String> = text
        .chars()
        .map(|c| match c {
            '"' => "\\\"".to_owned(),
            '\\' => "\\\\".to_owned(),
            '\n' => "\\n".to_owned(),
            c => c.to_string(),
        })
        .collect();
    format!("\"{}\"", escaped.concat())
}

#[test]
fn json_value_of_constants() {
    let cases: &[(&str, &[&str], &str)] = &[
        ("[10,20,[30,40]]", &["[2]", "[*]"], "'[30,40]'"),
        ("[10, 20, [30, 40]]", &["[2]"], "'[30,40]'"),
        ("{xx]", &["a"], "NULL"),
        ("{\"a\":1", &["a"], "NULL"),
        ("", &[], "NULL"),
        ("null", &[], "NULL"),
        ("12", &[], "'12'"),
        ("\"x\"", &[], "'x'"),
        ("{ \"a\" : [ 1 , 2.0 ] }", &[], "'{\"a\":[1,2.0]}'"),
        ("{\"a\":1}x", &["a"], "NULL"),
    ];
    for (json, steps, expected) in cases {
        assert_eq!(constant(json_value(text(json), steps)), *expected, "{json}");
        let message = format!("{{\"d\":{}}}", quoted(json));
        assert_eq!(value(json_value(column(0), steps), &message), *expected);
    }
    assert_eq!(constant(json_value(null(DataType::STRING), &[])), "NULL");
}

#[test]
fn a_json_column_that_is_no_object_or_array() {
    assert_eq!(
        value(json_value(column(0), &[]), r#"{"d":12.50}"#),
        "'12.50'"
    );
    assert_eq!(value(json_value(column(0), &[]), r#"{"d":true}"#), "'true'");
    assert_eq!(value(json_value(column(0), &[]), r#"{"d":null}"#), "NULL");
    assert_eq!(value(json_value(column(0), &["a"]), r#"{"d":5}"#), "NULL");
    assert_eq!(value(json_value(column(0), &["a"]), "{}"), "NULL");
}

#[test]
fn text_columns_take_whatever_the_message_has() {
    let cases = [
        (r#"{"d":"x\n\"y"}"#, "'x\n\"y'"),
        (r#"{"d":12.50}"#, "'12.50'"),
        (r#"{"d":89860318760116000000}"#, "'89860318760116000000'"),
        (r#"{"d":-0}"#, "'-0'"),
        (r#"{"d":true}"#, "'true'"),
        (
            r#"{"d":{"b": 1, "a":[1, null]}}"#,
            r#"'{"b":1,"a":[1,null]}'"#,
        ),
        (r#"{"d":null}"#, "NULL"),
        (r#"{"d":""}"#, "''"),
        (r#"{"D":"x"}"#, "NULL"),
        (r#"{"d":"first","d":"second"}"#, "'first'"),
    ];
    for (message, expected) in cases {
        assert_eq!(value(column(0), message), expected, "{message}");
        let is_null = value(is(column(0), IsTest::Null, false), message);
        assert_eq!(is_null, (expected == "NULL").to_string(), "{message}");
    }
}

#[test]
fn text_is_cast_or_null() {
    let varchar = DataType::VarChar;
    let decimal = |precision, scale| DataType::Decimal { precision, scale };
    let cases = [
        ("12", DataType::Int, "12"),
        ("12.7", DataType::Int, "12"),
        ("-12.7", DataType::Int, "-12"),
        ("+5", DataType::TinyInt, "5"),
        ("2147483647", DataType::Int, "2147483647"),
        ("2147483648", DataType::Int, "NULL"),
        ("-2147483649", DataType::Int, "NULL"),
        ("128", DataType::TinyInt, "NULL"),
        ("-32768", DataType::SmallInt, "-32768"),
        ("99999999999", DataType::BigInt, "99999999999"),
        ("9223372036854775808", DataType::BigInt, "NULL"),
        ("", DataType::Int, "NULL"),
        ("abc", DataType::Int, "NULL"),
        ("1 ", DataType::Int, "NULL"),
        ("1e3", DataType::Int, "NULL"),
        ("1.5", DataType::Double, "1.5d"),
        (" 1e3 ", DataType::Double, "1000.0d"),
        ("", DataType::Double, "NULL"),
        ("x", DataType::Double, "NULL"),
        ("1.5", DataType::Float, "1.5f"),
        ("1.005", decimal(10, 2), "101e-2"),
        ("  1.004 ", decimal(10, 2), "100e-2"),
        ("-1.005", decimal(10, 2), "-101e-2"),
        ("123456.7", decimal(5, 2), "NULL"),
        ("x", decimal(5, 2), "NULL"),
        ("true", DataType::Boolean, "true"),
        ("T", DataType::Boolean, "true"),
        ("Yes", DataType::Boolean, "true"),
        ("y", DataType::Boolean, "true"),
        ("1", DataType::Boolean, "true"),
        ("FALSE", DataType::Boolean, "false"),
        ("f", DataType::Boolean, "false"),
        ("no", DataType::Boolean, "false"),
        ("n", DataType::Boolean, "false"),
        ("0", DataType::Boolean, "false"),
        ("2", DataType::Boolean, "NULL"),
        ("", DataType::Boolean, "NULL"),
        ("abcdef", varchar(3), "'abc'"),
        ("中文字", varchar(2), "'中文'"),
        ("ab", DataType::Char(4), "'ab  '"),
        ("abcde", DataType::Char(4), "'abcd'"),
        ("2026-11-22", DataType::Date, "Date(20779)"),
        ("2026-11-22 10:00:00", DataType::Date, "Date(20779)"),
        ("2026-2-30", DataType::Date, "NULL"),
        ("10:20:30", DataType::Time(0), "Time(37230000)"),
        ("25:00:00", DataType::Time(0), "NULL"),
        (
            "2026-11-22 10:00:00",
            DataType::Timestamp(3),
            "local 1795341600000.0",
        ),
        (
            "2026-11-22 10:00:00.5",
            DataType::Timestamp(3),
            "local 1795341600500.0",
        ),
        (
            "2026-11-22 10:00:00.123456789",
            DataType::Timestamp(6),
            "local 1795341600123.456000",
        ),
        (
            "2026-11-22 10:00:00.123456789",
            DataType::Timestamp(0),
            "local 1795341600000.0",
        ),
        (
            "2026-11-22",
            DataType::Timestamp(3),
            "local 1795305600000.0",
        ),
        ("2026-11-22T10:00:00", DataType::Timestamp(3), "NULL"),
        (
            "2026-11-22 10:00:00",
            DataType::TimestampLtz(3),
            "instant 1795312800000.0",
        ),
    ];
    for (input, to, expected) in cases {
        // As a constant, which is folded, and as a column.
        let folded = constant(cast(text(input), to.clone()));
        assert_eq!(folded, expected, "{input:?} as {to}");
        let message = format!("{{\"d\":{}}}", quoted(input));
        let seen = values(vec![cast(column(0), to.clone())], &message);
        assert_eq!(seen.rows, [format!("0:0: {expected}")], "{input:?} as {to}");
        let counted = seen.counts.len();
        assert_eq!(
            counted,
            usize::from(expected == "NULL"),
            "{input:?} as {to}"
        );
    }
}

#[test]
fn other_types_are_cast() {
    let decimal_type = |precision, scale| DataType::Decimal { precision, scale };
    let instant = literal(
        Literal::Timestamp(rookery_model::Timestamp::from_millis(1_795_341_600_500)),
        DataType::TimestampLtz(3),
    );
    let cases = [
        (bigint(70_000), DataType::SmallInt, "NULL"),
        (bigint(-5), DataType::SmallInt, "-5"),
        (int(3), DataType::Boolean, "true"),
        (int(0), DataType::Boolean, "false"),
        (int(3), DataType::Double, "3.0d"),
        (int(3), decimal_type(3, 1), "30e-1"),
        (int(300), decimal_type(3, 1), "NULL"),
        (int(-42), DataType::STRING, "'-42'"),
        (boolean(Some(true)), DataType::Int, "1"),
        (boolean(Some(true)), DataType::STRING, "'TRUE'"),
        (boolean(Some(false)), DataType::STRING, "'FALSE'"),
        (double(1.5), DataType::STRING, "'1.5'"),
        (double(1e10), DataType::STRING, "'1.0E10'"),
        (double(100.0), DataType::STRING, "'100.0'"),
        (double(-2.9), DataType::Int, "-2"),
        (double(1e10), DataType::Int, "NULL"),
        (double(f64::NAN), DataType::Int, "NULL"),
        (double(9.3e18), DataType::BigInt, "NULL"),
        (double(2.675), decimal_type(5, 2), "268e-2"),
        (double(1e300), DataType::Float, "inff"),
        (decimal(12_350, 5, 2), DataType::Int, "123"),
        (decimal(-12_350, 5, 2), decimal_type(5, 1), "-1235e-1"),
        (decimal(12_350, 5, 2), DataType::Double, "123.5d"),
        (decimal(5, 3, 2), DataType::STRING, "'0.05'"),
        (decimal(-1_200, 4, 2), DataType::STRING, "'-12.00'"),
        (
            timestamp(1_795_341_600_500, 1),
            DataType::STRING,
            "'2026-11-22 10:00:00.5'",
        ),
        (
            timestamp(1_795_341_600_000, 3),
            DataType::STRING,
            "'2026-11-22 10:00:00.000'",
        ),
        (
            timestamp(1_795_341_600_000, 0),
            DataType::STRING,
            "'2026-11-22 10:00:00'",
        ),
        (
            timestamp(1_795_341_600_500, 3),
            DataType::Date,
            "Date(20779)",
        ),
        (
            timestamp(1_795_341_600_500, 3),
            DataType::Time(0),
            "Time(36000000)",
        ),
        (
            timestamp(1_795_341_600_500, 3),
            DataType::Timestamp(0),
            "local 1795341600000.0",
        ),
        (
            timestamp(1_795_341_600_500, 3),
            DataType::TimestampLtz(3),
            "instant 1795312800500.0",
        ),
        (
            instant.clone(),
            DataType::Timestamp(3),
            "local 1795370400500.0",
        ),
        (instant, DataType::STRING, "'2026-11-22 18:00:00.500'"),
        (null(DataType::Null), DataType::Int, "NULL"),
    ];
    for (input, to, expected) in cases {
        assert_eq!(
            constant(cast(input.clone(), to.clone())),
            expected,
            "{input:?} as {to}"
        );
        // A CASE keeps the constant from being folded.
        let late = expr(
            ExprKind::Case {
                branches: vec![(boolean(Some(true)), input.clone())],
                otherwise: None,
            },
            input.data_type.clone(),
        );
        assert_eq!(
            constant(cast(late, to.clone())),
            expected,
            "{input:?} as {to}"
        );
    }
}

#[test]
fn unix_timestamps() {
    let of = |args| call(Function::UnixTimestamp, args, DataType::BigInt);
    let day = "yyyy-MM-dd";
    let cases = [
        (of(vec![text("1970-01-01 00:00:00")]), "-28800"),
        (of(vec![text("2026-11-22 10:00:00")]), "1795312800"),
        (of(vec![text("2026-11-22 10:00:00.123")]), "1795312800"),
        (of(vec![text("2026-11-22"), text(day)]), "1795276800"),
        (
            of(vec![text("22/11/2026"), text("dd/MM/yyyy")]),
            "1795276800",
        ),
        (
            of(vec![text("20261122100000"), text("yyyyMMddHHmmss")]),
            "1795312800",
        ),
        (of(vec![text("garbage")]), "NULL"),
        (of(vec![text("")]), "NULL"),
        (of(vec![text("2026-02-30 00:00:00")]), "NULL"),
        (of(vec![null(DataType::STRING)]), "NULL"),
        (of(vec![column(3)]), "1795312800"),
        // The format is a column.
        (of(vec![text("2026-11-22"), column(1)]), "1795276800"),
        (of(vec![text("2026-11-22"), column(0)]), "NULL"),
    ];
    let message = r#"{"ts":"2026-11-22 10:00:00","e":"yyyy-MM-dd"}"#;
    for (expr, expected) in cases {
        assert_eq!(value(expr.clone(), message), expected, "{expr:?}");
    }
    let now = call(Function::UnixTimestampNow, vec![], DataType::BigInt);
    assert_eq!(constant(now), "1795341600");
    let local = timestamp(1_795_341_600_500, 3);
    let of_local = call(Function::UnixTimestampOf, vec![local], DataType::BigInt);
    assert_eq!(constant(of_local), "1795312800");
    let instant = literal(
        Literal::Timestamp(rookery_model::Timestamp::from_millis(1_795_341_600_500)),
        DataType::TimestampLtz(3),
    );
    let of_instant = call(Function::UnixTimestampOf, vec![instant], DataType::BigInt);
    assert_eq!(constant(of_instant), "1795341600");
    let bad = of(vec![text("x"), column(1)]);
    let seen = values(vec![bad], r#"{"e":"yyyy-QQ"}"#);
    assert_eq!(
        seen.dead_letters,
        [
            "eval E1303 job.out: the letter `Q` of the date format `yyyy-QQ` is not supported; the letters are y M d D H h k K m s S a E z Z X, others go between single quotes"
        ]
    );
}

#[test]
fn arithmetic_is_javas() {
    use ArithmeticOp::{Add, Divide, Modulo, Multiply, Subtract};
    let decimal_type = |precision, scale| DataType::Decimal { precision, scale };
    let cases = [
        (
            Add,
            bigint(i64::MAX),
            bigint(1),
            DataType::BigInt,
            "-9223372036854775808",
        ),
        (
            Add,
            int(i32::MAX.into()),
            int(1),
            DataType::Int,
            "-2147483648",
        ),
        (Multiply, int(65_536), int(65_536), DataType::Int, "0"),
        (Subtract, int(5), int(7), DataType::Int, "-2"),
        (Modulo, int(-7), int(3), DataType::Int, "-1"),
        (Divide, int(-7), int(2), DataType::Int, "-3"),
        (Divide, double(7.0), double(2.0), DataType::Double, "3.5d"),
        (Divide, double(1.0), double(0.0), DataType::Double, "infd"),
        (Modulo, double(-7.5), double(2.0), DataType::Double, "-1.5d"),
        (
            Add,
            decimal(11, 2, 1),
            decimal(22, 2, 1),
            decimal_type(3, 1),
            "33e-1",
        ),
        (
            Divide,
            decimal(1, 1, 0),
            decimal(30, 2, 1),
            decimal_type(8, 6),
            "333333e-6",
        ),
        (
            Multiply,
            decimal(99, 2, 0),
            decimal(99, 2, 0),
            decimal_type(3, 0),
            "NULL",
        ),
        (Add, int(1), null(DataType::Int), DataType::Int, "NULL"),
    ];
    for (op, left, right, data_type, expected) in cases {
        let got = constant(arithmetic(op, left.clone(), right, data_type));
        assert_eq!(got, expected, "{left:?} {op:?}");
    }
    for (left, data_type) in [
        (int(1), DataType::Int),
        (decimal(1, 1, 0), decimal_type(2, 1)),
    ] {
        for op in [Divide, Modulo] {
            let zero = match data_type {
                DataType::Int => int(0),
                _ => decimal(0, 1, 0),
            };
            let by_zero = arithmetic(op, left.clone(), zero, data_type.clone());
            let seen = values(vec![by_zero], "{}");
            assert_eq!(seen.rows, Vec::<String>::new());
            assert_eq!(seen.dead_letters, ["eval E1301 job.out: division by zero"]);
        }
    }
    let negated = |input: Expr| {
        let data_type = input.data_type.clone();
        constant(expr(ExprKind::Negate(Box::new(input)), data_type))
    };
    assert_eq!(negated(int(i32::MIN.into())), "-2147483648");
    assert_eq!(negated(double(0.0)), "-0.0d");
    assert_eq!(negated(decimal(-15, 2, 1)), "15e-1");
}

#[test]
fn comparisons() {
    use CompareOp::{Equal, Greater, GreaterOrEqual, Less, LessOrEqual, NotEqual};
    let ops = [Equal, NotEqual, Less, LessOrEqual, Greater, GreaterOrEqual];
    let pairs = [
        (
            text("a"),
            text("b"),
            [false, true, true, true, false, false],
        ),
        (
            text("Z"),
            text("a"),
            [false, true, true, true, false, false],
        ),
        (
            text("10"),
            text("9"),
            [false, true, true, true, false, false],
        ),
        (
            text("a"),
            text("a"),
            [true, false, false, true, false, true],
        ),
        (int(3), bigint(2), [false, true, false, false, true, true]),
        (
            double(f64::NAN),
            double(f64::NAN),
            [false, true, false, false, false, false],
        ),
        (
            double(0.0),
            double(-0.0),
            [true, false, false, true, false, true],
        ),
        (
            decimal(10, 2, 1),
            decimal(1, 1, 0),
            [true, false, false, true, false, true],
        ),
        (
            timestamp(1, 3),
            timestamp(2, 0),
            [false, true, true, true, false, false],
        ),
        (
            boolean(Some(false)),
            boolean(Some(true)),
            [false, true, true, true, false, false],
        ),
    ];
    for (left, right, expected) in pairs {
        for (op, expected) in ops.into_iter().zip(expected) {
            let got = constant(compare(op, left.clone(), right.clone()));
            assert_eq!(got, expected.to_string(), "{left:?} {op:?} {right:?}");
            for (l, r) in [
                (left.clone(), null(right.data_type.clone())),
                (null(DataType::Null), right.clone()),
            ] {
                assert_eq!(constant(compare(op, l, r)), "NULL");
            }
        }
    }
}

#[test]
fn patterns() {
    let message = r#"{"d":"abc","e":"a%"}"#;
    assert_eq!(
        value(like(column(0), text("a%"), None, false), message),
        "true"
    );
    assert_eq!(
        value(like(column(0), text("a_c"), None, false), message),
        "true"
    );
    assert_eq!(
        value(like(column(0), text("a!%"), Some('!'), false), message),
        "false"
    );
    assert_eq!(
        value(like(column(0), column(1), None, false), message),
        "true"
    );
    assert_eq!(
        value(like(column(2), column(1), None, false), message),
        "NULL"
    );
    assert_eq!(
        value(like(column(0), column(2), None, false), message),
        "NULL"
    );
    assert_eq!(
        value(like(column(0), text("(ab|x)c+"), None, true), message),
        "true"
    );
    let bad = like(column(0), column(1), Some('%'), false);
    let seen = values(vec![bad], message);
    assert_eq!(
        seen.dead_letters,
        ["eval E1302 job.out: LIKE pattern \"a%\": it ends within an escape (`%`)"]
    );
}

#[test]
fn conditionals() {
    let case = |branches, otherwise: Option<Expr>| {
        let otherwise = otherwise.map(Box::new);
        let kind = ExprKind::Case {
            branches,
            otherwise,
        };
        constant(expr(kind, DataType::STRING))
    };
    let when = |truth| (boolean(truth), text("x"));
    assert_eq!(
        case(vec![when(Some(false)), when(None)], Some(text("y"))),
        "'y'"
    );
    assert_eq!(case(vec![when(None), when(Some(true))], None), "'x'");
    assert_eq!(case(vec![when(Some(false))], None), "NULL");
    let f = |function, args| constant(call(function, args, DataType::STRING));
    let nothing = || null(DataType::STRING);
    assert_eq!(f(Function::Coalesce, vec![nothing(), text("d")]), "'d'");
    assert_eq!(f(Function::Coalesce, vec![nothing(), nothing()]), "NULL");
    assert_eq!(
        f(Function::If, vec![boolean(None), text("a"), text("b")]),
        "'b'"
    );
    assert_eq!(
        f(
            Function::If,
            vec![boolean(Some(true)), text("a"), text("b")]
        ),
        "'a'"
    );
    assert_eq!(f(Function::NullIf, vec![text("a"), text("a")]), "NULL");
    assert_eq!(f(Function::NullIf, vec![text("a"), text("b")]), "'a'");
    assert_eq!(f(Function::NullIf, vec![text("a"), nothing()]), "'a'");
    assert_eq!(f(Function::NullIf, vec![nothing(), text("a")]), "NULL");
}

#[test]
fn text_functions() {
    let f = |function, args| constant(call(function, args, DataType::STRING));
    let cases = [
        (Function::IsDigit, "15", true),
        (Function::IsDigit, "1.5", false),
        (Function::IsDigit, "", false),
        (Function::IsDigit, "１２", true),
        (Function::IsDigit, "½", false),
        (Function::IsDecimal, "1.5", true),
        (Function::IsDecimal, "-1e3", true),
        (Function::IsDecimal, "x", false),
        (Function::IsDecimal, "", false),
        (Function::IsAlpha, "abc", true),
        (Function::IsAlpha, "中文", true),
        (Function::IsAlpha, "a1", false),
    ];
    for (function, input, expected) in cases {
        assert_eq!(
            f(function, vec![text(input)]),
            expected.to_string(),
            "{input}"
        );
        assert_eq!(f(function, vec![null(DataType::STRING)]), "false");
    }
    let (a, b, none) = (text("a"), text("b"), null(DataType::STRING));
    assert_eq!(f(Function::Concat, vec![a.clone(), b.clone()]), "'ab'");
    assert_eq!(f(Function::Concat, vec![a.clone(), none.clone()]), "NULL");
    assert_eq!(
        f(Function::ConcatSkipNull, vec![a, none.clone(), b]),
        "'ab'"
    );
    assert_eq!(f(Function::ConcatSkipNull, vec![none]), "''");
    let many: Vec<Expr> = (0..9).map(|i| text(&i.to_string())).collect();
    assert_eq!(f(Function::Concat, many), "'012345678'");
}
