//! Streams between two people over a real conversation: on lanes, on the channel, and on lanes that
//! are cut, altered, hijacked or never come.

#[path = "common/mod.rs"]
mod keys;
#[path = "streams/proxy.rs"]
mod proxy;
#[path = "streams/stage.rs"]
mod stage;

#[path = "streams/lanes.rs"]
mod lanes;
#[path = "streams/losses.rs"]
mod losses;
#[path = "streams/whole.rs"]
mod whole;
