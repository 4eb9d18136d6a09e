//! Type names, in declarations and casts.

use crate::code::Code;
use crate::diagnostics::Diagnostic;
use crate::parse::cursor::{Cursor, Read};
use crate::plan::{Dialect, Span};
use crate::suggest::closest;
use rookery_model::limits::SQL_NESTING_MAX;
use rookery_model::{DataType, Field};
use sqlparser::parser::Parser;
use sqlparser::tokenizer::Token;
use std::collections::HashSet;

/// Names that begin a type; what `did you mean` draws from, and `fmt`.
pub(crate) const TYPE_NAMES: &[&str] = &[
    "ARRAY",
    "BIGINT",
    "BINARY",
    "BOOLEAN",
    "BYTES",
    "CHAR",
    "CHARACTER",
    "DATE",
    "DEC",
    "DECIMAL",
    "DOUBLE",
    "FLOAT",
    "INT",
    "INTEGER",
    "MAP",
    "NUMERIC",
    "ROW",
    "SMALLINT",
    "STRING",
    "TIME",
    "TIMESTAMP",
    "TIMESTAMP_LTZ",
    "TINYINT",
    "VARBINARY",
    "VARCHAR",
];

/// Names that other systems have for our types.
const FOREIGN: &[(&str, &str)] = &[
    ("BLOB", "BYTES"),
    ("BOOL", "BOOLEAN"),
    ("CLOB", "STRING"),
    ("DATETIME", "TIMESTAMP"),
    ("INT2", "SMALLINT"),
    ("INT4", "INT"),
    ("INT8", "BIGINT"),
    ("JSON", "STRING"),
    ("LONG", "BIGINT"),
    ("NUMBER", "DECIMAL"),
    ("NVARCHAR", "STRING"),
    ("REAL", "FLOAT"),
    ("TEXT", "STRING"),
];

/// Largest precision of TIME, TIMESTAMP and TIMESTAMP_LTZ.
const FRACTION_MAX: u32 = 9;
/// Largest precision of DECIMAL.
const DECIMAL_MAX: u32 = 38;

/// Reads a type.
pub(crate) fn read_type(parser: &mut Parser, dialect: Dialect) -> Read<DataType> {
    let mut types = Types {
        dialect,
        depth: 0,
        in_cast: false,
    };
    types.read(parser)
}

/// Reads the type of a cast. In flink it may be `VARCHAR(0)`, and a precision beyond that of DECIMAL is its
/// largest.
pub(crate) fn read_cast_type(parser: &mut Parser, dialect: Dialect) -> Read<DataType> {
    let mut types = Types {
        dialect,
        depth: 0,
        in_cast: dialect == Dialect::Flink,
    };
    types.read(parser)
}

struct Types {
    dialect: Dialect,
    depth: usize,
    /// Whether it is of a cast in flink.
    in_cast: bool,
}

impl Types {
    fn read(&mut self, parser: &mut Parser) -> Read<DataType> {
        self.depth += 1;
        if self.depth > SQL_NESTING_MAX {
            return Err(Box::new(Diagnostic::new(
                Code::TooDeep,
                parser.next_span(),
                format!("a type nested deeper than {SQL_NESTING_MAX} levels; use fewer"),
            )));
        }
        let mut data_type = self.read_named(parser)?;
        loop {
            // Nullability is not part of a type here: every column may hold NULL.
            // `RETURNING INT NULL ON EMPTY` begins a clause, not a nullability.
            let nullable = parser.peek_word(0, "NULL") && !parser.peek_word(1, "ON");
            if !parser.accept_words(&["NOT", "NULL"]) && nullable {
                parser.advance_token();
            }
            if !parser.accept_word("ARRAY") {
                break;
            }
            data_type = DataType::Array(Box::new(data_type));
        }
        self.depth -= 1;
        Ok(data_type)
    }

    fn read_named(&mut self, parser: &mut Parser) -> Read<DataType> {
        let name = parser.name("a type")?;
        let upper = name.text.to_ascii_uppercase();
        let known = if name.quoted { "" } else { upper.as_str() };
        Ok(match known {
            "BOOLEAN" => DataType::Boolean,
            "TINYINT" => DataType::TinyInt,
            "SMALLINT" => DataType::SmallInt,
            "INT" | "INTEGER" => DataType::Int,
            "BIGINT" => DataType::BigInt,
            "FLOAT" => DataType::Float,
            "DOUBLE" => {
                parser.accept_word("PRECISION");
                DataType::Double
            }
            "DECIMAL" | "DEC" | "NUMERIC" => read_decimal(parser, self.in_cast)?,
            "CHAR" | "CHARACTER" => DataType::Char(length(parser)?.unwrap_or(1)),
            "VARCHAR" if self.in_cast && is_zero_length(parser) => DataType::VarChar(0),
            "VARCHAR" => DataType::VarChar(length(parser)?.unwrap_or(DataType::MAX_LENGTH)),
            "STRING" => DataType::STRING,
            "BINARY" => DataType::Binary(length(parser)?.unwrap_or(1)),
            "VARBINARY" => DataType::VarBinary(length(parser)?.unwrap_or(DataType::MAX_LENGTH)),
            "BYTES" => DataType::VarBinary(DataType::MAX_LENGTH),
            "DATE" => DataType::Date,
            "TIME" => {
                let digits = self.fraction(parser, 0)?;
                DataType::Time(match self.dialect {
                    Dialect::Blink => digits,
                    // A TIME has whole seconds there, whatever it says.
                    Dialect::Flink => 0,
                })
            }
            "TIMESTAMP" => self.read_timestamp(parser)?,
            "TIMESTAMP_LTZ" => {
                DataType::TimestampLtz(self.fraction(parser, self.time_precision())?)
            }
            "ARRAY" => {
                open_angle(parser)?;
                let element = self.read(parser)?;
                close_angle(parser)?;
                DataType::Array(Box::new(element))
            }
            "MAP" => {
                open_angle(parser)?;
                let key = self.read(parser)?;
                parser.expect(&Token::Comma, "`,` and the type of the values")?;
                let value = self.read(parser)?;
                close_angle(parser)?;
                DataType::Map(Box::new(key), Box::new(value))
            }
            "ROW" => self.read_row(parser)?,
            _ => return Err(unknown_type(&upper, name.span)),
        })
    }

    fn read_timestamp(&mut self, parser: &mut Parser) -> Read<DataType> {
        let precision = self.fraction(parser, self.time_precision())?;
        if parser.accept_words(&["WITH", "LOCAL", "TIME", "ZONE"]) {
            return Ok(DataType::TimestampLtz(precision));
        }
        if parser.peek_word(0, "WITH") && parser.peek_word(1, "TIME") {
            let diagnostic = Diagnostic::new(
                Code::InvalidType,
                parser.next_span(),
                "TIMESTAMP WITH TIME ZONE is not a type here",
            )
            .help("write TIMESTAMP_LTZ(3), an instant shown in the job's zone");
            return Err(Box::new(diagnostic));
        }
        Ok(DataType::Timestamp(precision))
    }

    /// The precision of a timestamp that says none.
    fn time_precision(&self) -> u8 {
        match self.dialect {
            Dialect::Blink => 3,
            Dialect::Flink => 6,
        }
    }

    fn fraction(&mut self, parser: &mut Parser, default: u8) -> Read<u8> {
        let precision = match in_brackets(parser)? {
            None => default,
            Some((p, span)) if p > FRACTION_MAX => {
                return Err(out_of_range(span, "a precision of time", 0, FRACTION_MAX));
            }
            Some((p, _)) => u8::try_from(p).expect("checked to be at most 9"),
        };
        parser.accept_words(&["WITHOUT", "TIME", "ZONE"]);
        Ok(precision)
    }

    fn read_row(&mut self, parser: &mut Parser) -> Read<DataType> {
        let close = if parser.consume_token(&Token::LParen) {
            Token::RParen
        } else {
            open_angle(parser)?;
            Token::Gt
        };
        let mut fields: Vec<Field> = Vec::new();
        let mut names = HashSet::new();
        loop {
            let name = parser.name("the name of a field")?;
            if !names.insert(name.text.clone()) {
                return Err(Box::new(Diagnostic::new(
                    Code::DuplicateName,
                    name.span,
                    format!("the field `{}` is there twice", name.text),
                )));
            }
            let data_type = self.read(parser)?;
            if parser.accept_word("COMMENT") {
                parser.text("a comment in quotes")?;
            }
            fields.push(Field {
                name: name.text,
                data_type,
            });
            if !parser.consume_token(&Token::Comma) {
                break;
            }
        }
        parser.expect(&close, &format!("`,` or `{close}`"))?;
        Ok(DataType::Row(fields))
    }
}

fn open_angle(parser: &mut Parser) -> Read<Span> {
    parser.expect(&Token::Lt, "`<`")
}

fn close_angle(parser: &mut Parser) -> Read<Span> {
    parser.expect(&Token::Gt, "`>`")
}

fn read_decimal(parser: &mut Parser, in_cast: bool) -> Read<DataType> {
    let (mut precision, mut scale) = (10, 0);
    if parser.consume_token(&Token::LParen) {
        let (mut value, span) = number(parser)?;
        if in_cast {
            value = value.min(DECIMAL_MAX);
        }
        if !(1..=DECIMAL_MAX).contains(&value) {
            return Err(out_of_range(span, "a precision of DECIMAL", 1, DECIMAL_MAX));
        }
        precision = value;
        if parser.consume_token(&Token::Comma) {
            let (value, span) = number(parser)?;
            if value > precision {
                return Err(out_of_range(span, "this DECIMAL's scale", 0, precision));
            }
            scale = value;
        }
        parser.expect(&Token::RParen, "`)`")?;
    }
    let narrow = |value: u32| u8::try_from(value).expect("checked to be at most 38");
    Ok(DataType::Decimal {
        precision: narrow(precision),
        scale: narrow(scale),
    })
}

/// Passes over `(0)`, if it comes next.
fn is_zero_length(parser: &mut Parser) -> bool {
    let zero = Token::Number("0".to_owned(), false);
    let is = parser.peek_is(0, &Token::LParen)
        && parser.peek_is(1, &zero)
        && parser.peek_is(2, &Token::RParen);
    if is {
        (0..3).for_each(|_| parser.advance_token());
    }
    is
}

fn length(parser: &mut Parser) -> Read<Option<u32>> {
    match in_brackets(parser)? {
        None => Ok(None),
        Some((0, span)) => Err(out_of_range(span, "a length", 1, DataType::MAX_LENGTH)),
        Some((length, span)) if length > DataType::MAX_LENGTH => {
            Err(out_of_range(span, "a length", 1, DataType::MAX_LENGTH))
        }
        Some((length, _)) => Ok(Some(length)),
    }
}

fn in_brackets(parser: &mut Parser) -> Read<Option<(u32, Span)>> {
    if !parser.consume_token(&Token::LParen) {
        return Ok(None);
    }
    let value = number(parser)?;
    parser.expect(&Token::RParen, "`)`")?;
    Ok(Some(value))
}

fn number(parser: &mut Parser) -> Read<(u32, Span)> {
    let value = match &parser.peek_token_ref().token {
        Token::Number(digits, false) => digits.parse().ok(),
        _ => None,
    };
    match value {
        Some(value) => {
            parser.advance_token();
            Ok((value, parser.last_span()))
        }
        None => Err(parser.unexpected("a whole number")),
    }
}

fn out_of_range(span: Span, what: &str, min: u32, max: u32) -> Box<Diagnostic> {
    Box::new(
        Diagnostic::new(
            Code::InvalidType,
            span,
            format!("{what} is between {min} and {max}"),
        )
        .label(format!("not between {min} and {max}")),
    )
}

fn unknown_type(name: &str, span: Span) -> Box<Diagnostic> {
    let diagnostic = Diagnostic::new(
        Code::InvalidType,
        span,
        format!("there is no type `{name}`"),
    );
    let known = FOREIGN
        .iter()
        .find_map(|&(foreign, ours)| (foreign == name).then_some(ours))
        .or_else(|| closest(name, TYPE_NAMES.iter().copied()));
    Box::new(diagnostic.help_if(known.map(|known| format!("did you mean {known}?"))))
}
