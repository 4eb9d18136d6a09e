//! `rookery test`: messages and what shall come of them, in files beside the rules.

mod case;
mod compare;
mod error;
mod file;
mod junit;
mod update;

use crate::cli::{Dialect, Language, TestArguments};
use crate::command::fmt::write_whole;
use crate::exit::Exit;
use crate::output;
use crate::report::{self, Report, Severity};
use crate::rules::{self, files};
use anyhow::Context;
use case::Subject;
use error::{Problem, TestError};
use file::TestFile;
use rookery_codecs::time::Zone;
use rookery_engine::RuleSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

/// What test files are named.
const ENDING: &str = ".test.toml";

/// What came of a case.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Verdict {
    Passed,
    /// Why not.
    Failed(String),
}

/// A case's result.
#[derive(Clone, Debug)]
struct CaseResult {
    name: String,
    seconds: f64,
    verdict: Verdict,
}

/// A file's results.
#[derive(Clone, Debug)]
struct FileResult {
    path: String,
    cases: Vec<CaseResult>,
}

/// Runs the command.
///
/// # Errors
/// Standard output, the report, or with `--update` a test file cannot be written.
pub fn run(arguments: &TestArguments) -> anyhow::Result<Exit> {
    let mut paths = Vec::new();
    for path in &arguments.paths {
        if let Err(reason) = find(path, &mut paths) {
            output::complain(&format!("rookery: {}: {reason}\n", path.display()));
            return Ok(Exit::Usage);
        }
    }
    paths.sort();
    paths.dedup();
    if paths.is_empty() {
        output::complain(&format!(
            "rookery: no tests there; tests of `power.sql` stand beside it in `power{ENDING}`\n"
        ));
        return Ok(Exit::Usage);
    }
    let mut results = Vec::new();
    for path in &paths {
        results.push(run_file(path, arguments.update)?);
    }
    if results.iter().all(|file| file.cases.is_empty()) {
        output::complain("rookery: no cases there; a case begins with [[case]]\n");
        return Ok(Exit::Usage);
    }
    output::print(&told(&results))?;
    if let Some(path) = &arguments.junit {
        std::fs::write(path, junit::xml(&results))
            .with_context(|| format!("cannot write {}", path.display()))?;
    }
    let failed = results
        .iter()
        .flat_map(|file| &file.cases)
        .any(|case| case.verdict != Verdict::Passed);
    Ok(if failed { Exit::Failed } else { Exit::Done })
}

/// The test files that a path names.
fn find(path: &Path, found: &mut Vec<PathBuf>) -> Result<(), String> {
    if path.is_dir() {
        let entries = std::fs::read_dir(path).map_err(|error| error.to_string())?;
        for entry in entries {
            let path = entry.map_err(|error| error.to_string())?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let linked = path.is_symlink() && path.is_dir();
            let wanted = path.is_dir() || name.ends_with(ENDING);
            if wanted && !linked && !name.starts_with('.') {
                find(&path, found)?;
            }
        }
        return Ok(());
    }
    let tests = match path.extension().is_some_and(|extension| extension == "sql") {
        true => path.with_extension(&ENDING[1..]),
        false => path.to_owned(),
    };
    if !tests.is_file() {
        return Err(format!("{} is not there", tests.display()));
    }
    found.push(tests);
    Ok(())
}

/// Runs a file's cases, or says why none of them can run.
fn run_file(path: &Path, update: bool) -> anyhow::Result<FileResult> {
    let name = path.display().to_string();
    let failed = |case: &str, why: String| FileResult {
        path: name.clone(),
        cases: vec![CaseResult {
            name: case.to_owned(),
            seconds: 0.0,
            verdict: Verdict::Failed(why),
        }],
    };
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) => {
            let reason = error.to_string();
            let problem = Problem::new(TestError::Unreadable { reason }, None);
            return Ok(failed("the test file", problem.render(&name, "", false)));
        }
    };
    let file = match file::read(&text) {
        Ok(file) => file,
        Err(problems) => {
            let told = problems
                .iter()
                .map(|problem| problem.render(&name, &text, false));
            return Ok(failed("the test file", told.collect::<Vec<_>>().join("\n")));
        }
    };
    let subject = match subject(path, &file) {
        Ok(subject) => subject,
        Err(why) => return Ok(failed("the rule file", why)),
    };
    let folder = path.parent().unwrap_or(Path::new(""));
    let mut document = update.then(|| {
        text.parse::<toml_edit::DocumentMut>()
            .expect("the same text was read before")
    });
    let mut cases = Vec::new();
    for case in &file.cases {
        let start = Instant::now();
        let verdict = match case::run(case, folder, &subject) {
            Ok(got) => {
                if let Some(document) = &mut document {
                    update::update(document, case, &got);
                    Verdict::Passed
                } else {
                    match case::judge(case, &got, &subject) {
                        Ok(None) => Verdict::Passed,
                        Ok(Some(report)) => Verdict::Failed(report),
                        Err(problem) => Verdict::Failed(problem.render(&name, &text, false)),
                    }
                }
            }
            Err(problem) => Verdict::Failed(problem.render(&name, &text, false)),
        };
        cases.push(CaseResult {
            name: case.name.clone(),
            seconds: start.elapsed().as_secs_f64(),
            verdict,
        });
    }
    if let Some(document) = document {
        let new = document.to_string();
        if new != text {
            write_whole(path, &new).with_context(|| format!("cannot write {name}"))?;
        }
    }
    Ok(FileResult { path: name, cases })
}

/// The rules that a test file tries, compiled; or what is wrong with them.
fn subject(path: &Path, file: &TestFile) -> Result<Subject, String> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let stem = name.strip_suffix(ENDING).unwrap_or(&name);
    let rules = file.rules.clone().unwrap_or_else(|| format!("{stem}.sql"));
    let rules = path.with_file_name(rules);
    let source = files::read(&rules).map_err(|error| {
        report_of(
            error.code(),
            &error.to_string(),
            &rules.display().to_string(),
            None,
        )
    })?;
    let language = Language {
        dialect: file.dialect.as_deref().map(|dialect| match dialect {
            "flink" => Dialect::Flink,
            _ => Dialect::Blink,
        }),
        zone: file.zone.clone(),
    };
    let findings = rules::compile(&source, &language);
    let Some(program) = findings.program else {
        let errors = findings.diagnostics.iter();
        let errors = errors.filter(|found| found.severity == rookery_sql::Severity::Error);
        let told = errors.map(|diagnostic| diagnostic.render(&source, false) + "\n");
        return Err(told.collect::<Vec<_>>().join("\n"));
    };
    let zone = program.zone.clone();
    let set = RuleSet::compile(vec![program]).map_err(|error| {
        let told = error.refusals.iter().map(|refusal| {
            let place = Some((source.text.as_str(), rules::bytes(refusal.span)));
            report_of(
                refusal.code(),
                &refusal.reason.to_string(),
                &source.path,
                place,
            )
        });
        told.collect::<Vec<_>>().join("\n")
    })?;
    let zone = Zone::parse(&zone).map_err(|error| error.to_string())?;
    Ok(Subject {
        path: source.path.clone(),
        rules: Arc::new(set),
        zone,
    })
}

fn report_of(
    code: &str,
    message: &str,
    path: &str,
    place: Option<(&str, std::ops::Range<usize>)>,
) -> String {
    Report {
        severity: Severity::Error,
        code,
        message,
        path,
        place,
        help: &[],
    }
    .render(report::colour(&std::io::stdout()))
}

/// The results for people: failures with their differences, then the counts.
fn told(files: &[FileResult]) -> String {
    let mut out = String::new();
    let (mut passed, mut failed) = (0, 0);
    for file in files {
        for case in &file.cases {
            match &case.verdict {
                Verdict::Passed => passed += 1,
                Verdict::Failed(report) => {
                    failed += 1;
                    out.push_str(&format!("FAILED {}: {}\n{report}\n", file.path, case.name));
                }
            }
        }
    }
    let marks = |line: &str| line.starts_with("    - ") || line.starts_with("    + ");
    if out.lines().any(marks) {
        out.push_str("`-` was expected and did not come, `+` came and was not expected\n");
    }
    let counted = |count: usize, word: &str| match count {
        1 => format!("1 {word}"),
        _ => format!("{count} {word}s"),
    };
    out.push_str(&format!(
        "{}: {passed} passed, {failed} failed\n",
        counted(files.len(), "file")
    ));
    out
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn told_of(report: &str) -> String {
        let case = CaseResult {
            name: "a".into(),
            seconds: 0.0,
            verdict: Verdict::Failed(report.into()),
        };
        told(&[FileResult {
            path: "x.test.toml".into(),
            cases: vec![case],
        }])
    }

    #[test]
    fn marks_are_explained_where_there_are_any() {
        let legend = "`-` was expected and did not come";
        assert!(told_of("  rows of t: 1 expected, 0 came\n    - {}\n").contains(legend));
        assert!(told_of("  dead letters\n    + stage cast\n").contains(legend));
        assert_eq!(
            told_of("error[E5033]: `name` must be a string\n"),
            "FAILED x.test.toml: a\nerror[E5033]: `name` must be a string\n\n1 file: 0 passed, 1 failed\n"
        );
    }

    #[test]
    fn a_file_without_cases_is_no_test() {
        let folder = std::env::temp_dir().join(format!("rookery-no-cases-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(
            folder.join("a.sql"),
            "CREATE TABLE a (b INT) WITH (type = 'tcp');",
        )
        .unwrap();
        std::fs::write(folder.join("a.test.toml"), "zone = 'UTC'\n").unwrap();
        let arguments = TestArguments {
            paths: vec![folder.clone()],
            update: false,
            junit: None,
        };
        let exit = run(&arguments);
        std::fs::remove_dir_all(&folder).unwrap();
        assert!(matches!(exit, Ok(Exit::Usage)));
    }
}
