//! Plans as short texts, for comparing.

use rookery_model::{DataType, PathStep};
use rookery_sql::plan::{
    ArithmeticOp, CastFailure, ColumnKind, CompareOp, Expr, ExprKind, IsTest, JsonFallback,
    Literal, PathArgument, Program, Rel,
};
use std::fmt::Write;

/// A program: its tables with their options, then its rules.
pub fn program(program: &Program) -> String {
    let mut out = format!("{:?} {}\n", program.dialect, program.zone);
    for (id, table) in program.tables.iter().enumerate() {
        let columns: Vec<_> = table
            .columns
            .iter()
            .map(|column| {
                let kind = match &column.kind {
                    ColumnKind::Physical => String::new(),
                    ColumnKind::Undeclared => " undeclared".into(),
                    ColumnKind::Implicit(kind) => format!(" implicit {kind:?}"),
                    ColumnKind::Computed(e) => format!(" as {}", expr(e)),
                    ColumnKind::Metadata(key) => format!(" metadata {key}"),
                };
                format!("{} {}{kind}", column.field.name, column.field.data_type)
            })
            .collect();
        writeln!(out, "table {id} {} ({})", table.name, columns.join(", ")).expect("string");
        for (key, value) in &table.options {
            writeln!(out, "  {key} = {value}").expect("string");
        }
        if !table.primary_key.is_empty() {
            writeln!(out, "  primary key {:?}", table.primary_key).expect("string");
        }
    }
    for rule in &program.rules {
        writeln!(out, "rule {} -> {}", rule.name, rule.sink).expect("string");
        rel(&rule.query, 1, &mut out);
    }
    out
}

fn rel(query: &Rel, depth: usize, out: &mut String) {
    out.push_str(&"  ".repeat(depth));
    match query {
        Rel::Scan(table) => writeln!(out, "scan {table}").expect("string"),
        Rel::Filter { input, predicate } => {
            writeln!(out, "filter {}", expr(predicate)).expect("string");
            rel(input, depth + 1, out);
        }
        Rel::Project { input, exprs } => {
            let exprs: Vec<_> = exprs.iter().map(typed).collect();
            writeln!(out, "project {}", exprs.join(" | ")).expect("string");
            rel(input, depth + 1, out);
        }
        Rel::Union(inputs) => {
            out.push_str("union\n");
            inputs.iter().for_each(|input| rel(input, depth + 1, out));
        }
        Rel::Values(rows) => {
            let rows: Vec<_> = rows
                .iter()
                .map(|row| row.iter().map(typed).collect::<Vec<_>>().join(" | "))
                .collect();
            writeln!(out, "values {}", rows.join(" ; ")).expect("string");
        }
        Rel::NotBuilt {
            construct, output, ..
        } => {
            writeln!(out, "not built: {construct}, {} columns", output.len()).expect("string");
        }
    }
}

fn typed(e: &Expr) -> String {
    format!("{}: {}", expr(e), short(&e.data_type))
}

fn short(data_type: &DataType) -> String {
    data_type.to_string().replace(", ", ",")
}

/// An expression without its type.
pub fn expr(e: &Expr) -> String {
    match &e.kind {
        ExprKind::Literal(value) => literal(value),
        ExprKind::Column(index) => format!("#{index}"),
        ExprKind::Cast { input, on_failure } => {
            let name = match on_failure {
                CastFailure::Null => "try_cast",
                CastFailure::NullNarrowed => "narrow",
                CastFailure::Fail => "cast",
            };
            format!("{name}({} {})", expr(input), short(&e.data_type))
        }
        ExprKind::And(operands) => call("and", operands),
        ExprKind::Or(operands) => call("or", operands),
        ExprKind::Not(input) => format!("not({})", expr(input)),
        ExprKind::Compare { op, left, right } => {
            let op = match op {
                CompareOp::Equal => "=",
                CompareOp::NotEqual => "<>",
                CompareOp::Less => "<",
                CompareOp::LessOrEqual => "<=",
                CompareOp::Greater => ">",
                CompareOp::GreaterOrEqual => ">=",
            };
            format!("({} {op} {})", expr(left), expr(right))
        }
        ExprKind::Distinct {
            negated,
            left,
            right,
        } => format!("({}distinct {} {})", not(*negated), expr(left), expr(right)),
        ExprKind::Is {
            input,
            test,
            negated,
        } => {
            let test = match test {
                IsTest::Null => "null",
                IsTest::True => "true",
                IsTest::False => "false",
                IsTest::Unknown => "unknown",
            };
            format!("({} is {}{test})", expr(input), not(*negated))
        }
        ExprKind::In {
            input,
            list,
            negated,
        } => format!("({} {}{})", expr(input), not(*negated), call("in", list)),
        ExprKind::Match {
            input,
            pattern,
            escape,
            similar,
            negated,
        } => {
            let name = if *similar { "similar" } else { "like" };
            let escape = escape.map(|c| format!(" escape {c}")).unwrap_or_default();
            format!(
                "({} {}{name} {}{escape})",
                expr(input),
                not(*negated),
                expr(pattern)
            )
        }
        ExprKind::Case {
            branches,
            otherwise,
        } => {
            let mut out = String::from("case(");
            for (when, then) in branches {
                write!(out, "{} => {}, ", expr(when), expr(then)).expect("string");
            }
            let otherwise = otherwise.as_deref().map_or_else(|| "null".into(), expr);
            out + "else " + &otherwise + ")"
        }
        ExprKind::Arithmetic { op, left, right } => {
            let op = match op {
                ArithmeticOp::Add => "+",
                ArithmeticOp::Subtract => "-",
                ArithmeticOp::Multiply => "*",
                ArithmeticOp::Divide => "/",
                ArithmeticOp::Modulo => "%",
            };
            format!("({} {op} {})", expr(left), expr(right))
        }
        ExprKind::Negate(input) => format!("-({})", expr(input)),
        ExprKind::JsonValue {
            input,
            path,
            on_empty,
            on_error,
            ..
        } => {
            let path = match path {
                PathArgument::Constant(path) => {
                    let mode = match path.mode {
                        rookery_model::PathMode::Unsaid => "",
                        rookery_model::PathMode::Lax => "lax ",
                        rookery_model::PathMode::Strict => "strict ",
                    };
                    let steps: String = path.steps.iter().map(step).collect();
                    format!("{mode}${steps}")
                }
                PathArgument::Dynamic(path) => expr(path),
            };
            let fallback = |name: &str, fallback: &JsonFallback| match fallback {
                JsonFallback::Null => String::new(),
                JsonFallback::Error => format!(" {name}=error"),
                JsonFallback::Default(value) => format!(" {name}={}", expr(value)),
            };
            format!(
                "json({} {path}{}{})",
                expr(input),
                fallback("empty", on_empty),
                fallback("error", on_error)
            )
        }
        ExprKind::Call { function, args } => call(&format!("{function:?}"), args),
    }
}

fn not(negated: bool) -> &'static str {
    if negated { "not " } else { "" }
}

fn call(name: &str, args: &[Expr]) -> String {
    let args: Vec<_> = args.iter().map(expr).collect();
    format!("{name}({})", args.join(", "))
}

fn step(step: &PathStep) -> String {
    match step {
        PathStep::Key(key) => format!(".{key}"),
        other => other.to_string(),
    }
}

fn literal(value: &Literal) -> String {
    match value {
        Literal::Null => "null".into(),
        Literal::Boolean(value) => value.to_string(),
        Literal::Int(value) => value.to_string(),
        Literal::Double(value) => format!("{value:?}d"),
        Literal::Decimal(value) => format!("{}e-{}", value.unscaled, value.scale),
        Literal::String(text) => format!("'{text}'"),
        other => format!("{other:?}"),
    }
}
