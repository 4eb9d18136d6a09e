//! `rookery demo`: the appliance on embedded defaults, a simulated fleet in front of it, and one line
//! that shows how it goes.

mod folder;
mod line;
mod summary;

pub use line::size;

use crate::appliance::{Appliance, Over, Prepared};
use crate::cli::DemoArguments;
use crate::command::run::ended;
use crate::config::Config;
use crate::exit::Exit;
use crate::status::{Snapshot, StatusSource};
use crate::{logging, output, report};
use anyhow::{Context, bail};
use folder::DemoFolder;
use line::StatusLine;
use std::io::{Read as _, Write as _};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Devices of the fleet.
const DEVICES: &str = "400000";
/// Messages a second.
const RATE: &str = "10000";
/// How long the fleet speaks where nobody says: until Ctrl-C.
const FOREVER_SECONDS: u64 = 1_000_000;
/// How long the fleet may take to end after its last message was due.
const FLEET_GRACE: Duration = Duration::from_secs(15);
/// Between two states of the line.
const TICK: Duration = Duration::from_secs(1);

/// Runs the command.
///
/// # Errors
/// The demo's folder, the load generator or the appliance cannot be used.
pub fn run(arguments: &DemoArguments) -> anyhow::Result<Exit> {
    logging::start("warn")?;
    logging::abort_on_panic();
    let seconds = match arguments.seconds {
        Some(seconds) => Some(seconds),
        None => seconds_of_environment()?,
    };
    let bench = bench_binary()?;
    let folder = DemoFolder::make(&arguments.dir)?;
    let config = match Config::load(&folder.config) {
        Ok(config) => config,
        Err(faults) => {
            output::complain(&faults.render(report::colour(&std::io::stderr())));
            return Ok(Exit::Configuration);
        }
    };
    let appliance = match Prepared::new(config, std::slice::from_ref(&folder.rules))
        .and_then(Prepared::start)
    {
        Ok(appliance) => appliance,
        Err(refusal) => return Ok(refusal.tell()),
    };
    introduce(&folder, &appliance)?;
    let mut fleet = Fleet::start(&bench, &appliance, seconds)?;
    let started = Instant::now();
    let over = watch(&appliance, &mut fleet, seconds)?;
    if let Over::Failed(reason) = over {
        output::complain(&format!("\nrookery: {reason}\n"));
        std::process::exit(Exit::System.code().into());
    }
    let elapsed = started.elapsed();
    let fleet_report = fleet.end();
    output::print("draining ..\n")?;
    let board = appliance.board();
    let stopped = appliance.stop();
    summary::print(&folder, &board.snapshot(), elapsed, fleet_report.as_ref())?;
    let exit = ended(&stopped);
    Ok(match (exit, over, fleet_report) {
        (Exit::Done, Over::NotYet, None) => Exit::System,
        (exit, ..) => exit,
    })
}

fn seconds_of_environment() -> anyhow::Result<Option<u64>> {
    match std::env::var("DEMO_SECONDS") {
        Ok(text) if !text.trim().is_empty() => match text.trim().parse() {
            Ok(seconds) if seconds > 0 => Ok(Some(seconds)),
            _ => bail!("DEMO_SECONDS={text} is not a number of seconds, such as 20"),
        },
        _ => Ok(None),
    }
}

fn bench_binary() -> anyhow::Result<std::path::PathBuf> {
    let own = std::env::current_exe().context("cannot find this program's own file")?;
    let bench = own.with_file_name("rookery-bench");
    if !bench.exists() {
        bail!(
            "the demo needs the load generator beside this program, and {} is not there; \
             `cargo build --release --bins` builds both",
            bench.display()
        );
    }
    Ok(bench)
}

fn introduce(folder: &DemoFolder, appliance: &Appliance) -> std::io::Result<()> {
    output::print(&format!(
        "Rookery demo: {DEVICES} simulated devices send {RATE} messages a second to {}.\n\
         Two rules run over them: {}\n\
         Metrics and status: http://{}/metrics, /api/v1/status. Ctrl-C ends the demo.\n\n",
        appliance.tcp(),
        folder.rules.display(),
        appliance.admin()
    ))
}

/// Shows the line until the fleet has ended, a signal came, or a shard failed.
fn watch(appliance: &Appliance, fleet: &mut Fleet, seconds: Option<u64>) -> anyhow::Result<Over> {
    let board = appliance.board();
    let deadline =
        seconds.map(|seconds| Instant::now() + Duration::from_secs(seconds) + FLEET_GRACE);
    let mut line = StatusLine::new(appliance.admin(), board.snapshot());
    loop {
        match appliance.wait(TICK) {
            Over::NotYet => {}
            over => {
                line.end()?;
                return Ok(over);
            }
        }
        line.show(board.snapshot())?;
        if fleet.has_ended()? || deadline.is_some_and(|deadline| Instant::now() > deadline) {
            line.end()?;
            wait_for_rows(appliance);
            return Ok(Over::NotYet);
        }
    }
}

/// Lets the last rows reach their files, so that the summary counts them.
fn wait_for_rows(appliance: &Appliance) {
    let behind = |snapshot: &Snapshot| snapshot.sinks.iter().any(|sink| sink.lag_records > 0);
    let deadline = Instant::now() + Duration::from_secs(5);
    while behind(&appliance.board().snapshot()) && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// The load generator, in a process of its own. Killed when dropped.
struct Fleet {
    child: Child,
}

/// What the load generator measured.
#[derive(Debug)]
struct FleetReport {
    messages: u64,
    acked: u64,
    ack_p50_ms: f64,
    ack_p99_ms: f64,
}

impl Fleet {
    fn start(
        bench: &std::path::Path,
        appliance: &Appliance,
        seconds: Option<u64>,
    ) -> anyhow::Result<Self> {
        let child = Command::new(bench)
            .args([
                "load",
                "--devices",
                DEVICES,
                "--rate",
                RATE,
                "--ack",
                "--json",
            ])
            .arg("--addr")
            .arg(appliance.tcp().to_string())
            .arg("--seconds")
            .arg(seconds.unwrap_or(FOREVER_SECONDS).to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // Ctrl-C is for the demo, which ends the fleet itself.
            .process_group(0)
            .spawn()
            .with_context(|| format!("cannot start {}", bench.display()))?;
        Ok(Self { child })
    }

    fn has_ended(&mut self) -> anyhow::Result<bool> {
        Ok(self
            .child
            .try_wait()
            .context("cannot watch the load generator")?
            .is_some())
    }

    /// Ends it, and reads its report if it had come to its own end.
    fn end(mut self) -> Option<FleetReport> {
        let finished = self.child.try_wait().ok().flatten();
        let _ = self.child.kill();
        let mut text = String::new();
        self.child.stdout.take()?.read_to_string(&mut text).ok()?;
        if !finished?.success() {
            let mut complaint = String::new();
            let _ = self.child.stderr.take()?.read_to_string(&mut complaint);
            let _ = write!(std::io::stderr(), "the load generator failed: {complaint}");
            return None;
        }
        let value: serde_json::Value = serde_json::from_str(text.trim()).ok()?;
        Some(FleetReport {
            messages: value["messages"].as_u64()?,
            acked: value["acked"].as_u64()?,
            ack_p50_ms: value["ack_ms"]["p50"].as_f64()?,
            ack_p99_ms: value["ack_ms"]["p99"].as_f64()?,
        })
    }
}

impl Drop for Fleet {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
