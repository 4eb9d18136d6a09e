//! Every configuration key once: where it stands, its default, its bounds, its unit and its meaning.
//! The reader, `rookery config default` and the table in `docs/configuration.md` all follow it.

use rookery_model::limits;

/// A key's default, which also says its type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Default {
    /// A string.
    Text(&'static str),
    /// An integer that is not negative.
    Integer(u64),
    /// `true` or `false`.
    Boolean(bool),
    /// An array of strings.
    List(&'static [&'static str]),
}

impl Default {
    /// What a message calls the type.
    pub fn type_name(self) -> &'static str {
        match self {
            Self::Text(_) => "a string",
            Self::Integer(_) => "an integer",
            Self::Boolean(_) => "true or false",
            Self::List(_) => "an array of strings",
        }
    }
}

/// What a value must satisfy beside its type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    /// Nothing more.
    None,
    /// Not the empty string.
    NotEmpty,
    /// From and to, both included.
    Range(u64, u64),
    /// The same, in multiples of a page of 4,096 bytes.
    Pages(u64, u64),
    /// One of these.
    Choice(&'static [&'static str]),
    /// `IP:PORT` on loopback.
    Loopback,
}

/// One key.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    /// The table it stands in; empty for the top of the file.
    pub section: &'static str,
    /// Its name in that table.
    pub name: &'static str,
    /// Its value where the file does not say.
    pub default: Default,
    /// What a value must satisfy.
    pub bound: Bound,
    /// The unit, or empty.
    pub unit: &'static str,
    /// What it does, in a sentence or two.
    pub meaning: &'static str,
}

impl Key {
    /// `section.name`, as messages call it.
    pub fn path(&self) -> String {
        if self.section.is_empty() {
            self.name.to_owned()
        } else {
            format!("{}.{}", self.section, self.name)
        }
    }
}

/// Sections in the order of the file, with what each is about.
pub const SECTIONS: &[(&str, &str)] = &[
    ("", ""),
    (
        "listen",
        "Where messages come in, and what a sender may do.",
    ),
    ("admin", "Metrics, health and status over HTTP."),
    ("log", "The durable log of every shard."),
    (
        "spill",
        "Files in which rows wait for a sink's target that does not take them.",
    ),
    (
        "dead_letters",
        "The built-in store of messages and rows that could not go on.",
    ),
];

/// The largest size a limit in bytes may be given: 1 TiB, far above any use, far below overflow.
const BYTES_MAX: u64 = 1 << 40;
/// The least a spill budget may be: some segments.
const SPILL_LEAST_BYTES: u64 = 4 * limits::SPILL_SEGMENT_BYTES;
/// The longest time a limit may be given: 24 hours in milliseconds.
const TIME_MAX_MS: u64 = 24 * 3600 * 1000;

/// All keys, grouped by section in the order of [`SECTIONS`].
pub const KEYS: &[Key] = &[
    Key {
        section: "",
        name: "data_dir",
        default: Default::Text("/var/lib/rookery"),
        bound: Bound::NotEmpty,
        unit: "path",
        meaning: "Logs, cursors and dead letters. Made if missing; locked while in use.",
    },
    Key {
        section: "",
        name: "shards",
        default: Default::Integer(0),
        bound: Bound::Range(0, rookery_model::SLOTS as u64),
        unit: "shards",
        meaning: "Threads that each own a log and a share of the devices. 0: one per core when the data \
                  directory is made, and what it was made with afterwards.",
    },
    Key {
        section: "",
        name: "durability",
        default: Default::Text("sync"),
        bound: Bound::Choice(&["sync", "os"]),
        unit: "",
        meaning: "\"sync\": an acknowledged message is on the disk. \"os\": it is in the page cache, so it \
                  survives a crash of the process but not a power cut.",
    },
    Key {
        section: "",
        name: "rules",
        default: Default::List(&["/etc/rookery/rules/*.sql"]),
        bound: Bound::None,
        unit: "paths",
        meaning: "Rule files; * and ? in the file name match. --rules on the command line replaces it.",
    },
    Key {
        section: "listen",
        name: "tcp",
        default: Default::Text("127.0.0.1:7710"),
        bound: Bound::Loopback,
        unit: "IP:PORT",
        meaning: "Address for newline-delimited JSON. Port 0 takes a free port and logs which.",
    },
    Key {
        section: "listen",
        name: "device_key",
        default: Default::Text("imei"),
        bound: Bound::NotEmpty,
        unit: "name",
        meaning: "The top-level key that names the device. All messages of a device stay in order.",
    },
    Key {
        section: "listen",
        name: "frame_max_bytes",
        default: Default::Integer(limits::FRAME_MAX_BYTES as u64),
        bound: Bound::Range(2 * limits::OVERSIZED_PREFIX_BYTES as u64, 8 << 20),
        unit: "bytes",
        meaning: "Longest line. A longer one becomes a dead letter, stage frame.",
    },
    Key {
        section: "listen",
        name: "connections_max",
        default: Default::Integer(limits::CONNECTIONS_MAX as u64),
        bound: Bound::Range(1, 1_000_000),
        unit: "connections",
        meaning: "Open connections of all shards; one more is closed at once.",
    },
    Key {
        section: "listen",
        name: "unacked_max_bytes",
        default: Default::Integer(limits::UNACKED_MAX_BYTES as u64),
        bound: Bound::Range(limits::FRAME_MAX_BYTES as u64, BYTES_MAX),
        unit: "bytes",
        meaning: "What one connection may have read and not yet durable; at the limit its socket is not read.",
    },
    Key {
        section: "listen",
        name: "frame_deadline_ms",
        default: Default::Integer(limits::FRAME_DEADLINE_MS),
        bound: Bound::Range(100, TIME_MAX_MS),
        unit: "milliseconds",
        meaning: "How long a started line may stay unfinished before its connection is closed.",
    },
    Key {
        section: "listen",
        name: "idle_timeout_ms",
        default: Default::Integer(limits::IDLE_TIMEOUT_MS),
        bound: Bound::Range(1000, TIME_MAX_MS),
        unit: "milliseconds",
        meaning: "How long a connection may be silent between lines before it is closed.",
    },
    Key {
        section: "listen",
        name: "forwarders_max",
        default: Default::Integer(limits::FORWARDERS_MAX as u64),
        bound: Bound::Range(1, 1_000_000),
        unit: "names",
        meaning: "Forwarder names that the data directory remembers; a new one above it is refused.",
    },
    Key {
        section: "admin",
        name: "listen",
        default: Default::Text("127.0.0.1:7711"),
        bound: Bound::Loopback,
        unit: "IP:PORT",
        meaning: "Address of /metrics, /healthz, /readyz and /api/v1/status. Port 0 takes a free port.",
    },
    Key {
        section: "log",
        name: "segment_size_bytes",
        default: Default::Integer(limits::SEGMENT_SIZE_BYTES),
        bound: Bound::Pages(
            2 * limits::SEGMENT_SIZE_MIN_BYTES,
            limits::SEGMENT_SIZE_MAX_BYTES,
        ),
        unit: "bytes",
        meaning: "Size of a log file, a multiple of 4,096. Each shard keeps the one it writes and two ready ones.",
    },
    Key {
        section: "log",
        name: "retain_hours",
        default: Default::Integer(limits::RETAIN_HOURS),
        bound: Bound::Range(0, 24 * 3660),
        unit: "hours",
        meaning: "How long log is kept after every sink confirmed it.",
    },
    Key {
        section: "log",
        name: "retain_bytes",
        default: Default::Integer(0),
        bound: Bound::Range(0, BYTES_MAX),
        unit: "bytes",
        meaning: "How much of such log is kept at most, over all shards. 0: half of the disk that is free at start.",
    },
    Key {
        section: "log",
        name: "unsafe_filesystem",
        default: Default::Boolean(false),
        bound: Bound::None,
        unit: "",
        meaning: "true allows file systems on which an acknowledged message may be lost or the process may die \
                  of a full disk: tmpfs, overlay, btrfs, zfs, nfs, fuse.",
    },
    Key {
        section: "log",
        name: "sync_backend",
        default: Default::Text("ring"),
        bound: Bound::Choice(&["ring", "thread"]),
        unit: "",
        meaning: "Who syncs: \"ring\" is io_uring; \"thread\" is a thread that calls fdatasync, slower, for kernels \
                  and tools that cannot see into a ring.",
    },
    Key {
        section: "spill",
        name: "lane_max_bytes",
        default: Default::Integer(limits::SPILL_LANE_MAX_BYTES),
        bound: Bound::Range(SPILL_LEAST_BYTES, BYTES_MAX),
        unit: "bytes",
        meaning: "Size of one lane's files (the way from one shard to one writer of a sink) at which `policy` \
                  acts; 50% and 80% of it are logged.",
    },
    Key {
        section: "spill",
        name: "max_bytes",
        default: Default::Integer(limits::SPILL_MAX_BYTES),
        bound: Bound::Range(SPILL_LEAST_BYTES, BYTES_MAX),
        unit: "bytes",
        meaning: "The same for all lanes of the data directory together.",
    },
    Key {
        section: "spill",
        name: "policy",
        default: Default::Text("block"),
        bound: Bound::Choice(&["block", "drop_oldest"]),
        unit: "",
        meaning: "What happens there: \"block\" lets the rules wait (messages go on being logged and \
                  acknowledged), \"drop_oldest\" gives up the lane's oldest rows, and counts them.",
    },
    Key {
        section: "dead_letters",
        name: "max_bytes",
        default: Default::Integer(limits::DEAD_LETTERS_MAX_BYTES),
        bound: Bound::Range(2 * limits::DEAD_LETTERS_FILE_BYTES, BYTES_MAX),
        unit: "bytes",
        meaning: "Size of data_dir/dead_letters at which its oldest files are deleted, and counted.",
    },
];

/// The key at a path.
pub fn find(section: &str, name: &str) -> Option<&'static Key> {
    KEYS.iter()
        .find(|key| key.section == section && key.name == name)
}

/// Whether the section exists.
pub fn is_section(name: &str) -> bool {
    SECTIONS
        .iter()
        .any(|(section, _)| !section.is_empty() && *section == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_unique_grouped_and_within_their_own_bounds() {
        let mut paths: Vec<String> = KEYS.iter().map(Key::path).collect();
        paths.sort();
        paths.dedup();
        assert_eq!(paths.len(), KEYS.len());
        let mut sections: Vec<&str> = KEYS.iter().map(|key| key.section).collect();
        sections.dedup();
        let declared: Vec<&str> = SECTIONS.iter().map(|(name, _)| *name).collect();
        assert_eq!(sections, declared);
        for key in KEYS {
            if let (Bound::Range(low, high) | Bound::Pages(low, high), Default::Integer(value)) =
                (key.bound, key.default)
            {
                assert!((low..=high).contains(&value), "{}", key.path());
            }
        }
    }
}
