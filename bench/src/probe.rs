//! `probe`: what the disk alone takes to make 4 KiB durable, as a log would write them.

use std::fs::{self, File};
use std::os::unix::fs::FileExt as _;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use rustix::fs::{FallocateFlags, fallocate};
use serde_json::json;

use crate::percentiles::Latencies;

/// What `probe` does.
#[derive(Debug)]
pub struct ProbeOptions {
    /// Directory on the disk to measure.
    pub dir: PathBuf,
    /// How long.
    pub seconds: f64,
    /// Whether the result is JSON.
    pub json: bool,
}

const WRITE_BYTES: usize = 4096;
/// Reserved ahead, as a log's segment is; at its end the file is emptied and reserved again, so that
/// every write is the first one to its block.
const FILE_BYTES: u64 = 64 * 1024 * 1024;

/// Writes and syncs, one after the other, and prints how long that took.
///
/// # Errors
/// When the directory cannot be written.
pub fn run(options: &ProbeOptions) -> Result<()> {
    let path = options
        .dir
        .join(format!("rookery-probe-{}", std::process::id()));
    let file = File::create_new(&path).with_context(|| format!("making {}", path.display()))?;
    // The name goes at once: nothing is left behind however this ends.
    fs::remove_file(&path).with_context(|| format!("removing {}", path.display()))?;
    let mut latencies = Latencies::new();
    let bytes = [0x5a; WRITE_BYTES];
    let begun = Instant::now();
    let end = Duration::from_secs_f64(options.seconds);
    let mut offset = FILE_BYTES;
    let mut syncs = 0_u64;
    while begun.elapsed() < end {
        if offset >= FILE_BYTES {
            file.set_len(0)?;
            fallocate(&file, FallocateFlags::empty(), 0, FILE_BYTES)
                .context("reserving the probe's file")?;
            file.sync_all()?;
            offset = 0;
        }
        let written = Instant::now();
        file.write_all_at(&bytes, offset)?;
        file.sync_data()?;
        latencies.record(written.elapsed().as_nanos() as u64, 1);
        offset += WRITE_BYTES as u64;
        syncs += 1;
    }
    let seconds = begun.elapsed().as_secs_f64();
    let percentiles = latencies
        .percentiles()
        .context("no sync ended in the time given")?;
    if options.json {
        println!(
            "{}",
            json!({"seconds": seconds, "syncs": syncs, "sync_ms": percentiles})
        );
    } else {
        println!(
            "write of 4 KiB and fdatasync in {}: {syncs} in {seconds:.1} s",
            options.dir.display()
        );
        println!("{percentiles}");
    }
    Ok(())
}
