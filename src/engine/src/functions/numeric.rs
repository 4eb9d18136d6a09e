//! Functions of numbers.

use super::Operator;
use super::precise;
use super::rounding::{self, Mode};
use crate::eval::compare::Comparable;
use crate::eval::context::{Context, Evaluated};
use crate::eval::decimal::DecimalType;
use crate::eval::node::Node;
use crate::eval::numeric::{NumberKind, wrap};
use crate::failure::Failure;
use rookery_model::{Decimal, Value};
use rookery_sql::{MathFunction, NumericFunction};
use std::cmp::Ordering;
use std::io::Write as _;

/// A function of numbers with its arguments. NULL if an argument is.
#[derive(Debug)]
pub(crate) struct Numeric {
    pub function: NumericFunction,
    /// The type of the result, if it is a number.
    pub kind: Option<NumberKind>,
    /// What GREATEST and LEAST compare.
    pub comparable: Option<Comparable>,
    /// Whether what has no result stops the row (flink), instead of being NULL (blink).
    pub strict: bool,
    /// What tells this call from the others of its rule.
    pub salt: u64,
    pub args: Box<[Node]>,
}

/// What a function that takes numbers gives: nothing for NULL.
type Result<'a> = std::result::Result<Option<Value<'a>>, NotFinite>;

/// NaN or an infinity, which has no digits.
struct NotFinite;

impl Operator for Numeric {
    fn value<'a>(&'a self, cx: &Context<'_, 'a>) -> Evaluated<'a> {
        use NumericFunction as F;
        let result = match (self.function, &*self.args) {
            (F::Rand | F::RandInteger, args) => return self.random(args, cx),
            (F::Greatest | F::Least, args) => return self.extreme(args, cx),
            (_, [only]) => match only.value(cx)? {
                Value::Null => Ok(None),
                value => self.of_one(value, cx),
            },
            (_, [first, second]) => match (first.value(cx)?, second.value(cx)?) {
                (Value::Null, _) | (_, Value::Null) => Ok(None),
                (first, second) => self.of_two(first, second),
            },
            (F::Convert, [text, from, to]) => {
                match (text.value(cx)?, from.value(cx)?, to.value(cx)?) {
                    (Value::String(text), Value::Int(from), Value::Int(to)) => {
                        Ok(in_base(text, from, to, cx))
                    }
                    _ => Ok(None),
                }
            }
            _ => Ok(None),
        };
        match result {
            Ok(value) => Ok(value.unwrap_or(Value::Null)),
            Err(NotFinite) if self.strict => cx.fail(Failure::Argument {
                function: if self.function == F::Round {
                    "ROUND"
                } else {
                    "TRUNCATE"
                },
                problem: "it takes finite numbers",
            }),
            Err(NotFinite) => Ok(Value::Null),
        }
    }

    fn children(&self) -> Vec<&Node> {
        self.args.iter().collect()
    }

    fn fallible(&self) -> bool {
        use NumericFunction as F;
        let domain = match self.function {
            F::Round | F::Truncate => {
                matches!(self.kind, Some(NumberKind::Float | NumberKind::Double))
            }
            F::RandInteger => true,
            _ => false,
        };
        domain && self.strict
    }
}

impl Numeric {
    fn of_one<'a>(&self, value: Value<'a>, cx: &Context<'_, 'a>) -> Result<'a> {
        use NumericFunction as F;
        Ok(match (self.function, value) {
            (F::Math(function), Value::Double(x)) => {
                let precise = if self.strict {
                    precise_math(function, x)
                } else {
                    None
                };
                Some(Value::Double(precise.unwrap_or_else(|| math(function, x))))
            }
            (F::Abs, value) => self.absolute(value),
            (F::Sign, value) => self.sign(value),
            (F::Ceil, value) => self.whole(value, true),
            (F::Floor, value) => self.whole(value, false),
            (F::Round, value) => return self.rounded(value, 0, Mode::HalfUp),
            (F::Truncate, value) => return self.rounded(value, 0, Mode::Down),
            (F::BitNot, Value::Int(int)) => Some(Value::Int(!int)),
            (F::Bin, Value::Int(int)) => Some(made(cx, |out| write!(out, "{int:b}"))),
            (F::HexOfInt, Value::Int(int)) => Some(made(cx, |out| write!(out, "{int:X}"))),
            (F::HexOfText, Value::String(text)) => Some(made(cx, |out| {
                text.bytes().try_for_each(|byte| write!(out, "{byte:02X}"))
            })),
            (F::Unhex, Value::String(text)) => unhex(text, cx),
            _ => None,
        })
    }

    fn of_two<'a>(&self, first: Value<'a>, second: Value<'a>) -> Result<'a> {
        use NumericFunction as F;
        Ok(match (self.function, first, second) {
            (F::Round, value, Value::Int(digits)) => {
                return self.rounded(value, digits, Mode::HalfUp);
            }
            (F::Truncate, value, Value::Int(digits)) => {
                return self.rounded(value, digits, Mode::Down);
            }
            (F::Power, Value::Double(a), Value::Double(b)) => Some(Value::Double(power(a, b))),
            (F::Atan2, Value::Double(y), Value::Double(x)) => {
                Some(Value::Double(libm::atan2(y, x)))
            }
            (F::LogBase, Value::Double(base), Value::Double(x)) if self.strict => {
                Some(Value::Double(precise::ln(x) / precise::ln(base)))
            }
            (F::LogBase, Value::Double(base), Value::Double(x)) => {
                Some(Value::Double(libm::log(x) / libm::log(base)))
            }
            (F::BitAnd, Value::Int(a), Value::Int(b)) => Some(Value::Int(a & b)),
            (F::BitOr, Value::Int(a), Value::Int(b)) => Some(Value::Int(a | b)),
            (F::BitXor, Value::Int(a), Value::Int(b)) => Some(Value::Int(a ^ b)),
            _ => None,
        })
    }

    /// An integer of the result's width.
    fn int<'a>(&self, int: i64) -> Value<'a> {
        Value::Int(match self.kind {
            Some(NumberKind::Int(bits)) => wrap(int, bits),
            _ => int,
        })
    }

    fn decimal(&self) -> DecimalType {
        match self.kind {
            Some(NumberKind::Decimal(to)) => to,
            _ => DecimalType {
                precision: 38,
                scale: 0,
            },
        }
    }

    fn absolute<'a>(&self, value: Value<'a>) -> Option<Value<'a>> {
        Some(match value {
            Value::Int(int) => self.int(int.wrapping_abs()),
            Value::Float(float) => Value::Float(float.abs()),
            Value::Double(double) => Value::Double(double.abs()),
            Value::Decimal(Decimal { unscaled, scale }) => Value::Decimal(Decimal {
                unscaled: unscaled.abs(),
                scale,
            }),
            _ => return None,
        })
    }

    fn sign<'a>(&self, value: Value<'a>) -> Option<Value<'a>> {
        Some(match value {
            Value::Int(int) => Value::Int(int.signum()),
            Value::Float(float) if float == 0.0 || float.is_nan() => Value::Float(float),
            Value::Float(float) => Value::Float(float.signum()),
            Value::Double(double) if double == 0.0 || double.is_nan() => Value::Double(double),
            Value::Double(double) => Value::Double(double.signum()),
            Value::Decimal(decimal) => {
                let sign = Decimal {
                    unscaled: decimal.unscaled.signum(),
                    scale: 0,
                };
                Value::Decimal(self.decimal().fit(sign)?)
            }
            _ => return None,
        })
    }

    fn whole<'a>(&self, value: Value<'a>, up: bool) -> Option<Value<'a>> {
        Some(match value {
            Value::Int(_) => value,
            Value::Float(float) if up => Value::Float(float.ceil()),
            Value::Float(float) => Value::Float(float.floor()),
            Value::Double(double) if up => Value::Double(double.ceil()),
            Value::Double(double) => Value::Double(double.floor()),
            Value::Decimal(decimal) => {
                Value::Decimal(rounding::whole(decimal, up, self.decimal())?)
            }
            _ => return None,
        })
    }

    fn rounded<'a>(&self, value: Value<'a>, digits: i64, mode: Mode) -> Result<'a> {
        Ok(match value {
            Value::Int(int) => Some(self.int(rounding::int(int, digits, mode))),
            Value::Float(float) => Some(Value::Float(
                rounding::double(f64::from(float), digits, mode).ok_or(NotFinite)? as f32,
            )),
            Value::Double(double) => Some(Value::Double(
                rounding::double(double, digits, mode).ok_or(NotFinite)?,
            )),
            Value::Decimal(decimal) => {
                let rounded = rounding::decimal(decimal, digits, mode, self.decimal());
                rounded.map(|rounded| {
                    // In flink it has the digits that were asked for, not those of its type.
                    let kept = if self.strict { digits } else { i64::MAX };
                    Value::Decimal(rounding::without_zeros(rounded, kept))
                })
            }
            _ => None,
        })
    }

    /// GREATEST, LEAST: NULL as soon as one is; NaN is above all.
    fn extreme<'a>(&self, args: &'a [Node], cx: &Context<'_, 'a>) -> Evaluated<'a> {
        let wanted = match self.function {
            NumericFunction::Greatest => Ordering::Greater,
            _ => Ordering::Less,
        };
        let mut best = Value::Null;
        for (place, node) in args.iter().enumerate() {
            let value = node.value(cx)?;
            if value.is_null() {
                return Ok(Value::Null);
            }
            let better = self
                .comparable
                .and_then(|comparable| comparable.total_order(&value, &best))
                .is_some_and(|order| order == wanted);
            if place == 0 || better {
                best = value;
            }
        }
        Ok(best)
    }

    /// RAND and RAND_INTEGER: the same for the same row, however often it is made.
    fn random<'a>(&self, args: &'a [Node], cx: &Context<'_, 'a>) -> Evaluated<'a> {
        let integer = self.function == NumericFunction::RandInteger;
        let (seed, bound) = match (integer, args) {
            (true, [seed, bound]) => (Some(seed.value(cx)?), bound.value(cx)?),
            (true, [bound]) => (None, bound.value(cx)?),
            (false, [seed]) => (Some(seed.value(cx)?), Value::Null),
            _ => (None, Value::Null),
        };
        let seed = match seed {
            None => 0,
            Some(Value::Int(seed)) => mixed(seed as u64),
            Some(_) => return Ok(Value::Null),
        };
        let position = cx.record.position;
        let parts = [
            self.salt,
            u64::from(cx.record.shard.0),
            position.term.0,
            position.lsn.0,
        ];
        let drawn = parts
            .into_iter()
            .fold(seed, |state, part| mixed(state ^ part));
        if !integer {
            // 53 bits, as many as a DOUBLE's digits have.
            return Ok(Value::Double((drawn >> 11) as f64 / (1_u64 << 53) as f64));
        }
        match bound {
            Value::Int(bound) if bound > 0 => {
                let scaled = (u128::from(drawn) * bound as u128) >> 64;
                Ok(Value::Int(scaled as i64))
            }
            Value::Int(_) if self.strict => cx.fail(Failure::Argument {
                function: "RAND_INTEGER",
                problem: "its bound is above 0",
            }),
            _ => Ok(Value::Null),
        }
    }
}

/// One round of SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators").
fn mixed(state: u64) -> u64 {
    let state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let state = (state ^ state >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let state = (state ^ state >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    state ^ state >> 31
}

/// The same on every box: no function of the C library.
fn math(function: MathFunction, x: f64) -> f64 {
    use MathFunction as M;
    match function {
        M::Sqrt => x.sqrt(),
        M::Exp => libm::exp(x),
        M::Ln => libm::log(x),
        M::Log10 => libm::log10(x),
        M::Log2 => libm::log(x) / libm::log(2.0),
        M::Sin => libm::sin(x),
        M::Cos => libm::cos(x),
        M::Tan => libm::tan(x),
        M::Cot => 1.0 / libm::tan(x),
        M::Asin => libm::asin(x),
        M::Acos => libm::acos(x),
        M::Atan => libm::atan(x),
        M::Sinh => libm::sinh(x),
        M::Cosh => libm::cosh(x),
        M::Tanh => libm::tanh(x),
        M::Degrees => x * (180.0 / std::f64::consts::PI),
        M::Radians => x * (std::f64::consts::PI / 180.0),
    }
}

/// Those that flink rounds to the nearest.
fn precise_math(function: MathFunction, x: f64) -> Option<f64> {
    match function {
        MathFunction::Exp => Some(precise::exp(x)),
        MathFunction::Ln => Some(precise::ln(x)),
        MathFunction::Log2 => Some(precise::ln(x) / precise::ln(2.0)),
        _ => None,
    }
}

/// As Java's `Math.pow`: one to the power of NaN is NaN, and so are plus and minus one to that of infinities.
fn power(base: f64, exponent: f64) -> f64 {
    if exponent.is_nan() || (exponent.is_infinite() && base.abs() == 1.0) {
        return f64::NAN;
    }
    libm::pow(base, exponent)
}

/// Text made of ASCII.
fn made<'a>(
    cx: &Context<'_, 'a>,
    write: impl FnOnce(&mut Vec<u8>) -> std::io::Result<()>,
) -> Value<'a> {
    Value::String(cx.work.build(|out| {
        write(out).expect("memory takes all that is written");
    }))
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).map(|digit| digit as u8)
}

/// The bytes that pairs of hexadecimal digits name; the first digit of an odd number stands alone.
fn unhex<'a>(text: &str, cx: &Context<'_, 'a>) -> Option<Value<'a>> {
    let text = text.as_bytes();
    if !text.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    let odd = text.len() % 2;
    let bytes = cx
        .work
        .arena
        .alloc_slice_fill_with(text.len().div_ceil(2), |i| {
            let at = (2 * i).wrapping_sub(odd);
            let high = text.get(at).and_then(|&byte| digit(byte)).unwrap_or(0);
            let low = text
                .get(at.wrapping_add(1))
                .and_then(|&byte| digit(byte))
                .unwrap_or(0);
            high * 16 + low
        });
    Some(Value::Bytes(bytes))
}

/// Smallest and largest base of CONV.
const BASES: std::ops::RangeInclusive<u64> = 2..=36;

/// A number's digits in another base; a negative base of the result keeps the sign.
fn in_base<'a>(text: &str, from: i64, to: i64, cx: &Context<'_, 'a>) -> Option<Value<'a>> {
    if !BASES.contains(&from.unsigned_abs()) || !BASES.contains(&to.unsigned_abs()) {
        return None;
    }
    let (negative, digits) = match text.trim().strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.trim()),
    };
    let magnitude = u64::from_str_radix(digits, from.unsigned_abs() as u32).ok()?;
    let value = if negative {
        (magnitude as i64).wrapping_neg() as u64
    } else {
        magnitude
    };
    let (minus, mut value) = if to < 0 && (value as i64) < 0 {
        (true, (value as i64).unsigned_abs())
    } else {
        (false, value)
    };
    let base = to.unsigned_abs();
    let mut digits = [0; 64];
    let mut start = digits.len();
    loop {
        start -= 1;
        let digit = char::from_digit((value % base) as u32, base as u32).unwrap_or('0');
        digits[start] = digit.to_ascii_uppercase() as u8;
        value /= base;
        if value == 0 {
            break;
        }
    }
    Some(made(cx, |out| {
        if minus {
            out.push(b'-');
        }
        out.extend_from_slice(&digits[start..]);
        Ok(())
    }))
}
