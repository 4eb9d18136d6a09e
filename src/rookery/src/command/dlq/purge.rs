//! `rookery dlq purge`: letters are marked as gone, and files of nothing else are removed.

use super::tell_damage;
use super::text::letters;
use crate::cli::PurgeArguments;
use crate::config::grouped;
use crate::dead_letters::{DlqError, Mark, MarkKind, MarkWriter, Selection, State, Store, Wanted};
use crate::exit::Exit;
use crate::output;
use std::collections::HashSet;
use std::ops::ControlFlow;
use std::path::PathBuf;

/// Marks that are written at once.
const MARKS_AT_ONCE: usize = 10_000;

/// What a scan has found.
#[derive(Default)]
struct Progress {
    pending: Vec<Mark>,
    purged: usize,
    /// Ids that are stored and marked.
    marked: HashSet<String>,
    named: HashSet<String>,
    /// Files with something in them that is not purged.
    in_use: HashSet<PathBuf>,
}

/// Removes what was named.
pub fn run(arguments: &PurgeArguments) -> anyhow::Result<Exit> {
    let wanted = match arguments.retried {
        true => Wanted::Retried,
        false if arguments.everything => Wanted::Any,
        false => Wanted::Open,
    };
    let selection = Selection::of_command(
        &arguments.ids,
        &arguments.filters,
        arguments.everything,
        wanted,
    )?;
    let store = Store::open(&arguments.dir)?;
    let mut writer = match arguments.dry_run {
        true => None,
        false => Some(store.mark_writer()?),
    };
    // Listed before they are read: what comes later is in the last of them, or in a newer one.
    let mut complete = store.files()?;
    complete.pop();
    let mut progress = Progress::default();
    let damage = store.scan(&store.marks()?, |found| {
        let id = &found.letter.id;
        let selected = selection.takes(&found.letter, found.state);
        if selected && !found.repeated {
            progress.named.insert(id.clone());
            progress.purged += 1;
            progress.pending.push(Mark::now(id, MarkKind::Purged, None));
        }
        if selected || found.mark.is_some() {
            progress.marked.insert(id.clone());
        }
        if !selected && found.state != State::Purged {
            progress.in_use.insert(found.file.to_owned());
        }
        if progress.pending.len() >= MARKS_AT_ONCE {
            progress.flush(writer.as_mut())?;
        }
        anyhow::Ok(ControlFlow::Continue(()))
    })?;
    progress.flush(writer.as_mut())?;
    tell_damage(&damage);
    progress.in_use.extend(damage.files);
    let missing: Vec<_> = selection.ids().difference(&progress.named).collect();
    for id in &missing {
        let error = DlqError::NoSuchLetter { id: (*id).clone() };
        output::complain(&format!("rookery: [{}] {error}\n", error.code()));
    }
    let text = match writer {
        None => format!("{} would be purged\n", letters(progress.purged)),
        Some(mut writer) => {
            let (files, bytes) = remove_files(&store, &complete, &progress.in_use)?;
            writer.compact(&progress.marked)?;
            let removed = match files {
                0 => String::new(),
                1 => format!("; 1 file of {} bytes removed", grouped(bytes)),
                _ => format!("; {files} files of {} bytes removed", grouped(bytes)),
            };
            format!("{} purged{removed}\n", letters(progress.purged))
        }
    };
    output::print(&text)?;
    Ok(match missing.is_empty() {
        true => Exit::Done,
        false => Exit::Failed,
    })
}

impl Progress {
    fn flush(&mut self, writer: Option<&mut MarkWriter>) -> Result<(), DlqError> {
        let marks = std::mem::take(&mut self.pending);
        match writer {
            Some(writer) if !marks.is_empty() => writer.add(&marks),
            _ => Ok(()),
        }
    }
}

/// Removes the complete files that hold purged letters alone.
fn remove_files(
    store: &Store,
    complete: &[PathBuf],
    in_use: &HashSet<PathBuf>,
) -> Result<(usize, u64), DlqError> {
    let (mut removed, mut bytes) = (0, 0);
    for file in complete {
        // Gone already: the server has deleted its oldest.
        let Ok(metadata) = std::fs::metadata(file) else {
            continue;
        };
        if !in_use.contains(file) {
            store.remove(file)?;
            bytes += metadata.len();
            removed += 1;
        }
    }
    Ok((removed, bytes))
}
