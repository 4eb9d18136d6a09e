#![allow(clippy::unwrap_used)]

use super::*;

/// Seconds since 1970 that a text means, local time taken as UTC.
fn seconds(pattern: &str, text: &str) -> Option<i64> {
    let parsed = Pattern::new(pattern).unwrap().parse_prefix(text)?;
    Some(
        parsed
            .instant(&Zone::utc(), Overlap::Later)
            .millis
            .div_euclid(1000),
    )
}

#[test]
fn texts_are_read_as_java_reads_them() {
    let default = Pattern::DEFAULT;
    for (pattern, text, expected) in [
        (default, "2026-11-22 10:00:00", Some(1_795_341_600)),
        (default, "2026-11-22 10:00:00.789", Some(1_795_341_600)),
        (default, "2026-11-22 10:00:00 and more", Some(1_795_341_600)),
        (default, " 2026-11-22  10:00:00", Some(1_795_341_600)),
        (default, "2026-11-22 1:0:0", Some(1_795_309_200)),
        (default, "2026-11-22 10:00:000", Some(1_795_341_600)),
        (default, "2026-11-22 10:00:001", Some(1_795_341_601)),
        (default, "2026-11-22 10:00:100", None),
        (default, "2026-11-22 10:00", None),
        (default, "2026-11-22", None),
        (default, "2026-02-30 00:00:00", None),
        (default, "garbage", None),
        (default, "", None),
        ("yyyy-MM-dd", "2026-11-22", Some(1_795_305_600)),
        ("yyyy-MM-dd", "2026-11-22 10:00:00", Some(1_795_305_600)),
        ("yyyyMMdd", "20261122", Some(1_795_305_600)),
        ("yyyyMMddHHmmss", "20261122100000", Some(1_795_341_600)),
        ("yyyyMMddHHmmss", "2026112210000", Some(1_795_341_600)),
        ("dd/MM/yyyy", "22/11/2026", Some(1_795_305_600)),
        ("yy-MM-dd", "26-11-22", Some(1_795_305_600)),
        ("yyyy-MM-dd hh a", "2026-11-22 10 pm", Some(1_795_384_800)),
        ("yyyy-MM-dd hh a", "2026-11-22 12 AM", Some(1_795_305_600)),
        ("yyyy-MM-dd hh a", "2026-11-22 13 AM", None),
        (
            "yyyy-MM-dd HH:mm z",
            "2026-11-22 18:00 +08:00",
            Some(1_795_341_600),
        ),
        (
            "yyyy-MM-dd HH:mm z",
            "2026-11-22 18:00 +0800",
            Some(1_795_341_600),
        ),
        (
            "yyyy-MM-dd HH:mm z",
            "2026-11-22 18:00 GMT+8",
            Some(1_795_341_600),
        ),
        (
            "yyyy-MM-dd HH:mm z",
            "2026-11-22 10:00 UTC",
            Some(1_795_341_600),
        ),
        ("yyyy-MM-dd HH:mm z", "2026-11-22 10:00 CST", None),
        (
            "yyyy-MM-dd'T'HH:mm",
            "2026-11-22T10:00",
            Some(1_795_341_600),
        ),
        ("yyyy''MM", "2026'11", Some(1_793_491_200)),
        ("yyyy年MM月dd日", "2026年11月22日", Some(1_795_305_600)),
        ("HH:mm", "10:30", Some(37_800)),
        ("y", "1000000", None),
        ("", "whatever", Some(0)),
    ] {
        assert_eq!(seconds(pattern, text), expected, "{pattern} of {text}");
    }
    let exact = Pattern::new("yyyy-MM-dd").unwrap();
    assert_eq!(exact.parse("2026-11-22 10"), None);
    let fraction = Pattern::new("ss.SSSSSS")
        .unwrap()
        .parse("01.000250")
        .unwrap();
    assert_eq!(
        fraction.local,
        Timestamp {
            millis: 1000,
            nanos: 250_000
        }
    );
}

#[test]
fn a_zone_gives_the_instant_unless_the_text_does() {
    let zone = Zone::parse("Asia/Shanghai").unwrap();
    let read = |pattern: &str, text: &str| {
        let parsed = Pattern::new(pattern).unwrap().parse(text).unwrap();
        parsed.instant(&zone, Overlap::Later).millis
    };
    assert_eq!(read(Pattern::DEFAULT, "1970-01-01 00:00:00"), -28_800_000);
    assert_eq!(read("yyyy-MM-dd z", "1970-01-01 Z"), 0);
}

#[test]
fn times_are_written() {
    let local = Timestamp {
        millis: 1_795_341_909_050,
        nanos: 7000,
    };
    for (pattern, text) in [
        ("yyyyMMdd", "20261122"),
        (Pattern::DEFAULT, "2026-11-22 10:05:09"),
        ("yy/M/d h:m:s a", "26/11/22 10:5:9 AM"),
        ("HH:mm:ss.SSSSSS z", "10:05:09.050007 GMT+08:00"),
        ("yyyy年MM月dd日 'at' HH''", "2026年11月22日 at 10'"),
    ] {
        let mut out = Vec::new();
        Pattern::new(pattern)
            .unwrap()
            .format(local, 28_800_000, &mut out);
        assert_eq!(String::from_utf8(out).unwrap(), text);
    }
    let mut out = Vec::new();
    let pattern = Pattern::new("h a z").unwrap();
    pattern.format(Timestamp::from_millis(0), 0, &mut out);
    pattern.format(Timestamp::from_millis(43_200_000), -12_600_000, &mut out);
    assert_eq!(out, b"12 AM GMT12 PM GMT-03:30");
}

#[test]
fn what_is_not_understood_is_refused() {
    for (pattern, text) in [
        (
            "yyyy-MM-dd V",
            "the letter `V` of the date format `yyyy-MM-dd V` is not supported; the letters are y M d D H h k K m s S a E z Z X, others go between single quotes",
        ),
        (
            "yyyy 'at",
            "the date format `yyyy 'at` ends within single quotes; close them",
        ),
    ] {
        assert_eq!(Pattern::new(pattern).unwrap_err().to_string(), text);
    }
    assert_eq!(
        Pattern::for_reading("YYYY-ww").unwrap_err().to_string(),
        "a time cannot be read by the date format `YYYY-ww`: weeks, quarters, eras and days of the week do not name a day; write yyyy, MM and dd"
    );
    assert_eq!(
        Pattern::of_local_time("HH:mm z").unwrap_err().to_string(),
        "the date format `HH:mm z` asks for a zone, which a TIMESTAMP has none of; leave out z, Z and X"
    );
}

#[test]
fn texts_are_read_exactly() {
    for (pattern, text, expected) in [
        ("yyyy-MM-dd", "2026-11-22", true),
        ("yyyy-MM-dd", "2026-1-22", false),
        ("yyyy-M-d", "2026-1-2", true),
        ("yyyy-M-d", "2026-11-22", true),
        ("yyyyMMddHHmmssSSS", "20261122100000123", true),
        ("yyyyMMdd", "202611222", false),
        ("yyyy-MM-dd", "2026-11-22 ", false),
        ("yyyy-MM-dd", " 2026-11-22", false),
        ("yyyy-MM-dd", "12026-11-22", false),
        ("dd MMM yyyy", "22 Nov 2026", true),
        ("dd MMM yyyy", "22 NOV 2026", false),
        ("hh:mm a", "10:30 PM", true),
        ("hh:mm a", "10:30 pm", false),
        ("yyyy DDD", "2026 326", true),
    ] {
        let parsed = Pattern::for_reading_exactly(pattern)
            .unwrap()
            .parse_exact(text);
        assert_eq!(parsed.is_some(), expected, "{pattern} of {text}");
    }
}

#[test]
fn names_and_weeks_are_written() {
    let local = Timestamp::from_millis(1_795_341_909_050);
    let text = |pattern: &Pattern| {
        let mut out = Vec::new();
        pattern.format(local, 28_800_000, &mut out);
        String::from_utf8(out).unwrap()
    };
    for (pattern, expected) in [
        ("EEE, d MMM yyyy", "Sun, 22 Nov 2026"),
        ("EEEE MMMM", "Sunday November"),
        ("D u Z X XXX", "326 7 +0800 +08 +08:00"),
        ("k K G", "10 10 AD"),
        ("YYYY-ww u W", "2026-48 7 4"),
    ] {
        assert_eq!(text(&Pattern::new(pattern).unwrap()), expected);
    }
    assert_eq!(
        text(&Pattern::of_local_time("Q uuuu e A n N").unwrap()),
        "4 2026 1 36309050 50000000 36309050000000"
    );
}
