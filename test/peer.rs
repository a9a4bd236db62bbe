//! People who share files: what is served and to whom, what lands and what never does.

#[path = "common/bad_offers.rs"]
mod bad_offers;
#[path = "peer/by_hand.rs"]
mod by_hand;
#[path = "peer/fetched.rs"]
mod fetched;
#[path = "peer/held.rs"]
mod held;
#[path = "common/mod.rs"]
mod keys;
#[path = "common/panics.rs"]
mod panics;
#[path = "common/raw_asks.rs"]
mod raw_asks;
#[path = "common/raw_sender.rs"]
mod raw_sender;
#[path = "common/sandbox.rs"]
mod sandbox;
#[path = "common/sent_by_hand.rs"]
mod sent_by_hand;
#[path = "common/soon.rs"]
mod soon;
#[path = "peer/stage.rs"]
mod stage;

#[path = "peer/canary.rs"]
mod canary;
#[path = "peer/changed.rs"]
mod changed;
#[path = "peer/clocks.rs"]
mod clocks;
#[path = "peer/cut_sessions.rs"]
mod cut_sessions;
#[path = "peer/fetching.rs"]
mod fetching;
#[path = "peer/folders.rs"]
mod folders;
#[path = "peer/landing.rs"]
mod landing;
#[path = "peer/many.rs"]
mod many;
#[path = "peer/queue.rs"]
mod queue;
#[path = "peer/raw_offers.rs"]
mod raw_offers;
#[path = "peer/resending.rs"]
mod resending;
#[path = "peer/resuming.rs"]
mod resuming;
#[path = "peer/rude_askers.rs"]
mod rude_askers;
#[path = "peer/rude_offers.rs"]
mod rude_offers;
#[path = "peer/rude_senders.rs"]
mod rude_senders;
#[path = "peer/rude_wraps.rs"]
mod rude_wraps;
#[path = "peer/sending.rs"]
mod sending;
#[path = "peer/serving.rs"]
mod serving;
#[path = "peer/showing.rs"]
mod showing;
#[path = "peer/spread.rs"]
mod spread;
#[path = "peer/taken_places.rs"]
mod taken_places;
#[path = "peer/too_much.rs"]
mod too_much;
