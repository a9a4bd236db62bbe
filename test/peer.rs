//! People who share files: what is served and to whom, what lands and what never does.

#[path = "common/mod.rs"]
mod keys;
#[path = "peer/stage.rs"]
mod stage;

#[path = "peer/fetching.rs"]
mod fetching;
