//! `rookery eval`

use rookery_tests::{Installation, rookery, run_with_input};
use serde_json::json;
use std::io::{Read as _, Write as _};
use std::process::{Command, Stdio};

const RULES: &str = "\
CREATE TABLE up (`id` VARCHAR, `imei` VARCHAR, `type` VARCHAR, `data` VARCHAR) WITH (type = 'datahub');
CREATE TABLE orders (`id` VARCHAR, `imei` VARCHAR, `ml` INT) WITH (type = 'mq');
CREATE TABLE power (`imei` VARCHAR, `watt` DECIMAL(8, 2), `seconds` BIGINT) WITH (type = 'hitsdb');
INSERT INTO orders SELECT id, imei, CAST(JSON_VALUE(`data`, '$.Ml') AS INT) FROM up WHERE `type` = '08';
INSERT INTO power SELECT imei, CAST(JSON_VALUE(`data`, '$.Ch[0].W') AS DECIMAL(8, 2)), UNIX_TIMESTAMP(`time`)
  FROM up WHERE `type` = '0706' AND JSON_VALUE(`data`, '$.Ch[0]') IS NOT NULL;
";

fn eval(rules: &str, arguments: &[&str], input: &str) -> rookery_tests::Finished {
    let installation = Installation::new(&[("job", rules)]);
    let file = installation
        .path()
        .join("rules/job.sql")
        .display()
        .to_string();
    let mut all = vec!["eval", file.as_str()];
    all.extend(arguments);
    run_with_input(&all, input.as_bytes())
}

#[test]
fn rows_come_in_input_order_with_all_columns() {
    let input = concat!(
        r#"{"id":"1","imei":"A","type":"08","data":"{\"Ml\":\"250\"}"}"#,
        "\n",
        r#"{"id":"2","imei":"B","type":"0706","time":"1970-01-01 08:00:10","data":"{\"Ch\":[{\"W\":12.5}]}"}"#,
        "\r\n\n   \n",
        r#"{"id":"3","imei":"C","type":"0706","data":"{\"Ch\":[]}"}"#,
        "\n",
        r#"{"id":4,"type":"08","data":"no json"}"#,
    );
    let finished = eval(RULES, &[], input);
    assert_eq!(finished.code, 0, "{}", finished.stderr);
    assert_eq!(
        finished.rows(),
        [
            json!({"table": "orders", "row": {"id": "1", "imei": "A", "ml": 250}}),
            json!({"table": "power", "row": {"imei": "B", "watt": 12.50, "seconds": 10}}),
            json!({"table": "orders", "row": {"id": "4", "imei": null, "ml": null}}),
        ]
    );
    assert!(
        finished.stdout.contains("\"watt\":12.50"),
        "{}",
        finished.stdout
    );
    assert!(finished.dead_letters().is_empty(), "{}", finished.stderr);
}

#[test]
fn bad_lines_are_dead_letters_and_stop_nothing() {
    let deep = "[".repeat(40);
    let long = "x".repeat(70_000);
    let input = format!(
        "not json\n{{\"imei\":\"A\",\"type\":{deep}\n{long}\n[1,2]\n{{\"id\":\"1\",\"imei\":\"A\",\"type\":\"08\"}}\n"
    );
    let finished = eval(RULES, &[], &input);
    assert_eq!(finished.code, 0);
    assert_eq!(finished.rows().len(), 1, "{}", finished.stdout);
    let letters = finished.dead_letters();
    let stages: Vec<&str> = letters
        .iter()
        .map(|letter| letter["stage"].as_str().unwrap())
        .collect();
    assert_eq!(
        stages,
        ["parse", "parse", "frame", "parse"],
        "{}",
        finished.stderr
    );
    assert_eq!(letters[0]["raw"], "not json");
    assert_eq!(letters[2]["raw"].as_str().unwrap().len(), 1024);
    for letter in &letters {
        assert!(
            letter["code"].as_str().unwrap().starts_with('E'),
            "{letter}"
        );
        assert!(!letter["reason"].as_str().unwrap().is_empty(), "{letter}");
    }
}

#[test]
fn bytes_that_are_not_utf8_come_as_base64_too() {
    let installation = Installation::new(&[("job", RULES)]);
    let file = installation
        .path()
        .join("rules/job.sql")
        .display()
        .to_string();
    let finished = run_with_input(&["eval", &file], b"{\"imei\":\"\xff\"}\n");
    let letters = finished.dead_letters();
    assert_eq!(letters.len(), 1, "{}", finished.stderr);
    assert_eq!(letters[0]["stage"], "parse");
    assert_eq!(letters[0]["raw_base64"], "eyJpbWVpIjoi/yJ9");
}

#[test]
fn bad_sql_ends_with_78_and_a_missing_file_with_2() {
    assert_eq!(
        eval("INSERT INTO nowhere SELECT 1 FROM nothing;", &[], "").code,
        78
    );
    assert_eq!(run_with_input(&["eval", "/nonexistent.sql"], b"").code, 2);
    assert_eq!(eval(RULES, &["--dialect", "oracle"], "").code, 2);
    assert_eq!(eval(RULES, &["--zone", "Mars/Olympus"], "").code, 78);
}

#[test]
fn the_zone_is_the_dialects_unless_said() {
    let rules = "\
CREATE TABLE up (`imei` VARCHAR, `time` VARCHAR) WITH (type = 'tcp');
CREATE TABLE at (`seconds` BIGINT) WITH (type = 'print');
INSERT INTO at SELECT UNIX_TIMESTAMP(`time`) FROM up;
";
    let input = r#"{"imei":"A","time":"1970-01-01 00:00:00"}"#;
    let seconds = |arguments: &[&str]| {
        let finished = eval(rules, arguments, input);
        assert_eq!(finished.code, 0, "{}", finished.stderr);
        finished.rows()[0]["row"]["seconds"].as_i64().unwrap()
    };
    assert_eq!(seconds(&[]), -28_800);
    assert_eq!(seconds(&["--zone", "UTC"]), 0);
    assert_eq!(seconds(&["--zone", "America/New_York"]), 18_000);
}

#[test]
fn several_sources_must_be_told_apart() {
    let rules = "\
CREATE TABLE up (`imei` VARCHAR) WITH (type = 'tcp');
CREATE TABLE down (`imei` VARCHAR) WITH (type = 'tcp');
CREATE TABLE a (`imei` VARCHAR) WITH (type = 'print');
CREATE TABLE b (`imei` VARCHAR) WITH (type = 'print');
INSERT INTO a SELECT imei FROM up;
INSERT INTO b SELECT imei FROM down;
";
    let input = r#"{"imei":"A"}"#;
    let without = eval(rules, &[], input);
    assert_eq!(without.code, 2, "{}", without.stderr);
    assert!(
        without.stderr.contains("up") && without.stderr.contains("down"),
        "{}",
        without.stderr
    );
    let one = eval(rules, &["--source", "down"], input);
    assert_eq!(one.rows(), [json!({"table": "b", "row": {"imei": "A"}})]);
    let wrong = eval(rules, &["--source", "dwn"], input);
    assert_eq!(wrong.code, 2);
    assert!(
        wrong.stderr.contains("did you mean `down`?"),
        "{}",
        wrong.stderr
    );
}

#[test]
fn a_reader_that_leaves_ends_it_in_peace() {
    let installation = Installation::new(&[("job", RULES)]);
    let mut child = Command::new(rookery())
        .arg("eval")
        .arg(installation.path().join("rules/job.sql"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdout = child.stdout.take().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let feeder = std::thread::spawn(move || {
        let line = "{\"id\":\"1\",\"imei\":\"A\",\"type\":\"08\",\"data\":\"{}\"}\n".repeat(1000);
        for _ in 0..1000 {
            if stdin.write_all(line.as_bytes()).is_err() {
                return;
            }
        }
    });
    let mut first = [0; 16];
    stdout.read_exact(&mut first).unwrap();
    drop(stdout);
    let output = child.wait_with_output().unwrap();
    feeder.join().unwrap();
    assert_eq!(output.status.code(), Some(0));
    let complaints = String::from_utf8_lossy(&output.stderr);
    assert!(!complaints.contains("rookery:"), "{complaints}");
}
