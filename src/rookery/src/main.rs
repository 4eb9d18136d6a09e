//! The binary: commands, configuration, wiring, admin port.
//!
//! It reads what users wrote (command line, configuration, rule files), turns it into validated
//! objects, and hands these to the rooms below; it holds no logic of the data path. Everything that
//! may fail because of a user's input fails here, before a log is opened.

mod admin;
#[cfg(feature = "count-allocations")]
mod allocations;
mod appliance;
mod bundle;
mod cli;
mod command;
mod config;
mod dead_letters;
mod endpoints;
mod exit;
mod logging;
mod output;
mod replayed_sinks;
mod report;
mod rules;
mod signals;
mod status;
mod view;
mod waiting_rows;

use clap::Parser as _;
use exit::Exit;
use std::process::ExitCode;

#[cfg(not(feature = "count-allocations"))]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[cfg(feature = "count-allocations")]
#[global_allocator]
static ALLOCATOR: allocations::Counting = allocations::Counting;

fn main() -> ExitCode {
    let arguments = cli::Arguments::parse();
    match command::dispatch(arguments) {
        Ok(exit) => exit.into(),
        Err(error) => {
            output::complain(&format!("rookery: {error:#}\n"));
            Exit::System.into()
        }
    }
}
