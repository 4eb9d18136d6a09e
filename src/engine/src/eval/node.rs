//! Compiled expressions: every name is an index, every operator knows its types.

use super::cast::Cast;
use super::column::ColumnRead;
use super::compare::{Comparable, Compare};
use super::context::{Context, Evaluated, Truth};
use super::json::{JsonCall, PathRead};
use super::numeric::Arithmetic;
use super::pattern::{Match, TextSet};
use crate::functions::{Operator, Scalar};
use rookery_model::{Timestamp, Value};
use rookery_sql::plan::{Implicit, IsTest};

/// A compiled expression.
#[derive(Debug)]
pub(crate) enum Node {
    /// A constant that is copied.
    Constant(Value<'static>),
    /// A constant text.
    Text(Box<str>),
    /// A constant of bytes.
    Bytes(Box<[u8]>),
    /// A column of the message.
    Column(ColumnRead),
    /// Something of the record itself.
    Implicit(Implicit),
    /// A constant JSON path into a column.
    Path(PathRead),
    /// Any other JSON_VALUE.
    Json(Box<JsonCall>),
    /// CAST.
    Cast(Box<Cast>),
    /// AND
    And(Box<[Node]>),
    /// OR
    Or(Box<[Node]>),
    /// NOT
    Not(Box<Node>),
    /// A comparison.
    Compare(Box<Compare>),
    /// `text = 'constant'` and `<>`.
    TextEquals {
        /// What is compared.
        input: Box<Node>,
        /// With what.
        text: Box<str>,
        /// `<>`.
        negated: bool,
    },
    /// `text IN ('constants')`.
    TextIn {
        /// What is looked for.
        input: Box<Node>,
        /// Where.
        set: TextSet,
        /// Whether the list holds a NULL too.
        has_null: bool,
        /// NOT IN.
        negated: bool,
    },
    /// IN with other operands.
    In {
        /// How operands are compared.
        comparable: Comparable,
        /// What is looked for.
        input: Box<Node>,
        /// Where.
        list: Box<[Node]>,
        /// NOT IN.
        negated: bool,
    },
    /// IS [NOT] DISTINCT FROM.
    Distinct {
        /// How operands are compared.
        comparable: Comparable,
        /// The two.
        operands: Box<(Node, Node)>,
        /// IS NOT DISTINCT FROM.
        negated: bool,
    },
    /// IS [NOT] NULL of any type.
    IsNull {
        /// What is tested.
        input: Box<Node>,
        /// IS NOT NULL.
        negated: bool,
    },
    /// IS [NOT] TRUE, FALSE, UNKNOWN.
    IsTruth {
        /// What is tested.
        input: Box<Node>,
        /// The truth it is tested for.
        wanted: Option<bool>,
        /// IS NOT.
        negated: bool,
    },
    /// LIKE, SIMILAR TO.
    Match(Box<Match>),
    /// CASE and IF.
    Case {
        /// Conditions and values.
        branches: Box<[(Node, Node)]>,
        /// ELSE.
        otherwise: Box<Node>,
    },
    /// COALESCE, IFNULL.
    Coalesce(Box<[Node]>),
    /// NULLIF.
    NullIf {
        /// How operands are compared.
        comparable: Comparable,
        /// The two.
        operands: Box<(Node, Node)>,
    },
    /// `+ - * / %` and unary minus.
    Arithmetic(Box<Arithmetic>),
    /// A function with something prepared.
    Operator(Box<dyn Operator>),
    /// A function of the table.
    Call {
        /// What it does.
        function: Scalar,
        /// Its arguments.
        args: Box<[Node]>,
        /// Whether it can fail itself.
        fallible: bool,
    },
}

impl Node {
    /// The constant NULL.
    pub const NULL: Self = Self::Constant(Value::Null);

    /// Evaluates to a value.
    pub fn value<'a>(&'a self, cx: &Context<'_, 'a>) -> Evaluated<'a> {
        match self {
            Self::Constant(value) => Ok(*value),
            Self::Text(text) => Ok(Value::String(text)),
            Self::Bytes(bytes) => Ok(Value::Bytes(bytes)),
            Self::Column(column) => column.value(cx),
            Self::Implicit(implicit) => Ok(implicit_value(*implicit, cx)),
            Self::Path(path) => Ok(path.value(cx)),
            Self::Json(call) => call.value(cx),
            Self::Cast(cast) => cast.value(cx),
            Self::Case {
                branches,
                otherwise,
            } => {
                for (when, then) in branches {
                    if when.truth(cx)? == Some(true) {
                        return then.value(cx);
                    }
                }
                otherwise.value(cx)
            }
            Self::Coalesce(list) => {
                for node in list {
                    let value = node.value(cx)?;
                    if !value.is_null() {
                        return Ok(value);
                    }
                }
                Ok(Value::Null)
            }
            Self::NullIf {
                comparable,
                operands,
            } => {
                let value = operands.0.value(cx)?;
                let other = operands.1.value(cx)?;
                let equal = comparable.equal(&value, &other) == Some(true);
                Ok(if equal { Value::Null } else { value })
            }
            Self::Arithmetic(arithmetic) => arithmetic.value(cx),
            Self::Operator(operator) => operator.value(cx),
            Self::Call { function, args, .. } => call(*function, args, cx),
            _ => Ok(self.truth(cx)?.map_or(Value::Null, Value::Boolean)),
        }
    }

    /// Evaluates a BOOLEAN.
    pub fn truth<'a>(&'a self, cx: &Context<'_, 'a>) -> Truth<'a> {
        match self {
            Self::And(list) => fold(list, cx, false),
            Self::Or(list) => fold(list, cx, true),
            Self::Not(input) => Ok(input.truth(cx)?.map(|truth| !truth)),
            Self::Compare(compare) => compare.truth(cx),
            Self::TextEquals {
                input,
                text,
                negated,
            } => Ok(match input.value(cx)? {
                Value::String(value) => Some((*value == **text) != *negated),
                _ => None,
            }),
            Self::TextIn {
                input,
                set,
                has_null,
                negated,
            } => Ok(match input.value(cx)? {
                Value::String(value) if set.contains(value) => Some(!negated),
                Value::String(_) if !has_null => Some(*negated),
                _ => None,
            }),
            Self::In {
                comparable,
                input,
                list,
                negated,
            } => {
                let value = input.value(cx)?;
                let found = is_in(*comparable, value, list, cx)?;
                Ok(found.map(|found| found != *negated))
            }
            Self::Distinct {
                comparable,
                operands,
                negated,
            } => {
                let left = operands.0.value(cx)?;
                let right = operands.1.value(cx)?;
                let same = match (left.is_null(), right.is_null()) {
                    (true, true) => true,
                    (false, false) => comparable.equal(&left, &right) == Some(true),
                    _ => false,
                };
                Ok(Some(same == *negated))
            }
            Self::IsNull { input, negated } => Ok(Some(input.is_null(cx)? != *negated)),
            Self::IsTruth {
                input,
                wanted,
                negated,
            } => Ok(Some((input.truth(cx)? == *wanted) != *negated)),
            Self::Match(pattern) => pattern.truth(cx),
            _ => Ok(match self.value(cx)? {
                Value::Boolean(truth) => Some(truth),
                _ => None,
            }),
        }
    }

    /// Whether the value is NULL, without making it where that can be known otherwise.
    fn is_null<'a>(
        &'a self,
        cx: &Context<'_, 'a>,
    ) -> Result<bool, &'a crate::failure::Failure<'a>> {
        match self {
            Self::Column(column) => column.is_null(cx),
            Self::Path(path) => Ok(path.is_null(cx)),
            _ => Ok(self.value(cx)?.is_null()),
        }
    }

    /// What IS tests for.
    pub fn is(input: Self, test: IsTest, negated: bool) -> Self {
        let input = Box::new(input);
        let wanted = match test {
            IsTest::Null => return Self::IsNull { input, negated },
            IsTest::True => Some(true),
            IsTest::False => Some(false),
            IsTest::Unknown => None,
        };
        Self::IsTruth {
            input,
            wanted,
            negated,
        }
    }
}

/// AND and OR after Kleene: the first operand that is `decisive` decides, else UNKNOWN if one is.
#[inline]
fn fold<'a>(list: &'a [Node], cx: &Context<'_, 'a>, decisive: bool) -> Truth<'a> {
    let mut result = Some(!decisive);
    for node in list {
        match node.truth(cx)? {
            Some(truth) if truth == decisive => return Ok(Some(decisive)),
            Some(_) => {}
            None => result = None,
        }
    }
    Ok(result)
}

fn is_in<'a>(
    comparable: Comparable,
    value: Value<'a>,
    list: &'a [Node],
    cx: &Context<'_, 'a>,
) -> Truth<'a> {
    if value.is_null() {
        return Ok(None);
    }
    let mut result = Some(false);
    for node in list {
        match comparable.equal(&value, &node.value(cx)?) {
            Some(true) => return Ok(Some(true)),
            Some(false) => {}
            None => result = None,
        }
    }
    Ok(result)
}

/// Most arguments that a call gets without a trip to the arena.
const ARGUMENTS_INLINE: usize = 4;

fn call<'a>(function: Scalar, args: &'a [Node], cx: &Context<'_, 'a>) -> Evaluated<'a> {
    if args.len() <= ARGUMENTS_INLINE {
        let mut values = [Value::Null; ARGUMENTS_INLINE];
        for (value, node) in values.iter_mut().zip(args) {
            *value = node.value(cx)?;
        }
        return function(cx, &values[..args.len()]);
    }
    let values = cx.work.arena.alloc_slice_fill_copy(args.len(), Value::Null);
    for (value, node) in values.iter_mut().zip(args) {
        *value = node.value(cx)?;
    }
    function(cx, values)
}

fn implicit_value<'a>(implicit: Implicit, cx: &Context<'_, 'a>) -> Value<'a> {
    let record = cx.record;
    match implicit {
        Implicit::Arrival => Value::TimestampLtz(Timestamp::from_millis(record.time.millis())),
        Implicit::Lsn => Value::Int(record.position.lsn.0 as i64),
        Implicit::Shard => Value::Int(i64::from(record.shard.0)),
        Implicit::Forwarder if record.forwarder.is_empty() => Value::Null,
        Implicit::Forwarder => Value::String(record.forwarder),
        Implicit::Raw => cx
            .message
            .and_then(|message| std::str::from_utf8(message.raw()).ok())
            .map_or(Value::Null, Value::String),
        // Refused when compiled: no table names the message's own time.
        Implicit::LagMs | Implicit::IsBacklog => Value::Null,
    }
}
