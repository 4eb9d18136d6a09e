//! `rookery check --connect`: every sink is reached side by side, and a start waits for none.

use crate::{RULES, wait_for_rows};
use rookery_tests::{Client, Installation, Server, message, run};
use serde_json::json;
use std::time::{Duration, Instant};

/// All may take so long: five seconds, and a busy machine.
const LONGEST: Duration = Duration::from_secs(9);

fn rule_file(installation: &Installation, name: &str) -> String {
    let file = installation.path().join("rules").join(name);
    file.display().to_string()
}

fn connect(installation: &Installation, more: &[&str]) -> (i32, Vec<String>, String) {
    let file = rule_file(installation, "job.sql");
    let mut arguments = vec!["check", "--connect", &file];
    arguments.extend(more);
    let started = Instant::now();
    let finished = run(&arguments);
    assert!(started.elapsed() < LONGEST, "{:?}", started.elapsed());
    let lines = finished.stdout.lines().map(str::to_owned).collect();
    (finished.code, lines, finished.stderr)
}

#[test]
fn good_sinks_are_ok_while_a_server_writes_to_them_and_nothing_is_made() {
    let installation = Installation::new(&[("job", RULES)]);
    let out = installation.out().display().to_string();
    let expected = [
        format!("job.orders: ok, filesystem at {out}/orders"),
        format!("job.everything: ok, filesystem at {out}/everything"),
    ];
    let (code, lines, stderr) = connect(&installation, &[]);
    assert_eq!((code, &lines[1..]), (0, &expected[..]), "{stderr}");
    assert!(!installation.out().exists(), "nothing is made");
    let server = Server::start(&installation);
    let (mut client, ..) = Client::greet(server.tcp, "tester");
    client.send(&message(1, "A", "08", &json!({"Ml": "1"})));
    client.wait_for_ack(1);
    wait_for_rows(&installation, "everything", 1);
    let (code, lines, stderr) = connect(&installation, &[]);
    assert_eq!((code, &lines[1..]), (0, &expected[..]), "{stderr}");
    assert_eq!(installation.rows("everything").len(), 1);
}

#[test]
fn each_sink_says_what_is_wrong_with_it() {
    let installation = Installation::new(&[("job", RULES)])
        .with_sections("[tables.everything]\nconnector = \"kafka\"\ntopic = \"t\"");
    std::fs::create_dir_all(installation.out()).unwrap();
    std::fs::write(installation.out().join("orders"), "in the way").unwrap();
    let rules = RULES.replace("{out}/orders", "{out}/orders/below");
    installation.write_rule("job", &rules);
    let configuration = installation.configuration().display().to_string();
    let (code, lines, stderr) = connect(&installation, &["--config", &configuration]);
    assert_eq!(code, 1, "{stderr}");
    let orders = lines
        .iter()
        .find(|line| line.starts_with("job.orders"))
        .unwrap();
    assert!(
        orders.contains(": wrong, filesystem at ") && orders.contains("[E3001]"),
        "{orders}"
    );
    assert!(!orders.contains("tried again"), "{orders}");
    let other = lines
        .iter()
        .find(|line| line.starts_with("job.everything"))
        .unwrap();
    assert!(
        other.contains(": wrong, kafka") && other.contains("E3022"),
        "{other}"
    );
}

#[test]
fn a_bad_file_or_configuration_is_told_as_ever() {
    let installation = Installation::new(&[("job", "SELEC")]);
    let (code, lines, _) = connect(&installation, &[]);
    assert_eq!(code, 1);
    assert_eq!(lines.last().unwrap(), "no sink to reach");
    let file = rule_file(&installation, "job.sql");
    let finished = run(&["check", &file, "--connect", "--config", "/nowhere.toml"]);
    assert!(
        finished.code == 78 && finished.stderr.contains("E4001"),
        "{finished:?}"
    );
    let finished = run(&["check", &file, "--config", "/nowhere.toml"]);
    assert!(
        finished.code == 2 && finished.stderr.contains("--connect"),
        "{finished:?}"
    );
}
