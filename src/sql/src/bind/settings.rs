//! SET statements: which act, and on what.

use crate::CompileOptions;
use crate::code::Code;
use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::lexer::is_space;
use crate::parse::is_word;
use crate::plan::{Dialect, Span};
use crate::suggest::closest;
use crate::syntax::{Script, Setting};
use sqlparser::tokenizer::{Token, TokenWithSpan};

const DIALECT: &str = "rookery.dialect";
const ZONE: &str = "table.local-time-zone";
const KEYS: &[&str] = &[DIALECT, ZONE];

/// What a file's SET statements and the options before them come to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct FileSettings {
    pub(crate) dialect: Dialect,
    pub(crate) zone: String,
    /// Whether the file, or whoever compiles it, says the zone.
    pub(crate) zone_is_set: bool,
    /// Where the file says it.
    pub(crate) zone_span: Option<Span>,
}

/// The language of a file, read from its tokens: reading its types depends on it. The last SET wins.
pub(crate) fn dialect_of(tokens: &[TokenWithSpan], options: &CompileOptions) -> Dialect {
    let mut tokens = tokens.iter().filter(|token| !is_space(&token.token));
    let mut dialect = options.dialect.unwrap_or_default();
    while let Some(token) = tokens.next() {
        if !is_word(&token.token, "SET") {
            continue;
        }
        let mut ahead = tokens.clone().map(|token| &token.token);
        if let (
            Some(Token::SingleQuotedString(key)),
            Some(Token::Eq),
            Some(Token::SingleQuotedString(value)),
        ) = (ahead.next(), ahead.next(), ahead.next())
            && key == DIALECT
        {
            dialect = parse_dialect(value).unwrap_or(dialect);
        }
    }
    dialect
}

fn parse_dialect(value: &str) -> Option<Dialect> {
    match value.to_ascii_lowercase().as_str() {
        "blink" => Some(Dialect::Blink),
        "flink" => Some(Dialect::Flink),
        _ => None,
    }
}

impl FileSettings {
    /// Reads the SET statements of a file and reports what they do not do.
    pub(crate) fn read(
        script: &Script,
        dialect: Dialect,
        options: &CompileOptions,
        diagnostics: &mut Diagnostics,
    ) -> Self {
        let mut zone = match (&options.zone, dialect) {
            (Some(zone), _) => parse_zone(zone).unwrap_or_else(|| zone.clone()),
            (None, Dialect::Blink) => "Asia/Shanghai".to_owned(),
            (None, Dialect::Flink) => "UTC".to_owned(),
        };
        let mut zone_is_set = options.zone.is_some();
        let mut zone_span = None;
        for setting in &script.settings {
            zone_is_set |= setting.key == ZONE;
            match setting.key.as_str() {
                DIALECT if parse_dialect(&setting.value).is_none() => {
                    diagnostics.push(unknown_dialect(setting));
                }
                DIALECT => {}
                ZONE => match parse_zone(&setting.value) {
                    Some(parsed) => {
                        zone = parsed;
                        zone_span = Some(setting.value_span);
                    }
                    None => diagnostics.push(no_such_zone(&setting.value, setting.value_span)),
                },
                _ => diagnostics.push(unknown_key(setting)),
            }
        }
        Self {
            dialect,
            zone,
            zone_is_set,
            zone_span,
        }
    }
}

fn unknown_dialect(setting: &Setting) -> Diagnostic {
    Diagnostic::new(
        Code::InvalidSetting,
        setting.value_span,
        format!("there is no dialect `{}`", setting.value),
    )
    .help("write 'blink' or 'flink'")
}

/// The error that a zone's name is none.
pub(crate) fn no_such_zone(zone: &str, span: Span) -> Diagnostic {
    Diagnostic::new(
        Code::InvalidSetting,
        span,
        format!("`{zone}` is no time zone"),
    )
    .help("write a name such as 'Asia/Shanghai' or an offset such as '+08:00'")
}

fn unknown_key(setting: &Setting) -> Diagnostic {
    let help = closest(&setting.key, KEYS.iter().copied()).map_or_else(
        || format!("leave it out; the keys that act are {}", KEYS.join(" and ")),
        |key| format!("did you mean '{key}'?"),
    );
    Diagnostic::new(
        Code::UnknownSetting,
        setting.key_span,
        format!("SET '{}' does nothing here", setting.key),
    )
    .help(help)
}

/// A zone in the plan's spelling: a name as it is, an offset as `+08:00`. Whether the name exists is
/// known to whoever has the zone tables.
fn parse_zone(text: &str) -> Option<String> {
    let text = text.trim();
    let bare = ["UTC", "GMT"]
        .iter()
        .find_map(|prefix| text.strip_prefix(prefix))
        .unwrap_or(text);
    if let Some(sign @ ('+' | '-')) = bare.chars().next() {
        return parse_offset(sign, &bare[1..]);
    }
    let name = !text.is_empty()
        && text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "/_-+".contains(c));
    name.then(|| text.to_owned())
}

fn parse_offset(sign: char, digits: &str) -> Option<String> {
    let (hours, minutes) = match digits.split_once(':') {
        Some((hours, minutes)) if minutes.len() == 2 => (hours, minutes),
        Some(_) => return None,
        None if digits.len() == 4 => digits.split_at_checked(2)?,
        None => (digits, "0"),
    };
    let number = |text: &str, max: u8| {
        let plain = (1..=2).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
        plain
            .then(|| text.parse::<u8>().ok())
            .flatten()
            .filter(|&value| value <= max)
    };
    let (hours, minutes) = (number(hours, 18)?, number(minutes, 59)?);
    Some(format!("{sign}{hours:02}:{minutes:02}"))
}

#[cfg(test)]
mod tests {
    use super::parse_zone;

    #[test]
    fn zones_are_names_or_offsets() {
        let zone = |text| parse_zone(text).unwrap_or_else(|| "none".into());
        assert_eq!(zone("Asia/Shanghai"), "Asia/Shanghai");
        assert_eq!(zone("Etc/GMT-8"), "Etc/GMT-8");
        assert_eq!(zone("UTC"), "UTC");
        assert_eq!(zone("GMT+08:00"), "+08:00");
        assert_eq!(zone("UTC+8"), "+08:00");
        assert_eq!(zone("-0330"), "-03:30");
        assert_eq!(zone("+8:00"), "+08:00");
        assert_eq!(zone("+19:00"), "none");
        assert_eq!(zone("+08:60"), "none");
        assert_eq!(zone("+0x8"), "none");
        assert_eq!(zone(""), "none");
        assert_eq!(zone("上海"), "none");
    }
}
