//! Casts from and to ARRAY, MAP and ROW.

use super::Lowering;
use crate::error::RefusalReason;
use crate::eval::nested::{NestedCast, Shape};
use crate::eval::node::Node;
use rookery_sql::plan::{CastFailure, Dialect, Expr};

impl Lowering<'_> {
    /// A cast where one of the types holds other values.
    pub(super) fn nested_cast(
        &mut self,
        input: &Expr,
        on_failure: CastFailure,
        expr: &Expr,
    ) -> Node {
        let (from, to) = (input.data_type.clone(), expr.data_type.clone());
        let flink = self.dialect == Dialect::Flink;
        match Shape::between(&from, &to, flink) {
            None => self.refuse(expr.span, RefusalReason::Cast { from, to }),
            Some(Shape::Same) => self.lower(input),
            Some(shape) => Node::Operator(Box::new(NestedCast {
                input: self.lower(input),
                shape,
                on_failure,
                from,
                to,
            })),
        }
    }
}
