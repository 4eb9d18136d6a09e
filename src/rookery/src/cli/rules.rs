//! `rookery explain`, `rookery fmt`, `rookery test`

use super::Language;
use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// `rookery explain`
#[derive(Debug, Args)]
#[command(
    after_help = "The mermaid form is a flowchart: paste it between ```mermaid and ``` in a page, or into mermaid.live."
)]
pub struct ExplainArguments {
    /// The rule file
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// How to show it
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: PlanFormat,
    /// Dialect and zone.
    #[command(flatten)]
    pub language: Language,
}

/// How a plan is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum PlanFormat {
    /// Lines to read
    Text,
    /// A flowchart for mermaid
    Mermaid,
}

/// `rookery fmt`
#[derive(Debug, Args)]
#[command(
    after_help = "Files are written in place. A file with errors of syntax is left as it is, and its errors are printed.\n\
                  Exit codes: 0 done, 1 an error of syntax, or with --check a file that is not in the style."
)]
pub struct FmtArguments {
    /// Rule files
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Write nothing; name the files that are not in the style
    #[arg(long, conflicts_with = "stdout")]
    pub check: bool,
    /// Print the formatted text instead of writing it
    #[arg(long)]
    pub stdout: bool,
}

/// `rookery test`
#[derive(Debug, Args)]
#[command(
    after_help = "Tests of `power.sql` stand beside it in `power.test.toml`; docs/rule-tests.md has the format. A directory is\n\
                  searched with all below it. Nothing is connected to."
)]
pub struct TestArguments {
    /// Directories, test files, or rule files that have tests
    #[arg(required = true, value_name = "DIR|FILE")]
    pub paths: Vec<PathBuf>,
    /// Write the results as JUnit's XML
    #[arg(long, value_name = "FILE")]
    pub junit: Option<PathBuf>,
    /// Write what came as what is expected, in place; comments stay
    #[arg(long)]
    pub update: bool,
}
