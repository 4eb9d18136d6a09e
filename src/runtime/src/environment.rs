//! What the machine must allow before an executor can start. glommio answers with a panic or an exit
//! where it cannot go on; this finds out first and says what to do.

use crate::RuntimeError;
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

/// Locked memory an executor may need: three rings with 64 KiB of registered buffers each.
const MEMLOCK_PER_EXECUTOR_KIB: u64 = 256;
/// glommio refuses to start below this.
const MEMLOCK_LEAST_KIB: u64 = 512;
/// Entries of the ring that is made to see whether one can be.
const PROBE_ENTRIES: u32 = 4;
/// `IORING_REGISTER_PROBE` of linux/io_uring.h.
const REGISTER_PROBE: libc::c_uint = 8;
/// `IO_URING_OP_SUPPORTED` of linux/io_uring.h.
const OP_SUPPORTED: u16 = 1;
/// The numbers of linux/io_uring.h (`IORING_OP_*`) that glommio insists on, or that are used here.
const OPS_NEEDED: [(u8, &str); 23] = [
    (0, "nop"),
    (1, "readv"),
    (2, "writev"),
    (3, "fdatasync"),
    (4, "read fixed"),
    (5, "write fixed"),
    (6, "poll add"),
    (7, "poll remove"),
    (9, "sendmsg"),
    (10, "recvmsg"),
    (11, "timeout"),
    (12, "timeout remove"),
    (13, "accept"),
    (15, "link timeout"),
    (16, "connect"),
    (17, "fallocate"),
    (18, "openat"),
    (19, "close"),
    (21, "statx"),
    (22, "read"),
    (23, "write"),
    (26, "send"),
    (27, "recv"),
];
/// Entries of the answer to a probe.
const PROBE_OPS: usize = 64;

/// `struct io_uring_params`: 120 bytes that the kernel fills; zeros ask for a plain ring.
#[repr(C, align(8))]
struct RingParams([u8; 120]);

/// `struct io_uring_probe` with its operations.
#[repr(C)]
#[derive(Clone, Copy)]
struct Probe {
    last_op: u8,
    ops_len: u8,
    reserved: u16,
    reserved2: [u32; 3],
    ops: [ProbeOp; PROBE_OPS],
}

/// `struct io_uring_probe_op`
#[repr(C)]
#[derive(Clone, Copy)]
struct ProbeOp {
    op: u8,
    reserved: u8,
    flags: u16,
    reserved2: u32,
}

/// Whether `executors` executors can run here: locked memory, io_uring allowed, its operations there.
///
/// # Errors
/// Names what is missing and how to get it.
pub fn check_environment(executors: usize) -> Result<(), RuntimeError> {
    check_memlock(memlock_limit_kib(), executors)?;
    let ring = open_ring().map_err(classify)?;
    let probe = probe(&ring).map_err(|source| RuntimeError::UringSetup { source })?;
    match missing_op(&probe) {
        Some(missing) => Err(RuntimeError::KernelTooOld { missing }),
        None => Ok(()),
    }
}

fn check_memlock(limit_kib: u64, executors: usize) -> Result<(), RuntimeError> {
    let needed_kib = MEMLOCK_LEAST_KIB.max(MEMLOCK_PER_EXECUTOR_KIB * executors as u64);
    if limit_kib >= needed_kib {
        Ok(())
    } else {
        Err(RuntimeError::MemlockTooLow {
            limit_kib,
            needed_kib,
            executors,
        })
    }
}

/// The soft limit on locked memory; without a limit, the largest number.
fn memlock_limit_kib() -> u64 {
    let mut limit = libc::rlimit {
        rlim_cur: 0,
        rlim_max: 0,
    };
    // SAFETY: `limit` is a valid place for the answer.
    let result = unsafe { libc::getrlimit(libc::RLIMIT_MEMLOCK, &mut limit) };
    if result == 0 {
        limit.rlim_cur / 1024
    } else {
        0
    }
}

fn open_ring() -> io::Result<OwnedFd> {
    let mut params = RingParams([0; 120]);
    // SAFETY: `params` has the size and alignment of `struct io_uring_params` and lives for the call.
    let fd = unsafe { libc::syscall(libc::SYS_io_uring_setup, PROBE_ENTRIES, &raw mut params) };
    if fd < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the kernel just gave us this descriptor, and nobody else has it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd as i32) })
}

fn classify(source: io::Error) -> RuntimeError {
    match source.raw_os_error() {
        Some(libc::EPERM | libc::EACCES) => RuntimeError::UringForbidden { source },
        // Docker's profile answers ENOSYS or EPERM by version; a kernel without io_uring is older
        // than any that is supported.
        Some(libc::ENOSYS) => RuntimeError::UringForbidden { source },
        _ => RuntimeError::UringSetup { source },
    }
}

fn probe(ring: &OwnedFd) -> io::Result<Probe> {
    let mut probe = Probe {
        last_op: 0,
        ops_len: 0,
        reserved: 0,
        reserved2: [0; 3],
        ops: [ProbeOp {
            op: 0,
            reserved: 0,
            flags: 0,
            reserved2: 0,
        }; PROBE_OPS],
    };
    // SAFETY: the kernel writes at most PROBE_OPS operations into `probe`, which lives for the call.
    let result = unsafe {
        libc::syscall(
            libc::SYS_io_uring_register,
            ring.as_raw_fd(),
            REGISTER_PROBE,
            &raw mut probe,
            PROBE_OPS as libc::c_uint,
        )
    };
    if result < 0 {
        Err(io::Error::last_os_error())
    } else {
        Ok(probe)
    }
}

fn missing_op(probe: &Probe) -> Option<&'static str> {
    OPS_NEEDED
        .iter()
        .find(|(op, _)| {
            let entry = probe.ops[usize::from(*op)];
            *op > probe.last_op || entry.flags & OP_SUPPORTED == 0
        })
        .map(|(_, name)| *name)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_can_run_executors() {
        check_environment(1).unwrap();
    }

    #[test]
    fn a_low_memlock_limit_is_refused_with_what_is_needed() {
        let error = check_memlock(64, 1).unwrap_err();
        assert!(
            error
                .to_string()
                .contains("is 64 KiB, 1 shards need 512 KiB")
        );
        let error = check_memlock(8192, 64).unwrap_err();
        assert!(error.to_string().contains("64 shards need 16384 KiB"));
        check_memlock(8192, 32).unwrap();
    }

    #[test]
    fn an_operation_that_the_kernel_lacks_is_named() {
        let mut answer = probe(&open_ring().unwrap()).unwrap();
        answer.ops[3].flags = 0;
        assert_eq!(missing_op(&answer), Some("fdatasync"));
        answer.last_op = 2;
        answer.ops[3].flags = OP_SUPPORTED;
        assert_eq!(missing_op(&answer), Some("fdatasync"));
    }

    #[test]
    fn refusals_are_told_apart() {
        let forbidden = classify(io::Error::from_raw_os_error(libc::EPERM));
        assert_eq!(forbidden.code(), "E4092");
        let full = classify(io::Error::from_raw_os_error(libc::EMFILE));
        assert_eq!(full.code(), "E4094");
    }

    /// Makes the kernel answer this thread's `call` with an error number.
    fn forbid(call: libc::c_long, error: libc::c_int) {
        const ERRNO: u32 = 0x0005_0000;
        const ALLOW: u32 = 0x7fff_0000;
        const LOAD_WORD: u16 = 0x20;
        const JUMP_IF_EQUAL: u16 = 0x15;
        const RETURN: u16 = 0x06;
        let step = |code, jt, jf, k| libc::sock_filter { code, jt, jf, k };
        let mut steps = [
            step(LOAD_WORD, 0, 0, 0),
            step(JUMP_IF_EQUAL, 0, 1, call as u32),
            step(RETURN, 0, 0, ERRNO | error as u32),
            step(RETURN, 0, 0, ALLOW),
        ];
        let program = libc::sock_fprog {
            len: steps.len() as u16,
            filter: steps.as_mut_ptr(),
        };
        // SAFETY: the program and its steps live for the calls; the filter holds for this thread.
        unsafe {
            assert_eq!(libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
            let set = libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &program);
            assert_eq!(set, 0);
        }
    }

    #[test]
    fn a_sandbox_that_forbids_io_uring_is_named() {
        let forbidden = || {
            forbid(libc::SYS_io_uring_setup, libc::EPERM);
            crate::spawn("never", None, || async {})
                .err()
                .map(|error| error.code())
        };
        assert_eq!(std::thread::spawn(forbidden).join().unwrap(), Some("E4092"));
    }
}
