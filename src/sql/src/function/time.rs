//! Functions of dates and times.

/// A unit of time, as FLOOR, CEIL and TIMESTAMPDIFF count in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TimeUnit {
    /// 1,000 years, the first of which ends in 1
    Millennium,
    /// 100 years, the first of which ends in 1
    Century,
    /// 10 years, the first of which ends in 0
    Decade,
    /// Twelve months
    Year,
    /// Three months
    Quarter,
    /// A month
    Month,
    /// Seven days
    Week,
    /// 24 hours
    Day,
    /// An hour
    Hour,
    /// A minute
    Minute,
    /// A second
    Second,
    /// A thousandth of a second
    Millisecond,
}

/// What EXTRACT takes out of a date, a time, or an interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TimeField {
    /// MILLENNIUM: the year 2001 begins the third.
    Millennium,
    /// CENTURY: the year 2001 begins the 21st.
    Century,
    /// DECADE: the year divided by ten.
    Decade,
    /// YEAR
    Year,
    /// ISOYEAR: the year that the week belongs to.
    IsoYear,
    /// QUARTER: 1 to 4
    Quarter,
    /// MONTH: 1 to 12
    Month,
    /// WEEK: 1 to 53, after ISO 8601
    Week,
    /// DAY of the month
    Day,
    /// DOW: 1 is Sunday
    DayOfWeek,
    /// ISODOW: 1 is Monday
    IsoDayOfWeek,
    /// DOY
    DayOfYear,
    /// HOUR: 0 to 23
    Hour,
    /// MINUTE
    Minute,
    /// SECOND
    Second,
    /// MILLISECOND: of the second
    Millisecond,
    /// MICROSECOND: of the second
    Microsecond,
    /// NANOSECOND: of the second
    Nanosecond,
    /// EPOCH: seconds since 1970-01-01
    Epoch,
}

/// A function of dates and times. A moment is a DATE, TIME, TIMESTAMP or TIMESTAMP_LTZ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TimeFunction {
    /// EXTRACT(field FROM moment or interval), YEAR(..) and their like: BIGINT.
    Extract(TimeField),
    /// FLOOR(moment TO unit), in its own type.
    Floor(TimeUnit),
    /// CEIL(moment TO unit), in its own type.
    Ceil(TimeUnit),
    /// A moment and a number of months, which cuts a day that the month does not have.
    AddMonths,
    /// A moment and a number of milliseconds; a TIME goes round the clock.
    AddMillis,
    /// TIMESTAMPDIFF(unit, moment, moment): whole units from the first to the second. INT.
    Difference(TimeUnit),
    /// `(moment - moment) DAY`: milliseconds from the second to the first. INTERVAL.
    Between,
    /// CURRENT_TIMESTAMP, NOW(), PROCTIME(): the record's time. TIMESTAMP_LTZ(3).
    CurrentTimestamp,
    /// Blink's NOW(INT): the record's time and so many seconds. BIGINT.
    NowPlus,
    /// LOCALTIMESTAMP: the record's time in the job's zone. TIMESTAMP(3).
    LocalTimestamp,
    /// CURRENT_DATE: the record's day in the job's zone. DATE.
    CurrentDate,
    /// CURRENT_TIME, LOCALTIME: the record's time of the day in the job's zone. TIME(0).
    CurrentTime,
    /// DATE_FORMAT(moment or text, format): STRING.
    DateFormat,
    /// Blink's DATE_FORMAT(text, from, to): STRING.
    DateFormatFrom,
    /// Blink's DATE_FORMAT_TZ(moment, format, zone): STRING.
    DateFormatTz,
    /// TO_DATE(text [, format]): DATE, NULL of what is none.
    ToDate,
    /// Blink's TO_DATE(INT days since 1970-01-01): DATE.
    ToDateOfDays,
    /// TO_TIMESTAMP(text [, format]): TIMESTAMP(3), NULL of what is none.
    ToTimestamp,
    /// Blink's TO_TIMESTAMP(BIGINT milliseconds): TIMESTAMP(3) in the job's zone.
    ToTimestampOfMillis,
    /// Blink's TO_TIMESTAMP_TZ(text [, format], zone): TIMESTAMP(3) in the job's zone.
    ToTimestampTz,
    /// TO_TIMESTAMP_LTZ(number, INT precision): TIMESTAMP_LTZ(3).
    ToInstantOfNumber,
    /// TO_TIMESTAMP_LTZ(text [, format [, zone]]): TIMESTAMP_LTZ(3).
    ToInstant,
    /// FROM_UNIXTIME(BIGINT seconds [, format]): STRING.
    FromUnixtime,
    /// CONVERT_TZ(text, zone, zone): STRING `yyyy-MM-dd HH:mm:ss`, NULL of what is no time.
    ConvertTz,
    /// Blink's DATEDIFF(later, earlier): days, INT.
    DateDiff,
    /// Blink's DATE_ADD(date, days): STRING `yyyy-MM-dd`.
    DateAdd,
    /// Blink's DATE_SUB(date, days): STRING `yyyy-MM-dd`.
    DateSub,
    /// An INTERVAL as text.
    IntervalText,
}
