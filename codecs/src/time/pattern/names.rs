//! English names of months and days.

/// January first.
const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// Monday first.
const DAYS: [&str; 7] = [
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
];

/// Letters of a short name.
const SHORT: usize = 3;

/// The name of a month, 1 to 12.
pub(super) fn month(number: u8, short: bool) -> &'static str {
    cut(MONTHS[usize::from(number.clamp(1, 12)) - 1], short)
}

/// The name of a day of the week, 0 for Monday.
pub(super) fn day(number: u8, short: bool) -> &'static str {
    cut(DAYS[usize::from(number.min(6))], short)
}

fn cut(name: &'static str, short: bool) -> &'static str {
    if short { &name[..SHORT] } else { name }
}

/// The month that a text begins with, and the length of its name.
pub(super) fn read_month(text: &[u8], any_case: bool) -> Option<(u8, usize)> {
    read(&MONTHS, text, any_case)
}

/// The day of the week that a text begins with, and the length of its name.
pub(super) fn read_day(text: &[u8], any_case: bool) -> Option<(u8, usize)> {
    read(&DAYS, text, any_case)
}

/// Which name a text begins with, counted from 1; its full form goes before the short one.
fn read(names: &[&str], text: &[u8], any_case: bool) -> Option<(u8, usize)> {
    let begins = |name: &str| {
        text.get(..name.len()).is_some_and(|start| {
            if any_case {
                start.eq_ignore_ascii_case(name.as_bytes())
            } else {
                start == name.as_bytes()
            }
        })
    };
    let found = |length: fn(&str) -> usize| {
        let place = names
            .iter()
            .position(|name| begins(&name[..length(name)]))?;
        Some((place as u8 + 1, length(names[place])))
    };
    found(str::len).or_else(|| found(|_| SHORT))
}
