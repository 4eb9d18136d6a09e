//! `rookery run`: the appliance in the foreground.

use crate::appliance::{Over, Prepared};
use crate::cli::RunArguments;
use crate::config::Config;
use crate::exit::Exit;
use crate::report;
use crate::rules::{RulesError, files};
use crate::{logging, output};
use rookery_shard::StopReport;
use std::path::PathBuf;
use std::time::Duration;

/// How long one look for a signal or a failure takes; there is another after it.
const WAIT: Duration = Duration::from_secs(3600);

/// Runs the command.
///
/// # Errors
/// Logging cannot be started.
pub fn run(arguments: &RunArguments) -> anyhow::Result<Exit> {
    logging::start("info")?;
    logging::abort_on_panic();
    let mut config = match Config::load(&arguments.config) {
        Ok(config) => config,
        Err(faults) => {
            output::complain(&faults.render(report::colour(&std::io::stderr())));
            return Ok(Exit::Configuration);
        }
    };
    if !arguments.rules.is_empty() {
        config.rules.clone_from(&arguments.rules);
    }
    let paths = match rule_paths(&config.rules) {
        Ok(paths) => paths,
        Err(error) => {
            output::complain(&format!("rookery: [{}] {error}\n", error.code()));
            return Ok(Exit::Configuration);
        }
    };
    let appliance = match Prepared::new(config, &paths).and_then(Prepared::start) {
        Ok(appliance) => appliance,
        Err(refusal) => return Ok(refusal.tell()),
    };
    loop {
        match appliance.wait(WAIT) {
            Over::NotYet => {}
            Over::Asked(signal) => {
                tracing::info!(
                    signal,
                    "stopping: what was read is committed, acknowledged and drained"
                );
                return Ok(ended(&appliance.stop()));
            }
            Over::Failed(reason) => {
                tracing::error!("{reason}; the process ends, and a restart goes on from the log");
                // Threads are not waited for: nothing that was acknowledged depends on them.
                std::process::exit(Exit::System.code().into());
            }
        }
    }
}

/// Tells how a stop went.
pub fn ended(report: &StopReport) -> Exit {
    for failure in &report.failures {
        tracing::error!("{failure}");
    }
    if report.undrained_rows > 0 {
        tracing::warn!(
            rows = report.undrained_rows,
            "rows are not drained; the next start makes them again from the log"
        );
    }
    if report.failures.is_empty() {
        tracing::info!("stopped");
        Exit::Done
    } else {
        Exit::System
    }
}

/// The files that the patterns name, each once, in the order of the patterns.
fn rule_paths(patterns: &[String]) -> Result<Vec<PathBuf>, RulesError> {
    let mut paths: Vec<PathBuf> = Vec::new();
    for pattern in patterns {
        let found = files::matching(pattern)?;
        if found.is_empty() {
            let error = RulesError::NoMatch {
                pattern: pattern.clone(),
            };
            tracing::warn!(
                "[{}] {error}; messages are logged, and no rows are made of them",
                error.code()
            );
        }
        for path in found {
            if !paths.contains(&path) {
                paths.push(path);
            }
        }
    }
    Ok(paths)
}
