//! What is said, held against everything that is not quite it.

#[path = "common/alloc.rs"]
mod alloc;
#[path = "wire/by_hand.rs"]
mod by_hand;
#[path = "wire/catalog.rs"]
mod catalog;
#[path = "wire/catalog_maxima.rs"]
mod catalog_maxima;
#[path = "wire/catalog_samples.rs"]
mod catalog_samples;
#[path = "wire/codes.rs"]
mod codes;
#[path = "wire/frames.rs"]
mod frames;
#[path = "wire/hellos.rs"]
mod hellos;
#[path = "wire/ids.rs"]
mod ids;
#[path = "wire/index.rs"]
mod index;
#[path = "wire/index_maxima.rs"]
mod index_maxima;
#[path = "wire/index_samples.rs"]
mod index_samples;
#[path = "wire/lanes.rs"]
mod lanes;
#[path = "wire/maxima.rs"]
mod maxima;
#[path = "wire/memory.rs"]
mod memory;
#[path = "wire/messages.rs"]
mod messages;
#[allow(dead_code, reason = "other tests use the rest")]
#[path = "common/people.rs"]
mod people;
#[path = "wire/proofs.rs"]
mod proofs;
#[path = "wire/samples.rs"]
mod samples;
#[path = "wire/seen_addresses.rs"]
mod seen_addresses;
#[path = "wire/states.rs"]
mod states;
