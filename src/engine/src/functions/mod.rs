//! Functions that are called by name: a table from the plan's function to a small function over values.
//!
//! A function whose meaning is prepared when the rule is compiled (a date format, a pattern) is an
//! [`Operator`] instead. Those that evaluate their arguments lazily (COALESCE, IF, NULLIF) are nodes.

mod collections;
mod encode;
mod java_regex;
mod json;
mod made;
mod moment;
mod numeric;
mod precise;
mod printf;
mod regex;
mod rounding;
mod seen;
mod split;
mod strings;
mod text;
mod time;
mod url;
mod zone_names;

use crate::eval::context::{Context, Evaluated};
use crate::eval::node::Node;
use rookery_model::Value;
use rookery_sql::plan::Dialect;
use rookery_sql::{
    CollectionFunction, Function, JsonFunction, NumericFunction, Side, TextFunction, TimeFunction,
};
use std::fmt;

pub(crate) use java_regex::{PatternError, compile as compile_regex};
pub(crate) use json::{JsonBuild, JsonPart, JsonText};
pub(crate) use made::{entries, values};
pub(crate) use moment::Moment;
pub(crate) use numeric::Numeric;
pub(crate) use printf::{Printf, PrintfFormat};
pub(crate) use regex::{Finder, RegexCall, StrToMap};
pub(crate) use seen::Seen;
pub(crate) use text::is_java_decimal;
pub(crate) use time::{CompilePattern, FormatSource, Formatted, Formatting, ZoneSource};
pub(crate) use zone_names::zone_named;

/// A function over values; NULLs reach it as they are.
pub(crate) type Scalar = for<'c, 'a> fn(&Context<'c, 'a>, &[Value<'a>]) -> Evaluated<'a>;

/// An operator with something prepared.
pub(crate) trait Operator: fmt::Debug + Send + Sync {
    /// Evaluates its arguments, then itself.
    fn value<'a>(&'a self, cx: &Context<'_, 'a>) -> Evaluated<'a>;

    /// Its arguments.
    fn children(&self) -> Vec<&Node>;

    /// Whether it can fail itself.
    fn fallible(&self) -> bool;
}

/// The function over values that the plan's function is, if it is one.
pub(crate) fn scalar(function: Function) -> Option<Scalar> {
    Some(match function {
        Function::UnixTimestampNow => time::unix_timestamp_now,
        Function::UnixTimestampOf => time::unix_timestamp_of,
        Function::IsDigit => text::is_digit,
        Function::IsDecimal => text::is_decimal,
        Function::IsAlpha => text::is_alpha,
        Function::Concat => text::concat,
        Function::ConcatSkipNull => text::concat_skip_null,
        Function::UnixTimestamp | Function::Coalesce | Function::NullIf | Function::If => {
            return None;
        }
        Function::Numeric(_) | Function::Time(_) => return None,
        Function::Text(function) => return text_scalar(function),
        Function::Collection(function) => return collection_scalar(function),
        Function::Json(_) => return None,
    })
}

/// The same for functions of JSON; those with paths and types are operators.
pub(crate) fn json_scalar(function: JsonFunction, dialect: Dialect) -> Option<Scalar> {
    Some(match function {
        JsonFunction::Is(kind) => json::is(kind),
        JsonFunction::Json if dialect == Dialect::Flink => json::json_normal,
        JsonFunction::Json => json::json,
        JsonFunction::Quote => json::quote,
        JsonFunction::Unquote => json::unquote,
        _ => return None,
    })
}

/// The same for functions of collections; fields of rows are nodes.
fn collection_scalar(function: CollectionFunction) -> Option<Scalar> {
    use CollectionFunction as F;
    Some(match function {
        F::ArrayOf => collections::array_of,
        F::MapOf => collections::map_of,
        F::RowOf => collections::row_of,
        F::Item => collections::item,
        F::Cardinality => collections::cardinality,
        F::Element => collections::element,
        F::Contains => collections::contains,
        F::Distinct => collections::distinct,
        F::Position => collections::position,
        F::Remove => collections::remove,
        F::Reverse => collections::reverse,
        F::Slice => collections::slice,
        F::Union => collections::union,
        F::Concat => collections::concat,
        F::Max => collections::max,
        F::Min => collections::min,
        F::Join => collections::join,
        F::Sort => collections::sort,
        F::Append => collections::append,
        F::Prepend => collections::prepend,
        F::Except => collections::except,
        F::Intersect => collections::intersect,
        F::MapKeys => collections::map_keys,
        F::MapValues => collections::map_values,
        F::MapEntries => collections::map_entries,
        F::MapFromArrays => collections::map_from_arrays,
        F::MapUnion => collections::map_union,
        F::Field(_) => return None,
    })
}

/// The same for functions of text; those with patterns and formats are operators.
fn text_scalar(function: TextFunction) -> Option<Scalar> {
    use TextFunction as F;
    Some(match function {
        F::CharLength => strings::char_length,
        F::Upper => strings::upper,
        F::Lower => strings::lower,
        F::InitCap => strings::init_cap,
        F::Reverse => strings::reverse,
        F::Substring => strings::substring,
        F::Left => strings::left,
        F::Right => strings::right,
        F::Position => strings::position,
        F::Instr => strings::instr,
        F::Trim(Side::Leading) => strings::trim_leading,
        F::Trim(Side::Trailing) => strings::trim_trailing,
        F::Trim(Side::Both) => strings::trim_both,
        F::LeftPad => strings::left_pad,
        F::RightPad => strings::right_pad,
        F::Repeat => strings::repeat,
        F::Replace => strings::replace,
        F::Translate => strings::translate,
        F::Overlay => strings::overlay,
        F::StartsWith => strings::starts_with,
        F::EndsWith => strings::ends_with,
        F::Elt => strings::elt,
        F::ConcatWs => strings::concat_ws,
        F::SplitIndex => split::split_index,
        F::SplitIndexCode => split::split_index_code,
        F::Split => split::split,
        F::KeyValue => split::key_value,
        F::Ascii => encode::ascii,
        F::Chr => encode::chr,
        F::ToBase64 => encode::to_base64,
        F::FromBase64 => encode::from_base64,
        F::Encode => encode::encode,
        F::Decode => encode::decode,
        F::Uuid => encode::uuid,
        F::Md5 => encode::md5,
        F::Sha1 => encode::sha1,
        F::Sha224 => encode::sha224,
        F::Sha256 => encode::sha256,
        F::Sha384 => encode::sha384,
        F::Sha512 => encode::sha512,
        F::Sha2 => encode::sha2,
        F::HashCode => encode::hash_code,
        F::ParseUrl => url::parse_url,
        F::UrlEncode => url::encode,
        F::UrlDecode => url::decode,
        F::Printf
        | F::StrToMap
        | F::Regexp
        | F::RegexpExtract
        | F::RegexpExtractAll
        | F::RegexpReplace
        | F::RegexpCount
        | F::RegexpInstr
        | F::RegexpSubstr => return None,
    })
}

/// Whether a function over values can fail by itself: judged by what its arguments may make of it, for
/// the order of conditions hangs on it.
pub(crate) fn fallible(function: Function) -> bool {
    use TextFunction as F;
    match function {
        Function::Text(function) => matches!(
            function,
            F::Repeat
                | F::Replace
                | F::LeftPad
                | F::RightPad
                | F::ConcatWs
                | F::Instr
                | F::Encode
                | F::Decode
                | F::FromBase64
                | F::Sha2
                | F::Printf
                | F::StrToMap
                | F::Regexp
                | F::RegexpExtract
                | F::RegexpExtractAll
                | F::RegexpReplace
                | F::RegexpCount
                | F::RegexpInstr
                | F::RegexpSubstr
        ),
        Function::Json(function) => !matches!(
            function,
            JsonFunction::Is(_) | JsonFunction::Quote | JsonFunction::Unquote
        ),
        Function::Collection(function) => !matches!(
            function,
            CollectionFunction::Item
                | CollectionFunction::Field(_)
                | CollectionFunction::Cardinality
                | CollectionFunction::Contains
                | CollectionFunction::Position
                | CollectionFunction::Max
                | CollectionFunction::Min
                | CollectionFunction::Slice
        ),
        Function::Numeric(function) => matches!(
            function,
            NumericFunction::Round | NumericFunction::Truncate | NumericFunction::RandInteger
        ),
        Function::Time(function) => matches!(
            function,
            TimeFunction::DateFormat
                | TimeFunction::DateFormatFrom
                | TimeFunction::DateFormatTz
                | TimeFunction::ToDate
                | TimeFunction::ToTimestamp
                | TimeFunction::ToTimestampTz
                | TimeFunction::ToInstant
                | TimeFunction::ToInstantOfNumber
                | TimeFunction::FromUnixtime
        ),
        Function::Concat | Function::ConcatSkipNull | Function::UnixTimestamp => true,
        _ => false,
    }
}
