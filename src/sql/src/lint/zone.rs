//! Functions of local time in a file that does not say whose: what a text of a time means hangs on it.

use super::Linter;
use super::walk::each_in;
use crate::code::Code;
use crate::diagnostics::Diagnostic;
use crate::function::{Function, TimeFunction as Time};
use crate::plan::{Expr, ExprKind, Span};
use rookery_model::DataType;

impl Linter<'_> {
    /// Warns once, at the first such function.
    pub(super) fn zone(&mut self) {
        if self.zone_is_set {
            return;
        }
        let mut places: Vec<(Span, Option<String>)> = Vec::new();
        let mut add = |expr: &Expr| {
            if depends_on_zone(expr) {
                places.push((expr.span, conversion(expr)));
            }
        };
        each_in(self.program, &mut |place| add(place.expr));
        places.sort_by_key(|(span, _)| (span.start, span.end));
        let zone = &self.program.zone;
        let other = if self.is_blink() {
            "UTC in the flink dialect"
        } else {
            "Asia/Shanghai in the blink dialect"
        };
        let label = format!("{zone} here, {other}");
        let help = format!("write SET 'table.local-time-zone' = '{zone}'; at the top");
        let Some((first, conversion)) = places.into_iter().next() else {
            return;
        };
        let text = self.under(first);
        let called = || text.split(['(', ' ']).next().unwrap_or(text).to_uppercase();
        let name = conversion.unwrap_or_else(called);
        self.warn(
            Diagnostic::new(
                Code::ZoneNotSet,
                first,
                format!("{name} depends on the time zone, and the file sets none"),
            )
            .label(label)
            .help(help),
        );
    }
}

/// Whether the job's zone changes what an expression gives.
fn depends_on_zone(expr: &Expr) -> bool {
    let instant = |e: &Expr| matches!(e.data_type, DataType::TimestampLtz(_));
    match &expr.kind {
        ExprKind::Cast { input, .. } => instant_and_local(&input.data_type, &expr.data_type),
        ExprKind::Call { function, args } => match function {
            Function::UnixTimestamp => true,
            Function::UnixTimestampOf => args.first().is_some_and(|arg| !instant(arg)),
            Function::Time(time) => match time {
                Time::FromUnixtime
                | Time::LocalTimestamp
                | Time::CurrentDate
                | Time::CurrentTime
                | Time::ToTimestampOfMillis
                | Time::ToTimestampTz => true,
                Time::ToInstant => args.len() < 3,
                Time::Extract(_) | Time::Floor(_) | Time::Ceil(_) | Time::DateFormat => {
                    args.first().is_some_and(instant)
                }
                _ => false,
            },
            _ => false,
        },
        _ => false,
    }
}

/// What a conversion is called, written or not.
fn conversion(expr: &Expr) -> Option<String> {
    match &expr.kind {
        ExprKind::Cast { input, .. } => Some(format!(
            "the conversion of {} to {}",
            input.data_type, expr.data_type
        )),
        _ => None,
    }
}

fn instant_and_local(from: &DataType, to: &DataType) -> bool {
    let instant = |t: &DataType| matches!(t, DataType::TimestampLtz(_));
    let local = |t: &DataType| {
        t.is_string()
            || matches!(
                t,
                DataType::Date | DataType::Time(_) | DataType::Timestamp(_)
            )
    };
    (instant(from) && local(to)) || (local(from) && instant(to))
}
