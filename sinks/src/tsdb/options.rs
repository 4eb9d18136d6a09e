//! Options of `hitsdb` and `opentsdb`, by the names that users of Alibaba's TSDB know.

use super::Dialect;
use crate::options::Options;
use crate::{Batching, SinkOptionError, TableSpec};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rookery_model::limits;
use std::time::Duration;

/// All that the connectors have. The last are taken and without effect: there is one connection with one
/// request at a time, so that points keep their order, and requests are tried again for ever.
pub(crate) const KEYS: &[&str] = &[
    "host",
    "port",
    "endpoint",
    "path",
    "user",
    "username",
    "password",
    "httpCompress",
    "batchPutSize",
    "batchPutTimeLimit",
    "httpConnectTimeout",
    "connect_timeout_ms",
    "request_timeout_ms",
    "batchPutRetryCount",
    "batchPutBufferSize",
    "batchPutConsumerThreadCount",
    "httpConnectionPool",
    "ioThreadCount",
    "virtualDomainSwitch",
    "ignoreWriteError",
];
/// How many of them have no effect.
const WITHOUT_EFFECT: usize = 7;

/// The options, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct TsdbOptions {
    pub host: String,
    pub port: u16,
    /// Path and query of every request.
    pub target: String,
    /// `Basic ..`.
    pub authorization: Option<String>,
    pub compress: bool,
    pub points_max: usize,
    pub connect_timeout: Duration,
    pub request_timeout: Duration,
    pub batching: Batching,
}

impl TsdbOptions {
    pub(super) fn read(
        spec: &TableSpec,
        dialect: Dialect,
        multi: bool,
    ) -> Result<Self, SinkOptionError> {
        let mut options = Options::new(spec, dialect.connector(), KEYS);
        let place = Place::read(spec, &mut options, dialect)?;
        let path = options.text("path");
        let user = one_of(spec, &mut options, "user", "username")?;
        let password = options.text("password");
        let compress = options.choice("httpCompress", &["false", "true"])? == "true";
        let points = options.number("batchPutSize", 1, limits::SINK_BATCH_ROWS_MAX)?;
        let time_limit = options.millis("batchPutTimeLimit", limits::SINK_LINGER_MAX_MS)?;
        let seconds =
            options.number("httpConnectTimeout", 0, limits::SINK_TIMEOUT_MAX_MS / 1000)?;
        let connect = options.millis("connect_timeout_ms", limits::SINK_TIMEOUT_MAX_MS)?;
        let request = options.millis("request_timeout_ms", limits::SINK_TIMEOUT_MAX_MS)?;
        for key in &KEYS[KEYS.len() - WITHOUT_EFFECT..] {
            options.text(key);
        }
        let rows_given = options.text("batch_rows_max").is_some();
        let bytes_given = options.text("batch_bytes_max").is_some();
        let linger_given = options.text("linger_ms").is_some();
        let mut batching = options.gathering(limits::SINK_GATHERING_LINGER_MS)?;
        options.finish()?;
        let twice = |given: bool, one: &str, other: &str| match given {
            true => Err(repeated(spec, one, other)),
            false => Ok(()),
        };
        twice(
            points.is_some() && rows_given,
            "batchPutSize",
            "batch_rows_max",
        )?;
        twice(
            time_limit.is_some() && linger_given,
            "batchPutTimeLimit",
            "linger_ms",
        )?;
        let both_timeouts = seconds.is_some() && connect.is_some();
        twice(both_timeouts, "httpConnectTimeout", "connect_timeout_ms")?;
        twice(path.is_some() && place.path.is_some(), "path", "endpoint")?;
        if !rows_given {
            batching.rows_max = points.unwrap_or(limits::TSDB_BATCH_POINTS);
        }
        if !bytes_given {
            batching.bytes_max = limits::TSDB_BATCH_BYTES;
        }
        batching.linger = time_limit.unwrap_or(batching.linger);
        let or = |given: Option<Duration>, default_ms: u64| match given {
            Some(given) if !given.is_zero() => given,
            _ => Duration::from_millis(default_ms),
        };
        if password.is_some() && user.is_none() {
            return Err(SinkOptionError::Missing {
                table: spec.name.clone(),
                connector: dialect.connector(),
                key: "user",
                meaning: "whose `password` it is",
            });
        }
        let path = path.map(str::to_owned).or(place.path);
        let connect = connect.or(seconds.map(Duration::from_secs));
        Ok(Self {
            host: place.host,
            port: place.port,
            target: target(spec, dialect, path.as_deref(), multi)?,
            authorization: user.map(|user| basic(user, password.unwrap_or_default())),
            compress,
            points_max: batching.rows_max,
            connect_timeout: or(connect, limits::TSDB_CONNECT_TIMEOUT_MS),
            request_timeout: or(request, limits::TSDB_REQUEST_TIMEOUT_MS),
            batching,
        })
    }
}

/// Where the target is.
struct Place {
    host: String,
    port: u16,
    path: Option<String>,
}

impl Place {
    fn read(
        spec: &TableSpec,
        options: &mut Options<'_>,
        dialect: Dialect,
    ) -> Result<Self, SinkOptionError> {
        let default_port = match dialect {
            Dialect::Hitsdb => 8242,
            Dialect::OpenTsdb => 4242,
        };
        let port = options.number::<u16>("port", 1, u16::MAX)?;
        let endpoint = options.text("endpoint");
        let Some(endpoint) = endpoint else {
            let host = options.required("host", "the name or address of the database's machine")?;
            let bare = host.trim().trim_start_matches('[').trim_end_matches(']');
            if bare.contains(['/', ' ', '@']) {
                return Err(invalid(
                    spec,
                    "host",
                    host,
                    "a name or an address, without a scheme",
                ));
            }
            return Ok(Self {
                host: bare.to_owned(),
                port: port.unwrap_or(default_port),
                path: None,
            });
        };
        if options.text("host").is_some() || port.is_some() {
            return Err(repeated(spec, "endpoint", "host` or `port"));
        }
        parse_endpoint(endpoint, default_port).ok_or_else(|| {
            let expected = "a place such as http://tsdb.example:4242 (without TLS, user or query)";
            invalid(spec, "endpoint", endpoint, expected)
        })
    }
}

fn parse_endpoint(text: &str, default_port: u16) -> Option<Place> {
    let text = text.trim();
    let rest = text.strip_prefix("http://").unwrap_or(text);
    let (authority, path) = match rest.find('/') {
        Some(at) => (&rest[..at], Some(&rest[at..])),
        None => (rest, None),
    };
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => {
            let (host, after) = rest.split_once(']')?;
            (host, after.strip_prefix(':'))
        }
        None => match authority.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        },
    };
    let sound = !host.is_empty() && !rest.contains("://") && !rest.contains(['@', '?', '#', ' ']);
    let port = match port {
        Some(port) => port.parse().ok().filter(|&port| port != 0)?,
        None => default_port,
    };
    sound.then(|| Place {
        host: host.to_owned(),
        port,
        path: path.filter(|path| *path != "/").map(str::to_owned),
    })
}

/// Path and query: `/api/put` or what the table says, and the word that asks for a verdict on each point.
fn target(
    spec: &TableSpec,
    dialect: Dialect,
    path: Option<&str>,
    multi: bool,
) -> Result<String, SinkOptionError> {
    let path = path.unwrap_or(match multi {
        true => "/api/mput",
        false => "/api/put",
    });
    let graphic = path
        .bytes()
        .all(|byte| byte.is_ascii_graphic() && byte != b'#');
    if !path.starts_with('/') || !graphic {
        let expected = "the path of a request, such as /opentsdb/v1/put/json/db";
        return Err(invalid(spec, "path", path, expected));
    }
    let joint = if path.contains('?') { '&' } else { '?' };
    let word = match dialect {
        Dialect::Hitsdb => "ignoreErrors=true",
        Dialect::OpenTsdb => "details",
    };
    Ok(format!("{path}{joint}{word}"))
}

fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))
}

fn one_of<'a>(
    spec: &TableSpec,
    options: &mut Options<'a>,
    one: &'static str,
    other: &'static str,
) -> Result<Option<&'a str>, SinkOptionError> {
    match (options.text(one), options.text(other)) {
        (Some(_), Some(_)) => Err(repeated(spec, one, other)),
        (first, second) => Ok(first.or(second)),
    }
}

fn repeated(spec: &TableSpec, one: &str, other: &str) -> SinkOptionError {
    SinkOptionError::Repeated {
        table: spec.name.clone(),
        key: format!("{one}` and `{other}"),
    }
}

fn invalid(spec: &TableSpec, key: &'static str, value: &str, expected: &str) -> SinkOptionError {
    SinkOptionError::Invalid {
        table: spec.name.clone(),
        key,
        value: value.to_owned(),
        expected: expected.to_owned(),
    }
}
