//! Functions of JSON, but for JSON_VALUE, which is an expression of its own.

/// What JSON_QUERY gives where it cannot give what was found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum JsonOnMissing {
    /// NULL
    #[default]
    Null,
    /// EMPTY ARRAY
    EmptyArray,
    /// EMPTY OBJECT
    EmptyObject,
    /// ERROR
    Error,
}

/// What JSON_EXISTS gives where the path cannot be followed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum JsonOnError {
    /// FALSE
    #[default]
    False,
    /// TRUE
    True,
    /// UNKNOWN
    Unknown,
    /// ERROR
    Error,
}

/// Whether JSON_QUERY puts what was found into an array.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum JsonWrapper {
    /// WITHOUT WRAPPER
    #[default]
    Without,
    /// WITH CONDITIONAL WRAPPER: unless it is one.
    Conditional,
    /// WITH WRAPPER
    Unconditional,
}

/// What IS JSON asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum JsonKind {
    /// VALUE
    #[default]
    Value,
    /// OBJECT
    Object,
    /// ARRAY
    Array,
    /// SCALAR
    Scalar,
}

/// A function of JSON. A path is a constant argument that is known to be well formed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum JsonFunction {
    /// JSON_QUERY(text, path): STRING, or ARRAY of STRING.
    Query {
        /// WRAPPER
        wrapper: JsonWrapper,
        /// ON EMPTY
        on_empty: JsonOnMissing,
        /// ON ERROR
        on_error: JsonOnMissing,
        /// RETURNING `ARRAY<STRING>`
        array: bool,
    },
    /// JSON_EXISTS(text, path): BOOLEAN.
    Exists(JsonOnError),
    /// `text IS JSON`: BOOLEAN.
    Is(JsonKind),
    /// JSON_OBJECT(key, value ..). Values that are such calls themselves are put in as JSON.
    Object {
        /// ABSENT ON NULL
        absent: bool,
    },
    /// JSON_ARRAY(value ..), as JSON_OBJECT.
    Array {
        /// ABSENT ON NULL
        absent: bool,
    },
    /// JSON(text): within JSON_OBJECT and JSON_ARRAY, puts JSON in as it is.
    Json,
    /// JSON_STRING(value)
    String,
    /// JSON_QUOTE(text)
    Quote,
    /// JSON_UNQUOTE(text)
    Unquote,
}
