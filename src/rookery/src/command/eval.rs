//! `rookery eval`: the rows that a rule file makes of messages on standard input, as if they had come
//! in over a connection. No log, no server, no connector.

use crate::cli::EvalArguments;
use crate::command::check::read_or_tell;
use crate::config::closest;
use crate::exit::Exit;
use crate::output;
use crate::report::{self, Report, Severity};
use crate::rules;
use anyhow::Context;
use rookery_codecs::format::dead_letter;
use rookery_codecs::format::json::RowFormat;
use rookery_codecs::framing::{Frame, LineFramer};
use rookery_codecs::json::write_string;
use rookery_codecs::time::Zone;
use rookery_engine::{Counter, Engine, Output, Record, RecordInput, RuleSet, SourceId};
use rookery_model::limits::FRAME_MAX_BYTES;
use rookery_model::{DeadLetter, Lsn, Position, RecordTime, ShardId, SinkId, Stage, Term, Value};
use rookery_sql::plan::Program;
use rookery_sql::{Diagnostic, SourceFile};
use std::io::{self, Read, Write};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

/// Runs the command.
///
/// # Errors
/// Standard input cannot be read, or standard output not be written.
pub fn run(arguments: &EvalArguments) -> anyhow::Result<Exit> {
    let source = match read_or_tell(&arguments.file) {
        Ok(source) => source,
        Err(exit) => return Ok(exit),
    };
    let Some(rules) = compile(&source, arguments) else {
        return Ok(Exit::Configuration);
    };
    let chosen = match choose_source(&rules, arguments.source.as_deref()) {
        Ok(chosen) => chosen,
        Err(text) => {
            output::complain(&format!("rookery: {text}\n"));
            return Ok(Exit::Usage);
        }
    };
    let printer = Printer::new(&rules, output::stdout())
        .context("the zone was found good when the file was compiled")?;
    let evaluation = Evaluation::new(Arc::new(rules), chosen, printer, None);
    let result = evaluation
        .run(io::stdin().lock(), Printer::flush)
        .map(|_| ());
    output::reader_may_leave(result)?;
    Ok(Exit::Done)
}

/// Compiles the file; where it is faulty, says so.
fn compile(source: &SourceFile, arguments: &EvalArguments) -> Option<RuleSet> {
    let colour = report::colour(&io::stderr());
    let findings = rules::compile(source, &arguments.language);
    let faulty = findings.program.is_none();
    for diagnostic in &findings.diagnostics {
        match diagnostic.severity {
            rookery_sql::Severity::Warning if !faulty => {
                output::complain(&one_line(diagnostic, source))
            }
            _ => output::complain(&format!("{}\n\n", diagnostic.render(source, colour))),
        }
    }
    let program = findings.program?;
    for warning in rules::connector_warnings(&program)
        .iter()
        .filter(|warning| warning.unknown)
    {
        let place = source.line_column(warning.span.start);
        output::complain(&format!(
            "warning[{}]: {}:{}:{}: {}\n",
            warning.code, source.path, place.line, place.column, warning.message
        ));
    }
    rule_set(program, source, colour)
}

/// Warnings take a line each: what else comes on standard error are dead letters, a line each.
fn one_line(diagnostic: &Diagnostic, source: &SourceFile) -> String {
    let place = diagnostic.position(source);
    format!(
        "warning[{}]: {}:{}:{}: {}\n",
        diagnostic.code, source.path, place.line, place.column, diagnostic.message
    )
}

fn rule_set(program: Program, source: &SourceFile, colour: bool) -> Option<RuleSet> {
    match RuleSet::compile(vec![program]) {
        Ok(rules) => Some(rules),
        Err(error) => {
            for refusal in &error.refusals {
                let report = Report {
                    severity: Severity::Error,
                    code: refusal.code(),
                    message: &refusal.reason.to_string(),
                    path: &source.path,
                    place: Some((&source.text, rules::bytes(refusal.span))),
                    help: &[],
                };
                output::complain(&format!("{}\n", report.render(colour)));
            }
            None
        }
    }
}

/// The source that reads the messages; `None` where the rules read none.
///
/// # Errors
/// Which names there are instead.
pub(super) fn choose_source(
    rules: &RuleSet,
    asked: Option<&str>,
) -> Result<Option<SourceId>, String> {
    let sources = rules.sources();
    let names = || sources.iter().map(|source| source.name.as_str());
    match (asked, sources) {
        (None, []) => Ok(None),
        (None, [only]) => Ok(Some(only.id)),
        (None, _) => {
            let names: Vec<&str> = names().collect();
            Err(format!(
                "the file reads several source tables; say which one gets the messages: --source {}",
                names.join(" or --source ")
            ))
        }
        (Some(name), _) => match sources.iter().find(|source| source.name == name) {
            Some(source) => Ok(Some(source.id)),
            None => Err(match closest(name, names()) {
                Some(meant) => {
                    format!("no rule reads a source table `{name}`; did you mean `{meant}`?")
                }
                None => format!(
                    "no rule reads a source table `{name}`; there is {}",
                    names().collect::<Vec<_>>().join(", ")
                ),
            }),
        },
    }
}

/// Messages in, rows and dead letters out.
pub(super) struct Evaluation<O: Output> {
    engine: Engine,
    output: O,
    lsn: Lsn,
    time: RecordTime,
    /// Whether all records have the time that was given.
    fixed: bool,
}

impl<O: Output> Evaluation<O> {
    /// An evaluation whose records have the time of the clock, or one that is given.
    pub(super) fn new(
        rules: Arc<RuleSet>,
        source: Option<SourceId>,
        output: O,
        time: Option<RecordTime>,
    ) -> Self {
        Self {
            engine: Engine::new(rules, source),
            output,
            lsn: Lsn(0),
            time: time.unwrap_or(RecordTime(0)),
            fixed: time.is_some(),
        }
    }

    /// Steps the rules' own record, then each line; gives the output back.
    ///
    /// # Errors
    /// The input cannot be read, or `flush` says so.
    pub(super) fn run(
        mut self,
        mut input: impl Read,
        mut flush: impl FnMut(&mut O) -> io::Result<()>,
    ) -> io::Result<O> {
        let mut framer = LineFramer::new(FRAME_MAX_BYTES);
        self.tell_time();
        self.step(RecordInput::Rules);
        loop {
            let count = match input.read(framer.spare()) {
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            if count > 0 {
                framer.filled(count);
            } else if framer.unfinished_bytes() > 0 {
                // The last line of a file may lack its newline, and counts all the same.
                framer.spare()[0] = b'\n';
                framer.filled(1);
            } else {
                flush(&mut self.output)?;
                return Ok(self.output);
            }
            self.tell_time();
            while let Some(frame) = framer.next_frame() {
                match frame {
                    Frame::Line(line) => self.step(RecordInput::Message(line)),
                    Frame::Oversized { prefix, length } => self.oversized(prefix, length),
                }
            }
            flush(&mut self.output)?;
        }
    }

    fn tell_time(&mut self) {
        if self.fixed {
            return;
        }
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        let now = i64::try_from(now.as_micros()).unwrap_or(i64::MAX);
        self.time = self.time.max(RecordTime(now));
    }

    fn step(&mut self, kind: RecordInput<'_>) {
        self.lsn = self.lsn.next();
        let record = Record {
            shard: ShardId(0),
            position: Position::new(Term(1), self.lsn),
            time: self.time,
            forwarder: "",
            kind,
        };
        self.engine.step(&record, &mut self.output);
    }

    fn oversized(&mut self, prefix: &[u8], length: u64) {
        self.lsn = self.lsn.next();
        let length = u32::try_from(length).unwrap_or(u32::MAX);
        let reason = rookery_sources::defect_reason(OVERSIZED, length, FRAME_MAX_BYTES);
        self.output.dead_letter(DeadLetter {
            stage: Stage::Frame,
            rule: None,
            code: "E1001",
            reason: &reason,
            raw: prefix,
        });
    }
}

/// The number of the code of an oversized frame.
const OVERSIZED: u16 = 1001;

/// Rows to standard output, dead letters to standard error.
struct Printer<W: Write> {
    out: W,
    /// `{"table":"..","row":` and the row's format, by sink.
    sinks: Vec<(Vec<u8>, RowFormat)>,
    line: Vec<u8>,
    result: io::Result<()>,
}

impl<W: Write> Printer<W> {
    fn new(rules: &RuleSet, out: W) -> anyhow::Result<Self> {
        let mut sinks = Vec::new();
        for sink in rules.sinks() {
            let table = sink
                .name
                .split_once('.')
                .map_or(sink.name.as_str(), |(_, table)| table);
            let mut head = b"{\"table\":".to_vec();
            write_string(table, &mut head);
            head.extend_from_slice(b",\"row\":");
            let zone = Zone::parse(&sink.zone)?;
            sinks.push((head, RowFormat::new(&sink.columns, zone)));
        }
        Ok(Self {
            out,
            sinks,
            line: Vec::new(),
            result: Ok(()),
        })
    }

    fn flush(&mut self) -> io::Result<()> {
        std::mem::replace(&mut self.result, Ok(()))?;
        self.out.flush()
    }
}

impl<W: Write> Output for Printer<W> {
    fn row(&mut self, _rule: u16, sink: SinkId, _ordinal: u32, row: &[Value<'_>]) {
        if self.result.is_err() {
            return;
        }
        let (head, format) = &self.sinks[usize::from(sink.0)];
        self.line.clear();
        self.line.extend_from_slice(head);
        format.encode(row, &mut self.line);
        self.line.extend_from_slice(b"}\n");
        self.result = self.out.write_all(&self.line);
    }

    fn dead_letter(&mut self, letter: DeadLetter<'_>) {
        self.line.clear();
        self.line.extend_from_slice(b"{\"dead_letter\":");
        dead_letter::write_object(&letter, &mut self.line);
        self.line.extend_from_slice(b"}\n");
        let _ = io::stderr().lock().write_all(&self.line);
    }

    fn count(&mut self, _rule: Option<u16>, _counter: Counter, _times: u32) {}
}
