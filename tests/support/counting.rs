//! The system's allocator, counting what each thread takes of it. Included by the tests that hold
//! allocations to a bound; a binary has one such allocator, so each of them is a binary of its own.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

thread_local! {
    /// Calls that took memory.
    pub static CALLS: Cell<u64> = const { Cell::new(0) };
    /// Bytes taken, whether given back or not.
    pub static TAKEN: Cell<i64> = const { Cell::new(0) };
    /// Bytes taken and not given back.
    pub static LIVE: Cell<i64> = const { Cell::new(0) };
    /// The most of them at a time, since a test has set it.
    pub static PEAK: Cell<i64> = const { Cell::new(0) };
}

struct Counting;

fn note(taken: usize, given_back: usize) {
    TAKEN.set(TAKEN.get() + taken as i64);
    LIVE.set(LIVE.get() + taken as i64 - given_back as i64);
    PEAK.set(PEAK.get().max(LIVE.get()));
}

// SAFETY: every call goes to the system's allocator as it came; counting allocates nothing, for the
// counters are constant-initialised thread locals without destructors.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        CALLS.set(CALLS.get() + 1);
        note(layout.size(), 0);
        // SAFETY: the caller's promise, passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        note(0, layout.size());
        // SAFETY: the caller's promise, passed on.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        CALLS.set(CALLS.get() + 1);
        note(size, layout.size());
        // SAFETY: the caller's promise, passed on.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;
