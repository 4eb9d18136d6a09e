//! Rows that their sink refused: retried to that sink alone, refused again or taken, against SQLite.

use rookery_tests::{Client, Finished, Installation, Server, eventually, run};
use serde_json::{Value, json};
use std::process::Command;

const RULES: &str = "\
CREATE TABLE up (`id` VARCHAR, `imei` VARCHAR, `n` INT) WITH (connector = 'tcp');
CREATE TABLE amounts (`id` VARCHAR, `n` INT, PRIMARY KEY (`id`))
  WITH (connector = 'sqlite', path = '{out}/rows.db', create_table = 'false');
CREATE TABLE everything (`id` VARCHAR)
  WITH (connector = 'filesystem', path = '{out}/everything', format = 'json');
INSERT INTO amounts SELECT id, n FROM up;
INSERT INTO everything SELECT id FROM up;
";

fn sql(installation: &Installation, text: &str) -> String {
    std::fs::create_dir_all(installation.out()).unwrap();
    let output = Command::new("sqlite3")
        .arg("-cmd")
        .arg(".timeout 10000")
        .arg(installation.out().join("rows.db"))
        .arg(text)
        .output()
        .expect("sqlite3 is installed: apt-get install sqlite3");
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn dlq(installation: &Installation, arguments: &[&str]) -> Finished {
    let dir = installation.data().display().to_string();
    let mut all = vec!["dlq", arguments[0], &dir];
    all.extend(&arguments[1..]);
    run(&all)
}

fn listed(installation: &Installation, filters: &[&str]) -> Vec<Value> {
    let mut all = vec!["ls", "--json"];
    all.extend(filters);
    dlq(installation, &all).rows()
}

/// A server whose table takes numbers below ten, and has refused one.
fn refused_row(installation: &Installation) -> Server {
    sql(
        installation,
        "CREATE TABLE amounts (id TEXT PRIMARY KEY, n INTEGER CHECK (n < 10))",
    );
    let server = Server::start(installation);
    let (mut client, ..) = Client::greet(server.tcp, "tester");
    for (id, n) in [("1", 5), ("2", 50)] {
        client.send(&json!({"id": id, "imei": "A", "n": n}).to_string());
    }
    client.wait_for_ack(2);
    eventually("the refused row is a dead letter", || {
        installation.dead_letters().len() == 1
    });
    server
}

#[test]
fn a_refused_row_is_retried_until_its_sink_takes_it_and_goes_nowhere_else() {
    let installation = Installation::new(&[("job", RULES)]);
    let server = refused_row(&installation);
    let letter = listed(&installation, &["--stage", "sink", "--device", "A"]).remove(0);
    assert_eq!(letter["sink"], "job.amounts", "{letter}");
    assert_eq!(
        (&letter["connector"], &letter["rule"]),
        (&json!("sqlite"), &json!("job.amounts"))
    );
    assert!(
        letter["reason"].as_str().unwrap().contains("CHECK"),
        "{letter}"
    );
    assert!(listed(&installation, &["--device", "B"]).is_empty());
    let id = letter["id"].as_str().unwrap();

    let refused = dlq(&installation, &["retry", id]);
    assert_eq!(
        (refused.code, refused.stdout.as_str()),
        (1, "1 letter refused again\n"),
        "{refused:?}"
    );
    assert!(refused.stderr.contains("CHECK"), "{refused:?}");
    let open = listed(&installation, &[]);
    assert_eq!(open.len(), 1, "it is the same letter");
    assert_eq!(open[0]["state"], "refused");
    assert!(
        open[0]["state_reason"].as_str().unwrap().contains("CHECK"),
        "{open:?}"
    );

    sql(
        &installation,
        "BEGIN IMMEDIATE; CREATE TABLE wide (id TEXT PRIMARY KEY, n INTEGER); \
         INSERT INTO wide SELECT * FROM amounts; DROP TABLE amounts; \
         ALTER TABLE wide RENAME TO amounts; COMMIT",
    );
    let taken = dlq(&installation, &["retry", "--stage", "sink"]);
    assert_eq!(
        (taken.code, taken.stdout.as_str()),
        (0, "1 letter retried\n"),
        "{taken:?}"
    );
    let rows = "SELECT id, n FROM amounts ORDER BY id";
    assert_eq!(sql(&installation, rows), "1|5\n2|50\n");
    assert!(listed(&installation, &[]).is_empty());
    assert_eq!(
        installation.rows("everything").len(),
        2,
        "no other sink saw it"
    );
    // The operator's lane goes on after a restart.
    assert_eq!(server.stop().code, 0);
    sql(&installation, "DELETE FROM amounts WHERE id = '2'");
    let server = Server::start(&installation);
    let again = dlq(&installation, &["retry", id, "--again"]);
    assert_eq!(again.stdout, "1 letter retried\n", "{again:?}");
    assert_eq!(sql(&installation, rows), "1|5\n2|50\n");
    assert_eq!(server.kill().code, 137);
}

#[test]
fn a_row_goes_to_no_sink_that_is_another_now() {
    let installation = Installation::new(&[("job", RULES)]);
    assert_eq!(refused_row(&installation).stop().code, 0);
    for (rules, code) in [
        (
            RULES.replace("`n` INT, PRIMARY", "`n` BIGINT, PRIMARY"),
            "E5025",
        ),
        (
            RULES
                .replace("'sqlite'", "'filesystem'")
                .replace("rows.db', create_table = 'false'", "amounts'"),
            "E5022",
        ),
    ] {
        installation.write_rule("job", &rules);
        let server = Server::start(&installation);
        let finished = dlq(&installation, &["retry", "--stage", "sink"]);
        assert_eq!(
            (finished.code, finished.stdout.as_str()),
            (1, "1 letter not sent\n"),
            "{finished:?}"
        );
        assert!(finished.stderr.contains(code), "{code}: {finished:?}");
        assert_eq!(listed(&installation, &[])[0]["state"], "waiting");
        assert_eq!(server.stop().code, 0);
    }
}
