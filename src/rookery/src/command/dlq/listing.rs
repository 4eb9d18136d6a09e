//! `rookery dlq ls` and `show`.

use super::tell_damage;
use super::text::{letters, plain, table};
use crate::cli::{LsArguments, ShowArguments};
use crate::config::grouped;
use crate::dead_letters::{DlqError, Found, Selection, Store, Wanted, Way, as_json};
use crate::exit::Exit;
use crate::output;
use serde_json::json;
use std::collections::{BTreeMap, VecDeque};
use std::io::Write as _;
use std::ops::ControlFlow;

const HEADING: [&str; 8] = [
    "ID", "TIME", "STAGE", "CODE", "RULE", "DEVICE", "STATE", "REASON",
];

/// Lists or counts.
pub fn ls(arguments: &LsArguments) -> anyhow::Result<Exit> {
    let wanted = match arguments.all {
        true => Wanted::Any,
        false => Wanted::Open,
    };
    let selection = Selection::new(&arguments.filters, wanted)?;
    let store = Store::open(&arguments.dir)?;
    match (arguments.counts, arguments.json) {
        (true, as_json) => count(&store, &selection, as_json),
        (false, true) => lines(&store, &selection),
        (false, false) => newest(&store, &selection, arguments.limit),
    }
}

/// The newest letters under a heading.
fn newest(store: &Store, selection: &Selection, limit: usize) -> anyhow::Result<Exit> {
    let mut rows: VecDeque<Vec<String>> = VecDeque::new();
    let mut total = 0;
    let damage = store.scan(&store.marks()?, |found| {
        if !found.repeated && selection.takes(&found.letter, found.state) {
            total += 1;
            rows.push_back(row(&found, selection));
            if limit > 0 && rows.len() > limit {
                rows.pop_front();
            }
        }
        anyhow::Ok(ControlFlow::Continue(()))
    })?;
    tell_damage(&damage);
    if rows.is_empty() {
        output::print("no letter\n")?;
        return Ok(Exit::Done);
    }
    output::print(&table(&HEADING, rows.make_contiguous()))?;
    let older = total - rows.len();
    if older > 0 {
        output::complain(&format!(
            "and {} before them; --limit 0 lists all, --counts adds them up\n",
            letters(older)
        ));
    }
    Ok(Exit::Done)
}

fn row(found: &Found<'_>, selection: &Selection) -> Vec<String> {
    let letter = &found.letter;
    let or_dash = |text: Option<&str>| text.map_or("-".to_owned(), plain);
    let device = match (&letter.device, selection.device(), &letter.device_hash) {
        (Some(device), ..) => plain(device),
        (None, Some(asked), _) => plain(asked),
        (None, None, Some(hash)) => format!("#{hash}"),
        (None, None, None) => "-".to_owned(),
    };
    let again = found.mark.and_then(|mark| mark.reason.as_deref());
    let reason = match (&letter.sink, again) {
        (_, Some(words)) => plain(words),
        (Some(sink), None) => format!("{}: {}", plain(sink), plain(&letter.reason)),
        (None, None) => plain(&letter.reason),
    };
    vec![
        plain(&letter.id),
        plain(&letter.time),
        plain(&letter.stage),
        plain(&letter.code),
        or_dash(letter.rule.as_deref()),
        device,
        found.state.name().to_owned(),
        reason,
    ]
}

/// All letters, an object a line.
fn lines(store: &Store, selection: &Selection) -> anyhow::Result<Exit> {
    let mut out = output::stdout();
    let mut written = Ok(());
    let damage = store.scan(&store.marks()?, |found| {
        if !found.repeated && selection.takes(&found.letter, found.state) {
            let value = as_json(found.line, found.state, found.mark);
            written = writeln!(out, "{value}");
        }
        anyhow::Ok(match written {
            Ok(()) => ControlFlow::Continue(()),
            Err(_) => ControlFlow::Break(()),
        })
    })?;
    output::reader_may_leave(written.and_then(|()| out.flush()))?;
    tell_damage(&damage);
    Ok(Exit::Done)
}

#[derive(Default)]
struct Sum {
    count: usize,
    first: String,
    last: String,
}

/// How many there are by stage, rule and code.
fn count(store: &Store, selection: &Selection, as_json: bool) -> anyhow::Result<Exit> {
    let mut sums: BTreeMap<(usize, String, String), Sum> = BTreeMap::new();
    let stages = rookery_model::Stage::ALL.map(rookery_model::Stage::name);
    let damage = store.scan(&store.marks()?, |found| {
        let letter = &found.letter;
        if !found.repeated && selection.takes(letter, found.state) {
            let stage = stages.iter().position(|name| *name == letter.stage);
            let rule = letter.rule.clone().unwrap_or_default();
            let key = (stage.unwrap_or(stages.len()), rule, letter.code.clone());
            let sum = sums.entry(key).or_default();
            sum.count += 1;
            if sum.first.is_empty() || letter.time < sum.first {
                sum.first.clone_from(&letter.time);
            }
            if letter.time > sum.last {
                sum.last.clone_from(&letter.time);
            }
        }
        anyhow::Ok(ControlFlow::Continue(()))
    })?;
    tell_damage(&damage);
    let name = |stage: usize| stages.get(stage).copied().unwrap_or("?");
    if as_json {
        let mut text = String::new();
        for ((stage, rule, code), sum) in &sums {
            let rule = Some(rule).filter(|rule| !rule.is_empty());
            let value = json!({"stage": name(*stage), "rule": rule, "code": code, "count": sum.count,
                "first": sum.first, "last": sum.last});
            text.push_str(&format!("{value}\n"));
        }
        output::print(&text)?;
        return Ok(Exit::Done);
    }
    let total: usize = sums.values().map(|sum| sum.count).sum();
    let rows: Vec<_> = sums
        .into_iter()
        .map(|((stage, rule, code), sum)| {
            let rule = if rule.is_empty() { "-" } else { &rule };
            vec![
                grouped(sum.count as u64),
                name(stage).to_owned(),
                plain(rule),
                plain(&code),
                plain(&sum.first),
                plain(&sum.last),
            ]
        })
        .collect();
    let mut text = String::new();
    if !rows.is_empty() {
        text = table(&["COUNT", "STAGE", "RULE", "CODE", "FIRST", "LAST"], &rows);
    }
    text.push_str(&format!("{}\n", letters(total)));
    output::print(&text)?;
    Ok(Exit::Done)
}

/// Prints one letter.
pub fn show(arguments: &ShowArguments) -> anyhow::Result<Exit> {
    let store = Store::open(&arguments.dir)?;
    let selection = Selection::of_ids(std::slice::from_ref(&arguments.id));
    let mut text = None;
    store.scan(&store.marks()?, |found| {
        if !selection.takes(&found.letter, found.state) {
            return anyhow::Ok(ControlFlow::Continue(()));
        }
        text = Some(match arguments.json {
            true => format!("{}\n", as_json(found.line, found.state, found.mark)),
            false => describe(&found),
        });
        Ok(ControlFlow::Break(()))
    })?;
    let text = text.ok_or_else(|| DlqError::NoSuchLetter {
        id: arguments.id.clone(),
    })?;
    output::print(&text)?;
    Ok(Exit::Done)
}

fn describe(found: &Found<'_>) -> String {
    let letter = &found.letter;
    let mut out = String::new();
    let mut line = |name: &str, value: &str| {
        out.push_str(&format!("{name:<11}{}\n", plain(value)));
    };
    line("id", &letter.id);
    line("time", &letter.time);
    line("stage", &format!("{}, {}", letter.stage, letter.code));
    line("reason", &letter.reason);
    for (name, value) in [
        ("rule", &letter.rule),
        ("device", &letter.device),
        ("forwarder", &letter.forwarder),
        ("sink", &letter.sink),
        ("connector", &letter.connector),
        ("device #", &letter.device_hash),
    ] {
        if let Some(value) = value {
            line(name, value);
        }
    }
    let (shard, term, lsn) = (letter.shard, letter.term, letter.lsn);
    // Retried rows are never letters of their own, so each has a record of a shard.
    line("record", &format!("shard {shard}, term {term}, LSN {lsn}"));
    let state = found.state.name();
    match found.mark {
        None => line("state", state),
        Some(mark) => line("state", &format!("{state}, {}", mark.time)),
    }
    if let Some(words) = found.mark.and_then(|mark| mark.reason.as_deref()) {
        line("since then", words);
    }
    match letter.way() {
        Way::Message(_) => line("retry", "as a new message, which every rule sees"),
        Way::Row { sink, .. } => line("retry", &format!("as a row, to {sink} alone")),
        Way::None(why) => line("retry", &format!("not possible: {why}")),
    }
    line(letter.kind(), &letter.raw);
    if let Some(base64) = &letter.raw_base64 {
        line("base64", base64);
    }
    out
}
