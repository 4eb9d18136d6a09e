//! What came, written as what is expected. Comments and all else stay as they are.

use super::case::Got;
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
    if !got.letters.is_empty() || table.contains_key("dead_letters") {
        set(table, "dead_letters", letters(got));
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

fn letters(got: &Got) -> Value {
    let mut array = Array::new();
    for letter in &got.letters {
        let mut table = InlineTable::new();
        table.insert("stage", letter.is.stage.as_str().into());
        table.insert("code", letter.is.code.as_str().into());
        if let Some(rule) = &letter.is.rule {
            table.insert("rule", rule.as_str().into());
        }
        let mut value = Value::InlineTable(table);
        value.decor_mut().set_prefix("\n  ");
        array.push_formatted(value);
    }
    if !array.is_empty() {
        array.set_trailing("\n");
        array.set_trailing_comma(true);
    }
    Value::Array(array)
}
