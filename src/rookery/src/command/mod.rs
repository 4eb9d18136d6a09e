//! One file a command.

mod config;

use crate::cli::{Arguments, Command};
use crate::exit::Exit;

/// Does what the command line asks.
///
/// # Errors
/// The system failed; what users did wrong is told and ends in an [`Exit`].
pub fn dispatch(arguments: Arguments) -> anyhow::Result<Exit> {
    match arguments.command {
        Command::Config { command } => config::run(&command),
        _ => unreachable!(),
    }
}
