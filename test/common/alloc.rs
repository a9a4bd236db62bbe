//! An allocator that counts the bytes that the current thread asks for.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

struct Counting;

#[global_allocator]
static COUNTING: Counting = Counting;

thread_local! {
    // Without a destructor and without lazy setup, so that the allocator may use it at any time.
    static REQUESTED: Cell<usize> = const { Cell::new(0) };
}

/// How many bytes `work` asks for on this thread, freed or not; growing counts the whole new size.
pub(crate) fn allocated_by<T>(work: impl FnOnce() -> T) -> (usize, T) {
    let before = REQUESTED.get();
    let result = work();
    (REQUESTED.get() - before, result)
}

fn count(bytes: usize) {
    REQUESTED.set(REQUESTED.get() + bytes);
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
        unsafe { System.realloc(pointer, layout, size) }
    }
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        unsafe { System.dealloc(pointer, layout) }
    }
}
