//! The command line, as it is typed. What it means is settled by [`command`](crate::command).

mod dlq;
mod rules;

pub use dlq::{
    DlqCommand, Filters, LsArguments, PurgeArguments, RetryArguments, ShowArguments, StageName,
};
pub use rules::{ExplainArguments, FmtArguments, PlanFormat, TestArguments};

use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// A stream appliance for one box: messages of devices come in over TCP, are made durable, and SQL
/// rules turn them into rows for the systems behind.
#[derive(Debug, Parser)]
#[command(
    name = "rookery",
    version,
    arg_required_else_help = true,
    after_help = "Start with `rookery demo`, or write a rule and try it:\n  \
                  rookery check rule.sql\n  \
                  rookery eval rule.sql < messages.ndjson\n\n\
                  Exit codes: 0 done, 1 a check or verification failed, 2 usage, 74 the system failed,\n\
                  78 bad configuration or SQL."
)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the appliance in the foreground
    Run(RunArguments),
    /// Show it working: simulated devices, two rules, a live line
    Demo(DemoArguments),
    /// Find faults in rule files, without running them
    Check(CheckArguments),
    /// Print the rows that a rule file makes of messages on standard input
    Eval(EvalArguments),
    /// Show what a rule file comes to: dispatch, JSON paths, conditions, rows
    Explain(ExplainArguments),
    /// Bring rule files into one style
    Fmt(FmtArguments),
    /// Run the tests that stand beside rule files
    Test(TestArguments),
    /// Say what an error code means, and what to write instead
    ExplainError(ExplainErrorArguments),
    /// Print configuration
    Config {
        /// Which.
        #[command(subcommand)]
        command: ConfigCommand,
    },
    /// List, explain, retry and remove what could not go on
    Dlq {
        /// What to do with it.
        #[command(subcommand)]
        command: DlqCommand,
    },
    /// Look into the log of a data directory, running or not
    Wal {
        /// What to look for.
        #[command(subcommand)]
        command: WalCommand,
    },
}

/// `rookery run`
#[derive(Debug, Args)]
#[command(
    after_help = "SIGTERM and SIGINT stop reading, commit, acknowledge and drain for at most 10 seconds; \
                        a second signal ends at once. Log lines go to standard error; ROOKERY_LOG=debug shows more."
)]
pub struct RunArguments {
    /// The configuration file; `rookery config default` prints one
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,
    /// A rule file, instead of those that the configuration names; may be given again
    #[arg(long = "rules", value_name = "FILE")]
    pub rules: Vec<String>,
}

/// `rookery demo`
#[derive(Debug, Args)]
#[command(
    after_help = "Ctrl-C drains and prints a summary. DEMO_SECONDS=20 ends the demo by itself."
)]
pub struct DemoArguments {
    /// End after so many seconds
    #[arg(long, value_name = "SECONDS")]
    pub seconds: Option<u64>,
    /// Where log and results go; emptied at each start
    #[arg(long, value_name = "DIR", default_value = "rookery-demo")]
    pub dir: PathBuf,
}

/// Dialect and zone of rule files.
#[derive(Clone, Debug, Default, Args)]
pub struct Language {
    /// The SQL dialect of files that do not `SET 'rookery.dialect'` (default: blink)
    #[arg(long, value_name = "DIALECT")]
    pub dialect: Option<Dialect>,
    /// The time zone of files that do not `SET 'table.local-time-zone'` (default: Asia/Shanghai in blink, UTC in flink)
    #[arg(long, value_name = "TZ")]
    pub zone: Option<String>,
}

/// The two dialects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Dialect {
    /// Alibaba Realtime Compute
    Blink,
    /// Apache Flink 2.x
    Flink,
}

/// `rookery check`
#[derive(Debug, Args)]
#[command(
    after_help = "With --connect each sink gets a line: `ok` with where it is, or what is wrong. All are reached side by side, \
                        and one that does not answer within 5 seconds is wrong. Nothing is written to any."
)]
pub struct CheckArguments {
    /// Rule files
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Reach every sink of the files as a server would, and say what is wrong with it
    #[arg(long)]
    pub connect: bool,
    /// The configuration whose `[tables]` replace connectors and options; with --connect
    #[arg(long, value_name = "FILE", requires = "connect")]
    pub config: Option<PathBuf>,
    /// How to print findings
    #[arg(
        long,
        value_name = "FORMAT",
        default_value = "text",
        conflicts_with = "connect"
    )]
    pub format: CheckFormat,
    /// Exit with 1 if there is a warning
    #[arg(long)]
    pub deny_warnings: bool,
    /// Dialect and zone.
    #[command(flatten)]
    pub language: Language,
}

/// How findings are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum CheckFormat {
    /// As compilers do, with the line and the span under it
    Text,
    /// One JSON object a line, for editors; docs/errors.md has the shape
    Json,
}

/// `rookery explain-error`
#[derive(Debug, Args)]
pub struct ExplainErrorArguments {
    /// The code, such as E0202; without one all are listed
    #[arg(value_name = "CODE")]
    pub code: Option<String>,
}

/// `rookery eval`
#[derive(Debug, Args)]
#[command(
    after_help = "Rows go to standard output as {\"table\":..,\"row\":{..}}, messages that could not go on to \
                        standard error as {\"dead_letter\":{..}}.\nNothing is connected to: the tables' connectors do not matter."
)]
pub struct EvalArguments {
    /// The rule file
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Dialect and zone.
    #[command(flatten)]
    pub language: Language,
    /// The source table that reads the messages, where the file has several
    #[arg(long, value_name = "NAME")]
    pub source: Option<String>,
}

/// `rookery config`
#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Print every key with its default, unit and meaning, as TOML that can be run
    Default,
}

/// `rookery wal`
#[derive(Debug, Subcommand)]
pub enum WalCommand {
    /// Print shards, segments and how far the log reaches
    Info(DirectoryArgument),
    /// Read all of it and report damage; exit code 1 if there is any
    Verify(DirectoryArgument),
    /// Print every record, one JSON object a line
    Dump(DirectoryArgument),
    /// Give up the lost records of a damaged segment, so that health is good again; offline
    Accept(AcceptArguments),
}

/// What to give up.
#[derive(Debug, Args)]
pub struct AcceptArguments {
    /// The data directory; nothing may be running on it
    #[arg(value_name = "DIR")]
    pub dir: PathBuf,
    /// The damaged segment's number, as the error or `wal verify` names it
    #[arg(long)]
    pub segment: u64,
    /// The shard that it belongs to; may be left out where there is one
    #[arg(long)]
    pub shard: Option<u16>,
}

/// A data directory.
#[derive(Debug, Args)]
pub struct DirectoryArgument {
    /// The data directory
    #[arg(value_name = "DIR")]
    pub dir: PathBuf,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_definitions_are_consistent() {
        Arguments::command().debug_assert();
    }
}
