//! The built binary, driven from outside.
#![allow(clippy::unwrap_used)]

mod acks;
mod admin;
mod bad_lines;
mod changed_tables;
mod check;
mod config;
mod connect;
mod dead_letters;
mod dead_rows;
mod demo;
mod eval;
mod limits;
mod restart;
mod rule_tools;
mod shippers;
mod sick_sink;
mod sink_pages;
mod spill;
mod wal;

use rookery_tests::{Installation, eventually};
use serde_json::Value;

/// One rule that selects, one that takes every message.
const RULES: &str = "\
CREATE TABLE up (`id` VARCHAR, `imei` VARCHAR, `type` VARCHAR, `data` VARCHAR) WITH (connector = 'tcp');
CREATE TABLE orders (`id` VARCHAR, `imei` VARCHAR, `ml` INT)
  WITH (connector = 'filesystem', path = '{out}/orders', format = 'json');
CREATE TABLE everything (`id` VARCHAR, `imei` VARCHAR)
  WITH (connector = 'filesystem', path = '{out}/everything', format = 'json');
INSERT INTO orders SELECT id, imei, TRY_CAST(JSON_VALUE(`data`, '$.Ml') AS INT) FROM up WHERE `type` = '08';
INSERT INTO everything SELECT id, imei FROM up;
";

/// An installation with [`RULES`].
fn installation() -> Installation {
    Installation::new(&[("job", RULES)])
}

/// The ids of a table's rows, sorted: rows of different devices come in any order.
fn sorted_ids(installation: &Installation, table: &str) -> Vec<String> {
    let mut ids: Vec<String> = installation.rows(table).iter().map(id).collect();
    ids.sort();
    ids
}

fn id(row: &Value) -> String {
    row["id"].as_str().unwrap().to_owned()
}

/// Waits until a table has so many rows.
fn wait_for_rows(installation: &Installation, table: &str, count: usize) {
    eventually(&format!("{count} rows in {table}"), || {
        let found = installation.rows(table).len();
        assert!(found <= count, "{found} rows in {table}, more than {count}");
        found == count
    });
}
