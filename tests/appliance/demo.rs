//! `rookery demo`

use rookery_tests::{Installation, bench, rookery};
use std::process::Command;

#[test]
fn the_demo_ends_by_itself_and_shows_its_results() {
    assert!(bench().exists());
    let installation = Installation::new(&[]);
    let folder = installation.path().join("demo");
    let output = Command::new(rookery())
        .args(["demo", "--dir"])
        .arg(&folder)
        .env("DEMO_SECONDS", "3")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let complaints = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}{complaints}");
    for part in [
        "| in ",
        "| out ",
        "p50 ",
        "| log ",
        "admin http://127.0.0.1:",
        "water_orders: ",
        "charger_power: ",
    ] {
        assert!(text.contains(part), "{part} is missing in {text}");
    }
    let samples = text
        .lines()
        .filter(|line| line.starts_with("  {\""))
        .count();
    assert_eq!(samples, 4, "{text}");
    assert!(
        text.contains("30,000 messages, 30,000 were acknowledged"),
        "{text}"
    );
    assert!(text.contains("; 0 dead letters"), "{text}");
}
