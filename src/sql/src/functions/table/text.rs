//! Functions of text.

use super::{STRING, many};
use crate::Function as F;
use crate::functions::Argument::Text;
use crate::functions::Dialects::{Blink, Flink};
use crate::functions::Meaning::Call;
use crate::functions::Signature;

/// Their forms.
#[rustfmt::skip]
pub(super) const FORMS: &[Signature] = &[
    many("CONCAT",         &[Text],                    STRING,  Blink, Call(F::ConcatSkipNull)),
    many("CONCAT",         &[Text],                    STRING,  Flink, Call(F::Concat)),
];
