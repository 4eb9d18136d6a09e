//! Every default limit of the appliance in one place: unit, reason, relation to the others.
//!
//! Those that an operator can raise name their configuration key; the error text that a limit causes
//! names it too.

/// `listen.frame_max_bytes`: longest line. The platform's messages are some 250 bytes, a backlog of
/// orders some KiB; above this a line is a fault of its sender.
pub const FRAME_MAX_BYTES: usize = 64 * 1024;
/// Bytes of an oversized frame that are kept in its dead letter.
pub const OVERSIZED_PREFIX_BYTES: usize = 1024;
/// Read buffer of a connection to begin with: some 500 messages a system call at full speed; untouched
/// pages of a quiet connection cost nothing. It grows only for a line that is longer.
pub const READ_BUFFER_BYTES: usize = 128 * 1024;
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
/// Reads of one connection whose lines are not all durable; at the limit its socket is not read. Far
/// more than fit in one sync's time: only a sender of single lines beside a slow disk meets it, and
/// its lines then come in larger reads.
pub const UNACKED_CHUNKS_MAX: usize = 1024;
/// How long a forwarder may leave its answers unread before its connection is closed. As long as it may
/// leave a frame unfinished.
pub const ANSWER_DEADLINE_MS: u64 = 30_000;
/// `listen.frame_deadline_ms`: how long a started frame may stay unfinished.
pub const FRAME_DEADLINE_MS: u64 = 30_000;
/// `listen.idle_timeout_ms`: how long a connection may be silent between frames.
pub const IDLE_TIMEOUT_MS: u64 = 600_000;
/// Deepest nesting of a message that is parsed.
pub const JSON_DEPTH_MAX: usize = 32;
/// Largest rule file. The users' jobs are some KiB; a file of this size still compiles in seconds.
pub const SQL_FILE_MAX_BYTES: usize = 4 * 1024 * 1024;
/// Nesting of brackets, subqueries and calls in a statement: parser and binder recurse.
pub const SQL_NESTING_MAX: usize = 64;
/// Operators in one expression (`a OR b OR ..`): a chain is as deep a tree, and its end is recursive.
pub const SQL_OPERATORS_MAX: usize = 4_096;
/// Expressions and operators of all plans of a file: views are put in wherever they are named, and a
/// few views that double each other would fill the memory.
pub const SQL_PLAN_NODES_MAX: usize = 500_000;
/// Stack that compiling a rule file may use: enough for both limits above in an unoptimised build.
pub const SQL_STACK_BYTES: usize = 64 * 1024 * 1024;
/// Findings that are reported of one file: beyond this they say the same again.
pub const SQL_DIAGNOSTICS_MAX: usize = 100;

const _: () = assert!(OVERSIZED_PREFIX_BYTES < FRAME_MAX_BYTES);
const _: () = assert!(FRAME_MAX_BYTES * 16 <= UNACKED_MAX_BYTES);
/// Bytes of rows that one lane may hold unconfirmed in memory; at the limit its shard's step waits,
/// and a lane that stays there spills. Half a second of rows at the fastest load, and small beside the
/// memory of a box.
pub const LANE_HELD_MAX_BYTES: usize = 32 * 1024 * 1024;
/// A lane's batch is cut at this many bytes: large enough that a batch's costs vanish, small enough
/// that the writer starts early.
pub const ROW_BATCH_BYTES: usize = 128 * 1024;
/// A lane's batch is cut at this many rows.
pub const ROW_BATCH_ROWS: usize = 2048;
/// Emptied batches that a lane keeps for use again: all that it may hold at its limit.
pub const LANE_SPARE_BATCHES: usize = LANE_HELD_MAX_BYTES / ROW_BATCH_BYTES;
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
/// Bytes of texts, arrays and maps that functions may make of one message for one row of a rule: some
/// sixty times the longest message, so that any array in it can be read. REPEAT, REPLACE and their like
/// could fill the memory otherwise.
pub const MADE_MAX_BYTES: usize = 4 * 1024 * 1024;
/// `batch_rows_max` of a sink: rows of one request, unless the table says otherwise.
pub const SINK_BATCH_ROWS: usize = 32_768;
/// Most rows that a table may ask for in one request.
pub const SINK_BATCH_ROWS_MAX: usize = 1_000_000;
/// `batch_bytes_max` of a sink: bytes of one request, unless the table says otherwise. Some thirty of
/// the shards' batches: beyond it a request's own cost no longer shows.
pub const SINK_BATCH_BYTES: usize = 4 * 1024 * 1024;
/// Most bytes that a table may ask for in one request: the request and what is unconfirmed before it
/// are sent again after a crash.
pub const SINK_BATCH_BYTES_MAX: usize = 32 * 1024 * 1024;
/// `linger_ms` of files and of a time-series database, unless the table says otherwise: neither shows
/// its rows at once (a file confirms, a database indexes, at intervals many times as long), and a
/// request for every few rows costs both sides more than the rows do.
pub const SINK_GATHERING_LINGER_MS: u64 = 20;
/// Longest `linger_ms` of a sink.
pub const SINK_LINGER_MAX_MS: u64 = 60_000;
/// `rotate_bytes` of a file sink: a file of this size is some minutes of the seed's load, and opens in
/// any tool.
pub const ROW_FILE_BYTES: u64 = 128 * 1024 * 1024;
/// `confirm_interval_ms` of a file sink: least time between two syncs. Shorter ones double the syncs
/// of a slow disk that the log needs; longer ones send more again after a crash.
pub const ROW_FILE_CONFIRM_INTERVAL_MS: u64 = 100;
/// Longest `confirm_interval_ms` of a sink.
pub const SINK_CONFIRM_INTERVAL_MAX_MS: u64 = 60_000;
/// `dead_letters.max_bytes`: the store's size; above it its oldest file is deleted, and counted.
pub const DEAD_LETTERS_MAX_BYTES: u64 = 1024 * 1024 * 1024;
/// Size of one file of the dead letters' store: what is deleted at a time.
pub const DEAD_LETTERS_FILE_BYTES: u64 = 16 * 1024 * 1024;

/// Dead letters that `rookery dlq retry` sends before it waits for their answers.
pub const RETRY_LETTERS: usize = 500;
/// Bytes of these: one may be larger.
pub const RETRY_BYTES: usize = 1024 * 1024;
/// Body of a request to the admin port that brings dead rows back: `RETRY_BYTES` and one row more in
/// base64, with room to spare.
pub const RETRY_BODY_BYTES: usize = 32 * 1024 * 1024;
/// How long a retried row may take to its sink's answer before its fate counts as unknown.
pub const RETRY_PATIENCE_MS: u64 = 10_000;
/// How long `rookery check --connect` gives all sinks together.
pub const CHECK_CONNECT_MS: u64 = 5_000;

const _: () = assert!(DEAD_LETTERS_FILE_BYTES * 2 <= DEAD_LETTERS_MAX_BYTES);
const _: () = assert!(SINK_BATCH_BYTES <= SINK_BATCH_BYTES_MAX);
/// `log.segment_size_bytes`: small enough that deletion is fine-grained and a scan of the last one
/// short, large enough that rotations are minutes apart.
pub const SEGMENT_SIZE_BYTES: u64 = 128 * 1024 * 1024;
/// Smallest segment: a header page and some records; for tests.
pub const SEGMENT_SIZE_MIN_BYTES: u64 = 8 * 1024;
/// Largest segment: offsets in it fit into 31 bits.
pub const SEGMENT_SIZE_MAX_BYTES: u64 = 1024 * 1024 * 1024;
/// Segments that a shard's side thread keeps ready beside the one in use. With fewer, a burst could
/// outrun the thread and stop intake although there is space.
pub const READY_SEGMENTS: usize = 2;
/// How long the side thread waits before it tries again to make a segment on a full disk: intake goes
/// on within this time of space coming back.
pub const SEGMENT_RETRY_MS: u64 = 250;
/// A commit of at most this many bytes is a small one: its journal block costs more than its data, so
/// that the pages after it are made ready in advance. Large commits pay for themselves.
pub const SMALL_COMMIT_BYTES: u64 = 16 * 1024;
/// Bytes of log that small commits make ready at once: the file system notes new blocks in its journal
/// once for all of them. More would only make that one sync longer.
pub const PREFAULT_BYTES: u64 = 64 * 1024;
/// A commit of at least this many bytes is a large one: its pages are zeroed ahead in pieces of
/// `BULK_AHEAD_BYTES`, which saves a page fault of some 5 µs each 14 messages. The piece that two
/// commits share is written twice: a tenth more bytes at this size, nothing to speak of at a megabyte.
pub const BULK_COMMIT_BYTES: u64 = 384 * 1024;
/// Bytes of log that large commits zero at once.
pub const BULK_AHEAD_BYTES: u64 = 32 * 1024;
/// Largest payload of a log record: its length has 24 bits.
pub const RECORD_MAX_BYTES: usize = (1 << 24) - 1;
/// `log.retain_hours`: log below the checkpoint is kept this long, so that yesterday can be replayed.
pub const RETAIN_HOURS: u64 = 24;

const _: () = assert!(FRAME_MAX_BYTES < RECORD_MAX_BYTES);
const _: () = assert!(SEGMENT_SIZE_MIN_BYTES <= SEGMENT_SIZE_BYTES);
const _: () = assert!(SEGMENT_SIZE_BYTES <= SEGMENT_SIZE_MAX_BYTES);
/// Rows of one request to Redis, unless the table says otherwise: its server does nothing else while it
/// runs a transaction, some 2 ms at this size, and more rows gain next to nothing.
pub const REDIS_BATCH_ROWS: usize = 2_048;
/// `connect_timeout_ms` of a Redis sink, and the longest that `check` waits for an answer: both together
/// fit into the 5 s that a check of all sinks may take.
pub const REDIS_CONNECT_TIMEOUT_MS: u64 = 2_000;
/// `answer_timeout_ms` of a Redis sink: above what a fork or a slow sync of the server's own log takes; a
/// shorter one would give up connections that are about to answer.
pub const REDIS_ANSWER_TIMEOUT_MS: u64 = 5_000;
/// Longest of both.
pub const REDIS_TIMEOUT_MAX_MS: u64 = 60_000;
/// Commands that a Redis row may be made of: its mode's, EXPIRE, PUBLISH and XADD.
pub const REDIS_ROW_COMMANDS_MAX: usize = 4;
/// Times that a Redis cluster may point a command to another node before it counts as not taken.
pub const REDIS_REDIRECTS_MAX: usize = 3;

const _: () = assert!(REDIS_BATCH_ROWS <= SINK_BATCH_ROWS);
const _: () = assert!(REDIS_CONNECT_TIMEOUT_MS * 2 < 5_000);
/// Bytes of one spill file of a lane: large enough that files are few, small enough that what is
/// drained soon gives its space back.
pub const SPILL_SEGMENT_BYTES: u64 = 16 * 1024 * 1024;
/// Bytes of rows that wait for their spill file; at the limit the shard's step waits for the disk.
pub const SPILL_WRITE_AHEAD_BYTES: usize = 8 * 1024 * 1024;
/// Bytes of rows that a draining lane reads ahead of its writer.
pub const SPILL_READ_AHEAD_BYTES: usize = 4 * 1024 * 1024;
/// How long a lane may hold all it may before it spills, us: a slower target costs the others this.
pub const LANE_FULL_GRACE_US: i64 = 100_000;
/// How long a checkpoint waits for a lane before that lane spills, us.
pub const CHECKPOINT_GRACE_US: i64 = 5_000_000;
/// `spill.lane_max_bytes`: bytes that one lane may spill.
pub const SPILL_LANE_MAX_BYTES: u64 = 4 * 1024 * 1024 * 1024;
/// `spill.max_bytes`: bytes that all lanes together may spill.
pub const SPILL_MAX_BYTES: u64 = 16 * 1024 * 1024 * 1024;
/// Most tags of a point of a time-series database: what OpenTSDB and its kin take.
pub const TSDB_TAGS_MAX: usize = 8;
/// `batchPutSize`: points of one request to a time-series database.
pub const TSDB_BATCH_POINTS: usize = 500;
/// Bytes of one request to a time-series database, unless the table says otherwise: below what any of
/// them refuses.
pub const TSDB_BATCH_BYTES: usize = 512 * 1024;
/// `connect_timeout_ms` of a time-series database.
pub const TSDB_CONNECT_TIMEOUT_MS: u64 = 3_000;
/// `request_timeout_ms` of a time-series database: above what a merge or a full queue of the target
/// takes, so that no request is given up that is about to be answered.
pub const TSDB_REQUEST_TIMEOUT_MS: u64 = 10_000;
/// How long `check` waits for a time-series database in all.
pub const TSDB_CHECK_TIMEOUT_MS: u64 = 4_000;
/// Longest timeout that a table may ask for.
pub const SINK_TIMEOUT_MAX_MS: u64 = 600_000;
/// Bytes of an answer that are read.
pub const TSDB_ANSWER_MAX_BYTES: usize = 4 * 1024 * 1024;
/// Requests that look for the point a target refuses without naming it, while nothing shows yet that
/// the target takes any point: two halvings into a full request, then a pause.
pub const TSDB_UNPROVEN_REQUESTS: usize = 32;
/// `busy_timeout_ms` of a SQLite file: how long one attempt waits for another writer.
pub const SQLITE_BUSY_TIMEOUT_MS: u64 = 2_000;
/// `rotate_interval_ms` of a file sink: as Flink's.
pub const ROW_FILE_INTERVAL_MS: u64 = 30 * 60 * 1000;
/// Longest `rotate_interval_ms`: a year.
pub const ROW_FILE_INTERVAL_MAX_MS: u64 = 366 * 24 * 3600 * 1000;
