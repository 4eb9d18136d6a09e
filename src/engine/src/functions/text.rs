//! Functions of text.

use super::made;
use crate::eval::context::{Context, Evaluated};
use crate::eval::flink_cast::java_double;
use crate::eval::parse_double;
use regex::Regex;
use rookery_model::Value;
use std::sync::LazyLock;

/// As `java.lang.Character.isDigit` and `isLetter` see them, for texts that are not ASCII.
static DIGITS: LazyLock<Regex> = LazyLock::new(|| whole(r"\p{Nd}"));
static LETTERS: LazyLock<Regex> = LazyLock::new(|| whole(r"\p{L}"));

fn whole(class: &str) -> Regex {
    Regex::new(&format!(r"\A{class}+\z")).expect("a class repeated is a regular expression")
}

fn is_all(value: Value<'_>, ascii: fn(&u8) -> bool, unicode: &Regex) -> bool {
    match value {
        Value::String(text) if text.is_ascii() => {
            !text.is_empty() && text.as_bytes().iter().all(ascii)
        }
        Value::String(text) => unicode.is_match(text),
        _ => false,
    }
}

/// IS_DIGIT: FALSE of NULL.
pub(super) fn is_digit<'a>(_: &Context<'_, 'a>, args: &[Value<'a>]) -> Evaluated<'a> {
    let answer = matches!(args[0], Value::Int(_)) || is_all(args[0], u8::is_ascii_digit, &DIGITS);
    Ok(Value::Boolean(answer))
}

/// IS_ALPHA: FALSE of NULL.
pub(super) fn is_alpha<'a>(_: &Context<'_, 'a>, args: &[Value<'a>]) -> Evaluated<'a> {
    let answer = is_all(args[0], u8::is_ascii_alphabetic, &LETTERS);
    Ok(Value::Boolean(answer))
}

/// IS_DECIMAL: FALSE of NULL.
pub(super) fn is_decimal<'a>(_: &Context<'_, 'a>, args: &[Value<'a>]) -> Evaluated<'a> {
    let answer = match args[0] {
        Value::String(text) => {
            text.bytes().any(|byte| byte.is_ascii_digit()) && parse_double(text).is_some()
        }
        Value::Int(_) | Value::Float(_) | Value::Double(_) | Value::Decimal(_) => true,
        _ => false,
    };
    Ok(Value::Boolean(answer))
}

/// IS_DECIMAL of flink: what Java reads as a number is one.
pub(crate) fn is_java_decimal<'a>(cx: &Context<'_, 'a>, args: &[Value<'a>]) -> Evaluated<'a> {
    match args[0] {
        Value::String(text) => Ok(Value::Boolean(java_double(text.trim()).is_some())),
        _ => is_decimal(cx, args),
    }
}

/// `||`: NULL if an argument is.
pub(super) fn concat<'a>(cx: &Context<'_, 'a>, args: &[Value<'a>]) -> Evaluated<'a> {
    if args.iter().any(Value::is_null) {
        return Ok(Value::Null);
    }
    concat_skip_null(cx, args)
}

/// Blink's CONCAT: without the NULLs among its arguments.
pub(super) fn concat_skip_null<'a>(cx: &Context<'_, 'a>, args: &[Value<'a>]) -> Evaluated<'a> {
    made::string(cx, "CONCAT", |out| {
        for arg in args {
            if let Value::String(text) = arg {
                out.push(text);
            }
        }
    })
}
