//! Mapped files, reserved ahead, that are filled from front to back.

use std::fs::{self, File};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Context as _, Result};
use memmap2::{Advice, MmapMut, MmapOptions};
use rustix::fs::{FallocateFlags, fallocate};

/// Size of one file, as a log's segment.
const SEGMENT_BYTES: u64 = 128 * 1024 * 1024;

/// One mapped file without a name.
struct Segment {
    file: Arc<File>,
    map: MmapMut,
}

/// A log of raw bytes over several segments.
pub struct Segments {
    ready: Vec<Segment>,
    current: usize,
    used: usize,
}

impl Segments {
    /// Reserves `bytes` in `directory`; a message may leave a gap at a segment's end.
    ///
    /// # Errors
    /// When the directory cannot be written or the disk is full.
    pub fn create(directory: &Path, bytes: u64) -> Result<Self> {
        let count = bytes / (SEGMENT_BYTES - 64 * 1024) + 1;
        let ready = (0..count)
            .map(|_| Segment::create(directory))
            .collect::<Result<_>>()?;
        Ok(Self {
            ready,
            current: 0,
            used: 0,
        })
    }

    /// Copies `bytes` behind the last ones.
    pub fn append(&mut self, bytes: &[u8]) {
        if self.used + bytes.len() > SEGMENT_BYTES as usize {
            self.current += 1;
            self.used = 0;
        }
        let map = &mut self.ready[self.current].map;
        map[self.used..self.used + bytes.len()].copy_from_slice(bytes);
        self.used += bytes.len();
    }

    /// The file that the last bytes went to, and its number.
    pub fn active(&self) -> (usize, Arc<File>) {
        (self.current, Arc::clone(&self.ready[self.current].file))
    }
}

impl Segment {
    fn create(directory: &Path) -> Result<Self> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = directory.join(format!("rookery-limit-{}-{number}", std::process::id()));
        let file = File::options()
            .read(true)
            .write(true)
            .create_new(true)
            .open(&path);
        let file = file.with_context(|| format!("making {}", path.display()))?;
        // The name goes at once: nothing is left behind however this ends.
        fs::remove_file(&path).with_context(|| format!("removing {}", path.display()))?;
        fallocate(&file, FallocateFlags::empty(), 0, SEGMENT_BYTES).with_context(|| {
            format!("reserving {SEGMENT_BYTES} bytes in {}", directory.display())
        })?;
        file.sync_all()?;
        // SAFETY: the file has no name, so no one else maps, writes or truncates it while this map lives.
        let map = unsafe { MmapOptions::new().map_mut(&file) }.context("mapping a segment")?;
        // Before anything touches the mapping: else a sync writes whole folios that readahead made.
        map.advise(Advice::Random)
            .context("advising on a segment")?;
        Ok(Self {
            file: Arc::new(file),
            map,
        })
    }
}
