//! One wrong character in a rule file of an example or of a conformance job: every place of every file
//! with the character deleted, with another inserted before it, with another in its stead.
//!
//! A plain run takes another pair of characters at each place. `ROOKERY_SLIPS=all` takes every character
//! of the list at every place, some millions of files a dialect: `flink` or `blink` instead of `all`
//! takes that dialect alone, and `ROOKERY_SLIPS_FROM=NAME` begins at the file of that name, for a run that
//! was broken off. Each file is named with its counts once it is through (`-- --nocapture`).

use rookery_sql::plan::Dialect;
use rookery_sql::{CompileOptions, Compiled, SourceFile, compile};
use std::fs;
use std::path::{Path, PathBuf};

/// Characters that a slip of the hand or a paste puts into a file.
const SLIPS: &[char] = &[
    '\'', '`', '"', ';', ',', '(', ')', '[', ']', '<', '>', '=', '-', '*', '/', '.', '$', '@',
    '\\', '!', '|', '%', '{', '?', ':', '_', '0', '9', 'e', 'x', 'U', ' ', '\n', '\t', '\0', '；',
    '，', '（', '）', '‘', '’', '　', '中', '\u{200b}', '\u{feff}', '😀', 'é',
];

/// Which slips are asked for.
#[derive(Clone, Debug)]
pub struct Choice {
    /// Whether every character is tried at every place, not another pair at each.
    pub all: bool,
    /// The dialects that are asked for; none says that each test takes its own.
    pub dialects: Vec<Dialect>,
    /// The file to begin with.
    from: Option<String>,
}

/// What the environment asks for.
pub fn choice() -> Choice {
    let word = std::env::var("ROOKERY_SLIPS").unwrap_or_default();
    let dialects = match word.as_str() {
        "" => vec![],
        "all" => vec![Dialect::Flink, Dialect::Blink],
        "flink" => vec![Dialect::Flink],
        "blink" => vec![Dialect::Blink],
        other => panic!("ROOKERY_SLIPS is {other}; it may be all, flink or blink"),
    };
    Choice {
        all: !dialects.is_empty(),
        dialects,
        from: std::env::var("ROOKERY_SLIPS_FROM").ok(),
    }
}

/// What became of the files of a folder.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tally {
    /// Files that had slips.
    pub files: usize,
    /// Slips that were tried.
    pub slips: usize,
    /// Slips that left a program.
    pub programs: usize,
}

/// A rule file's name and text.
type Rules = (String, String);

/// The rule files of a folder below the root, in order.
fn rules_in(folder: &str) -> Vec<Rules> {
    let room = Path::new(env!("CARGO_MANIFEST_DIR"));
    let holds = |root: &&Path| root.join(folder).is_dir();
    let root = room.ancestors().skip(1).find(holds);
    let entries = fs::read_dir(root.expect("a root above the room").join(folder));
    let mut paths: Vec<PathBuf> = entries
        .expect("a folder of rules")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "sql"))
        .collect();
    paths.sort();
    let read = |path: &PathBuf| {
        let name = path.file_stem().expect("a file's name").to_string_lossy();
        (
            name.into_owned(),
            fs::read_to_string(path).expect("a rule file"),
        )
    };
    paths.iter().map(read).collect()
}

/// The slips of one text: all, or another pair of characters at each place, and by `turn` each at many
/// kinds of place. `check` says whether one still is a program.
fn slip(text: &str, all: bool, turn: usize, check: &mut impl FnMut(String) -> bool) -> Tally {
    let mut tally = Tally {
        files: 1,
        ..Tally::default()
    };
    let mut run = |text: String| {
        tally.slips += 1;
        tally.programs += usize::from(check(text));
    };
    let count = if all { SLIPS.len() } else { 1 };
    for (place, (at, character)) in text.char_indices().enumerate() {
        let (before, after) = (&text[..at], &text[at + character.len_utf8()..]);
        run(format!("{before}{after}"));
        let first = place * 2 + turn;
        for next in first..first + count {
            let (inserted, replaced) = (SLIPS[next % SLIPS.len()], SLIPS[(next + 1) % SLIPS.len()]);
            run(format!("{before}{inserted}{character}{after}"));
            run(format!("{before}{replaced}{after}"));
        }
    }
    tally
}

/// A slip as a file, and what the SQL compiler says of it.
pub fn compiled(text: String, dialect: Dialect) -> (SourceFile, Compiled) {
    let file = SourceFile {
        path: "slip.sql".into(),
        text,
    };
    let options = CompileOptions {
        dialect: Some(dialect),
        zone: None,
    };
    let compiled = compile(&file, &options);
    (file, compiled)
}

/// Slips in every file of a folder, in a dialect; `part` of `parts` of the files.
pub fn slip_through(
    folder: &str,
    dialect: Dialect,
    (part, parts): (usize, usize),
    mut check: impl FnMut(String) -> bool,
) -> Tally {
    let choice = choice();
    let mut sum = Tally::default();
    let rules = rules_in(folder);
    for (turn, (name, text)) in rules.iter().enumerate().skip(part).step_by(parts) {
        if choice.from.as_ref().is_some_and(|from| name < from) {
            continue;
        }
        let tally = slip(text, choice.all, turn / parts + 1, &mut check);
        sum.files += 1;
        sum.slips += tally.slips;
        sum.programs += tally.programs;
        if choice.all {
            let Tally {
                slips, programs, ..
            } = tally;
            println!("{dialect:?} {name}: {slips} slips, {programs} still are programs");
        }
    }
    let Tally {
        files,
        slips,
        programs,
    } = sum;
    println!(
        "{folder}, {dialect:?}: {slips} slips in {files} files, {programs} still are programs"
    );
    if choice.from.is_none() {
        assert!(files > 0 && slips > 1_000 && programs > 0 && programs < slips);
    }
    sum
}
