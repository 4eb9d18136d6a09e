//! The table of functions: one line a form.

use super::Argument::{Boolean, Common, Text, Timestamp};
use super::Dialects::{Blink, Both, Flink};
use super::Meaning::{Call, NullIf, Operator};
use super::{Argument, Dialects, Meaning, Returns, Signature};
use crate::Function as F;
use crate::plan::ArithmeticOp;
use rookery_model::DataType;

const BIGINT: Returns = Returns::Type(DataType::BigInt);
const BOOLEAN: Returns = Returns::Type(DataType::Boolean);
const STRING: Returns = Returns::Type(DataType::STRING);
const SAME: Returns = Returns::Common;

/// A form with a fixed number of arguments.
const fn form(
    name: &'static str,
    arguments: &'static [Argument],
    returns: Returns,
    dialects: Dialects,
    meaning: Meaning,
) -> Signature {
    Signature {
        name,
        arguments,
        rest: None,
        returns,
        dialects,
        meaning,
    }
}

/// A form whose last argument may come again.
const fn many(
    name: &'static str,
    arguments: &'static [Argument],
    returns: Returns,
    dialects: Dialects,
    meaning: Meaning,
) -> Signature {
    Signature {
        name,
        arguments,
        rest: arguments.last().copied(),
        returns,
        dialects,
        meaning,
    }
}

/// All forms of all functions, by subject; the forms of a name in the order in which they are tried.
#[rustfmt::skip]
pub(super) const FUNCTIONS: &[Signature] = &[
    // Conditions
    many("COALESCE",       &[Common],                  SAME,    Both,  Call(F::Coalesce)),
    form("IFNULL",         &[Common, Common],          SAME,    Both,  Call(F::Coalesce)),
    form("NULLIF",         &[Common, Common],          SAME,    Both,  NullIf),
    form("IF",             &[Boolean, Common, Common], SAME,    Both,  Call(F::If)),
    form("IS_ALPHA",       &[Text],                    BOOLEAN, Both,  Call(F::IsAlpha)),
    form("IS_DECIMAL",     &[Text],                    BOOLEAN, Both,  Call(F::IsDecimal)),
    form("IS_DIGIT",       &[Text],                    BOOLEAN, Both,  Call(F::IsDigit)),
    // Text
    many("CONCAT",         &[Text],                    STRING,  Blink, Call(F::ConcatSkipNull)),
    many("CONCAT",         &[Text],                    STRING,  Flink, Call(F::Concat)),
    // Numbers
    form("MOD",            &[Argument::Number, Argument::Number], SAME, Both, Operator(ArithmeticOp::Modulo)),
    // Time
    form("UNIX_TIMESTAMP", &[],                        BIGINT,  Both,  Call(F::UnixTimestampNow)),
    form("UNIX_TIMESTAMP", &[Text],                    BIGINT,  Both,  Call(F::UnixTimestamp)),
    form("UNIX_TIMESTAMP", &[Timestamp],               BIGINT,  Both,  Call(F::UnixTimestampOf)),
    form("UNIX_TIMESTAMP", &[Text, Text],              BIGINT,  Both,  Call(F::UnixTimestamp)),
];
