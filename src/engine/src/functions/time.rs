//! Functions of dates and times.

use super::Operator;
use crate::eval::context::{Context, Evaluated, Parsed};
use crate::eval::node::Node;
use crate::failure::Failure;
use rookery_codecs::time::{Overlap, Pattern};
use rookery_model::Value;

/// UNIX_TIMESTAMP(): the record's time.
pub(super) fn unix_timestamp_now<'a>(cx: &Context<'_, 'a>, _: &[Value<'a>]) -> Evaluated<'a> {
    Ok(Value::Int(cx.record.time.millis() / 1000))
}

/// UNIX_TIMESTAMP(timestamp); a local one is taken in the job's zone.
pub(super) fn unix_timestamp_of<'a>(cx: &Context<'_, 'a>, args: &[Value<'a>]) -> Evaluated<'a> {
    Ok(match args[0] {
        Value::Timestamp(local) => {
            let zone = cx.zone.get();
            Value::Int(zone.instant_of_local(local.millis, Overlap::Later) / 1000)
        }
        Value::TimestampLtz(instant) => Value::Int(instant.millis / 1000),
        _ => Value::Null,
    })
}

/// UNIX_TIMESTAMP(text [, format]): NULL of text that does not begin with such a date and time.
#[derive(Debug)]
pub(crate) struct UnixTimestamp {
    pub input: Node,
    pub format: FormatSource,
}

/// Where the date format comes from.
#[derive(Debug)]
pub(crate) enum FormatSource {
    /// A constant.
    Constant(Pattern),
    /// An expression, and the place that remembers what it meant.
    Dynamic { text: Node, site: usize },
}

impl Operator for UnixTimestamp {
    fn value<'a>(&'a self, cx: &Context<'_, 'a>) -> Evaluated<'a> {
        let Value::String(text) = self.input.value(cx)? else {
            return Ok(Value::Null);
        };
        let read = |pattern: &Pattern| {
            let parsed = pattern.parse_prefix(text)?;
            let instant = parsed.instant(cx.zone.get(), Overlap::Later);
            Some(Value::Int(instant.millis / 1000))
        };
        match &self.format {
            FormatSource::Constant(pattern) => Ok(read(pattern).unwrap_or(Value::Null)),
            FormatSource::Dynamic { text: format, site } => {
                let Value::String(format) = format.value(cx)? else {
                    return Ok(Value::Null);
                };
                cx.at_site(*site, format, parse_format, |parsed| match parsed {
                    Parsed::DateFormat(Ok(pattern)) => Ok(read(pattern).unwrap_or(Value::Null)),
                    Parsed::DateFormat(Err(problem)) => cx.fail(Failure::DateFormat {
                        problem: cx.work.arena.alloc_str(problem),
                    }),
                    _ => Ok(Value::Null),
                })
            }
        }
    }

    fn children(&self) -> Vec<&Node> {
        match &self.format {
            FormatSource::Constant(_) => vec![&self.input],
            FormatSource::Dynamic { text, .. } => vec![&self.input, text],
        }
    }

    fn fallible(&self) -> bool {
        matches!(self.format, FormatSource::Dynamic { .. })
    }
}

fn parse_format(text: &str) -> Parsed {
    Parsed::DateFormat(Pattern::new(text).map_err(|error| error.to_string()))
}
