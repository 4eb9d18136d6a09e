//! When each message of a connection is intended to leave.

use std::collections::VecDeque;

use crate::percentiles::Latencies;

/// The intended send times of one connection, in nanoseconds since the run's start, and the
/// latencies from them to the acknowledgements.
///
/// With a rate they are a fixed grid that no stall of the server moves. Without one a message is
/// intended to leave when its chunk is first offered to the socket.
pub enum Pacing {
    /// Message `n` (from 0) is intended at `offset_ns + n * period_ns`.
    Grid {
        /// Intended time of the first message.
        offset_ns: f64,
        /// Time between two messages of the connection.
        period_ns: f64,
    },
    /// (Last message of a chunk, time it was offered), for chunks not wholly acknowledged.
    Offered(VecDeque<(u64, u64)>),
}

impl Pacing {
    /// The grid of connection `connection` of `connections` when all send `rate` messages a second.
    pub fn grid(rate: f64, connection: u64, connections: u64) -> Self {
        let between_ns = 1e9 / rate;
        Self::Grid {
            offset_ns: connection as f64 * between_ns,
            period_ns: connections as f64 * between_ns,
        }
    }

    /// No rate.
    pub fn offered() -> Self {
        Self::Offered(VecDeque::new())
    }

    /// How many messages of the connection are due at `now_ns`.
    pub fn due(&self, now_ns: u64) -> u64 {
        match self {
            Self::Grid {
                offset_ns,
                period_ns,
            } => {
                let past = now_ns as f64 - offset_ns;
                if past < 0.0 {
                    0
                } else {
                    (past / period_ns) as u64 + 1
                }
            }
            Self::Offered(_) => u64::MAX,
        }
    }

    /// When the message after the first `count` is due.
    pub fn due_ns(&self, count: u64) -> u64 {
        match self {
            Self::Grid {
                offset_ns,
                period_ns,
            } => (offset_ns + count as f64 * period_ns).ceil() as u64,
            Self::Offered(_) => 0,
        }
    }

    /// Notes that the messages up to `last` (from 1) were offered to the socket. A message keeps the time
    /// of its first offer.
    pub fn note_offer(&mut self, last: u64, now_ns: u64) {
        if let Self::Offered(chunks) = self
            && chunks.back().is_none_or(|&(before, _)| before < last)
        {
            chunks.push_back((last, now_ns));
        }
    }

    /// Records the latencies of the messages after `acked` up to `through` (both from 1), acknowledged
    /// at `now_ns`.
    pub fn acknowledge(
        &mut self,
        acked: u64,
        through: u64,
        now_ns: u64,
        latencies: &mut Latencies,
    ) {
        match self {
            Self::Grid {
                offset_ns,
                period_ns,
            } => {
                for number in acked..through {
                    let intended = *offset_ns + number as f64 * *period_ns;
                    latencies.record((now_ns as f64 - intended).max(0.0) as u64, 1);
                }
            }
            Self::Offered(chunks) => {
                let mut acked = acked;
                while acked < through {
                    let Some(&(last, offered_ns)) = chunks.front() else {
                        return;
                    };
                    let counted = last.min(through);
                    latencies.record(
                        now_ns.saturating_sub(offered_ns),
                        counted.saturating_sub(acked),
                    );
                    acked = acked.max(counted);
                    if last <= through {
                        chunks.pop_front();
                    }
                }
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_grid_interleaves_the_connections() {
        let second = Pacing::grid(1_000.0, 1, 4);
        assert_eq!(second.due(999_999), 0);
        assert_eq!(second.due(1_000_000), 1);
        assert_eq!(second.due(4_999_999), 1);
        assert_eq!(second.due(5_000_000), 2);
        assert_eq!(second.due_ns(0), 1_000_000);
        assert_eq!(second.due_ns(2), 9_000_000);
    }

    #[test]
    fn a_stall_counts_from_the_intended_times() {
        let mut pacing = Pacing::grid(1_000.0, 0, 1);
        let mut latencies = Latencies::new();
        // Ten messages, intended at 0 .. 9 ms, all acknowledged at 20 ms.
        pacing.acknowledge(0, 10, 20_000_000, &mut latencies);
        let percentiles = latencies.percentiles().unwrap();
        assert_eq!(
            (percentiles.p50.round(), percentiles.max.round()),
            (15.0, 20.0)
        );
    }

    #[test]
    fn chunks_are_acknowledged_in_parts() {
        let mut pacing = Pacing::offered();
        let mut latencies = Latencies::new();
        pacing.note_offer(10, 0);
        pacing.note_offer(20, 5_000_000);
        // Sent again after a reconnect: the first offer counts.
        pacing.note_offer(15, 7_000_000);
        pacing.acknowledge(0, 4, 10_000_000, &mut latencies);
        pacing.acknowledge(4, 20, 10_000_000, &mut latencies);
        let percentiles = latencies.percentiles().unwrap();
        assert_eq!(
            (percentiles.p50.round(), percentiles.max.round()),
            (5.0, 10.0)
        );
        let mut half = Latencies::new();
        std::mem::swap(&mut half, &mut latencies);
        pacing.note_offer(30, 0);
        pacing.acknowledge(20, 30, 3_000_000, &mut latencies);
        assert_eq!(latencies.percentiles().unwrap().p50.round(), 3.0);
        assert!(matches!(pacing, Pacing::Offered(chunks) if chunks.is_empty()));
    }
}
