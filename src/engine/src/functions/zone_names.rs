//! Abbreviations of zones that Java knows (`ZoneId.SHORT_IDS`), and Flink with it.

use rookery_codecs::time::{Zone, ZoneError};

/// In the order of the abbreviations.
const SHORT: [(&str, &str); 25] = [
    ("ACT", "Australia/Darwin"),
    ("AET", "Australia/Sydney"),
    ("AGT", "America/Argentina/Buenos_Aires"),
    ("ART", "Africa/Cairo"),
    ("AST", "America/Anchorage"),
    ("BET", "America/Sao_Paulo"),
    ("BST", "Asia/Dhaka"),
    ("CAT", "Africa/Harare"),
    ("CNT", "America/St_Johns"),
    ("CST", "America/Chicago"),
    ("CTT", "Asia/Shanghai"),
    ("EAT", "Africa/Addis_Ababa"),
    ("ECT", "Europe/Paris"),
    ("IET", "America/Indiana/Indianapolis"),
    ("IST", "Asia/Kolkata"),
    ("JST", "Asia/Tokyo"),
    ("MIT", "Pacific/Apia"),
    ("NET", "Asia/Yerevan"),
    ("NST", "Pacific/Auckland"),
    ("PLT", "Asia/Karachi"),
    ("PNT", "America/Phoenix"),
    ("PRT", "America/Puerto_Rico"),
    ("PST", "America/Los_Angeles"),
    ("SST", "Pacific/Guadalcanal"),
    ("VST", "Asia/Ho_Chi_Minh"),
];

/// The zone of a name; in flink also of an abbreviation.
pub(crate) fn zone_named(name: &str, flink: bool) -> Result<Zone, ZoneError> {
    let short = SHORT.iter().find(|(short, _)| flink && *short == name);
    Zone::parse(short.map_or(name, |(_, long)| long))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_abbreviation_is_a_zone_in_flink_only() {
        for (short, long) in SHORT {
            assert!(zone_named(short, true).is_ok(), "{short} {long}");
        }
        assert!(zone_named("PST", false).is_err());
        assert!(zone_named("nope", true).is_err());
    }
}
