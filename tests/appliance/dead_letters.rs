//! `rookery dlq`: dead letters of a running and a stopped server, listed, explained, sent again, removed.

use crate::{installation, sorted_ids, wait_for_rows};
use rookery_tests::{Client, Finished, Installation, Server, eventually, message, run};
use serde_json::{Value, json};

fn dlq(installation: &Installation, arguments: &[&str]) -> Finished {
    let dir = installation.data().display().to_string();
    let mut all = vec!["dlq", arguments[0], &dir];
    all.extend(&arguments[1..]);
    run(&all)
}

fn listed(installation: &Installation, filters: &[&str]) -> Vec<Value> {
    let mut all = vec!["ls", "--json"];
    all.extend(filters);
    let finished = dlq(installation, &all);
    assert_eq!(finished.code, 0, "{finished:?}");
    finished.rows()
}

/// Sends lines of a forwarder and waits until they made so many dead letters.
fn send(server: &Server, installation: &Installation, lines: &[&[u8]], letters: usize) {
    let (mut client, resume, _) = Client::greet(server.tcp, "tester");
    for line in lines {
        client.send_bytes(line);
        client.send_bytes(b"\n");
    }
    client.wait_for_ack(resume + lines.len() as u64);
    eventually("all dead letters", || {
        installation.dead_letters().len() >= letters
    });
}

/// A broken message of device A, one of device B, one without a device, one too long.
fn four_letters(installation: &Installation) -> Server {
    let server = Server::start(installation);
    let long = vec![b'x'; 70_000];
    let lines: [&[u8]; 4] = [
        br#"{"imei":"A","x":}"#,
        br#"{"imei":"B","x":"\q"}"#,
        b"no \x1b[31m device",
        &long,
    ];
    send(&server, installation, &lines, 4);
    server
}

#[test]
fn letters_are_listed_filtered_and_shown_while_the_server_runs_and_afterwards() {
    let installation = installation();
    let server = four_letters(&installation);
    let all = listed(&installation, &[]);
    assert_eq!(all.len(), 4);
    let mut ids: Vec<&str> = all.iter().map(|l| l["id"].as_str().unwrap()).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 4, "each has an id of its own");
    assert!(all.iter().all(|letter| letter["state"] == "waiting"));
    let count = |filters: &[&str]| listed(&installation, filters).len();
    assert_eq!(count(&["--stage", "parse"]), 2);
    assert_eq!(count(&["--stage", "route", "--stage", "frame"]), 2);
    assert_eq!(count(&["--device", "B"]), 1);
    assert_eq!(count(&["--device", "C"]), 0);
    assert_eq!(count(&["--code", "E1001"]), 1);
    assert_eq!(count(&["--from", "1h"]), 4);
    assert_eq!(count(&["--to", "1h"]), 0);
    assert_eq!(
        count(&["--from", "2020-01-01", "--to", "2099-12-31 23:59"]),
        4
    );
    assert_eq!(count(&["--rule", "job.orders"]), 0);

    let table = dlq(&installation, &["ls"]).stdout;
    assert_eq!(table.lines().count(), 5, "{table}");
    assert!(table.starts_with("ID "), "{table}");
    assert!(!table.contains('\x1b'), "{table:?}");
    let two = dlq(&installation, &["ls", "--limit", "2"]);
    assert_eq!(two.stdout.lines().count(), 3);
    assert!(two.stderr.contains("2 letters before them"), "{two:?}");
    let counts = dlq(&installation, &["ls", "--counts"]).stdout;
    assert!(
        counts.contains("2      parse") && counts.ends_with("4 letters\n"),
        "{counts}"
    );

    let of_b = &listed(&installation, &["--device", "B"])[0];
    let id = of_b["id"].as_str().unwrap();
    let shown = dlq(&installation, &["show", id]);
    for part in [
        id,
        "parse",
        "tester",
        r#"{"imei":"B","x":"\q"}"#,
        "as a new message",
    ] {
        assert!(shown.stdout.contains(part), "{part}: {shown:?}");
    }
    let while_it_ran = dlq(&installation, &["show", id, "--json"]).rows();
    assert_eq!(while_it_ran[0], *of_b);
    assert_eq!(server.stop().code, 0);
    assert_eq!(listed(&installation, &[]), all);
    let _server = Server::start(&installation);
    assert_eq!(listed(&installation, &[]), all, "ids outlive a restart");
}

#[test]
fn a_retried_message_is_a_new_message_and_not_sent_twice_by_accident() {
    let installation = installation();
    let server = Server::start(&installation);
    let lines: [&[u8]; 2] = [br#"{"id":"1","serial":"A"}"#, br#"{"id":"2","imei":"A"}"#];
    send(&server, &installation, &lines, 1);
    wait_for_rows(&installation, "everything", 1);
    let letter = listed(&installation, &["--stage", "route"]).remove(0);
    assert_eq!(letter["device"], Value::Null, "{letter}");
    let id = letter["id"].as_str().unwrap();
    assert_eq!(server.stop().code, 0);

    // The cause is mended: this installation's devices are named by another key.
    let installation = installation.with_listen("device_key = \"serial\"");
    let server = Server::start(&installation);
    let dry = dlq(&installation, &["retry", id, "--dry-run"]);
    assert_eq!(
        (dry.code, dry.stdout.as_str()),
        (0, "1 letter would be sent\n")
    );
    assert_eq!(installation.rows("everything").len(), 1);
    let retried = dlq(&installation, &["retry", id]);
    assert_eq!(
        (retried.code, retried.stdout.as_str()),
        (0, "1 letter retried\n"),
        "{retried:?}"
    );
    wait_for_rows(&installation, "everything", 2);
    assert_eq!(sorted_ids(&installation, "everything"), ["1", "2"]);

    assert!(listed(&installation, &[]).is_empty(), "it is done with");
    let marked = listed(&installation, &["--all"]).remove(0);
    assert_eq!(
        (&marked["id"], &marked["state"]),
        (&letter["id"], &json!("retried"))
    );
    let twice = dlq(&installation, &["retry", id]);
    assert_eq!(twice.code, 1, "{twice:?}");
    assert!(twice.stderr.contains("--again"), "{twice:?}");
    let nothing = dlq(&installation, &["retry", "--everything"]);
    assert_eq!(
        (nothing.code, nothing.stdout.as_str()),
        (0, "no letter to retry\n")
    );
    assert_eq!(installation.rows("everything").len(), 2);
    let again = dlq(&installation, &["retry", id, "--again"]);
    assert_eq!(again.code, 0, "{again:?}");
    wait_for_rows(&installation, "everything", 3);
    assert_eq!(server.status()["forwarders"], 2, "tester and dlq-retry");
}

#[test]
fn many_letters_are_retried_in_order_and_what_fails_again_is_a_new_letter() {
    let installation = installation();
    let server = Server::start(&installation);
    let lines: Vec<String> = (0..1200)
        .map(|number| format!("{{\"imei\":\"A\",\"x\":{number},}}"))
        .collect();
    let bytes: Vec<&[u8]> = lines.iter().map(String::as_bytes).collect();
    send(&server, &installation, &bytes, 1200);
    let limited = dlq(
        &installation,
        &["retry", "--stage", "parse", "--limit", "10"],
    );
    assert_eq!(
        (limited.code, limited.stdout.as_str()),
        (0, "10 letters retried\n"),
        "{limited:?}"
    );
    eventually("ten new letters", || {
        installation.dead_letters().len() == 1210
    });
    let rest = dlq(
        &installation,
        &["retry", "--device", "A", "--to", "2099-01-01"],
    );
    assert_eq!(
        (rest.code, rest.stdout.as_str()),
        (0, "1,200 letters retried\n"),
        "{rest:?}"
    );
    eventually("a letter for each", || {
        installation.dead_letters().len() == 2410
    });
    let open = listed(&installation, &[]);
    assert_eq!(open.len(), 1200);
    assert!(
        open.iter().all(|letter| letter["forwarder"] == "dlq-retry"),
        "{:?}",
        open[0]
    );
    let raws: Vec<&str> = open
        .iter()
        .map(|letter| letter["raw"].as_str().unwrap())
        .collect();
    let expected: Vec<&str> = lines[10..]
        .iter()
        .chain(&lines[..10])
        .map(String::as_str)
        .collect();
    assert_eq!(raws, expected);
}

#[test]
fn what_cannot_be_sent_again_says_why() {
    let installation = installation();
    let server = four_letters(&installation);
    let finished = dlq(&installation, &["retry", "--stage", "frame"]);
    assert_eq!(finished.code, 1);
    assert_eq!(finished.stdout, "1 letter cannot be retried\n");
    assert!(finished.stderr.contains("1,024 bytes"), "{finished:?}");
    assert_eq!(server.stop().code, 0);
    let stopped = dlq(&installation, &["retry", "--everything"]);
    assert_eq!(stopped.code, 74, "{stopped:?}");
    assert!(
        stopped.stderr.contains("E5008") && stopped.stderr.contains("rookery run"),
        "{stopped:?}"
    );
    // Another server under the same name of an admin port.
    let other = self::installation();
    let stranger = Server::start(&other);
    let admin = stranger.admin.to_string();
    let wrong = dlq(&installation, &["retry", "--everything", "--admin", &admin]);
    assert_eq!(wrong.code, 74, "{wrong:?}");
    let theirs = other.data().canonicalize().unwrap().display().to_string();
    assert!(
        wrong.stderr.contains("E5009") && wrong.stderr.contains(&theirs),
        "{wrong:?}"
    );
    assert_eq!(listed(&installation, &[]).len(), 4, "nothing is marked");
    assert_eq!(stranger.status()["messages"], 0);
}

#[test]
fn purged_letters_are_gone_and_the_server_goes_on() {
    let installation = installation();
    let server = four_letters(&installation);
    let dry = dlq(&installation, &["purge", "--stage", "parse", "--dry-run"]);
    assert_eq!(
        (dry.code, dry.stdout.as_str()),
        (0, "2 letters would be purged\n")
    );
    assert_eq!(listed(&installation, &[]).len(), 4);
    let purged = dlq(&installation, &["purge", "--stage", "parse"]);
    assert_eq!(
        (purged.code, purged.stdout.as_str()),
        (0, "2 letters purged\n"),
        "{purged:?}"
    );
    let left = listed(&installation, &["--all"]);
    assert_eq!(left.len(), 2);
    let id = left[0]["id"].as_str().unwrap();
    assert_eq!(
        dlq(&installation, &["purge", id, "9-9-9-9"]).code,
        1,
        "one is not there"
    );
    assert_eq!(listed(&installation, &[]).len(), 1);
    let gone = dlq(&installation, &["show", id]);
    assert!(gone.code == 1 && gone.stderr.contains("E5003"), "{gone:?}");
    send(&server, &installation, &[b"another"], 5);
    assert_eq!(listed(&installation, &[]).len(), 2);
    assert_eq!(server.kill().code, 137);
    let _server = Server::start(&installation);
    // The kill may have cut the last letter off its file; the replay brings it back, and no other.
    eventually("the letters that were there", || {
        listed(&installation, &["--all"]).len() == 2
    });
    let all = dlq(&installation, &["purge", "--everything"]);
    assert_eq!(all.stdout, "2 letters purged\n");
    assert!(listed(&installation, &["--all"]).is_empty());
}

#[test]
fn mistakes_on_the_command_line_are_told() {
    let installation = installation();
    let server = four_letters(&installation);
    let cases: [(&[&str], i32, &str); 9] = [
        (&["ls", "--from", "noon"], 2, "E5002"),
        (&["ls", "--stage", "prase"], 2, "parse"),
        (&["show", "1-2-3-4"], 1, "E5003"),
        (&["retry"], 2, "E5005"),
        (&["retry", "1-2-3-4", "--stage", "parse"], 2, "E5006"),
        (&["retry", "1-2-3-4", "--everything"], 2, "E5006"),
        (&["retry", "1-2-3-4"], 1, "E5003"),
        (&["purge"], 2, "E5005"),
        (&["purge", "--admin", "x"], 2, "--admin"),
    ];
    for (arguments, code, part) in cases {
        let finished = dlq(&installation, arguments);
        assert_eq!(finished.code, code, "{arguments:?} {finished:?}");
        assert!(finished.stderr.contains(part), "{arguments:?} {finished:?}");
    }
    let folder = installation.path().display().to_string();
    let finished = run(&["dlq", "ls", &folder]);
    assert!(
        finished.code == 2 && finished.stderr.contains("E5001"),
        "{finished:?}"
    );
    for command in ["ls", "show", "retry", "purge"] {
        let help = run(&["dlq", command, "--help"]);
        assert!(
            help.code == 0 && help.stdout.contains("data directory"),
            "{help:?}"
        );
    }
    assert_eq!(listed(&installation, &[]).len(), 4, "nothing was changed");
    drop(server);
    let empty = self::installation();
    drop(Server::start(&empty));
    assert_eq!(dlq(&empty, &["ls"]).stdout, "no letter\n");
    assert_eq!(
        dlq(&empty, &["purge", "--everything"]).stdout,
        "0 letters purged\n"
    );
}

#[test]
fn a_message_of_a_letter_is_the_message_that_was_sent() {
    // Bytes that are no text, and text in which quotes and escapes stand.
    let installation = installation();
    let server = Server::start(&installation);
    let lines: [&[u8]; 2] = [
        b"{\"imei\":\"A\",\"x\":\"\xff\xfe\"}",
        "{\"imei\":\"A\",\"x\":\"\\\"\u{6c34}\\\\\",}".as_bytes(),
    ];
    send(&server, &installation, &lines, 2);
    let retried = dlq(&installation, &["retry", "--everything"]);
    assert_eq!(retried.stdout, "2 letters retried\n", "{retried:?}");
    eventually("the same letters again", || {
        installation.dead_letters().len() == 4
    });
    let all = installation.dead_letters();
    let kept = |letters: &[Value]| -> Vec<(Value, Value)> {
        let mut kept: Vec<_> = letters
            .iter()
            .map(|letter| (letter["raw"].clone(), letter["raw_base64"].clone()))
            .collect();
        kept.sort_by_key(|kept| kept.0.to_string());
        kept
    };
    assert_eq!(kept(&all[..2]), kept(&all[2..]));
    let valid = message(1, "A", "08", &json!({"Ml": "1"}));
    let (mut client, resume, _) = Client::greet(server.tcp, "tester");
    client.send(&valid);
    client.wait_for_ack(resume + 1);
    wait_for_rows(&installation, "orders", 1);
}
