//! One file a command.

mod check;
mod config;
mod connect;
mod demo;
mod dlq;
mod eval;
mod explain;
mod explain_error;
mod fmt;
mod run;
mod test;
mod verdict;
mod wal;

use crate::cli::{Arguments, Command};
use crate::exit::Exit;

/// Does what the command line asks.
///
/// # Errors
/// The system failed; what users did wrong is told and ends in an [`Exit`].
pub fn dispatch(arguments: Arguments) -> anyhow::Result<Exit> {
    match arguments.command {
        Command::Run(arguments) => run::run(&arguments),
        Command::Demo(arguments) => demo::run(&arguments),
        Command::Check(arguments) => check::run(&arguments),
        Command::Eval(arguments) => eval::run(&arguments),
        Command::Explain(arguments) => explain::run(&arguments),
        Command::Fmt(arguments) => fmt::run(&arguments),
        Command::Test(arguments) => test::run(&arguments),
        Command::ExplainError(arguments) => explain_error::run(&arguments),
        Command::Config { command } => config::run(&command),
        Command::Dlq { command } => dlq::run(&command),
        Command::Wal { command } => wal::run(&command),
    }
}
