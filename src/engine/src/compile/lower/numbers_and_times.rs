//! Calls of functions of numbers and of times.

use super::Lowering;
use crate::error::RefusalReason;
use crate::eval::compare::Comparable;
use crate::eval::node::Node;
use crate::eval::numeric::NumberKind;
use crate::functions::{
    CompilePattern, FormatSource, Formatted, Formatting, Moment, Numeric, ZoneSource, zone_named,
};
use rookery_codecs::time::Pattern;
use rookery_model::{DataType, Value};
use rookery_sql::plan::{Dialect, Expr};
use rookery_sql::{NumericFunction, TimeFunction};

/// Digits of the finest fraction of a second.
const DIGITS_MAX: u8 = 9;

impl Lowering<'_> {
    pub(super) fn numeric_call(
        &mut self,
        function: NumericFunction,
        args: &[Expr],
        expr: &Expr,
    ) -> Node {
        if args.iter().any(|arg| arg.data_type == DataType::Null) {
            return Node::NULL;
        }
        Node::Operator(Box::new(Numeric {
            function,
            kind: NumberKind::of(&expr.data_type),
            comparable: Comparable::of(&expr.data_type),
            strict: self.dialect == Dialect::Flink,
            salt: u64::from(expr.span.start),
            args: self.list(args),
        }))
    }

    pub(super) fn time_call(&mut self, function: TimeFunction, args: &[Expr]) -> Node {
        use TimeFunction as F;
        if args.iter().any(|arg| arg.data_type == DataType::Null) {
            return Node::NULL;
        }
        let flink = self.dialect == Dialect::Flink;
        let simple: CompilePattern = Pattern::new;
        let reading: CompilePattern = Pattern::for_reading;
        let exact: CompilePattern = if flink {
            Pattern::for_reading_exactly
        } else {
            Pattern::for_reading
        };
        let [input, rest @ ..] = args else {
            return self.moment(function, args);
        };
        let what = Formatting::Of(function);
        match (function, rest) {
            (F::ToDate, format) => self.formatted(what, input, &[(format.first(), reading)], &[]),
            (F::ToTimestamp, format) => {
                self.formatted(what, input, &[(format.first(), exact)], &[])
            }
            (F::ToInstant, [format, zone @ ..]) => {
                self.formatted(what, input, &[(Some(format), exact)], zone)
            }
            (F::ToInstant, []) => self.formatted(what, input, &[], &[]),
            (F::ToTimestampTz, [format, zone]) => self.formatted(
                what,
                input,
                &[(Some(format), reading)],
                std::slice::from_ref(zone),
            ),
            (F::ToTimestampTz, zone) => self.formatted(what, input, &[], zone),
            (F::FromUnixtime, []) => self.formatted(what, input, &[(None, simple)], &[]),
            (F::FromUnixtime, [format]) => {
                self.formatted(what, input, &[(Some(format), simple)], &[])
            }
            (F::DateFormat, [format]) => {
                let local = flink && !input.data_type.is_string();
                let compile = if local {
                    Pattern::of_local_time
                } else {
                    simple
                };
                self.formatted(what, input, &[(Some(format), compile)], &[])
            }
            (F::DateFormatFrom, [from, to]) => self.formatted(
                what,
                input,
                &[(Some(from), reading), (Some(to), simple)],
                &[],
            ),
            (F::DateFormatTz, [zone]) => {
                self.formatted(what, input, &[(None, simple)], std::slice::from_ref(zone))
            }
            (F::DateFormatTz, [format, zone]) => self.formatted(
                what,
                input,
                &[(Some(format), simple)],
                std::slice::from_ref(zone),
            ),
            (F::ConvertTz, zones) => self.formatted(what, input, &[], zones),
            _ => self.moment(function, args),
        }
    }

    fn moment(&mut self, function: TimeFunction, args: &[Expr]) -> Node {
        Node::Operator(Box::new(Moment {
            function,
            strict: self.dialect == Dialect::Flink,
            digits: match args.first().map(|arg| &arg.data_type) {
                Some(DataType::Timestamp(digits)) if self.dialect == Dialect::Flink => *digits,
                _ => DIGITS_MAX,
            },
            months: args
                .first()
                .is_some_and(|arg| arg.data_type == DataType::IntervalMonths),
            args: self.list(args),
        }))
    }

    /// UNIX_TIMESTAMP(text [, format])
    pub(super) fn unix_timestamp(&mut self, text: &Expr, format: Option<&Expr>) -> Node {
        let default: CompilePattern = Pattern::for_reading;
        match format {
            Some(format) if format.data_type == DataType::Null => Node::NULL,
            _ => self.formatted(Formatting::UnixTimestamp, text, &[(format, default)], &[]),
        }
    }

    /// A function with up to two formats (the default one where the expression is missing and the
    /// function has no form of its own), and up to two zones.
    fn formatted(
        &mut self,
        what: Formatting,
        input: &Expr,
        formats: &[(Option<&Expr>, CompilePattern)],
        zones: &[Expr],
    ) -> Node {
        let own_form = matches!(
            what,
            Formatting::Of(TimeFunction::ToDate | TimeFunction::ToTimestamp)
        );
        let mut sources = Vec::with_capacity(formats.len());
        for &(format, compile) in formats {
            match format {
                None if own_form => {}
                None => match compile(Pattern::DEFAULT) {
                    Ok(pattern) => sources.push(FormatSource::Constant(pattern)),
                    Err(_) => return Node::NULL,
                },
                Some(format) => match self.format(format, compile) {
                    Some(source) => sources.push(source),
                    None => return Node::NULL,
                },
            }
        }
        let mut found = Vec::with_capacity(zones.len());
        for zone in zones {
            match self.zone_of(zone) {
                Some(source) => found.push(source),
                None => return Node::NULL,
            }
        }
        let mut sources = sources.into_iter();
        Node::Operator(Box::new(Formatted {
            what,
            input: self.lower(input),
            format: sources.next(),
            to: sources.next(),
            zones: found,
            flink: self.dialect == Dialect::Flink,
        }))
    }

    /// None of NULL, and of a malformed constant, which is refused.
    fn format(&mut self, format: &Expr, compile: CompilePattern) -> Option<FormatSource> {
        match self.lower(format) {
            Node::Constant(Value::Null) => None,
            Node::Text(text) => match compile(&text) {
                Ok(pattern) => Some(FormatSource::Constant(pattern)),
                Err(error) => {
                    self.refuse(format.span, RefusalReason::Constant(error.to_string()));
                    None
                }
            },
            text => Some(FormatSource::Dynamic {
                text,
                site: self.shared.site(),
                compile,
            }),
        }
    }

    /// Likewise.
    fn zone_of(&mut self, zone: &Expr) -> Option<ZoneSource> {
        let flink = self.dialect == Dialect::Flink;
        match self.lower(zone) {
            Node::Constant(Value::Null) => None,
            Node::Text(name) => match zone_named(&name, flink) {
                Ok(zone) => Some(ZoneSource::Constant(zone)),
                Err(error) => {
                    self.refuse(zone.span, RefusalReason::Constant(error.to_string()));
                    None
                }
            },
            text => Some(ZoneSource::Dynamic {
                text,
                site: self.shared.site(),
                flink,
            }),
        }
    }
}
