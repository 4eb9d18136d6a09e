//! The writer to a cluster: each command goes to the node that has its key, a pipeline a node.
//!
//! A cluster has no transaction over its nodes, so there is no cursor: a row that was sent and not answered
//! comes again. A node that points elsewhere (`MOVED`, `ASK`) is followed within the request, to the node that
//! it names: the one that was asked for all slots may hear of a move a second later than it. What no node takes
//! is sent again by the sink's driver, with every later row of its device.

use super::answer::{self, Fault};
use super::commands::RowCommands;
use super::error::{self, RedisError};
use super::link::Link;
use super::options::Target;
use super::resp::{self, Commands};
use super::slots::{SLOTS, slot_of};
use crate::{LaneCursor, LaneKey, Part, SinkError, SinkWriter, TargetCursor, Verdicts};
use redis::Value;
use rookery_model::limits;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

/// A slot that no node serves.
const UNSERVED: u16 = u16::MAX;

/// Carries rows to the nodes of a cluster.
pub(super) struct ClusterWriter {
    target: Arc<Target>,
    commands: Arc<RowCommands>,
    /// Those that own slots; a link is made when the first command needs it.
    nodes: Vec<Node>,
    /// For each slot, the index of its node.
    slots: Vec<u16>,
    /// A node said that the slots are elsewhere now.
    stale: bool,
}

struct Node {
    host: String,
    port: u16,
    link: Option<Link>,
    /// What is being sent to it, and whose each answer is.
    pipeline: Vec<u8>,
    asked: Vec<Asked>,
}

/// An answer that is waited for.
#[derive(Clone, Copy)]
enum Asked {
    /// To `ASKING`.
    Leave,
    /// To the command of this number.
    Command(usize),
}

/// A command of the request.
struct Pending<'a> {
    part: usize,
    row: u32,
    bytes: &'a [u8],
    slot: u16,
    /// A node that was named for this command alone.
    ask: Option<Address>,
}

/// Host and port of a node.
type Address = (String, u16);

/// Where a node sends a command.
enum Redirect {
    /// To the node that has the slot now.
    Moved(Address),
    /// To another node, this command alone.
    Ask(Address),
    /// Elsewhere, in words that name no node.
    Unnamed,
}

/// What became of a request's rows.
#[derive(Default)]
struct Sorted {
    refused: BTreeMap<(usize, u32), String>,
    again: BTreeSet<(usize, u32)>,
    /// The words of the first server that takes nothing.
    state: Option<(String, String)>,
    taken: usize,
}

impl ClusterWriter {
    pub(super) fn new(target: Arc<Target>, commands: Arc<RowCommands>) -> Self {
        Self {
            target,
            commands,
            nodes: Vec::new(),
            slots: Vec::new(),
            stale: false,
        }
    }

    /// Asks the first node that answers for the slots.
    fn discover(&mut self) -> Result<(), RedisError> {
        let known = self.nodes.drain(..).map(|node| (node.host, node.port));
        let mut seeds = self.target.nodes.clone();
        seeds.extend(known);
        let mut failure = None;
        for (host, port) in seeds {
            match self.ask_for_slots(&host, port) {
                Ok(()) => {
                    self.stale = false;
                    return Ok(());
                }
                // What was configured is what the operator knows.
                Err(error) => failure = failure.or(Some(error)),
            }
        }
        Err(failure.expect("a cluster has at least one host"))
    }

    fn ask_for_slots(&mut self, host: &str, port: u16) -> Result<(), RedisError> {
        let mut link = Link::connect(&self.target, host, port)?;
        if let Some((name, count)) = self.commands.template() {
            link.check_command(name, count)?;
        }
        let ranges = match link.ask(&[b"CLUSTER", b"SLOTS"])? {
            Value::Array(ranges) => ranges,
            Value::ServerError(error) => {
                let words = answer::words(&error);
                return Err(match words.contains("cluster support disabled") {
                    true => RedisError::ClusterMode {
                        address: link.address.clone(),
                        found: "not a cluster",
                        remedy: "false",
                    },
                    false => link.refused(&words),
                });
            }
            other => return Err(link.nonsense("CLUSTER SLOTS", &other)),
        };
        let (mut nodes, mut slots) = (Vec::<Node>::new(), vec![UNSERVED; SLOTS]);
        for range in &ranges {
            let Some((first, last, own_host, own_port)) = range_of(range) else {
                return Err(link.nonsense("CLUSTER SLOTS", range));
            };
            // A node that does not know its own name is reached as it was now.
            let own_host = if own_host.is_empty() {
                host
            } else {
                own_host.as_str()
            };
            let index = node_index(&mut nodes, own_host, own_port);
            for slot in &mut slots[first..=last] {
                *slot = index as u16;
            }
        }
        if let Some(slot) = slots.iter().position(|node| *node == UNSERVED) {
            return Err(RedisError::SlotUnserved {
                address: link.address.clone(),
                slot: slot as u16,
            });
        }
        (self.nodes, self.slots) = (nodes, slots);
        Ok(())
    }

    /// Sends commands to their nodes and sorts the answers; those that are to go elsewhere come back.
    fn round<'a>(
        &mut self,
        commands: Vec<Pending<'a>>,
        sorted: &mut Sorted,
    ) -> Result<Vec<Pending<'a>>, RedisError> {
        for (number, command) in commands.iter().enumerate() {
            let index = match &command.ask {
                Some((host, port)) => node_index(&mut self.nodes, host, *port),
                None => usize::from(self.slots[usize::from(command.slot)]),
            };
            let node = &mut self.nodes[index];
            if command.ask.is_some() {
                resp::command(&[b"ASKING"], &mut node.pipeline);
                node.asked.push(Asked::Leave);
            }
            node.pipeline.extend_from_slice(command.bytes);
            node.asked.push(Asked::Command(number));
        }
        for node in &mut self.nodes {
            if !node.asked.is_empty() {
                let link = match node.link.take() {
                    Some(link) => link,
                    None => Link::connect(&self.target, &node.host, node.port)?,
                };
                node.link.insert(link).send(&node.pipeline)?;
            }
        }
        let mut redirects = HashMap::new();
        for node in &mut self.nodes {
            if node.asked.is_empty() {
                continue;
            }
            let asked = std::mem::take(&mut node.asked);
            node.pipeline.clear();
            let link = node.link.as_mut().expect("it was just sent to");
            let address = link.address.clone();
            link.receive_all(asked.len(), |index, value| {
                if let Asked::Command(number) = asked[index] {
                    let command = &commands[number];
                    if let Some(redirect) = sorted.take(command, &address, value) {
                        redirects.insert(number, redirect);
                    }
                }
            })?;
        }
        let again = commands
            .into_iter()
            .enumerate()
            .filter_map(|(number, command)| {
                let ask = self.follow(command.slot, redirects.remove(&number)?);
                Some(Pending { ask, ..command })
            });
        Ok(again.collect())
    }

    /// Takes note of where a command of a slot was sent; the node, if it is for this once.
    fn follow(&mut self, slot: u16, redirect: Redirect) -> Option<Address> {
        match redirect {
            Redirect::Ask(node) => return Some(node),
            Redirect::Moved((host, port)) => {
                self.slots[usize::from(slot)] = node_index(&mut self.nodes, &host, port) as u16;
            }
            Redirect::Unnamed => self.stale = true,
        }
        None
    }

    fn write(&mut self, request: &[Part<'_>]) -> Result<Sorted, RedisError> {
        let mut sorted = Sorted::default();
        let mut commands = pending(request);
        for _ in 0..limits::REDIS_REDIRECTS_MAX {
            if self.stale {
                self.discover()?;
            }
            commands = self.round(commands, &mut sorted)?;
            if commands.is_empty() {
                break;
            }
        }
        for command in commands {
            sorted.again.insert((command.part, command.row));
        }
        self.stale = !sorted.again.is_empty();
        Ok(sorted)
    }
}

impl Sorted {
    /// Sorts one answer of the node at `address`; of a command that is to go elsewhere, where.
    fn take(&mut self, command: &Pending<'_>, address: &str, value: Value) -> Option<Redirect> {
        let Value::ServerError(error) = value else {
            self.taken += 1;
            return None;
        };
        let words = answer::words(&error);
        let row = (command.part, command.row);
        match answer::sort(&words) {
            Fault::Moved => return Some(redirect(&words, address)),
            Fault::Row => {
                self.refused.entry(row).or_insert(words);
            }
            Fault::Server => {
                self.again.insert(row);
                self.state.get_or_insert((address.to_owned(), words));
            }
        }
        None
    }
}

impl SinkWriter for ClusterWriter {
    fn open(&mut self, lanes: &[LaneKey]) -> Result<Vec<TargetCursor>, SinkError> {
        self.discover()?;
        if lanes.is_empty() {
            for node in &mut self.nodes {
                node.link = Some(Link::connect(&self.target, &node.host, node.port)?);
            }
        }
        Ok(vec![TargetCursor::NotHeld; lanes.len()])
    }

    fn write_batch(
        &mut self,
        request: &[Part<'_>],
        verdicts: &mut Verdicts,
    ) -> Result<(), SinkError> {
        let sorted = self.write(request)?;
        if let (Some((address, reason)), 0) = (&sorted.state, sorted.taken) {
            return Err(RedisError::Refuses {
                address: address.clone(),
                reason: reason.clone(),
            }
            .into());
        }
        for (part, row) in sorted.again {
            if !sorted.refused.contains_key(&(part, row)) {
                verdicts.retry(part, row);
            }
        }
        for ((part, row), words) in sorted.refused {
            verdicts.reject(part, row, error::REFUSED, words);
        }
        Ok(())
    }

    fn confirm(&mut self, _cursors: &[LaneCursor]) -> Result<(), SinkError> {
        Ok(())
    }
}

/// All commands of a request.
fn pending<'a>(request: &[Part<'a>]) -> Vec<Pending<'a>> {
    let mut commands = Vec::new();
    for (part, rows) in request.iter().enumerate() {
        for row in rows.rows() {
            commands.extend(Commands(row.bytes).map(|command| Pending {
                part,
                row: row.index,
                bytes: command.bytes,
                slot: slot_of(command.key),
                ask: None,
            }));
        }
    }
    commands
}

/// Reads `MOVED <slot> <host>:<port>` and `ASK` likewise. A node that knows no name for another one leaves the
/// host out: it is its own.
fn redirect(words: &str, address: &str) -> Redirect {
    let node = |place: &str| {
        let (host, port) = place.rsplit_once(':')?;
        let own = || address.rsplit_once(':').map_or(address, |(host, _)| host);
        let host = if host.is_empty() { own() } else { host };
        Some((host.to_owned(), port.parse().ok()?))
    };
    let mut words = words.split(' ');
    let (verb, place) = (words.next(), words.nth(1).and_then(node));
    match (verb, place) {
        (Some("MOVED"), Some(node)) => Redirect::Moved(node),
        (Some("ASK"), Some(node)) => Redirect::Ask(node),
        _ => Redirect::Unnamed,
    }
}

fn node_index(nodes: &mut Vec<Node>, host: &str, port: u16) -> usize {
    let is = |node: &Node| node.host == host && node.port == port;
    nodes.iter().position(is).unwrap_or_else(|| {
        nodes.push(Node {
            host: host.to_owned(),
            port,
            link: None,
            pipeline: Vec::new(),
            asked: Vec::new(),
        });
        nodes.len() - 1
    })
}

/// First and last slot of a range, and host and port of the node that writes it.
fn range_of(range: &Value) -> Option<(usize, usize, String, u16)> {
    let Value::Array(parts) = range else {
        return None;
    };
    let [Value::Int(first), Value::Int(last), Value::Array(node), ..] = parts.as_slice() else {
        return None;
    };
    let host = match node.first()? {
        Value::BulkString(bytes) => String::from_utf8(bytes.clone()).ok()?,
        Value::Nil => String::new(),
        _ => return None,
    };
    let Value::Int(port) = node.get(1)? else {
        return None;
    };
    let (first, last) = (usize::try_from(*first).ok()?, usize::try_from(*last).ok()?);
    (first <= last && last < SLOTS).then_some((first, last, host, u16::try_from(*port).ok()?))
}
