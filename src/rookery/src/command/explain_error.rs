//! `rookery explain-error E0202`: what a code means, an example, and what to write instead.
//!
//! The texts are the pages of `docs/errors`, a section for each code; the binary holds them, so that they
//! belong to its version.

use crate::cli::ExplainErrorArguments;
use crate::exit::Exit;
use crate::output;

/// The pages, in the order of their codes.
const PAGES: [&str; 8] = [
    include_str!("../../../../docs/errors/syntax.md"),
    include_str!("../../../../docs/errors/binding.md"),
    include_str!("../../../../docs/errors/warnings.md"),
    include_str!("../../../../docs/errors/messages.md"),
    include_str!("../../../../docs/errors/storage.md"),
    include_str!("../../../../docs/errors/sinks.md"),
    include_str!("../../../../docs/errors/configuration.md"),
    include_str!("../../../../docs/errors/commands.md"),
];

/// The tables of examples that declare none.
const EXAMPLE_TABLES: &str = "\
CREATE TABLE iot_up (imei VARCHAR, `type` VARCHAR, n INT, m INT, at_time VARCHAR, data VARCHAR) WITH (type = 'datahub');
CREATE TABLE results (imei VARCHAR, n INT) WITH (type = 'print');
";

/// What there is to say of a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Explanation {
    code: &'static str,
    title: &'static str,
    text: &'static str,
}

impl Explanation {
    /// As it is printed.
    fn page(&self) -> String {
        let mut page = format!("{} {}\n\n{}\n", self.code, self.title, self.text);
        let examples = self.text.contains("```sql");
        if examples && !self.text.contains("CREATE TABLE ") {
            page += "\nThe tables of these examples:\n\n```sql\n";
            page += EXAMPLE_TABLES;
            page += "```\n";
        }
        page
    }
}

/// Runs the command.
///
/// # Errors
/// Standard output cannot be written.
pub fn run(arguments: &ExplainErrorArguments) -> anyhow::Result<Exit> {
    let Some(named) = &arguments.code else {
        output::print(&list())?;
        return Ok(Exit::Done);
    };
    match find(named) {
        Some(explanation) => {
            output::print(&explanation.page())?;
            Ok(Exit::Done)
        }
        None => {
            output::complain(&format!(
                "rookery: there is no error `{named}`; `rookery explain-error` lists all\n"
            ));
            Ok(Exit::Usage)
        }
    }
}

/// The explanation of a code in any case, with or without its letter.
fn find(named: &str) -> Option<Explanation> {
    let digits = named.trim_start_matches(['e', 'E']);
    explanations().find(|explanation| &explanation.code[1..] == digits)
}

/// All codes, a line each.
fn list() -> String {
    explanations()
        .map(|explanation| format!("{}  {}\n", explanation.code, explanation.title))
        .collect()
}

/// The sections of all pages.
fn explanations() -> impl Iterator<Item = Explanation> {
    PAGES.into_iter().flat_map(|page| {
        page.split("\n## ").skip(1).filter_map(|section| {
            let (heading, text) = section.split_once('\n')?;
            let (code, title) = heading.split_once(' ')?;
            Some(Explanation {
                code,
                title,
                text: text.trim(),
            })
        })
    })
}

#[cfg(test)]
mod tests;
