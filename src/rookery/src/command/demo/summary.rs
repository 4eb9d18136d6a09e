//! What the demo prints at its end.

use super::FleetReport;
use super::folder::{DemoFolder, SINKS};
use super::line::{milliseconds, rows_confirmed, size};
use crate::config::grouped;
use crate::output;
use crate::status::Snapshot;
use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Rows that are shown of each result.
const SAMPLE_ROWS: usize = 2;

/// Prints the summary.
///
/// # Errors
/// Standard output cannot be written.
pub fn print(
    folder: &DemoFolder,
    end: &Snapshot,
    elapsed: Duration,
    fleet: Option<&FleetReport>,
) -> io::Result<()> {
    let mut text = format!(
        "\n{} messages in {:.0} s became {} rows; {} dead letters; log {}\n",
        grouped(end.messages()),
        elapsed.as_secs_f64(),
        grouped(rows_confirmed(end)),
        grouped(end.dead_letters.iter().sum()),
        size(end.log_bytes()),
    );
    if let Some(fleet) = fleet {
        text.push_str(&format!(
            "the devices sent {} messages, {} were acknowledged as durable, p50 {:.1} ms, p99 {:.1} ms after they were due\n",
            grouped(fleet.messages),
            grouped(fleet.acked),
            fleet.ack_p50_ms,
            fleet.ack_p99_ms,
        ));
    }
    text.push_str(&format!(
        "in the appliance a message was durable after p50 {}, p99 {}, and its row confirmed after p50 {}, p99 {}\n",
        milliseconds(&end.commit_latency, 0.5),
        milliseconds(&end.commit_latency, 0.99),
        milliseconds(&end.end_to_end_latency, 0.5),
        milliseconds(&end.end_to_end_latency, 0.99),
    ));
    for table in SINKS {
        let rows = folder.rows(table);
        text.push_str(&format!("\n{table}: {}\n", rows.display()));
        for row in sample(&rows) {
            text.push_str(&format!("  {row}\n"));
        }
    }
    text.push_str(&format!(
        "\nrules:         {}\nconfiguration: {}\n",
        folder.rules.display(),
        folder.config.display()
    ));
    output::print(&text)
}

/// The first rows of a folder of row files.
fn sample(folder: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    files.sort();
    files
        .iter()
        .filter_map(|file| File::open(file).ok())
        .flat_map(|file| BufReader::new(file).lines().map_while(Result::ok))
        .take(SAMPLE_ROWS)
        .collect()
}
