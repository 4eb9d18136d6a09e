//! `rookery check --connect`: whether every sink of the rule files can be reached, asked side by side.

use crate::config::{Config, TableOverride};
use crate::rules::{self, RuleFile};
use rookery_model::limits;
use rookery_sinks::{Sink, SinkContext, TableSpec};
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// What was found.
#[derive(Debug)]
pub struct Told {
    /// A line a sink.
    pub text: String,
    /// Whether all can be used.
    pub all_good: bool,
}

/// Reaches the sinks of these files under this installation's configuration.
pub fn run(mut files: Vec<RuleFile>, config: Option<&Config>) -> Told {
    let tables: &[TableOverride] = config.map_or(&[], |config| &config.tables);
    rules::apply(&mut files, tables);
    let data_dir = config.map_or(Path::new("/var/lib/rookery"), |config| &config.data_dir);
    let context = SinkContext {
        data_dir: data_dir.to_owned(),
        instance: instance(data_dir),
    };
    let specs: Vec<TableSpec> = files
        .iter()
        .flat_map(|file| {
            let sinks = rules::roles(&file.program).sinks;
            let program = &file.program;
            sinks
                .into_iter()
                .map(|index| rules::declared(program, &program.tables[index]))
        })
        .collect();
    let patience = Duration::from_millis(limits::CHECK_CONNECT_MS);
    let answers = ask(&specs, &context, patience);
    let mut told = Told {
        text: String::new(),
        all_good: true,
    };
    for (spec, answer) in specs.iter().zip(answers) {
        let (connector, place) = (connector(spec), place(spec));
        let verdict = match &answer {
            Ok(()) => "ok",
            Err(_) => "wrong",
        };
        told.text
            .push_str(&format!("{}: {verdict}, {connector}{place}", spec.name));
        if let Err(reason) = answer {
            told.all_good = false;
            told.text.push_str(&format!(": {reason}"));
        }
        told.text.push('\n');
    }
    if specs.is_empty() {
        told.text.push_str("no sink to reach\n");
    }
    told
}

/// The id of a data directory that exists: sinks look for its cursors only.
fn instance(data_dir: &Path) -> String {
    let text = std::fs::read_to_string(data_dir.join("instance")).unwrap_or_default();
    let found = text.lines().find_map(|line| line.strip_prefix("instance="));
    found.unwrap_or("check").to_owned()
}

/// Every sink's answer, in order, after `patience` at the latest. Threads whose sink holds them are left
/// to end with the process.
fn ask(specs: &[TableSpec], context: &SinkContext, patience: Duration) -> Vec<Result<(), String>> {
    let deadline = Instant::now() + patience;
    let (sender, receiver) = mpsc::channel();
    let late = format!("no answer within {} s", patience.as_secs_f64());
    let mut answers: Vec<_> = specs.iter().map(|_| Err(late.clone())).collect();
    let mut missing = 0;
    for (index, spec) in specs.iter().enumerate() {
        let sink: Box<dyn Sink> = match rookery_sinks::build(spec, context) {
            Ok(sink) => sink,
            Err(error) => {
                answers[index] = Err(error.to_string());
                continue;
            }
        };
        let sender = sender.clone();
        let name = format!("check {}", spec.name);
        let thread = std::thread::Builder::new().name(name).spawn(move || {
            let answer = sink.check().map_err(|error| error.to_string());
            // Nobody may be waiting any more.
            let _ = sender.send((index, answer));
        });
        match thread {
            Ok(_) => missing += 1,
            Err(error) => answers[index] = Err(format!("cannot start a thread: {error}")),
        }
    }
    while missing > 0 {
        let left = deadline.saturating_duration_since(Instant::now());
        let Ok((index, answer)) = receiver.recv_timeout(left) else {
            break;
        };
        // A running server tries again; this command does not.
        answers[index] = answer.map_err(|text| text.replace("; it is tried again", ""));
        missing -= 1;
    }
    answers
}

fn option<'a>(spec: &'a TableSpec, names: &[&str]) -> Option<&'a str> {
    names.iter().find_map(|name| {
        let is = |key: &str| key.eq_ignore_ascii_case(name);
        let found = spec.options.iter().find(|(key, _)| is(key));
        found.map(|(_, value)| value.trim())
    })
}

fn connector(spec: &TableSpec) -> &str {
    option(spec, &["connector", "type"]).unwrap_or("no connector")
}

/// Where a sink is, from its options: `` at ..``, or nothing.
fn place(spec: &TableSpec) -> String {
    let host = option(spec, &["host", "endpoint", "url"]).map(without_credentials);
    let place = match (host, option(spec, &["port"]), option(spec, &["path"])) {
        (Some(host), Some(port), _) if !host.contains(':') => format!("{host}:{port}"),
        (Some(host), ..) => host,
        (None, _, Some(path)) => PathBuf::from(path).display().to_string(),
        (None, ..) => return String::new(),
    };
    format!(" at {place}")
}

/// `scheme://user:password@host` without what stands before the `@`.
fn without_credentials(url: &str) -> String {
    match (url.split_once("://"), url.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, host))) => format!("{scheme}://{host}"),
        (None, Some((_, host))) => host.to_owned(),
        (_, None) => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(options: &[(&str, &str)]) -> TableSpec {
        TableSpec {
            name: "job.t".into(),
            table: "t".into(),
            columns: Vec::new(),
            primary_key: Vec::new(),
            options: options
                .iter()
                .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
                .collect(),
            zone: "UTC".into(),
        }
    }

    #[test]
    fn a_place_is_named_without_its_password() {
        let at = |options: &[(&str, &str)]| place(&spec(options));
        assert_eq!(
            at(&[("HOST", "r1"), ("port", "6380"), ("password", "x")]),
            " at r1:6380"
        );
        assert_eq!(at(&[("host", "a:1,b:2"), ("port", "6380")]), " at a:1,b:2");
        assert_eq!(at(&[("path", "/out/t")]), " at /out/t");
        assert_eq!(
            at(&[("url", "mysql://u:p@ss@db:3306/x")]),
            " at mysql://db:3306/x"
        );
        assert_eq!(at(&[("connector", "print")]), "");
    }

    #[test]
    fn faulty_options_are_wrong_and_the_others_are_asked() {
        let specs = [
            spec(&[("connector", "blackhole")]),
            spec(&[("connector", "blackhole"), ("colour", "red")]),
            spec(&[]),
        ];
        let context = SinkContext {
            data_dir: PathBuf::from("/nowhere"),
            instance: "check".into(),
        };
        let answers = ask(&specs, &context, Duration::from_secs(20));
        assert_eq!(answers[0], Ok(()));
        let texts: Vec<_> = answers.iter().filter_map(|a| a.as_ref().err()).collect();
        assert!(texts[0].contains("E3023"), "{texts:?}");
        assert!(texts[1].contains("E3020"), "{texts:?}");
    }
}
