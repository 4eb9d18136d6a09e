//! `BETWEEN SYMMETRIC` and `BETWEEN ASYMMETRIC`, whose words sqlparser does not know.

use crate::parse::cursor::Cursor;
use crate::parse::dialect::RuleDialect;
use sqlparser::ast::Expr;
use sqlparser::dialect::{Dialect, Precedence};
use sqlparser::parser::{Parser, ParserError};

/// Reads `[NOT] BETWEEN SYMMETRIC | ASYMMETRIC low AND high` behind its operand, if that comes next. In
/// sqlparser's tree a symmetric one has a low bound that is a row of one, which no text gives.
pub(super) fn read(
    dialect: &RuleDialect,
    parser: &mut Parser,
    operand: &Expr,
) -> Option<Result<Expr, ParserError>> {
    let negated = parser.peek_word(0, "NOT");
    let at = usize::from(negated);
    let symmetric = parser.peek_word(at + 1, "SYMMETRIC");
    if !parser.peek_word(at, "BETWEEN") || !(symmetric || parser.peek_word(at + 1, "ASYMMETRIC")) {
        return None;
    }
    for _ in 0..at + 2 {
        parser.advance_token();
    }
    Some(bounds(dialect, parser, operand, negated, symmetric))
}

fn bounds(
    dialect: &RuleDialect,
    parser: &mut Parser,
    operand: &Expr,
    negated: bool,
    symmetric: bool,
) -> Result<Expr, ParserError> {
    let precedence = dialect.prec_value(Precedence::Between);
    let low = parser.parse_subexpr(precedence)?;
    if !parser.accept_word("AND") {
        return Err(dialect.fail(*parser.unexpected("AND")));
    }
    let high = parser.parse_subexpr(precedence)?;
    Ok(Expr::Between {
        expr: Box::new(operand.clone()),
        negated,
        low: Box::new(if symmetric {
            Expr::Tuple(vec![low])
        } else {
            low
        }),
        high: Box::new(high),
    })
}

/// The bound itself where the tree marks it as symmetric.
pub(crate) fn symmetric_bound(low: &Expr) -> Option<&Expr> {
    match low {
        Expr::Tuple(bounds) => match bounds.as_slice() {
            [low] => Some(low),
            _ => None,
        },
        _ => None,
    }
}
