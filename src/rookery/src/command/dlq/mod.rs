//! `rookery dlq`: dead letters, listed, explained, sent again and removed.

mod listing;
mod purge;
mod remote;
mod retry;
mod text;

use crate::cli::DlqCommand;
use crate::dead_letters::{Damage, DlqError};
use crate::exit::Exit;
use crate::output;

/// Runs the command.
///
/// # Errors
/// Standard output cannot be written.
pub fn run(command: &DlqCommand) -> anyhow::Result<Exit> {
    let result = match command {
        DlqCommand::Ls(arguments) => listing::ls(arguments),
        DlqCommand::Show(arguments) => listing::show(arguments),
        DlqCommand::Retry(arguments) => retry::run(arguments),
        DlqCommand::Purge(arguments) => purge::run(arguments),
    };
    result.or_else(|error| match error.downcast::<DlqError>() {
        Ok(error) => {
            output::complain(&format!("rookery: [{}] {error}\n", error.code()));
            Ok(error.exit())
        }
        Err(other) => Err(other),
    })
}

/// Tells of lines that are no letters.
fn tell_damage(damage: &Damage) {
    if damage.lines == 0 {
        return;
    }
    let mut files: Vec<_> = damage.files.iter().collect();
    files.sort();
    for file in files {
        let file = file.display();
        output::complain(&format!(
            "rookery: {file} has lines that are no dead letters; they are left\n"
        ));
    }
}
