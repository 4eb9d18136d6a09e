//! Forwarder names of the process: their indexes, generations, and who holds each name now.
//!
//! Cold: touched when a connection greets or ends, never by a message.

use crate::message::{ConnectionId, Greeted};
use crate::numbering::ForwarderId;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use thiserror::Error;

/// Why a greeting is refused.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("forwarder \"{name}\" would be one more than {limit} names")]
pub struct TooManyForwarders {
    /// The new name.
    pub name: String,
    /// The limit.
    pub limit: usize,
}

/// What a greeting became.
#[derive(Debug)]
pub struct Registered {
    /// To put on the connection's batches.
    pub greeted: Greeted,
    /// Who held the name until now; to be closed.
    pub superseded: Option<ConnectionId>,
}

#[derive(Debug)]
struct Entry {
    id: ForwarderId,
    name: Arc<str>,
    generation: u64,
    holder: Option<ConnectionId>,
}

/// Shared by all shards.
#[derive(Debug)]
pub struct Registry {
    limit: usize,
    names: Mutex<BTreeMap<String, Entry>>,
}

impl Registry {
    /// For at most `limit` names.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self {
            limit,
            names: Mutex::new(BTreeMap::new()),
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Entry>> {
        self.names.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The index of a name that a log or checkpoint knows; these are not held to the limit.
    pub fn known(&self, name: &str) -> (ForwarderId, Arc<str>) {
        let mut names = self.lock();
        let entry = Self::entry(&mut names, name);
        (entry.id, Arc::clone(&entry.name))
    }

    fn entry<'a>(names: &'a mut BTreeMap<String, Entry>, name: &str) -> &'a mut Entry {
        let next = ForwarderId(names.len() as u32);
        names.entry(name.to_owned()).or_insert_with(|| Entry {
            id: next,
            name: name.into(),
            generation: 0,
            holder: None,
        })
    }

    /// A greeting: a new generation of the name, held by this connection.
    ///
    /// # Errors
    /// The name is new and the limit is reached.
    pub fn greet(
        &self,
        name: &str,
        connection: ConnectionId,
    ) -> Result<Registered, TooManyForwarders> {
        let mut names = self.lock();
        if names.len() >= self.limit && !names.contains_key(name) {
            return Err(TooManyForwarders {
                name: name.to_owned(),
                limit: self.limit,
            });
        }
        let entry = Self::entry(&mut names, name);
        entry.generation += 1;
        let superseded = entry.holder.replace(connection);
        let greeted = Greeted {
            id: entry.id,
            name: Arc::clone(&entry.name),
            generation: entry.generation,
        };
        Ok(Registered {
            greeted,
            superseded,
        })
    }

    /// A connection ended; the name is free unless another holds it already.
    pub fn release(&self, name: &str, connection: ConnectionId) {
        if let Some(entry) = self.lock().get_mut(name)
            && entry.holder == Some(connection)
        {
            entry.holder = None;
        }
    }

    /// Names known.
    #[must_use]
    pub fn len(&self) -> usize {
        self.lock().len()
    }

    /// Whether no name is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use rookery_model::ShardId;

    fn connection(slot: u32) -> ConnectionId {
        ConnectionId {
            shard: ShardId(0),
            slot,
            serial: 0,
        }
    }

    #[test]
    fn a_second_greeting_supersedes_the_first() {
        let registry = Registry::new(2);
        let first = registry.greet("a", connection(1)).unwrap();
        assert_eq!((first.greeted.generation, first.superseded), (1, None));
        let second = registry.greet("a", connection(2)).unwrap();
        assert_eq!(second.greeted.generation, 2);
        assert_eq!(second.superseded, Some(connection(1)));
        registry.release("a", connection(1));
        let third = registry.greet("a", connection(3)).unwrap();
        assert_eq!(
            third.superseded,
            Some(connection(2)),
            "a late end frees nobody else's name"
        );
    }

    #[test]
    fn names_are_limited() {
        let registry = Registry::new(1);
        registry.greet("a", connection(1)).unwrap();
        registry.greet("a", connection(2)).unwrap();
        assert_eq!(
            registry.greet("b", connection(3)).unwrap_err().to_string(),
            "forwarder \"b\" would be one more than 1 names"
        );
    }
}
