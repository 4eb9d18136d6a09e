//! The store of dead letters as an operator's commands see it: letters in files that a server may be
//! writing, and marks beside them.
//!
//! Letters are never changed. What was done about one is a mark with its id in
//! `sinks/dead_letters/marks.ndjson`, which commands alone write, one at a time; the last mark of an id
//! counts. A purged letter is one with that mark, until its file is removed; a file is removed when all
//! of its letters are purged and a newer file exists, for the server writes to the newest only.

mod error;
mod letter;
mod marks;
mod selection;
mod store;

pub use error::DlqError;
pub use letter::{Letter, State, Way, as_json};
pub use marks::{Mark, MarkKind, MarkWriter};
pub use selection::{Selection, Wanted};
pub use store::{Damage, Found, Store};

use rookery_codecs::time::{write_date, write_time};
use std::time::{SystemTime, UNIX_EPOCH};

const DAY_MILLIS: i64 = 86_400_000;

/// A time in the store's form, `yyyy-MM-ddTHH:mm:ss.SSSZ`, which compares as text.
fn stamp(millis: i64) -> String {
    let mut out = Vec::new();
    let days = millis.div_euclid(DAY_MILLIS);
    let of_day = millis.rem_euclid(DAY_MILLIS);
    write_date(i32::try_from(days).unwrap_or(i32::MAX), &mut out);
    out.push(b'T');
    let whole = of_day - of_day % 1000;
    write_time(i32::try_from(whole).expect("a day's ms fit"), &mut out);
    out.extend_from_slice(format!(".{:03}Z", of_day % 1000).as_bytes());
    String::from_utf8(out).expect("digits and signs are UTF-8")
}

/// Milliseconds since 1970.
fn now_millis() -> i64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
