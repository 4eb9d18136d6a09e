//! Users, passwords, databases, and what `check` says of a server that cannot be used.
#![allow(clippy::unwrap_used)]

use super::server::RedisServer;
use super::sink::{KEY_VALUE, make, start};
use std::net::TcpListener;
use std::time::{Duration, Instant};

fn check(port: u16, options: &[(&str, &str)]) -> Result<(), String> {
    let mut all = vec![("mode", "string")];
    if options.iter().any(|(key, _)| *key == "command") {
        all.clear();
    }
    all.extend(options);
    let begun = Instant::now();
    let checked = make(port, KEY_VALUE, &all).unwrap().check();
    assert!(
        begun.elapsed() < Duration::from_secs(5),
        "a check takes at most 5 s"
    );
    checked.map_err(|error| error.to_string())
}

#[test]
fn users_and_passwords_are_sent_and_a_wrong_one_is_named() {
    let server = RedisServer::with(&["--save", "", "--requirepass", "secret"]);
    let port = server.port;
    let mut admin = redis::Client::open(("127.0.0.1", port))
        .unwrap()
        .get_connection()
        .unwrap();
    redis::cmd("AUTH").arg("secret").exec(&mut admin).unwrap();
    let rules = ["rookery", "on", ">p w", "~*", "&*", "+@all"];
    redis::cmd("ACL")
        .arg("SETUSER")
        .arg(&rules)
        .exec(&mut admin)
        .unwrap();
    assert_eq!(check(port, &[("password", "secret")]), Ok(()));
    assert_eq!(
        check(port, &[("user", "rookery"), ("password", "p w")]),
        Ok(())
    );
    let wrong = "WRONGPASS invalid username-password pair or user is disabled.";
    for login in [
        &[("password", "no")][..],
        &[("user", "rookery"), ("password", "secret")],
    ] {
        assert_eq!(
            check(port, login).unwrap_err(),
            format!(
                "[E3081] Redis at 127.0.0.1:{port} refuses the login: {wrong}; correct `user` and `password`"
            )
        );
    }
    assert_eq!(
        check(port, &[]).unwrap_err(),
        format!(
            "[E3081] Redis at 127.0.0.1:{port} refuses the login: NOAUTH Authentication required.; correct \
             `user` and `password`"
        )
    );
    let options = [("mode", "string"), ("user", "rookery"), ("password", "p w")];
    let mut sink = start(port, KEY_VALUE, &options);
    sink.push_texts(&[("k", "v")]);
    sink.wait_confirmed();
    sink.stop();
    let value: String = redis::cmd("GET").arg("k").query(&mut admin).unwrap();
    assert_eq!(value, "v");
}

#[test]
fn rows_go_to_their_database_and_a_missing_one_is_named() {
    let server = RedisServer::start();
    let port = server.port;
    let mut sink = start(port, KEY_VALUE, &[("mode", "string"), ("dbNum", "9")]);
    sink.push_texts(&[("k", "v")]);
    sink.wait_confirmed();
    sink.stop();
    assert_eq!(server.ask::<u64>(&["DBSIZE"]), 0);
    let mut connection = server.connect();
    redis::cmd("SELECT").arg(9).exec(&mut connection).unwrap();
    assert_eq!(
        redis::cmd("GET")
            .arg("k")
            .query::<String>(&mut connection)
            .unwrap(),
        "v"
    );
    assert_eq!(
        check(port, &[("dbNum", "16")]).unwrap_err(),
        format!(
            "[E3082] Redis at 127.0.0.1:{port} has no database 16: ERR DB index is out of range; correct `dbNum`"
        )
    );
}

#[test]
fn a_server_that_is_not_there_or_silent_is_named() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    assert_eq!(
        check(port, &[]).unwrap_err(),
        format!(
            "[E3083] Redis at 127.0.0.1:{port} gave no answer: nothing came for 2000 ms; a new connection is \
             made, and what it did not take is sent again"
        )
    );
    drop(listener);
    assert_eq!(
        check(port, &[]).unwrap_err(),
        format!(
            "[E3080] cannot reach Redis at 127.0.0.1:{port}: Connection refused (os error 111); it is tried again"
        )
    );
}

#[test]
fn a_command_that_the_server_does_not_know_is_named() {
    let server = RedisServer::start();
    let port = server.port;
    assert_eq!(check(port, &[("command", "HSET a:${k} x ${v}")]), Ok(()));
    let said = |reason: &str, command: &str| {
        format!(
            "[E3087] Redis at 127.0.0.1:{port} {reason} `{command}`; correct `command`, or update the server"
        )
    };
    assert_eq!(
        check(port, &[("command", "ts.add a:${k} * ${v}")]).unwrap_err(),
        said("does not know the command", "TS.ADD")
    );
    assert_eq!(
        check(port, &[("command", "HSET a:${k} x")]).unwrap_err(),
        said("wants at least 3 arguments, not 2, after", "HSET")
    );
    assert_eq!(
        check(port, &[("command", "INCR a:${k} x")]).unwrap_err(),
        said("wants 1 arguments, not 2, after", "INCR")
    );
    assert_eq!(
        check(port, &[("clusterMode", "true")]).unwrap_err(),
        format!("[E3088] Redis at 127.0.0.1:{port} is not a cluster; set `clusterMode` = 'false'")
    );
}
