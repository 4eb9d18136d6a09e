//! Every row of the table of bad lines, and valid JSON that looks bad.

use crate::{installation, sorted_ids, wait_for_rows};
use rookery_tests::{Client, Server, eventually};
use serde_json::Value;

/// Sends lines of a named forwarder, waits for the ack of the last, and gives the dead letters.
fn letters(lines: &[&[u8]], expected: usize) -> (Vec<Value>, rookery_tests::Installation, Server) {
    let installation = installation();
    let server = Server::start(&installation);
    let (mut client, ..) = Client::greet(server.tcp, "tester");
    for line in lines {
        client.send_bytes(line);
        client.send_bytes(b"\n");
    }
    client.wait_for_ack(lines.len() as u64);
    eventually("all dead letters", || {
        installation.dead_letters().len() >= expected
    });
    let letters = installation.dead_letters();
    assert_eq!(letters.len(), expected, "{letters:#?}");
    (letters, installation, server)
}

fn stages(letters: &[Value]) -> Vec<&str> {
    let mut stages: Vec<&str> = letters
        .iter()
        .map(|letter| letter["stage"].as_str().unwrap())
        .collect();
    stages.sort_unstable();
    stages
}

#[test]
fn a_line_over_the_limit_is_kept_by_its_beginning() {
    let long = vec![b'x'; 70_000];
    let exact = {
        let head = br#"{"id":"fits","imei":"A","pad":""#;
        let mut line = head.to_vec();
        line.resize(65_536 - 2, b'p');
        line.extend_from_slice(b"\"}");
        line
    };
    let (letters, installation, _server) = letters(&[&long, &exact], 1);
    let letter = &letters[0];
    assert_eq!(letter["stage"], "frame");
    assert_eq!(letter["code"], "E1001");
    assert_eq!(letter["raw"].as_str().unwrap().len(), 1024);
    let reason = letter["reason"].as_str().unwrap();
    for part in ["70,000", "65,536", "listen.frame_max_bytes"] {
        assert!(reason.contains(part), "{reason}");
    }
    assert_eq!(letter["forwarder"], "tester");
    assert!(letter["lsn"].is_u64() && letter["shard"].is_u64() && letter["time"].is_string());
    wait_for_rows(&installation, "everything", 1);
}

#[test]
fn lines_without_a_device_cannot_be_routed() {
    let long_key = format!(r#"{{"imei":"{}"}}"#, "9".repeat(65));
    let lines: [&[u8]; 10] = [
        b"hello",
        b"[1,2]",
        b"\"imei\"",
        b"7",
        br#"{"id":"1"}"#,
        br#"{"id":"1","data":{"imei":"A"}}"#,
        br#"{"imei":""}"#,
        br#"{"imei":"  "}"#,
        br#"{"imei":null}"#,
        long_key.as_bytes(),
    ];
    let (letters, installation, _server) = letters(&lines, lines.len());
    assert_eq!(stages(&letters), vec!["route"; lines.len()]);
    for letter in &letters {
        assert!(
            letter["code"].as_str().unwrap().starts_with("E1"),
            "{letter}"
        );
        assert!(!letter["reason"].as_str().unwrap().is_empty(), "{letter}");
        assert!(letter["rule"].is_null(), "{letter}");
    }
    let mut raws: Vec<&str> = letters
        .iter()
        .map(|letter| letter["raw"].as_str().unwrap())
        .collect();
    raws.sort_unstable();
    let mut sent: Vec<&str> = lines
        .iter()
        .map(|line| std::str::from_utf8(line).unwrap())
        .collect();
    sent.sort_unstable();
    assert_eq!(raws, sent);
    assert!(installation.rows("everything").is_empty());
}

#[test]
fn lines_with_a_device_that_are_no_json_are_messages_and_stop_at_parse() {
    let deep = format!(r#"{{"imei":"A","x":{}{}}}"#, "[".repeat(40), "]".repeat(40));
    let lines: [&[u8]; 4] = [
        br#"{"imei":"A","x":}"#,
        br#"{"imei":"A","x":1"#,
        b"{\"imei\":\"A\",\"x\":\"\xff\xfe\"}",
        deep.as_bytes(),
    ];
    let (letters, _installation, _server) = letters(&lines, lines.len());
    assert_eq!(stages(&letters), vec!["parse"; lines.len()]);
    let binary = letters
        .iter()
        .find(|letter| letter.get("raw_base64").is_some())
        .unwrap();
    assert!(
        binary["raw"].as_str().unwrap().contains('\u{fffd}'),
        "{binary}"
    );
}

#[test]
fn valid_json_is_never_a_dead_letter() {
    let lines: [&[u8]; 8] = [
        br#"{"id":"a","imei":"A","iccid":89860117850012345678}"#,
        br#"{"id":"b","imei":"A","big":1e400,"small":-0,"long":12.50}"#,
        br#"{"id":"c","imei":"A","imei":"B"}"#,
        br#"{"id":"d","imei":860000000000001}"#,
        br#" { "id" : "e" , "imei" : " A " } "#,
        br#"{"id":"f","\u0069mei":"A"}"#,
        "{\"id\":\"g\",\"imei\":\"设备\",\"x\":\"\\ud83d\\ude00\"}".as_bytes(),
        br#"{"id":"h","data":"{\"imei\":\"thief\"}","nested":{"imei":"thief"},"imei":"A"}"#,
    ];
    let (_, installation, server) = letters(&lines, 0);
    wait_for_rows(&installation, "everything", lines.len());
    assert_eq!(
        sorted_ids(&installation, "everything"),
        ["a", "b", "c", "d", "e", "f", "g", "h"]
    );
    let rows = installation.rows("everything");
    let imei = |id: &str| rows.iter().find(|row| row["id"] == id).unwrap()["imei"].clone();
    assert_eq!(imei("c"), "A", "the first of two keys counts");
    assert_eq!(imei("d"), "860000000000001");
    assert_eq!(imei("h"), "A");
    eventually("the double key is counted", || {
        server.status()["duplicate_keys"] == 1
    });
}

#[test]
fn a_cut_off_line_is_no_message_and_a_bad_line_closes_nothing() {
    let installation = installation();
    let server = Server::start(&installation);
    let mut client = Client::connect(server.tcp);
    client.send_bytes(
        b"garbage\n\x00\x01\x02\n{\"id\":\"1\",\"imei\":\"A\"}\r\n{\"id\":\"2\",\"imei\":\"A\"}",
    );
    client.finish();
    assert_eq!(client.receive(), None);
    wait_for_rows(&installation, "everything", 1);
    eventually("two dead letters", || {
        installation.dead_letters().len() == 2
    });
    eventually("they are counted", || {
        server.status()["dead_letters"]["route"] == 2
    });
    assert_eq!(server.status()["messages"], 3);
}
