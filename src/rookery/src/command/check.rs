//! `rookery check`: what is wrong with rule files, without running them.

mod json;

use super::connect;
use super::verdict::Verdict;
use crate::cli::{CheckArguments, CheckFormat};
use crate::config::Config;
use crate::exit::Exit;
use crate::output;
use crate::report::{self, Report, Severity};
use crate::rules::{self, RuleFile, RulesError, files};
use json::Finding;
use rookery_engine::{RefusalReason, RuleSet};
use rookery_sql::SourceFile;
use rookery_sql::plan::{Program, Span};
use std::io::Write;
use std::path::Path;

/// Runs the command.
///
/// # Errors
/// Standard output cannot be written.
pub fn run(arguments: &CheckArguments) -> anyhow::Result<Exit> {
    let config = match arguments.config.as_deref().map(Config::load).transpose() {
        Ok(config) => config,
        Err(faults) => {
            output::complain(&faults.render(report::colour(&std::io::stderr())));
            return Ok(Exit::Configuration);
        }
    };
    let colour = report::colour(&std::io::stdout());
    let mut out = output::stdout();
    let mut worst = Verdict::Good;
    let mut good = Vec::new();
    for path in &arguments.files {
        let mut text = String::new();
        worst = worst.max(check(path, arguments, colour, &mut text, &mut good));
        if let Err(error) = out.write_all(text.as_bytes()) {
            output::reader_may_leave(Err(error))?;
            break;
        }
    }
    if arguments.connect {
        output::reader_may_leave(out.flush())?;
        let told = connect::run(good, config.as_ref());
        if !told.all_good {
            worst = worst.max(Verdict::Faulty);
        }
        output::reader_may_leave(out.write_all(told.text.as_bytes()))?;
    }
    output::reader_may_leave(out.flush())?;
    Ok(worst.exit())
}

/// Checks one file; what it means goes to `good` if it means something.
fn check(
    path: &Path,
    arguments: &CheckArguments,
    colour: bool,
    out: &mut String,
    good: &mut Vec<RuleFile>,
) -> Verdict {
    let source = match files::read(path) {
        Ok(source) => source,
        Err(error) => return unread(path, &error, arguments.format, out),
    };
    let findings = rules::compile(&source, &arguments.language);
    for diagnostic in &findings.diagnostics {
        match arguments.format {
            CheckFormat::Json => *out += &Finding::of_diagnostic(&source, diagnostic).line(),
            CheckFormat::Text => {
                out.push_str(&diagnostic.render(&source, colour));
                out.push_str("\n\n");
            }
        }
    }
    let (mut errors, mut warnings) = rules::count(&findings.diagnostics);
    if let Some(program) = &findings.program {
        let shown: Vec<u32> = findings
            .diagnostics
            .iter()
            .map(|found| found.span.start)
            .collect();
        let mut others = refusals(program, &shown);
        errors += others
            .iter()
            .filter(|other| other.severity == Severity::Error)
            .count();
        // Who reaches the sinks hears of their connectors then, as the configuration has them.
        if !arguments.connect {
            others.extend(connectors(program));
        }
        for warning in &others {
            match arguments.format {
                CheckFormat::Json => *out += &warning.line(&source),
                CheckFormat::Text => {
                    out.push_str(&warning.render(&source, colour));
                    out.push('\n');
                }
            }
        }
        warnings += others
            .iter()
            .filter(|other| other.severity == Severity::Warning)
            .count();
    }
    let denied = arguments.deny_warnings && errors == 0 && warnings > 0;
    if arguments.format == CheckFormat::Text {
        let rules = findings
            .program
            .as_ref()
            .map_or(0, |program| program.rules.len());
        out.push_str(&summary(&source.path, rules, errors, warnings, denied));
    }
    if let Some(program) = findings.program {
        good.push(RuleFile { source, program });
    }
    if errors == 0 && !denied {
        Verdict::Good
    } else {
        Verdict::Faulty
    }
}

/// Tells of a file that cannot be read.
fn unread(path: &Path, error: &RulesError, format: CheckFormat, out: &mut String) -> Verdict {
    match format {
        CheckFormat::Text => output::complain(&unreadable(path, error)),
        CheckFormat::Json => {
            let (path, message) = (path.display().to_string(), error.to_string());
            *out += &Finding::of_file(&path, error.code(), &message, &[]).line();
        }
    }
    Verdict::of_unread(error)
}

/// Reads the one rule file of a command; tells of it where it cannot be read, and how the command ends then.
///
/// # Errors
/// The command's exit: 2 where the file is not there, 78 where what is in it cannot be a rule file.
pub fn read_or_tell(path: &Path) -> Result<SourceFile, Exit> {
    files::read(path).map_err(|error| {
        output::complain(&unreadable(path, &error));
        match error {
            RulesError::Unreadable { .. } => Exit::Usage,
            _ => Exit::Configuration,
        }
    })
}

/// What is wrong with a rule file that cannot be read.
pub fn unreadable(path: &Path, error: &RulesError) -> String {
    Report {
        severity: Severity::Error,
        code: error.code(),
        message: &error.to_string(),
        path: &path.display().to_string(),
        place: None,
        help: &[],
    }
    .render(report::colour(&std::io::stderr()))
}

fn summary(path: &str, rules: usize, errors: usize, warnings: usize, denied: bool) -> String {
    let counted = |count: usize, word: &str| match count {
        1 => format!("1 {word}"),
        _ => format!("{count} {word}s"),
    };
    let mut parts = Vec::new();
    if errors > 0 {
        parts.push(counted(errors, "error"));
    } else {
        if !denied {
            parts.push("ok".to_owned());
        }
        parts.push(counted(rules, "rule"));
    }
    if warnings > 0 {
        parts.push(counted(warnings, "warning"));
    }
    if denied {
        parts.push("which --deny-warnings refuses".to_owned());
    }
    format!("{path}: {}\n", parts.join(", "))
}

/// What the SQL alone does not tell.
struct Other {
    severity: Severity,
    code: &'static str,
    message: String,
    span: Span,
    help: Vec<String>,
}

impl Other {
    fn render(&self, source: &SourceFile, colour: bool) -> String {
        Report {
            severity: self.severity,
            code: self.code,
            message: &self.message,
            path: &source.path,
            place: Some((&source.text, rules::bytes(self.span))),
            help: &self.help,
        }
        .render(colour)
    }

    fn line(&self, source: &SourceFile) -> String {
        Finding::of_file(&source.path, self.code, &self.message, &self.help)
            .at(source, self.span, self.severity)
            .line()
    }
}

/// What the file means and `run` refuses: not built yet, or without a meaning that could be computed.
fn refusals(program: &Program, shown: &[u32]) -> Vec<Other> {
    let Err(error) = RuleSet::compile(vec![program.clone()]) else {
        return Vec::new();
    };
    let new = error
        .refusals
        .iter()
        .filter(|refusal| !shown.contains(&refusal.span.start));
    new.map(|refusal| {
        let later = matches!(
            refusal.reason,
            RefusalReason::NotBuilt(_)
                | RefusalReason::Cast { .. }
                | RefusalReason::NoMessageTime(_)
        );
        let wait = "`run` and `eval` refuse this file until then";
        Other {
            severity: match later {
                true => Severity::Warning,
                false => Severity::Error,
            },
            code: refusal.code(),
            message: refusal.reason.to_string(),
            span: refusal.span,
            help: later.then(|| wait.to_owned()).into_iter().collect(),
        }
    })
    .collect()
}

/// Connectors that `run` would refuse unless the configuration replaces them.
fn connectors(program: &Program) -> Vec<Other> {
    let warnings = rules::connector_warnings(program).into_iter();
    warnings
        .map(|warning| Other {
            severity: Severity::Warning,
            code: warning.code,
            message: warning.message,
            span: warning.span,
            help: warning.help,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_counts_what_was_found() {
        assert_eq!(summary("a.sql", 2, 0, 0, false), "a.sql: ok, 2 rules\n");
        assert_eq!(
            summary("a.sql", 1, 0, 1, false),
            "a.sql: ok, 1 rule, 1 warning\n"
        );
        assert_eq!(
            summary("a.sql", 1, 0, 2, true),
            "a.sql: 1 rule, 2 warnings, which --deny-warnings refuses\n"
        );
        assert_eq!(
            summary("a.sql", 0, 1, 2, false),
            "a.sql: 1 error, 2 warnings\n"
        );
    }
}
