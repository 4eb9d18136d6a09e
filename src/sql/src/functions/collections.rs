//! The functions of ARRAY, MAP and ROW: what they take hangs on what their arguments hold.

use crate::CollectionFunction as F;

/// What a function takes and gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Keys and values by turns: a MAP.
    Map,
    /// Anything: a ROW.
    Row,
    /// ARRAY or MAP: INT.
    Size,
    /// ARRAY: the same.
    Same,
    /// ARRAY: its element.
    OneElement,
    /// ARRAY of what has an order: its element.
    Extreme,
    /// ARRAY and one or two places: the same.
    Slice,
    /// ARRAY and up to two BOOLEANs: the same.
    Sort,
    /// ARRAY of text, and one or two texts: STRING.
    Text,
    /// ARRAY and a value: an ARRAY of what both share.
    Change,
    /// ARRAY and a value: BOOLEAN.
    Test,
    /// ARRAY and a value: INT.
    Find,
    /// ARRAYs, or MAPs: what they share.
    Joined,
    /// MAP: ARRAY of its keys.
    Keys,
    /// MAP: ARRAY of its values.
    Values,
    /// MAP: ARRAY of ROW.
    Entries,
    /// Two ARRAYs: a MAP.
    FromArrays,
}

impl Shape {
    /// How many arguments there may be, where the shape says.
    pub(crate) fn counts(&self) -> &'static [usize] {
        match self {
            Self::Map | Self::Row | Self::Joined => &[],
            Self::Slice | Self::Text => &[2, 3],
            Self::Sort => &[1, 2, 3],
            Self::Change | Self::Test | Self::Find | Self::FromArrays => &[2],
            _ => &[1],
        }
    }

    /// As messages write it.
    pub(crate) fn text(&self, name: &str) -> String {
        let arguments = match self {
            Self::Map => return format!("{name}[key, value, ..]"),
            Self::Row => "value, ..",
            Self::Size => "ARRAY or MAP",
            Self::Same | Self::OneElement => "ARRAY",
            Self::Extreme => "ARRAY of values that have an order",
            Self::Slice => "ARRAY, INT [, INT]",
            Self::Sort => "ARRAY [, BOOLEAN [, BOOLEAN]]",
            Self::Text => "ARRAY<STRING>, STRING [, STRING]",
            Self::Change | Self::Test | Self::Find => "ARRAY, value",
            Self::Joined if name == "MAP_UNION" => "MAP, ..",
            Self::Joined if name == "ARRAY_CONCAT" => "ARRAY, ..",
            Self::Joined | Self::FromArrays => "ARRAY, ARRAY",
            Self::Keys | Self::Values | Self::Entries => "MAP",
        };
        format!("{name}({arguments})")
    }
}

/// The functions by name.
const FUNCTIONS: &[(&str, F, Shape)] = &[
    ("ARRAY_APPEND", F::Append, Shape::Change),
    ("ARRAY_CONCAT", F::Concat, Shape::Joined),
    ("ARRAY_CONTAINS", F::Contains, Shape::Test),
    ("ARRAY_DISTINCT", F::Distinct, Shape::Same),
    ("ARRAY_EXCEPT", F::Except, Shape::Joined),
    ("ARRAY_INTERSECT", F::Intersect, Shape::Joined),
    ("ARRAY_JOIN", F::Join, Shape::Text),
    ("ARRAY_MAX", F::Max, Shape::Extreme),
    ("ARRAY_MIN", F::Min, Shape::Extreme),
    ("ARRAY_POSITION", F::Position, Shape::Find),
    ("ARRAY_PREPEND", F::Prepend, Shape::Change),
    ("ARRAY_REMOVE", F::Remove, Shape::Change),
    ("ARRAY_REVERSE", F::Reverse, Shape::Same),
    ("ARRAY_SLICE", F::Slice, Shape::Slice),
    ("ARRAY_SORT", F::Sort, Shape::Sort),
    ("ARRAY_UNION", F::Union, Shape::Joined),
    ("CARDINALITY", F::Cardinality, Shape::Size),
    ("ELEMENT", F::Element, Shape::OneElement),
    ("MAP", F::MapOf, Shape::Map),
    ("MAP_ENTRIES", F::MapEntries, Shape::Entries),
    ("MAP_FROM_ARRAYS", F::MapFromArrays, Shape::FromArrays),
    ("MAP_KEYS", F::MapKeys, Shape::Keys),
    ("MAP_UNION", F::MapUnion, Shape::Joined),
    ("MAP_VALUES", F::MapValues, Shape::Values),
    ("ROW", F::RowOf, Shape::Row),
];

/// The function of an upper-case name.
pub(crate) fn of_name(name: &str) -> Option<(F, Shape)> {
    FUNCTIONS
        .iter()
        .find(|(known, ..)| *known == name)
        .map(|(_, function, shape)| (*function, *shape))
}

/// All of the names.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    FUNCTIONS.iter().map(|(name, ..)| *name)
}
