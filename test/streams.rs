//! Streams between two people over a real conversation: on lanes, on the channel, and on lanes that
//! are cut, altered, hijacked or never come.

#[path = "common/mod.rs"]
mod keys;
#[path = "streams/stage.rs"]
mod stage;

#[path = "streams/whole.rs"]
mod whole;
