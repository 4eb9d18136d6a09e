//! Functions of dates and times. Those with words between their arguments (EXTRACT, TIMESTAMPADD, FLOOR TO)
//! are read in `bind/time_syntax.rs`.

use super::{BIGINT, DATE, INT, STRING, form};
use crate::Function::{self, Time};
use crate::TimeField as Field;
use crate::TimeFunction as F;
use crate::functions::Argument::{
    BigInt, Integer, LocalOrInstant, Moment, Number, Text, Timestamp,
};
use crate::functions::Dialects::{Blink, Both, Flink};
use crate::functions::Meaning::Call;
use crate::functions::{Meaning, Returns, Signature};
use rookery_model::DataType;

const TIMESTAMP: Returns = Returns::Type(DataType::Timestamp(3));
const INSTANT: Returns = Returns::Type(DataType::TimestampLtz(3));
const TIME: Returns = Returns::Type(DataType::Time(0));

const fn t(function: F) -> Meaning {
    Call(Time(function))
}

const fn part(field: Field) -> Meaning {
    t(F::Extract(field))
}

/// Their forms.
#[rustfmt::skip]
pub(super) const FORMS: &[Signature] = &[
    form("UNIX_TIMESTAMP",        &[],                      BIGINT,    Both,  Call(Function::UnixTimestampNow)),
    form("UNIX_TIMESTAMP",        &[Text],                  BIGINT,    Both,  Call(Function::UnixTimestamp)),
    form("UNIX_TIMESTAMP",        &[Timestamp],             BIGINT,    Blink, Call(Function::UnixTimestampOf)),
    form("UNIX_TIMESTAMP",        &[Text, Text],            BIGINT,    Both,  Call(Function::UnixTimestamp)),
    form("FROM_UNIXTIME",         &[BigInt],                STRING,    Both,  t(F::FromUnixtime)),
    form("FROM_UNIXTIME",         &[BigInt, Text],          STRING,    Both,  t(F::FromUnixtime)),
    form("CURRENT_TIMESTAMP",     &[],                      INSTANT,   Both,  t(F::CurrentTimestamp)),
    form("CURRENT_ROW_TIMESTAMP", &[],                      INSTANT,   Both,  t(F::CurrentTimestamp)),
    form("PROCTIME",              &[],                      INSTANT,   Both,  t(F::CurrentTimestamp)),
    form("NOW",                   &[],                      INSTANT,   Flink, t(F::CurrentTimestamp)),
    form("NOW",                   &[],                      BIGINT,    Blink, Call(Function::UnixTimestampNow)),
    form("NOW",                   &[Integer],               BIGINT,    Blink, t(F::NowPlus)),
    form("LOCALTIMESTAMP",        &[],                      TIMESTAMP, Both,  t(F::LocalTimestamp)),
    form("CURRENT_DATE",          &[],                      DATE,      Both,  t(F::CurrentDate)),
    form("CURRENT_TIME",          &[],                      TIME,      Both,  t(F::CurrentTime)),
    form("LOCALTIME",             &[],                      TIME,      Both,  t(F::CurrentTime)),
    form("YEAR",                  &[Moment],                BIGINT,    Both,  part(Field::Year)),
    form("QUARTER",               &[Moment],                BIGINT,    Both,  part(Field::Quarter)),
    form("MONTH",                 &[Moment],                BIGINT,    Both,  part(Field::Month)),
    form("WEEK",                  &[Moment],                BIGINT,    Both,  part(Field::Week)),
    form("DAYOFYEAR",             &[Moment],                BIGINT,    Both,  part(Field::DayOfYear)),
    form("DAYOFMONTH",            &[Moment],                BIGINT,    Both,  part(Field::Day)),
    form("DAYOFWEEK",             &[Moment],                BIGINT,    Both,  part(Field::DayOfWeek)),
    form("HOUR",                  &[Moment],                BIGINT,    Both,  part(Field::Hour)),
    form("MINUTE",                &[Moment],                BIGINT,    Both,  part(Field::Minute)),
    form("SECOND",                &[Moment],                BIGINT,    Both,  part(Field::Second)),
    form("TO_DATE",               &[Text],                  DATE,      Both,  t(F::ToDate)),
    form("TO_DATE",               &[Text, Text],            DATE,      Both,  t(F::ToDate)),
    form("TO_DATE",               &[Integer],               DATE,      Blink, t(F::ToDateOfDays)),
    form("TO_TIMESTAMP",          &[Text],                  TIMESTAMP, Both,  t(F::ToTimestamp)),
    form("TO_TIMESTAMP",          &[Text, Text],            TIMESTAMP, Both,  t(F::ToTimestamp)),
    form("TO_TIMESTAMP",          &[BigInt],                TIMESTAMP, Blink, t(F::ToTimestampOfMillis)),
    form("TO_TIMESTAMP_TZ",       &[Text, Text],            TIMESTAMP, Blink, t(F::ToTimestampTz)),
    form("TO_TIMESTAMP_TZ",       &[Text, Text, Text],      TIMESTAMP, Blink, t(F::ToTimestampTz)),
    form("TO_TIMESTAMP_LTZ",      &[Number],                INSTANT,   Both,  t(F::ToInstantOfNumber)),
    form("TO_TIMESTAMP_LTZ",      &[Number, Integer],       INSTANT,   Both,  t(F::ToInstantOfNumber)),
    form("TO_TIMESTAMP_LTZ",      &[Text],                  INSTANT,   Both,  t(F::ToInstant)),
    form("TO_TIMESTAMP_LTZ",      &[Text, Text],            INSTANT,   Both,  t(F::ToInstant)),
    form("TO_TIMESTAMP_LTZ",      &[Text, Text, Text],      INSTANT,   Both,  t(F::ToInstant)),
    form("DATE_FORMAT",           &[LocalOrInstant, Text],  STRING,    Flink, t(F::DateFormat)),
    form("DATE_FORMAT",           &[Timestamp, Text],       STRING,    Blink, t(F::DateFormat)),
    form("DATE_FORMAT",           &[Text, Text],            STRING,    Both,  t(F::DateFormat)),
    form("DATE_FORMAT",           &[Text, Text, Text],      STRING,    Blink, t(F::DateFormatFrom)),
    form("DATE_FORMAT_TZ",        &[Timestamp, Text],       STRING,    Blink, t(F::DateFormatTz)),
    form("DATE_FORMAT_TZ",        &[Timestamp, Text, Text], STRING,    Blink, t(F::DateFormatTz)),
    form("CONVERT_TZ",            &[Text, Text, Text],      STRING,    Both,  t(F::ConvertTz)),
    form("DATEDIFF",              &[Moment, Moment],        INT,       Blink, t(F::DateDiff)),
    form("DATE_ADD",              &[Moment, Integer],       STRING,    Blink, t(F::DateAdd)),
    form("DATE_SUB",              &[Moment, Integer],       STRING,    Blink, t(F::DateSub)),
];
