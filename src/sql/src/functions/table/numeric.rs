//! Functions of numbers.

use super::{SAME, form};
use crate::functions::Argument::Number;
use crate::functions::Dialects::Both;
use crate::functions::Meaning::Operator;
use crate::functions::Signature;
use crate::plan::ArithmeticOp;

/// Their forms.
#[rustfmt::skip]
pub(super) const FORMS: &[Signature] = &[
    form("MOD",            &[Number, Number], SAME, Both, Operator(ArithmeticOp::Modulo)),
];
