//! Streams between two people over a real conversation: on lanes, on the channel, and on lanes that
//! are cut, altered, hijacked or never come.

#[path = "streams/by_hand.rs"]
mod by_hand;
#[path = "common/mod.rs"]
mod keys;
#[path = "common/panics.rs"]
mod panics;
#[path = "streams/proxy.rs"]
mod proxy;
#[path = "streams/stage.rs"]
mod stage;

#[path = "streams/endings.rs"]
mod endings;
#[path = "streams/holding.rs"]
mod holding;
#[path = "streams/lanes.rs"]
mod lanes;
#[path = "streams/losses.rs"]
mod losses;
#[path = "streams/rude_receivers.rs"]
mod rude_receivers;
#[path = "streams/rude_senders.rs"]
mod rude_senders;
#[path = "streams/shares.rs"]
mod shares;
#[path = "streams/silence.rs"]
mod silence;
#[path = "streams/sources.rs"]
mod sources;
#[path = "streams/tickets.rs"]
mod tickets;
#[path = "streams/whole.rs"]
mod whole;
