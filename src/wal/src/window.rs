//! A sliding buffer over a file, for those that read it front to back.

use rookery_runtime::storage::StorageFile;
use std::io;

/// Bytes read at once: large enough for the disk, small enough to stay in the cache.
const CHUNK_BYTES: usize = 256 * 1024;

/// What the disk answers for bytes that it cannot read.
const EIO: i32 = 5;
/// Bytes that are lost together.
const PAGE_BYTES: u64 = 4096;

/// The part of a file that is in memory.
#[derive(Debug, Default)]
pub(crate) struct Window {
    base: u64,
    buffer: Vec<u8>,
}

impl Window {
    /// Forgets what was read: another file comes, or the file changed.
    pub(crate) fn clear(&mut self) {
        self.buffer.clear();
    }

    /// Forgets what was read at `offset` and after it.
    pub(crate) fn forget_from(&mut self, offset: u64) {
        let keep = offset.saturating_sub(self.base);
        self.buffer
            .truncate(keep.min(self.buffer.len() as u64) as usize);
    }

    /// The bytes at `offset`; `None` if they reach beyond `end` or the file.
    pub(crate) fn get<F: StorageFile>(
        &mut self,
        file: &F,
        offset: u64,
        length: usize,
        end: u64,
    ) -> io::Result<Option<&[u8]>> {
        if offset
            .checked_add(length as u64)
            .is_none_or(|last| last > end)
        {
            return Ok(None);
        }
        let loaded = self.base + self.buffer.len() as u64;
        if offset < self.base || offset + length as u64 > loaded {
            self.load(file, offset, length, end)?;
        }
        let from = (offset - self.base) as usize;
        Ok(self.buffer.get(from..from + length))
    }

    fn load<F: StorageFile>(
        &mut self,
        file: &F,
        offset: u64,
        length: usize,
        end: u64,
    ) -> io::Result<()> {
        let wanted = CHUNK_BYTES.max(length) as u64;
        let wanted = wanted.min(end - offset) as usize;
        self.base = offset;
        // Space that was never written is not read: reading would fill the cache with its zeros.
        if file.data_after(offset)? >= offset + wanted as u64 {
            self.buffer.clear();
            self.buffer.resize(wanted, 0);
            return Ok(());
        }
        self.buffer.resize(wanted, 0);
        match file.read_at(offset, &mut self.buffer) {
            Ok(read) => {
                self.buffer.truncate(read);
                Ok(())
            }
            Err(error) if error.raw_os_error() == Some(EIO) => self.load_by_page(file),
            Err(error) => {
                self.buffer.clear();
                Err(error)
            }
        }
    }

    /// Reads page by page what cannot be read at once. A page that the disk does not give back is as
    /// good as garbage: the checksums tell what was in it.
    fn load_by_page<F: StorageFile>(&mut self, file: &F) -> io::Result<()> {
        let mut at = 0;
        while at < self.buffer.len() {
            let offset = self.base + at as u64;
            let page_end = (offset / PAGE_BYTES + 1) * PAGE_BYTES;
            let end = self.buffer.len().min(at + (page_end - offset) as usize);
            let page = &mut self.buffer[at..end];
            match file.read_at(offset, page) {
                Ok(read) if read == page.len() => {}
                Ok(read) => {
                    self.buffer.truncate(at + read);
                    return Ok(());
                }
                Err(error) if error.raw_os_error() == Some(EIO) => page.fill(0xff),
                Err(error) => {
                    self.buffer.clear();
                    return Err(error);
                }
            }
            at = end;
        }
        Ok(())
    }
}
