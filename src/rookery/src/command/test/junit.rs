//! Results as JUnit's XML, which build servers read.

use super::{FileResult, Verdict};
use std::fmt::Write as _;

/// The report.
pub fn xml(files: &[FileResult]) -> String {
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let all = files.iter().flat_map(|file| &file.cases);
    let failures = all
        .clone()
        .filter(|case| case.verdict != Verdict::Passed)
        .count();
    let mut line = |text: String| {
        out.push_str(&text);
        out.push('\n');
    };
    line(format!(
        "<testsuites tests=\"{}\" failures=\"{failures}\">",
        all.count()
    ));
    for file in files {
        let failures = file
            .cases
            .iter()
            .filter(|case| case.verdict != Verdict::Passed);
        line(format!(
            "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\">",
            escape(&file.path),
            file.cases.len(),
            failures.count()
        ));
        for case in &file.cases {
            let head = format!(
                "    <testcase classname=\"{}\" name=\"{}\" time=\"{:.3}\"",
                escape(&file.path),
                escape(&case.name),
                case.seconds
            );
            match &case.verdict {
                Verdict::Passed => line(format!("{head}/>")),
                Verdict::Failed(report) => {
                    let mut text = format!("{head}>\n      <failure message=\"not as expected\">");
                    write!(text, "{}</failure>\n    </testcase>", escape(report))
                        .expect("a String takes all text");
                    line(text);
                }
            }
        }
        line("  </testsuite>".to_owned());
    }
    line("</testsuites>".to_owned());
    out
}

/// Text for XML; characters that XML 1.0 does not have are replaced.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' | '\t' => out.push(c),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::CaseResult;
    use super::*;

    #[test]
    fn failures_are_counted_and_texts_escaped() {
        let case = |name: &str, verdict| CaseResult {
            name: name.into(),
            seconds: 0.0,
            verdict,
        };
        let file = FileResult {
            path: "a.test.toml".into(),
            cases: vec![
                case("good", Verdict::Passed),
                case("\"<bad>\"", Verdict::Failed("- {\"a\":1}\u{1}\n".into())),
            ],
        };
        assert_eq!(
            xml(&[file]),
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
             <testsuites tests=\"2\" failures=\"1\">\n  \
             <testsuite name=\"a.test.toml\" tests=\"2\" failures=\"1\">\n    \
             <testcase classname=\"a.test.toml\" name=\"good\" time=\"0.000\"/>\n    \
             <testcase classname=\"a.test.toml\" name=\"&quot;&lt;bad&gt;&quot;\" time=\"0.000\">\n      \
             <failure message=\"not as expected\">- {&quot;a&quot;:1}\u{fffd}\n</failure>\n    \
             </testcase>\n  \
             </testsuite>\n\
             </testsuites>\n"
        );
    }
}
