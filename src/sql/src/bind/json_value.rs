//! JSON_VALUE: its path is read when it is a constant, its clauses belong to flink.

use crate::bind::scope::Scope;
use crate::bind::{Binder, Bound, Stop, all};
use crate::code::Code;
use crate::diagnostics::Diagnostic;
use crate::json_path::{PathError, parse_flink_json_path, parse_json_path};
use crate::lexer::bytes;
use crate::parse::json_clause as clause;
use crate::plan::{Dialect, Expr, ExprKind, JsonFallback, Literal, PathArgument, Span};
use rookery_model::{DataType, JsonPath};
use sqlparser::ast::{Expr as Ast, FunctionArg, FunctionArgExpr, Ident};

/// The arguments of a call, told apart.
#[derive(Default)]
struct Arguments<'a> {
    positional: Vec<&'a Ast>,
    clauses: Vec<(&'a Ident, &'a Ast)>,
}

/// Its clauses, bound.
struct Clauses {
    returns: DataType,
    on_empty: JsonFallback,
    on_error: JsonFallback,
}

impl Binder<'_> {
    /// Binds a call of JSON_VALUE.
    pub(crate) fn bind_json_value(
        &mut self,
        arguments: &[FunctionArg],
        span: Span,
        scope: &Scope,
    ) -> Bound<Expr> {
        let mut given = Arguments::default();
        for argument in arguments {
            match argument {
                FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => given.positional.push(expr),
                FunctionArg::Named {
                    name,
                    arg: FunctionArgExpr::Expr(expr),
                    ..
                } => given.clauses.push((name, expr)),
                _ => {}
            }
        }
        let [input, path] = given.positional.as_slice() else {
            return Err(self.fail(
                Diagnostic::new(
                    Code::WrongArguments,
                    span,
                    format!(
                        "JSON_VALUE takes a text and a path, not {} arguments",
                        given.positional.len()
                    ),
                )
                .help("write JSON_VALUE(column, '$.key')"),
            ));
        };
        let input = self
            .bind_expr(input, scope)
            .and_then(|e| self.text(e, "JSON_VALUE"));
        let path = self.bind_path(path, scope);
        let clauses = self.bind_clauses(&given.clauses, span, scope);
        let (input, path, clauses) = match (input, path, clauses) {
            (Ok(input), Ok(path), Ok(clauses)) => (input, path, clauses),
            (input, path, clauses) => {
                let stops = [input.map(|_| ()), path.map(|_| ()), clauses.map(|_| ())];
                return Err(all(stops).err().unwrap_or(Stop::Reported));
            }
        };
        Ok(Expr {
            kind: ExprKind::JsonValue {
                input: Box::new(input),
                path,
                dialect: self.dialect,
                on_empty: clauses.on_empty,
                on_error: clauses.on_error,
            },
            data_type: clauses.returns,
            span,
        })
    }

    fn bind_path(&mut self, path: &Ast, scope: &Scope) -> Bound<PathArgument> {
        let bound = self.bind_expr(path, scope)?;
        let path = self.text(bound, "JSON_VALUE's path")?;
        if let ExprKind::Literal(Literal::String(text)) = &path.kind {
            match self.read_path(text, path.span)? {
                Some(parsed) => return Ok(PathArgument::Constant(parsed)),
                None => return Ok(PathArgument::Dynamic(Box::new(path))),
            }
        }
        Ok(PathArgument::Dynamic(Box::new(path)))
    }

    /// Reads a path that is a literal; none, after a warning, of one that finds nothing in flink.
    pub(crate) fn read_path(&mut self, text: &str, literal: Span) -> Bound<Option<JsonPath>> {
        let read = match self.dialect {
            Dialect::Blink => parse_json_path(text),
            Dialect::Flink => parse_flink_json_path(text),
        };
        match read {
            Ok(path) => Ok(Some(path)),
            Err(error) if self.dialect == Dialect::Flink && !error.is_unsupported() => {
                let mut warning = self.path_finding(Code::MalformedPath, &error, text, literal);
                warning.message = format!("this JSON path finds nothing: {}", warning.message);
                self.diagnostics.push(warning);
                Ok(None)
            }
            Err(error) => {
                let finding = self.path_finding(Code::InvalidJsonPath, &error, text, literal);
                Err(self.fail(finding))
            }
        }
    }

    /// Tells of a path that cannot be read.
    fn path_finding(&self, code: Code, error: &PathError, text: &str, literal: Span) -> Diagnostic {
        let mut diagnostic =
            Diagnostic::new(code, literal, error.to_string()).label("in this JSON path");
        if let Some(at) = self.inside_literal(literal, error.at) {
            let rest = text.get(error.at..).and_then(|rest| rest.chars().next());
            let width = rest.map_or(0, char::len_utf8);
            diagnostic.span = Span::new(at, at + width);
            diagnostic.label = Some("here".to_owned());
        }
        let root = diagnostic.message.contains("begins with");
        let help = root.then(|| match text.trim() {
            rooted if rooted.starts_with('$') => format!("write '{rooted}'"),
            bare => format!("write '$.{}'", bare.trim_start_matches('.')),
        });
        diagnostic.help_if(help)
    }

    /// The byte of the file where a byte of a literal's value stands; none where the literal is
    /// written in another way than between plain quotes.
    fn inside_literal(&self, literal: Span, value_at: usize) -> Option<usize> {
        let raw = self
            .text
            .get(literal.start as usize..literal.end as usize)?;
        let quote = raw.find('\'')?;
        let prefix = &raw[..quote];
        if !prefix.is_empty() && !prefix.starts_with('_') {
            return None;
        }
        let mut value = 0;
        let mut doubled = false;
        for (offset, character) in raw[quote + 1..].char_indices() {
            if character == '\'' && !doubled && value != value_at {
                doubled = true;
                continue;
            }
            if value >= value_at {
                return Some(literal.start as usize + quote + 1 + offset);
            }
            doubled = false;
            value += character.len_utf8();
        }
        None
    }

    fn bind_clauses(
        &mut self,
        clauses: &[(&Ident, &Ast)],
        span: Span,
        scope: &Scope,
    ) -> Bound<Clauses> {
        let mut bound = Clauses {
            returns: DataType::STRING,
            on_empty: JsonFallback::Null,
            on_error: JsonFallback::Null,
        };
        if let (Some((first, _)), Dialect::Blink) = (clauses.first(), self.dialect) {
            let help = if first.value == clause::RETURNING {
                "write CAST(JSON_VALUE(..) AS type)"
            } else {
                "write COALESCE(JSON_VALUE(..), default)"
            };
            return Err(self.fail(
                Diagnostic::new(
                    Code::OtherDialect,
                    bytes(first.span).to(span),
                    "only the flink dialect has clauses in JSON_VALUE",
                )
                .help(help),
            ));
        }
        let (mut empty_said, mut error_said) = (false, false);
        for (name, value) in clauses {
            let at = bytes(name.span);
            match name.value.as_str() {
                clause::RETURNING => bound.returns = self.returning(value, at)?,
                clause::NULL_ON_EMPTY | clause::ERROR_ON_EMPTY | clause::DEFAULT_ON_EMPTY => {
                    self.said_once(&mut empty_said, "ON EMPTY", at)?;
                    bound.on_empty = self.fallback(name, value, &bound.returns, scope)?;
                }
                _ => {
                    self.said_once(&mut error_said, "ON ERROR", at)?;
                    bound.on_error = self.fallback(name, value, &bound.returns, scope)?;
                }
            }
        }
        Ok(bound)
    }

    fn said_once(&mut self, said: &mut bool, what: &str, at: Span) -> Bound<()> {
        if std::mem::replace(said, true) {
            let message = format!("{what} is there twice");
            return Err(self.fail(Diagnostic::new(Code::DuplicateName, at, message)));
        }
        Ok(())
    }

    fn returning(&mut self, value: &Ast, at: Span) -> Bound<DataType> {
        let Ast::Cast { data_type, .. } = value else {
            return Err(Stop::Reported);
        };
        let found = self.carried.type_of(data_type);
        match found {
            Some(
                data_type @ (DataType::VarChar(_)
                | DataType::Char(_)
                | DataType::Boolean
                | DataType::Int
                | DataType::Double),
            ) => Ok(data_type),
            other => {
                let name = other.map_or_else(|| "this type".to_owned(), |t| t.to_string());
                Err(self.fail(
                    Diagnostic::new(
                        Code::InvalidType,
                        at,
                        format!("JSON_VALUE does not return {name}"),
                    )
                    .help("RETURNING takes STRING, BOOLEAN, INTEGER and DOUBLE"),
                ))
            }
        }
    }

    fn fallback(
        &mut self,
        name: &Ident,
        value: &Ast,
        returns: &DataType,
        scope: &Scope,
    ) -> Bound<JsonFallback> {
        Ok(match name.value.as_str() {
            clause::NULL_ON_EMPTY | clause::NULL_ON_ERROR => JsonFallback::Null,
            clause::ERROR_ON_EMPTY | clause::ERROR_ON_ERROR => JsonFallback::Error,
            _ => {
                let value = self.bind_expr(value, scope)?;
                let values_fit = crate::coerce::castable(&value.data_type, returns);
                if !values_fit {
                    let message = format!("a default of {} for {returns}", value.data_type);
                    return Err(self.fail(Diagnostic::new(
                        Code::TypeMismatch,
                        value.span,
                        message,
                    )));
                }
                JsonFallback::Default(Box::new(self.convert(value, returns)))
            }
        })
    }
}
