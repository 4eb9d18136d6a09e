//! Functions of ARRAY, MAP and ROW.

/// A function of collections. Arguments that meet (an array and what is looked for in it) are of one
/// type; places count from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CollectionFunction {
    /// `ARRAY[value ..]`
    ArrayOf,
    /// `MAP[key, value ..]`
    MapOf,
    /// ROW(value ..)
    RowOf,
    /// `array[place]`, `map[key]`: NULL if not there.
    Item,
    /// `row.field`: the field's place, from 0.
    Field(u32),
    /// CARDINALITY(array or map): INT.
    Cardinality,
    /// ELEMENT(array): the only one.
    Element,
    /// ARRAY_CONTAINS(array, value): BOOLEAN.
    Contains,
    /// ARRAY_DISTINCT(array)
    Distinct,
    /// ARRAY_POSITION(array, value): INT, 0 if not there.
    Position,
    /// ARRAY_REMOVE(array, value)
    Remove,
    /// ARRAY_REVERSE(array)
    Reverse,
    /// ARRAY_SLICE(array, start [, end]); negative places count from the end.
    Slice,
    /// ARRAY_UNION(array, array): without duplicates.
    Union,
    /// ARRAY_CONCAT(array ..)
    Concat,
    /// ARRAY_MAX(array)
    Max,
    /// ARRAY_MIN(array)
    Min,
    /// ARRAY_JOIN(array of texts, separator [, what stands for NULL])
    Join,
    /// ARRAY_SORT(array [, ascending [, NULLs first]])
    Sort,
    /// ARRAY_APPEND(array, value)
    Append,
    /// ARRAY_PREPEND(array, value)
    Prepend,
    /// ARRAY_EXCEPT(array, array)
    Except,
    /// ARRAY_INTERSECT(array, array)
    Intersect,
    /// MAP_KEYS(map)
    MapKeys,
    /// MAP_VALUES(map)
    MapValues,
    /// MAP_ENTRIES(map): ARRAY of ROW of `key` and `value`.
    MapEntries,
    /// MAP_FROM_ARRAYS(keys, values)
    MapFromArrays,
    /// MAP_UNION(map ..): the last value of a key counts.
    MapUnion,
}
