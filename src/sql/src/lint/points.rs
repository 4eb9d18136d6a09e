//! Tables of time-series databases: tags that open a series for each message, characters that a request
//! fails of, values of another type than the database keeps.

use super::Linter;
use super::walk::{Place, Scope, made_by, origin, within};
use crate::code::Code;
use crate::diagnostics::Diagnostic;
use crate::function::{Function, NumericFunction, TextFunction, TimeFunction};
use crate::plan::{
    Column, ColumnKind, Expr, ExprKind, Implicit, Literal, PathArgument, Program, TableId,
};
use rookery_model::{DataType, PathStep};

const CONNECTORS: [&str; 3] = ["hitsdb", "opentsdb", "tsdb"];

/// Names, without `_` and in lower case, of what numbers single messages or moments.
const NEVER_REPEAT: &[&str] = &[
    "eventid",
    "eventtime",
    "guid",
    "logid",
    "messageid",
    "messageno",
    "msgid",
    "msgno",
    "nonce",
    "orderid",
    "orderno",
    "requestid",
    "reqid",
    "seq",
    "seqno",
    "sequence",
    "spanid",
    "traceid",
    "transactionid",
    "ts",
    "txid",
    "uuid",
];

/// What a column is of a point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Metric,
    Timestamp,
    Value,
    Tag,
    /// One column with all tags.
    Tags,
}

impl Linter<'_> {
    /// Looks at every such table, and at what rules write to it.
    pub(super) fn points(&mut self) {
        let program = self.program;
        for (id, table) in program.tables.iter().enumerate() {
            if let (true, Some(value)) = (is_points(program, id), value_column(&table.columns)) {
                self.value_type(id, value);
            }
        }
        for rule in program
            .rules
            .iter()
            .filter(|rule| is_points(program, rule.sink))
        {
            let columns = physical(&program.tables[rule.sink].columns);
            for (index, column) in columns.enumerate() {
                let name = &column.field.name;
                let part = part(name);
                if !matches!(part, Part::Metric | Part::Tag) {
                    continue;
                }
                made_by(&rule.query, index, &mut |place| {
                    if part == Part::Tag {
                        self.never_repeats(place, rule.sink, name);
                    }
                    self.strangers(place, part);
                });
            }
        }
    }

    /// Warns of a value that is not kept as it is.
    fn value_type(&mut self, table: TableId, column: &Column) {
        let Some(span) = self.column_span(table, &column.field.name) else {
            return;
        };
        let (name, data_type) = (&column.field.name, &column.field.data_type);
        let label = match data_type {
            DataType::Double | DataType::Float => return,
            t if t.is_integer() => "the fraction is cut off before the database gets it",
            DataType::Decimal { precision, .. } if *precision <= 15 => return,
            DataType::Decimal { .. } => "digits beyond the 15th are lost",
            _ => "a point's value is a number",
        };
        let message = format!("`{name}` is {data_type}, and the database keeps DOUBLE");
        self.warn(
            Diagnostic::new(Code::PointValueType, span, message)
                .label(label)
                .help(format!(
                    "declare `{name}` DOUBLE, and write CAST(.. AS DOUBLE) in the query"
                )),
        );
    }

    /// Warns of a tag that is another for each message.
    fn never_repeats(&mut self, place: Place<'_>, sink: TableId, column: &str) {
        if matches!(place.expr.kind, ExprKind::Literal(_)) {
            return;
        }
        let why = match unique_part(self.program, place) {
            Some(why) => why,
            None if is_unique_name(column) => format!("`{column}` is named like one"),
            None => match source_name(self.program, place.scope, place.expr) {
                Some(name) if is_unique_name(&name) => format!("`{name}` is named like one"),
                _ => return,
            },
        };
        let mut diagnostic = Diagnostic::new(
            Code::TagNeverRepeats,
            place.expr.span,
            format!("the tag `{column}` seems to be another for each message"),
        )
        .label(why);
        if let Some(declared) = self.column_span(sink, column) {
            diagnostic = diagnostic.related(declared, "a tag: it names a time series");
        }
        self.warn(diagnostic.note(
            "each new value of a tag opens a new time series, of one point; the database slows down with their number",
        ).help(format!("leave `{column}` out of the table, or write it to a sink of another kind")));
    }

    /// Warns of constants that the database does not take.
    fn strangers(&mut self, place: Place<'_>, part: Part) {
        let what = match part {
            Part::Metric => "metric",
            _ => "tag",
        };
        let mut findings = Vec::new();
        constants(place.expr, &mut |expr, text, whole| {
            if whole && text.is_empty() {
                findings.push((expr.span, format!("an empty {what}"), None));
            } else if let Some(stranger) = text.chars().find(|&c| !is_taken(c)) {
                findings.push((
                    expr.span,
                    format!("`{stranger}` may not stand in a {what}"),
                    Some(stranger),
                ));
            }
        });
        for (span, message, stranger) in findings {
            let mut diagnostic = Diagnostic::new(Code::TagCharacters, span, message)
                .label("the row becomes a dead letter");
            if stranger.is_some() {
                diagnostic = diagnostic
                    .help("letters, digits, Chinese characters and -_./():,[]='# may stand there");
            }
            self.warn(diagnostic);
        }
    }
}

/// Whether a table is one of a time-series database, and looks like one.
fn is_points(program: &Program, table: TableId) -> bool {
    let table = &program.tables[table];
    let connector = table.option("connector").unwrap_or_default().trim();
    CONNECTORS
        .iter()
        .any(|known| known.eq_ignore_ascii_case(connector))
        && table
            .columns
            .iter()
            .any(|c| part(&c.field.name) == Part::Metric)
}

fn physical(columns: &[Column]) -> impl Iterator<Item = &Column> {
    columns
        .iter()
        .filter(|column| matches!(column.kind, ColumnKind::Physical))
}

fn value_column(columns: &[Column]) -> Option<&Column> {
    physical(columns).find(|column| column.field.name.eq_ignore_ascii_case("value"))
}

fn part(name: &str) -> Part {
    match name.to_lowercase().as_str() {
        "metric" => Part::Metric,
        "timestamp" => Part::Timestamp,
        "value" => Part::Value,
        "tags" => Part::Tags,
        field if field.starts_with("field_") => Part::Value,
        _ => Part::Tag,
    }
}

fn is_unique_name(name: &str) -> bool {
    let bare: String = name.chars().filter(|&c| c != '_' && c != '-').collect();
    NEVER_REPEAT.contains(&bare.to_lowercase().as_str())
}

/// A part of an expression that is another for each message, in words.
fn unique_part(program: &Program, place: Place<'_>) -> Option<String> {
    let mut why = None;
    within(place, &mut |part| {
        let found = match &part.expr.kind {
            ExprKind::Call { function, .. } => match function {
                Function::Text(TextFunction::Uuid) => Some("UUID() never repeats"),
                Function::Numeric(NumericFunction::Rand) => Some("RAND() hardly ever repeats"),
                Function::UnixTimestampNow | Function::Time(TimeFunction::CurrentTimestamp) => {
                    Some("the time of a message does not repeat")
                }
                _ => None,
            },
            ExprKind::Column(_) => implicit(program, part.scope, part.expr),
            _ => None,
        };
        if let (None, Some(found)) = (&why, found) {
            why = Some(found.to_owned());
        }
    });
    why
}

fn implicit(program: &Program, scope: Scope<'_>, expr: &Expr) -> Option<&'static str> {
    let origin = origin(scope, expr)?;
    match program.tables[origin.table]
        .columns
        .get(origin.column)?
        .kind
    {
        ColumnKind::Implicit(Implicit::Lsn) => Some("`__lsn` never repeats"),
        ColumnKind::Implicit(Implicit::Arrival) => Some("the time of a message does not repeat"),
        ColumnKind::Implicit(Implicit::Raw) => Some("`__raw` is the whole message"),
        _ => None,
    }
}

/// What the message calls a value that is passed on as it is: its key, or the last of its path.
fn source_name(program: &Program, scope: Scope<'_>, expr: &Expr) -> Option<String> {
    match &expr.kind {
        ExprKind::Cast { input, .. } => source_name(program, scope, input),
        ExprKind::JsonValue {
            path: PathArgument::Constant(path),
            ..
        } => match path.steps.last()? {
            PathStep::Key(key) => Some(key.clone()),
            _ => None,
        },
        ExprKind::Column(_) => {
            let origin = origin(scope, expr)?;
            let column = program.tables[origin.table].columns.get(origin.column)?;
            Some(column.field.name.clone())
        }
        _ => None,
    }
}

/// Visits the constants that a text may be, or be made of; the flag says whether it is one as a whole.
fn constants(expr: &Expr, visit: &mut dyn FnMut(&Expr, &str, bool)) {
    constants_of(expr, true, visit);
}

fn constants_of(expr: &Expr, whole: bool, visit: &mut dyn FnMut(&Expr, &str, bool)) {
    match &expr.kind {
        ExprKind::Literal(Literal::String(text)) => visit(expr, text, whole),
        ExprKind::Cast { input, .. } if input.data_type.is_string() => {
            constants_of(input, whole, visit);
        }
        ExprKind::Case {
            branches,
            otherwise,
        } => {
            for (_, value) in branches {
                constants_of(value, whole, visit);
            }
            if let Some(value) = otherwise {
                constants_of(value, whole, visit);
            }
        }
        ExprKind::Call { function, args } => match function {
            Function::Coalesce => args.iter().for_each(|arg| constants_of(arg, whole, visit)),
            Function::If => args
                .iter()
                .skip(1)
                .for_each(|arg| constants_of(arg, whole, visit)),
            Function::Concat
            | Function::ConcatSkipNull
            | Function::Text(TextFunction::ConcatWs) => {
                args.iter().for_each(|arg| constants_of(arg, false, visit));
            }
            _ => {}
        },
        _ => {}
    }
}

/// Whether a metric or tag may hold a character.
fn is_taken(character: char) -> bool {
    let chinese = matches!(character, '\u{3007}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}'
        | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{323af}');
    character.is_ascii_alphanumeric() || "-_./():,[]='#".contains(character) || chinese
}
