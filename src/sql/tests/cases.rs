//! Each `cases/NAME.sql` is compiled; what must come of it, diagnostics as users see them and the plan
//! as a short text, stands in `cases/NAME.expected`.
//!
//! After a change that is meant, `UPDATE_CASES=1 cargo test -p rookery-sql --test cases` writes the
//! expected files anew; read the difference before committing it.

mod plan_text;

use rookery_sql::{CompileOptions, SourceFile, compile};
use std::fs;
use std::path::{Path, PathBuf};

fn cases() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let mut paths: Vec<_> = fs::read_dir(folder)
        .expect("the folder of cases")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "sql"))
        .collect();
    paths.sort();
    paths
}

fn outcome(path: &Path) -> String {
    let name = path.file_name().expect("a file").to_string_lossy();
    let file = SourceFile {
        path: name.into_owned(),
        text: fs::read_to_string(path).expect("a readable case"),
    };
    let compiled = compile(&file, &CompileOptions::default());
    let mut out = String::new();
    for diagnostic in &compiled.diagnostics {
        out += &diagnostic.render(&file, false);
        out += "\n\n";
    }
    match &compiled.program {
        Some(program) => out += &plan_text::program(program),
        None => out += "no program\n",
    }
    // Blank margins of the renderer would not survive editors.
    out.lines()
        .map(str::trim_end)
        .collect::<Vec<_>>()
        .join("\n")
        + "\n"
}

#[test]
fn every_case_gives_what_is_expected() {
    let update = std::env::var_os("UPDATE_CASES").is_some();
    let paths = cases();
    assert!(paths.len() >= 10, "the cases are gone");
    let mut wrong = Vec::new();
    for path in paths {
        let got = outcome(&path);
        let expected_path = path.with_extension("expected");
        if update {
            fs::write(&expected_path, &got).expect("the expected file");
            continue;
        }
        let expected = fs::read_to_string(&expected_path).unwrap_or_default();
        if got != expected {
            wrong.push(format!("== {}\n{got}", path.display()));
        }
    }
    assert!(
        wrong.is_empty(),
        "these differ from their .expected:\n{}",
        wrong.join("\n")
    );
}
