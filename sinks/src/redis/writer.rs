//! The writer to one server: each request is one transaction with the lanes' cursors in it.
//!
//! ```text
//! open:     WATCH cursors; MGET cursors
//! request:  MULTI; rows; SET cursors; EXEC; WATCH cursors; MGET cursors      in one piece
//! ```
//!
//! `WATCH` makes the next `EXEC` fail if a cursor was touched in between, and the `MGET` behind it shows what
//! it was then. So a transaction takes effect only if the cursors are still those that were read: when a
//! connection was given up and its transaction commits late, the one that was sent in its place fails, the
//! cursors are read again, and the rows that are there are not sent again. The other way round the late one
//! fails. It takes one round trip a request.
//!
//! | answer | meaning |
//! | --- | --- |
//! | `EXEC` with a list | committed; an error in the list is that row's: it is refused, the others stand |
//! | `EXEC` with nil | a cursor moved: nothing was done |
//! | `EXECABORT`, and errors at rows | nothing was done; these rows are refused, and without them it is sent again |
//! | `EXECABORT` for another reason, or an error about the server's state | nothing was done; tried again later |
//! | none | unknown; the cursors tell whether it took effect, and which rows were its own: those of which a key may have refused them are looked at ([`Refusal`]) |

use super::answer::{self, Fault};
use super::commands::RowCommands;
use super::cursor::Cursor;
use super::error::{self, RedisError};
use super::link::Link;
use super::options::Target;
use super::refusal::Refusal;
use super::resp::Commands;
use super::{cursor, resp};
use crate::{LaneCursor, LaneKey, Part, SinkError, SinkWriter, TargetCursor, Verdicts};
use redis::Value;
use rookery_model::Position;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What the server refused, by the row's number in the request, in its own words.
type Refused = BTreeMap<usize, String>;

/// Carries rows to one server.
pub(super) struct RedisWriter {
    target: Arc<Target>,
    commands: Arc<RowCommands>,
    link: Option<Link>,
    lanes: Vec<LaneAtTarget>,
    /// The request that is being sent.
    buffer: Vec<u8>,
}

/// One lane's cursor.
struct LaneAtTarget {
    key: String,
    /// What the target holds.
    held: Option<Cursor>,
}

impl LaneAtTarget {
    fn through(&self) -> Option<Position> {
        self.held.map(|cursor| cursor.through)
    }
}

/// A lane's cursor as the next transaction sets it.
struct NewCursor {
    lane: usize,
    cursor: Cursor,
    text: String,
}

impl NewCursor {
    /// The rows above `above` are in the same transaction.
    fn new(lane: usize, through: Position, above: Position) -> Self {
        Self {
            lane,
            cursor: Cursor {
                through,
                above: Some(above),
            },
            text: cursor::text(through, above),
        }
    }
}

/// How a transaction ended.
enum Outcome {
    /// It took effect, but for these rows.
    Committed(Refused),
    /// These rows, and so all, were not taken.
    Aborted(Refused),
}

impl RedisWriter {
    pub(super) fn new(target: Arc<Target>, commands: Arc<RowCommands>) -> Self {
        Self {
            target,
            commands,
            link: None,
            lanes: Vec::new(),
            buffer: Vec::new(),
        }
    }

    fn connect(&mut self, lanes: &[LaneKey]) -> Result<(), RedisError> {
        self.link = None;
        let (host, port) = &self.target.nodes[0];
        let mut link = Link::connect(&self.target, host, *port)?;
        if let Some((name, count)) = self.commands.template() {
            link.check_command(name, count)?;
        }
        let lane = |lane: &LaneKey| LaneAtTarget {
            key: cursor::key(&self.target.cursor_prefix, *lane),
            held: None,
        };
        self.lanes = lanes.iter().map(lane).collect();
        self.buffer.clear();
        match lanes {
            [] => resp::command(&[b"PING"], &mut self.buffer),
            _ => watch(&self.lanes, &mut self.buffer),
        }
        link.send(&self.buffer)?;
        if let Value::ServerError(error) = link.receive()? {
            let words = answer::words(&error);
            // Whether PING is permitted says nothing about the rows.
            if !(lanes.is_empty() && words.starts_with("NOPERM")) {
                return Err(link.refused(&words));
            }
        }
        if lanes.is_empty() {
            let about = link.ask(&[b"INFO", b"cluster"])?;
            if matches!(about, Value::BulkString(text) if contains(&text, b"cluster_enabled:1")) {
                return Err(link.is_cluster_node());
            }
        } else {
            let answer = link.receive()?;
            let read = read_cursors(&link, &self.lanes, answer)?;
            for (lane, held) in self.lanes.iter_mut().zip(read) {
                lane.held = held;
            }
        }
        self.link = Some(link);
        Ok(())
    }

    /// Commits the rows of a request with these cursors.
    fn transact(
        &mut self,
        request: &[Part<'_>],
        cursors: &[NewCursor],
    ) -> Result<Outcome, RedisError> {
        let Self {
            link,
            buffer,
            lanes,
            ..
        } = self;
        let link = link.as_mut().expect("open comes first");
        buffer.clear();
        resp::command(&[b"MULTI"], buffer);
        let rows = push_rows(request, buffer);
        for new in cursors {
            let key = lanes[new.lane].key.as_bytes();
            resp::command(&[b"SET", key, new.text.as_bytes()], buffer);
        }
        resp::command(&[b"EXEC"], buffer);
        watch(lanes, buffer);
        link.send(buffer)?;
        // All answers are taken before any is judged: the connection goes on.
        let per_row = self.commands.per_row();
        let in_rows = rows * per_row;
        let mut answers = Answers {
            queued: Refused::new(),
            state: None,
            last: Vec::with_capacity(3),
        };
        let count = 1 + in_rows + cursors.len();
        link.receive_all(count + 3, |index, value| match value {
            value if index >= count => answers.last.push(value),
            Value::ServerError(error) => {
                let of_row = (1..=in_rows).contains(&index);
                let number = of_row.then(|| (index - 1) / per_row);
                answers.error(number, answer::words(&error));
            }
            _ => {}
        })?;
        let last = std::mem::take(&mut answers.last);
        let [exec, watched, read] = <[Value; 3]>::try_from(last).expect("three are taken");
        if let Value::ServerError(error) = &watched {
            return Err(link.refused(&answer::words(error)));
        }
        let outcome = match exec {
            Value::Nil => return Err(moved(link, lanes)),
            exec => answers.outcome(exec, in_rows, per_row, link)?,
        };
        if matches!(outcome, Outcome::Committed(_)) {
            for new in cursors {
                lanes[new.lane].held = Some(new.cursor);
            }
        }
        let read = read_cursors(link, lanes, read);
        let same = |read: Vec<_>| lanes.iter().map(|lane| lane.held).eq(read);
        if !read.is_ok_and(same) {
            // Between the transaction and the new watch somebody wrote. What was committed stands; the
            // next transaction may not rest on this watch.
            let moved = moved(link, lanes);
            self.link = None;
            if matches!(outcome, Outcome::Aborted(_)) {
                return Err(moved);
            }
        }
        Ok(outcome)
    }

    /// The link, as long as its watch holds.
    fn link(&mut self) -> Result<&mut Link, RedisError> {
        let (host, port) = &self.target.nodes[0];
        self.link.as_mut().ok_or_else(|| RedisError::CursorMoved {
            address: format!("{host}:{port}"),
            key: self.lanes[0].key.clone(),
        })
    }

    /// Asks for the types of the keys that may have refused these rows.
    fn ask_types(&mut self, rows: &[Part<'_>], verdicts: &mut Verdicts) -> Result<(), RedisError> {
        let commands = Arc::clone(&self.commands);
        let mut asked = Vec::new();
        let mut questions = Vec::new();
        for (at, part) in rows.iter().enumerate() {
            'rows: for row in part.rows() {
                let before = (asked.len(), questions.len());
                for (command, refusal) in Commands(row.bytes).zip(commands.refusals()) {
                    match refusal {
                        Refusal::Never => {}
                        Refusal::OtherType(holds) => {
                            asked.push((at, row.index, *holds, command.key));
                            resp::command(&[b"TYPE", command.key], &mut questions);
                        }
                        Refusal::Untold(name) => {
                            asked.truncate(before.0);
                            questions.truncate(before.1);
                            let reason = Refusal::untold_reason(name);
                            verdicts.reject(at, row.index, error::UNKNOWN, reason);
                            continue 'rows;
                        }
                    }
                }
            }
        }
        if asked.is_empty() {
            return Ok(());
        }
        let link = self.link()?;
        link.send(&questions)?;
        let mut state = None;
        let mut rejected = None;
        link.receive_all(asked.len(), |index, value| {
            let (at, row, holds, key) = asked[index];
            if let Value::ServerError(error) = &value {
                let words = answer::words(error);
                // What it may not look at stays unknown; what it cannot look at now is asked again.
                if answer::sort(&words) == Fault::Server && !words.starts_with("NOPERM") {
                    state.get_or_insert(words);
                }
            }
            if let Some(reason) = Refusal::of_key(holds, key, &value)
                && rejected.replace((at, row)) != Some((at, row))
            {
                verdicts.reject(at, row, error::UNKNOWN, reason);
            }
        })?;
        match state {
            Some(words) => Err(link.refused(&words)),
            None => Ok(()),
        }
    }
}

impl SinkWriter for RedisWriter {
    fn open(&mut self, lanes: &[LaneKey]) -> Result<Vec<TargetCursor>, SinkError> {
        self.connect(lanes)?;
        let cursors = self.lanes.iter().map(|lane| match lane.held {
            None => TargetCursor::Missing,
            Some(Cursor {
                through,
                above: Some(above),
            }) if above < through => TargetCursor::Unanswered { above, through },
            Some(Cursor { through, .. }) => TargetCursor::At(through),
        });
        Ok(cursors.collect())
    }

    fn look_back(&mut self, rows: &[Part<'_>], verdicts: &mut Verdicts) -> Result<(), SinkError> {
        Ok(self.ask_types(rows, verdicts)?)
    }

    fn write_batch(
        &mut self,
        request: &[Part<'_>],
        verdicts: &mut Verdicts,
    ) -> Result<(), SinkError> {
        let mut through = BTreeMap::new();
        for part in request {
            let position: &mut Position = through.entry(part.lane()).or_default();
            *position = part.through().max(*position);
        }
        let before = |lane: usize| self.lanes[lane].through().unwrap_or_default();
        let cursors = through.into_iter();
        let cursors: Vec<_> = cursors
            .map(|(lane, through)| NewCursor::new(lane, through, before(lane)))
            .collect();
        self.link()?;
        let mut refused = match self.transact(request, &cursors)? {
            Outcome::Committed(refused) => refused,
            Outcome::Aborted(refused) => {
                verdicts.take_nothing();
                refused
            }
        };
        if refused.is_empty() {
            return Ok(());
        }
        let rows = request
            .iter()
            .enumerate()
            .flat_map(|(part, rows)| rows.rows().map(move |row| (part, row.index)));
        for (number, (part, row)) in rows.enumerate() {
            if let Some(words) = refused.remove(&number) {
                verdicts.reject(part, row, error::REFUSED, words);
            }
        }
        Ok(())
    }

    fn confirm(&mut self, cursors: &[LaneCursor]) -> Result<(), SinkError> {
        // Usually nothing: the rows' own transactions brought them.
        let differ: Vec<_> = cursors
            .iter()
            .enumerate()
            .filter(|(lane, cursor)| {
                let held = self.lanes[*lane].through();
                cursor.through != Position::ZERO && held != Some(cursor.through)
            })
            .map(|(lane, cursor)| NewCursor::new(lane, cursor.through, cursor.through))
            .collect();
        if !differ.is_empty() {
            self.link()?;
            self.transact(&[], &differ)?;
        }
        Ok(())
    }
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

/// Answers of one transaction.
struct Answers {
    /// Errors at rows when they were queued.
    queued: Refused,
    /// The first error about the server.
    state: Option<String>,
    /// Those to EXEC, WATCH and MGET.
    last: Vec<Value>,
}

impl Answers {
    /// An error before EXEC, at a row or at a command of ours.
    fn error(&mut self, row: Option<usize>, words: String) {
        match (row, answer::sort(&words)) {
            (Some(row), Fault::Row) => {
                self.queued.entry(row).or_insert(words);
            }
            _ => {
                self.state.get_or_insert(words);
            }
        }
    }

    /// How the transaction ended, by the answer to its EXEC.
    fn outcome(
        self,
        exec: Value,
        in_rows: usize,
        per_row: usize,
        link: &Link,
    ) -> Result<Outcome, RedisError> {
        match exec {
            Value::Array(done) => {
                let of_rows = &done[..in_rows.min(done.len())];
                Ok(Outcome::Committed(refused_in(of_rows, per_row)))
            }
            Value::ServerError(error) => {
                let words = answer::words(&error);
                match self.state {
                    Some(state) => Err(link.refused(&state)),
                    None if self.queued.is_empty() || answer::sort(&words) == Fault::Server => {
                        Err(link.refused(&words))
                    }
                    None => Ok(Outcome::Aborted(self.queued)),
                }
            }
            other => Err(link.nonsense("EXEC", &other)),
        }
    }
}

/// `WATCH` and `MGET` of all cursors.
fn watch(lanes: &[LaneAtTarget], out: &mut Vec<u8>) {
    for command in [b"WATCH".as_slice(), b"MGET"] {
        resp::command_head(lanes.len() + 1, out);
        resp::argument(command, out);
        for lane in lanes {
            resp::argument(lane.key.as_bytes(), out);
        }
    }
}

fn read_cursors(
    link: &Link,
    lanes: &[LaneAtTarget],
    answer: Value,
) -> Result<Vec<Option<Cursor>>, RedisError> {
    let values = match answer {
        Value::Array(values) if values.len() == lanes.len() => values,
        Value::ServerError(error) => return Err(link.refused(&answer::words(&error))),
        other => return Err(link.nonsense("MGET", &other)),
    };
    let read = lanes.iter().zip(values).map(|(lane, value)| match value {
        Value::Nil => Ok(None),
        Value::BulkString(bytes) => cursor::parse(&link.address, &lane.key, &bytes).map(Some),
        other => Err(link.nonsense("MGET", &other)),
    });
    read.collect()
}

fn moved(link: &Link, lanes: &[LaneAtTarget]) -> RedisError {
    RedisError::CursorMoved {
        address: link.address.clone(),
        key: lanes[0].key.clone(),
    }
}

/// Appends the rows; how many.
fn push_rows(request: &[Part<'_>], out: &mut Vec<u8>) -> usize {
    for part in request {
        match part.contiguous() {
            Some(bytes) => out.extend_from_slice(bytes),
            None => part.rows().for_each(|row| out.extend_from_slice(row.bytes)),
        }
    }
    request.iter().map(Part::row_count).sum()
}

/// The rows that a committed transaction's list has errors for.
fn refused_in(done: &[Value], per_row: usize) -> Refused {
    let mut refused = Refused::new();
    for (number, row) in done.chunks(per_row.max(1)).enumerate() {
        let error = row.iter().find_map(|value| match value {
            Value::ServerError(error) => Some(answer::words(error)),
            _ => None,
        });
        if let Some(words) = error {
            refused.insert(number, words);
        }
    }
    refused
}
