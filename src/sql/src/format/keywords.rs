//! Which words are keywords where they stand. A word that may be a name counts as one only between the
//! words that make it one.

use crate::parse::TYPE_NAMES;

/// Keywords wherever a name cannot stand.
const RESERVED: &[&str] = &[
    "ALL",
    "AND",
    "AS",
    "BETWEEN",
    "BY",
    "CASE",
    "CAST",
    "CREATE",
    "CROSS",
    "DISTINCT",
    "ELSE",
    "END",
    "EXCEPT",
    "EXISTS",
    "FALSE",
    "FOR",
    "FROM",
    "GROUP",
    "HAVING",
    "IN",
    "INNER",
    "INSERT",
    "INTERSECT",
    "INTO",
    "IS",
    "JOIN",
    "LIKE",
    "LIMIT",
    "NOT",
    "NULL",
    "ON",
    "OR",
    "ORDER",
    "SELECT",
    "THEN",
    "TRUE",
    "TRY_CAST",
    "UNION",
    "VALUES",
    "WHEN",
    "WHERE",
    "WITH",
];

/// Words that are keywords right behind one of others.
const BEHIND: &[(&str, &[&str])] = &[
    ("BEGIN", &["SET"]),
    ("EMPTY", &["ON"]),
    ("ENFORCED", &["NOT"]),
    ("ERROR", &["ON"]),
    ("KEY", &["PRIMARY"]),
    ("OF", &["AS"]),
    ("SET", &["STATEMENT"]),
    ("STATEMENT", &["BEGIN", "EXECUTE"]),
    ("SYMMETRIC", &["BETWEEN"]),
    ("ASYMMETRIC", &["BETWEEN"]),
    ("SYSTEM_TIME", &["FOR"]),
    ("TABLE", &["CREATE", "TEMPORARY", "LATERAL"]),
    ("TEMPORARY", &["CREATE"]),
    ("TO", &["SIMILAR"]),
    ("UNKNOWN", &["IS", "NOT"]),
    ("VIEW", &["CREATE", "TEMPORARY"]),
    ("ERROR", &["EMPTY"]),
    ("VIRTUAL", &["METADATA"]),
];

/// Words that are keywords right before one of others.
const BEFORE: &[(&str, &[&str])] = &[
    ("BEGIN", &["STATEMENT"]),
    ("DEFAULT", &["ON"]),
    ("ERROR", &["ON"]),
    ("EXECUTE", &["STATEMENT"]),
    ("FULL", &["JOIN", "OUTER"]),
    ("IF", &["NOT"]),
    ("LATERAL", &["TABLE"]),
    ("LEFT", &["JOIN", "OUTER"]),
    ("METADATA", &["FROM", "VIRTUAL"]),
    ("OUTER", &["JOIN"]),
    ("PARTITION", &["BY"]),
    ("PARTITIONED", &["BY"]),
    ("PRIMARY", &["KEY"]),
    ("RIGHT", &["JOIN", "OUTER"]),
    ("SIMILAR", &["TO"]),
    ("WATERMARK", &["FOR"]),
];

/// Words that make a literal of the text behind them.
const LITERAL: &[&str] = &["DATE", "INTERVAL", "TIME", "TIMESTAMP"];

/// Units of INTERVAL.
const UNITS: &[&str] = &["DAY", "HOUR", "MINUTE", "MONTH", "SECOND", "YEAR"];

/// Words before which, as before an operator, a bracket stands apart.
const APART: &[&str] = &[
    "ALL",
    "AND",
    "AS",
    "BETWEEN",
    "BY",
    "CASE",
    "DISTINCT",
    "ELSE",
    "EXCEPT",
    "EXISTS",
    "FILTER",
    "FROM",
    "HAVING",
    "IN",
    "INTERSECT",
    "IS",
    "JOIN",
    "KEY",
    "LIKE",
    "MATCH_RECOGNIZE",
    "NOT",
    "ON",
    "OR",
    "OVER",
    "PATTERN",
    "SELECT",
    "THEN",
    "UNION",
    "USING",
    "VALUES",
    "WHEN",
    "WHERE",
    "WITH",
];

fn any(list: &[&str], word: &str) -> bool {
    list.contains(&word)
}

fn beside(list: &[(&str, &[&str])], word: &str, neighbour: &str) -> bool {
    list.iter()
        .any(|(known, neighbours)| *known == word && neighbours.contains(&neighbour))
}

/// Whether an upper-case word is a keyword between its neighbours (upper case, empty where there is no word).
pub(super) fn is_keyword(word: &str, before: &str, after: &str) -> bool {
    any(RESERVED, word) || beside(BEHIND, word, before) || beside(BEFORE, word, after)
}

/// Whether the text behind it makes a literal with this word.
pub(super) fn makes_literal(word: &str) -> bool {
    any(LITERAL, word)
}

/// Whether it is a unit of INTERVAL.
pub(super) fn is_unit(word: &str) -> bool {
    any(UNITS, word)
}

/// Whether it begins a type.
pub(super) fn is_type(word: &str) -> bool {
    any(TYPE_NAMES, word)
}

/// Whether a bracket behind it stands apart.
pub(super) fn stands_apart(word: &str) -> bool {
    any(APART, word)
}
