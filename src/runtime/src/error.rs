//! Why the machinery under the shards cannot start.

use std::io;

/// A failure to start or to run an executor.
#[derive(Debug, thiserror::Error)]
pub enum RuntimeError {
    /// The limit on locked memory is below what the rings need.
    #[error(
        "the limit on locked memory is {limit_kib} KiB, {executors} shards need {needed_kib} KiB; \
         raise it with `LimitMEMLOCK=` in the systemd unit or `ulimit -l {needed_kib}` in the shell"
    )]
    MemlockTooLow {
        /// The soft limit, in KiB.
        limit_kib: u64,
        /// What the executors need, in KiB.
        needed_kib: u64,
        /// How many of them there are to be.
        executors: usize,
    },
    /// The kernel or the container forbids io_uring.
    #[error(
        "io_uring is forbidden here ({source}); allow the system calls io_uring_setup, \
         io_uring_enter and io_uring_register in the container's seccomp profile, and set \
         `sysctl kernel.io_uring_disabled=0`"
    )]
    UringForbidden {
        /// What the kernel answered.
        source: io::Error,
    },
    /// The kernel has no io_uring, or one that lacks an operation.
    #[error(
        "this kernel's io_uring lacks what is needed ({missing}); Linux 5.15 or later is required"
    )]
    KernelTooOld {
        /// What is missing.
        missing: &'static str,
    },
    /// The ring could not be made for another reason, memory or descriptors for the most part.
    #[error(
        "io_uring could not be set up ({source}); check the free memory, `ulimit -n` and \
         `ulimit -l`"
    )]
    UringSetup {
        /// What the kernel answered.
        source: io::Error,
    },
    /// An executor's thread could not be started or its rings not be made.
    #[error("executor `{name}` could not start: {reason}")]
    Start {
        /// Its name.
        name: String,
        /// The cause, in the words of whoever refused.
        reason: String,
    },
    /// The thread cannot be pinned.
    #[error(
        "executor `{name}` cannot be pinned to CPU {cpu} ({source}); name a CPU that `taskset -p` \
         lists for this process, or leave pinning off"
    )]
    Pin {
        /// The executor's name.
        name: String,
        /// The CPU it was to run on.
        cpu: usize,
        /// What the kernel answered.
        source: io::Error,
    },
    /// A task of the executor panicked, which ends all its tasks.
    #[error("executor `{name}` panicked")]
    Panicked {
        /// Its name.
        name: String,
    },
}

impl RuntimeError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::MemlockTooLow { .. } => "E4091",
            Self::UringForbidden { .. } => "E4092",
            Self::KernelTooOld { .. } => "E4093",
            Self::UringSetup { .. } => "E4094",
            Self::Start { .. } => "E4095",
            Self::Pin { .. } => "E4096",
            Self::Panicked { .. } => "E4097",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused() -> io::Error {
        io::Error::from_raw_os_error(libc::EPERM)
    }

    #[test]
    fn every_text_names_thing_limit_and_remedy() {
        let cases = [
            (
                RuntimeError::MemlockTooLow {
                    limit_kib: 64,
                    needed_kib: 512,
                    executors: 2,
                },
                "E4091",
                "the limit on locked memory is 64 KiB, 2 shards need 512 KiB; raise it with \
                 `LimitMEMLOCK=` in the systemd unit or `ulimit -l 512` in the shell",
            ),
            (
                RuntimeError::UringForbidden { source: refused() },
                "E4092",
                "io_uring is forbidden here (Operation not permitted (os error 1)); allow the \
                 system calls io_uring_setup, io_uring_enter and io_uring_register in the \
                 container's seccomp profile, and set `sysctl kernel.io_uring_disabled=0`",
            ),
            (
                RuntimeError::KernelTooOld {
                    missing: "fdatasync",
                },
                "E4093",
                "this kernel's io_uring lacks what is needed (fdatasync); Linux 5.15 or later is \
                 required",
            ),
            (
                RuntimeError::UringSetup { source: refused() },
                "E4094",
                "io_uring could not be set up (Operation not permitted (os error 1)); check the \
                 free memory, `ulimit -n` and `ulimit -l`",
            ),
            (
                RuntimeError::Start {
                    name: "shard-1".into(),
                    reason: "no memory".into(),
                },
                "E4095",
                "executor `shard-1` could not start: no memory",
            ),
            (
                RuntimeError::Pin {
                    name: "shard-1".into(),
                    cpu: 9,
                    source: refused(),
                },
                "E4096",
                "executor `shard-1` cannot be pinned to CPU 9 (Operation not permitted (os error \
                 1)); name a CPU that `taskset -p` lists for this process, or leave pinning off",
            ),
            (
                RuntimeError::Panicked {
                    name: "shard-1".into(),
                },
                "E4097",
                "executor `shard-1` panicked",
            ),
        ];
        for (error, code, text) in cases {
            assert_eq!(error.code(), code);
            assert_eq!(error.to_string(), text);
        }
    }
}
