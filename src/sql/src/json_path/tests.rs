#![allow(clippy::unwrap_used)]

use super::*;

fn steps(text: &str) -> Vec<PathStep> {
    parse_json_path(text).expect(text).steps
}

fn flink(text: &str) -> String {
    match parse_flink_json_path(text) {
        Ok(path) => rookery_model::steps_text(&path.steps),
        Err(error) => format!("{} {error}", error.at),
    }
}

fn error(text: &str) -> (usize, String) {
    let error = parse_json_path(text).expect_err(text);
    (error.at, error.to_string())
}

#[test]
fn reads_every_kind_of_step() {
    use PathStep::{AnyElement, AnyMember, Index, Key};
    let key = |name: &str| Key(name.into());
    assert_eq!(steps("$"), []);
    assert_eq!(
        steps("$.Powers[0].Power"),
        [key("Powers"), Index(0), key("Power")]
    );
    assert_eq!(steps("$[2][*]"), [Index(2), AnyElement]);
    assert_eq!(
        steps(" $.* [ 'a b' ] [ \"c\" ] "),
        [AnyMember, key("a b"), key("c")]
    );
    assert_eq!(steps("$.功率.\"x.y\""), [key("功率"), key("x.y")]);
    assert_eq!(steps("$.['a b'].[\"c\"]"), [key("a b"), key("c")]);
    assert_eq!(steps("$['it\\'s']"), [key("it's")]);
    assert_eq!(steps("$.a-b$"), [key("a-b$")]);
}

#[test]
fn reads_the_mode() {
    let mode = |text| parse_json_path(text).map(|path| path.mode);
    assert_eq!(mode("$.a"), Ok(PathMode::Unsaid));
    assert_eq!(mode("lax $.a"), Ok(PathMode::Lax));
    assert_eq!(mode("STRICT$.a"), Ok(PathMode::Strict));
    assert_eq!(error("laxer $"), (0, "a JSON path begins with `$`".into()));
}

#[test]
fn errors_say_where_and_why() {
    assert_eq!(error(""), (0, "a JSON path begins with `$`".into()));
    assert_eq!(error("Powers"), (0, "a JSON path begins with `$`".into()));
    assert_eq!(error("$."), (2, "a name or `*` follows `.`".into()));
    assert_eq!(error("$.[0]"), (3, "a name or `*` follows `.`".into()));
    assert_eq!(
        error("$..a"),
        (2, "`..` is not part of JSON paths here".into())
    );
    assert_eq!(
        error("$a"),
        (1, "`.name`, `[n]`, `[*]` or `['name']` follows here".into())
    );
    assert_eq!(
        error("$[x]"),
        (2, "`[` holds a number from 0, `*` or a quoted name".into())
    );
    assert_eq!(
        error("$[-1]"),
        (2, "`[` holds a number from 0, `*` or a quoted name".into())
    );
    assert_eq!(error("$[0"), (3, "`]` is missing".into()));
    assert_eq!(error("$['a"), (4, "`'` is missing".into()));
    assert_eq!(
        error("$[99999999999]"),
        (2, "an index is at most 4294967295".into())
    );
    assert_eq!(
        error("$[?(@.a)]"),
        (2, "a filter is not part of JSON paths here".into())
    );
    assert_eq!(
        error("$.size()"),
        (6, "a function is not part of JSON paths here".into())
    );
    assert_eq!(
        error("$[0,1]"),
        (
            3,
            "a list of subscripts is not part of JSON paths here".into()
        )
    );
    assert_eq!(
        error("$[0:1]"),
        (3, "a slice is not part of JSON paths here".into())
    );
    assert_eq!(
        error(&format!("${}", ".a".repeat(65))),
        (129, "a JSON path has at most 64 steps".into())
    );
}

#[test]
fn flink_has_more_steps() {
    for same in [
        ".a['b c'][0][*].*",
        "..a",
        "..[0]",
        "..*",
        "[-1].a",
        "[0,2,-1]",
        "[0:2]",
        "[-2:]",
        "[:3]",
        "[?(@.a)].b",
        "[?(@.a > 1)]",
        "[?(@.a[0].b == \"x\" && (@.c != null || !(@.d)))]",
        "[?(1.5e3 <= @)]",
    ] {
        assert_eq!(flink(&format!("$ {same}")), same);
    }
    assert_eq!(
        flink("$[?(@['a b']=='x'||true<@.b)]"),
        "[?(@['a b'] == \"x\" || true < @.b)]"
    );
    assert_eq!(flink("a.b"), ".a.b");
    assert_eq!(flink(" lax  $.a"), ".a");
}

#[test]
fn flink_reads_over_no_blank() {
    assert_eq!(flink(" $.a"), "0 a JSON path begins with `$`");
    assert_eq!(flink("lax$.a"), "3 a blank follows the mode of a JSON path");
    assert_eq!(flink("$."), "2 a name or `*` follows `.`");
    assert_eq!(flink("$.."), "3 a name or `*` follows `.`");
    assert_eq!(
        flink("$[last]"),
        "2 `[` holds a number from 0, `*` or a quoted name"
    );
    assert_eq!(
        flink("$[1,]"),
        "4 `[` holds a number from 0, `*` or a quoted name"
    );
    for unsupported in [
        "$..a..b",
        "$['a','b']",
        "$.size()",
        "$[?(@.a =~ 'x')]",
        "$[?(@..a)]",
        "$[0:2:1]",
    ] {
        let error = parse_flink_json_path(unsupported).unwrap_err();
        assert!(error.is_unsupported(), "{unsupported}: {error}");
    }
}
