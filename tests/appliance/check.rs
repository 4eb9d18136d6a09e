//! `rookery check`

use rookery_tests::{Installation, run};

/// A good rule file of two tables.
const GOOD: &str = "\
CREATE TABLE up (`id` VARCHAR, `imei` VARCHAR, `type` VARCHAR, `data` VARCHAR) WITH (type = 'tcp');
CREATE TABLE litres (`imei` VARCHAR, `ml` INT) WITH (type = 'print');
INSERT INTO litres SELECT imei, CAST(JSON_VALUE(`data`, '$.Ml') AS INT) FROM up WHERE `type` = '08';
";

fn path(installation: &Installation, name: &str) -> String {
    installation
        .path()
        .join("rules")
        .join(name)
        .display()
        .to_string()
}

#[test]
fn a_good_file_says_so() {
    let installation = Installation::new(&[("good", GOOD)]);
    let finished = run(&["check", &path(&installation, "good.sql")]);
    assert_eq!(finished.code, 0, "{}{}", finished.stdout, finished.stderr);
}

#[test]
fn a_fault_names_file_line_column_and_shows_the_line() {
    let bad = GOOD.replace("SELECT imei,", "SELECT imei, imei,");
    let installation = Installation::new(&[("bad", &bad)]);
    let file = path(&installation, "bad.sql");
    let finished = run(&["check", &file]);
    assert_eq!(finished.code, 1);
    let report = format!("{}{}", finished.stdout, finished.stderr);
    assert!(report.contains(&format!("{file}:3:")), "{report}");
    assert!(
        report.contains("INSERT INTO litres SELECT imei, imei,"),
        "{report}"
    );
    assert!(report.contains('^'), "{report}");
}

#[test]
fn every_file_is_checked_and_one_fault_is_enough() {
    let installation = Installation::new(&[
        ("good", GOOD),
        ("bad", "CREATE TABEL x;"),
        ("worse", "SELECT"),
    ]);
    let files = ["good.sql", "bad.sql", "worse.sql"].map(|name| path(&installation, name));
    let finished = run(&["check", &files[0], &files[1], &files[2]]);
    assert_eq!(finished.code, 1);
    let report = format!("{}{}", finished.stdout, finished.stderr);
    assert!(report.contains("bad.sql:1:"), "{report}");
    assert!(report.contains("worse.sql:1:"), "{report}");
}

#[test]
fn an_unknown_connector_is_a_warning() {
    let text = GOOD.replace("type = 'print'", "type = 'datahubb'");
    let installation = Installation::new(&[("odd", &text)]);
    let finished = run(&["check", &path(&installation, "odd.sql")]);
    assert_eq!(finished.code, 0, "{}{}", finished.stdout, finished.stderr);
    let report = format!("{}{}", finished.stdout, finished.stderr);
    assert!(report.contains("warning"), "{report}");
    assert!(report.contains("datahubb"), "{report}");
}

#[test]
fn a_misspelt_option_is_shown_where_it_stands() {
    let sink = "`imei` VARCHAR, `ml` INT) WITH (type = 'redis', hots = 'r1', mode = 'string')";
    let text = GOOD.replace("`imei` VARCHAR, `ml` INT) WITH (type = 'print')", sink);
    let installation = Installation::new(&[("odd", &text)]);
    let finished = run(&["check", &path(&installation, "odd.sql")]);
    assert_eq!(finished.code, 0, "{}{}", finished.stdout, finished.stderr);
    let report = finished.stdout;
    for expected in [
        "odd.sql:2:70",
        "connector `redis` has no option `hots`; did you mean `host`?",
        "connector `redis` needs the option `host`: the server's name or address",
    ] {
        assert!(report.contains(expected), "{expected}: {report}");
    }
}

#[test]
fn a_zone_that_does_not_exist_is_an_error_where_it_is_set() {
    let text = format!("SET 'table.local-time-zone' = 'Asia/Shangai';\n{GOOD}");
    let installation = Installation::new(&[("odd", &text)]);
    let finished = run(&["check", &path(&installation, "odd.sql")]);
    assert_eq!(finished.code, 1, "{}{}", finished.stdout, finished.stderr);
    for expected in [
        "error[E0215]: `Asia/Shangai` is no time zone",
        "odd.sql:1:31",
    ] {
        assert!(finished.stdout.contains(expected), "{}", finished.stdout);
    }
}

#[test]
fn what_can_never_run_is_an_error() {
    let text = GOOD.replace(
        "CAST(JSON_VALUE(`data`, '$.Ml') AS INT)",
        "CHAR_LENGTH(CONVERT_TZ(`data`, 'UTC', 'Asia/Shangai'))",
    );
    let installation = Installation::new(&[("odd", &text)]);
    let file = path(&installation, "odd.sql");
    let finished = run(&["check", &file]);
    assert_eq!(finished.code, 1, "{}{}", finished.stdout, finished.stderr);
    assert!(
        finished.stdout.contains("error[E1354]"),
        "{}",
        finished.stdout
    );
    assert!(finished.stdout.contains("1 error"), "{}", finished.stdout);
    assert!(
        !finished.stdout.contains("until then"),
        "{}",
        finished.stdout
    );
    let finished = run(&["check", "--format", "json", &file]);
    assert!(
        finished.stdout.contains("\"severity\":\"error\""),
        "{}",
        finished.stdout
    );
}

#[test]
fn a_file_that_is_not_there_is_a_usage_error() {
    let finished = run(&["check", "/nonexistent.sql"]);
    assert_eq!(finished.code, 2);
    assert!(
        finished.stderr.contains("/nonexistent.sql"),
        "{}",
        finished.stderr
    );
}

#[test]
fn editors_get_an_object_a_line_and_nothing_else() {
    let bad = GOOD.replace("SELECT imei,", "SELECT '水', imei,");
    let installation = Installation::new(&[("bad", &bad)]);
    let file = path(&installation, "bad.sql");
    let finished = run(&["check", "--format", "json", &file]);
    assert_eq!(finished.code, 1, "{}{}", finished.stdout, finished.stderr);
    let lines: Vec<_> = finished.stdout.lines().collect();
    let object = |line: &&str| line.starts_with("{\"file\":") && line.ends_with('}');
    assert!(lines.iter().all(object), "{}", finished.stdout);
    let error = lines.iter().find(|line| line.contains("\"E0209\""));
    let error = error.expect("the count of columns is wrong");
    for part in [
        "\"severity\":\"error\"",
        "\"line\":3,\"column\":27,",
        "\"end_line\":3,",
    ] {
        assert!(error.contains(part), "{part} in {error}");
    }
}

#[test]
fn denied_warnings_fail_a_check() {
    let installation = Installation::new(&[("good", GOOD)]);
    let file = path(&installation, "good.sql");
    assert_eq!(run(&["check", &file]).code, 0);
    let finished = run(&["check", "--deny-warnings", &file]);
    assert_eq!(finished.code, 1, "{}{}", finished.stdout, finished.stderr);
    assert!(finished.stdout.contains("E0311"), "{}", finished.stdout);
    let mended = GOOD.replace("CAST(", "TRY_CAST(");
    let installation = Installation::new(&[("good", &mended)]);
    let finished = run(&["check", "--deny-warnings", &path(&installation, "good.sql")]);
    assert_eq!(finished.code, 0, "{}{}", finished.stdout, finished.stderr);
}

#[test]
fn codes_are_explained() {
    let finished = run(&["explain-error", "e0202"]);
    assert_eq!(finished.code, 0, "{}", finished.stderr);
    assert!(finished.stdout.starts_with("E0202 No such column\n"));
    assert!(run(&["explain-error"]).stdout.contains("E5012  "));
    let unknown = run(&["explain-error", "E9999"]);
    assert_eq!(unknown.code, 2);
    assert!(unknown.stderr.contains("E9999"), "{}", unknown.stderr);
}
