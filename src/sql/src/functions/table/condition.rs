//! Functions that choose and test.

use super::{BOOLEAN, SAME, form, many};
use crate::Function as F;
use crate::functions::Argument::{Boolean, Common, Single};
use crate::functions::Dialects::Both;
use crate::functions::Meaning::{Call, NullIf};
use crate::functions::Signature;

/// Their forms.
#[rustfmt::skip]
pub(super) const FORMS: &[Signature] = &[
    many("COALESCE",       &[Common],                  SAME,    Both,  Call(F::Coalesce)),
    form("IFNULL",         &[Common, Common],          SAME,    Both,  Call(F::Coalesce)),
    form("NULLIF",         &[Common, Common],          SAME,    Both,  NullIf),
    form("IF",             &[Boolean, Common, Common], SAME,    Both,  Call(F::If)),
    form("IS_ALPHA",       &[Single],                  BOOLEAN, Both,  Call(F::IsAlpha)),
    form("IS_DECIMAL",     &[Single],                  BOOLEAN, Both,  Call(F::IsDecimal)),
    form("IS_DIGIT",       &[Single],                  BOOLEAN, Both,  Call(F::IsDigit)),
];
