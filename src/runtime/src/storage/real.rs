//! The kernel's files, mapped by the recipe that was measured to be right.
//!
//! `fallocate` first, then one mapping with `MADV_RANDOM` before anything touches it: without the
//! advice, readahead makes large folios and a sync of 4 KiB writes a megabyte. One descriptor a file
//! from creation to the last sync: an error of the kernel's writeback is reported once, to
//! descriptors that were open when it happened.

mod sigbus;

use super::{Storage, StorageFile, SyncTarget};
use memmap2::{Advice, MmapOptions, MmapRaw, UncheckedAdvice};
use std::ffi::CString;
use std::fs::{File, OpenOptions};
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use sigbus::install_sigbus_handler;

/// File systems on which reserved space does not mean that a store succeeds, or a sync not that the
/// disk has it: name and `f_type` of statfs(2).
const UNSAFE_FILE_SYSTEMS: [(&str, i64); 13] = [
    ("btrfs", 0x9123_683e),
    ("zfs", 0x2fc1_2fc1),
    ("bcachefs", 0xca45_1a4e),
    ("overlay", 0x794c_7630),
    ("tmpfs", 0x0102_1994),
    ("ramfs", 0x8584_58f6),
    ("nfs", 0x6969),
    ("smb", 0x517b),
    ("smb2", 0xfe53_4d42),
    ("cifs", 0xff53_4d42),
    ("ceph", 0x00c3_6400),
    ("9p", 0x0102_1997),
    ("fuse", 0x6573_5546),
];

/// A file system on which no promise about durability can be kept.
#[derive(Debug, thiserror::Error)]
pub enum UnsafeFileSystem {
    /// One of those known not to keep it.
    #[error(
        "E2005 {} is on {name}, where a full disk or a power cut can lose acknowledged messages; \
         put `data_dir` on ext4 or xfs, or set `log.unsafe_filesystem = true` to accept that",
        dir.display()
    )]
    Refused {
        /// The directory.
        dir: PathBuf,
        /// The file system.
        name: &'static str,
    },
    /// It could not be asked.
    #[error("E2001 cannot use directory {}: {source}", dir.display())]
    Io {
        /// The directory.
        dir: PathBuf,
        /// The cause.
        source: io::Error,
    },
}

/// The kernel's files.
#[derive(Clone, Debug, Default)]
pub struct RealStorage(());

impl RealStorage {
    /// Makes `dir` if it is missing and refuses it on a file system that is known to be unsafe,
    /// unless `allow_unsafe`.
    ///
    /// # Errors
    /// [`UnsafeFileSystem`].
    pub fn for_directory(dir: &Path, allow_unsafe: bool) -> Result<Self, UnsafeFileSystem> {
        let io = |source| UnsafeFileSystem::Io {
            dir: dir.to_path_buf(),
            source,
        };
        let storage = Self::unchecked();
        storage.create_dir_all(dir).map_err(io)?;
        let kind = statfs(dir).map_err(io)?.f_type;
        let refused = UNSAFE_FILE_SYSTEMS.iter().find(|(_, magic)| *magic == kind);
        match refused {
            Some((name, _)) if !allow_unsafe => Err(UnsafeFileSystem::Refused {
                dir: dir.to_path_buf(),
                name,
            }),
            _ => Ok(storage),
        }
    }

    /// For what only reads, or needs no promise.
    #[must_use]
    pub fn unchecked() -> Self {
        Self(())
    }
}

fn statfs(dir: &Path) -> io::Result<libc::statfs> {
    let path = CString::new(dir.as_os_str().as_bytes())?;
    let mut out = MaybeUninit::<libc::statfs>::uninit();
    // SAFETY: `path` is a terminated string and `out` has room for the answer.
    let code = unsafe { libc::statfs(path.as_ptr(), out.as_mut_ptr()) };
    if code != 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: statfs returned 0, so it filled `out`.
    Ok(unsafe { out.assume_init() })
}

impl Storage for RealStorage {
    type File = RealFile;

    fn create_dir_all(&self, dir: &Path) -> io::Result<()> {
        if dir.is_dir() {
            return Ok(());
        }
        if let Some(above) = dir.parent().filter(|p| !p.as_os_str().is_empty()) {
            self.create_dir_all(above)?;
            match std::fs::create_dir(dir) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                other => other?,
            }
            return self.sync_dir(above);
        }
        std::fs::create_dir(dir)
    }

    fn read_dir(&self, dir: &Path) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in std::fs::read_dir(dir)? {
            let entry = entry?;
            if entry.file_type()?.is_file()
                && let Ok(name) = entry.file_name().into_string()
            {
                names.push(name);
            }
        }
        names.sort_unstable();
        Ok(names)
    }

    fn create(&self, path: &Path, size: u64) -> io::Result<RealFile> {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create_new(true)
            .open(path)?;
        let reserved = if size == 0 {
            Ok(())
        } else {
            reserve(&file, size)
        };
        if let Err(error) = reserved {
            drop(file);
            std::fs::remove_file(path)?;
            return Err(error);
        }
        Ok(RealFile::new(file, path))
    }

    fn open(&self, path: &Path) -> io::Result<RealFile> {
        let file = OpenOptions::new().read(true).write(true).open(path)?;
        RealFile::without_read_ahead(file, path)
    }

    fn open_read(&self, path: &Path) -> io::Result<RealFile> {
        RealFile::without_read_ahead(File::open(path)?, path)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        std::fs::rename(from, to)
    }

    fn unlink(&self, path: &Path) -> io::Result<()> {
        std::fs::remove_file(path)
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        File::open(dir)?.sync_all()
    }

    fn free_bytes(&self, dir: &Path) -> io::Result<u64> {
        let answer = statfs(dir)?;
        let block = u64::try_from(answer.f_bsize).unwrap_or(0);
        Ok(answer.f_bavail.saturating_mul(block))
    }
}

fn reserve(file: &File, size: u64) -> io::Result<()> {
    let size = libc::off_t::try_from(size)
        .map_err(|_| io::Error::new(io::ErrorKind::InvalidInput, "file size beyond off_t"))?;
    loop {
        // SAFETY: the descriptor is open; the call touches no memory of ours.
        if unsafe { libc::fallocate(file.as_raw_fd(), 0, 0, size) } == 0 {
            return Ok(());
        }
        let error = io::Error::last_os_error();
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(error);
        }
    }
}

/// A page of the processors that this runs on.
const PAGE_BYTES: usize = 4096;

/// What [`StorageFile::zero_ahead`] writes at a time, and so the largest folio that it makes.
static ZEROS: [u8; 64 * 1024] = [0; 64 * 1024];

/// A file of the kernel's, mapped or not.
#[derive(Debug)]
pub struct RealFile {
    file: Arc<File>,
    path: PathBuf,
    map: Option<Mapping>,
}

#[derive(Debug)]
struct Mapping {
    map: MmapRaw,
    size: usize,
    _watched: sigbus::Watched,
}

impl RealFile {
    fn new(file: File, path: &Path) -> Self {
        Self {
            file: Arc::new(file),
            path: path.to_path_buf(),
            map: None,
        }
    }

    /// The kernel's read-ahead runs on into reserved space that was never written, whose pages then
    /// count as data ([`StorageFile::data_after`]): a start would read each segment to its end.
    fn without_read_ahead(file: File, path: &Path) -> io::Result<Self> {
        let file = Self::new(file, path);
        file.advise(libc::POSIX_FADV_RANDOM)?;
        Ok(file)
    }

    fn advise(&self, advice: libc::c_int) -> io::Result<()> {
        // SAFETY: the descriptor is open; the call touches no memory of ours.
        let code = unsafe { libc::posix_fadvise(self.file.as_raw_fd(), 0, 0, advice) };
        match code {
            0 => Ok(()),
            code => Err(io::Error::from_raw_os_error(code)),
        }
    }
}

impl StorageFile for RealFile {
    fn size(&self) -> io::Result<u64> {
        Ok(self.file.metadata()?.len())
    }

    fn map(&mut self) -> io::Result<()> {
        if self.map.is_some() {
            return Ok(());
        }
        // Reads by this descriptor must not read ahead either: they would put large folios where
        // the next stores go.
        self.advise(libc::POSIX_FADV_RANDOM)?;
        let size = usize::try_from(self.size()?)
            .map_err(|_| io::Error::new(io::ErrorKind::InvalidInput, "file beyond memory"))?;
        let map = MmapOptions::new().len(size).map_raw(&*self.file)?;
        map.advise(Advice::Random)?;
        let watched = sigbus::watch(map.as_ptr() as usize, size, &self.path);
        self.map = Some(Mapping {
            map,
            size,
            _watched: watched,
        });
        Ok(())
    }

    fn release(&mut self, from: u64, to: u64) {
        let Some(mapping) = &self.map else { return };
        let first = (from as usize).next_multiple_of(PAGE_BYTES);
        let end = (to as usize).min(mapping.size) / PAGE_BYTES * PAGE_BYTES;
        if first >= end {
            return;
        }
        // SAFETY: on a shared mapping of a file this drops page table entries only; the contents are
        // the page cache's, and nobody holds a reference into the mapping.
        let released = unsafe {
            mapping
                .map
                .unchecked_advise_range(UncheckedAdvice::DontNeed, first, end - first)
        };
        if let Err(error) = released {
            tracing::debug!("pages of {} stay mapped: {error}", self.path.display());
        }
    }

    fn unmap(&mut self) {
        self.map = None;
    }

    #[inline]
    fn store(&mut self, offset: u64, bytes: &[u8]) {
        let mapping = self.map.as_mut().expect("a file is mapped before stores");
        let room = (mapping.size as u64).checked_sub(offset);
        assert!(
            room.is_some_and(|room| bytes.len() as u64 <= room),
            "a store lies within the mapping"
        );
        // SAFETY: the assertion keeps the range within the mapping, which lives as long as `map`;
        // `&mut self` excludes other stores, and nobody holds a reference into the mapping, for it
        // is never handed out.
        unsafe {
            std::ptr::copy_nonoverlapping(
                bytes.as_ptr(),
                mapping.map.as_mut_ptr().add(offset as usize),
                bytes.len(),
            );
        }
    }

    fn prefault(&mut self, offset: u64, length: u64) {
        let Some(mapping) = &self.map else { return };
        let first = (offset as usize).min(mapping.size) / PAGE_BYTES * PAGE_BYTES;
        let end = (offset.saturating_add(length) as usize).min(mapping.size);
        if first < end {
            // Kernels before 5.14 refuse it, which costs speed alone.
            let range = mapping
                .map
                .advise_range(Advice::PopulateWrite, first, end - first);
            if let Err(error) = range {
                tracing::debug!("pages of {} are not ready: {error}", self.path.display());
            }
        }
    }

    fn zero_ahead(&mut self, offset: u64, length: u64) {
        let size = self.map.as_ref().map_or(0, |mapping| mapping.size as u64);
        let end = offset.saturating_add(length).min(size);
        let mut at = offset;
        while at < end {
            let piece = ZEROS.len().min((end - at) as usize);
            if let Err(error) = self.file.write_all_at(&ZEROS[..piece], at) {
                tracing::debug!("{} is not zeroed ahead: {error}", self.path.display());
                return;
            }
            at += piece as u64;
        }
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let mut done = 0;
        while done < buffer.len() {
            match self.file.read_at(&mut buffer[done..], offset + done as u64) {
                Ok(0) => break,
                Ok(read) => done += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(done)
    }

    fn data_after(&self, offset: u64) -> io::Result<u64> {
        let size = self.size()?;
        let Ok(from) = libc::off_t::try_from(offset) else {
            return Ok(size);
        };
        // SAFETY: the descriptor is open; the call touches no memory of ours. It moves the
        // descriptor's position, which nothing here uses.
        let found = unsafe { libc::lseek(self.file.as_raw_fd(), from, libc::SEEK_DATA) };
        match u64::try_from(found) {
            Ok(found) => Ok(found.max(offset)),
            Err(_) => match io::Error::last_os_error() {
                error if error.raw_os_error() == Some(libc::ENXIO) => Ok(size),
                // A file system that cannot tell: everything is data.
                _ => Ok(offset),
            },
        }
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all_at(bytes, offset)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.file.sync_data()
    }

    fn truncate(&self, size: u64) -> io::Result<()> {
        self.file.set_len(size)
    }

    fn drop_cache(&self) -> io::Result<()> {
        self.advise(libc::POSIX_FADV_DONTNEED)
    }

    fn sync_target(&self) -> SyncTarget {
        SyncTarget::of_file(Arc::clone(&self.file))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn storage(dir: &Path) -> RealStorage {
        RealStorage::for_directory(dir, true).unwrap()
    }

    #[test]
    fn stores_are_read_back_through_the_descriptor() {
        let dir = tempfile::tempdir().unwrap();
        let storage = storage(dir.path());
        let path = dir.path().join("a");
        let mut file = storage.create(&path, 8192).unwrap();
        file.map().unwrap();
        file.store(4090, b"across a page");
        file.sync_data().unwrap();
        let mut out = [0; 13];
        assert_eq!(file.read_at(4090, &mut out).unwrap(), 13);
        assert_eq!(&out, b"across a page");
        assert_eq!(file.read_at(8190, &mut out).unwrap(), 2);
        assert_eq!(storage.read_dir(dir.path()).unwrap(), ["a"]);
    }

    #[test]
    #[should_panic(expected = "a store lies within the mapping")]
    fn a_store_outside_the_mapping_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let mut file = storage(dir.path())
            .create(&dir.path().join("a"), 4096)
            .unwrap();
        file.map().unwrap();
        file.store(4090, b"1234567");
    }

    #[test]
    fn reading_data_to_its_end_makes_no_data_of_the_space_behind_it() {
        const WRITTEN: u64 = 1 << 20;
        let beside = std::env::current_exe().unwrap();
        // Not in /tmp, which may be a tmpfs.
        let dir = tempfile::tempdir_in(beside.parent().unwrap()).unwrap();
        let storage = storage(dir.path());
        let path = dir.path().join("segment");
        let file = storage.create(&path, 16 * WRITTEN).unwrap();
        file.write_at(0, &vec![7; WRITTEN as usize]).unwrap();
        file.sync_data().unwrap();
        file.drop_cache().unwrap();
        drop(file);
        let file = storage.open_read(&path).unwrap();
        let at_first = file.data_after(WRITTEN).unwrap();
        let mut chunk = vec![0; 256 << 10];
        for at in (0..WRITTEN).step_by(chunk.len()) {
            file.read_at(at, &mut chunk).unwrap();
        }
        assert_eq!(file.data_after(WRITTEN).unwrap(), at_first);
    }

    #[test]
    fn a_name_that_is_taken_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let storage = storage(dir.path());
        storage.create(&dir.path().join("a"), 10).unwrap();
        let error = storage.create(&dir.path().join("a"), 10).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
    }

    #[test]
    fn an_unsafe_file_system_is_refused_and_can_be_allowed() {
        let shm = Path::new("/dev/shm");
        if statfs(shm).map(|s| s.f_type).ok() != Some(0x0102_1994) {
            eprintln!("skipped: /dev/shm is not a tmpfs here");
            return;
        }
        let error = RealStorage::for_directory(shm, false).unwrap_err();
        assert_eq!(
            error.to_string(),
            "E2005 /dev/shm is on tmpfs, where a full disk or a power cut can lose acknowledged \
             messages; put `data_dir` on ext4 or xfs, or set `log.unsafe_filesystem = true` to \
             accept that"
        );
        RealStorage::for_directory(shm, true).unwrap();
    }

    #[test]
    fn more_than_the_disk_holds_is_refused_and_leaves_no_file() {
        let dir = tempfile::tempdir().unwrap();
        let storage = storage(dir.path());
        let free = storage.free_bytes(dir.path()).unwrap();
        let error = storage
            .create(&dir.path().join("a"), free.saturating_mul(4))
            .unwrap_err();
        assert!(
            matches!(
                error.kind(),
                io::ErrorKind::StorageFull | io::ErrorKind::FileTooLarge
            ),
            "{error}"
        );
        assert!(storage.read_dir(dir.path()).unwrap().is_empty());
    }

    const SIGBUS_DIR: &str = "ROOKERY_SIGBUS_DIR";

    /// What the test below runs in a process of its own.
    #[test]
    fn sigbus_child() {
        let Some(dir) = std::env::var_os(SIGBUS_DIR) else {
            return;
        };
        install_sigbus_handler();
        let path = Path::new(&dir).join("00000000000000000001.log");
        let mut file = storage(Path::new(&dir)).create(&path, 3 * 4096).unwrap();
        file.map().unwrap();
        file.store(5000, b"kept");
        file.truncate(8192).unwrap();
        file.store(8200, b"nothing is here any more");
    }

    #[test]
    fn a_store_without_a_disk_block_ends_the_process_with_file_and_offset() {
        let dir = tempfile::tempdir().unwrap();
        let child = std::process::Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "storage::real::tests::sigbus_child",
                "--nocapture",
            ])
            .env(SIGBUS_DIR, dir.path())
            .output()
            .unwrap();
        assert_eq!(child.status.code(), Some(135));
        let line = format!(
            "error: E2007 the disk took away space of a mapped file (SIGBUS): \
             {}/00000000000000000001.log at offset 8200; check the disk, then start again: what \
             was acknowledged is recovered",
            dir.path().display()
        );
        let text = String::from_utf8_lossy(&child.stderr);
        assert!(text.lines().any(|found| found == line), "{text}");
        let kept = std::fs::read(dir.path().join("00000000000000000001.log")).unwrap();
        assert_eq!(&kept[5000..5004], b"kept");
    }
}
