//! The tables of functions: one line a form, one file a subject.

mod condition;
mod numeric;
mod text;
mod time;

use super::{Argument, Dialects, Meaning, Returns, Signature};
use rookery_model::DataType;

const BIGINT: Returns = Returns::Type(DataType::BigInt);
const BOOLEAN: Returns = Returns::Type(DataType::Boolean);
const INT: Returns = Returns::Type(DataType::Int);
const STRING: Returns = Returns::Type(DataType::STRING);
const BYTES: Returns = Returns::Type(DataType::VarBinary(DataType::MAX_LENGTH));
const DATE: Returns = Returns::Type(DataType::Date);
const DOUBLE: Returns = Returns::Type(DataType::Double);
const FIRST: Returns = Returns::First;
const ROUNDED: Returns = Returns::Rounded;
const WHOLE: Returns = Returns::Whole;
const STRINGS: Returns = Returns::Strings;
const STRING_MAP: Returns = Returns::StringMap;
/// The type that the arguments share.
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
pub(super) fn forms() -> impl Iterator<Item = &'static Signature> {
    [condition::FORMS, text::FORMS, numeric::FORMS, time::FORMS]
        .into_iter()
        .flatten()
}
