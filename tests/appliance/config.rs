//! `rookery config` and the exit codes around configuration.

use crate::RULES;
use rookery_tests::{Installation, run};

#[test]
fn the_default_configuration_names_every_section_and_can_be_checked_by_eye() {
    let finished = run(&["config", "default"]);
    assert_eq!((finished.code, finished.stderr.as_str()), (0, ""));
    for text in [
        "data_dir = \"/var/lib/rookery\"",
        "[listen]",
        "[admin]",
        "[log]",
        "durability = \"sync\"",
    ] {
        assert!(finished.stdout.contains(text), "{text}");
    }
}

#[test]
fn no_command_is_a_usage_error_and_help_is_not() {
    assert_eq!(run(&[]).code, 2);
    assert_eq!(run(&["fly"]).code, 2);
    assert_eq!(run(&["run"]).code, 2);
    let help = run(&["--help"]);
    assert_eq!(help.code, 0);
    for command in ["run", "demo", "check", "eval", "config", "wal"] {
        assert!(
            help.stdout.contains(&format!("\n  {command} ")),
            "{command}: {}",
            help.stdout
        );
    }
}

#[test]
fn a_bad_configuration_ends_with_78_and_names_the_line() {
    let installation = Installation::new(&[]).with("durabilty = \"sync\"");
    let path = installation.configuration();
    let finished = run(&["run", "--config", path.to_str().unwrap()]);
    assert_eq!(finished.code, 78, "{}", finished.stderr);
    assert!(
        finished.stderr.contains("rookery.toml:4:1"),
        "{}",
        finished.stderr
    );
    assert!(
        finished.stderr.contains("did you mean `durability`?"),
        "{}",
        finished.stderr
    );
    assert_eq!(run(&["run", "--config", "/nonexistent.toml"]).code, 78);
}

#[test]
fn a_listener_outside_loopback_is_refused_with_the_reason() {
    let installation = Installation::new(&[]);
    let path = installation.configuration();
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(
        &path,
        text.replace("tcp = \"127.0.0.1:0\"", "tcp = \"0.0.0.0:0\""),
    )
    .unwrap();
    let finished = run(&["run", "--config", path.to_str().unwrap()]);
    assert_eq!(finished.code, 78);
    assert!(
        finished.stderr.contains("not on loopback"),
        "{}",
        finished.stderr
    );
}

#[test]
fn each_fault_of_a_sinks_options_is_told_where_it_lies() {
    let rules = RULES.replace(
        "format = 'json');\nINSERT",
        "\n  fromat = 'json',\n  rotate = '1');\nINSERT",
    );
    let replaced = "[tables.\"job.orders\"]\nconnector = \"sqlite\"\npth = \"x.db\"";
    let installation = Installation::new(&[("job", &rules)]).with_sections(replaced);
    let path = installation.configuration();
    let finished = run(&["run", "--config", path.to_str().unwrap()]);
    assert_eq!(finished.code, 78, "{}", finished.stderr);
    let places: Vec<_> = finished
        .stderr
        .lines()
        .filter_map(|line| line.split_once("job.sql:"))
        .map(|(_, place)| place)
        .collect();
    assert_eq!(
        places,
        ["2:14", "2:14", "6:3", "7:3"],
        "{}",
        finished.stderr
    );
    let help = "the table's options stand in `[tables.\"job.orders\"]` of the configuration";
    assert_eq!(
        finished.stderr.matches(help).count(),
        2,
        "{}",
        finished.stderr
    );
}
