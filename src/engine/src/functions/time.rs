//! Functions that read or write dates and times by a format, or in another zone.

use super::Operator;
use super::moment::local_of;
use super::zone_names::zone_named;
use crate::eval::context::{Context, Evaluated, Parsed};
use crate::eval::node::Node;
use crate::failure::Failure;
use rookery_codecs::time::{
    MILLIS_PER_DAY, Overlap, Parsed as ParsedTime, Pattern, PatternError, Zone, parse_date_loosely,
    parse_timestamp_loosely,
};
use rookery_model::{Timestamp, Value};
use rookery_sql::TimeFunction;
use std::sync::LazyLock;

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

/// What a function with a format does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Formatting {
    /// UNIX_TIMESTAMP(text [, format])
    UnixTimestamp,
    /// Any other.
    Of(TimeFunction),
}

/// A function of text or moments that has a format.
#[derive(Debug)]
pub(crate) struct Formatted {
    pub what: Formatting,
    /// What is read or written.
    pub input: Node,
    /// None where the function's own form is read.
    pub format: Option<FormatSource>,
    /// The second format of DATE_FORMAT(text, from, to).
    pub to: Option<FormatSource>,
    /// The zone, where it is not the job's; CONVERT_TZ goes from the first to the second.
    pub zones: Vec<ZoneSource>,
    /// Whether the flink dialect's rules hold.
    pub flink: bool,
}

/// Where the date format comes from.
#[derive(Debug)]
pub(crate) enum FormatSource {
    /// A constant.
    Constant(Pattern),
    /// An expression, the place that remembers what it meant, and how it is compiled.
    Dynamic {
        text: Node,
        site: usize,
        compile: CompilePattern,
    },
}

/// How the text of a format is compiled.
pub(crate) type CompilePattern = fn(&str) -> Result<Pattern, PatternError>;

/// Where a zone comes from.
#[derive(Debug)]
pub(crate) enum ZoneSource {
    /// A constant.
    Constant(Zone),
    /// An expression, the place that remembers what it meant, and whether it is read as in flink.
    Dynamic {
        text: Node,
        site: usize,
        flink: bool,
    },
}

/// Nothing where an argument is NULL or the text is no time.
type Made<'a> = Result<Option<Value<'a>>, &'a Failure<'a>>;

impl FormatSource {
    /// Calls `work` with the pattern; NULL if the format is.
    fn with<'a>(
        &'a self,
        cx: &Context<'_, 'a>,
        work: impl FnOnce(&Pattern) -> Made<'a>,
    ) -> Made<'a> {
        match self {
            Self::Constant(pattern) => work(pattern),
            Self::Dynamic {
                text,
                site,
                compile,
            } => {
                let Value::String(format) = text.value(cx)? else {
                    return Ok(None);
                };
                let parse =
                    |text: &str| Parsed::DateFormat(compile(text).map_err(|e| e.to_string()));
                cx.at_site(*site, format, parse, |parsed| match parsed {
                    Parsed::DateFormat(Ok(pattern)) => work(pattern),
                    Parsed::DateFormat(Err(problem)) => cx.fail(Failure::DateFormat {
                        problem: cx.work.arena.alloc_str(problem),
                    }),
                    _ => Ok(None),
                })
            }
        }
    }

    fn node(&self) -> Option<&Node> {
        match self {
            Self::Constant(_) => None,
            Self::Dynamic { text, .. } => Some(text),
        }
    }
}

impl ZoneSource {
    /// Calls `work` with the zone; NULL if it is NULL or unknown.
    fn with<'a>(&'a self, cx: &Context<'_, 'a>, work: impl FnOnce(&Zone) -> Made<'a>) -> Made<'a> {
        match self {
            Self::Constant(zone) => work(zone),
            Self::Dynamic { text, site, flink } => {
                let Value::String(name) = text.value(cx)? else {
                    return Ok(None);
                };
                let parse = |name: &str| Parsed::Zone(zone_named(name, *flink).ok());
                cx.at_site(*site, name, parse, |parsed| match parsed {
                    Parsed::Zone(Some(zone)) => work(zone),
                    _ => Ok(None),
                })
            }
        }
    }

    fn node(&self) -> Option<&Node> {
        match self {
            Self::Constant(_) => None,
            Self::Dynamic { text, .. } => Some(text),
        }
    }
}

impl Operator for Formatted {
    fn value<'a>(&'a self, cx: &Context<'_, 'a>) -> Evaluated<'a> {
        let input = self.input.value(cx)?;
        if input.is_null() {
            return Ok(Value::Null);
        }
        let made = match (&self.format, &*self.zones) {
            (None, [from, to]) => from.with(cx, |from| {
                // The zone of the first is read before that of the second is looked up.
                let instant = converted(input, from);
                to.with(cx, |to| {
                    Ok(instant.map(|instant| written_in(instant, to, cx)))
                })
            }),
            (format, [zone, ..]) => zone.with(cx, |zone| self.formatted(format, input, zone, cx)),
            // Text without a zone is in UTC there.
            (format, []) if self.what == Formatting::Of(TimeFunction::ToInstant) => {
                self.formatted(format, input, &UTC, cx)
            }
            (format, []) => self.formatted(format, input, cx.zone.get(), cx),
        };
        Ok(made?.unwrap_or(Value::Null))
    }

    fn children(&self) -> Vec<&Node> {
        let formats = [&self.format, &self.to].into_iter().flatten();
        std::iter::once(&self.input)
            .chain(formats.filter_map(FormatSource::node))
            .chain(self.zones.iter().filter_map(ZoneSource::node))
            .collect()
    }

    fn fallible(&self) -> bool {
        let formats = [&self.format, &self.to].into_iter().flatten();
        let instant = self.what == Formatting::Of(TimeFunction::ToInstant) && self.flink;
        instant || formats.into_iter().any(|format| format.node().is_some())
    }
}

impl Formatted {
    fn formatted<'a>(
        &'a self,
        format: &'a Option<FormatSource>,
        input: Value<'a>,
        zone: &Zone,
        cx: &Context<'_, 'a>,
    ) -> Made<'a> {
        match (format, &self.to) {
            (None, _) => self.unformatted(input, zone, cx),
            (Some(from), Some(to)) => from.with(cx, |from| {
                let Value::String(text) = input else {
                    return Ok(None);
                };
                let Some(parsed) = from.parse_prefix(text) else {
                    return Ok(None);
                };
                to.with(cx, |to| Ok(Some(write(to, parsed.local, 0, cx))))
            }),
            (Some(format), None) => format.with(cx, |pattern| {
                Ok(match (self.what, input) {
                    (Formatting::Of(TimeFunction::DateFormat), Value::String(text)) => {
                        default_pattern(text).map(|parsed| write(pattern, parsed.local, 0, cx))
                    }
                    (_, Value::String(text)) => self.read(pattern, text, zone, cx),
                    (_, input) => self.write(pattern, input, zone, cx),
                })
            }),
        }
    }

    /// Reads a text by a pattern.
    fn read<'a>(
        &self,
        pattern: &Pattern,
        text: &str,
        zone: &Zone,
        cx: &Context<'_, 'a>,
    ) -> Option<Value<'a>> {
        use TimeFunction as F;
        let exactly = || match pattern.parse_exact(text) {
            Some(parsed) => Some(parsed),
            // Flink falls back to its own form, whatever the format is.
            None => parse_timestamp_loosely(text.trim()).map(|local| ParsedTime {
                local,
                offset_millis: None,
            }),
        };
        let parsed = match (self.what, self.flink) {
            (Formatting::Of(F::ToTimestamp | F::ToInstant), true) => exactly(),
            _ => pattern.parse_prefix(text),
        };
        let Some(parsed) = parsed else {
            // As Flink has it: the smallest BIGINT stands for a text that is no time.
            let smallest = self.what == Formatting::UnixTimestamp && self.flink;
            return smallest.then_some(Value::Int(i64::MIN));
        };
        let instant = || parsed.instant(zone, Overlap::Later);
        Some(match self.what {
            Formatting::UnixTimestamp => Value::Int(instant().millis / 1000),
            Formatting::Of(F::ToDate) => {
                Value::Date(i32::try_from(parsed.local.millis.div_euclid(MILLIS_PER_DAY)).ok()?)
            }
            Formatting::Of(F::ToTimestamp) => Value::Timestamp(to_millis(parsed.local)),
            Formatting::Of(F::ToInstant) => {
                Value::TimestampLtz(to_millis(parsed.instant(zone, Overlap::Earlier)))
            }
            Formatting::Of(F::ToTimestampTz) => {
                Value::Timestamp(local_in(to_millis(instant()), cx.zone.get()))
            }
            Formatting::Of(_) => return None,
        })
    }

    /// Writes a moment by a pattern.
    fn write<'a>(
        &self,
        pattern: &Pattern,
        input: Value<'a>,
        zone: &Zone,
        cx: &Context<'_, 'a>,
    ) -> Option<Value<'a>> {
        let job = cx.zone.get();
        match (self.what, input) {
            (Formatting::Of(TimeFunction::FromUnixtime), Value::Int(seconds)) => {
                let instant = Timestamp::from_millis(seconds.wrapping_mul(1000));
                Some(written_by(pattern, instant, zone, cx))
            }
            (Formatting::Of(TimeFunction::DateFormatTz), input) => {
                let instant = match input {
                    Value::TimestampLtz(instant) => instant,
                    other => {
                        let local = local_of(other, job)?;
                        Timestamp {
                            millis: job.instant_of_local(local.millis, Overlap::Later),
                            nanos: local.nanos,
                        }
                    }
                };
                Some(written_by(pattern, instant, zone, cx))
            }
            (_, input) => {
                let local = local_of(input, job)?;
                let instant = job.instant_of_local(local.millis, Overlap::Later);
                Some(write(pattern, local, job.offset_millis(instant), cx))
            }
        }
    }

    /// What is read without a format.
    fn unformatted<'a>(&self, input: Value<'a>, zone: &Zone, cx: &Context<'_, 'a>) -> Made<'a> {
        let Value::String(text) = input else {
            return Ok(None);
        };
        let timestamp = || parse_timestamp_loosely(text).map(to_millis);
        Ok(match self.what {
            Formatting::Of(TimeFunction::ToDate) => parse_date_loosely(text).map(Value::Date),
            Formatting::Of(TimeFunction::ToTimestamp) => timestamp().map(Value::Timestamp),
            Formatting::Of(TimeFunction::ToTimestampTz) => timestamp().map(|local| {
                let millis = zone.instant_of_local(local.millis, Overlap::Later);
                Value::Timestamp(local_in(Timestamp::from_millis(millis), cx.zone.get()))
            }),
            Formatting::Of(TimeFunction::ToInstant) => match timestamp() {
                Some(local) => {
                    let millis = zone.instant_of_local(local.millis, Overlap::Earlier);
                    Some(Value::TimestampLtz(Timestamp::from_millis(millis)))
                }
                None if self.flink => {
                    return cx.fail(Failure::Argument {
                        function: "TO_TIMESTAMP_LTZ",
                        problem: "the text is not of the form yyyy-MM-dd HH:mm:ss",
                    });
                }
                None => None,
            },
            _ => None,
        })
    }
}

/// A text of the default form, whatever follows it.
fn default_pattern(text: &str) -> Option<ParsedTime> {
    DEFAULT.parse_prefix(text)
}

static UTC: LazyLock<Zone> = LazyLock::new(Zone::utc);

/// `yyyy-MM-dd HH:mm:ss`
static DEFAULT: LazyLock<Pattern> =
    LazyLock::new(|| Pattern::new(Pattern::DEFAULT).expect("the default format is one"));

fn converted(input: Value<'_>, from: &Zone) -> Option<Timestamp> {
    let Value::String(text) = input else {
        return None;
    };
    Some(default_pattern(text)?.instant(from, Overlap::Later))
}

fn written_in<'a>(instant: Timestamp, zone: &Zone, cx: &Context<'_, 'a>) -> Value<'a> {
    written_by(&DEFAULT, instant, zone, cx)
}

fn written_by<'a>(
    pattern: &Pattern,
    instant: Timestamp,
    zone: &Zone,
    cx: &Context<'_, 'a>,
) -> Value<'a> {
    let offset = zone.offset_millis(instant.millis);
    write(pattern, local_in(instant, zone), offset, cx)
}

fn local_in(instant: Timestamp, zone: &Zone) -> Timestamp {
    Timestamp {
        millis: zone.local_of_instant(instant.millis),
        nanos: instant.nanos,
    }
}

fn write<'a>(
    pattern: &Pattern,
    local: Timestamp,
    offset_millis: i64,
    cx: &Context<'_, 'a>,
) -> Value<'a> {
    Value::String(
        cx.work
            .build(|out| pattern.format(local, offset_millis, out)),
    )
}

/// TIMESTAMP(3): what is finer is dropped.
fn to_millis(at: Timestamp) -> Timestamp {
    Timestamp::from_millis(at.millis)
}
