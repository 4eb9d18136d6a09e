//! From TOML with spans to values that satisfy [`keys`](super::keys), collecting every fault on the way.

use super::error::{ConfigError, Problem};
use super::keys::{self, Bound, Default, KEYS, Key};
use super::tables::{self, TableOverride};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// What [`Bound::Pages`] counts in.
const PAGE_BYTES: u64 = 4096;

/// A value of a key's type.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Value {
    Text(String),
    Integer(u64),
    Boolean(bool),
    List(Vec<String>),
}

/// Every key's value, the file's or the default.
#[derive(Debug)]
pub struct Values {
    values: HashMap<(&'static str, &'static str), Value>,
    spans: HashMap<(&'static str, &'static str), Range<usize>>,
}

impl Values {
    fn get(&self, section: &'static str, name: &'static str) -> &Value {
        self.values
            .get(&(section, name))
            .expect("the key stands in KEYS, and every key has a value")
    }

    /// A key whose default is a string.
    pub fn text(&self, section: &'static str, name: &'static str) -> String {
        match self.get(section, name) {
            Value::Text(text) => text.clone(),
            other => unreachable!("{section}.{name} was read as {other:?}"),
        }
    }

    /// A key whose default is an integer.
    pub fn integer(&self, section: &'static str, name: &'static str) -> u64 {
        match self.get(section, name) {
            Value::Integer(value) => *value,
            other => unreachable!("{section}.{name} was read as {other:?}"),
        }
    }

    /// A key whose default is `true` or `false`.
    pub fn boolean(&self, section: &'static str, name: &'static str) -> bool {
        match self.get(section, name) {
            Value::Boolean(value) => *value,
            other => unreachable!("{section}.{name} was read as {other:?}"),
        }
    }

    /// A key whose default is an array.
    pub fn list(&self, section: &'static str, name: &'static str) -> Vec<String> {
        match self.get(section, name) {
            Value::List(list) => list.clone(),
            other => unreachable!("{section}.{name} was read as {other:?}"),
        }
    }

    /// An address that was found to be on loopback.
    pub fn address(&self, section: &'static str, name: &'static str) -> SocketAddr {
        parse_address(&self.text(section, name)).expect("the bound was checked")
    }

    /// Where the file gives the key.
    pub fn span(&self, section: &'static str, name: &'static str) -> Option<Range<usize>> {
        self.spans.get(&(section, name)).cloned()
    }
}

/// What a file says.
#[derive(Debug)]
pub struct Reading {
    /// Values of all keys.
    pub values: Values,
    /// The `[tables.X]`.
    pub tables: Vec<TableOverride>,
    /// Faults found; where there is one the values are not to be used.
    pub problems: Vec<Problem>,
}

/// Reads a configuration's text.
pub fn read(text: &str) -> Reading {
    let mut reading = Reading {
        values: defaults(),
        tables: Vec::new(),
        problems: Vec::new(),
    };
    let document = match DeTable::parse(text) {
        Ok(document) => document,
        Err(error) => {
            reading.problems.push(Problem {
                error: ConfigError::Syntax {
                    reason: error.message().replace('\n', ", "),
                },
                span: error.span(),
                help: Vec::new(),
            });
            return reading;
        }
    };
    for (name, value) in document.get_ref() {
        match (name.get_ref().as_ref(), value.get_ref()) {
            ("tables", DeValue::Table(table)) => {
                tables::read(table, &mut reading.tables, &mut reading.problems);
            }
            (section, DeValue::Table(table)) if keys::is_section(section) => {
                for (key, value) in table {
                    reading.take(section, key, value);
                }
            }
            (section, _) if section == "tables" || keys::is_section(section) => {
                reading.problems.push(Problem {
                    error: ConfigError::WrongType {
                        key: section.to_owned(),
                        found: type_name(value.get_ref()).to_owned(),
                        expected: "a table",
                    },
                    span: Some(value.span()),
                    help: vec![format!("write `[{section}]` and the keys below it")],
                });
            }
            _ => reading.take("", name, value),
        }
    }
    reading
}

impl Reading {
    fn take(
        &mut self,
        section: &str,
        name: &Spanned<std::borrow::Cow<'_, str>>,
        value: &Spanned<DeValue<'_>>,
    ) {
        let Some(key) = keys::find(section, name.get_ref()) else {
            self.problems.push(unknown_key(section, name));
            return;
        };
        match convert(key, value.get_ref()).and_then(|value| check(key, value)) {
            Ok(converted) => {
                let place = (key.section, key.name);
                self.values.values.insert(place, converted);
                self.values.spans.insert(place, value.span());
            }
            Err(error) => self.problems.push(Problem {
                help: help_for(&error),
                error,
                span: Some(value.span()),
            }),
        }
    }
}

fn defaults() -> Values {
    let values = KEYS
        .iter()
        .map(|key| {
            let value = match key.default {
                Default::Text(text) => Value::Text(text.to_owned()),
                Default::Integer(value) => Value::Integer(value),
                Default::Boolean(value) => Value::Boolean(value),
                Default::List(list) => Value::List(list.iter().map(|s| (*s).to_owned()).collect()),
            };
            ((key.section, key.name), value)
        })
        .collect();
    Values {
        values,
        spans: HashMap::new(),
    }
}

fn unknown_key(section: &str, name: &Spanned<std::borrow::Cow<'_, str>>) -> Problem {
    let name_text = name.get_ref().as_ref();
    let path = if section.is_empty() {
        name_text.to_owned()
    } else {
        format!("{section}.{name_text}")
    };
    let help = match suggest(section, name_text) {
        Some(suggestion) => format!("did you mean `{suggestion}`?"),
        None => "`rookery config default` prints every key".to_owned(),
    };
    Problem {
        error: ConfigError::UnknownKey { key: path },
        span: Some(name.span()),
        help: vec![help],
    }
}

/// The key that was probably meant: the same name in another section, or one or two slips away.
fn suggest(section: &str, name: &str) -> Option<String> {
    let here = KEYS.iter().filter(|key| key.section == section);
    let mut names: Vec<&str> = here.map(|key| key.name).collect();
    if section.is_empty() {
        names.extend(keys::SECTIONS.iter().map(|(name, _)| *name));
        names.push("tables");
    }
    if let Some(close) = closest(name, names.into_iter().filter(|name| !name.is_empty())) {
        let table = keys::is_section(close) || close == "tables";
        return Some(match (section, table) {
            ("", true) => format!("[{close}]"),
            ("", false) => close.to_owned(),
            _ => format!("{section}.{close}"),
        });
    }
    KEYS.iter().find(|key| key.name == name).map(Key::path)
}

/// The candidate nearest to `word`, if near enough to be a slip of it.
pub fn closest<'a>(word: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_lowercase();
    candidates
        .map(|candidate| {
            (
                strsim::damerau_levenshtein(&word, &candidate.to_lowercase()),
                candidate,
            )
        })
        .filter(|(distance, candidate)| *distance <= 1 + candidate.chars().count() / 4)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// What messages call the type of a TOML value.
pub fn type_name(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) => "an integer",
        DeValue::Float(_) => "a number with a fraction",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "an array",
        DeValue::Table(_) => "a table",
    }
}

fn convert(key: &Key, value: &DeValue<'_>) -> Result<Value, ConfigError> {
    let wrong = |found: &str| ConfigError::WrongType {
        key: key.path(),
        found: found.to_owned(),
        expected: key.default.type_name(),
    };
    match (key.default, value) {
        (Default::Text(_), DeValue::String(text)) => Ok(Value::Text(text.clone().into_owned())),
        (Default::Boolean(_), DeValue::Boolean(value)) => Ok(Value::Boolean(*value)),
        (Default::Integer(_), DeValue::Integer(number)) => {
            match u64::from_str_radix(number.as_str(), number.radix()) {
                Ok(value) => Ok(Value::Integer(value)),
                Err(_) => Err(out_of_range(key, number.to_string())),
            }
        }
        (Default::List(_), DeValue::Array(items)) => items
            .iter()
            .map(|item| match item.get_ref() {
                DeValue::String(text) => Ok(text.clone().into_owned()),
                other => Err(wrong(&format!("an array that holds {}", type_name(other)))),
            })
            .collect::<Result<_, _>>()
            .map(Value::List),
        (_, other) => Err(wrong(type_name(other))),
    }
}

fn out_of_range(key: &Key, value: String) -> ConfigError {
    let (min, max) = match key.bound {
        Bound::Range(min, max) | Bound::Pages(min, max) => (min, max),
        _ => (0, u64::MAX),
    };
    ConfigError::OutOfRange {
        key: key.path(),
        value,
        min: grouped(min),
        max: grouped(max),
        unit: if key.unit.is_empty() {
            String::new()
        } else {
            format!(" {}", key.unit)
        },
    }
}

/// Digits in groups of three.
pub fn grouped(value: u64) -> String {
    let digits = value.to_string();
    let mut grouped = String::with_capacity(digits.len() * 4 / 3 + 1);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

fn check(key: &Key, value: Value) -> Result<Value, ConfigError> {
    match (&value, key.bound) {
        (Value::Text(text), Bound::NotEmpty) if text.trim().is_empty() => {
            Err(ConfigError::Empty { key: key.path() })
        }
        (Value::Integer(number), Bound::Range(min, max) | Bound::Pages(min, max))
            if !(min..=max).contains(number) =>
        {
            Err(out_of_range(key, grouped(*number)))
        }
        (Value::Integer(number), Bound::Pages(..)) if !number.is_multiple_of(PAGE_BYTES) => {
            Err(ConfigError::NotPages {
                key: key.path(),
                value: *number,
                next: number.next_multiple_of(PAGE_BYTES),
            })
        }
        (Value::Text(text), Bound::Choice(choices)) if !choices.contains(&text.as_str()) => {
            let quoted: Vec<String> = choices.iter().map(|choice| format!("{choice:?}")).collect();
            Err(ConfigError::Choice {
                key: key.path(),
                value: text.clone(),
                choices: quoted.join(", "),
            })
        }
        (Value::Text(text), Bound::Loopback) => match (parse_address(text), key.default) {
            (Some(address), _) if address.ip().is_loopback() => Ok(value),
            (Some(_), _) => Err(ConfigError::NotLoopback {
                key: key.path(),
                value: text.clone(),
            }),
            (None, Default::Text(example)) => Err(ConfigError::Address {
                key: key.path(),
                value: text.clone(),
                example,
            }),
            (None, _) => unreachable!("an address is a string"),
        },
        _ => Ok(value),
    }
}

/// `IP:PORT`, where `localhost` stands for 127.0.0.1.
fn parse_address(text: &str) -> Option<SocketAddr> {
    match text.strip_prefix("localhost:") {
        Some(port) => Some(SocketAddr::from(([127, 0, 0, 1], port.parse().ok()?))),
        None => text.parse().ok(),
    }
}

fn help_for(error: &ConfigError) -> Vec<String> {
    match error {
        ConfigError::NotLoopback { .. } => vec![
            "listen on 127.0.0.1 and let a forwarder or an SSH tunnel on this machine carry messages in".to_owned(),
        ],
        _ => Vec::new(),
    }
}
