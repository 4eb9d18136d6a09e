//! One wrong character in a rule file of an example or of a conformance job: every place of every file
//! with the character deleted, with another inserted before it, with another in its stead. What comes
//! of it is a diagnostic or a program, in both dialects.
//!
//! A plain run takes another pair of characters at each place. `ROOKERY_SLIPS=all` takes every character
//! of the list at every place, in the jobs by both dialects too, some millions of files (best with
//! `--release`); either way the counts are printed with `-- --nocapture`.

use rookery_sql::plan::Dialect;
use rookery_sql::{CompileOptions, SourceFile, compile};
use std::fs;
use std::path::Path;

/// Characters that a slip of the hand or a paste puts into a file.
const SLIPS: &[char] = &[
    '\'', '`', '"', ';', ',', '(', ')', '[', ']', '<', '>', '=', '-', '*', '/', '.', '$', '@',
    '\\', '!', '|', '%', '{', '?', ':', '_', '0', '9', 'e', 'x', 'U', ' ', '\n', '\t', '\0', '；',
    '，', '（', '）', '‘', '’', '　', '中', '\u{200b}', '\u{feff}', '😀', 'é',
];

/// What became of the files of a folder.
#[derive(Default)]
struct Tally {
    files: usize,
    slips: usize,
    programs: usize,
}

/// Whether every character is tried at every place.
fn all() -> bool {
    std::env::var_os("ROOKERY_SLIPS").is_some_and(|value| value == "all")
}

impl Tally {
    /// Compiles, and holds every finding to what `check` needs of it.
    fn run(&mut self, text: String, dialect: Dialect) {
        let file = SourceFile {
            path: "slip.sql".into(),
            text,
        };
        let options = CompileOptions {
            dialect: Some(dialect),
            zone: None,
        };
        let compiled = compile(&file, &options);
        for diagnostic in &compiled.diagnostics {
            let related = diagnostic.related.iter().map(|related| related.span);
            for span in related.chain([diagnostic.span]) {
                let under = file.text.get(span.start as usize..span.end as usize);
                assert!(under.is_some(), "{span:?} in {}", file.text);
            }
        }
        if let Some(first) = compiled.diagnostics.first() {
            assert!(!first.render(&file, false).is_empty());
        }
        assert!(compiled.program.is_some() || !compiled.diagnostics.is_empty());
        self.slips += 1;
        self.programs += usize::from(compiled.program.is_some());
    }

    /// The slips of one text: all, or another pair of characters at each place, and over the files each
    /// at many kinds of place.
    fn slip(&mut self, text: &str, dialect: Dialect) {
        self.files += 1;
        let count = if all() { SLIPS.len() } else { 1 };
        for (place, (at, character)) in text.char_indices().enumerate() {
            let (before, after) = (&text[..at], &text[at + character.len_utf8()..]);
            self.run(format!("{before}{after}"), dialect);
            let first = place * 2 + self.files;
            for turn in 0..count {
                let slip = |turn: usize| SLIPS[(first + turn) % SLIPS.len()];
                let (inserted, replaced) = (slip(turn), slip(turn + 1));
                self.run(format!("{before}{inserted}{character}{after}"), dialect);
                self.run(format!("{before}{replaced}{after}"), dialect);
            }
        }
    }
}

/// The rule files of a folder below the root, in order.
fn rules_in(folder: &str) -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .join(folder);
    let entries = fs::read_dir(folder).expect("a folder of rules");
    let mut paths: Vec<_> = entries
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "sql"))
        .collect();
    paths.sort();
    let read = |path| fs::read_to_string(path).expect("a rule file");
    paths.iter().map(read).collect()
}

/// Slips in every file of a folder, in a dialect; `part` of `parts` of the files.
fn slip_through(folder: &str, dialect: Dialect, part: usize, parts: usize) -> Tally {
    let mut tally = Tally::default();
    let texts = rules_in(folder);
    for text in texts.iter().skip(part).step_by(parts) {
        tally.slip(text, dialect);
    }
    let Tally {
        files,
        slips,
        programs,
    } = tally;
    println!(
        "{folder}, {dialect:?}: {slips} slips in {files} files, {programs} still are programs"
    );
    assert!(files > 0 && slips > 1_000 && programs > 0 && programs < slips);
    tally
}

#[test]
fn no_slip_in_an_example_is_too_much_for_blink() {
    slip_through("examples", Dialect::Blink, 0, 1);
}

#[test]
fn no_slip_in_an_example_is_too_much_for_flink() {
    slip_through("examples", Dialect::Flink, 0, 1);
}

/// Slips in a half of the conformance jobs, in the dialect that they are written in, and in the other too
/// where all are tried.
fn slip_through_jobs(half: usize) {
    let dialects = [Dialect::Flink, Dialect::Blink];
    for dialect in dialects.into_iter().take(if all() { 2 } else { 1 }) {
        let tally = slip_through("tests/conformance/jobs", dialect, half, 2);
        assert!(tally.files >= 40);
    }
}

#[test]
fn no_slip_in_a_conformance_job_is_too_much() {
    slip_through_jobs(0);
}

#[test]
fn no_slip_in_another_conformance_job_is_too_much() {
    slip_through_jobs(1);
}
