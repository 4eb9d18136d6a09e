//! What a target says of the points of a request.
//!
//! | who | status | body |
//! | --- | --- | --- |
//! | OpenTSDB, `?details` | 204 or 200 | all is stored |
//! | | 400 | `{"errors":[{"datapoint":{..},"error":".."}],"failed":n,"success":n}`; the others are stored |
//! | Alibaba's TSDB, `?ignoreErrors=true` | 200 | the same under `ignoredErrors` |
//! | any | 400, 413, 422 otherwise | the request is refused, and no point of it is named |

use serde_json::Value;
use std::collections::BTreeMap;

/// The longest reason that is kept.
const REASON_MAX_CHARS: usize = 500;

/// The points that an answer names as not stored.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Details {
    /// Index of the point in the request, and why.
    pub refused: Vec<(usize, String)>,
    /// Whether points were refused that cannot be told from the others by what the answer names.
    pub unclear: Option<String>,
}

/// Reads an answer's details; none if it has none.
pub(super) fn details(body: &[u8], points: &[&[u8]]) -> Option<Details> {
    let answer: Value = serde_json::from_slice(body).ok()?;
    let failed = answer.get("failed")?.as_u64()?;
    let errors = ["errors", "ignoredErrors"]
        .iter()
        .find_map(|key| answer.get(key)?.as_array())
        .map(Vec::as_slice)
        .unwrap_or_default();
    let mut details = Details::default();
    if failed == 0 && errors.is_empty() {
        return Some(details);
    }
    let mut known: BTreeMap<Point, Vec<usize>> = BTreeMap::new();
    for (at, point) in points.iter().enumerate().rev() {
        if let Some(point) = serde_json::from_slice(point)
            .ok()
            .as_ref()
            .and_then(Point::of)
        {
            known.entry(point).or_default().push(at);
        }
    }
    for error in errors {
        let reason = error.get("error").map_or_else(String::new, text_of);
        let point = error.get("datapoint").and_then(Point::of);
        // Of points that are alike the first is taken: they are one point to the target.
        match point.and_then(|point| known.get_mut(&point)?.pop()) {
            Some(at) => details.refused.push((at, shortened(&reason))),
            None => details.unclear = Some(shortened(&reason)),
        }
    }
    if details.unclear.is_none() && failed > details.refused.len() as u64 {
        details.unclear = Some(shortened(&String::from_utf8_lossy(body)));
    }
    Some(details)
}

/// A point as both sides can write it: numbers by their value, for a target may echo 1.0 as "1".
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Point {
    metric: String,
    timestamp: String,
    values: BTreeMap<String, String>,
    tags: BTreeMap<String, String>,
}

impl Point {
    fn of(point: &Value) -> Option<Self> {
        let values = match (point.get("value"), point.get("fields")) {
            (Some(value), _) if !value.is_null() => {
                BTreeMap::from([(String::new(), number_or_text(value))])
            }
            (_, Some(fields)) => members(fields, number_or_text)?,
            _ => return None,
        };
        Some(Self {
            metric: text_of(point.get("metric")?),
            timestamp: text_of(point.get("timestamp")?),
            values,
            tags: members(point.get("tags")?, text_of)?,
        })
    }
}

fn members(object: &Value, text: impl Fn(&Value) -> String) -> Option<BTreeMap<String, String>> {
    let members = object.as_object()?.iter();
    Some(
        members
            .map(|(key, value)| (key.clone(), text(value)))
            .collect(),
    )
}

fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn number_or_text(value: &Value) -> String {
    let text = text_of(value);
    match text.parse::<f64>() {
        Ok(number) => number.to_string(),
        Err(_) => text,
    }
}

/// The target's own words: an error object's message, or the body, on one line.
pub(super) fn words(body: &[u8]) -> String {
    let parsed: Option<Value> = serde_json::from_slice(body).ok();
    let message = parsed.as_ref().and_then(|answer| {
        let error = answer.get("error")?;
        Some(text_of(error.get("message").unwrap_or(error)))
    });
    match message {
        Some(message) => shortened(&message),
        None => shortened(&String::from_utf8_lossy(body)),
    }
}

fn shortened(text: &str) -> String {
    let line: Vec<_> = text.split_whitespace().collect();
    let line = line.join(" ");
    match line.char_indices().nth(REASON_MAX_CHARS) {
        Some((end, _)) => format!("{}..", &line[..end]),
        None if line.is_empty() => "it gave no reason".to_owned(),
        None => line,
    }
}
