//! `rookery explain`: what a rule file comes to: who is dispatched by what, what is read of JSON, in
//! which order conditions are tested, what each row is made of and where it goes.

mod mermaid;
mod text;

use super::check::read_or_tell;
use crate::cli::{ExplainArguments, PlanFormat};
use crate::exit::Exit;
use crate::output;
use crate::report;
use crate::rules;
use rookery_engine::{BranchDescription, Description, RuleSet};
use rookery_sql::plan::Program;
use rookery_sql::{Diagnostic, SourceFile};

/// Runs the command.
///
/// # Errors
/// Standard output cannot be written.
pub fn run(arguments: &ExplainArguments) -> anyhow::Result<Exit> {
    let source = match read_or_tell(&arguments.file) {
        Ok(source) => source,
        Err(exit) => return Ok(exit),
    };
    let findings = rules::compile(&source, &arguments.language);
    let Some(program) = findings.program else {
        complain(&findings.diagnostics, &source);
        return Ok(Exit::Configuration);
    };
    let plan = Plan::new(&source, program);
    output::print(&match arguments.format {
        PlanFormat::Text => text::text(&plan),
        PlanFormat::Mermaid => mermaid::flowchart(&plan),
    })?;
    Ok(Exit::Done)
}

fn complain(diagnostics: &[Diagnostic], source: &SourceFile) {
    let colour = report::colour(&std::io::stderr());
    for diagnostic in diagnostics {
        output::complain(&format!("{}\n\n", diagnostic.render(source, colour)));
    }
}

/// A file, what it means, and what the compiler made of it.
struct Plan<'s> {
    source: &'s SourceFile,
    program: Program,
    description: Description,
}

impl<'s> Plan<'s> {
    fn new(source: &'s SourceFile, program: Program) -> Self {
        let programs = [program];
        let description = RuleSet::describe(&programs);
        let [program] = programs;
        Self {
            source,
            program,
            description,
        }
    }

    /// The branches of a rule, by number.
    fn branches(&self, rule: usize) -> impl Iterator<Item = (usize, &BranchDescription)> {
        let branches = self.description.branches.iter().enumerate();
        branches.filter(move |(_, branch)| usize::from(branch.rule) == rule)
    }

    /// What is not run of a rule, a sentence each.
    fn refused(&self, rule: usize) -> Vec<String> {
        let statement = self.program.rules[rule].span;
        let refusals = self.description.refusals.iter();
        let own = refusals.filter(|refusal| {
            (statement.start..statement.end.max(1)).contains(&refusal.span.start)
        });
        own.map(|refusal| format!("{}: {}", refusal.code(), refusal.reason))
            .collect()
    }

    /// What is not run and stands in no rule: in a view, or in the file as a whole.
    fn refused_elsewhere(&self) -> Vec<String> {
        let refusals = self.description.refusals.iter();
        let others =
            refusals.filter(|refusal| {
                !self.program.rules.iter().any(|rule| {
                    (rule.span.start..rule.span.end.max(1)).contains(&refusal.span.start)
                })
            });
        others
            .map(|refusal| {
                let place = self.source.line_column(refusal.span.start);
                format!(
                    "line {}: {}: {}",
                    place.line,
                    refusal.code(),
                    refusal.reason
                )
            })
            .collect()
    }

    /// The rules of branches, each once, by name.
    fn rule_names(&self, branches: &[usize]) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        for &branch in branches {
            let rule = usize::from(self.description.branches[branch].rule);
            let name = self.description.rules[rule].name.as_str();
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }
}

/// A table's connector, for people.
fn connector(options: &[(String, String)]) -> &str {
    let found = options.iter().find(|(key, _)| key == "connector");
    found.map_or("no connector", |(_, value)| value)
}
