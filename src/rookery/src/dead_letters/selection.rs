//! Which letters a command is about.

use super::{DlqError, Letter, State, now_millis, stamp};
use crate::cli::{Filters, StageName};
use rookery_codecs::time::parse_timestamp;
use std::collections::HashSet;
use xxhash_rust::xxh3::xxh3_64;

/// Which states.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// All that were not taken.
    Open,
    /// Those that were taken.
    Retried,
    /// All that are not purged.
    Any,
}

/// Filters, checked.
#[derive(Clone, Debug)]
pub struct Selection {
    ids: HashSet<String>,
    stages: Vec<&'static str>,
    rule: Option<String>,
    code: Option<String>,
    device: Option<Device>,
    from: Option<String>,
    to: Option<String>,
    wanted: Wanted,
}

#[derive(Clone, Debug)]
struct Device {
    text: String,
    /// As rows carry it.
    hash: String,
}

impl Selection {
    /// Letters that pass every filter.
    ///
    /// # Errors
    /// A time cannot be read.
    pub fn new(filters: &Filters, wanted: Wanted) -> Result<Self, DlqError> {
        let time = |text: &Option<String>| text.as_deref().map(time).transpose();
        Ok(Self {
            ids: HashSet::new(),
            stages: filters.stage.iter().copied().map(stage_name).collect(),
            rule: filters.rule.clone(),
            code: filters.code.as_deref().map(str::to_ascii_uppercase),
            device: filters.device.as_deref().map(|text| {
                let text = text.trim();
                Device {
                    text: text.to_owned(),
                    hash: format!("{:016x}", xxh3_64(text.as_bytes())),
                }
            }),
            from: time(&filters.from)?,
            to: time(&filters.to)?,
            wanted,
        })
    }

    /// Exactly these letters, whatever was done about them.
    pub fn of_ids(ids: &[String]) -> Self {
        let filters = Filters::default();
        Self {
            ids: ids.iter().cloned().collect(),
            ..Self::new(&filters, Wanted::Any).expect("no filter is no fault")
        }
    }

    /// The ids and filters of a command that changes letters: ids alone, or a filter, or everything.
    ///
    /// # Errors
    /// Nothing is named, ids come with something else, or a time cannot be read.
    pub fn of_command(
        ids: &[String],
        filters: &Filters,
        everything: bool,
        wanted: Wanted,
    ) -> Result<Self, DlqError> {
        let filtered = is_filtered(filters);
        match (ids.is_empty(), filtered, everything) {
            (false, true, _) => Err(DlqError::IdsAndMore { other: "filters" }),
            (false, _, true) => Err(DlqError::IdsAndMore {
                other: "--everything",
            }),
            (false, false, false) => Ok(Self::of_ids(ids)),
            (true, false, false) if wanted != Wanted::Retried => Err(DlqError::NothingNamed),
            (true, ..) => Self::new(filters, wanted),
        }
    }

    /// The ids that were named.
    pub fn ids(&self) -> &HashSet<String> {
        &self.ids
    }

    /// The text of the device that was asked for.
    pub fn device(&self) -> Option<&str> {
        self.device.as_ref().map(|device| device.text.as_str())
    }

    /// Whether a letter is among them.
    pub fn takes(&self, letter: &Letter, state: State) -> bool {
        let state_fits = match self.wanted {
            Wanted::Open => !matches!(state, State::Retried | State::Purged),
            Wanted::Retried => state == State::Retried,
            Wanted::Any => state != State::Purged,
        };
        let is = |wanted: &Option<String>, found: Option<&str>| {
            wanted.as_deref().is_none_or(|wanted| found == Some(wanted))
        };
        state_fits
            && (self.ids.is_empty() || self.ids.contains(&letter.id))
            && (self.stages.is_empty() || self.stages.contains(&letter.stage.as_str()))
            && is(&self.rule, letter.rule.as_deref())
            && is(&self.code, Some(&letter.code))
            && self.device.as_ref().is_none_or(|device| {
                letter.device.as_ref() == Some(&device.text)
                    || letter.device_hash.as_ref() == Some(&device.hash)
            })
            && self.from.as_ref().is_none_or(|from| letter.time >= *from)
            && self.to.as_ref().is_none_or(|to| letter.time < *to)
    }
}

fn is_filtered(filters: &Filters) -> bool {
    let texts = [
        &filters.rule,
        &filters.code,
        &filters.device,
        &filters.from,
        &filters.to,
    ];
    !filters.stage.is_empty() || texts.iter().any(|text| text.is_some())
}

fn stage_name(stage: StageName) -> &'static str {
    match stage {
        StageName::Frame => "frame",
        StageName::Route => "route",
        StageName::Parse => "parse",
        StageName::Cast => "cast",
        StageName::Eval => "eval",
        StageName::Sink => "sink",
    }
}

/// A time or an age, as a time in the store's form.
fn time(text: &str) -> Result<String, DlqError> {
    let bad = || DlqError::Time {
        text: text.to_owned(),
    };
    let trimmed = text.trim();
    if let Some(millis) = age_millis(trimmed) {
        return Ok(stamp(now_millis() - millis));
    }
    let plain = trimmed
        .strip_suffix(['Z', 'z'])
        .unwrap_or(trimmed)
        .replacen(['T', 't'], " ", 1);
    // A day alone begins at midnight, and minutes are enough.
    let full = match plain.len() {
        10 => format!("{plain} 00:00:00"),
        16 => format!("{plain}:00"),
        _ => plain,
    };
    let parsed = parse_timestamp(full.as_bytes()).ok_or_else(bad)?;
    Ok(stamp(parsed.millis))
}

/// `90m`, `2h`, `3d`, `30s`.
fn age_millis(text: &str) -> Option<i64> {
    let unit = text.chars().last()?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        'd' => 86_400,
        _ => return None,
    };
    let count: u32 = text.strip_suffix(unit)?.parse().ok()?;
    Some(i64::from(count) * seconds * 1000)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn letter(time: &str, device: &str, hash: &str) -> Letter {
        let line = format!(
            "{{\"id\":\"i\",\"time\":\"{time}\",\"shard\":0,\"term\":7,\"lsn\":42,\"forwarder\":null,\
             \"device\":{device},\"device_hash\":{hash},\"stage\":\"cast\",\"rule\":\"a.b\",\"code\":\"E1201\",\
             \"reason\":\"r\",\"raw\":\"x\"}}"
        );
        Letter::parse(line.as_bytes()).unwrap()
    }

    #[test]
    fn times_are_read_as_people_write_them() {
        for text in [
            "2026-11-23T07:00:00.000Z",
            "2026-11-23T07:00:00Z",
            "2026-11-23 07:00:00",
            "2026-11-23 07:00",
            "2026-11-23T07:00",
        ] {
            assert_eq!(time(text).unwrap(), "2026-11-23T07:00:00.000Z", "{text}");
        }
        assert_eq!(time("2026-11-23").unwrap(), "2026-11-23T00:00:00.000Z");
        let hour = time("1h").unwrap();
        assert!(hour < time("59m").unwrap() && hour > time("1d").unwrap());
        for text in [
            "",
            "noon",
            "2026-13-01",
            "2026-11-23 25:00",
            "-1h",
            "h",
            "07:00",
        ] {
            assert!(time(text).is_err(), "{text}");
        }
    }

    #[test]
    fn every_filter_counts() {
        let stored = letter("2026-11-23T07:00:00.000Z", "\"8610\"", "null");
        let passes = |change: fn(&mut Filters)| {
            let mut filters = Filters::default();
            change(&mut filters);
            Selection::new(&filters, Wanted::Open)
                .unwrap()
                .takes(&stored, State::Waiting)
        };
        assert!(passes(|_| {}));
        assert!(passes(|f| f.stage = vec![StageName::Parse, StageName::Cast]));
        assert!(!passes(|f| f.stage = vec![StageName::Parse]));
        assert!(passes(|f| f.rule = Some("a.b".into())));
        assert!(!passes(|f| f.rule = Some("a.c".into())));
        assert!(passes(|f| f.code = Some("e1201".into())));
        assert!(!passes(|f| f.code = Some("E1202".into())));
        assert!(passes(|f| f.device = Some(" 8610 ".into())));
        assert!(!passes(|f| f.device = Some("861".into())));
        assert!(passes(|f| f.from = Some("2026-11-23 07:00".into())));
        assert!(!passes(|f| f.from = Some("2026-11-23 07:01".into())));
        assert!(passes(|f| f.to = Some("2026-11-23 07:01".into())));
        assert!(
            !passes(|f| f.to = Some("2026-11-23 07:00".into())),
            "`to` is open"
        );
    }

    #[test]
    fn a_row_is_found_by_the_hash_of_its_device() {
        let hash = format!("\"{:016x}\"", xxh3_64(b"8610"));
        let row = letter("2026-11-23T07:00:00.000Z", "null", &hash);
        let of = |device: &str| {
            let filters = Filters {
                device: Some(device.into()),
                ..Filters::default()
            };
            Selection::new(&filters, Wanted::Open)
                .unwrap()
                .takes(&row, State::Waiting)
        };
        assert!(of("8610"));
        assert!(!of("8611"));
    }

    #[test]
    fn states_are_wanted_or_not() {
        let stored = letter("t", "null", "null");
        let takes = |wanted: Wanted| {
            let selection = Selection::new(&Filters::default(), wanted).unwrap();
            [
                State::Waiting,
                State::Begun,
                State::Refused,
                State::Retried,
                State::Purged,
            ]
            .map(|state| selection.takes(&stored, state))
        };
        assert_eq!(takes(Wanted::Open), [true, true, true, false, false]);
        assert_eq!(takes(Wanted::Retried), [false, false, false, true, false]);
        assert_eq!(takes(Wanted::Any), [true, true, true, true, false]);
    }

    #[test]
    fn a_command_that_changes_letters_names_them() {
        let ids = ["i".to_owned()];
        let none = Filters::default();
        let some = Filters {
            code: Some("E1".into()),
            ..Filters::default()
        };
        let code = |ids: &[String], filters: &Filters, everything: bool, wanted: Wanted| {
            Selection::of_command(ids, filters, everything, wanted)
                .err()
                .map(|error| error.code())
        };
        let open = Wanted::Open;
        assert_eq!(code(&[], &none, false, open), Some("E5005"));
        assert_eq!(code(&ids, &some, false, open), Some("E5006"));
        assert_eq!(code(&ids, &none, true, open), Some("E5006"));
        assert_eq!(code(&ids, &none, false, open), None);
        assert_eq!(code(&[], &some, false, open), None);
        assert_eq!(code(&[], &none, true, open), None);
        assert_eq!(code(&[], &none, false, Wanted::Retried), None);
    }
}
