//! What came, written as what is expected. Comments and all else stay as they are.

use super::case::{Got, GotLetter};
use super::file::Case;
use toml_edit::{Array, DocumentMut, InlineTable, Item, Table, TableLike, Value};

/// Writes what came of a case into its place. Sinks without rows are left out, unless they stand there.
pub fn update(document: &mut DocumentMut, case: &Case, got: &Got) {
    let cases = document
        .get_mut("case")
        .and_then(Item::as_array_of_tables_mut);
    let Some(table) = cases.and_then(|cases| cases.get_mut(case.index)) else {
        return;
    };
    if !table.contains_key("rows") && got.rows.values().any(|rows| !rows.is_empty()) {
        let mut rows = Table::new();
        rows.set_dotted(true);
        table.insert("rows", Item::Table(rows));
    }
    if let Some(rows) = table.get_mut("rows").and_then(Item::as_table_like_mut) {
        for (sink, lines) in &got.rows {
            if !lines.is_empty() || rows.contains_key(sink) {
                set(rows, sink, text(lines));
            }
        }
    }
    match table.get_mut("dead_letters") {
        Some(Item::Value(Value::Array(array))) => mend(array, case, got),
        Some(_) => set(table, "dead_letters", letters(got)),
        None if got.letters.is_empty() => {}
        None => set(table, "dead_letters", letters(got)),
    }
}

/// Replaces a value, or adds it; the comments around it stay.
fn set(table: &mut dyn TableLike, key: &str, mut value: Value) {
    match table.get_mut(key) {
        Some(Item::Value(old)) => {
            *value.decor_mut() = old.decor().clone();
            *old = value;
        }
        Some(item) => *item = Item::Value(value),
        None => {
            table.insert(key, Item::Value(value));
        }
    }
}

/// Rows as a literal of several lines.
fn text(lines: &[String]) -> Value {
    let mut text = String::new();
    for line in lines {
        text.push_str(line);
        text.push('\n');
    }
    let literal = format!("'''\n{text}'''");
    match literal.parse::<Value>() {
        Ok(value) if value.as_str() == Some(text.as_str()) => value,
        // It holds what no literal can.
        _ => Value::from(text),
    }
}

/// Dead letters in the place of others: those at the start that came as expected stay as they are written,
/// and so do the comments behind them.
fn mend(array: &mut Array, case: &Case, got: &Got) {
    let expected = case.dead_letters.iter().zip(&got.letters);
    let kept = expected
        .take_while(|(expected, got)| expected.covers(&got.is))
        .count();
    if kept == got.letters.len() && kept == array.len() {
        return;
    }
    // What stands behind the last one that stays belongs to it.
    let behind = match array.get(kept) {
        Some(next) => next.decor().prefix().and_then(|prefix| prefix.as_str()),
        None => array.trailing().as_str(),
    };
    let comment = behind
        .filter(|behind| kept > 0 && behind.contains('#'))
        .map_or("", str::trim_end)
        .to_owned();
    while array.len() > kept {
        array.remove(kept);
    }
    for (at, letter) in got.letters[kept..].iter().enumerate() {
        let comment = if at == 0 { comment.as_str() } else { "" };
        push(array, letter, comment);
    }
    let comment = if kept == got.letters.len() {
        comment.as_str()
    } else {
        ""
    };
    array.set_trailing(if array.is_empty() {
        String::new()
    } else {
        format!("{comment}\n")
    });
    array.set_trailing_comma(!array.is_empty());
}

fn letters(got: &Got) -> Value {
    let mut array = Array::new();
    for letter in &got.letters {
        push(&mut array, letter, "");
    }
    if !array.is_empty() {
        array.set_trailing("\n");
        array.set_trailing_comma(true);
    }
    Value::Array(array)
}

/// Adds a dead letter in a line of its own, behind the comment of the one before it.
fn push(array: &mut Array, letter: &GotLetter, comment: &str) {
    let mut table = InlineTable::new();
    table.insert("stage", letter.is.stage.as_str().into());
    table.insert("code", letter.is.code.as_str().into());
    if let Some(rule) = &letter.is.rule {
        table.insert("rule", rule.as_str().into());
    }
    let mut value = Value::InlineTable(table);
    value.decor_mut().set_prefix(format!("{comment}\n  "));
    array.push_formatted(value);
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::command::test::file::{self, ExpectedLetter};

    fn updated(written: &str, came: &[&str]) -> String {
        let text = format!("[[case]]\nname = 'a'\ndead_letters = {written}\n");
        let case = file::read(&text).unwrap().cases.remove(0);
        let letters = came.iter().map(|code| GotLetter {
            is: ExpectedLetter {
                stage: "cast".into(),
                code: (*code).into(),
                rule: None,
            },
            reason: String::new(),
        });
        let got = Got {
            letters: letters.collect(),
            ..Got::default()
        };
        let mut document = text.parse::<DocumentMut>().unwrap();
        update(&mut document, &case, &got);
        let out = document.to_string();
        out.split_once("dead_letters = ").unwrap().1.to_owned()
    }

    #[test]
    fn comments_of_dead_letters_stay_with_them() {
        let a = "{ stage = \"cast\", code = \"E1\" }";
        let b = "{ stage = \"cast\", code = \"E2\" }";
        let one = format!("[\n  # first\n  {a}, # one\n]");
        let two = format!("[\n  # first\n  {a}, # one\n  {b},\n]");
        assert_eq!(updated(&one, &["E1"]), format!("{one}\n"));
        assert_eq!(updated(&one, &["E1", "E2"]), format!("{two}\n"));
        assert_eq!(updated(&two, &["E1"]), format!("{one}\n"));
        assert_eq!(updated(&one, &["E2"]), format!("[\n  {b},\n]\n"));
        assert_eq!(updated(&one, &[]), "[]\n");
        assert_eq!(updated("[]", &["E1"]), format!("[\n  {a},\n]\n"));
    }
}
