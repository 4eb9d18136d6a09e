//! "Did you mean": the nearest of the names that would have been right.

/// The candidate nearest to a mistyped name, if one is near enough: a changed, missing or swapped
/// character or two, or another case.
pub(crate) fn closest<'a>(
    name: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    // A long name is a paste, not a typo, and the distance costs the product of the lengths.
    const BYTES_MAX: usize = 128;
    if name.len() > BYTES_MAX {
        return None;
    }
    let lower = name.to_lowercase();
    let length = lower.chars().count();
    let allowed = match length {
        0..=2 => 0,
        3..=4 => 1,
        5..=8 => 2,
        _ => 3,
    };
    candidates
        .into_iter()
        .filter(|candidate| candidate.len() <= BYTES_MAX && *candidate != name)
        .filter_map(|candidate| {
            let other = candidate.to_lowercase();
            // A distance is never less than the difference of the lengths, which costs much less.
            if other.chars().count().abs_diff(length) > allowed {
                return None;
            }
            let distance = strsim::damerau_levenshtein(&lower, &other);
            (distance <= allowed).then_some((distance, candidate))
        })
        .min_by_key(|&(distance, candidate)| (distance, candidate))
        .map(|(_, candidate)| candidate)
}

/// What Flink calls a function that MySQL, Hive, Spark or PostgreSQL call otherwise.
const OTHER_NAMES: &[(&str, &str)] = &[
    ("CHARINDEX", "LOCATE"),
    ("DATE_PARSE", "TO_TIMESTAMP"),
    ("GETDATE", "CURRENT_TIMESTAMP"),
    ("GET_JSON_OBJECT", "JSON_VALUE"),
    ("GROUP_CONCAT", "LISTAGG"),
    ("IIF", "IF"),
    ("JSON_EXTRACT", "JSON_VALUE"),
    ("JSON_EXTRACT_SCALAR", "JSON_VALUE"),
    ("LEN", "CHAR_LENGTH"),
    ("LENGTH", "CHAR_LENGTH"),
    ("NVL", "COALESCE"),
    ("REGEXP_LIKE", "REGEXP"),
    ("STRFTIME", "DATE_FORMAT"),
    ("STRPOS", "LOCATE"),
    ("STR_TO_DATE", "TO_TIMESTAMP"),
    ("SYSDATE", "CURRENT_TIMESTAMP"),
    ("TO_CHAR", "DATE_FORMAT"),
    ("TRUNC", "TRUNCATE"),
    ("WM_CONCAT", "LISTAGG"),
];

/// What to write for a function of another SQL that no function here stands for alone.
const OTHER_FORMS: &[(&str, &str)] = &[
    ("ADD_MONTHS", "write TIMESTAMPADD(MONTH, n, time)"),
    ("DATEADD", "write TIMESTAMPADD(DAY, n, time)"),
    ("DATE_TRUNC", "write FLOOR(time TO DAY)"),
    ("ISNULL", "write x IS NULL, or COALESCE(x, other)"),
    ("MONTHS_BETWEEN", "write TIMESTAMPDIFF(MONTH, from, to)"),
    ("NVL2", "write CASE WHEN x IS NOT NULL THEN a ELSE b END"),
    (
        "SPLIT_PART",
        "write SPLIT_INDEX(text, between, n), which counts from 0",
    ),
    ("TO_NUMBER", "write CAST(text AS DECIMAL(p, s))"),
    ("TO_STRING", "write CAST(x AS STRING)"),
];

/// What flink writes for the functions that only blink has.
const BLINK_ONLY: &[(&str, &str)] = &[
    ("BITAND", "it has no operators on bits"),
    ("BITNOT", "it has no operators on bits"),
    ("BITOR", "it has no operators on bits"),
    ("BITXOR", "it has no operators on bits"),
    ("DATEDIFF", "write TIMESTAMPDIFF(DAY, from, to)"),
    ("DATE_ADD", "write day + INTERVAL '1' DAY"),
    (
        "DATE_FORMAT_TZ",
        "write CONVERT_TZ(text, from_zone, to_zone)",
    ),
    ("DATE_SUB", "write day - INTERVAL '1' DAY"),
    ("KEYVALUE", "write STR_TO_MAP(text, between, of)[key]"),
    ("LENGTH", "write CHAR_LENGTH(text)"),
    (
        "TO_TIMESTAMP_TZ",
        "write CONVERT_TZ(text, from_zone, to_zone)",
    ),
];

/// What to write in flink for an upper-case name that only blink has.
pub(crate) fn instead_of_blink(name: &str) -> Option<&'static str> {
    BLINK_ONLY
        .iter()
        .find_map(|(only, instead)| (*only == name).then_some(*instead))
}

/// What to write for an upper-case name of another SQL.
pub(crate) fn form_of_another_sql(name: &str) -> Option<&'static str> {
    OTHER_FORMS
        .iter()
        .find_map(|(other, ours)| (*other == name).then_some(*ours))
}

/// The function that another SQL calls by an upper-case name.
pub(crate) fn of_another_sql(name: &str) -> Option<&'static str> {
    OTHER_NAMES
        .iter()
        .find_map(|(other, ours)| (*other == name).then_some(*ours))
}

#[cfg(test)]
mod tests {
    use super::{
        BLINK_ONLY, OTHER_FORMS, OTHER_NAMES, closest, form_of_another_sql, instead_of_blink,
        of_another_sql,
    };

    #[test]
    fn names_of_other_sqls_lead_to_ours() {
        assert_eq!(of_another_sql("NVL"), Some("COALESCE"));
        assert_eq!(of_another_sql("COALESCE"), None);
        assert!(OTHER_NAMES.is_sorted());
        assert_eq!(
            form_of_another_sql("DATE_TRUNC"),
            Some("write FLOOR(time TO DAY)")
        );
        assert_eq!(form_of_another_sql("NVL"), None);
        assert!(OTHER_FORMS.is_sorted());
        assert_eq!(
            instead_of_blink("DATE_ADD"),
            Some("write day + INTERVAL '1' DAY")
        );
        assert_eq!(instead_of_blink("COALESCE"), None);
        assert!(BLINK_ONLY.is_sorted());
    }

    #[test]
    fn near_names_are_found_and_far_ones_are_not() {
        let names = ["imei", "type", "data", "profile", "iot_up", "设备号"];
        assert_eq!(closest("imie", names), Some("imei"));
        assert_eq!(closest("IMEI", names), Some("imei"));
        assert_eq!(closest("profil", names), Some("profile"));
        assert_eq!(closest("iot_dwon", names), None);
        assert_eq!(closest("xy", names), None);
        assert_eq!(closest("设备", names), None);
        assert_eq!(closest("设备好", names), Some("设备号"));
        assert_eq!(closest("imei", names), None);
        assert_eq!(closest(&"x".repeat(1 << 20), names), None);
    }
}
