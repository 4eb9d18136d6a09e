//! `rookery dlq retry`: messages go to the listener as new messages, rows to the sink that refused them.
//!
//! Each letter is marked `begun` before it leaves and with its end afterwards, so that no crash, of this
//! command or of the server, makes a retry that nobody knows of.

use super::remote::{Conversation, Remote, Target};
use super::tell_damage;
use super::text::{letters, plain};
use crate::cli::RetryArguments;
use crate::dead_letters::{
    DlqError, Found, Mark, MarkKind, MarkWriter, Selection, State, Store, Wanted, Way,
};
use crate::exit::Exit;
use crate::output;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rookery_model::limits;
use serde_json::{Value, json};
use std::collections::HashSet;
use std::ops::ControlFlow;

/// Letters that are told of one by one; the others are counted.
const TOLD_MAX: usize = 20;

/// A letter on its way.
struct Item {
    id: String,
    way: Way,
    /// What was known of it before.
    before: Option<Mark>,
}

/// What the command has come to.
#[derive(Default)]
struct Tally {
    retried: usize,
    refused: usize,
    impossible: usize,
    unknown: usize,
    not_sent: usize,
    withheld: usize,
    told: usize,
}

impl Tally {
    /// Says what became of a letter that was not taken.
    fn tell(&mut self, id: &str, text: &str) {
        self.told += 1;
        match self.told {
            ..=TOLD_MAX => output::complain(&format!("{}: {}\n", plain(id), plain(text))),
            told if told == TOLD_MAX + 1 => {
                output::complain("(more; `rookery dlq ls` shows each)\n");
            }
            _ => {}
        }
    }

    fn selected(&self) -> usize {
        self.retried + self.refused + self.impossible + self.unknown + self.not_sent + self.withheld
    }

    fn summary(&self, dry_run: bool) -> String {
        if self.selected() == 0 {
            return "no letter to retry\n".to_owned();
        }
        let retried = match dry_run {
            true => "would be sent",
            false => "retried",
        };
        let parts: Vec<String> = [
            (self.retried, retried),
            (self.refused, "refused again"),
            (self.impossible, "cannot be retried"),
            (self.withheld, "left out; --again sends them once more"),
            (self.not_sent, "not sent"),
            (self.unknown, "begun, and their end is not known"),
        ]
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{} {what}", letters(*count)))
        .collect();
        format!("{}\n", parts.join("\n"))
    }
}

/// Sends what was named.
pub fn run(arguments: &RetryArguments) -> anyhow::Result<Exit> {
    let wanted = match arguments.again {
        true => Wanted::Any,
        false => Wanted::Open,
    };
    let selection = Selection::of_command(
        &arguments.ids,
        &arguments.filters,
        arguments.everything,
        wanted,
    )?;
    let store = Store::open(&arguments.dir)?;
    let mut retry = Retry {
        again: arguments.again,
        left: arguments.limit.unwrap_or(usize::MAX),
        tally: Tally::default(),
        named: HashSet::new(),
        pending: Vec::new(),
        pending_bytes: 0,
        sender: None,
    };
    if !arguments.dry_run {
        retry.sender = Some(Sender {
            remote: Remote::find(&store, arguments.admin)?,
            writer: store.mark_writer()?,
            conversation: None,
        });
    }
    let scanned = store.scan(&store.marks()?, |found| {
        if found.repeated || !selection.takes(&found.letter, found.state) {
            return Ok(ControlFlow::Continue(()));
        }
        retry.take(&found)
    });
    let ended = scanned.and_then(|damage| {
        tell_damage(&damage);
        retry.flush()
    });
    let Retry {
        mut tally, named, ..
    } = retry;
    if let Err(error) = ended {
        output::print(&tally.summary(arguments.dry_run))?;
        return Err(error.into());
    }
    if arguments.limit.is_none() {
        for id in selection.ids().difference(&named) {
            let error = DlqError::NoSuchLetter { id: id.clone() };
            output::complain(&format!("rookery: [{}] {error}\n", error.code()));
            tally.impossible += 1;
        }
    }
    output::print(&tally.summary(arguments.dry_run))?;
    Ok(match tally.selected() == tally.retried {
        true => Exit::Done,
        false => Exit::Failed,
    })
}

struct Retry {
    again: bool,
    /// Letters that may still be taken.
    left: usize,
    tally: Tally,
    named: HashSet<String>,
    pending: Vec<Item>,
    pending_bytes: usize,
    /// None for a dry run.
    sender: Option<Sender>,
}

impl Retry {
    fn take(&mut self, found: &Found<'_>) -> Result<ControlFlow<()>, DlqError> {
        if self.left == 0 {
            return Ok(ControlFlow::Break(()));
        }
        let id = &found.letter.id;
        self.named.insert(id.clone());
        let since = found.mark.map_or("", |mark| mark.time.as_str());
        let withheld = match found.state {
            State::Retried => format!("it was retried at {since}; --again sends it once more"),
            State::Begun => format!(
                "a retry was begun at {since} and its end is not known; look whether it took effect, --again sends it once more"
            ),
            _ => String::new(),
        };
        if !withheld.is_empty() && !self.again {
            self.tally.withheld += 1;
            self.tally.tell(id, &withheld);
            return Ok(ControlFlow::Continue(()));
        }
        self.left -= 1;
        match found.letter.way() {
            Way::None(reason) => {
                self.tally.impossible += 1;
                self.tally.tell(id, &format!("cannot be retried: {reason}"));
            }
            way => {
                self.pending_bytes += found.line.len();
                self.pending.push(Item {
                    id: id.clone(),
                    way,
                    before: found.mark.cloned(),
                });
            }
        }
        if self.pending.len() >= limits::RETRY_LETTERS || self.pending_bytes >= limits::RETRY_BYTES
        {
            self.flush()?;
        }
        Ok(ControlFlow::Continue(()))
    }

    fn flush(&mut self) -> Result<(), DlqError> {
        let items = std::mem::take(&mut self.pending);
        self.pending_bytes = 0;
        match &mut self.sender {
            None => {
                self.tally.retried += items.len();
                Ok(())
            }
            Some(sender) => sender.send(items, &mut self.tally),
        }
    }
}

struct Sender {
    remote: Remote,
    writer: MarkWriter,
    conversation: Option<Conversation>,
}

impl Sender {
    fn send(&mut self, items: Vec<Item>, tally: &mut Tally) -> Result<(), DlqError> {
        if items.is_empty() {
            return Ok(());
        }
        let (messages, mut rows): (Vec<Item>, Vec<Item>) = items
            .into_iter()
            .partition(|item| matches!(item.way, Way::Message(_)));
        self.send_messages(&messages, tally)?;
        // In order, sink by sink.
        while let Some(wanted) = rows.first().and_then(target) {
            let (same, others) = rows
                .into_iter()
                .partition(|item| target(item).as_ref() == Some(&wanted));
            rows = others;
            self.send_rows(&wanted, same, tally)?;
        }
        Ok(())
    }

    fn begin(&mut self, items: &[Item]) -> Result<(), DlqError> {
        let begun: Vec<_> = items
            .iter()
            .map(|item| Mark::now(&item.id, MarkKind::Begun, None))
            .collect();
        self.writer.add(&begun)
    }

    fn send_messages(&mut self, items: &[Item], tally: &mut Tally) -> Result<(), DlqError> {
        if items.is_empty() {
            return Ok(());
        }
        let mut conversation = match self.conversation.take() {
            Some(conversation) => conversation,
            None => self.remote.converse()?,
        };
        let messages: Vec<_> = items
            .iter()
            .filter_map(|item| match &item.way {
                Way::Message(bytes) => Some(bytes.clone()),
                _ => None,
            })
            .collect();
        self.begin(items)?;
        let (durable, error) = conversation.send(&messages);
        self.conversation = Some(conversation);
        let retried: Vec<_> = items[..durable]
            .iter()
            .map(|item| Mark::now(&item.id, MarkKind::Retried, None))
            .collect();
        self.writer.add(&retried)?;
        tally.retried += durable;
        tally.unknown += items.len() - durable;
        error.map_or(Ok(()), Err)
    }

    fn send_rows(
        &mut self,
        target: &Target,
        items: Vec<Item>,
        tally: &mut Tally,
    ) -> Result<(), DlqError> {
        self.begin(&items)?;
        let rows = items.iter().filter_map(row).collect();
        let answer = self.remote.send_rows(target, rows);
        let outcomes = match answer {
            Err(error) => {
                tally.unknown += items.len();
                return Err(error);
            }
            Ok(Err(reason)) => {
                tally.not_sent += items.len();
                let marks: Vec<_> = items.iter().map(restored).collect();
                for item in &items {
                    tally.tell(&item.id, &reason);
                }
                return self.writer.add(&marks);
            }
            Ok(Ok(outcomes)) => outcomes,
        };
        let mut marks = Vec::new();
        for (item, outcome) in items.iter().zip(&outcomes) {
            marks.extend(settle(item, outcome, tally));
        }
        tally.unknown += items.len().saturating_sub(outcomes.len());
        self.writer.add(&marks)
    }
}

/// Whose bytes a row is.
fn target(item: &Item) -> Option<Target> {
    match &item.way {
        Way::Row {
            sink,
            connector,
            format,
            ..
        } => Some(Target {
            sink: sink.clone(),
            connector: connector.clone(),
            format: format.clone(),
        }),
        _ => None,
    }
}

/// A row as the admin port takes it.
fn row(item: &Item) -> Option<Value> {
    match &item.way {
        Way::Row { device, bytes, .. } => Some(json!({
            "device_hash": format!("{device:016x}"),
            "row_base64": STANDARD.encode(bytes),
        })),
        _ => None,
    }
}

/// The mark of a letter that was not sent after all.
fn restored(item: &Item) -> Mark {
    match &item.before {
        Some(mark) => mark.clone(),
        None => Mark::now(&item.id, MarkKind::Waiting, None),
    }
}

/// Counts and tells what became of a row, and gives its mark.
fn settle(item: &Item, outcome: &Value, tally: &mut Tally) -> Option<Mark> {
    match outcome["outcome"].as_str() {
        Some("confirmed") => {
            tally.retried += 1;
            Some(Mark::now(&item.id, MarkKind::Retried, None))
        }
        Some("refused") => {
            tally.refused += 1;
            let code = outcome["code"].as_str().unwrap_or_default();
            let words = outcome["reason"].as_str().unwrap_or_default();
            let reason = format!("[{code}] {words}");
            tally.tell(&item.id, &format!("refused again: {reason}"));
            Some(Mark::now(&item.id, MarkKind::Refused, Some(reason)))
        }
        Some("not_sent") => {
            tally.not_sent += 1;
            tally.tell(
                &item.id,
                "not sent: the sink's writer is busy with earlier retries",
            );
            Some(restored(item))
        }
        _ => {
            tally.unknown += 1;
            tally.tell(
                &item.id,
                "the sink gave no answer in time; the row may still reach it while the server runs",
            );
            None
        }
    }
}
