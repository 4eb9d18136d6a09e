//! Options of `redis`.

use super::commands::{Argument, Content, Need, Part, RowCommands, Word};
use super::template::{self, Piece};
use super::{CONNECTOR, cursor};
use crate::options::{Options, suggestion};
use crate::{Batching, SinkContext, SinkOptionError, TableSpec};
use rookery_model::limits;
use std::time::Duration;

/// The server's own port.
const PORT: u16 = 6379;
/// Most databases that a server can be told to have.
const DATABASE_MAX: i64 = i32::MAX as i64;
/// Longest time to live, in seconds: beyond it the server's milliseconds overflow.
const TTL_MAX_SECONDS: u64 = i64::MAX as u64 / 4_000;
/// The column that a template may name beside the table's own: the row's identity. In a cluster a stream's
/// entries carry it, so that a reader can tell a row that came twice.
const ROW_ID: &str = "rookery_row_id";

/// Where rows go.
#[derive(Clone, Debug)]
pub(super) struct Target {
    /// Host and port; of a cluster, those that are asked for the others.
    pub nodes: Vec<(String, u16)>,
    pub user: Option<String>,
    pub password: Option<String>,
    pub database: i64,
    pub cluster: bool,
    /// What the lanes' cursor keys begin with.
    pub cursor_prefix: String,
    pub connect_timeout: Duration,
    pub answer_timeout: Duration,
}

/// All that the connector has.
pub(crate) const KEYS: &[&str] = &[
    "host",
    "port",
    "user",
    "password",
    "dbNum",
    "clusterMode",
    "ignoreDelete",
    "cursor_prefix",
    "connect_timeout_ms",
    "answer_timeout_ms",
    "mode",
    "command",
    "ttl",
    "publish",
    "xadd",
    "maxlen",
];

/// The options, checked.
#[derive(Debug)]
pub(super) struct RedisOptions {
    pub target: Target,
    pub batching: Batching,
    pub commands: RowCommands,
}

impl RedisOptions {
    pub(super) fn read(spec: &TableSpec, context: &SinkContext) -> Result<Self, SinkOptionError> {
        let mut options = Options::new(spec, CONNECTOR, KEYS);
        let host = options.required("host", "the server's name or address")?;
        let port = options.number("port", 1, u16::MAX)?.unwrap_or(PORT);
        let user = options.text("user");
        let password = options.text("password");
        let database = options.number("dbNum", 0, DATABASE_MAX)?.unwrap_or(0);
        let cluster = options.choice("clusterMode", &["false", "true"])? == "true";
        // Rows are only ever added; the option says what becomes of others and is taken for that day.
        options.choice("ignoreDelete", &["false", "true"])?;
        let prefix = options.text("cursor_prefix").unwrap_or("rookery");
        let connect = options.number("connect_timeout_ms", 1, limits::REDIS_TIMEOUT_MAX_MS)?;
        let answer = options.number("answer_timeout_ms", 1, limits::REDIS_TIMEOUT_MAX_MS)?;
        let mut builder = Builder {
            spec,
            cluster,
            commands: RowCommands::default(),
        };
        builder.read(&mut options)?;
        let mut batching = options.batching()?;
        if options.text("batch_rows_max").is_none() {
            batching.rows_max = limits::REDIS_BATCH_ROWS;
        }
        options.finish()?;
        if cluster && database != 0 {
            let text = database.to_string();
            return Err(invalid(
                spec,
                "dbNum",
                &text,
                "0: a cluster has no other database",
            ));
        }
        let millis = |given: Option<u64>, default| Duration::from_millis(given.unwrap_or(default));
        let target = Target {
            nodes: nodes(spec, host, port, cluster)?,
            user: user.filter(|text| !text.is_empty()).map(str::to_owned),
            password: password.filter(|text| !text.is_empty()).map(str::to_owned),
            database,
            cluster,
            cursor_prefix: cursor::key_prefix(prefix, &context.instance, &spec.name),
            connect_timeout: millis(connect, limits::REDIS_CONNECT_TIMEOUT_MS),
            answer_timeout: millis(answer, limits::REDIS_ANSWER_TIMEOUT_MS),
        };
        if target.user.is_some() && target.password.is_none() {
            return Err(SinkOptionError::Missing {
                table: spec.name.clone(),
                connector: CONNECTOR,
                key: "password",
                meaning: "that of `user`",
            });
        }
        Ok(Self {
            target,
            batching,
            commands: builder.commands,
        })
    }
}

fn invalid(
    spec: &TableSpec,
    key: &'static str,
    value: &str,
    expected: impl Into<String>,
) -> SinkOptionError {
    SinkOptionError::Invalid {
        table: spec.name.clone(),
        key,
        value: value.to_owned(),
        expected: expected.into(),
    }
}

/// One node, or of a cluster several with commas between, each with a port of its own if it says so.
fn nodes(
    spec: &TableSpec,
    host: &str,
    port: u16,
    cluster: bool,
) -> Result<Vec<(String, u16)>, SinkOptionError> {
    if host.contains(['/', '@']) {
        let expected =
            "a name or an address alone; scheme, user, password and database have no place in it";
        return Err(invalid(spec, "host", host, expected));
    }
    if !cluster {
        // An address of IPv6 has more than one colon.
        let expected = match (host.contains(','), host.matches(':').count()) {
            (true, _) => "one host; several need `clusterMode` = 'true'",
            (false, 1) => "a name or an address alone; the port has its own option, `port`",
            (false, _) => return Ok(vec![(host.trim().to_owned(), port)]),
        };
        return Err(invalid(spec, "host", host, expected));
    }
    let node = |text: &str| match text.trim().rsplit_once(':') {
        Some((host, own)) if !host.is_empty() && !host.contains(':') => Some((
            host.to_owned(),
            own.parse::<u16>().ok().filter(|own| *own > 0)?,
        )),
        _ if text.trim().is_empty() => None,
        _ => Some((text.trim().to_owned(), port)),
    };
    let nodes: Option<Vec<_>> = host.split(',').map(node).collect();
    nodes.ok_or_else(|| {
        invalid(
            spec,
            "host",
            host,
            "a list of hosts such as `a:7001,b:7001`",
        )
    })
}

/// Makes a row's commands of the options that describe them.
struct Builder<'a> {
    spec: &'a TableSpec,
    cluster: bool,
    commands: RowCommands,
}

/// The modes, their columns, and what the arguments after the key are.
const MODES: [(&str, &str, &[Need]); 5] = [
    ("string", "SET", &[Need::Nothing]),
    ("list", "LPUSH", &[Need::Nothing]),
    ("set", "SADD", &[Need::Value("member")]),
    ("hashmap", "HMSET", &[Need::Value("field"), Need::Nothing]),
    ("sortedset", "ZADD", &[Need::Score, Need::Value("member")]),
];

const KEY: Need = Need::Value("key");

impl<'a> Builder<'a> {
    fn read(&mut self, options: &mut Options<'a>) -> Result<(), SinkOptionError> {
        let mode = options.text("mode");
        let command = options.text("command");
        let ttl = options.number("ttl", 1, TTL_MAX_SECONDS)?;
        let publish = options.text("publish");
        let xadd = options.text("xadd");
        let maxlen = options.text("maxlen");
        match (mode, command) {
            (Some(mode), Some(_)) => {
                let expected = "needed beside `command`, which says all; keep one of the two";
                return Err(invalid(self.spec, "mode", mode, expected));
            }
            (Some(mode), None) => self.mode(mode, ttl)?,
            (None, Some(command)) => self.template(command, ttl)?,
            (None, None) if publish.is_none() && xadd.is_none() => {
                return Err(SinkOptionError::Missing {
                    table: self.spec.name.clone(),
                    connector: CONNECTOR,
                    key: "mode",
                    meaning: "string, list, set, hashmap or sortedset (or give `command`, `publish` or `xadd`)",
                });
            }
            (None, None) => {
                if let Some(ttl) = ttl {
                    let expected =
                        "of use without `mode` or `command`: nothing else has a key that ends";
                    return Err(invalid(self.spec, "ttl", &ttl.to_string(), expected));
                }
            }
        }
        if let Some(channel) = publish {
            let channel = self.key("publish", channel, Need::Value("channel"))?;
            let json = Word::Differs(Argument {
                content: Content::RowJson,
                need: Need::Nothing,
            });
            self.commands.push(&[Word::same("PUBLISH"), channel, json]);
        }
        match (xadd, maxlen) {
            (Some(stream), _) => self.xadd(stream, maxlen)?,
            (None, Some(maxlen)) => {
                return Err(invalid(
                    self.spec,
                    "maxlen",
                    maxlen,
                    "of use without `xadd`",
                ));
            }
            (None, None) => {}
        }
        assert!(self.commands.per_row() <= limits::REDIS_ROW_COMMANDS_MAX);
        Ok(())
    }

    fn mode(&mut self, text: &str, ttl: Option<u64>) -> Result<(), SinkOptionError> {
        let is = |(name, ..): &&(&str, _, _)| name.eq_ignore_ascii_case(text.trim());
        let Some((name, command, needs)) = MODES.iter().find(is) else {
            let expected = "one of: string, list, set, hashmap, sortedset";
            return Err(invalid(self.spec, "mode", text, expected));
        };
        let columns = &self.spec.columns;
        if columns.len() != needs.len() + 1 {
            let expected = format!(
                "possible with {} columns; it takes {}: {}",
                columns.len(),
                needs.len() + 1,
                match *name {
                    "hashmap" => "key, field, value",
                    "sortedset" => "key, score, member",
                    "set" => "key, member",
                    _ => "key, value",
                }
            );
            return Err(invalid(self.spec, "mode", text, expected));
        }
        if *name == "sortedset" {
            let score = &columns[1];
            if !score.data_type.is_numeric() && !score.data_type.is_string() {
                let expected = format!(
                    "possible: the score, column `{}`, is {} and no number; CAST it",
                    score.name, score.data_type
                );
                return Err(invalid(self.spec, "mode", text, expected));
            }
        }
        let mut words = vec![Word::same(*command), Word::column(0, KEY)];
        let arguments = needs.iter().enumerate();
        words.extend(arguments.map(|(index, need)| Word::column(index + 1, *need)));
        match (*name, ttl) {
            ("string", Some(ttl)) => {
                words.extend([Word::same("EX"), Word::same(ttl.to_string())]);
                self.commands.push(&words);
            }
            _ => {
                self.commands.push(&words);
                self.expire(Word::column(0, KEY), ttl);
            }
        }
        Ok(())
    }

    fn expire(&mut self, key: Word, ttl: Option<u64>) {
        if let Some(ttl) = ttl {
            let ttl = Word::same(ttl.to_string());
            self.commands.push(&[Word::same("EXPIRE"), key, ttl]);
        }
    }

    fn template(&mut self, text: &'a str, ttl: Option<u64>) -> Result<(), SinkOptionError> {
        let wrong = |expected: &str| invalid(self.spec, "command", text, expected);
        let words = template::words(text).map_err(wrong)?;
        let [name, key, arguments @ ..] = words.as_slice() else {
            return Err(wrong(
                "a command and its key, such as `INCR orders:${imei}`",
            ));
        };
        let [Piece::Text(name)] = name.as_slice() else {
            return Err(wrong("a command whose name is written out"));
        };
        if !template::is_allowed(name, words.len()) {
            return Err(wrong(
                "a command that writes the one key after its name, such as HSET, RPUSH, INCRBY, ZADD, PUBLISH",
            ));
        }
        let mut packed = vec![
            Word::same(name.as_str()),
            self.prefixed("command", text, key, KEY)?,
        ];
        for argument in arguments {
            packed.push(self.word("command", text, argument, Need::Nothing)?);
        }
        let key = packed[1].clone();
        self.commands.push_template(name, &packed);
        self.expire(key, ttl);
        Ok(())
    }

    fn xadd(&mut self, stream: &str, maxlen: Option<&str>) -> Result<(), SinkOptionError> {
        let mut words = vec![
            Word::same("XADD"),
            self.key("xadd", stream, Need::Value("stream"))?,
        ];
        if let Some(text) = maxlen {
            let (about, digits) = match text.trim().strip_prefix('~') {
                Some(digits) => (true, digits.trim()),
                None => (false, text.trim()),
            };
            let Ok(entries) = digits.parse::<u32>() else {
                let expected = "a number of entries such as 1000, or ~1000 for about so many";
                return Err(invalid(self.spec, "maxlen", text, expected));
            };
            words.push(Word::same("MAXLEN"));
            words.extend(about.then(|| Word::same("~")));
            words.push(Word::same(entries.to_string()));
        }
        words.push(Word::same("*"));
        for (index, column) in self.spec.columns.iter().enumerate() {
            words.push(Word::same(column.name.as_str()));
            words.push(Word::column(index, Need::Nothing));
        }
        if self.cluster || self.spec.columns.is_empty() {
            words.push(Word::same(ROW_ID));
            words.push(Word::Differs(Argument {
                content: Content::RowId,
                need: Need::Nothing,
            }));
        }
        self.commands.push(&words);
        Ok(())
    }

    /// A key of one word.
    fn key(&self, option: &'static str, text: &str, need: Need) -> Result<Word, SinkOptionError> {
        let words = template::words(text).map_err(|e| invalid(self.spec, option, text, e))?;
        match words.as_slice() {
            [word] => self.prefixed(option, text, word, need),
            _ => Err(invalid(
                self.spec,
                option,
                text,
                "one word, such as `orders:${imei}`",
            )),
        }
    }

    /// A word that begins with literal text: whatever a row holds, its keys stay apart from all others.
    fn prefixed(
        &self,
        option: &'static str,
        text: &str,
        word: &[Piece],
        need: Need,
    ) -> Result<Word, SinkOptionError> {
        match word.first() {
            Some(Piece::Text(_)) => self.word(option, text, word, need),
            _ => Err(invalid(
                self.spec,
                option,
                text,
                "safe: its key must begin with text of its own, such as `orders:${imei}`",
            )),
        }
    }

    fn word(
        &self,
        option: &'static str,
        text: &str,
        word: &[Piece],
        need: Need,
    ) -> Result<Word, SinkOptionError> {
        if let [] | [Piece::Text(_)] = word {
            let same = word.first().map_or("", |piece| match piece {
                Piece::Text(text) | Piece::Column(text) => text.as_str(),
            });
            return Ok(Word::same(same));
        }
        let mut parts = Vec::new();
        for piece in word {
            parts.push(match piece {
                Piece::Text(text) => Part::Text(text.clone().into_bytes()),
                Piece::Column(name) => self.column(option, text, name)?,
            });
        }
        let content = match parts.as_slice() {
            [Part::Column(index)] => Content::Column(*index),
            _ => Content::Joined(parts),
        };
        Ok(Word::Differs(Argument { content, need }))
    }

    fn column(
        &self,
        option: &'static str,
        text: &str,
        name: &str,
    ) -> Result<Part, SinkOptionError> {
        let columns = &self.spec.columns;
        match columns.iter().position(|column| column.name == name) {
            Some(index) => Ok(Part::Column(index)),
            None if name == ROW_ID => Ok(Part::RowId),
            None => {
                let names: Vec<_> = columns.iter().map(|column| column.name.as_str()).collect();
                let near = suggestion(name, &names, "its columns are");
                let expected = format!("about this table, which has no column `{name}`{near}");
                Err(invalid(self.spec, option, text, expected))
            }
        }
    }
}
