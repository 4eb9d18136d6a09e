//! Which truth values a condition can have: three-valued logic over what is known before any message.

use super::constants::{Constant, compare, constant, same};
use super::dialects::nullable;
use super::walk::Scope;
use crate::plan::{CompareOp, Expr, ExprKind, IsTest, Literal, Span};
use std::cmp::Ordering;

/// Operands of one AND or OR that are held against each other.
const OPERANDS_MAX: usize = 200;

/// A set of TRUE, FALSE and UNKNOWN.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Truth(u8);

impl Truth {
    pub(super) const TRUE: Self = Self(1);
    pub(super) const FALSE: Self = Self(2);
    pub(super) const UNKNOWN: Self = Self(4);
    pub(super) const ANY: Self = Self(7);
    const VALUES: [Self; 3] = [Self::TRUE, Self::FALSE, Self::UNKNOWN];

    fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    pub(super) fn has(self, value: Self) -> bool {
        self.0 & value.0 != 0
    }

    fn map(self, of: impl Fn(Self) -> Self) -> Self {
        let values = Self::VALUES.into_iter().filter(|&value| self.has(value));
        values.fold(Self(0), |all, value| all.with(of(value)))
    }

    fn not(self) -> Self {
        self.map(|value| match value {
            Self::TRUE => Self::FALSE,
            Self::FALSE => Self::TRUE,
            other => other,
        })
    }

    /// AND, where `zero` is FALSE; OR, where it is TRUE.
    fn join(self, other: Self, zero: Self) -> Self {
        self.map(|a| {
            other.map(|b| {
                if a == zero || b == zero {
                    zero
                } else if a == Self::UNKNOWN || b == Self::UNKNOWN {
                    Self::UNKNOWN
                } else {
                    zero.not()
                }
            })
        })
    }
}

/// What a condition can be.
pub(super) fn truth(scope: Scope<'_>, expr: &Expr) -> Truth {
    match &expr.kind {
        ExprKind::Literal(Literal::Boolean(value)) => of_bool(*value),
        ExprKind::Literal(Literal::Null) => Truth::UNKNOWN,
        ExprKind::Not(input) => truth(scope, input).not(),
        ExprKind::And(operands) => {
            let all = operands.iter().map(|operand| truth(scope, operand));
            let joined = all.fold(Truth::TRUE, |a, b| a.join(b, Truth::FALSE));
            match contradiction(scope, operands) {
                Some(_) => joined.without(Truth::TRUE),
                None => joined,
            }
        }
        ExprKind::Or(operands) => {
            let all = operands.iter().map(|operand| truth(scope, operand));
            let joined = all.fold(Truth::FALSE, |a, b| a.join(b, Truth::TRUE));
            match covers_all(scope, operands) {
                Some(_) => joined.without(Truth::FALSE),
                None => joined,
            }
        }
        ExprKind::Is {
            input,
            test,
            negated,
        } => {
            let found = is(scope, input, *test);
            if *negated { found.not() } else { found }
        }
        ExprKind::Compare { op, left, right } => compared(scope, *op, left, right),
        ExprKind::In {
            input,
            list,
            negated,
        } => {
            let found = within(scope, input, list);
            if *negated { found.not() } else { found }
        }
        _ => Truth::ANY,
    }
}

fn of_bool(value: bool) -> Truth {
    if value { Truth::TRUE } else { Truth::FALSE }
}

fn is(scope: Scope<'_>, input: &Expr, test: IsTest) -> Truth {
    if test == IsTest::Null {
        return match constant(scope, input) {
            Some(constant) => of_bool(constant.is_null()),
            None if !nullable(input) => Truth::FALSE,
            None => Truth::TRUE.with(Truth::FALSE),
        };
    }
    let wanted = match test {
        IsTest::True => Truth::TRUE,
        IsTest::False => Truth::FALSE,
        IsTest::Unknown | IsTest::Null => Truth::UNKNOWN,
    };
    truth(scope, input).map(|value| of_bool(value == wanted))
}

fn compared(scope: Scope<'_>, op: CompareOp, left: &Expr, right: &Expr) -> Truth {
    let (a, b) = (constant(scope, left), constant(scope, right));
    let null = |side: &Option<Constant>| side.as_ref().is_some_and(Constant::is_null);
    if null(&a) || null(&b) {
        return Truth::UNKNOWN;
    }
    if let (Some(Constant::Literal(a)), Some(Constant::Literal(b))) = (&a, &b) {
        return compare(a, b).map_or(Truth::ANY, |order| of_bool(holds(op, order)));
    }
    let may_be_null = nullable(left) || nullable(right);
    let known = if same(left, right) {
        of_bool(holds(op, Ordering::Equal))
    } else {
        Truth::TRUE.with(Truth::FALSE)
    };
    match may_be_null {
        true => known.with(Truth::UNKNOWN),
        false => known,
    }
}

fn holds(op: CompareOp, order: Ordering) -> bool {
    match op {
        CompareOp::Equal => order.is_eq(),
        CompareOp::NotEqual => order.is_ne(),
        CompareOp::Less => order.is_lt(),
        CompareOp::LessOrEqual => order.is_le(),
        CompareOp::Greater => order.is_gt(),
        CompareOp::GreaterOrEqual => order.is_ge(),
    }
}

fn within(scope: Scope<'_>, input: &Expr, list: &[Expr]) -> Truth {
    let items = list
        .iter()
        .map(|item| compared(scope, CompareOp::Equal, input, item));
    items.fold(Truth::FALSE, |a, b| a.join(b, Truth::TRUE))
}

/// What one operand says of a value.
struct Fact<'a> {
    subject: &'a Expr,
    span: Span,
    says: Says,
}

enum Says {
    Is(Vec<Literal>),
    IsNot(Vec<Literal>),
    Range(CompareOp, Literal),
    Null,
    NotNull,
}

/// Two operands of an AND that cannot both be TRUE.
pub(super) fn contradiction(scope: Scope<'_>, operands: &[Expr]) -> Option<(Span, Span)> {
    let facts = facts(scope, operands);
    facts.iter().enumerate().find_map(|(at, second)| {
        let first = facts[..at].iter().find(|first| {
            same(first.subject, second.subject) && exclude(&first.says, &second.says)
        })?;
        Some((first.span, second.span))
    })
}

/// Two operands of an OR one of which is TRUE whatever the value is, unless it is NULL; and whether one
/// is TRUE of NULL too.
pub(super) fn covers_all(scope: Scope<'_>, operands: &[Expr]) -> Option<(Span, Span, bool)> {
    let facts = facts(scope, operands);
    facts.iter().enumerate().find_map(|(at, second)| {
        let first = facts[..at].iter().find(|first| {
            same(first.subject, second.subject) && cover(&first.says, &second.says)
        })?;
        let null_too = matches!(first.says, Says::Null | Says::NotNull);
        Some((first.span, second.span, null_too))
    })
}

/// Whether one of two facts about a value that is not NULL is TRUE: their opposites exclude each other.
fn cover(a: &Says, b: &Says) -> bool {
    match (a, b) {
        (Says::Null, Says::NotNull) | (Says::NotNull, Says::Null) => true,
        (Says::Null | Says::NotNull, _) | (_, Says::Null | Says::NotNull) => false,
        _ => exclude(&opposite(a), &opposite(b)),
    }
}

fn opposite(fact: &Says) -> Says {
    match fact {
        Says::Is(values) => Says::IsNot(values.clone()),
        Says::IsNot(values) => Says::Is(values.clone()),
        Says::Range(op, bound) => Says::Range(negated(*op), bound.clone()),
        Says::Null => Says::NotNull,
        Says::NotNull => Says::Null,
    }
}

fn negated(op: CompareOp) -> CompareOp {
    match op {
        CompareOp::Equal => CompareOp::NotEqual,
        CompareOp::NotEqual => CompareOp::Equal,
        CompareOp::Less => CompareOp::GreaterOrEqual,
        CompareOp::LessOrEqual => CompareOp::Greater,
        CompareOp::Greater => CompareOp::LessOrEqual,
        CompareOp::GreaterOrEqual => CompareOp::Less,
    }
}

fn facts<'a>(scope: Scope<'_>, operands: &'a [Expr]) -> Vec<Fact<'a>> {
    let facts = operands.iter().take(OPERANDS_MAX);
    facts.filter_map(|operand| fact(scope, operand)).collect()
}

fn fact<'a>(scope: Scope<'_>, operand: &'a Expr) -> Option<Fact<'a>> {
    let literal = |expr: &Expr| match constant(scope, expr) {
        Some(Constant::Literal(literal)) => Some(literal),
        _ => None,
    };
    let (subject, says) = match &operand.kind {
        ExprKind::Compare { op, left, right } => match (literal(left), literal(right)) {
            (None, Some(value)) => (&**left, comparison(*op, value)),
            (Some(value), None) => (&**right, comparison(flipped(*op), value)),
            _ => return None,
        },
        ExprKind::In {
            input,
            list,
            negated,
        } => {
            let values: Option<Vec<_>> = list.iter().map(literal).collect();
            let says = if *negated { Says::IsNot } else { Says::Is };
            (&**input, says(values?))
        }
        ExprKind::Is {
            input,
            test: IsTest::Null,
            negated,
        } => (&**input, if *negated { Says::NotNull } else { Says::Null }),
        _ => return None,
    };
    Some(Fact {
        subject,
        span: operand.span,
        says,
    })
}

fn comparison(op: CompareOp, value: Literal) -> Says {
    match op {
        CompareOp::Equal => Says::Is(vec![value]),
        CompareOp::NotEqual => Says::IsNot(vec![value]),
        op => Says::Range(op, value),
    }
}

fn flipped(op: CompareOp) -> CompareOp {
    match op {
        CompareOp::Less => CompareOp::Greater,
        CompareOp::LessOrEqual => CompareOp::GreaterOrEqual,
        CompareOp::Greater => CompareOp::Less,
        CompareOp::GreaterOrEqual => CompareOp::LessOrEqual,
        same => same,
    }
}

fn contains(list: &[Literal], value: &Literal) -> bool {
    list.iter()
        .any(|item| compare(item, value) == Some(Ordering::Equal))
}

/// Whether two facts about one value cannot both be TRUE.
fn exclude(a: &Says, b: &Says) -> bool {
    match (a, b) {
        (Says::Null, Says::Null) => false,
        // Whatever else is said of a value is not TRUE of NULL.
        (Says::Null, _) | (_, Says::Null) => true,
        (Says::NotNull, _) | (_, Says::NotNull) => false,
        (Says::Is(a), Says::Is(b)) => a
            .iter()
            .all(|a| b.iter().all(|b| compare(a, b).is_some_and(Ordering::is_ne))),
        (Says::Is(is), Says::IsNot(not)) | (Says::IsNot(not), Says::Is(is)) => {
            is.iter().all(|value| contains(not, value))
        }
        (Says::Is(is), Says::Range(op, bound)) | (Says::Range(op, bound), Says::Is(is)) => is
            .iter()
            .all(|value| compare(value, bound).is_some_and(|order| !holds(*op, order))),
        (Says::Range(a, a_bound), Says::Range(b, b_bound)) => apart(*a, a_bound, *b, b_bound),
        (Says::IsNot(_), _) | (_, Says::IsNot(_)) => false,
    }
}

/// Whether two ranges have no value in common.
fn apart(a: CompareOp, a_bound: &Literal, b: CompareOp, b_bound: &Literal) -> bool {
    let above = |op| matches!(op, CompareOp::Greater | CompareOp::GreaterOrEqual);
    let open = |op| matches!(op, CompareOp::Greater | CompareOp::Less);
    let (low, low_bound, high, high_bound) = match (above(a), above(b)) {
        (true, false) => (a, a_bound, b, b_bound),
        (false, true) => (b, b_bound, a, a_bound),
        _ => return false,
    };
    match compare(low_bound, high_bound) {
        Some(Ordering::Greater) => true,
        Some(Ordering::Equal) => open(low) || open(high),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logic_has_three_values() {
        let (t, f, u) = (Truth::TRUE, Truth::FALSE, Truth::UNKNOWN);
        assert_eq!(t.join(u, f), u);
        assert_eq!(f.join(u, f), f);
        assert_eq!(t.join(u, t), t);
        assert_eq!(f.join(u, t), u);
        assert_eq!(t.join(t, f), t);
        assert_eq!(f.join(f, t), f);
        assert_eq!(Truth::ANY.join(f, f), f);
        assert_eq!(Truth::ANY.join(u, t), t.with(u));
        assert_eq!(t.with(u).not(), f.with(u));
    }

    #[test]
    fn ranges_meet_or_do_not() {
        use CompareOp::{Greater, GreaterOrEqual, Less, LessOrEqual};
        let int = Literal::Int;
        assert!(apart(Greater, &int(5), Less, &int(3)));
        assert!(apart(LessOrEqual, &int(3), GreaterOrEqual, &int(5)));
        assert!(apart(Greater, &int(5), LessOrEqual, &int(5)));
        assert!(!apart(GreaterOrEqual, &int(5), LessOrEqual, &int(5)));
        assert!(!apart(Greater, &int(3), Less, &int(5)));
        assert!(!apart(Greater, &int(3), Greater, &int(5)));
    }
}
