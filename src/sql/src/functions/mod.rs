//! The functions that are called by name: what they take, what they give, in which dialect.
//!
//! A function is one line of a [`table`] for each form of its arguments. Names that Flink or
//! Blink have and that are not in the table yet are listed in [`known`], so that using one is told
//! apart from a typing error.

pub(crate) mod collections;
mod known;
mod listing;
mod table;
pub(crate) mod text_types;

pub(crate) use listing::name_of;
pub use listing::{FunctionName, function_names};

use crate::Function;
use crate::plan::{ArithmeticOp, Dialect, Expr, ExprKind, Literal};
use crate::suggest::{closest, of_another_sql};
use rookery_model::DataType;

/// What an argument must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Argument {
    /// Text. Blink makes text of anything but ARRAY, MAP and ROW.
    Text,
    /// TIMESTAMP or TIMESTAMP_LTZ; a DATE becomes a TIMESTAMP.
    Timestamp,
    /// A number. Blink reads one from text, as DOUBLE.
    Number,
    /// BOOLEAN.
    Boolean,
    /// An integer. Blink takes other numbers and text, as INT.
    Integer,
    /// BINARY or VARBINARY.
    Bytes,
    /// Text or bytes. Blink makes text of others.
    TextOrBytes,
    /// Any single value, as it is: no ARRAY, MAP or ROW.
    Single,
    /// Any number, as DOUBLE. Blink reads one from text.
    Double,
    /// An integer, as BIGINT. Blink takes other numbers and text.
    BigInt,
    /// DATE, TIME, TIMESTAMP or TIMESTAMP_LTZ as it is. Blink takes the text of one.
    Moment,
    /// TIMESTAMP or TIMESTAMP_LTZ as it is.
    LocalOrInstant,
    /// Anything; all such arguments of a call are converted to one type.
    Common,
}

impl Argument {
    /// As messages write it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Text => "STRING",
            Self::Timestamp | Self::LocalOrInstant => "TIMESTAMP",
            Self::Moment => "DATE, TIME or TIMESTAMP",
            Self::Number | Self::Double => "number",
            Self::BigInt => "BIGINT",
            Self::Boolean => "BOOLEAN",
            Self::Integer => "INT",
            Self::Bytes => "BYTES",
            Self::TextOrBytes => "STRING or BYTES",
            Self::Single | Self::Common => "value",
        }
    }
}

/// What a call gives.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Returns {
    /// Always this type.
    Type(DataType),
    /// The type that the [`Argument::Common`] arguments share.
    Common,
    /// The type of the first argument.
    First,
    /// The same, or a DECIMAL without a fraction.
    Whole,
    /// The same, or a DECIMAL of as many digits after the point as the second argument says.
    Rounded,
    /// ARRAY of STRING.
    Strings,
    /// MAP of STRING by STRING.
    StringMap,
}

/// Which dialects have a form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialects {
    Both,
    Blink,
    Flink,
}

impl Dialects {
    fn has(self, dialect: Dialect) -> bool {
        match self {
            Self::Both => true,
            Self::Blink => dialect == Dialect::Blink,
            Self::Flink => dialect == Dialect::Flink,
        }
    }
}

/// What a call becomes in the plan.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Meaning {
    /// A call.
    Call(Function),
    /// An operator that can be written as a function.
    Operator(ArithmeticOp),
    /// A constant, as DOUBLE.
    Constant(f64),
    /// NULLIF: compares its arguments, and gives the first in its own type.
    NullIf,
}

/// One form of a function.
#[derive(Debug)]
pub(crate) struct Signature {
    pub(crate) name: &'static str,
    pub(crate) arguments: &'static [Argument],
    /// More arguments of this kind may follow.
    pub(crate) rest: Option<Argument>,
    pub(crate) returns: Returns,
    pub(crate) dialects: Dialects,
    pub(crate) meaning: Meaning,
}

impl Signature {
    /// Whether it takes so many arguments.
    pub(crate) fn takes(&self, count: usize) -> bool {
        count == self.arguments.len() || (self.rest.is_some() && count > self.arguments.len())
    }

    /// What the n-th argument must be.
    pub(crate) fn argument(&self, n: usize) -> Option<Argument> {
        self.arguments.get(n).copied().or(self.rest)
    }

    /// As messages write it: `NAME(STRING, STRING, ..)`.
    pub(crate) fn text(&self) -> String {
        let mut arguments: Vec<_> = self.arguments.iter().map(|a| a.name()).collect();
        if self.rest.is_some() {
            arguments.push("..");
        }
        format!("{}({})", self.name, arguments.join(", "))
    }
}

/// The type that a call gives whose type hangs on that of its first argument.
pub(crate) fn returned(returns: &Returns, args: &[Expr]) -> DataType {
    let Some(first) = args.first() else {
        return DataType::Null;
    };
    match (returns, &first.data_type) {
        (_, DataType::Null) => DataType::Double,
        (Returns::Whole, &DataType::Decimal { precision, .. }) => DataType::Decimal {
            precision,
            scale: 0,
        },
        (Returns::Rounded, &DataType::Decimal { precision, scale }) => {
            let digits = match args.get(1).map(|digits| &digits.kind) {
                None => 0,
                Some(ExprKind::Literal(Literal::Int(digits))) => *digits,
                Some(_) => return first.data_type.clone(),
            };
            rounded(precision, scale, digits)
        }
        (_, other) => other.clone(),
    }
}

/// A DECIMAL rounded at a digit, as Flink's `LogicalTypeMerging.findRoundDecimalType`.
fn rounded(precision: u8, scale: u8, digits: i64) -> DataType {
    if digits >= i64::from(scale) {
        return DataType::Decimal { precision, scale };
    }
    let kept = u8::try_from(digits.max(0)).unwrap_or(scale);
    DataType::Decimal {
        precision: (1 + precision - scale + kept).min(38),
        scale: kept,
    }
}

/// What a name stands for.
pub(crate) enum Found {
    /// These forms.
    Forms(Vec<&'static Signature>),
    /// A function of the other dialect only.
    OtherDialect,
    /// Known, not built: what kind of function it is.
    NotBuilt(&'static str),
    /// Nothing; perhaps this was meant.
    Unknown(Option<&'static str>),
}

/// Whether an upper-case name is that of a function that stands for a table: none is built yet.
pub(crate) fn gives_rows(name: &str) -> bool {
    known::gives_rows(name)
}

/// Looks a function up by its name in any case.
pub(crate) fn find(dialect: Dialect, name: &str) -> Found {
    let upper = name.to_ascii_uppercase();
    let forms: Vec<_> = table::forms().filter(|form| form.name == upper).collect();
    if !forms.is_empty() {
        let usable: Vec<_> = forms
            .into_iter()
            .filter(|form| form.dialects.has(dialect))
            .collect();
        return if usable.is_empty() {
            Found::OtherDialect
        } else {
            Found::Forms(usable)
        };
    }
    if let Some(kind) = known::kind(&upper) {
        return Found::NotBuilt(kind);
    }
    let names = table::forms()
        .map(|form| form.name)
        .chain([
            "JSON_VALUE",
            "CAST",
            "TRY_CAST",
            "EXTRACT",
            "TIMESTAMPADD",
            "TIMESTAMPDIFF",
        ])
        .chain(collections::names())
        .chain(crate::bind::JSON_FUNCTIONS)
        .chain(known::names());
    Found::Unknown(of_another_sql(&upper).or_else(|| closest(&upper, names)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_upper_case_and_no_known_name_is_in_it() {
        for form in table::forms() {
            assert_eq!(form.name, form.name.to_ascii_uppercase());
            assert_eq!(known::kind(form.name), None, "{} is built", form.name);
        }
    }

    #[test]
    fn forms_are_told_apart_by_count_and_dialect() {
        let Found::Forms(forms) = find(Dialect::Blink, "unix_timestamp") else {
            panic!("not found");
        };
        assert_eq!(forms.len(), 4);
        assert_eq!(
            forms.iter().map(|form| form.text()).collect::<Vec<_>>(),
            [
                "UNIX_TIMESTAMP()",
                "UNIX_TIMESTAMP(STRING)",
                "UNIX_TIMESTAMP(TIMESTAMP)",
                "UNIX_TIMESTAMP(STRING, STRING)"
            ]
        );
        let meaning = |dialect| match find(dialect, "Concat") {
            Found::Forms(forms) => forms[0].meaning,
            _ => panic!("not found"),
        };
        assert_eq!(
            meaning(Dialect::Blink),
            Meaning::Call(Function::ConcatSkipNull)
        );
        assert_eq!(meaning(Dialect::Flink), Meaning::Call(Function::Concat));
        let Found::Forms(forms) = find(Dialect::Flink, "COALESCE") else {
            panic!("not found");
        };
        assert!(forms[0].takes(1) && forms[0].takes(9) && !forms[0].takes(0));
    }

    #[test]
    fn unknown_names_are_corrected() {
        assert!(matches!(
            find(Dialect::Blink, "json_valeu"),
            Found::Unknown(Some("JSON_VALUE"))
        ));
        assert!(matches!(
            find(Dialect::Blink, "frobnicate"),
            Found::Unknown(None)
        ));
        assert!(matches!(
            find(Dialect::Blink, "json_length"),
            Found::NotBuilt("function")
        ));
        assert!(matches!(
            find(Dialect::Flink, "Count"),
            Found::NotBuilt("aggregate function")
        ));
    }
}
