//! Findings for editors: one JSON object a line. The shape is documented in `docs/errors.md` and stable.

use crate::report::Severity;
use rookery_sql::plan::Span;
use rookery_sql::{Diagnostic, SourceFile};
use serde::Serialize;

/// A finding as editors read it. Lines and columns count from 1, columns in characters; the end is the
/// place behind the last character.
#[derive(Debug, Serialize)]
pub(super) struct Finding<'a> {
    file: &'a str,
    code: &'a str,
    severity: &'static str,
    message: &'a str,
    label: Option<&'a str>,
    #[serde(flatten)]
    place: Place,
    notes: &'a [String],
    help: &'a [String],
    related: Vec<Related<'a>>,
}

#[derive(Debug, Serialize)]
struct Related<'a> {
    message: &'a str,
    #[serde(flatten)]
    place: Place,
}

/// Where something stands; nothing, where it has no place in the text.
#[derive(Clone, Copy, Debug, Default, Serialize)]
struct Place {
    line: Option<usize>,
    column: Option<usize>,
    end_line: Option<usize>,
    end_column: Option<usize>,
}

impl Place {
    fn of(source: &SourceFile, span: Span) -> Self {
        let (start, end) = (source.line_column(span.start), source.line_column(span.end));
        Self {
            line: Some(start.line),
            column: Some(start.column),
            end_line: Some(end.line),
            end_column: Some(end.column),
        }
    }
}

const fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

impl<'a> Finding<'a> {
    /// What the SQL itself says.
    pub(super) fn of_diagnostic(source: &'a SourceFile, diagnostic: &'a Diagnostic) -> Self {
        let severity = match diagnostic.severity {
            rookery_sql::Severity::Error => Severity::Error,
            rookery_sql::Severity::Warning => Severity::Warning,
        };
        let related = diagnostic.related.iter().map(|related| Related {
            message: &related.label,
            place: Place::of(source, related.span),
        });
        Self {
            file: &source.path,
            code: diagnostic.code.as_str(),
            severity: word(severity),
            message: &diagnostic.message,
            label: diagnostic.label.as_deref(),
            place: Place::of(source, diagnostic.span),
            notes: &diagnostic.notes,
            help: &diagnostic.help,
            related: related.collect(),
        }
    }

    /// The same at a place of the file.
    pub(super) fn at(self, source: &SourceFile, span: Span, severity: Severity) -> Self {
        Self {
            place: Place::of(source, span),
            severity: word(severity),
            ..self
        }
    }

    /// A file that cannot be read.
    pub(super) fn of_file(
        file: &'a str,
        code: &'a str,
        message: &'a str,
        help: &'a [String],
    ) -> Self {
        Self {
            file,
            code,
            severity: word(Severity::Error),
            message,
            label: None,
            place: Place::default(),
            notes: &[],
            help,
            related: Vec::new(),
        }
    }

    /// The object and a line end.
    pub(super) fn line(&self) -> String {
        let mut line = serde_json::to_string(self).expect("text and numbers only");
        line.push('\n');
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rookery_sql::{CompileOptions, compile};

    #[test]
    fn columns_count_characters_and_the_end_is_behind_the_last() {
        let source = SourceFile {
            path: "水.sql".into(),
            text: "CREATE TABLE 表 (imei VARCHAR) WITH (type = 'print');\n\
                   INSERT INTO 表 SELECT '中文' || imie FROM (SELECT '一' AS imei) AS x;\n"
                .into(),
        };
        let compiled = compile(&source, &CompileOptions::default());
        let error = compiled
            .diagnostics
            .iter()
            .find(|found| found.code.as_str() == "E0202")
            .expect("the column does not exist");
        assert_eq!(
            Finding::of_diagnostic(&source, error).line(),
            "{\"file\":\"水.sql\",\"code\":\"E0202\",\"severity\":\"error\",\"message\":\"no column `imie`\",\
             \"label\":null,\"line\":2,\"column\":30,\"end_line\":2,\"end_column\":34,\"notes\":[],\
             \"help\":[\"did you mean `imei`?\"],\"related\":[]}\n"
        );
    }

    #[test]
    fn what_has_no_place_says_null() {
        let line = Finding::of_file("a.sql", "E4020", "cannot be read", &[]).line();
        assert_eq!(
            line,
            "{\"file\":\"a.sql\",\"code\":\"E4020\",\"severity\":\"error\",\"message\":\"cannot be read\",\
             \"label\":null,\"line\":null,\"column\":null,\"end_line\":null,\"end_column\":null,\
             \"notes\":[],\"help\":[],\"related\":[]}\n"
        );
    }
}
