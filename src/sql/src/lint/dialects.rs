//! Places where the two dialects give different rows of the same message.
//!
//! Only where values can differ that a message may really hold: constants, TRY_CAST and divisions whose
//! result is cut to an integer anyway are left alone. One finding a rule where many places are alike.

use super::json_paths::{JsonPaths, PathUse, path_text};
use super::walk::{Origin, Place, each_computed, each_expr};
use super::{Linter, Places};
use crate::code::Code;
use crate::diagnostics::Diagnostic;
use crate::function::{Function, JsonFunction, NumericFunction, TextFunction, TimeFunction};
use crate::plan::{ArithmeticOp, Expr, ExprKind, Literal, Span};
use rookery_model::PathStep;

const KINDS: [Code; 6] = [
    Code::DialectCast,
    Code::DialectUnixTimestamp,
    Code::DialectDivision,
    Code::DialectConcat,
    Code::DialectJsonText,
    Code::DialectLike,
];

impl Linter<'_> {
    /// Names each place of the file.
    pub(super) fn dialects(&mut self, paths: &JsonPaths) {
        self.objects_as_text(paths);
        let program = self.program;
        let mut computed = Places::default();
        each_computed(program, &mut |place| self.sort(place, &mut computed));
        self.report_kinds(computed);
        for rule in &program.rules {
            let mut places = Places::default();
            each_expr(&rule.query, &mut |place| self.sort(place, &mut places));
            self.report_kinds(places);
        }
    }

    /// JSON_VALUE of what is surely an object or an array: a longer path goes on from it, or it ends in
    /// a wildcard.
    fn objects_as_text(&mut self, paths: &JsonPaths) {
        let longer = paths.longer();
        let mut found: Vec<(&PathUse, Option<(Origin, &PathUse)>)> = Vec::new();
        for (&origin, uses) in &paths.uses {
            for read in uses.iter().filter(|read| read.is_json_value) {
                let inner = longer.get(&(origin, read.steps.as_slice()));
                if inner.is_some() || read.steps.iter().any(PathStep::is_indefinite) {
                    found.push((read, inner.map(|inner| (origin, *inner))));
                }
            }
        }
        found.sort_by_key(|(read, _)| (read.span.start, read.span.end));
        for (read, inner) in found {
            let path = path_text(&read.steps);
            let (message, label) = if self.is_blink() {
                (
                    "JSON_VALUE of an object or array",
                    "its JSON text here, NULL in Flink",
                )
            } else {
                (
                    "JSON_VALUE of an object or array",
                    "NULL here, its JSON text in Blink",
                )
            };
            let mut diagnostic = Diagnostic::new(
                Code::DialectJsonValue,
                read.span,
                format!("{message}: `{path}`"),
            )
            .label(label);
            let mut help = "JSON_QUERY gives JSON text in both".to_owned();
            if let Some((_, inner)) = inner {
                let inside = path_text(&inner.steps);
                if inner.span != read.span {
                    diagnostic =
                        diagnostic.related(inner.span, format!("`{inside}` goes on from it"));
                }
                if read.tested_for_null {
                    help = format!(
                        "ask for a value inside it, such as `{inside}`, which is the same in both"
                    );
                }
            }
            self.warn(diagnostic.help(help));
        }
        for &(outer, inner) in &paths.nested {
            let label = if self.is_blink() {
                "text here, NULL in Flink where it is an object or array"
            } else {
                "NULL where it is an object or array; text in Blink"
            };
            self.warn(
                Diagnostic::new(
                    Code::DialectJsonValue,
                    inner,
                    "JSON_VALUE of an object or array, read as JSON again",
                )
                .label(label)
                .related(outer, "read again here")
                .help("write one path that goes all the way, unless the value is a text that holds JSON"),
            );
        }
    }

    /// Puts an expression to its kind, if the dialects differ in it.
    fn sort(&self, place: Place<'_>, places: &mut Places) {
        let expr = place.expr;
        match &expr.kind {
            ExprKind::Cast { input, .. } => {
                let text_to_other = input.data_type.is_string() && !expr.data_type.is_string();
                let constant = matches!(input.kind, ExprKind::Literal(_));
                if text_to_other && !constant && self.is_written_cast(expr) {
                    places.add(Code::DialectCast, expr.span);
                }
            }
            ExprKind::Call {
                function: Function::UnixTimestamp,
                args,
            } => {
                let constant = |arg: &Expr| matches!(arg.kind, ExprKind::Literal(_));
                if !args.iter().all(constant) {
                    places.add(Code::DialectUnixTimestamp, expr.span);
                }
            }
            ExprKind::Call {
                function: Function::ConcatSkipNull | Function::Concat,
                args,
            } if self.begins_with(expr.span, "CONCAT") && args.iter().any(nullable) => {
                places.add(Code::DialectConcat, expr.span);
            }
            ExprKind::Call {
                function: Function::Json(function),
                args,
            } if is_shown(place.parent) && another_text(*function, args) => {
                places.add(Code::DialectJsonText, expr.span);
            }
            ExprKind::Match {
                pattern,
                similar: false,
                ..
            } if escapes_unsaid(expr, pattern) => {
                places.add(Code::DialectLike, expr.span);
            }
            ExprKind::Arithmetic {
                op: ArithmeticOp::Divide,
                left,
                right,
            } => {
                let cut = place.parent.is_some_and(|parent| {
                    matches!(parent.kind, ExprKind::Cast { .. }) && parent.data_type.is_integer()
                });
                if !cut && self.is_integer(left) && self.is_integer(right) {
                    places.add(Code::DialectDivision, expr.span);
                }
            }
            _ => {}
        }
    }

    /// Whether a conversion is a CAST that somebody wrote, and not TRY_CAST.
    fn is_written_cast(&self, expr: &Expr) -> bool {
        self.begins_with(expr.span, "CAST")
    }

    /// Whether an operand was an integer before blink made a DOUBLE of it.
    fn is_integer(&self, operand: &Expr) -> bool {
        match &operand.kind {
            ExprKind::Literal(Literal::Double(_)) => {
                let written = self.under(operand.span);
                !written.is_empty() && written.bytes().all(|byte| byte.is_ascii_digit())
            }
            ExprKind::Cast { input, .. } if !self.begins_with(operand.span, "CAST") => {
                input.data_type.is_integer()
            }
            ExprKind::Cast { input, .. } => {
                // `CAST(a AS INT) / b`: the binder's conversion stands around the written one.
                operand.data_type.is_integer()
                    || (input.data_type.is_integer() && matches!(input.kind, ExprKind::Cast { .. }))
            }
            _ => operand.data_type.is_integer(),
        }
    }

    fn report_kinds(&mut self, mut places: Places) {
        let blink = self.is_blink();
        for code in KINDS {
            let spans = places.take(code);
            let told = tell(code, blink);
            self.report_places(&spans, "and here", |span: Span| {
                Diagnostic::new(code, span, told.message)
                    .label(told.label)
                    .help(told.help)
            });
        }
    }
}

/// What is said of a kind of places.
struct Told {
    message: &'static str,
    label: &'static str,
    help: &'static str,
}

fn tell(code: Code, blink: bool) -> Told {
    let either = |in_blink, in_flink| if blink { in_blink } else { in_flink };
    match code {
        Code::DialectCast => Told {
            message: "CAST of text that may not fit",
            label: either(
                "NULL here, a failed job in Flink",
                "a dead letter here, NULL in Blink",
            ),
            help: "write TRY_CAST, which gives NULL in both",
        },
        Code::DialectUnixTimestamp => Told {
            message: "UNIX_TIMESTAMP of text that may be no time",
            label: either(
                "NULL here, -9223372036854775808 in Flink",
                "-9223372036854775808 here, NULL in Blink",
            ),
            help: "TO_TIMESTAMP(..) IS NOT NULL asks for a time in both",
        },
        Code::DialectDivision => Told {
            message: "division of integers",
            label: either(
                "a DOUBLE here, an integer without the fraction in Flink",
                "an integer without the fraction here, a DOUBLE in Blink",
            ),
            help: "CAST one of them to DOUBLE, or the result to the integer that is meant",
        },
        Code::DialectJsonText => Told {
            message: "JSON text that the dialects write differently",
            label: either(
                "keys and numbers as they came here; in Flink keys are sorted, `1e3` is `1E+3`",
                "keys are sorted and `1e3` is `1E+3` here; Blink keeps them as they came",
            ),
            help: "compare values that JSON_VALUE reads, not the text; whoever parses it sees no difference",
        },
        Code::DialectLike => Told {
            message: "a backslash in a LIKE pattern",
            label: either(
                "a character like others here; in Flink it escapes",
                "it escapes here; in Blink it is a character like others",
            ),
            help: "say what escapes: LIKE .. ESCAPE '!' means the same in both",
        },
        _ => Told {
            message: "CONCAT of what may be NULL",
            label: either(
                "leaves NULL out here, NULL as a whole in Flink",
                "NULL as a whole here; Blink leaves NULL out",
            ),
            help: "write COALESCE(.., '') around what may be NULL",
        },
    }
}

/// Whether a constant LIKE pattern has a backslash that flink reads as an escape though no ESCAPE says so.
fn escapes_unsaid(like: &Expr, pattern: &Expr) -> bool {
    let ExprKind::Literal(Literal::String(text)) = &pattern.kind else {
        return false;
    };
    let said = like.span.end > pattern.span.end;
    !said && text.contains('\\') && text.contains('_')
}

/// Whether JSON text goes on as text: it is neither only tested for NULL nor read as JSON again.
fn is_shown(parent: Option<&Expr>) -> bool {
    !parent.is_some_and(|parent| {
        matches!(
            parent.kind,
            ExprKind::Is { .. }
                | ExprKind::JsonValue { .. }
                | ExprKind::Call {
                    function: Function::Json(JsonFunction::Query { .. } | JsonFunction::Exists(_)),
                    ..
                }
        )
    })
}

/// Whether a JSON function gives another text in flink, where keys are sorted and come once.
fn another_text(function: JsonFunction, args: &[Expr]) -> bool {
    match function {
        JsonFunction::Query { array, .. } => !array,
        JsonFunction::Object { .. } => {
            let keys = args.iter().step_by(2).map(|key| match &key.kind {
                ExprKind::Literal(Literal::String(key)) => key.as_str(),
                _ => "",
            });
            !keys.is_sorted_by(|left, right| left < right)
        }
        _ => false,
    }
}

/// Whether an expression may be NULL, as far as it tells by itself.
pub(super) fn nullable(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Literal(literal) => *literal == Literal::Null,
        ExprKind::Is { .. } | ExprKind::Distinct { .. } => false,
        ExprKind::Cast { input, .. } => {
            let may_fail = input.data_type.is_string() || !expr.data_type.is_string();
            nullable(input) || (may_fail && !matches!(input.kind, ExprKind::Literal(_)))
        }
        ExprKind::Case {
            branches,
            otherwise,
        } => {
            otherwise.as_deref().is_none_or(nullable)
                || branches.iter().any(|(_, value)| nullable(value))
        }
        ExprKind::Compare { left, right, .. } => nullable(left) || nullable(right),
        ExprKind::Call { function, args } => match function {
            Function::Coalesce => args.iter().all(nullable),
            Function::If => args.iter().skip(1).any(nullable),
            Function::Concat => args.iter().any(nullable),
            Function::ConcatSkipNull
            | Function::UnixTimestampNow
            | Function::Numeric(NumericFunction::Rand)
            | Function::Text(TextFunction::Uuid)
            | Function::Time(
                TimeFunction::CurrentTimestamp
                | TimeFunction::LocalTimestamp
                | TimeFunction::CurrentDate
                | TimeFunction::CurrentTime,
            ) => false,
            Function::Text(TextFunction::Upper | TextFunction::Lower | TextFunction::Trim(_)) => {
                args.iter().any(nullable)
            }
            _ => true,
        },
        _ => true,
    }
}
