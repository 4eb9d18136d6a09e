//! `rookery-bench`: the load harness of Rookery.
//!
//! | module | what |
//! | --- | --- |
//! | `fleet` | the simulated machines and the bytes of their messages |
//! | `load` | sends them over TCP, open loop, and measures the acknowledgements |
//! | `generate` | writes them to standard output |
//! | `limit` | the floor: a bare loop over the same data |
//! | `probe` | what the disk alone takes |
//! | `server` | what can be seen of the server from outside |
//!
//! It knows the server only over its wire and its admin port, never by its crates.

mod cli;
mod fleet;
mod generate;
mod limit;
mod load;
mod percentiles;
mod probe;
mod server;

use std::process::ExitCode;

use anyhow::Result;
use clap::Parser as _;

use cli::{Cli, Command};

/// Exit code of a wrong command line, as clap's own.
const USAGE: u8 = 2;

fn main() -> ExitCode {
    let command = Cli::parse().command;
    let result = match &command {
        Command::Load(args) => checked(args.options()).and_then(|options| load::run(&options)),
        Command::Generate(args) => {
            checked(args.options()).and_then(|options| succeed(generate::run(&options)))
        }
        Command::Limit(args) => {
            checked(args.options()).and_then(|options| succeed(limit::run(&options)))
        }
        Command::Probe(args) => {
            checked(args.options()).and_then(|options| succeed(probe::run(&options)))
        }
    };
    result.unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        if error.is::<Usage>() {
            ExitCode::from(USAGE)
        } else {
            ExitCode::FAILURE
        }
    })
}

/// Marks an error as one of the command line.
#[derive(Debug)]
struct Usage;

impl std::fmt::Display for Usage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("usage")
    }
}

fn checked<T>(options: Result<T>) -> Result<T> {
    options.map_err(|error| error.context(Usage))
}

fn succeed(result: Result<()>) -> Result<ExitCode> {
    result.map(|()| ExitCode::SUCCESS)
}
