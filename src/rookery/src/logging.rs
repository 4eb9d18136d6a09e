//! Log lines on standard error, and the last words of a panic.

use std::io::IsTerminal as _;
use tracing_subscriber::EnvFilter;

/// The variable that sets what is logged, in the syntax of tracing's directives.
pub const LEVEL_VARIABLE: &str = "ROOKERY_LOG";

/// Sends log lines of the product and of its libraries to standard error. Called once.
///
/// # Errors
/// The variable's text is no directive.
pub fn start(default_level: &str) -> anyhow::Result<()> {
    let directives = std::env::var(LEVEL_VARIABLE).unwrap_or_else(|_| default_level.to_owned());
    let filter = EnvFilter::try_new(&directives)
        .map_err(|error| anyhow::anyhow!("{LEVEL_VARIABLE}={directives}: {error}"))?;
    let colour = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    tracing_log::LogTracer::init()
        .map_err(|error| anyhow::anyhow!("cannot start logging: {error}"))?;
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(colour)
        .with_target(false)
        .finish();
    tracing::subscriber::set_global_default(subscriber)
        .map_err(|error| anyhow::anyhow!("cannot start logging: {error}"))
}

/// A panic anywhere ends the process: a shard without its executor would hang its devices for good,
/// while a restart replays the log and loses nothing that was acknowledged.
pub fn abort_on_panic() {
    std::panic::set_hook(Box::new(|panic| {
        let thread = std::thread::current();
        tracing::error!(
            thread = thread.name().unwrap_or("unnamed"),
            "{panic}; the process aborts, and a restart goes on from the log"
        );
        std::process::abort();
    }));
}
