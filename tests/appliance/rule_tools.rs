//! `rookery explain`, `rookery fmt`, `rookery test`

use rookery_tests::{Finished, Installation, run};
use std::path::{Path, PathBuf};

const RULES: &str = "\
create table up (imei varchar, `type` varchar, `data` varchar) with (type = 'tcp'); -- where from
CREATE TABLE orders (imei VARCHAR, ml INT, at TIMESTAMP_LTZ(3)) WITH (type = 'print');
CREATE TABLE alarms (imei VARCHAR, note VARCHAR(3)) WITH (type = 'blackhole');
INSERT INTO orders SELECT imei, CAST(JSON_VALUE(`data`, '$.Ml') AS INT), CURRENT_TIMESTAMP FROM up WHERE `type` = '08' AND JSON_VALUE(`data`, '$.Flag') = '04';
INSERT INTO alarms SELECT imei, JSON_VALUE(`data`, '$.Note') FROM up WHERE JSON_VALUE(`data`, '$.Flag') = '09' AND `type` IN ('08', '09');
";

const TESTS: &str = "\
# Orders and alarms.
zone = 'UTC'

[[case]]
name = 'an order' # of 250 ml
time = '2026-11-22 10:00:00'
messages = '''
{\"imei\":\"A\",\"type\":\"08\",\"data\":\"{\\\"Ml\\\":\\\"250\\\",\\\"Flag\\\":\\\"04\\\"}\"}
'''
rows.orders = '''
{\"ml\": 250, \"imei\": \"A\", \"at\": \"2026-11-22 10:00:00\"}
'''

[[case]]
name = 'no JSON'
messages = 'no JSON'
dead_letters = [{ stage = 'parse', code = 'E1111' }]
";

fn installation(tests: &str) -> (Installation, PathBuf) {
    let installation = Installation::new(&[("job", RULES)]);
    let folder = installation.path().join("rules");
    std::fs::write(folder.join("job.test.toml"), tests).unwrap();
    (installation, folder)
}

fn run_on(command: &str, options: &[&str], path: &Path) -> Finished {
    let path = path.display().to_string();
    let mut arguments = vec![command];
    arguments.extend(options);
    arguments.push(&path);
    run(&arguments)
}

#[test]
fn explain_shows_dispatch_paths_conditions_and_rows() {
    let (_installation, folder) = installation(TESTS);
    let finished = run_on("explain", &[], &folder.join("job.sql"));
    assert_eq!(finished.code, 0, "{}", finished.stderr);
    let text = &finished.stdout;
    for line in [
        "dialect blink, zone Asia/Shanghai",
        "source up (tcp)",
        "  dispatched by `type`",
        "    '08'  -> job.orders, job.alarms",
        "    '09'  -> job.alarms",
        "    $.Flag  for job.orders, job.alarms",
        "    $.Ml    for job.orders",
        "rule job.orders -> orders (print)",
        "    1. `type` = '08'   -- answered by the dispatch",
        "    2. JSON_VALUE(`data`, '$.Flag') = '04'",
        "    1. `type` IN ('08', '09')   -- answered by the dispatch",
        "rule job.alarms -> alarms (blackhole)",
        "STRING narrowed to VARCHAR(3), NULL where it does not fit",
    ] {
        assert!(text.contains(line), "{line} is not in\n{text}");
    }
}

#[test]
fn explain_says_what_is_not_built() {
    let rules = "\
CREATE TABLE up (imei VARCHAR) WITH (type = 'tcp');
CREATE TABLE counts (imei VARCHAR, n BIGINT) WITH (type = 'print');
CREATE TABLE all_of_it (imei VARCHAR) WITH (type = 'print');
INSERT INTO counts SELECT a.imei, 1 FROM up AS a JOIN up AS b ON a.imei = b.imei;
INSERT INTO all_of_it SELECT imei FROM up;
";
    let installation = Installation::new(&[("job", rules)]);
    let finished = run_on("explain", &[], &installation.path().join("rules/job.sql"));
    assert_eq!(finished.code, 0, "{}", finished.stderr);
    assert!(
        finished.stdout.contains("not run yet\n    E1350: "),
        "{}",
        finished.stdout
    );
    assert!(
        finished.stdout.contains("-> job.all_of_it"),
        "{}",
        finished.stdout
    );
}

#[test]
fn explain_draws_a_flowchart() {
    let (_installation, folder) = installation(TESTS);
    let finished = run_on("explain", &["--format", "mermaid"], &folder.join("job.sql"));
    let wanted = "\
flowchart LR
  source0[(\"up<br/>tcp\")]
  rule0[\"job.orders\"]
  rule1[\"job.alarms\"]
  sink1[/\"orders<br/>print\"/]
  sink2[/\"alarms<br/>blackhole\"/]
  source0 --> by0_0{\"type\"}
  by0_0 -- \"'08'\" --> rule0
  by0_0 -- \"'08'\" --> rule1
  by0_0 -- \"'09'\" --> rule1
  rule0 --> sink1
  rule1 --> sink2
";
    assert_eq!(finished.stdout, wanted, "{}", finished.stderr);
}

#[test]
fn fmt_writes_checks_and_prints() {
    let (_installation, folder) = installation(TESTS);
    let file = folder.join("job.sql");
    let checked = run_on("fmt", &["--check"], &file);
    assert_eq!(checked.code, 1);
    assert!(
        checked.stdout.contains("job.sql: not in the style"),
        "{}",
        checked.stdout
    );
    assert_eq!(std::fs::read_to_string(&file).unwrap(), RULES);
    let printed = run_on("fmt", &["--stdout"], &file);
    assert_eq!(printed.code, 0, "{}", printed.stderr);
    assert!(
        printed
            .stdout
            .starts_with("CREATE TABLE up (\n  imei   VARCHAR,\n"),
        "{}",
        printed.stdout
    );
    assert!(
        printed.stdout.contains("); -- where from\n"),
        "{}",
        printed.stdout
    );
    assert_eq!(run_on("fmt", &[], &file).code, 0);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), printed.stdout);
    assert_eq!(run_on("fmt", &["--check"], &file).code, 0);
}

#[test]
fn fmt_leaves_a_file_with_errors_as_it_is() {
    let bad = "create table x (a INT;";
    let installation = Installation::new(&[("bad", bad)]);
    let file = installation.path().join("rules/bad.sql");
    let finished = run_on("fmt", &[], &file);
    assert_eq!(finished.code, 1);
    assert!(
        finished.stderr.contains("bad.sql:1:"),
        "{}",
        finished.stderr
    );
    assert_eq!(std::fs::read_to_string(&file).unwrap(), bad);
}

#[test]
fn tests_pass_from_a_folder_and_a_rule_file() {
    let (_installation, folder) = installation(TESTS);
    for path in [
        folder.clone(),
        folder.join("job.sql"),
        folder.join("job.test.toml"),
    ] {
        let finished = run_on("test", &[], &path);
        assert_eq!(finished.code, 0, "{}{}", finished.stdout, finished.stderr);
        assert_eq!(finished.stdout, "1 file: 2 passed, 0 failed\n");
    }
    assert_eq!(run_on("test", &[], &folder.join("other.sql")).code, 2);
}

#[test]
fn a_failing_case_shows_what_differs_and_goes_into_the_report() {
    let (_installation, folder) =
        installation(&TESTS.replace("250,", "251,").replace("E1111", "E1199"));
    let report = folder.join("report.xml");
    let finished = run_on("test", &["--junit", &report.display().to_string()], &folder);
    assert_eq!(finished.code, 1);
    for line in [
        "job.test.toml: an order\n  rows of orders: 1 expected, 1 came\n",
        "    - {\"ml\": 251, \"imei\": \"A\"",
        "    + {\"imei\":\"A\",\"ml\":250,\"at\":\"2026-11-22 10:00:00\"}",
        "    - stage parse, code E1199",
        "1 file: 0 passed, 2 failed",
    ] {
        assert!(
            finished.stdout.contains(line),
            "{line} is not in\n{}",
            finished.stdout
        );
    }
    let report = std::fs::read_to_string(report).unwrap();
    assert!(
        report.contains("<testsuites tests=\"2\" failures=\"2\">"),
        "{report}"
    );
}

#[test]
fn update_rewrites_expectations_and_keeps_comments() {
    let wrong = TESTS.replace("250,", "251,").replace("E1111", "E1199");
    let (_installation, folder) = installation(&wrong);
    assert_eq!(run_on("test", &["--update"], &folder).code, 0);
    assert_eq!(run_on("test", &[], &folder).code, 0);
    let text = std::fs::read_to_string(folder.join("job.test.toml")).unwrap();
    for kept in ["# Orders and alarms.\n", "name = 'an order' # of 250 ml\n"] {
        assert!(text.contains(kept), "{kept} is not in\n{text}");
    }
    let row = "rows.orders = '''\n{\"imei\":\"A\",\"ml\":250,\"at\":\"2026-11-22 10:00:00\"}\n'''";
    assert!(text.contains(row), "{text}");
    assert!(
        text.contains("stage = \"parse\", code = \"E1111\""),
        "{text}"
    );
}

#[test]
fn faults_of_test_and_rule_files_fail_with_their_place() {
    let (_installation, folder) = installation(&TESTS.replace("messages = 'no", "mesages = 'no"));
    let finished = run_on("test", &[], &folder);
    assert_eq!(finished.code, 1);
    assert!(finished.stdout.contains("E5032"), "{}", finished.stdout);
    assert!(
        finished.stdout.contains("did you mean `messages`?"),
        "{}",
        finished.stdout
    );
    std::fs::write(
        folder.join("job.test.toml"),
        TESTS.replace("rows.orders", "rows.ordres"),
    )
    .unwrap();
    let finished = run_on("test", &[], &folder);
    assert!(
        finished.stdout.contains("did you mean `orders`?"),
        "{}",
        finished.stdout
    );
    std::fs::write(folder.join("job.test.toml"), TESTS).unwrap();
    std::fs::write(folder.join("job.sql"), "CREATE TABEL x;").unwrap();
    let finished = run_on("test", &[], &folder);
    assert_eq!(finished.code, 1);
    assert!(
        finished.stdout.contains("job.sql:1:"),
        "{}",
        finished.stdout
    );
}

#[test]
fn the_examples_pass_their_tests() {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples");
    let finished = run_on("test", &[], &examples);
    assert_eq!(finished.code, 0, "{}{}", finished.stdout, finished.stderr);
}
