//! Names of functions that Flink 2.x or Blink have and that are not in the table yet.

/// Scalar functions.
const SCALAR: &[&str] = &[
    "ARRAY",
    "ARRAY_AGG",
    "CURRENT_WATERMARK",
    "ISNAN",
    "JSON_ARRAYAGG",
    "JSON_LENGTH",
    "JSON_OBJECTAGG",
    "MURMUR_HASH",
    "MURMUR_HASH_64",
    "PERCENTILE",
    "SUBSTRING_INDEX",
    "TYPEOF",
    "WITHOFFSET",
];

/// Functions over many rows.
const AGGREGATE: &[&str] = &[
    "APPROX_COUNT_DISTINCT",
    "AVG",
    "COLLECT",
    "CONCAT_AGG",
    "COUNT",
    "CUME_DIST",
    "DENSE_RANK",
    "FIRST_VALUE",
    "LAG",
    "LAST_VALUE",
    "LEAD",
    "LISTAGG",
    "MAX",
    "MIN",
    "NTILE",
    "PERCENT_RANK",
    "RANK",
    "ROW_NUMBER",
    "STDDEV_POP",
    "STDDEV_SAMP",
    "SUM",
    "VARIANCE",
    "VAR_POP",
    "VAR_SAMP",
];

/// Group windows, their bounds, and the functions that stand for a table.
const WINDOW: &[&str] = &[
    "CUMULATE",
    "DESCRIPTOR",
    "HOP",
    "HOP_END",
    "HOP_PROCTIME",
    "HOP_ROWTIME",
    "HOP_START",
    "SESSION",
    "SESSION_END",
    "SESSION_PROCTIME",
    "SESSION_ROWTIME",
    "SESSION_START",
    "TUMBLE",
    "TUMBLE_END",
    "TUMBLE_PROCTIME",
    "TUMBLE_ROWTIME",
    "TUMBLE_START",
];

/// Functions that give rows.
const TABLE: &[&str] = &[
    "GENERATE_SERIES",
    "JSON_EACH",
    "JSON_TUPLE",
    "MULTI_KEYVALUE",
    "STRING_SPLIT",
    "UNNEST",
];

const KINDS: &[(&str, &[&str])] = &[
    ("function", SCALAR),
    ("aggregate function", AGGREGATE),
    ("window function", WINDOW),
    ("table function", TABLE),
];

/// What kind of function an upper-case name is, if it is one of these.
pub(super) fn kind(name: &str) -> Option<&'static str> {
    KINDS
        .iter()
        .find_map(|&(kind, names)| names.contains(&name).then_some(kind))
}

/// Whether an upper-case name is that of a function that stands for a table.
pub(super) fn gives_rows(name: &str) -> bool {
    TABLE.contains(&name) || WINDOW.contains(&name)
}

/// All of the names.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    KINDS.iter().flat_map(|(_, names)| names.iter().copied())
}
