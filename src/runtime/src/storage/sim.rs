//! A disk in memory that loses power on demand, deterministic by its seed.
//!
//! The model, from weakest to strongest promise:
//! - a write is visible to reads at once and kept apart from the disk until a sync of its file
//! - a power cut keeps, of each 512-byte sector's unsynced writes, some prefix in the order they were
//!   made (the last one perhaps in part), chosen for each sector by itself: a random subset in random
//!   order; bytes of a sector that no write changed survive
//! - a sector that holds no byte synced before may come back as garbage; one that does may not
//! - sizes and names: of a file's changes of size some prefix survives; of a directory's names some
//!   prefix or some subset of the changes since [`super::Storage::sync_dir`]
//! - a sync may fail once and then lie: the failed writes stay visible, count as clean, and are not
//!   on the disk, whatever later syncs answer ([`SimStorage::fail_syncs`])
//!
//! Time is not modelled: a sync covers what was written before it is called.

mod disk;

use super::{Storage, StorageFile, SyncTarget, Target};
use disk::Disk;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Bytes that are written whole or not at all.
pub const SECTOR_BYTES: usize = 512;

/// Handle of a simulated disk.
#[derive(Clone, Debug)]
pub struct SimStorage(Arc<Mutex<Disk>>);

impl SimStorage {
    /// An empty disk. Every choice it makes comes from `seed` and the calls made.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(Arc::new(Mutex::new(Disk::new(seed))))
    }

    fn disk(&self) -> MutexGuard<'_, Disk> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Cuts the power and restores it: what the model lets survive is all that is left. Files opened
    /// before are dead: stores into them vanish, everything else fails.
    pub fn crash(&self) {
        self.disk().crash();
    }

    /// Cuts the power before the operation that is `operations` changes from now, stores included.
    /// From then on stores vanish and everything else fails, until [`SimStorage::crash`].
    pub fn power_off_after(&self, operations: u64) {
        self.disk().power_off_after(operations);
    }

    /// Whether the power is off.
    #[must_use]
    pub fn is_off(&self) -> bool {
        self.disk().is_off()
    }

    /// The next `count` syncs, of files and of directories, fail with EIO, and what they should have
    /// written counts as clean without being on the disk.
    pub fn fail_syncs(&self, count: u32) {
        self.disk().fail_syncs = count;
    }

    /// Sets the free space; files created and removed later change it.
    pub fn set_free_bytes(&self, bytes: u64) {
        self.disk().free_bytes = bytes;
    }

    /// Syncs of files that returned `Ok` so far.
    #[must_use]
    pub fn syncs(&self) -> u64 {
        self.disk().syncs
    }

    /// Content of a file as reads show it.
    ///
    /// # Errors
    /// `NotFound`.
    pub fn contents(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.disk().contents(path)
    }

    /// Damages a file: replaces its content, on the disk and in the cache, as no program would.
    ///
    /// # Errors
    /// `NotFound`.
    pub fn replace_contents(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        self.disk().replace_contents(path, bytes)
    }

    /// Damages the medium: reads that touch these bytes of a file fail with EIO.
    ///
    /// # Errors
    /// `NotFound`.
    pub fn make_unreadable(&self, path: &Path, bytes: std::ops::Range<u64>) -> io::Result<()> {
        self.disk().make_unreadable(path, bytes)
    }

    fn file(&self, inode: u64) -> SimFile {
        SimFile {
            sync: SimSync {
                disk: self.clone(),
                inode,
                epoch: self.disk().epoch(),
            },
            mapped: false,
        }
    }
}

impl Storage for SimStorage {
    type File = SimFile;

    fn create_dir_all(&self, dir: &Path) -> io::Result<()> {
        self.disk().create_dir_all(dir)
    }

    fn read_dir(&self, dir: &Path) -> io::Result<Vec<String>> {
        self.disk().read_dir(dir)
    }

    fn create(&self, path: &Path, size: u64) -> io::Result<SimFile> {
        let inode = self.disk().create(path, size)?;
        Ok(self.file(inode))
    }

    fn open(&self, path: &Path) -> io::Result<SimFile> {
        let inode = self.disk().lookup(path)?;
        Ok(self.file(inode))
    }

    fn open_read(&self, path: &Path) -> io::Result<SimFile> {
        self.open(path)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.disk().rename(from, to)
    }

    fn unlink(&self, path: &Path) -> io::Result<()> {
        self.disk().unlink(path)
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        self.disk().sync_dir(dir)
    }

    fn free_bytes(&self, _dir: &Path) -> io::Result<u64> {
        Ok(self.disk().free_bytes)
    }
}

/// A file of a simulated disk.
#[derive(Debug)]
pub struct SimFile {
    sync: SimSync,
    mapped: bool,
}

impl StorageFile for SimFile {
    fn size(&self) -> io::Result<u64> {
        self.sync.with(|disk, inode| disk.size(inode))
    }

    fn map(&mut self) -> io::Result<()> {
        self.mapped = true;
        Ok(())
    }

    fn release(&mut self, _from: u64, _to: u64) {}

    fn unmap(&mut self) {
        self.mapped = false;
    }

    fn store(&mut self, offset: u64, bytes: &[u8]) {
        assert!(self.mapped, "a file is mapped before stores");
        let mut disk = self.sync.disk.disk();
        if disk.epoch() == self.sync.epoch {
            disk.store(self.sync.inode, offset, bytes);
        }
    }

    fn prefault(&mut self, _offset: u64, _length: u64) {}

    fn zero_ahead(&mut self, offset: u64, length: u64) {
        let zeros = vec![0; length as usize];
        let mut disk = self.sync.disk.disk();
        if disk.epoch() == self.sync.epoch {
            disk.store(self.sync.inode, offset, &zeros);
        }
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        self.sync
            .with(|disk, inode| disk.read_at(inode, offset, buffer))
    }

    fn data_after(&self, offset: u64) -> io::Result<u64> {
        Ok(offset)
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.sync
            .with(|disk, inode| disk.write_at(inode, offset, bytes))
    }

    fn sync_data(&self) -> io::Result<()> {
        self.sync.sync_data()
    }

    fn truncate(&self, size: u64) -> io::Result<()> {
        self.sync.with(|disk, inode| disk.truncate(inode, size))
    }

    fn drop_cache(&self) -> io::Result<()> {
        self.sync.with(|disk, inode| {
            disk.drop_cache(inode);
            Ok(())
        })
    }

    fn sync_target(&self) -> SyncTarget {
        SyncTarget(Target::Sim(self.sync.clone()))
    }
}

/// A simulated file as something to sync.
#[derive(Clone, Debug)]
pub(super) struct SimSync {
    disk: SimStorage,
    inode: u64,
    epoch: u64,
}

impl SimSync {
    pub(super) fn sync_data(&self) -> io::Result<()> {
        self.with(|disk, inode| disk.sync(inode))
    }

    fn with<R>(&self, body: impl FnOnce(&mut Disk, u64) -> io::Result<R>) -> io::Result<R> {
        let mut disk = self.disk.disk();
        if disk.epoch() != self.epoch {
            return Err(io::Error::other("the file was opened before the power cut"));
        }
        body(&mut disk, self.inode)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
