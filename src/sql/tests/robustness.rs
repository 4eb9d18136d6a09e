//! No text makes compiling panic, overflow the stack or take long; whatever comes of it can be shown.

use proptest::prelude::*;
use rookery_sql::plan::Dialect;
use rookery_sql::{
    CompileOptions, Compiled, SourceFile, compile, parse_flink_json_path, parse_json_path,
};
use std::fs;
use std::path::Path;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// Characters that a slip of the hand or a paste puts into a file.
const SLIPS: &[char] = &[
    '\'', '`', '"', ';', ',', '(', ')', '[', ']', '<', '>', '=', '-', '*', '/', '.', '$', '@',
    '\\', '!', '|', '%', '{', '?', ':', '_', '0', '9', 'e', 'x', 'U', ' ', '\n', '\t', '\r', '\0',
    '；', '，', '（', '）', '‘', '’', '　', '中', '\u{200b}', '\u{feff}', '😀', 'é',
];

fn texts() -> &'static [String] {
    static TEXTS: OnceLock<Vec<String>> = OnceLock::new();
    TEXTS.get_or_init(|| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
        let mut paths: Vec<_> = fs::read_dir(folder)
            .expect("the folder of cases")
            .map(|entry| entry.expect("an entry").path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "sql"))
            .collect();
        paths.sort();
        paths
            .iter()
            .map(|path| fs::read_to_string(path).expect("a case"))
            .collect()
    })
}

/// Compiles, and shows every finding, as `check` does.
fn run(text: String) -> Compiled {
    let file = SourceFile {
        path: "slip.sql".into(),
        text,
    };
    let compiled = compile(&file, &CompileOptions::default());
    for diagnostic in &compiled.diagnostics {
        let place = diagnostic.position(&file);
        assert!(place.line >= 1 && place.column >= 1);
        assert!(diagnostic.span.start <= diagnostic.span.end);
        assert!(diagnostic.span.end as usize <= file.text.len());
        assert!(!diagnostic.render(&file, false).is_empty());
    }
    assert!(compiled.program.is_some() || !compiled.diagnostics.is_empty());
    compiled
}

fn pick(case: prop::sample::Index) -> &'static str {
    &texts()[case.index(texts().len())]
}

/// A place in a text, and its characters.
fn around(text: &str, place: prop::sample::Index) -> (usize, Vec<char>) {
    let characters: Vec<char> = text.chars().collect();
    (place.index(characters.len()), characters)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn a_deleted_character_is_survived(case in any::<prop::sample::Index>(), place in any::<prop::sample::Index>()) {
        let (at, mut characters) = around(pick(case), place);
        characters.remove(at);
        run(characters.into_iter().collect());
    }

    #[test]
    fn an_inserted_character_is_survived(
        case in any::<prop::sample::Index>(),
        place in any::<prop::sample::Index>(),
        slip in prop::sample::select(SLIPS),
    ) {
        let (at, mut characters) = around(pick(case), place);
        characters.insert(at, slip);
        run(characters.into_iter().collect());
    }

    #[test]
    fn a_replaced_character_is_survived(
        case in any::<prop::sample::Index>(),
        place in any::<prop::sample::Index>(),
        slip in prop::sample::select(SLIPS),
    ) {
        let (at, mut characters) = around(pick(case), place);
        characters[at] = slip;
        run(characters.into_iter().collect());
    }

    #[test]
    fn pieces_of_two_files_in_any_order_are_survived(
        cases in any::<[prop::sample::Index; 2]>(),
        cuts in any::<[prop::sample::Index; 2]>(),
    ) {
        let piece = |n: usize| {
            let text = pick(cases[n]);
            let words: Vec<&str> = text.split_inclusive([' ', '(', ')', ',']).collect();
            let cut = cuts[n].index(words.len());
            (words[..cut].concat(), words[cut..].concat())
        };
        let ((head, _), (_, tail)) = (piece(0), piece(1));
        run(format!("{head}{tail}"));
    }

    #[test]
    fn words_in_any_order_are_survived(
        words in prop::collection::vec(prop::sample::select(vec![
            "select", "from", "where", "insert", "into", "create", "table", "view", "as", "with", "(",
            ")", ",", ";", "case", "when", "then", "else", "end", "cast", "json_value", "'$.a'", "t", "s",
            "a", "1", "1.5", "'x'", "=", "and", "or", "not", "in", "is", "null", "between", "like", "union",
            "all", "values", "varchar", "int", "set", "begin", "statement", "*", "-", "||", ".", "row<",
            ">", "interval", "group", "by", "over", "table(", "-- rule: r\n", "primary", "key", "watermark",
            "for", "match_recognize", "pattern", "within", "emit", "[", "]", "exists", "join", "on",
        ]), 0..40),
    ) {
        let declared = "create table t (a varchar) with (type='x'); create table s (a varchar) with (type='y');";
        run(format!("{declared}{}", words.join(" ")));
    }

    #[test]
    fn json_paths_are_read_or_refused(text in "[$.\\[\\]*'\"a中0-9 \\\\]{0,24}") {
        if let Err(error) = parse_json_path(&text) {
            prop_assert!(error.at <= text.len());
        }
    }

    #[test]
    fn json_paths_of_flink_are_read_or_refused(text in "(lax )?[$.\\[\\]*'\"a中0-9 \\\\?@()<>=!&|,:-]{0,32}") {
        match parse_flink_json_path(&text) {
            // Its root may have been put before it.
            Err(error) => prop_assert!(error.at <= text.len() + 2),
            Ok(path) => {
                let again = format!("${}", rookery_model::steps_text(&path.steps));
                let read = parse_flink_json_path(&again).map(|path| path.steps);
                prop_assert_eq!(read, Ok(path.steps), "{}", again);
            }
        }
    }
}

fn within(limit: Duration, what: &str, text: String) -> Compiled {
    let start = Instant::now();
    let compiled = run(text);
    let took = start.elapsed();
    println!("{what}: {took:?}");
    assert!(took < limit, "{what} took {took:?}");
    compiled
}

const TABLES: &str = "create table s (a varchar, b int) with (type='x');\n\
                      create table t (v varchar) with (type='y');\n";

/// The code of the only error, or none.
fn error_of(compiled: &Compiled) -> Option<&'static str> {
    let errors: Vec<_> = compiled
        .diagnostics
        .iter()
        .map(|diagnostic| diagnostic.code.as_str())
        .filter(|code| *code < "E0300")
        .collect();
    assert!(errors.len() <= 1, "{errors:?}");
    errors.first().copied()
}

#[test]
fn deep_nesting_is_refused() {
    let limit = Duration::from_secs(20);
    let nested = |open: &str, inner: &str, close: &str, depth: usize| {
        format!(
            "{TABLES}insert into t select {}{inner}{} from s;",
            open.repeat(depth),
            close.repeat(depth)
        )
    };
    let shapes = [
        ("(", "a", ")"),
        ("cast(", "a", " as varchar)"),
        ("coalesce(", "a", ")"),
        ("case when b = 1 then ", "a", " end"),
        ("json_value(", "a", ", '$.x')"),
        ("- ", "b", ""),
        ("not ", "b = 1", ""),
        ("(select ", "a", ")"),
        ("a[", "1", "]"),
        ("array[", "1", "]"),
        ("interval ", "'1' day", ""),
        ("cast(a as array<", "int", ">)"),
        ("case ", "a", ""),
        ("cast(", "a", ""),
        ("if(", "a", ""),
    ];
    for (open, inner, close) in shapes {
        within(limit, open, nested(open, inner, close, 20));
        let compiled = within(limit, open, nested(open, inner, close, 60));
        assert!(error_of(&compiled) != Some("E0108"));
        for depth in [300, 20_000] {
            let compiled = within(limit, open, nested(open, inner, close, depth));
            assert!(compiled.program.is_none(), "{open} {depth}");
        }
    }
    let subqueries = |depth: usize| {
        format!(
            "{TABLES}insert into t select a from {}s{};",
            "(select a from ".repeat(depth),
            ") x".repeat(depth)
        )
    };
    assert!(
        within(limit, "subqueries", subqueries(30))
            .program
            .is_some()
    );
    let compiled = within(limit, "subqueries", subqueries(2_000));
    assert_eq!(error_of(&compiled), Some("E0107"));
    let open = format!("{TABLES}insert into t select a from {}s;", "(".repeat(60));
    within(limit, "open brackets", open);
    let open = format!(
        "{TABLES}insert into t select a from {}s;",
        "(select a from ".repeat(60)
    );
    within(limit, "open subqueries", open);
}

#[test]
fn long_chains_of_operators_are_bounded() {
    let limit = Duration::from_secs(20);
    let chain = |first: &str, more: &str, count: usize| {
        format!(
            "{TABLES}insert into t select a from s where {first}{};",
            more.repeat(count)
        )
    };
    let compiled = within(limit, "or", chain("a = '1'", " or a = '1'", 1_000));
    assert!(compiled.program.is_some());
    for more in [
        " or a = '1'",
        " + b",
        " || a",
        " is null",
        " and not b = 1",
        ".x",
    ] {
        let compiled = within(limit, more, chain("b = b", more, 100_000));
        assert!(compiled.program.is_none(), "{more}");
    }
    let sum = within(limit, "a sum", chain("b = b", " + b", 200));
    assert!(sum.program.is_some());
    let sum = within(limit, "a long sum", chain("b = b", " + b", 300));
    assert_eq!(error_of(&sum), Some("E0107"));
    let unions = format!(
        "{TABLES}insert into t select a from s{};",
        " union all select a from s".repeat(20_000)
    );
    assert_eq!(error_of(&within(limit, "union", unions)), Some("E0107"));
}

#[test]
fn a_statement_of_a_megabyte_is_read() {
    let limit = Duration::from_secs(30);
    let list = "'0123456789',".repeat(80_000);
    let compiled = within(
        limit,
        "IN list",
        format!("{TABLES}insert into t select a from s where a in ({list}'x');"),
    );
    assert!(compiled.program.is_some());
    let compiled = within(
        limit,
        "VALUES",
        format!(
            "{TABLES}insert into t values {}('x');",
            "('0123456789'),".repeat(60_000)
        ),
    );
    assert!(compiled.program.is_some());
    let columns: String = (0..30_000)
        .map(|n| format!("column_{n} varchar, "))
        .collect();
    let compiled = within(
        limit,
        "columns",
        format!("{TABLES}create table wide ({columns} last int) with (type='x');"),
    );
    assert!(compiled.program.is_some());
    within(limit, "one line of junk", "select ( ".repeat(110_000));
    within(
        limit,
        "one literal",
        format!("{TABLES}insert into t values ('{}');", "中".repeat(300_000)),
    );
    within(
        limit,
        "open literals",
        "insert into t select 'a\n".repeat(40_000),
    );
    within(
        limit,
        "semicolons missing",
        "insert into t select a from s\n".repeat(30_000),
    );
    within(limit, "pasted", "；（，）".repeat(80_000));
}

#[test]
fn a_file_over_the_limit_is_refused() {
    let compiled = run(" ".repeat(4 * 1024 * 1024 + 1));
    assert_eq!(
        compiled.diagnostics[0].message,
        "the file has 4194305 bytes, over the limit of 4194304"
    );
}

#[test]
fn views_that_double_each_other_are_refused() {
    let mut text = format!("{TABLES}create view v0 as select a from s;");
    for n in 1..40 {
        let below = n - 1;
        text += &format!(
            "create view v{n} as select a from v{below} union all select a from v{below};"
        );
    }
    text += "insert into t select a from v39;";
    let compiled = within(Duration::from_secs(20), "views", text);
    assert_eq!(error_of(&compiled), Some("E0108"));
}

#[test]
fn options_before_a_file_are_overruled_by_it() {
    let options = CompileOptions {
        dialect: Some(Dialect::Flink),
        zone: Some("Europe/Berlin".into()),
    };
    let settings = |text: &str| {
        let file = SourceFile {
            path: "a.sql".into(),
            text: text.into(),
        };
        let program = compile(&file, &options).program.expect("a program");
        (program.dialect, program.zone)
    };
    assert_eq!(settings(""), (Dialect::Flink, "Europe/Berlin".into()));
    assert_eq!(
        settings("SET 'rookery.dialect' = 'blink'; SET 'table.local-time-zone' = 'UTC+8';"),
        (Dialect::Blink, "+08:00".into())
    );
}
