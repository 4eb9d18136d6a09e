//! `rookery dlq`, as it is typed.

use clap::{Args, Subcommand, ValueEnum};
use std::net::SocketAddr;
use std::path::PathBuf;

/// `rookery dlq`
#[derive(Debug, Subcommand)]
pub enum DlqCommand {
    /// List dead letters, newest last, or count them by stage, rule and code
    Ls(LsArguments),
    /// Print one letter whole: what was kept, why it stopped, what became of it
    Show(ShowArguments),
    /// Send letters again, through the server that runs on the data directory
    Retry(RetryArguments),
    /// Remove letters for good
    Purge(PurgeArguments),
}

/// Which letters.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Which letters")]
pub struct Filters {
    /// Stopped at this stage; may be given again
    #[arg(long, value_name = "STAGE")]
    pub stage: Vec<StageName>,
    /// Of this rule, `file.sink`
    #[arg(long, value_name = "RULE")]
    pub rule: Option<String>,
    /// With this code, such as E1201
    #[arg(long, value_name = "CODE")]
    pub code: Option<String>,
    /// Of this device (the text of its device key), messages and rows alike
    #[arg(long, value_name = "KEY")]
    pub device: Option<String>,
    /// From this time on: `2026-11-23T07:00:00Z`, `2026-11-23 07:00` or `2026-11-23` (UTC), or an age such as `90m`
    #[arg(long, value_name = "TIME")]
    pub from: Option<String>,
    /// Before this time, written the same way
    #[arg(long, value_name = "TIME")]
    pub to: Option<String>,
}

/// The stages of a message's life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum StageName {
    /// The line was over the limit
    Frame,
    /// No device was found in it
    Route,
    /// It is not JSON, not UTF-8, or too deep
    Parse,
    /// A cast failed
    Cast,
    /// An expression failed
    Eval,
    /// The target refused the row
    Sink,
}

/// `rookery dlq ls`
#[derive(Debug, Args)]
#[command(
    after_help = "Columns: id, time, stage, code, rule, device, state, reason. The state of a letter is\n  \
                  waiting  nothing was done about it\n  \
                  refused  it was retried and its target refused it again\n  \
                  begun    a retry was begun and its end is not known (the server or the command was ended)\n  \
                  retried  it was sent again and taken; hidden without --all"
)]
pub struct LsArguments {
    /// The data directory of a running or stopped server
    #[arg(value_name = "DIR")]
    pub dir: PathBuf,
    /// Filters.
    #[command(flatten)]
    pub filters: Filters,
    /// Retried letters too
    #[arg(long)]
    pub all: bool,
    /// Print how many there are by stage, rule and code instead
    #[arg(long)]
    pub counts: bool,
    /// Print at most so many, the newest; 0: all
    #[arg(long, value_name = "N", default_value_t = 100)]
    pub limit: usize,
    /// Print JSON, an object a line, without --limit's bound
    #[arg(long)]
    pub json: bool,
}

/// `rookery dlq show`
#[derive(Debug, Args)]
pub struct ShowArguments {
    /// The data directory of a running or stopped server
    #[arg(value_name = "DIR")]
    pub dir: PathBuf,
    /// The letter's id, as `ls` prints it
    #[arg(value_name = "ID")]
    pub id: String,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// `rookery dlq retry`
#[derive(Debug, Args)]
#[command(
    after_help = "A letter of stage frame, route, parse, cast or eval is a message: it is sent to the server's listener \
                        as a new message of the forwarder `dlq-retry`, and every rule sees it. A letter of stage sink is a row: \
                        it goes to the same sink again, after the rows that came meanwhile, and to that sink alone.\n\
                        A letter that was taken is marked retried and not sent again without --again.\n\n\
                        Exit codes: 0 all were taken, 1 some were not, 74 no server could be reached."
)]
pub struct RetryArguments {
    /// The data directory that the server runs on
    #[arg(value_name = "DIR")]
    pub dir: PathBuf,
    /// Letters by id, as `ls` prints them; the filters are not needed then
    #[arg(value_name = "ID")]
    pub ids: Vec<String>,
    /// Filters.
    #[command(flatten)]
    pub filters: Filters,
    /// Every letter that is waiting; instead of ids and filters
    #[arg(long)]
    pub everything: bool,
    /// Also letters that were retried already, or whose retry has no known end: they may take effect twice
    #[arg(long)]
    pub again: bool,
    /// Stop after so many letters
    #[arg(long, value_name = "N")]
    pub limit: Option<usize>,
    /// Only say what would be sent
    #[arg(long)]
    pub dry_run: bool,
    /// The server's admin port, instead of the one that the server wrote into the data directory
    #[arg(long, value_name = "HOST:PORT")]
    pub admin: Option<SocketAddr>,
}

/// `rookery dlq purge`
#[derive(Debug, Args)]
#[command(
    after_help = "A purged letter is not shown any more; its bytes go with its file, as soon as every letter of the file \
                        is purged and the server writes to a newer one. Safe while the server runs."
)]
pub struct PurgeArguments {
    /// The data directory of a running or stopped server
    #[arg(value_name = "DIR")]
    pub dir: PathBuf,
    /// Letters by id, as `ls` prints them; the filters are not needed then
    #[arg(value_name = "ID")]
    pub ids: Vec<String>,
    /// Filters.
    #[command(flatten)]
    pub filters: Filters,
    /// Retried letters, and no others
    #[arg(long)]
    pub retried: bool,
    /// Every letter, retried ones too; instead of ids and filters
    #[arg(long)]
    pub everything: bool,
    /// Only say what would be removed
    #[arg(long)]
    pub dry_run: bool,
}
