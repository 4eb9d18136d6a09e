//! ARRAY, MAP and ROW: constructors, what is in them, and their functions.

use crate::bind::scope::{Scope, name_of};
use crate::bind::{Binder, Bound, Stop, all};
use crate::code::Code;
use crate::coerce;
use crate::diagnostics::Diagnostic;
use crate::functions::collections::{Shape, of_name};
use crate::lexer::bytes;
use crate::plan::{Dialect, Expr, ExprKind, Literal, Span};
use crate::suggest::closest;
use crate::syntax::Name;
use crate::{CollectionFunction, Function};
use rookery_model::{DataType, Field};
use sqlparser::ast::{AccessExpr, Expr as Ast, Spanned, Subscript};

impl Binder<'_> {
    /// `ARRAY[..]`
    pub(crate) fn bind_array(
        &mut self,
        elements: &[Ast],
        span: Span,
        scope: &Scope,
    ) -> Bound<Expr> {
        let args = all(elements
            .iter()
            .map(|element| self.bind_expr(element, scope)))?;
        if args.is_empty() {
            return Err(self.fail(
                Diagnostic::new(Code::WrongArguments, span, "ARRAY[] has no type")
                    .help("write CAST(NULL AS ARRAY<type>) for none, or give it an element"),
            ));
        }
        let element = self.common_type(&args.iter().collect::<Vec<_>>(), "the elements")?;
        self.typed(&element, span)?;
        let args = args.into_iter().map(|arg| self.convert(arg, &element));
        let args = args.collect();
        let data_type = DataType::Array(Box::new(element));
        Ok(call(CollectionFunction::ArrayOf, args, data_type, span))
    }

    /// Nothing but NULLs have no type.
    fn typed(&mut self, data_type: &DataType, span: Span) -> Bound<()> {
        if *data_type != DataType::Null {
            return Ok(());
        }
        Err(self.fail(
            Diagnostic::new(Code::TypeMismatch, span, "a bare NULL has no type here")
                .help("write CAST(NULL AS type)"),
        ))
    }

    /// `(a, b)` and ROW(a, b)
    pub(crate) fn bind_row_value(
        &mut self,
        fields: &[Ast],
        span: Span,
        scope: &Scope,
    ) -> Bound<Expr> {
        let args = all(fields.iter().map(|field| self.bind_expr(field, scope)))?;
        for arg in &args {
            self.typed(&arg.data_type, arg.span)?;
        }
        Ok(row(args, span))
    }

    /// `a[1]`, `m['k']`, `r.x`, one behind the other.
    pub(crate) fn bind_access(
        &mut self,
        root: &Ast,
        chain: &[AccessExpr],
        scope: &Scope,
    ) -> Bound<Expr> {
        let mut value = self.bind_expr(root, scope)?;
        for access in chain {
            value = match access {
                AccessExpr::Subscript(Subscript::Index { index }) => {
                    let index = self.bind_expr(index, scope)?;
                    let span = self.tokens.after(value.span.to(index.span), 1);
                    self.item(value, index, span)?
                }
                AccessExpr::Dot(Ast::Identifier(ident)) => self.field(value, &name_of(ident))?,
                AccessExpr::Dot(other) => {
                    let span = value.span.to(bytes(other.span()));
                    return Err(self.unsupported(span, "a field's name follows the dot", None));
                }
                AccessExpr::Subscript(Subscript::Slice { .. }) => {
                    return Err(self.unsupported(
                        value.span,
                        "slices in brackets are not supported",
                        Some("write ARRAY_SLICE(array, first, last)"),
                    ));
                }
            };
        }
        Ok(value)
    }

    /// `a[1]`, `m['k']`
    fn item(&mut self, value: Expr, index: Expr, span: Span) -> Bound<Expr> {
        let (index, data_type) = match &value.data_type {
            DataType::Array(element) => {
                let element = (**element).clone();
                if !index.data_type.is_integer() && index.data_type != DataType::Null {
                    return Err(self.fail(
                        Diagnostic::new(
                            Code::TypeMismatch,
                            index.span,
                            format!("an element's place is an INT, this is {}", index.data_type),
                        )
                        .label(index.data_type.to_string()),
                    ));
                }
                if matches!(index.kind, ExprKind::Literal(Literal::Int(place)) if place < 1) {
                    return Err(self.fail(
                        Diagnostic::new(
                            Code::WrongArguments,
                            index.span,
                            "the first element of an ARRAY is at 1",
                        )
                        .label("there is no such element"),
                    ));
                }
                (self.convert(index, &DataType::Int), element)
            }
            DataType::Map(key, item) => {
                let (key, item) = ((**key).clone(), (**item).clone());
                let common = coerce::comparison(self.dialect, &key, &index.data_type);
                if common.is_none() {
                    return Err(self.fail(
                        Diagnostic::new(
                            Code::TypeMismatch,
                            index.span,
                            format!("a key of this MAP is {key}, this is {}", index.data_type),
                        )
                        .label(index.data_type.to_string()),
                    ));
                }
                let index = if key.is_string() && index.data_type.is_string() {
                    index
                } else {
                    self.convert(index, &key)
                };
                (index, item)
            }
            other => {
                let message = format!("`[..]` takes an ARRAY or a MAP, this is {other}");
                let help = other
                    .is_string()
                    .then(|| "JSON in text is read with JSON_VALUE(text, '$[0]')".to_owned());
                return Err(self
                    .fail(Diagnostic::new(Code::TypeMismatch, value.span, message).help_if(help)));
            }
        };
        let args = vec![value, index];
        Ok(call(CollectionFunction::Item, args, data_type, span))
    }

    /// `r.x`
    pub(crate) fn field(&mut self, value: Expr, name: &Name) -> Bound<Expr> {
        let span = value.span.to(name.span);
        let DataType::Row(fields) = &value.data_type else {
            let message = format!("`.{}` takes a ROW, this is {}", name.text, value.data_type);
            return Err(self.fail(Diagnostic::new(Code::TypeMismatch, value.span, message)));
        };
        let place = fields.iter().position(|field| field.name == name.text);
        let Some(place) = place else {
            let names = fields.iter().map(|field| field.name.as_str());
            let near = closest(&name.text, names.clone()).map(str::to_owned);
            let all: Vec<_> = names.collect();
            let note = format!("its fields are {}", all.join(", "));
            return Err(self.fail(
                Diagnostic::new(
                    Code::UnknownColumn,
                    name.span,
                    format!("the ROW has no field `{}`", name.text),
                )
                .note(note)
                .help_if(near.map(|near| format!("did you mean `{near}`?"))),
            ));
        };
        let data_type = fields[place].data_type.clone();
        let function = CollectionFunction::Field(u32::try_from(place).unwrap_or(u32::MAX));
        Ok(call(function, vec![value], data_type, span))
    }

    /// A function of collections, if the name is of one.
    pub(crate) fn bind_collection_call(
        &mut self,
        name: &Name,
        args: Vec<Expr>,
        span: Span,
    ) -> Bound<Expr> {
        let upper = name.text.to_uppercase();
        let Some((function, shape)) = of_name(&upper) else {
            return Err(Stop::Reported);
        };
        match self.shaped(&upper, shape, args, span)? {
            Some((args, data_type)) => Ok(call(function, args, data_type, span)),
            None => Ok(Expr {
                kind: ExprKind::Literal(Literal::Null),
                data_type: DataType::Null,
                span,
            }),
        }
    }

    /// The arguments as the function takes them, and its type; none if a bare NULL leaves no type.
    fn shaped(
        &mut self,
        name: &str,
        shape: Shape,
        args: Vec<Expr>,
        span: Span,
    ) -> Bound<Option<(Vec<Expr>, DataType)>> {
        let array = |t: DataType| DataType::Array(Box::new(t));
        let fits = match (shape, args.as_slice()) {
            (Shape::Map, args) => args.len() % 2 == 0 && !args.is_empty(),
            (Shape::Row, args) => !args.is_empty(),
            (Shape::Joined, args) => !args.is_empty(),
            (shape, args) => shape.counts().contains(&args.len()),
        };
        if !fits {
            return Err(self.wrong_shape(name, shape, &args, span));
        }
        let null = |expr: &Expr| expr.data_type == DataType::Null;
        match shape {
            Shape::Map => return self.map_entries(args).map(Some),
            Shape::Row => {
                for arg in &args {
                    self.typed(&arg.data_type, arg.span)?;
                }
                let made = row(args, span);
                let ExprKind::Call { args, .. } = made.kind else {
                    return Ok(None);
                };
                return Ok(Some((args, made.data_type)));
            }
            Shape::Joined => return self.joined(name, args, span),
            _ if null(&args[0]) => return Ok(None),
            _ => {}
        }
        let first = args[0].data_type.clone();
        let found = match (shape, &first) {
            (Shape::Size, DataType::Array(_) | DataType::Map(..)) => Some((args, DataType::Int)),
            (Shape::Same, DataType::Array(_)) => Some((args, first.clone())),
            (Shape::OneElement, DataType::Array(element)) => Some((args, (**element).clone())),
            (Shape::Extreme, DataType::Array(element)) if coerce::ordered(element) => {
                Some((args, (**element).clone()))
            }
            (Shape::Slice, DataType::Array(_)) => {
                let ints = args[1..]
                    .iter()
                    .all(|a| a.data_type.is_integer() || null(a));
                ints.then_some((args, first.clone()))
            }
            (Shape::Sort, DataType::Array(element)) if coerce::ordered(element) => {
                let flags = |a: &Expr| a.data_type == DataType::Boolean || null(a);
                args[1..].iter().all(flags).then_some((args, first.clone()))
            }
            (Shape::Text, DataType::Array(element)) if element.is_string() => {
                let texts = args[1..].iter().all(|a| a.data_type.is_string() || null(a));
                texts.then_some((args, DataType::STRING))
            }
            (Shape::Change | Shape::Test | Shape::Find, DataType::Array(element)) => {
                let value = &args[1].data_type;
                let common = coerce::common(self.dialect, element, value);
                let fits = |common: &DataType| {
                    self.dialect == Dialect::Blink
                        || element.is_string()
                        || *value == DataType::Null
                        || common == &**element
                };
                let Some(common) = common.filter(fits) else {
                    return Err(self.wrong_shape(name, shape, &args, span));
                };
                let whole = array(common.clone());
                let data_type = match shape {
                    Shape::Test => DataType::Boolean,
                    Shape::Find => DataType::Int,
                    _ => whole.clone(),
                };
                let [haystack, needle] = <[Expr; 2]>::try_from(args).map_err(|_| Stop::Reported)?;
                let args = vec![
                    self.convert(haystack, &whole),
                    self.convert(needle, &common),
                ];
                return Ok(Some((args, data_type)));
            }
            (Shape::Keys, DataType::Map(key, _)) => Some((args, array((**key).clone()))),
            (Shape::Values, DataType::Map(_, value)) => Some((args, array((**value).clone()))),
            (Shape::Entries, DataType::Map(key, value)) => {
                let field = |name: &str, t: &DataType| Field {
                    name: name.to_owned(),
                    data_type: t.clone(),
                };
                let entry = DataType::Row(vec![field("key", key), field("value", value)]);
                Some((args, array(entry)))
            }
            (Shape::FromArrays, DataType::Array(key)) => match &args[1].data_type {
                DataType::Array(value) => {
                    let map = DataType::Map(key.clone(), value.clone());
                    Some((args, map))
                }
                DataType::Null => return Ok(None),
                _ => return Err(self.wrong_shape(name, shape, &args, span)),
            },
            _ => return Err(self.wrong_shape(name, shape, &args, span)),
        };
        found.map_or(Err(Stop::Reported), |found| Ok(Some(found)))
    }

    /// Arrays or maps that are put together.
    fn joined(
        &mut self,
        name: &str,
        args: Vec<Expr>,
        span: Span,
    ) -> Bound<Option<(Vec<Expr>, DataType)>> {
        let maps = name == "MAP_UNION";
        let of_kind = |t: &DataType| match t {
            DataType::Null => true,
            DataType::Map(..) => maps,
            DataType::Array(_) => !maps,
            _ => false,
        };
        let pair = name != "ARRAY_CONCAT" && !maps;
        if !args.iter().all(|a| of_kind(&a.data_type)) || (pair && args.len() != 2) {
            return Err(self.wrong_shape(name, Shape::Joined, &args, span));
        }
        let common = self.common_type(
            &args.iter().collect::<Vec<_>>(),
            &format!("the arguments of {name}"),
        )?;
        if common == DataType::Null {
            return Ok(None);
        }
        let args = args.into_iter().map(|arg| self.convert(arg, &common));
        Ok(Some((args.collect(), common)))
    }

    fn map_entries(&mut self, args: Vec<Expr>) -> Bound<(Vec<Expr>, DataType)> {
        let keys: Vec<_> = args.iter().step_by(2).collect();
        let values: Vec<_> = args.iter().skip(1).step_by(2).collect();
        let key = self.common_type(&keys, "the keys")?;
        let value = self.common_type(&values, "the values")?;
        let span = args.first().map_or(Span::default(), |first| first.span);
        self.typed(&key, span)?;
        self.typed(&value, span)?;
        let args = args.into_iter().enumerate().map(|(n, arg)| {
            let to = if n % 2 == 0 { &key } else { &value };
            self.convert(arg, to)
        });
        let args = args.collect();
        Ok((args, DataType::Map(Box::new(key), Box::new(value))))
    }

    fn wrong_shape(&mut self, name: &str, shape: Shape, args: &[Expr], span: Span) -> Stop {
        let types: Vec<_> = args.iter().map(|arg| arg.data_type.to_string()).collect();
        let message = format!("{name} does not take ({})", types.join(", "));
        self.fail(
            Diagnostic::new(Code::WrongArguments, span, message)
                .note(format!("it takes {}", shape.text(name))),
        )
    }
}

fn row(args: Vec<Expr>, span: Span) -> Expr {
    let fields = args.iter().enumerate().map(|(n, arg)| Field {
        name: format!("EXPR${n}"),
        data_type: arg.data_type.clone(),
    });
    let data_type = DataType::Row(fields.collect());
    call(CollectionFunction::RowOf, args, data_type, span)
}

fn call(function: CollectionFunction, args: Vec<Expr>, data_type: DataType, span: Span) -> Expr {
    Expr {
        kind: ExprKind::Call {
            function: Function::Collection(function),
            args,
        },
        data_type,
        span,
    }
}
