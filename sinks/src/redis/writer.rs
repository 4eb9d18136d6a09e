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
//! | `EXECABORT`, and errors at rows | nothing was done; without these rows it is sent again |
//! | `EXECABORT` for another reason, or an error about the server's state | nothing was done; tried again later |
//! | none | unknown; the cursors tell |

use super::answer::{self, Fault};
use super::commands::RowCommands;
use super::error::{self, RedisError};
use super::link::Link;
use super::options::Target;
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
    held: Option<Position>,
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

    /// Commits the rows of a request, but for those in `refused`, with these cursors.
    fn transact(
        &mut self,
        request: &[Part<'_>],
        refused: &Refused,
        cursors: &[(usize, Position)],
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
        let rows = push_rows(request, refused, buffer);
        for (lane, position) in cursors {
            let text = cursor::text(*position);
            resp::command(
                &[b"SET", lanes[*lane].key.as_bytes(), text.as_bytes()],
                buffer,
            );
        }
        resp::command(&[b"EXEC"], buffer);
        watch(lanes, buffer);
        link.send(buffer)?;
        // All answers are taken before any is judged: the connection goes on.
        let per_row = self.commands.per_row();
        let numbers: Vec<usize> = row_numbers(request, refused).collect();
        debug_assert_eq!(numbers.len(), rows);
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
                let number = index
                    .checked_sub(1)
                    .and_then(|at| numbers.get(at / per_row));
                answers.error(number.copied(), answer::words(&error));
            }
            _ => {}
        })?;
        let [exec, watched, read] = <[Value; 3]>::try_from(answers.last).expect("three are taken");
        if let Value::ServerError(error) = &watched {
            return Err(link.refused(&answer::words(error)));
        }
        let outcome = match exec {
            Value::Array(done) => Outcome::Committed(refused_in(&done, per_row, &numbers)),
            Value::Nil => return Err(moved(link, lanes)),
            Value::ServerError(error) => {
                let words = answer::words(&error);
                match answers.state {
                    Some(state) => return Err(link.refused(&state)),
                    None if answers.queued.is_empty() || answer::sort(&words) == Fault::Server => {
                        return Err(link.refused(&words));
                    }
                    None => Outcome::Aborted(answers.queued),
                }
            }
            other => return Err(link.nonsense("EXEC", &other)),
        };
        if matches!(outcome, Outcome::Committed(_)) {
            for (lane, position) in cursors {
                lanes[*lane].held = Some(*position);
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

    /// Commits, and sends again without the rows that were refused before anything was done.
    fn commit(
        &mut self,
        request: &[Part<'_>],
        cursors: &[(usize, Position)],
    ) -> Result<Refused, RedisError> {
        if self.link.is_none() {
            let (host, port) = &self.target.nodes[0];
            return Err(RedisError::CursorMoved {
                address: format!("{host}:{port}"),
                key: self.lanes[0].key.clone(),
            });
        }
        let mut refused = Refused::new();
        loop {
            match self.transact(request, &refused, cursors)? {
                Outcome::Committed(more) => {
                    refused.extend(more);
                    return Ok(refused);
                }
                Outcome::Aborted(more) => {
                    assert!(!more.is_empty(), "each round refuses a row more");
                    refused.extend(more);
                }
            }
        }
    }
}

impl SinkWriter for RedisWriter {
    fn open(&mut self, lanes: &[LaneKey]) -> Result<Vec<TargetCursor>, SinkError> {
        self.connect(lanes)?;
        let cursors = self.lanes.iter().map(|lane| match lane.held {
            Some(position) => TargetCursor::At(position),
            None => TargetCursor::Missing,
        });
        Ok(cursors.collect())
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
        let cursors: Vec<_> = through.into_iter().collect();
        let mut refused = self.commit(request, &cursors)?;
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
                cursor.through != Position::ZERO && self.lanes[*lane].held != Some(cursor.through)
            })
            .map(|(lane, cursor)| (lane, cursor.through))
            .collect();
        if !differ.is_empty() {
            self.commit(&[], &differ)?;
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
) -> Result<Vec<Option<Position>>, RedisError> {
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

/// Appends the rows that are not refused; how many.
fn push_rows(request: &[Part<'_>], refused: &Refused, out: &mut Vec<u8>) -> usize {
    let (mut number, mut pushed) = (0, 0);
    for part in request {
        let rows = part.row_count();
        let whole = refused.range(number..number + rows).next().is_none();
        match part.contiguous() {
            Some(bytes) if whole => {
                out.extend_from_slice(bytes);
                pushed += rows;
            }
            _ => {
                for (at, row) in part.rows().enumerate() {
                    if !refused.contains_key(&(number + at)) {
                        out.extend_from_slice(row.bytes);
                        pushed += 1;
                    }
                }
            }
        }
        number += rows;
    }
    pushed
}

/// The numbers of the rows that are not refused, in order.
fn row_numbers(request: &[Part<'_>], refused: &Refused) -> impl Iterator<Item = usize> {
    let rows: usize = request.iter().map(Part::row_count).sum();
    (0..rows).filter(|number| !refused.contains_key(number))
}

/// The rows that a committed transaction's list has errors for.
fn refused_in(done: &[Value], per_row: usize, numbers: &[usize]) -> Refused {
    let mut refused = Refused::new();
    for (row, number) in done.chunks(per_row.max(1)).zip(numbers) {
        let error = row.iter().find_map(|value| match value {
            Value::ServerError(error) => Some(answer::words(error)),
            _ => None,
        });
        if let Some(words) = error {
            refused.insert(*number, words);
        }
    }
    refused
}
