//! The kernel's counter that wakes whoever waits for it.

use std::fs::File;
use std::io::{self, Write};
use std::os::fd::{AsFd, BorrowedFd, FromRawFd};

/// An eventfd, blocking: io_uring answers a read of a non-blocking one with EAGAIN instead of waiting.
#[derive(Debug)]
pub(crate) struct EventFd(File);

impl EventFd {
    pub(crate) fn new() -> io::Result<Self> {
        // SAFETY: no memory is passed.
        let fd = unsafe { libc::eventfd(0, libc::EFD_CLOEXEC) };
        if fd < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the kernel just gave us this descriptor, and nobody else has it.
        Ok(Self(unsafe { File::from_raw_fd(fd) }))
    }

    /// Adds one. It would block at 2^64 - 1, which a counter of wakes does not reach.
    pub(crate) fn signal(&self) {
        (&self.0)
            .write_all(&1_u64.to_ne_bytes())
            .expect("an open eventfd takes a one");
    }
}

impl AsFd for EventFd {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}
