//! Functions of dates and times that need no format: parts, units, steps, differences, and the clock.

use super::Operator;
use crate::eval::context::{Context, Evaluated};
use crate::eval::convert::cut_fraction;
use crate::eval::node::Node;
use crate::failure::Failure;
use rookery_codecs::time::{
    CalendarUnit, MILLIS_PER_DAY, Overlap, Zone, add_months, civil_of_days, day_of_week,
    day_of_year, first_day, iso_week, months_between, next_first_day, parse_date_loosely,
    parse_time_loosely, parse_timestamp_loosely, write_date,
};
use rookery_model::{Decimal, Timestamp, Value};
use rookery_sql::{TimeField, TimeFunction, TimeUnit};
use std::io::Write as _;

/// A function of dates and times with its arguments. NULL if an argument is.
#[derive(Debug)]
pub(crate) struct Moment {
    pub function: TimeFunction,
    /// Whether what has no result stops the row (flink), instead of being NULL (blink).
    pub strict: bool,
    /// Digits of the fraction that the first argument's type has.
    pub digits: u8,
    /// Whether an INTERVAL counts months.
    pub months: bool,
    pub args: Box<[Node]>,
}

impl Operator for Moment {
    fn value<'a>(&'a self, cx: &Context<'_, 'a>) -> Evaluated<'a> {
        let value = match &*self.args {
            [] => self.clock(cx),
            [only] => match only.value(cx)? {
                Value::Null => None,
                value if self.function == TimeFunction::ToInstantOfNumber => {
                    return self.instant_of_number(value, 3, cx);
                }
                value => self.of_one(value, cx),
            },
            [first, second, ..] => match (first.value(cx)?, second.value(cx)?) {
                (Value::Null, _) | (_, Value::Null) => None,
                (value, Value::Int(precision))
                    if self.function == TimeFunction::ToInstantOfNumber =>
                {
                    return self.instant_of_number(value, precision, cx);
                }
                (first, second) => self.of_two(first, second, cx),
            },
        };
        Ok(value.unwrap_or(Value::Null))
    }

    fn children(&self) -> Vec<&Node> {
        self.args.iter().collect()
    }

    fn fallible(&self) -> bool {
        self.strict && self.function == TimeFunction::ToInstantOfNumber
    }
}

impl Moment {
    /// Functions of the record's time alone.
    fn clock<'a>(&self, cx: &Context<'_, 'a>) -> Option<Value<'a>> {
        let instant = cx.record.time.millis();
        let local = || cx.zone.get().local_of_instant(instant);
        Some(match self.function {
            TimeFunction::CurrentTimestamp => Value::TimestampLtz(Timestamp::from_millis(instant)),
            TimeFunction::LocalTimestamp => Value::Timestamp(Timestamp::from_millis(local())),
            TimeFunction::CurrentDate => date(local().div_euclid(MILLIS_PER_DAY))?,
            TimeFunction::CurrentTime => {
                let clock = local().rem_euclid(MILLIS_PER_DAY);
                Value::Time((clock - clock % 1000) as i32)
            }
            _ => return None,
        })
    }

    fn of_one<'a>(&self, value: Value<'a>, cx: &Context<'_, 'a>) -> Option<Value<'a>> {
        let zone = cx.zone.get();
        Some(match (self.function, value) {
            (TimeFunction::Extract(field), value) => {
                Value::Int(extract(field, local_of(value, zone)?, value))
            }
            (TimeFunction::Floor(unit), value) => in_units(value, unit, false, zone)?,
            (TimeFunction::Ceil(unit), value) => in_units(value, unit, true, zone)?,
            (TimeFunction::NowPlus, Value::Int(seconds)) => {
                Value::Int((cx.record.time.millis() / 1000).wrapping_add(seconds))
            }
            (TimeFunction::ToDateOfDays, Value::Int(days)) => date(days)?,
            (TimeFunction::ToTimestampOfMillis, Value::Int(millis)) => {
                Value::Timestamp(Timestamp::from_millis(zone.local_of_instant(millis)))
            }
            (TimeFunction::IntervalText, Value::Int(interval)) => {
                Value::String(cx.work.build(|out| {
                    write_interval(interval, self.months, out)
                        .expect("memory takes all that is written");
                }))
            }
            _ => return None,
        })
    }

    fn of_two<'a>(
        &self,
        first: Value<'a>,
        second: Value<'a>,
        cx: &Context<'_, 'a>,
    ) -> Option<Value<'a>> {
        let zone = cx.zone.get();
        let day = |value| Some(local_of(value, zone)?.millis.div_euclid(MILLIS_PER_DAY));
        Some(match (self.function, second) {
            (TimeFunction::AddMonths, Value::Int(months)) => plus_months(first, months, zone)?,
            (TimeFunction::AddMillis, Value::Int(millis)) => match plus_millis(first, millis)? {
                Value::Timestamp(at) => Value::Timestamp(cut_fraction(at, self.digits)),
                other => other,
            },
            (TimeFunction::Difference(unit), later) => {
                Value::Int(difference(unit, first, later, zone)?)
            }
            (TimeFunction::Between, earlier) => {
                Value::Int(millis_of(first, zone)?.saturating_sub(millis_of(earlier, zone)?))
            }
            (TimeFunction::DateDiff, earlier) => {
                let days = day(first)?.saturating_sub(day(earlier)?);
                Value::Int(i64::from(days as i32))
            }
            (TimeFunction::DateAdd, Value::Int(days)) => {
                date_text(day(first)?.saturating_add(days), cx)?
            }
            (TimeFunction::DateSub, Value::Int(days)) => {
                date_text(day(first)?.saturating_sub(days), cx)?
            }
            _ => return None,
        })
    }

    /// TO_TIMESTAMP_LTZ(number, precision): NULL beyond the years 0 to 9999.
    fn instant_of_number<'a>(
        &self,
        value: Value<'a>,
        precision: i64,
        cx: &Context<'_, 'a>,
    ) -> Evaluated<'a> {
        let unit = match precision {
            0 => 1000,
            3 => 1,
            _ if self.strict => {
                return cx.fail(Failure::Argument {
                    function: "TO_TIMESTAMP_LTZ",
                    problem: "its precision is 0 for seconds or 3 for milliseconds",
                });
            }
            _ => return Ok(Value::Null),
        };
        let millis = match value {
            Value::Int(int) => int.checked_mul(unit),
            Value::Double(double) => Some((double * unit as f64) as i64),
            Value::Float(float) => Some((f64::from(float) * unit as f64) as i64),
            Value::Decimal(decimal) => whole_of(decimal).and_then(|whole| whole.checked_mul(unit)),
            _ => None,
        };
        Ok(match millis {
            Some(millis) if INSTANTS.contains(&millis) => {
                Value::TimestampLtz(Timestamp::from_millis(millis))
            }
            _ => Value::Null,
        })
    }
}

/// Instants that numbers can name, in milliseconds: the years 0 to 9999.
const INSTANTS: std::ops::RangeInclusive<i64> = -62_167_219_200_000..=253_402_300_799_999;

fn whole_of(decimal: Decimal) -> Option<i64> {
    i64::try_from(crate::eval::decimal::truncate(decimal)).ok()
}

fn date<'a>(days: i64) -> Option<Value<'a>> {
    i32::try_from(days).ok().map(Value::Date)
}

fn date_text<'a>(days: i64, cx: &Context<'_, 'a>) -> Option<Value<'a>> {
    let days = i32::try_from(days).ok()?;
    Some(Value::String(cx.work.build(|out| write_date(days, out))))
}

/// A moment as local date and time; a TIME is one of 1970-01-01. Text may be any of them (blink).
pub(super) fn local_of(value: Value<'_>, zone: &Zone) -> Option<Timestamp> {
    Some(match value {
        Value::Timestamp(local) => local,
        Value::TimestampLtz(instant) => Timestamp {
            millis: zone.local_of_instant(instant.millis),
            nanos: instant.nanos,
        },
        Value::Date(days) => Timestamp::from_millis(i64::from(days) * MILLIS_PER_DAY),
        Value::Time(millis) => Timestamp::from_millis(i64::from(millis)),
        Value::String(text) => parse_timestamp_loosely(text)
            .or_else(|| {
                let days = parse_date_loosely(text).filter(|_| text.contains('-'))?;
                Some(Timestamp::from_millis(i64::from(days) * MILLIS_PER_DAY))
            })
            .or_else(|| {
                let millis = parse_time_loosely(text).filter(|_| text.contains(':'))?;
                Some(Timestamp::from_millis(i64::from(millis)))
            })?,
        _ => return None,
    })
}

fn extract(field: TimeField, local: Timestamp, value: Value<'_>) -> i64 {
    let days = local.millis.div_euclid(MILLIS_PER_DAY);
    let clock = local.millis.rem_euclid(MILLIS_PER_DAY);
    let civil = civil_of_days(days);
    let year = i64::from(civil.year);
    // The first span of years is number 1, the one before it -1.
    let span = |years: i64| {
        if year > 0 {
            (year + years - 1) / years
        } else {
            (year - years + 1) / years
        }
    };
    match field {
        TimeField::Millennium => span(1000),
        TimeField::Century => span(100),
        TimeField::Decade => year / 10,
        TimeField::Year => year,
        TimeField::IsoYear => i64::from(iso_week(days).0),
        TimeField::Quarter => (i64::from(civil.month) + 2) / 3,
        TimeField::Month => i64::from(civil.month),
        TimeField::Week => i64::from(iso_week(days).1),
        TimeField::Day => i64::from(civil.day),
        TimeField::DayOfWeek => (i64::from(day_of_week(days)) + 1) % 7 + 1,
        TimeField::IsoDayOfWeek => i64::from(day_of_week(days)) + 1,
        TimeField::DayOfYear => i64::from(day_of_year(days)),
        TimeField::Hour => clock / 3_600_000,
        TimeField::Minute => clock / 60_000 % 60,
        TimeField::Second => clock / 1000 % 60,
        TimeField::Millisecond => clock % 1000,
        TimeField::Microsecond => clock % 1000 * 1000 + i64::from(local.nanos) / 1000,
        TimeField::Nanosecond => clock % 1000 * 1_000_000 + i64::from(local.nanos),
        TimeField::Epoch => {
            let millis = match value {
                Value::TimestampLtz(instant) => instant.millis,
                _ => local.millis,
            };
            millis.div_euclid(1000)
        }
    }
}

/// Units of one length, in milliseconds.
fn length_of(unit: TimeUnit) -> Option<i64> {
    Some(match unit {
        TimeUnit::Week => 7 * MILLIS_PER_DAY,
        TimeUnit::Day => MILLIS_PER_DAY,
        TimeUnit::Hour => 3_600_000,
        TimeUnit::Minute => 60_000,
        TimeUnit::Second => 1000,
        TimeUnit::Millisecond => 1,
        _ => return None,
    })
}

fn calendar_unit(unit: TimeUnit) -> Option<CalendarUnit> {
    Some(match unit {
        TimeUnit::Millennium => CalendarUnit::Millennium,
        TimeUnit::Century => CalendarUnit::Century,
        TimeUnit::Decade => CalendarUnit::Decade,
        TimeUnit::Year => CalendarUnit::Year,
        TimeUnit::Quarter => CalendarUnit::Quarter,
        TimeUnit::Month => CalendarUnit::Month,
        TimeUnit::Week => CalendarUnit::Week,
        _ => return None,
    })
}

/// FLOOR and CEIL. As in Flink, CEIL to a week or longer looks at the day alone, and that of a DATE to
/// its day is the next one.
fn in_units<'a>(value: Value<'a>, unit: TimeUnit, up: bool, zone: &Zone) -> Option<Value<'a>> {
    let in_calendar = |days: i64| {
        calendar_unit(unit).map(|unit| {
            if up {
                next_first_day(unit, days)
            } else {
                first_day(unit, days)
            }
        })
    };
    let by_length = |millis: i64| {
        let length = length_of(unit).unwrap_or(1);
        let rest = millis.rem_euclid(length);
        let floor = millis.saturating_sub(rest);
        if up && rest > 0 {
            floor.saturating_add(length)
        } else {
            floor
        }
    };
    let local = |millis: i64| match in_calendar(millis.div_euclid(MILLIS_PER_DAY)) {
        Some(days) => days.saturating_mul(MILLIS_PER_DAY),
        None => by_length(millis),
    };
    Some(match value {
        Value::Date(days) => match in_calendar(i64::from(days)) {
            Some(days) => date(days)?,
            None => date(i64::from(days) + i64::from(up && unit == TimeUnit::Day))?,
        },
        Value::Time(millis) => {
            Value::Time(by_length(i64::from(millis)).rem_euclid(MILLIS_PER_DAY) as i32)
        }
        Value::Timestamp(at) => Value::Timestamp(Timestamp::from_millis(local(at.millis))),
        Value::TimestampLtz(at) => {
            let local = local(zone.local_of_instant(at.millis));
            let instant = zone.instant_of_local(local, Overlap::Earlier);
            Value::TimestampLtz(Timestamp::from_millis(instant))
        }
        _ => return None,
    })
}

fn plus_months<'a>(value: Value<'a>, months: i64, zone: &Zone) -> Option<Value<'a>> {
    let moved = |millis: i64| {
        let days = add_months(millis.div_euclid(MILLIS_PER_DAY), months);
        days.saturating_mul(MILLIS_PER_DAY)
            .saturating_add(millis.rem_euclid(MILLIS_PER_DAY))
    };
    Some(match value {
        Value::Date(days) => date(add_months(i64::from(days), months))?,
        Value::Time(_) => value,
        Value::Timestamp(Timestamp { millis, nanos }) => Value::Timestamp(Timestamp {
            millis: moved(millis),
            nanos,
        }),
        Value::TimestampLtz(Timestamp { millis, nanos }) => {
            let local = moved(zone.local_of_instant(millis));
            Value::TimestampLtz(Timestamp {
                millis: zone.instant_of_local(local, Overlap::Earlier),
                nanos,
            })
        }
        _ => return None,
    })
}

fn plus_millis<'a>(value: Value<'a>, millis: i64) -> Option<Value<'a>> {
    let later = |at: Timestamp| Timestamp {
        millis: at.millis.saturating_add(millis),
        nanos: at.nanos,
    };
    Some(match value {
        Value::Date(days) => {
            let moved = (i64::from(days) * MILLIS_PER_DAY).saturating_add(millis);
            date(moved.div_euclid(MILLIS_PER_DAY))?
        }
        Value::Time(clock) => {
            let moved = i64::from(clock).saturating_add(millis);
            Value::Time(moved.rem_euclid(MILLIS_PER_DAY) as i32)
        }
        Value::Timestamp(at) => Value::Timestamp(later(at)),
        Value::TimestampLtz(at) => Value::TimestampLtz(later(at)),
        _ => return None,
    })
}

/// Milliseconds of an instant, or of a local time as if in UTC.
fn millis_of(value: Value<'_>, zone: &Zone) -> Option<i64> {
    match value {
        Value::TimestampLtz(instant) => Some(instant.millis),
        other => Some(local_of(other, zone)?.millis),
    }
}

/// Whole units from one moment to another, as an INT.
fn difference(unit: TimeUnit, from: Value<'_>, to: Value<'_>, zone: &Zone) -> Option<i64> {
    let units = if let Some(length) = length_of(unit) {
        millis_of(to, zone)?.saturating_sub(millis_of(from, zone)?) / length
    } else {
        let (from, to) = (local_of(from, zone)?, local_of(to, zone)?);
        let months = months_between(from.millis, to.millis);
        months
            / match unit {
                TimeUnit::Quarter => 3,
                TimeUnit::Year => 12,
                TimeUnit::Decade => 120,
                TimeUnit::Century => 1200,
                TimeUnit::Millennium => 12_000,
                _ => 1,
            }
    };
    Some(i64::from(units as i32))
}

/// `+y-mm` of months, `+d hh:mm:ss.SSS` of milliseconds.
fn write_interval(interval: i64, months: bool, out: &mut Vec<u8>) -> std::io::Result<()> {
    let sign = if interval < 0 { '-' } else { '+' };
    let size = interval.unsigned_abs();
    if months {
        return write!(out, "{sign}{}-{:02}", size / 12, size % 12);
    }
    let (seconds, millis) = (size / 1000, size % 1000);
    let (minutes, second) = (seconds / 60, seconds % 60);
    let (hours, minute) = (minutes / 60, minutes % 60);
    let (days, hour) = (hours / 24, hours % 24);
    write!(
        out,
        "{sign}{days} {hour:02}:{minute:02}:{second:02}.{millis:03}"
    )
}
