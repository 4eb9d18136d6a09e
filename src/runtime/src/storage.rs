//! The seam between what is written and what keeps it.
//!
//! [`Storage`] is a directory tree, [`StorageFile`] a file in it. [`RealStorage`] is the kernel's;
//! [`sim::SimStorage`] (feature `sim`) is a disk in memory that loses power on demand, by seed. The
//! log and the shard run unchanged above either.
//!
//! Invariants:
//! - a mapping is never handed out as a slice: bytes go in by [`StorageFile::store`] and come out by
//!   [`StorageFile::read_at`]
//! - a file's space is reserved when it is created, before anything is mapped: a store into a hole
//!   of a full disk would be a SIGBUS
//! - only a sync that returned `Ok` says anything about the disk; one that failed says that nothing
//!   can be known any more

mod lock;
mod real;

#[cfg(feature = "sim")]
pub mod sim;

use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, RawFd};
use std::path::Path;
use std::sync::Arc;

pub use lock::{DirectoryLock, LockError, lock_directory};
pub use real::{RealFile, RealStorage, UnsafeFileSystem, install_sigbus_handler};

/// A tree of files. Cloning gives another handle to the same tree.
pub trait Storage: Clone + Send + 'static {
    /// Its files.
    type File: StorageFile;

    /// Makes a directory and those above it, durably.
    fn create_dir_all(&self, dir: &Path) -> io::Result<()>;
    /// Names of the files (not directories) in a directory, sorted.
    fn read_dir(&self, dir: &Path) -> io::Result<Vec<String>>;
    /// Creates a file of `size` zero bytes whose space is reserved on the disk. Its name is durable
    /// after [`Storage::sync_dir`].
    ///
    /// # Errors
    /// `AlreadyExists` for a taken name; `StorageFull` without space, and no file is left.
    fn create(&self, path: &Path, size: u64) -> io::Result<Self::File>;
    /// Opens a file to read and write.
    fn open(&self, path: &Path) -> io::Result<Self::File>;
    /// Opens a file to read.
    fn open_read(&self, path: &Path) -> io::Result<Self::File>;
    /// Renames a file, replacing `to` if it exists. Durable after [`Storage::sync_dir`].
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Removes a name. Durable after [`Storage::sync_dir`].
    fn unlink(&self, path: &Path) -> io::Result<()>;
    /// Makes a directory's names durable.
    fn sync_dir(&self, dir: &Path) -> io::Result<()>;
    /// Free bytes of the file system that holds `dir`.
    fn free_bytes(&self, dir: &Path) -> io::Result<u64>;
}

/// An open file.
pub trait StorageFile: Send + 'static {
    /// Its length in bytes.
    fn size(&self) -> io::Result<u64>;
    /// Maps the whole file for [`StorageFile::store`]: random access is declared before anything
    /// touches the mapping, so that a sync writes small pages and not large folios.
    fn map(&mut self) -> io::Result<()>;
    /// Says that nothing more is stored into the pages that lie wholly within the range: their page
    /// table entries go in one sweep. A sync would otherwise have to take write access back page by
    /// page, each with an interrupt to every core that runs the process. Contents are untouched.
    fn release(&mut self, from: u64, to: u64);
    /// Ends the mapping. Slow for a large one: not on a shard's thread.
    fn unmap(&mut self);
    /// Copies bytes into the mapping. A memory access: no system call, no error.
    ///
    /// # Panics
    /// If the file is not mapped or the range lies outside it.
    fn store(&mut self, offset: u64, bytes: &[u8]);
    /// Makes the pages of a mapped range writable before they are stored to, and dirty: the next sync
    /// writes them as they are. Only a hint; contents do not change.
    fn prefault(&mut self, offset: u64, length: u64);
    /// Puts zeros into the page cache where nothing was stored yet, in one piece: its pages come in
    /// large folios, several times cheaper than a fault for each. But a sync writes such a folio whole,
    /// so that it pays only before large commits. A hint: nothing fails if it does.
    fn zero_ahead(&mut self, offset: u64, length: u64);
    /// Reads up to `buffer.len()` bytes; fewer at the end of the file only.
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize>;
    /// From where on, at or behind `offset`, the file may hold bytes that are not zero; its size if
    /// nowhere. Reserved space that was never written is passed over without reading it.
    fn data_after(&self, offset: u64) -> io::Result<u64>;
    /// Writes all of `bytes`, and extends the file where needed.
    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()>;
    /// `fdatasync`, blocking: side threads, tests, start.
    fn sync_data(&self) -> io::Result<()>;
    /// Cuts or extends the file.
    fn truncate(&self, size: u64) -> io::Result<()>;
    /// Drops the clean pages of the file from the page cache, so that the next read shows what the
    /// disk holds.
    fn drop_cache(&self) -> io::Result<()>;
    /// What a shard's ring syncs. It keeps the file open.
    fn sync_target(&self) -> SyncTarget;
}

/// An open file as something to sync: on a ring by its descriptor, or in place.
#[derive(Clone, Debug)]
pub struct SyncTarget(Target);

#[derive(Clone, Debug)]
enum Target {
    File(Arc<File>),
    #[cfg(feature = "sim")]
    Sim(sim::SimSync),
}

impl SyncTarget {
    /// A real file, kept open as long as this lives.
    #[must_use]
    pub fn of_file(file: Arc<File>) -> Self {
        Self(Target::File(file))
    }

    /// The descriptor, open as long as this target lives; `None` on a simulated disk, which only
    /// [`SyncTarget::sync_data`] can sync.
    #[must_use]
    pub fn raw_fd(&self) -> Option<RawFd> {
        match &self.0 {
            Target::File(file) => Some(file.as_raw_fd()),
            #[cfg(feature = "sim")]
            Target::Sim(_) => None,
        }
    }

    /// `fdatasync` here and now.
    ///
    /// # Errors
    /// Whatever the disk answered. After an error nothing is known about any unsynced byte.
    pub fn sync_data(&self) -> io::Result<()> {
        match &self.0 {
            Target::File(file) => file.sync_data(),
            #[cfg(feature = "sim")]
            Target::Sim(sync) => sync.sync_data(),
        }
    }
}
