//! A sink's table is changed while rows of it are not confirmed: none is sent as it was encoded for the table
//! as it was, and none is lost.

use crate::{RULES, wait_for_rows};
use rookery_tests::{Client, Installation, Server, eventually, message, run};
use serde_json::json;
use std::path::PathBuf;
use std::time::Duration;

/// An installation whose sink `orders` fails: a file lies where its folder should be.
fn blocked() -> (Installation, String, PathBuf) {
    let rules = RULES.replace("{out}/orders", "{out}/blocked/orders");
    let installation = Installation::new(&[("job", &rules)]).shards(1);
    std::fs::create_dir_all(installation.out()).unwrap();
    let blocker = installation.out().join("blocked");
    std::fs::write(&blocker, "in the way").unwrap();
    (installation, rules, blocker)
}

/// Sends messages `from..=to` of which each makes a row of every sink.
fn send(server: &Server, from: u64, to: u64) {
    let (mut client, resume, _) = Client::greet(server.tcp, "emqx-1");
    assert_eq!(resume, from - 1);
    for number in from..=to {
        client.send(&message(number, "A", "08", &json!({"Ml": "1"})));
    }
    client.wait_for_ack(to);
}

/// The lines of a table's CSV files.
fn csv(installation: &Installation, table: &str) -> Vec<String> {
    let entries = std::fs::read_dir(installation.out().join(table));
    let mut files: Vec<_> = entries
        .into_iter()
        .flatten()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "csv"))
        .collect();
    files.sort();
    let texts = files
        .iter()
        .map(|file| std::fs::read_to_string(file).unwrap());
    texts
        .flat_map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>())
        .collect()
}

fn as_csv(rules: &str) -> String {
    rules.replacen("format = 'json'", "format = 'csv'", 1)
}

#[test]
fn rows_of_earlier_messages_are_encoded_for_the_table_of_today() {
    let (installation, rules, blocker) = blocked();
    let server = Server::start(&installation);
    send(&server, 1, 20);
    wait_for_rows(&installation, "everything", 20);
    server.kill();
    std::fs::remove_file(&blocker).unwrap();
    installation.write_rule("job", &as_csv(&rules));
    let server = Server::start(&installation);
    send(&server, 21, 22);
    let expected: Vec<_> = (1..=22).map(|number| format!("{number},A,1")).collect();
    eventually("every row is there", || {
        csv(&installation, "blocked/orders").len() >= expected.len()
    });
    assert_eq!(csv(&installation, "blocked/orders"), expected);
    assert_eq!(server.stop().code, 0);
}

#[test]
fn messages_whose_rows_do_not_fit_the_columns_of_today_are_dead_letters() {
    let (installation, rules, blocker) = blocked();
    let server = Server::start(&installation);
    send(&server, 1, 3);
    wait_for_rows(&installation, "everything", 3);
    server.kill();
    std::fs::remove_file(&blocker).unwrap();
    let narrower = rules
        .replace("`imei` VARCHAR, `ml` INT)", "`ml` INT)")
        .replace("SELECT id, imei, TRY_CAST", "SELECT id, TRY_CAST");
    installation.write_rule("job", &narrower);
    let server = Server::start(&installation);
    send(&server, 4, 4);
    wait_for_rows(&installation, "blocked/orders", 1);
    eventually("the three are dead letters", || {
        installation.dead_letters().len() == 3
    });
    let letter = &installation.dead_letters()[0];
    assert_eq!(
        (&letter["stage"], &letter["code"]),
        (&json!("sink"), &json!("E3009"))
    );
    assert_eq!(
        letter["reason"],
        "job.orders: the row was not confirmed when the table's columns were changed; they were \
         (id STRING, imei STRING, ml INT); retry the letter to have the rules of today make its rows"
    );
    let data = installation.data().display().to_string();
    let retried = run(&["dlq", "retry", &data, "--code", "E3009"]);
    assert_eq!(retried.stdout, "3 letters retried\n", "{retried:?}");
    wait_for_rows(&installation, "blocked/orders", 4);
    let rows = installation.rows("blocked/orders");
    assert_eq!(rows[0], json!({"id": "4", "ml": 1}));
    assert_eq!(server.stop().code, 0);
}

#[test]
fn a_table_whose_rows_wait_in_files_cannot_be_changed_but_moved() {
    let (installation, rules, blocker) = blocked();
    let server = Server::start(&installation);
    send(&server, 1, 20);
    let spill = installation.data().join("shard-0/spill/job.orders-0");
    let has_files = || std::fs::read_dir(&spill).is_ok_and(|mut files| files.next().is_some());
    eventually(
        "its rows are in files, and a checkpoint counts on them",
        || {
            std::thread::sleep(Duration::from_millis(200));
            has_files()
        },
    );
    server.kill();

    installation.write_rule("job", &as_csv(&rules));
    let refused = Server::try_start(&installation).unwrap_err();
    let text = format!(
        "rookery: [E4029] table job.orders has other columns or options now, and rows wait in {} as they were \
         encoded for connector `filesystem`; put the table back until `rookery_sink_spilled_bytes` of it is 0, \
         or give the changed one another name, or remove this directory of every shard to give the rows up\n",
        spill.display()
    );
    assert_eq!(refused.code, 78, "{refused:?}");
    assert!(
        format!("{}\n", refused.stderr).contains(&text),
        "{}",
        refused.stderr
    );

    // Where rows go, how many may wait and when files end is not in their bytes.
    let moved = rules
        .replace("{out}/blocked/orders", "{out}/moved")
        .replacen(
            "format = 'json'",
            "format = 'json', spill_max_bytes = '128MB', rotate_bytes = '1MB'",
            1,
        );
    installation.write_rule("job", &moved);
    let server = Server::start(&installation);
    wait_for_rows(&installation, "moved", 20);
    eventually("files that are drained go", || !has_files());
    assert_eq!(server.stop().code, 0);

    installation.write_rule("job", &as_csv(&rules));
    std::fs::remove_file(&blocker).unwrap();
    let server = Server::start(&installation);
    send(&server, 21, 21);
    eventually("the changed table has its row", || {
        csv(&installation, "blocked/orders") == ["21,A,1"]
    });
    assert_eq!(server.stop().code, 0);
}
