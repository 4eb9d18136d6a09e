//! Bound expressions as text: with every cast that the binder put in, which the file does not show.

use crate::Function;
use crate::functions::name_of;
use crate::plan::{
    ArithmeticOp, CastFailure, Column, CompareOp, Expr, ExprKind, IsTest, JsonFallback, Literal,
    PathArgument,
};
use rookery_model::{DataType, JsonPath, PathMode, steps_text};
use std::fmt::{self, Write};

/// An expression over a table's columns, as SQL. A conversion at the sink is left to the caller, who
/// knows the sink.
#[must_use]
pub fn expression_text(expr: &Expr, columns: &[Column]) -> String {
    let mut out = String::new();
    let mut writer = Writer {
        columns,
        out: &mut out,
    };
    writer.expr(expr, 0).expect("a String takes all text");
    out
}

/// A JSON path as it is written.
#[must_use]
pub fn path_text(path: &JsonPath) -> String {
    let mode = match path.mode {
        PathMode::Unsaid => "",
        PathMode::Lax => "lax ",
        PathMode::Strict => "strict ",
    };
    format!("{mode}${}", steps_text(&path.steps))
}

struct Writer<'w> {
    columns: &'w [Column],
    out: &'w mut String,
}

/// How tightly an operator binds: an operand that binds less gets brackets.
fn strength(kind: &ExprKind) -> u8 {
    match kind {
        ExprKind::Or(_) => 1,
        ExprKind::And(_) => 2,
        ExprKind::Not(_) => 3,
        ExprKind::Compare { .. }
        | ExprKind::Distinct { .. }
        | ExprKind::Is { .. }
        | ExprKind::In { .. }
        | ExprKind::Match { .. } => 4,
        ExprKind::Arithmetic { op, .. } => match op {
            ArithmeticOp::Add | ArithmeticOp::Subtract => 5,
            _ => 6,
        },
        ExprKind::Negate(_) => 7,
        ExprKind::Call {
            function: Function::Concat,
            ..
        } => 5,
        _ => 8,
    }
}

impl Writer<'_> {
    fn expr(&mut self, expr: &Expr, least: u8) -> fmt::Result {
        let brackets = strength(&expr.kind) < least;
        if brackets {
            self.out.push('(');
        }
        self.bare(expr)?;
        if brackets {
            self.out.push(')');
        }
        Ok(())
    }

    fn bare(&mut self, expr: &Expr) -> fmt::Result {
        match &expr.kind {
            ExprKind::Literal(value) => self.literal(value, &expr.data_type),
            ExprKind::Column(index) => self.column(*index),
            ExprKind::Cast { input, on_failure } => self.cast(input, *on_failure, &expr.data_type),
            ExprKind::And(operands) => self.joined(operands, " AND ", 3),
            ExprKind::Or(operands) => self.joined(operands, " OR ", 2),
            ExprKind::Not(input) => {
                self.out.push_str("NOT ");
                self.expr(input, 4)
            }
            ExprKind::Compare { op, left, right } => self.binary(left, compare(*op), right, 5),
            ExprKind::Distinct {
                negated,
                left,
                right,
            } => {
                let op = if *negated {
                    "IS NOT DISTINCT FROM"
                } else {
                    "IS DISTINCT FROM"
                };
                self.binary(left, op, right, 5)
            }
            ExprKind::Is {
                input,
                test,
                negated,
            } => {
                self.expr(input, 5)?;
                write!(self.out, " IS {}{}", not(*negated), test_name(*test))
            }
            ExprKind::In {
                input,
                list,
                negated,
            } => {
                self.expr(input, 5)?;
                write!(self.out, " {}IN (", not(*negated))?;
                self.joined(list, ", ", 0)?;
                self.out.push(')');
                Ok(())
            }
            ExprKind::Match {
                input,
                pattern,
                escape,
                similar,
                negated,
            } => {
                let name = if *similar { "SIMILAR TO" } else { "LIKE" };
                self.binary(input, &format!("{}{name}", not(*negated)), pattern, 5)?;
                match escape {
                    Some(escape) => write!(self.out, " ESCAPE '{escape}'"),
                    None => Ok(()),
                }
            }
            ExprKind::Case {
                branches,
                otherwise,
            } => self.case(branches, otherwise.as_deref()),
            ExprKind::Arithmetic { op, left, right } => {
                let own = strength(&expr.kind);
                self.expr(left, own)?;
                write!(self.out, " {} ", arithmetic(*op))?;
                self.expr(right, own + 1)
            }
            ExprKind::Negate(input) => {
                self.out.push('-');
                self.expr(input, 8)
            }
            ExprKind::JsonValue {
                input,
                path,
                on_empty,
                on_error,
                ..
            } => self.json_value(input, path, on_empty, on_error, &expr.data_type),
            ExprKind::Call { function, args } => self.call(*function, args),
        }
    }

    fn column(&mut self, index: usize) -> fmt::Result {
        match self.columns.get(index) {
            Some(column) => write!(self.out, "`{}`", column.field.name.replace('`', "``")),
            None => write!(self.out, "#{index}"),
        }
    }

    fn cast(&mut self, input: &Expr, on_failure: CastFailure, to: &DataType) -> fmt::Result {
        let name = match on_failure {
            CastFailure::Fail | CastFailure::NullNarrowed => "CAST",
            CastFailure::Null => "TRY_CAST",
        };
        write!(self.out, "{name}(")?;
        self.expr(input, 0)?;
        write!(self.out, " AS {to})")
    }

    fn case(&mut self, branches: &[(Expr, Expr)], otherwise: Option<&Expr>) -> fmt::Result {
        self.out.push_str("CASE");
        for (when, then) in branches {
            self.out.push_str(" WHEN ");
            self.expr(when, 0)?;
            self.out.push_str(" THEN ");
            self.expr(then, 0)?;
        }
        if let Some(otherwise) = otherwise {
            self.out.push_str(" ELSE ");
            self.expr(otherwise, 0)?;
        }
        self.out.push_str(" END");
        Ok(())
    }

    fn json_value(
        &mut self,
        input: &Expr,
        path: &PathArgument,
        on_empty: &JsonFallback,
        on_error: &JsonFallback,
        returning: &DataType,
    ) -> fmt::Result {
        self.out.push_str("JSON_VALUE(");
        self.expr(input, 0)?;
        match path {
            PathArgument::Constant(path) => {
                write!(self.out, ", '{}'", path_text(path).replace('\'', "''"))?;
            }
            PathArgument::Dynamic(path) => {
                self.out.push_str(", ");
                self.expr(path, 0)?;
            }
        }
        if *returning != DataType::STRING {
            write!(self.out, " RETURNING {returning}")?;
        }
        for (fallback, when) in [(on_empty, "EMPTY"), (on_error, "ERROR")] {
            match fallback {
                JsonFallback::Null => {}
                JsonFallback::Error => write!(self.out, " ERROR ON {when}")?,
                JsonFallback::Default(value) => {
                    self.out.push_str(" DEFAULT ");
                    self.expr(value, 0)?;
                    write!(self.out, " ON {when}")?;
                }
            }
        }
        self.out.push(')');
        Ok(())
    }

    fn call(&mut self, function: Function, args: &[Expr]) -> fmt::Result {
        if function == Function::Concat {
            return self.joined(args, " || ", 6);
        }
        let name = match name_of(function) {
            Some(name) => name.to_owned(),
            None => spelt(function),
        };
        write!(self.out, "{name}(")?;
        self.joined(args, ", ", 0)?;
        self.out.push(')');
        Ok(())
    }

    fn joined(&mut self, list: &[Expr], between: &str, least: u8) -> fmt::Result {
        for (place, expr) in list.iter().enumerate() {
            if place > 0 {
                self.out.push_str(between);
            }
            self.expr(expr, least)?;
        }
        Ok(())
    }

    fn binary(&mut self, left: &Expr, op: &str, right: &Expr, least: u8) -> fmt::Result {
        self.expr(left, least)?;
        write!(self.out, " {op} ")?;
        self.expr(right, least)
    }

    fn literal(&mut self, value: &Literal, data_type: &DataType) -> fmt::Result {
        match value {
            Literal::Null => write!(self.out, "NULL"),
            Literal::Boolean(truth) => {
                write!(self.out, "{}", if *truth { "TRUE" } else { "FALSE" })
            }
            Literal::Int(int) => write!(self.out, "{int}"),
            Literal::Double(double) => write!(self.out, "{double:E}"),
            Literal::Decimal(decimal) => {
                write!(self.out, "{}", digits(decimal.unscaled, decimal.scale))
            }
            Literal::String(text) => write!(self.out, "'{}'", text.replace('\'', "''")),
            Literal::Bytes(bytes) => {
                self.out.push_str("X'");
                for byte in bytes {
                    write!(self.out, "{byte:02X}")?;
                }
                self.out.push('\'');
                Ok(())
            }
            Literal::Date(days) => write!(self.out, "DATE of day {days}"),
            Literal::Time(millis) => write!(self.out, "TIME of {millis} ms"),
            Literal::Timestamp(_) => write!(self.out, "{data_type} constant"),
            Literal::Months(months) => write!(self.out, "INTERVAL '{months}' MONTH"),
            Literal::Millis(millis) => write!(
                self.out,
                "INTERVAL '{}' SECOND",
                digits(i128::from(*millis), 3)
            ),
        }
    }
}

/// A number of so many digits after the point.
fn digits(unscaled: i128, scale: u8) -> String {
    if scale == 0 {
        return unscaled.to_string();
    }
    let scale = usize::from(scale);
    let digits = format!("{:0>width$}", unscaled.unsigned_abs(), width = scale + 1);
    let (whole, fraction) = digits.split_at(digits.len() - scale);
    let sign = if unscaled < 0 { "-" } else { "" };
    format!("{sign}{whole}.{fraction}")
}

/// A function that no call by name stands for, as its words.
fn spelt(function: Function) -> String {
    let debug = format!("{function:?}");
    // `Time(Extract(Year))`: the word inside, with its own argument.
    let inner = debug.split_once('(').map_or(debug.as_str(), |(_, inner)| {
        inner.strip_suffix(')').unwrap_or(inner)
    });
    let mut out = String::new();
    for (place, c) in inner.chars().enumerate() {
        if c.is_uppercase() && place > 0 && out.ends_with(|last: char| last.is_ascii_uppercase()) {
            out.push('_');
        }
        out.extend(c.to_uppercase());
    }
    out
}

fn not(negated: bool) -> &'static str {
    if negated { "NOT " } else { "" }
}

fn compare(op: CompareOp) -> &'static str {
    match op {
        CompareOp::Equal => "=",
        CompareOp::NotEqual => "<>",
        CompareOp::Less => "<",
        CompareOp::LessOrEqual => "<=",
        CompareOp::Greater => ">",
        CompareOp::GreaterOrEqual => ">=",
    }
}

fn arithmetic(op: ArithmeticOp) -> &'static str {
    match op {
        ArithmeticOp::Add => "+",
        ArithmeticOp::Subtract => "-",
        ArithmeticOp::Multiply => "*",
        ArithmeticOp::Divide => "/",
        ArithmeticOp::Modulo => "%",
    }
}

fn test_name(test: IsTest) -> &'static str {
    match test {
        IsTest::Null => "NULL",
        IsTest::True => "TRUE",
        IsTest::False => "FALSE",
        IsTest::Unknown => "UNKNOWN",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Program, Rel};
    use crate::source::SourceFile;
    use crate::{CompileOptions, compile};
    use rookery_model::PathStep;

    fn program(expr: &str) -> Program {
        let file = SourceFile {
            path: "job.sql".into(),
            text: format!(
                "CREATE TABLE up (a VARCHAR, b INT, d DECIMAL(10, 2)) WITH (type = 'tcp');\n\
                 CREATE TABLE o (x VARCHAR) WITH (type = 'print');\n\
                 INSERT INTO o SELECT a FROM up WHERE {expr};"
            ),
        };
        let compiled = compile(&file, &CompileOptions::default());
        compiled
            .program
            .unwrap_or_else(|| panic!("{expr}: {:?}", compiled.diagnostics))
    }

    fn filter(program: &Program) -> &Expr {
        let mut rel = &program.rules[0].query;
        loop {
            rel = match rel {
                Rel::Filter { predicate, .. } => return predicate,
                Rel::Project { input, .. } => input,
                other => panic!("no filter: {other:?}"),
            };
        }
    }

    #[test]
    fn conditions_read_as_they_are_written() {
        let texts = [
            "`a` = 'it''s' AND (`b` > 1 OR `b` IS NULL)",
            "NOT (`b` IN (1, 2, 3) OR `a` LIKE 'x!%' ESCAPE '!')",
            "(`b` + 1) * 2 - -`b` < 3",
            "JSON_VALUE(`a`, '$.Powers[0].x') IS NOT NULL",
            "CASE WHEN `b` = 1 THEN 'x' ELSE UPPER(`a`) END <> 'y'",
            "`d` > 12.50",
            "`a` IS DISTINCT FROM `a` || 'x'",
        ];
        for text in texts {
            let program = program(text);
            let got = expression_text(filter(&program), &program.tables[0].columns);
            assert_eq!(got, text);
        }
    }

    #[test]
    fn casts_that_the_binder_put_in_are_shown() {
        let program = program("a > 5");
        let got = expression_text(filter(&program), &program.tables[0].columns);
        assert!(got.contains("CAST(`a` AS "), "{got}");
    }

    #[test]
    fn paths_keep_their_mode_and_quotes() {
        let path = JsonPath {
            mode: PathMode::Lax,
            steps: vec![
                PathStep::Key("a b".into()),
                PathStep::AnyElement,
                PathStep::AnyMember,
                PathStep::Key("水".into()),
            ],
        };
        assert_eq!(path_text(&path), "lax $['a b'][*].*.水");
    }
}
