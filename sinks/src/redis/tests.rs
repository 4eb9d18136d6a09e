//! Options and messages, word for word. What reaches a server is tested in `tests/it/redis`.
#![allow(clippy::unwrap_used)]

use super::RedisError;
use crate::{SinkContext, SinkError, TableSpec, build, faults};
use rookery_model::{DataType, Field};

fn spec(columns: &[(&str, DataType)], options: &[(&str, &str)]) -> TableSpec {
    let field = |(name, data_type): &(&str, DataType)| Field {
        name: (*name).to_owned(),
        data_type: data_type.clone(),
    };
    let options = [("connector", "redis"), ("host", "r1")]
        .iter()
        .chain(options);
    TableSpec {
        name: "jobs.t".to_owned(),
        table: "t".to_owned(),
        columns: columns.iter().map(field).collect(),
        primary_key: vec![0],
        options: options
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect(),
        zone: "UTC".to_owned(),
    }
}

/// The message that these options cause; empty if they are taken.
fn said(options: &[(&str, &str)]) -> String {
    let columns = [("imei", DataType::STRING), ("watt", DataType::Boolean)];
    said_of(&columns, options)
}

fn said_of(columns: &[(&str, DataType)], options: &[(&str, &str)]) -> String {
    let context = SinkContext {
        data_dir: "/nowhere".into(),
        instance: "i".to_owned(),
    };
    let error = build(&spec(columns, options), &context).err();
    error.map(|error| error.to_string()).unwrap_or_default()
}

/// The message that a host causes, from `is not` on.
fn said_of_host(host: &str, more: &[(&str, &str)]) -> String {
    let context = SinkContext {
        data_dir: "/nowhere".into(),
        instance: "i".to_owned(),
    };
    let columns = [("imei", DataType::STRING), ("watt", DataType::Boolean)];
    let mut spec = spec(&columns, more);
    spec.options[1].1 = host.to_owned();
    let error = build(&spec, &context).err().map(|error| error.to_string());
    let text = error.unwrap_or_default();
    let begin = format!("[E3025] table jobs.t: option `host` = '{host}' is not ");
    text.strip_prefix(&begin).unwrap_or(&text).to_owned()
}

#[test]
fn a_host_is_a_name_or_an_address_alone() {
    let string = [("mode", "string")];
    let port = "a name or an address alone; the port has its own option, `port`";
    assert_eq!(said_of_host("r1:6380", &string), port);
    let alone =
        "a name or an address alone; scheme, user, password and database have no place in it";
    for host in ["redis://r1", "r1/0", "me@r1"] {
        assert_eq!(said_of_host(host, &string), alone, "{host}");
    }
    for host in ["r1", "10.0.0.1", "::1", "fe80::1"] {
        assert_eq!(said_of_host(host, &string), "", "{host}");
    }
    let cluster = [("mode", "string"), ("clusterMode", "true")];
    assert_eq!(said_of_host("a:7001,b:7001", &cluster), "");
    assert_eq!(said_of_host("redis://a:7001", &cluster), alone);
}

#[test]
fn another_server_at_the_port_is_said_to_be_no_redis() {
    use std::io::{Read as _, Write as _};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    let web = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let _ = stream.read(&mut [0; 1024]).unwrap();
        stream
            .write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            .unwrap();
        // Until the other side has read it.
        let _ = stream.read(&mut [0; 1024]);
    });
    let context = SinkContext {
        data_dir: "/nowhere".into(),
        instance: "i".to_owned(),
    };
    let columns = [("imei", DataType::STRING), ("watt", DataType::Boolean)];
    let mut spec = spec(&columns, &[("mode", "string"), ("port", &port)]);
    spec.options[1].1 = "127.0.0.1".to_owned();
    let error = build(&spec, &context).unwrap().check().unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "[E3083] Redis at 127.0.0.1:{port} gave no answer: what answers there is no Redis; look at `host` \
             and `port`; a new connection is made, and what it did not take is sent again"
        )
    );
    web.join().unwrap();
}

#[test]
fn options_of_a_row_are_checked_before_anything_runs() {
    let cases: [(&[(&str, &str)], &str); 14] = [
        (&[("mode", "string"), ("ignoreDelete", "TRUE")], ""),
        (
            &[],
            "[E3024] table jobs.t: connector `redis` needs the option `mode`: string, list, set, hashmap or \
             sortedset (or give `command`, `publish` or `xadd`)",
        ),
        (
            &[("mode", "hash")],
            "[E3025] table jobs.t: option `mode` = 'hash' is not one of: string, list, set, hashmap, sortedset",
        ),
        (
            &[("mode", "hashmap")],
            "[E3025] table jobs.t: option `mode` = 'hashmap' is not possible with 2 columns; it takes 3: key, \
             field, value",
        ),
        (
            &[("mode", "string"), ("command", "INCR a:${imei}")],
            "[E3025] table jobs.t: option `mode` = 'string' is not needed beside `command`, which says all; keep \
             one of the two",
        ),
        (
            &[("command", "INCR ${imei}")],
            "[E3025] table jobs.t: option `command` = 'INCR ${imei}' is not safe: its key must begin with text of \
             its own, such as `orders:${imei}`",
        ),
        (
            &[("command", "${imei} a:b")],
            "[E3025] table jobs.t: option `command` = '${imei} a:b' is not a command whose name is written out",
        ),
        (
            &[("command", "FLUSHALL a:b")],
            "[E3025] table jobs.t: option `command` = 'FLUSHALL a:b' is not a command that writes the one key \
             after its name, such as HSET, RPUSH, INCRBY, ZADD, PUBLISH",
        ),
        (
            &[("command", "SET a:${imei} ${wat}")],
            "[E3025] table jobs.t: option `command` = 'SET a:${imei} ${wat}' is not about this table, which has no \
             column `wat`; did you mean `watt`?",
        ),
        (
            &[("command", "SET a:${imei} \"x")],
            "[E3025] table jobs.t: option `command` = 'SET a:${imei} \"x' is not a command in which each quote is \
             closed",
        ),
        (
            &[("xadd", "log"), ("maxlen", "many")],
            "[E3025] table jobs.t: option `maxlen` = 'many' is not a number of entries such as 1000, or ~1000 for \
             about so many",
        ),
        (
            &[("mode", "string"), ("maxlen", "10")],
            "[E3025] table jobs.t: option `maxlen` = '10' is not of use without `xadd`",
        ),
        (
            &[("publish", "rows"), ("ttl", "10")],
            "[E3025] table jobs.t: option `ttl` = '10' is not of use without `mode` or `command`: nothing else has \
             a key that ends",
        ),
        (
            &[("publish", "rows of ${imei}")],
            "[E3025] table jobs.t: option `publish` = 'rows of ${imei}' is not one word, such as `orders:${imei}`",
        ),
    ];
    for (options, text) in cases {
        assert_eq!(said(options), text);
    }
    let columns = ["k", "s", "m"].map(|name| (name, DataType::Boolean));
    assert_eq!(
        said_of(&columns, &[("mode", "sortedset")]),
        "[E3025] table jobs.t: option `mode` = 'sortedset' is not possible: the score, column `s`, is BOOLEAN and no \
         number; CAST it"
    );
}

#[test]
fn a_misspelt_option_is_named_beside_the_one_that_is_missing() {
    let context = SinkContext {
        data_dir: "/nowhere".into(),
        instance: "i".to_owned(),
    };
    let mut spec = spec(&[("k", DataType::STRING), ("v", DataType::STRING)], &[]);
    let option = |(key, value): (&str, &str)| (key.to_owned(), value.to_owned());
    spec.options = [
        ("connector", "redis"),
        ("hots", "r1"),
        ("mode", "string"),
        ("colour", "red"),
    ]
    .map(option)
    .to_vec();
    let said: Vec<String> = faults(&spec, &context)
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        said[0],
        "[E3023] table jobs.t: connector `redis` has no option `hots`; did you mean `host`?"
    );
    let list = "[E3023] table jobs.t: connector `redis` has no option `colour`; its options are host, port, user,";
    assert!(said[1].starts_with(list), "{}", said[1]);
    assert_eq!(
        said[2],
        "[E3024] table jobs.t: connector `redis` needs the option `host`: the server's name or address"
    );
    assert_eq!(said.len(), 3);
    // Who starts the sink hears of the misspelt one first.
    let refused = build(&spec, &context).err().unwrap();
    assert_eq!(refused.to_string(), said[0]);
    spec.options = [("connector", "redis"), ("mode", "string")]
        .map(option)
        .to_vec();
    assert_eq!(faults(&spec, &context).len(), 1);
    let refused = build(&spec, &context).err().unwrap();
    assert_eq!(refused.to_string(), said[2]);
}

#[test]
fn options_of_the_server_are_checked_before_anything_runs() {
    let with = |option: (&'static str, &'static str)| said(&[("mode", "string"), option]);
    assert_eq!(
        with(("dbnum", "-1")),
        "[E3025] table jobs.t: option `dbNum` = '-1' is not a whole number from 0 to 2147483647"
    );
    assert_eq!(
        with(("pasword", "x")),
        "[E3023] table jobs.t: connector `redis` has no option `pasword`; did you mean `password`?"
    );
    assert_eq!(
        with(("user", "x")),
        "[E3024] table jobs.t: connector `redis` needs the option `password`: that of `user`"
    );
    let cluster = |option| said(&[("mode", "string"), ("clusterMode", "true"), option]);
    assert_eq!(
        cluster(("dbNum", "1")),
        "[E3025] table jobs.t: option `dbNum` = '1' is not 0: a cluster has no other database"
    );
    assert_eq!(cluster(("port", "7001")), "");
}

#[test]
fn errors_say_what_happens_now() {
    let address = || "r1:6379".to_owned();
    let reason = || "because".to_owned();
    let cases = [
        (
            RedisError::Unreachable {
                address: address(),
                reason: reason(),
            },
            "[E3080] cannot reach Redis at r1:6379: because; it is tried again",
        ),
        (
            RedisError::Credentials {
                address: address(),
                reason: reason(),
            },
            "[E3081] Redis at r1:6379 refuses the login: because; correct `user` and `password`",
        ),
        (
            RedisError::Database {
                address: address(),
                database: 16,
                reason: reason(),
            },
            "[E3082] Redis at r1:6379 has no database 16: because; correct `dbNum`",
        ),
        (
            RedisError::Lost {
                address: address(),
                reason: reason(),
            },
            "[E3083] Redis at r1:6379 gave no answer: because; a new connection is made, and what it did not take is \
             sent again",
        ),
        (
            RedisError::Refuses {
                address: address(),
                reason: reason(),
            },
            "[E3084] Redis at r1:6379 takes no rows now: because; they wait and it is tried again",
        ),
        (
            RedisError::CursorMoved {
                address: address(),
                key: "k".to_owned(),
            },
            "[E3085] a cursor `k` at Redis r1:6379 was changed by someone else, and nothing was written; it is read \
             again (the end of an earlier connection, or another process with the same data directory)",
        ),
        (
            RedisError::CursorUnreadable {
                address: address(),
                key: "k".to_owned(),
                value: "v".to_owned(),
            },
            "[E3086] the key `k` at Redis r1:6379 holds `v`, which is no cursor; delete the key to go on after the \
             rows that were confirmed",
        ),
        (
            RedisError::UnknownCommand {
                address: address(),
                reason: "does not know the command".to_owned(),
                command: "TS.ADD".to_owned(),
            },
            "[E3087] Redis at r1:6379 does not know the command `TS.ADD`; correct `command`, or update the server",
        ),
        (
            RedisError::ClusterMode {
                address: address(),
                found: "not a cluster",
                remedy: "false",
            },
            "[E3088] Redis at r1:6379 is not a cluster; set `clusterMode` = 'false'",
        ),
        (
            RedisError::SlotUnserved {
                address: address(),
                slot: 7,
            },
            "[E3089] no node of the Redis cluster at r1:6379 serves slot 7; rows wait and it is tried again",
        ),
    ];
    for (error, text) in cases {
        let error = SinkError::from(error);
        assert_eq!(error.to_string(), text);
        assert!(text.starts_with(&format!("[{}] ", error.code())));
    }
}
