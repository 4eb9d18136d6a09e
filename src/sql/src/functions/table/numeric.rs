//! Functions of numbers.

use super::{BYTES, DOUBLE, FIRST, INT, ROUNDED, SAME, STRING, WHOLE, form, many};
use crate::Function::Numeric;
use crate::MathFunction as M;
use crate::NumericFunction as F;
use crate::functions::Argument::{BigInt, Common, Double, Integer, Number, Text};
use crate::functions::Dialects::{Blink, Both};
use crate::functions::Meaning::{Call, Operator};
use crate::functions::{Meaning, Signature};
use crate::plan::ArithmeticOp;

const fn n(function: F) -> Meaning {
    Call(Numeric(function))
}

const fn math(function: M) -> Meaning {
    n(F::Math(function))
}

/// Their forms.
#[rustfmt::skip]
pub(super) const FORMS: &[Signature] = &[
    form("ABS",          &[Number],                     FIRST,   Both,  n(F::Abs)),
    form("SIGN",         &[Number],                     FIRST,   Both,  n(F::Sign)),
    form("CEIL",         &[Number],                     WHOLE,   Both,  n(F::Ceil)),
    form("CEILING",      &[Number],                     WHOLE,   Both,  n(F::Ceil)),
    form("FLOOR",        &[Number],                     WHOLE,   Both,  n(F::Floor)),
    form("ROUND",        &[Number],                     ROUNDED, Both,  n(F::Round)),
    form("ROUND",        &[Number, Integer],            ROUNDED, Both,  n(F::Round)),
    form("TRUNCATE",     &[Number],                     ROUNDED, Both,  n(F::Truncate)),
    form("TRUNCATE",     &[Number, Integer],            ROUNDED, Both,  n(F::Truncate)),
    form("MOD",          &[Number, Number],             SAME,    Both,  Operator(ArithmeticOp::Modulo)),
    form("POWER",        &[Double, Double],             DOUBLE,  Both,  n(F::Power)),
    form("SQRT",         &[Double],                     DOUBLE,  Both,  math(M::Sqrt)),
    form("EXP",          &[Double],                     DOUBLE,  Both,  math(M::Exp)),
    form("LN",           &[Double],                     DOUBLE,  Both,  math(M::Ln)),
    form("LOG",          &[Double],                     DOUBLE,  Both,  math(M::Ln)),
    form("LOG",          &[Double, Double],             DOUBLE,  Both,  n(F::LogBase)),
    form("LOG10",        &[Double],                     DOUBLE,  Both,  math(M::Log10)),
    form("LOG2",         &[Double],                     DOUBLE,  Both,  math(M::Log2)),
    form("SIN",          &[Double],                     DOUBLE,  Both,  math(M::Sin)),
    form("COS",          &[Double],                     DOUBLE,  Both,  math(M::Cos)),
    form("TAN",          &[Double],                     DOUBLE,  Both,  math(M::Tan)),
    form("COT",          &[Double],                     DOUBLE,  Both,  math(M::Cot)),
    form("ASIN",         &[Double],                     DOUBLE,  Both,  math(M::Asin)),
    form("ACOS",         &[Double],                     DOUBLE,  Both,  math(M::Acos)),
    form("ATAN",         &[Double],                     DOUBLE,  Both,  math(M::Atan)),
    form("ATAN2",        &[Double, Double],             DOUBLE,  Both,  n(F::Atan2)),
    form("SINH",         &[Double],                     DOUBLE,  Both,  math(M::Sinh)),
    form("COSH",         &[Double],                     DOUBLE,  Both,  math(M::Cosh)),
    form("TANH",         &[Double],                     DOUBLE,  Both,  math(M::Tanh)),
    form("DEGREES",      &[Double],                     DOUBLE,  Both,  math(M::Degrees)),
    form("RADIANS",      &[Double],                     DOUBLE,  Both,  math(M::Radians)),
    form("PI",           &[],                           DOUBLE,  Both,  Meaning::Constant(std::f64::consts::PI)),
    form("E",            &[],                           DOUBLE,  Both,  Meaning::Constant(std::f64::consts::E)),
    form("BIN",          &[BigInt],                     STRING,  Both,  n(F::Bin)),
    form("HEX",          &[BigInt],                     STRING,  Both,  n(F::HexOfInt)),
    form("HEX",          &[Text],                       STRING,  Both,  n(F::HexOfText)),
    form("UNHEX",        &[Text],                       BYTES,   Both,  n(F::Unhex)),
    form("CONV",         &[Text, Integer, Integer],     STRING,  Blink, n(F::Convert)),
    form("BITAND",       &[Integer, Integer],           FIRST,   Blink, n(F::BitAnd)),
    form("BITOR",        &[Integer, Integer],           FIRST,   Blink, n(F::BitOr)),
    form("BITXOR",       &[Integer, Integer],           FIRST,   Blink, n(F::BitXor)),
    form("BITNOT",       &[Integer],                    FIRST,   Blink, n(F::BitNot)),
    many("GREATEST",     &[Common],                     SAME,    Both,  n(F::Greatest)),
    many("LEAST",        &[Common],                     SAME,    Both,  n(F::Least)),
    form("RAND",         &[],                           DOUBLE,  Both,  n(F::Rand)),
    form("RAND",         &[Integer],                    DOUBLE,  Both,  n(F::Rand)),
    form("RAND_INTEGER", &[Integer],                    INT,     Both,  n(F::RandInteger)),
    form("RAND_INTEGER", &[Integer, Integer],           INT,     Both,  n(F::RandInteger)),
];
