//! Zones, civil days, and dates and times as text.
//!
//! A local date and time is a [`Timestamp`](rookery_model::Timestamp) counted as if in UTC; an instant is
//! one counted in UTC. [`Zone`] turns one into the other. The zone database is compiled in, so the same
//! binary gives the same rows on every box.

mod calendar;
mod civil;
mod pattern;
mod text;
mod zone;

pub use calendar::{
    CalendarUnit, add_months, american_week, day_of_week, day_of_year, first_day, iso_week,
    months_between, next_first_day,
};
pub use civil::{Civil, civil_of_days, days_in_month, days_of_civil};
pub use pattern::{Formatter, Parsed, Pattern, PatternError};
pub use text::{
    parse_date, parse_date_loosely, parse_time, parse_time_loosely, parse_timestamp,
    parse_timestamp_loosely, write_date, write_time, write_timestamp,
};
pub use zone::{Overlap, Zone, ZoneError};

/// Milliseconds of a day without leap seconds.
pub const MILLIS_PER_DAY: i64 = 86_400_000;
