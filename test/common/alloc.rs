//! An allocator that counts the bytes that the current thread asks for, and those that it holds.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

struct Counting;

#[global_allocator]
static COUNTING: Counting = Counting;

thread_local! {
    // Without a destructor and without lazy setup, so that the allocator may use it at any time.
    static REQUESTED: Cell<usize> = const { Cell::new(0) };
    // Below zero on a thread that gives back what another one asked for.
    static HELD: Cell<isize> = const { Cell::new(0) };
    static MOST_HELD: Cell<isize> = const { Cell::new(0) };
}

/// How many bytes `work` asks for on this thread, freed or not; growing counts the whole new size.
pub(crate) fn allocated_by<T>(work: impl FnOnce() -> T) -> (usize, T) {
    let before = REQUESTED.get();
    let result = work();
    (REQUESTED.get() - before, result)
}

/// The most bytes that `work` holds at once on this thread, beyond what was held before it; what
/// grows is held twice for a moment, since it may have to move.
#[allow(dead_code, reason = "not every test asks for it")]
pub(crate) fn most_held_by<T>(work: impl FnOnce() -> T) -> (usize, T) {
    let before = HELD.get();
    MOST_HELD.set(before);
    let result = work();
    ((MOST_HELD.get() - before) as usize, result)
}

fn count(bytes: usize) {
    REQUESTED.set(REQUESTED.get() + bytes);
    HELD.set(HELD.get() + bytes as isize);
    MOST_HELD.set(MOST_HELD.get().max(HELD.get()));
}

fn give_back(bytes: usize) {
    HELD.set(HELD.get() - bytes as isize);
}

// SAFETY: every call is passed on to the system's allocator as it came; counting allocates nothing.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size());
        unsafe { System.alloc(layout) }
    }
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(layout.size());
        unsafe { System.alloc_zeroed(layout) }
    }
    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(size);
        give_back(layout.size());
        unsafe { System.realloc(pointer, layout, size) }
    }
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        give_back(layout.size());
        unsafe { System.dealloc(pointer, layout) }
    }
}
