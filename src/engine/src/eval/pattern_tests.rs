#![allow(clippy::unwrap_used)]

use super::*;
use proptest::prelude::*;

fn like(text: &str, pattern: &str, escape: Option<char>) -> Result<bool, String> {
    let syntax = Syntax {
        similar: false,
        escape,
    };
    Ok(Matcher::new(pattern, syntax)?.matches(text))
}

fn similar(text: &str, pattern: &str) -> Result<bool, String> {
    let syntax = Syntax {
        similar: true,
        escape: Some('\\'),
    };
    Ok(Matcher::new(pattern, syntax)?.matches(text))
}

#[test]
fn like_matches_whole_texts() {
    let cases = [
        ("abc", "a%", true),
        ("abc", "%c", true),
        ("abc", "%b%", true),
        ("abc", "a%c", true),
        ("abc", "abc", true),
        ("abc", "ab", false),
        ("abc", "a_c", true),
        ("abc", "_", false),
        ("中文", "__", true),
        ("中文", "中%", true),
        ("a\nb", "a_b", true),
        ("a\nb", "a%b", true),
        ("a.c", "a.c", true),
        ("abc", "a.c", false),
        ("", "%", true),
        ("", "", true),
        ("", "_", false),
        ("aXbXc", "a%b%c", true),
        ("aa", "a%a", true),
        ("a", "a%a", false),
        ("a\\%", "a\\%", true),
        ("(x)[y]", "(x)[%]", true),
    ];
    for (text, pattern, expected) in cases {
        assert_eq!(like(text, pattern, None), Ok(expected), "{text} {pattern}");
    }
}

#[test]
fn like_escapes() {
    assert_eq!(like("a%c", "a!%c", Some('!')), Ok(true));
    assert_eq!(like("abc", "a!%c", Some('!')), Ok(false));
    assert_eq!(like("a!c", "a!!c", Some('!')), Ok(true));
    assert_eq!(
        like("a", "a!", Some('!')),
        Err("it ends within an escape (`!`)".to_owned())
    );
    assert_eq!(
        like("a", "!a", Some('!')),
        Err("`!a` is no escape; `!` goes before `_`, `%` or itself".to_owned())
    );
}

#[test]
fn similar_to_is_regular() {
    let cases = [
        ("04", "04|05", true),
        ("040", "04|05", false),
        ("aab", "a+b?", true),
        ("a1", "[a-z][[:DIGIT:]]", true),
        ("a1", "[a-z][[:digit:]]", true),
        ("ab", "[^a]b", false),
        ("abab", "(ab){2}", true),
        ("x%", "x\\%", true),
        ("xy", "x\\%", false),
        ("a$", "a$", true),
        ("a\nb", "a%b", true),
        ("a&&b", "a[&]+b", true),
    ];
    for (text, pattern, expected) in cases {
        assert_eq!(similar(text, pattern), Ok(expected), "{text} {pattern}");
    }
    let errors = [
        ("a]", "a `]` stands without its `[`"),
        ("[a", "a `[` has no `]`"),
        ("[a*]", "`*` within `[` and `]` must be escaped"),
        ("a(", "it is no regular expression"),
        (
            "\\a",
            "`\\a` is no escape; `\\` goes before one of []()|^-+*_%?{} or itself",
        ),
        ("\\", "it ends within an escape (`\\`)"),
    ];
    for (pattern, problem) in errors {
        assert_eq!(similar("x", pattern), Err(problem.to_owned()), "{pattern}");
    }
}

#[test]
fn sets_hold_what_they_were_given() {
    for count in [0, 1, FEW_TEXTS, FEW_TEXTS + 1, 500] {
        let texts: Vec<String> = (0..count).map(|i| format!("{i:04}")).collect();
        let set = TextSet::new(texts.clone());
        assert!(texts.iter().all(|text| set.contains(text)));
        for stranger in ["", "x", "00001", "0 00", "9999"] {
            assert!(!set.contains(stranger));
        }
    }
}

/// LIKE by its definition.
fn naive(text: &[char], pattern: &[char]) -> bool {
    match pattern.split_first() {
        None => text.is_empty(),
        Some(('%', rest)) => (0..=text.len()).any(|skip| naive(&text[skip..], rest)),
        Some(('_', rest)) => !text.is_empty() && naive(&text[1..], rest),
        Some((c, rest)) => text.first() == Some(c) && naive(&text[1..], rest),
    }
}

proptest! {
    #[test]
    fn like_agrees_with_its_definition(text in "[ab.\n中]{0,8}", pattern in "[ab.%_中]{0,6}") {
        let (t, p): (Vec<char>, Vec<char>) = (text.chars().collect(), pattern.chars().collect());
        prop_assert_eq!(like(&text, &pattern, None), Ok(naive(&t, &p)));
    }

    #[test]
    fn no_pattern_panics(text in ".{0,8}", pattern in "[\\[\\]()|^+*_%?{}0-9,a\\\\&~:\\-]{0,10}") {
        let _ = like(&text, &pattern, Some('\\'));
        let _ = similar(&text, &pattern);
    }
}
