//! Text through the SQL compiler, in both dialects.
//!
//! Held: no text makes it panic, overflow the stack or take long; what comes of it is a program or a
//! diagnostic; every span lies in the text, on the bounds of characters, and can be shown.

use rookery_sql::plan::Dialect;
use rookery_sql::{CompileOptions, SourceFile, compile};
use std::time::{Duration, Instant};

/// How long a text of a few KiB may take on a busy machine, in an unoptimised build.
const PATIENCE: Duration = Duration::from_secs(10);

/// The check.
pub fn check(input: &[u8]) {
    let file = SourceFile {
        path: "fuzzed.sql".to_owned(),
        text: String::from_utf8_lossy(input).into_owned(),
    };
    for dialect in [Dialect::Blink, Dialect::Flink] {
        let begun = Instant::now();
        let options = CompileOptions {
            dialect: Some(dialect),
            zone: None,
        };
        let compiled = compile(&file, &options);
        assert!(compiled.program.is_some() || !compiled.diagnostics.is_empty());
        for diagnostic in &compiled.diagnostics {
            let related = diagnostic.related.iter().map(|related| related.span);
            for span in related.chain([diagnostic.span]) {
                let range = span.start as usize..span.end as usize;
                assert!(
                    file.text.get(range).is_some(),
                    "{span:?}: {}",
                    diagnostic.message
                );
            }
            let place = diagnostic.position(&file);
            assert!(place.line >= 1 && place.column >= 1);
            assert!(!diagnostic.render(&file, false).is_empty());
        }
        let took = begun.elapsed();
        assert!(took < PATIENCE, "{} bytes took {took:?}", input.len());
    }
}
