//! A store into a mapping whose disk block is gone is a SIGBUS: one line that names the file and
//! the offset, then the process ends. Restarted, it recovers what was synced.
//!
//! The handler may call nothing that is not async-signal-safe, so that the mappings are kept in a
//! fixed table of atomics: address, size and path of each.

use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicUsize, Ordering};

/// Mappings that can be named at one time: two a shard on the largest box; a mapping beyond that is
/// not watched, and a fault in it is reported without its name.
const WATCHED_MAX: usize = 256;
/// Bytes kept of a path's end.
const PATH_BYTES: usize = 128;
/// Exit code after a SIGBUS: as a shell reports a process that the signal ended.
const EXIT_CODE: i32 = 128 + libc::SIGBUS;

struct Slot {
    taken: AtomicBool,
    base: AtomicUsize,
    size: AtomicUsize,
    path: [AtomicU8; PATH_BYTES],
}

static SLOTS: [Slot; WATCHED_MAX] = [const {
    Slot {
        taken: AtomicBool::new(false),
        base: AtomicUsize::new(0),
        size: AtomicUsize::new(0),
        path: [const { AtomicU8::new(0) }; PATH_BYTES],
    }
}; WATCHED_MAX];

/// A mapping in the table, until dropped.
#[derive(Debug)]
pub(super) struct Watched(Option<usize>);

/// Puts a mapping into the table.
pub(super) fn watch(base: usize, size: usize, path: &Path) -> Watched {
    for (index, slot) in SLOTS.iter().enumerate() {
        if slot.taken.swap(true, Ordering::AcqRel) {
            continue;
        }
        let bytes = path.as_os_str().as_bytes();
        let tail = &bytes[bytes.len().saturating_sub(PATH_BYTES)..];
        for (at, cell) in slot.path.iter().enumerate() {
            cell.store(tail.get(at).copied().unwrap_or(0), Ordering::Relaxed);
        }
        slot.size.store(size, Ordering::Relaxed);
        slot.base.store(base, Ordering::Release);
        return Watched(Some(index));
    }
    Watched(None)
}

impl Drop for Watched {
    fn drop(&mut self) {
        if let Some(index) = self.0 {
            SLOTS[index].base.store(0, Ordering::Release);
            SLOTS[index].taken.store(false, Ordering::Release);
        }
    }
}

/// From here on a SIGBUS prints one line with the mapped file and the offset, and ends the process
/// with code 135.
pub fn install_sigbus_handler() {
    // SAFETY: a zeroed sigaction is a valid one; the handler is `extern "C"` of the right signature
    // for SA_SIGINFO and calls only async-signal-safe functions.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = handle as *const () as usize;
        action.sa_flags = libc::SA_SIGINFO | libc::SA_RESETHAND;
        libc::sigaction(libc::SIGBUS, &action, std::ptr::null_mut());
    }
}

extern "C" fn handle(
    _signal: libc::c_int,
    info: *mut libc::siginfo_t,
    _context: *mut libc::c_void,
) {
    // SAFETY: the kernel passes a valid siginfo to a SA_SIGINFO handler.
    let address = unsafe { (*info).si_addr() } as usize;
    let mut line = [0u8; PATH_BYTES + 192];
    let length = describe(address, &mut line);
    // SAFETY: write and _exit are async-signal-safe; the buffer is valid for `length` bytes.
    unsafe {
        libc::write(2, line.as_ptr().cast(), length);
        libc::_exit(EXIT_CODE);
    }
}

/// Writes the line for a fault at `address`; returns its length.
fn describe(address: usize, line: &mut [u8]) -> usize {
    let mut at = 0;
    let mut put = |bytes: &[u8]| {
        for byte in bytes {
            if at < line.len() {
                line[at] = *byte;
                at += 1;
            }
        }
    };
    put(b"error: E2007 the disk took away space of a mapped file (SIGBUS)");
    for slot in &SLOTS {
        let base = slot.base.load(Ordering::Acquire);
        let size = slot.size.load(Ordering::Relaxed);
        if base == 0 || address < base || address - base >= size {
            continue;
        }
        put(b": ");
        for cell in &slot.path {
            let byte = cell.load(Ordering::Relaxed);
            if byte != 0 {
                put(&[byte]);
            }
        }
        put(b" at offset ");
        let mut digits = [0u8; 20];
        let mut left = address - base;
        let mut first = digits.len();
        loop {
            first -= 1;
            digits[first] = b'0' + (left % 10) as u8;
            left /= 10;
            if left == 0 {
                break;
            }
        }
        put(&digits[first..]);
        break;
    }
    put(b"; check the disk, then start again: what was acknowledged is recovered\n");
    at
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_names_file_and_offset() {
        let base = 0x7000_0000_0000_usize;
        let watched = watch(base, 4096, Path::new("/data/00000001.log"));
        let mut line = [0u8; 320];
        let length = describe(base + 1234, &mut line);
        assert_eq!(
            std::str::from_utf8(&line[..length]).unwrap(),
            "error: E2007 the disk took away space of a mapped file (SIGBUS): \
             /data/00000001.log at offset 1234; check the disk, then start again: what was \
             acknowledged is recovered\n"
        );
        drop(watched);
        let length = describe(base + 1234, &mut line);
        assert_eq!(
            std::str::from_utf8(&line[..length]).unwrap(),
            "error: E2007 the disk took away space of a mapped file (SIGBUS); check the disk, \
             then start again: what was acknowledged is recovered\n"
        );
    }
}
