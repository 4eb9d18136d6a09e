//! Functions of JSON, but for JSON_VALUE.

use crate::bind::expr::boolean;
use crate::bind::scope::Scope;
use crate::bind::{Binder, Bound, all};
use crate::code::Code;
use crate::diagnostics::Diagnostic;
use crate::lexer::bytes;
use crate::parse::{clause, json_clause};
use crate::plan::{Dialect, Expr, ExprKind, Literal, Span};
use crate::syntax::Name;
use crate::{Function, JsonFunction, JsonKind, JsonOnError, JsonOnMissing, JsonWrapper};
use rookery_model::DataType;
use sqlparser::ast::{Expr as Ast, FunctionArg, FunctionArgExpr, Ident, JsonPredicateType};

/// The functions that are bound here, by upper-case name.
pub(crate) const JSON_FUNCTIONS: [&str; 8] = [
    "JSON",
    "JSON_ARRAY",
    "JSON_EXISTS",
    "JSON_OBJECT",
    "JSON_QUERY",
    "JSON_QUOTE",
    "JSON_STRING",
    "JSON_UNQUOTE",
];

type Clauses<'a> = Vec<(&'a Ident, &'a Ast)>;

impl Binder<'_> {
    /// Binds one of [`JSON_FUNCTIONS`].
    pub(crate) fn bind_json_call(
        &mut self,
        name: &Name,
        arguments: &[FunctionArg],
        span: Span,
        scope: &Scope,
    ) -> Bound<Expr> {
        let mut positional = Vec::new();
        let mut clauses = Vec::new();
        for argument in arguments {
            match argument {
                FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => positional.push(expr),
                FunctionArg::Named {
                    name,
                    arg: FunctionArgExpr::Expr(expr),
                    ..
                } => clauses.push((name, expr)),
                _ => {}
            }
        }
        let args = all(positional.into_iter().map(|arg| self.bind_expr(arg, scope)))?;
        match name.text.to_uppercase().as_str() {
            "JSON_QUERY" => self.json_query(args, &clauses, span),
            "JSON_EXISTS" => self.json_exists(args, &clauses, span),
            "JSON_OBJECT" => self.json_object(args, &clauses, span),
            "JSON_ARRAY" => {
                for arg in &args {
                    self.json_value_type(arg)?;
                }
                let absent = !said(&clauses, clause::NULL_ON_NULL);
                Ok(call(
                    JsonFunction::Array { absent },
                    args,
                    DataType::STRING,
                    span,
                ))
            }
            "JSON_STRING" => {
                let [value] = self.json_arguments("JSON_STRING(value)", args, span)?;
                self.json_value_type(&value)?;
                Ok(call(
                    JsonFunction::String,
                    vec![value],
                    DataType::STRING,
                    span,
                ))
            }
            "JSON" => self.one_text("JSON", JsonFunction::Json, args, span),
            "JSON_QUOTE" => self.one_text("JSON_QUOTE", JsonFunction::Quote, args, span),
            _ => self.one_text("JSON_UNQUOTE", JsonFunction::Unquote, args, span),
        }
    }

    /// `text IS [NOT] JSON [VALUE | OBJECT | ARRAY | SCALAR]`
    pub(crate) fn bind_is_json(
        &mut self,
        inner: &Ast,
        kind: Option<&JsonPredicateType>,
        negated: bool,
        scope: &Scope,
    ) -> Bound<Expr> {
        let input = self.bind_expr(inner, scope)?;
        let input = self.text(input, "IS JSON")?;
        let words = 2 + usize::from(negated) + usize::from(kind.is_some());
        let span = self.tokens.after(input.span, words);
        let kind = match kind {
            None | Some(JsonPredicateType::Value) => JsonKind::Value,
            Some(JsonPredicateType::Object) => JsonKind::Object,
            Some(JsonPredicateType::Array) => JsonKind::Array,
            Some(JsonPredicateType::Scalar) => JsonKind::Scalar,
        };
        let is = call(JsonFunction::Is(kind), vec![input], DataType::Boolean, span);
        Ok(if negated {
            boolean(ExprKind::Not(Box::new(is)), span)
        } else {
            is
        })
    }

    fn one_text(
        &mut self,
        name: &str,
        function: JsonFunction,
        args: Vec<Expr>,
        span: Span,
    ) -> Bound<Expr> {
        let [text] = self.json_arguments(&format!("{name}(text)"), args, span)?;
        let text = self.text(text, name)?;
        Ok(call(function, vec![text], DataType::STRING, span))
    }

    fn json_arguments<const N: usize>(
        &mut self,
        form: &str,
        args: Vec<Expr>,
        span: Span,
    ) -> Bound<[Expr; N]> {
        <[Expr; N]>::try_from(args).map_err(|args| {
            let message = format!("{form} does not take {} arguments", args.len());
            self.fail(Diagnostic::new(Code::WrongArguments, span, message))
        })
    }

    /// The text, and the path as a literal that can be read.
    fn json_and_path(&mut self, name: &str, args: Vec<Expr>, span: Span) -> Bound<Vec<Expr>> {
        let [input, path] = self.json_arguments(&format!("{name}(text, path)"), args, span)?;
        let input = self.text(input, name)?;
        let ExprKind::Literal(Literal::String(text)) = &path.kind else {
            return Err(self.fail(
                Diagnostic::new(
                    Code::WrongArguments,
                    path.span,
                    format!("{name} takes its path as a literal"),
                )
                .help("write the path in quotes; JSON_VALUE takes any text"),
            ));
        };
        self.read_path(text, path.span)?;
        Ok(vec![input, path])
    }

    fn json_query(&mut self, args: Vec<Expr>, clauses: &Clauses<'_>, span: Span) -> Bound<Expr> {
        let args = self.json_and_path("JSON_QUERY", args, span)?;
        let mut data_type = DataType::STRING;
        let mut array = false;
        let mut wrapper = JsonWrapper::Without;
        let (mut on_empty, mut on_error) = (JsonOnMissing::Null, JsonOnMissing::Null);
        for (name, value) in clauses {
            let at = bytes(name.span);
            match name.value.as_str() {
                json_clause::RETURNING => {
                    data_type = self.query_returns(value, at)?;
                    array = matches!(data_type, DataType::Array(_));
                }
                clause::WITH_WRAPPER => wrapper = JsonWrapper::Unconditional,
                clause::WITH_CONDITIONAL_WRAPPER => wrapper = JsonWrapper::Conditional,
                clause::WITHOUT_WRAPPER => wrapper = JsonWrapper::Without,
                text => {
                    let (what, when) = text.rsplit_once(" ON ").unwrap_or((text, ""));
                    let missing = match what {
                        "NULL" => JsonOnMissing::Null,
                        "ERROR" => JsonOnMissing::Error,
                        "EMPTY ARRAY" => JsonOnMissing::EmptyArray,
                        "EMPTY OBJECT" => JsonOnMissing::EmptyObject,
                        _ => return Err(self.wrong_clause("JSON_QUERY", text, at)),
                    };
                    if when == "EMPTY" {
                        on_empty = missing;
                    } else {
                        on_error = missing;
                    }
                }
            }
        }
        let function = JsonFunction::Query {
            wrapper,
            on_empty,
            on_error,
            array,
        };
        Ok(call(function, args, data_type, span))
    }

    fn query_returns(&mut self, value: &Ast, at: Span) -> Bound<DataType> {
        let found = match value {
            Ast::Cast { data_type, .. } => self.carried.type_of(data_type),
            _ => None,
        };
        match found {
            Some(text) if text.is_string() => Ok(text),
            Some(DataType::Array(element)) if element.is_string() => Ok(DataType::Array(element)),
            other => {
                let name = other.map_or_else(|| "this type".to_owned(), |t| t.to_string());
                let message = format!("JSON_QUERY does not return {name}");
                Err(self.fail(
                    Diagnostic::new(Code::InvalidType, at, message)
                        .help("RETURNING takes STRING and ARRAY<STRING>"),
                ))
            }
        }
    }

    fn json_exists(&mut self, args: Vec<Expr>, clauses: &Clauses<'_>, span: Span) -> Bound<Expr> {
        let args = self.json_and_path("JSON_EXISTS", args, span)?;
        let mut on_error = JsonOnError::False;
        for (name, _) in clauses {
            on_error = match name.value.as_str() {
                "FALSE ON ERROR" => JsonOnError::False,
                "TRUE ON ERROR" => JsonOnError::True,
                "UNKNOWN ON ERROR" => JsonOnError::Unknown,
                "ERROR ON ERROR" => JsonOnError::Error,
                text => return Err(self.wrong_clause("JSON_EXISTS", text, bytes(name.span))),
            };
        }
        Ok(call(
            JsonFunction::Exists(on_error),
            args,
            DataType::Boolean,
            span,
        ))
    }

    fn json_object(&mut self, args: Vec<Expr>, clauses: &Clauses<'_>, span: Span) -> Bound<Expr> {
        for (n, arg) in args.iter().enumerate() {
            if n % 2 == 1 {
                self.json_value_type(arg)?;
                continue;
            }
            let literal = matches!(arg.kind, ExprKind::Literal(_)) && arg.data_type.is_string();
            let blink = self.dialect == Dialect::Blink && arg.data_type.is_string();
            if !literal && !blink {
                return Err(self.fail(
                    Diagnostic::new(Code::WrongArguments, arg.span, "a key is text in quotes")
                        .label(arg.data_type.to_string()),
                ));
            }
        }
        let absent = said(clauses, clause::ABSENT_ON_NULL);
        Ok(call(
            JsonFunction::Object { absent },
            args,
            DataType::STRING,
            span,
        ))
    }

    /// Whether JSON can be made of a value.
    fn json_value_type(&mut self, value: &Expr) -> Bound<()> {
        let data_type = &value.data_type;
        if has_json(data_type) {
            return Ok(());
        }
        Err(self.fail(
            Diagnostic::new(
                Code::TypeMismatch,
                value.span,
                format!("no JSON is made of {data_type}"),
            )
            .label(data_type.to_string())
            .help("write CAST(.. AS STRING)"),
        ))
    }

    fn wrong_clause(&mut self, function: &str, clause: &str, at: Span) -> crate::bind::Stop {
        let message = format!("{function} does not take {clause}");
        self.fail(Diagnostic::new(Code::WrongArguments, at, message))
    }
}

fn has_json(data_type: &DataType) -> bool {
    match data_type {
        DataType::Array(element) => has_json(element),
        DataType::Map(key, value) => key.is_string() && has_json(value),
        DataType::Row(fields) => fields.iter().all(|field| has_json(&field.data_type)),
        DataType::Null
        | DataType::Boolean
        | DataType::Timestamp(_)
        | DataType::TimestampLtz(_)
        | DataType::Binary(_)
        | DataType::VarBinary(_) => true,
        other => other.is_string() || other.is_numeric(),
    }
}

fn said(clauses: &Clauses<'_>, wanted: &str) -> bool {
    clauses.iter().any(|(name, _)| name.value == wanted)
}

fn call(function: JsonFunction, args: Vec<Expr>, data_type: DataType, span: Span) -> Expr {
    Expr {
        kind: ExprKind::Call {
            function: Function::Json(function),
            args,
        },
        data_type,
        span,
    }
}
