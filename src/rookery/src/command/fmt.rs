//! `rookery fmt`: rule files in one style.

use super::check::unreadable;
use super::verdict::Verdict;
use crate::cli::FmtArguments;
use crate::exit::Exit;
use crate::output;
use crate::report;
use crate::rules::files;
use anyhow::Context;
use rookery_sql::SourceFile;
use std::io::Write;
use std::path::Path;

/// Runs the command.
///
/// # Errors
/// A file cannot be written, or standard output.
pub fn run(arguments: &FmtArguments) -> anyhow::Result<Exit> {
    let mut worst = Verdict::Good;
    for path in &arguments.files {
        worst = worst.max(format(path, arguments)?);
    }
    Ok(worst.exit())
}

fn format(path: &Path, arguments: &FmtArguments) -> anyhow::Result<Verdict> {
    let source = match files::read(path) {
        Ok(source) => source,
        Err(error) => {
            output::complain(&unreadable(path, &error));
            return Ok(Verdict::of_unread(&error));
        }
    };
    let text = match rookery_sql::format(&source) {
        Ok(text) => text,
        Err(diagnostics) => {
            let colour = report::colour(&std::io::stderr());
            for diagnostic in &diagnostics {
                output::complain(&format!("{}\n\n", diagnostic.render(&source, colour)));
            }
            output::complain(&format!("{}: left as it is\n", source.path));
            return Ok(Verdict::Faulty);
        }
    };
    if arguments.stdout {
        output::print(&text)?;
        return Ok(Verdict::Good);
    }
    if text == source.text {
        return Ok(Verdict::Good);
    }
    if arguments.check {
        output::print(&format!("{}: not in the style\n", source.path))?;
        return Ok(Verdict::Faulty);
    }
    replace(path, &source, &text)?;
    output::print(&format!("{}: formatted\n", source.path))?;
    Ok(Verdict::Good)
}

/// Puts the new text in the old one's place at once: a crash leaves one of the two.
fn replace(path: &Path, source: &SourceFile, text: &str) -> anyhow::Result<()> {
    // What a link names is written, not the link.
    let path = std::fs::canonicalize(path).with_context(|| source.path.clone())?;
    write_whole(&path, text).with_context(|| format!("cannot write {}", source.path))
}

/// Writes a file under another name beside it, with its permissions, and gives it its name.
///
/// # Errors
/// The folder or the file cannot be written; the file is as it was.
pub(super) fn write_whole(path: &Path, text: &str) -> std::io::Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.new", std::process::id()));
    let new = path.with_file_name(name);
    let written = (|| {
        let mut file = std::fs::File::create(&new)?;
        file.write_all(text.as_bytes())?;
        if let Ok(metadata) = std::fs::metadata(path) {
            file.set_permissions(metadata.permissions())?;
        }
        file.sync_all()?;
        std::fs::rename(&new, path)
    })();
    if written.is_err() {
        let _ = std::fs::remove_file(&new);
    }
    written
}
