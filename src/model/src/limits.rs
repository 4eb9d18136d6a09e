//! Every default limit of the appliance in one place: unit, reason, relation to the others.
//!
//! Those that an operator can raise name their configuration key; the error text that a limit causes
//! names it too.

/// `listen.frame_max_bytes`: longest line. The platform's messages are some 250 bytes, a backlog of
/// orders some KiB; above this a line is a fault of its sender.
pub const FRAME_MAX_BYTES: usize = 64 * 1024;
/// Bytes of an oversized frame that are kept in its dead letter.
pub const OVERSIZED_PREFIX_BYTES: usize = 1024;
/// Read buffer of a connection to begin with: some 250 messages a system call at full speed; untouched
/// pages of a quiet connection cost nothing. It grows only for a line that is longer.
pub const READ_BUFFER_BYTES: usize = 64 * 1024;
/// Longest device key, in bytes of its text form.
pub const DEVICE_KEY_MAX_BYTES: usize = 64;
/// Longest forwarder name, in bytes.
pub const FORWARDER_NAME_MAX_BYTES: usize = 64;
/// `listen.forwarders_max`: names that a data directory remembers; each costs memory on every shard.
pub const FORWARDERS_MAX: usize = 1024;
/// `listen.connections_max`: open connections of all shards.
pub const CONNECTIONS_MAX: usize = 4096;
/// `listen.unacked_max_bytes`: bytes of one connection that are read and not yet durable; at the limit
/// its socket is not read.
pub const UNACKED_MAX_BYTES: usize = 8 * 1024 * 1024;
/// `listen.frame_deadline_ms`: how long a started frame may stay unfinished.
pub const FRAME_DEADLINE_MS: u64 = 30_000;
/// `listen.idle_timeout_ms`: how long a connection may be silent between frames.
pub const IDLE_TIMEOUT_MS: u64 = 600_000;
/// Deepest nesting of a message that is parsed.
pub const JSON_DEPTH_MAX: usize = 32;

const _: () = assert!(OVERSIZED_PREFIX_BYTES < FRAME_MAX_BYTES);
const _: () = assert!(FRAME_MAX_BYTES * 16 <= UNACKED_MAX_BYTES);
/// Bytes of rows that one lane may hold unconfirmed; at the limit its shard's step waits. Some
/// seconds of rows at the fastest load, and small beside the memory of a box.
pub const LANE_HELD_MAX_BYTES: usize = 64 * 1024 * 1024;
/// A lane's batch is cut at this many bytes: large enough that a batch's costs vanish, small enough
/// that the writer starts early.
pub const ROW_BATCH_BYTES: usize = 128 * 1024;
/// A lane's batch is cut at this many rows.
pub const ROW_BATCH_ROWS: usize = 2048;
/// Emptied batches that a lane keeps for use again.
pub const LANE_SPARE_BATCHES: usize = 64;
/// Bytes of logged lines that a shard keeps in memory for its step; a step that is further behind
/// reads them from the log.
pub const STEP_QUEUE_BYTES: usize = 16 * 1024 * 1024;
/// Bytes of rows that a sink's writer has handed over and not confirmed before it confirms early,
/// whatever the confirm interval says: what a crash sends again stays small.
pub const SINK_UNCONFIRMED_MAX_BYTES: usize = 32 * 1024 * 1024;
/// Rules of a rule set: a row's identity numbers them in 16 bits.
pub const RULES_MAX: usize = 65_535;
/// Operators of one rule once its views are put in: far above what people write, below what would take
/// memory by the gigabyte when views that use a column twice are stacked.
pub const EXPRESSION_NODES_MAX: usize = 100_000;
/// Nesting of one rule's expressions once its views are put in: evaluation recurses, and a shard's
/// stack is 2 MiB.
pub const EXPRESSION_DEPTH_MAX: usize = 256;
