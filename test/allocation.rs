//! Foreign bytes never cost much more memory than they have: four times their length and 64 KiB in
//! all that is asked for while they are decoded, whether it is given back or not. A manifest, which may
//! have 16 MiB, never holds more than three times its length.

#[path = "common/alloc.rs"]
mod alloc;
#[path = "allocation/catalog_messages.rs"]
mod catalog_messages;
#[path = "allocation/closed_layouts.rs"]
mod closed_layouts;
#[path = "allocation/counter.rs"]
mod counter;
#[path = "allocation/hostile_manifests.rs"]
mod hostile_manifests;
#[path = "allocation/index_messages.rs"]
mod index_messages;
#[path = "allocation/open_messages.rs"]
mod open_messages;
#[allow(dead_code, reason = "other tests use the rest")]
#[path = "common/people.rs"]
mod people;
#[path = "allocation/sealed_streams.rs"]
mod sealed_streams;
#[path = "allocation/texts.rs"]
mod texts;

use alloc::allocated_by;

/// What `decode` makes of the input, having asked for no more than the bound.
fn within_bound<'a, T>(input: &'a [u8], decode: impl FnOnce(&'a [u8]) -> T) -> T {
    let (spent, result) = allocated_by(|| decode(input));
    held_to_bound(spent, input.len());
    result
}

fn held_to_bound(spent: usize, length: usize) {
    assert!(spent <= 4 * length + 64 * 1024, "{spent} bytes for an input of {length}");
}
