//! `rookery config`

use crate::cli::ConfigCommand;
use crate::config::default_toml;
use crate::exit::Exit;
use crate::output;

/// Runs the command.
///
/// # Errors
/// Standard output cannot be written.
pub fn run(command: &ConfigCommand) -> anyhow::Result<Exit> {
    match command {
        ConfigCommand::Default => output::print(&default_toml())?,
    }
    Ok(Exit::Done)
}
