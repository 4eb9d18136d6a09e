//! ARRAY, MAP and ROW as values: when two are equal, their order, their casts and their text.

use super::cast::{Target, conversion};
use super::context::{Context, Evaluated};
use super::convert::{TextStyle, fit_text, to_text};
use super::decimal;
use super::node::Node;
use crate::failure::Failure;
use crate::functions::{Operator, entries, values};
use bumpalo::collections::Vec as ArenaVec;
use rookery_model::{DataType, Value};
use rookery_sql::plan::CastFailure;
use std::cmp::Ordering;

/// Whether two values of one type are equal; NULLs are, within others.
pub(crate) fn same(a: &Value<'_>, b: &Value<'_>) -> bool {
    match (a, b) {
        (Value::Array(a), Value::Array(b)) | (Value::Row(a), Value::Row(b)) => {
            a.len() == b.len() && a.iter().zip(*b).all(|(a, b)| same(a, b))
        }
        (Value::Map(a), Value::Map(b)) => {
            let has = |(key, value): &(Value<'_>, Value<'_>)| {
                b.iter().any(|(k, v)| same(key, k) && same(value, v))
            };
            a.len() == b.len() && a.iter().all(has)
        }
        (Value::Decimal(a), Value::Decimal(b)) => decimal::compare(*a, *b).is_eq(),
        _ => a == b,
    }
}

/// The order of two single values of one type: NaN is the largest, NULL the smallest.
pub(crate) fn sorted(a: &Value<'_>, b: &Value<'_>) -> Ordering {
    use Value as V;
    let float = |a: f64, b: f64| {
        a.partial_cmp(&b)
            .unwrap_or_else(|| a.is_nan().cmp(&b.is_nan()))
    };
    match (a, b) {
        (V::Boolean(a), V::Boolean(b)) => a.cmp(b),
        (V::Int(a), V::Int(b)) => a.cmp(b),
        (V::Float(a), V::Float(b)) => float(f64::from(*a), f64::from(*b)),
        (V::Double(a), V::Double(b)) => float(*a, *b),
        (V::Decimal(a), V::Decimal(b)) => decimal::compare(*a, *b),
        (V::String(a), V::String(b)) => a.cmp(b),
        (V::Bytes(a), V::Bytes(b)) => a.cmp(b),
        (V::Date(a), V::Date(b)) | (V::Time(a), V::Time(b)) => a.cmp(b),
        (V::Timestamp(a), V::Timestamp(b)) | (V::TimestampLtz(a), V::TimestampLtz(b)) => a.cmp(b),
        (a, b) => b.is_null().cmp(&a.is_null()),
    }
}

/// How values of a type become values of another.
#[derive(Debug)]
pub(crate) enum Shape {
    /// They are already.
    Same,
    Single(Target),
    Array(Box<Shape>),
    Map(Box<Shape>, Box<Shape>),
    Row(Box<[Shape]>),
    /// Text of ARRAY, MAP and ROW: of at most so many characters, padded to that if asked for.
    Text {
        shape: TextShape,
        length: u32,
        pad: bool,
    },
}

/// What the text of a value hangs on beside itself.
#[derive(Debug)]
pub(crate) enum TextShape {
    Single(TextStyle),
    Array(Box<TextShape>),
    Map(Box<TextShape>, Box<TextShape>),
    Row(Box<[TextShape]>),
}

impl TextShape {
    fn of(data_type: &DataType, flink: bool) -> Self {
        let of = |data_type| Self::of(data_type, flink);
        match data_type {
            DataType::Array(element) => Self::Array(Box::new(of(element))),
            DataType::Map(key, value) => Self::Map(Box::new(of(key)), Box::new(of(value))),
            DataType::Row(fields) => Self::Row(fields.iter().map(|f| of(&f.data_type)).collect()),
            single => Self::Single(TextStyle::of(single, flink)),
        }
    }

    /// Appends a value as Flink prints it: `[a, b]`, `{key=value}`, `(a, b)`, NULL as `NULL`.
    fn write<'a>(&self, value: &Value<'a>, out: &mut ArenaVec<'a, u8>, cx: &Context<'_, 'a>) {
        match (self, *value) {
            (_, Value::Null) => out.extend_from_slice(b"NULL"),
            (Self::Array(shape), Value::Array(elements)) => {
                let parts = elements.iter().map(|element| (&**shape, element));
                write_list(b"[]", parts, out, cx);
            }
            (Self::Row(shapes), Value::Row(fields)) => {
                write_list(b"()", shapes.iter().zip(fields), out, cx);
            }
            (Self::Map(key_shape, value_shape), Value::Map(entries)) => {
                out.push(b'{');
                for (n, (key, value)) in entries.iter().enumerate() {
                    if n > 0 {
                        out.extend_from_slice(b", ");
                    }
                    key_shape.write(key, out, cx);
                    out.push(b'=');
                    value_shape.write(value, out, cx);
                }
                out.push(b'}');
            }
            (Self::Single(style), single) => {
                let text = to_text(single, *style, &cx.work, cx.zone.get());
                out.extend_from_slice(text.unwrap_or_default().as_bytes());
            }
            _ => {}
        }
    }
}

fn write_list<'v, 'a: 'v>(
    brackets: &[u8; 2],
    parts: impl Iterator<Item = (&'v TextShape, &'v Value<'a>)>,
    out: &mut ArenaVec<'a, u8>,
    cx: &Context<'_, 'a>,
) {
    out.push(brackets[0]);
    for (n, (shape, value)) in parts.enumerate() {
        if n > 0 {
            out.extend_from_slice(b", ");
        }
        shape.write(value, out, cx);
    }
    out.push(brackets[1]);
}

/// Whether a type holds other values.
pub(crate) fn is_nested(data_type: &DataType) -> bool {
    matches!(
        data_type,
        DataType::Array(_) | DataType::Map(..) | DataType::Row(_)
    )
}

impl Shape {
    /// How values of `from` become values of `to`; none if they do not.
    pub fn between(from: &DataType, to: &DataType, flink: bool) -> Option<Self> {
        if from == to || *from == DataType::Null {
            return Some(Self::Same);
        }
        Some(match (from, to) {
            (DataType::Array(from), DataType::Array(to)) => match Self::between(from, to, flink)? {
                Self::Same => Self::Same,
                shape => Self::Array(Box::new(shape)),
            },
            (DataType::Map(from_key, from_value), DataType::Map(key, value)) => {
                let key = Self::between(from_key, key, flink)?;
                match (key, Self::between(from_value, value, flink)?) {
                    (Self::Same, Self::Same) => Self::Same,
                    (key, value) => Self::Map(Box::new(key), Box::new(value)),
                }
            }
            (DataType::Row(from), DataType::Row(to)) if from.len() == to.len() => {
                let fields = from
                    .iter()
                    .zip(to)
                    .map(|(from, to)| Self::between(&from.data_type, &to.data_type, flink));
                let fields: Box<[Self]> = fields.collect::<Option<_>>()?;
                if fields.iter().all(|field| matches!(field, Self::Same)) {
                    Self::Same
                } else {
                    Self::Row(fields)
                }
            }
            (from, DataType::Char(length) | DataType::VarChar(length)) if is_nested(from) => {
                Self::Text {
                    shape: TextShape::of(from, flink),
                    length: *length,
                    pad: matches!(to, DataType::Char(_)),
                }
            }
            (DataType::Char(from) | DataType::VarChar(from), DataType::VarChar(to))
                if from <= to =>
            {
                Self::Same
            }
            (from, to) if from.is_integer() && to.is_integer() && is_wider(from, to) => Self::Same,
            (from, to) => {
                conversion(from, to)?;
                Self::Single(Target::of(to)?.of_source(from, flink))
            }
        })
    }

    /// Whether each value has one in the other type.
    fn is_total(&self) -> bool {
        match self {
            Self::Same | Self::Text { .. } => true,
            Self::Single(target) => matches!(target, Target::Text { .. } | Target::Double),
            Self::Array(shape) => shape.is_total(),
            Self::Map(key, value) => key.is_total() && value.is_total(),
            Self::Row(fields) => fields.iter().all(Self::is_total),
        }
    }

    /// The value in the other type; `Ok(None)` if a part does not fit.
    fn convert<'a>(
        &self,
        value: Value<'a>,
        cx: &Context<'_, 'a>,
    ) -> Result<Option<Value<'a>>, &'a Failure<'a>> {
        const NAME: &str = "CAST";
        Ok(Some(match (self, value) {
            (_, Value::Null) => Value::Null,
            (Self::Same, value) => value,
            (Self::Single(target), value) => {
                return Ok(target.convert(value, &cx.work, cx.zone.get()));
            }
            (Self::Array(shape), Value::Array(elements)) => {
                let out = values(cx, NAME, elements.len())?;
                for (place, element) in out.iter_mut().zip(elements) {
                    let Some(element) = shape.convert(*element, cx)? else {
                        return Ok(None);
                    };
                    *place = element;
                }
                Value::Array(out)
            }
            (Self::Map(key_shape, value_shape), Value::Map(map)) => {
                let out = entries(cx, NAME, map.len())?;
                for (place, (key, value)) in out.iter_mut().zip(map) {
                    let key = key_shape.convert(*key, cx)?;
                    let value = value_shape.convert(*value, cx)?;
                    let (Some(key), Some(value)) = (key, value) else {
                        return Ok(None);
                    };
                    *place = (key, value);
                }
                Value::Map(out)
            }
            (Self::Row(shapes), Value::Row(fields)) => {
                let out = values(cx, NAME, fields.len())?;
                for ((place, shape), field) in out.iter_mut().zip(shapes).zip(fields) {
                    let Some(field) = shape.convert(*field, cx)? else {
                        return Ok(None);
                    };
                    *place = field;
                }
                Value::Row(out)
            }
            (Self::Text { shape, length, pad }, value) => {
                let mut out = ArenaVec::new_in(cx.work.arena);
                shape.write(&value, &mut out, cx);
                let text =
                    std::str::from_utf8(out.into_bump_slice()).expect("text made of text is UTF-8");
                Value::String(fit_text(text, *length, *pad, &cx.work))
            }
            _ => return Ok(None),
        }))
    }
}

/// Whether every value of one integer type is one of the other.
fn is_wider(from: &DataType, to: &DataType) -> bool {
    let rank = |t: &DataType| match t {
        DataType::TinyInt => 1,
        DataType::SmallInt => 2,
        DataType::Int => 3,
        _ => 4,
    };
    rank(from) <= rank(to)
}

/// A CAST from or to a type that holds others.
#[derive(Debug)]
pub(crate) struct NestedCast {
    pub input: Node,
    pub shape: Shape,
    pub on_failure: CastFailure,
    pub from: DataType,
    pub to: DataType,
}

impl Operator for NestedCast {
    fn value<'a>(&'a self, cx: &Context<'_, 'a>) -> Evaluated<'a> {
        let value = self.input.value(cx)?;
        match self.shape.convert(value, cx)? {
            Some(value) => Ok(value),
            None => self.failed(cx),
        }
    }

    fn children(&self) -> Vec<&Node> {
        vec![&self.input]
    }

    fn fallible(&self) -> bool {
        !self.shape.is_total() || !matches!(self.shape, Shape::Text { .. })
    }
}

impl NestedCast {
    #[cold]
    fn failed<'a>(&'a self, cx: &Context<'_, 'a>) -> Evaluated<'a> {
        let counter = match self.on_failure {
            CastFailure::Null => &cx.casts_to_null,
            CastFailure::NullNarrowed => &cx.narrowed_to_null,
            CastFailure::Fail => {
                return cx.fail(Failure::NestedCast {
                    from: &self.from,
                    to: &self.to,
                });
            }
        };
        counter.set(counter.get() + 1);
        Ok(Value::Null)
    }
}

/// `row.field`
#[derive(Debug)]
pub(crate) struct FieldOf {
    pub row: Node,
    pub place: usize,
}

impl Operator for FieldOf {
    fn value<'a>(&'a self, cx: &Context<'_, 'a>) -> Evaluated<'a> {
        Ok(match self.row.value(cx)? {
            Value::Row(fields) => fields.get(self.place).copied().unwrap_or_default(),
            _ => Value::Null,
        })
    }

    fn children(&self) -> Vec<&Node> {
        vec![&self.row]
    }

    fn fallible(&self) -> bool {
        false
    }
}
