use super::format;
use crate::source::SourceFile;
use std::path::{Path, PathBuf};

fn file(text: &str) -> SourceFile {
    SourceFile {
        path: "job.sql".into(),
        text: text.into(),
    }
}

fn formatted(text: &str) -> String {
    let once = format(&file(text)).expect("no errors of syntax");
    let twice = format(&file(&once)).expect("no errors of syntax");
    assert_eq!(once, twice, "formatting again changes something");
    once
}

#[test]
fn a_job_of_all_kinds() {
    let text = "\
-- 水单
set 'table.local-time-zone'='UTC'; set 'a.b'='select';
create table up (id varchar, `type`  VARCHAR , /* text */ data varchar, -- JSON

  价格 decimal(10,2), m map<string,array<int>>, r row<a int,`b` string>, at as proctime(), primary key(id) not enforced) with(type='datahub',
  -- where
  'topic'='t');
create table o (id varchar, n int) with (type='print');
create view v(a,b) as select id,cast(json_value(data,'$.a') as int) from up where `type`='08';
-- rule: first
insert into o select a,case when b>0 then b when b is null then -1 else - b end from v where a is not null and b between 1 and 10 or a like 'x%' and (b in (1,2,3) or b is distinct from 7);
insert into o (id) values ('a'),('b');
insert into o select id, char_length(id) from (select id, `type` from up where json_value(data, '$.some.long.path') is not null and json_value(data, '$.other') = 'x') as t union all select data, 1 from up;";
    let wanted = "\
-- 水单
SET 'table.local-time-zone' = 'UTC';
SET 'a.b' = 'select';

CREATE TABLE up (
  id     VARCHAR,
  `type` VARCHAR, /* text */
  data   VARCHAR, -- JSON

  价格   DECIMAL(10, 2),
  m      MAP<STRING, ARRAY<INT>>,
  r      ROW<a INT, `b` STRING>,
  at     AS proctime(),
  PRIMARY KEY (id) NOT ENFORCED
) WITH (
  type = 'datahub',
  -- where
  'topic' = 't'
);

CREATE TABLE o (
  id VARCHAR,
  n  INT
) WITH (
  type = 'print'
);

CREATE VIEW v (a, b) AS
SELECT id, CAST(json_value(data, '$.a') AS INT)
FROM up
WHERE `type` = '08';

-- rule: first
INSERT INTO o
SELECT a, CASE WHEN b > 0 THEN b WHEN b IS NULL THEN -1 ELSE -b END
FROM v
WHERE a IS NOT NULL
  AND b BETWEEN 1 AND 10
  OR a LIKE 'x%'
  AND (b IN (1, 2, 3) OR b IS DISTINCT FROM 7);

INSERT INTO o (id)
VALUES ('a'), ('b');

INSERT INTO o
SELECT id, char_length(id)
FROM (
  SELECT id, `type`
  FROM up
  WHERE json_value(data, '$.some.long.path') IS NOT NULL
    AND json_value(data, '$.other') = 'x'
) AS t
UNION ALL
SELECT data, 1
FROM up;
";
    assert_eq!(formatted(text), wanted);
}

#[test]
fn long_lines_break_at_commas_conditions_and_branches() {
    let text = "\
CREATE TABLE up (a VARCHAR, b VARCHAR) WITH (type = 'tcp');
CREATE TABLE o (x VARCHAR, y VARCHAR) WITH (type = 'print');
INSERT INTO o SELECT CASE WHEN JSON_VALUE(a, '$.Powers[0].Power') IS NOT NULL THEN 'a long result' WHEN b = '2' THEN 'two' ELSE 'other' END AS class, CONCAT_WS(',', JSON_VALUE(a, '$.first.of.all'), JSON_VALUE(a, '$.second.of.all'), JSON_VALUE(a, '$.third.of.all')) FROM up;";
    let wanted = "\
INSERT INTO o
SELECT
  CASE
    WHEN JSON_VALUE(a, '$.Powers[0].Power') IS NOT NULL THEN 'a long result'
    WHEN b = '2' THEN 'two'
    ELSE 'other'
  END AS class,
  CONCAT_WS(
    ',',
    JSON_VALUE(a, '$.first.of.all'),
    JSON_VALUE(a, '$.second.of.all'),
    JSON_VALUE(a, '$.third.of.all')
  )
FROM up;
";
    let got = formatted(text);
    assert!(got.ends_with(wanted), "{got}");
}

#[test]
fn comments_stay_where_they_are() {
    let text = "\
/* head
   of two lines */
CREATE TABLE up ( -- the source
  a VARCHAR -- leading commas
  , b VARCHAR
  -- last
) WITH (type = 'tcp'); -- behind

-- alone

CREATE TABLE o (x VARCHAR) WITH (type = 'print');
INSERT INTO o -- into
-- before select
SELECT /* hint */ a -- the column
FROM up -- from
-- before where
WHERE a = '1' -- first
  -- own line
  AND b = '2' /* end */;
-- the end";
    let wanted = "\
/* head
   of two lines */
CREATE TABLE up ( -- the source
  a VARCHAR -- leading commas
  , b VARCHAR
  -- last
) WITH (
  type = 'tcp'
); -- behind

-- alone

CREATE TABLE o (
  x VARCHAR
) WITH (
  type = 'print'
);

INSERT INTO o -- into
-- before select
SELECT /* hint */
  a -- the column
FROM up -- from
-- before where
WHERE a = '1' -- first
  -- own line
  AND b = '2' /* end */;

-- the end
";
    assert_eq!(formatted(text), wanted);
}

#[test]
fn names_that_are_keywords_elsewhere_keep_their_case() {
    let text = "\
CREATE TABLE up (date VARCHAR, time VARCHAR, key VARCHAR, int INT) WITH (type = 'tcp');
CREATE TABLE o (x VARCHAR, y INT) WITH (type = 'print');
INSERT INTO o SELECT up.key AS year, up.int AS date FROM up WHERE up.date = '1' AND `left`(up.time, 1) = '2';
";
    let got = formatted(text);
    assert!(
        got.contains("  date VARCHAR,\n  time VARCHAR,\n  key  VARCHAR,\n  int  INT\n"),
        "{got}"
    );
    assert!(
        got.contains("SELECT up.key AS year, up.int AS date\n"),
        "{got}"
    );
}

#[test]
fn errors_of_syntax_are_given_back() {
    let findings = format(&file("CREATE TABEL x (a INT);")).expect_err("a typing error");
    assert_eq!(findings.len(), 1);
    assert!(findings[0].code.as_str() < "E0200");
    assert!(format(&file("SELECT 'open")).is_err());
}

#[test]
fn a_file_with_other_errors_is_formatted() {
    let got = formatted("insert into nowhere select x from nothing;");
    assert_eq!(got, "INSERT INTO nowhere\nSELECT x\nFROM nothing;\n");
    assert_eq!(formatted(""), "");
}

/// All SQL files of a folder and those below.
fn sql_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder of rule files") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            sql_files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "sql") {
            found.push(path);
        }
    }
}

#[test]
fn every_rule_file_of_the_repository_keeps_its_meaning() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut paths = Vec::new();
    for folder in ["examples", "tests/conformance/jobs", "src/sql/tests/cases"] {
        sql_files(&root.join(folder), &mut paths);
    }
    assert!(paths.len() > 40, "the rule files are gone");
    let mut changed = 0;
    for path in paths {
        let text = std::fs::read_to_string(&path).expect("a rule file");
        let Ok(once) = format(&file(&text)) else {
            continue;
        };
        let twice = format(&file(&once)).expect("no errors of syntax");
        assert_eq!(once, twice, "{} formatted again", path.display());
        changed += usize::from(once != text);
        // Without blanks and case nothing has changed, and no line but of literals and comments is long.
        let bare = |text: &str| -> String {
            text.chars()
                .filter(|c| !c.is_whitespace())
                .flat_map(char::to_uppercase)
                .collect()
        };
        assert_eq!(bare(&once), bare(&text), "{}", path.display());
    }
    assert!(changed > 20, "formatting has changed {changed} files only");
}

#[test]
fn the_example_is_in_the_style() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/fleet.sql");
    let text = std::fs::read_to_string(path).expect("the example");
    assert_eq!(formatted(&text), text);
}
