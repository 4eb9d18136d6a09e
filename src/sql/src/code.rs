//! Stable codes of diagnostics: what scripts and documentation hang on. A code is never given another
//! meaning; E01xx is syntax, E02xx binding, E03xx warnings.

use std::fmt;

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $name:ident = $text:literal,)*) => {
        /// What kind of finding a diagnostic is.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code {
            $($(#[doc = $doc])+ $name,)*
        }

        impl Code {
            /// All codes.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The code as users see it.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }
        }
    };
}

codes! {
    /// A character or an unfinished literal that no token begins with.
    UnreadableText = "E0101",
    /// Full-width or typographic punctuation outside a literal.
    FullWidthPunctuation = "E0102",
    /// A token that cannot stand where it stands.
    UnexpectedToken = "E0103",
    /// Two statements without a semicolon between them.
    MissingSemicolon = "E0104",
    /// A statement that Flink has and rule files do not.
    UnsupportedStatement = "E0105",
    /// A clause, operator or literal of another SQL.
    UnsupportedSyntax = "E0106",
    /// Nested too deep, or too many operators in one expression.
    TooDeep = "E0107",
    /// The file or the plan is over a limit.
    TooLarge = "E0108",
    /// A type that does not exist, or one with impossible precision.
    InvalidType = "E0109",
    /// A literal whose value does not fit or is no date.
    InvalidLiteral = "E0110",
    /// A comment `rookery:allow(..)` that names no warning.
    InvalidAllow = "E0111",

    /// No table or view of that name.
    UnknownTable = "E0201",
    /// No column of that name.
    UnknownColumn = "E0202",
    /// More than one column of that name.
    AmbiguousColumn = "E0203",
    /// No function of that name.
    UnknownFunction = "E0204",
    /// A function that does not take these arguments.
    WrongArguments = "E0205",
    /// Operands of types that an operator does not take together.
    TypeMismatch = "E0206",
    /// A condition that is not BOOLEAN.
    NotBoolean = "E0207",
    /// A cast between types that have none.
    InvalidCast = "E0208",
    /// A query with another number of columns than its destination.
    ColumnCount = "E0209",
    /// A query whose column types do not fit its destination.
    ColumnTypes = "E0210",
    /// A name that is already taken.
    DuplicateName = "E0211",
    /// A JSON path that cannot be read.
    InvalidJsonPath = "E0212",
    /// A table that is read and written in one file.
    ReadAndWritten = "E0213",
    /// Something that only the other dialect has.
    OtherDialect = "E0214",
    /// A value that a SET does not take.
    InvalidSetting = "E0215",
    /// A name of a table that cannot be used here.
    NotInsertable = "E0216",

    /// A column that the source does not declare.
    UndeclaredColumn = "E0301",
    /// A SET whose key means nothing here.
    UnknownSetting = "E0302",
    /// A hint, which is not acted on.
    IgnoredHint = "E0303",
    /// Understood, but no operator is built for it.
    NotBuilt = "E0304",
    /// Text compared or computed with a number, or compared with a date or time.
    ImplicitConversion = "E0305",
    /// A rule name in a comment that stands before no rule.
    UnusedRuleName = "E0306",
    /// A name that Flink would not take without back-quotes.
    ReservedInFlink = "E0307",
    /// A file without any INSERT.
    NoRules = "E0308",
    /// A value that may not fit its sink's column.
    Narrowing = "E0309",
    /// JSON_VALUE of an object or an array: text in blink, NULL in flink.
    DialectJsonValue = "E0310",
    /// CAST of text that may not fit: NULL in blink, a dead letter in flink.
    DialectCast = "E0311",
    /// UNIX_TIMESTAMP of text that is no time: NULL in blink, a number in flink.
    DialectUnixTimestamp = "E0312",
    /// A division of integers: DOUBLE in blink, an integer in flink.
    DialectDivision = "E0313",
    /// CONCAT of what may be NULL: left out in blink, NULL in flink.
    DialectConcat = "E0314",
    /// Only the first element of an array is read.
    FirstElementOnly = "E0315",
    /// A tag of a time-series database that is another for each message.
    TagNeverRepeats = "E0316",
    /// A tag or metric with characters that a time-series database does not take.
    TagCharacters = "E0317",
    /// A value of a time-series database that is no DOUBLE.
    PointValueType = "E0318",
    /// A condition that is never TRUE.
    NeverTrue = "E0319",
    /// A condition that is always TRUE.
    AlwaysTrue = "E0320",
    /// A function that reads or writes local time, in a file without a zone.
    ZoneNotSet = "E0321",
    /// A comment `rookery:allow(..)` that silences nothing.
    UnusedAllow = "E0322",
    /// A JSON path that flink takes and that finds nothing.
    MalformedPath = "E0323",
    /// JSON text of a function: as it came in blink, with sorted keys in flink.
    DialectJsonText = "E0324",
    /// A pattern of times whose letters mean something else than they look like.
    PatternLetters = "E0325",
    /// A backslash in a LIKE pattern: a character in blink, an escape in flink.
    DialectLike = "E0326",
}

impl Code {
    /// Whether it is a warning, which a file may silence.
    #[must_use]
    pub fn is_warning(self) -> bool {
        self.as_str().starts_with("E03")
    }

    /// The code that a text names.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|code| code.as_str().eq_ignore_ascii_case(text))
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn codes_are_distinct_and_in_their_ranges() {
        let texts: BTreeSet<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
        assert_eq!(texts.len(), Code::ALL.len());
        for text in texts {
            let range = ["E01", "E02", "E03"].contains(&&text[..3]);
            assert!(text.len() == 5 && range, "{text}");
        }
        assert_eq!(Code::UnknownColumn.to_string(), "E0202");
        assert_eq!(Code::parse("e0202"), Some(Code::UnknownColumn));
        assert_eq!(Code::parse("E0299"), None);
        assert!(Code::NoRules.is_warning() && !Code::UnknownColumn.is_warning());
    }
}
