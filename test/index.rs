//! The index as its clients meet it: real conversations over loopback, SQLite in memory, or in a small
//! file, and a clock that the test sets.

#[path = "common/mod.rs"]
mod keys;
#[path = "common/panics.rs"]
mod panics;
#[path = "index/stage.rs"]
mod stage;

#[path = "index/accounts.rs"]
mod accounts;
#[path = "index/alike.rs"]
mod alike;
#[path = "index/catalog.rs"]
mod catalog;
#[path = "index/full.rs"]
mod full;
#[path = "index/hostile.rs"]
mod hostile;
#[path = "index/matrix.rs"]
mod matrix;
#[path = "index/people.rs"]
mod people;
#[path = "index/sessions.rs"]
mod sessions;
#[path = "index/storm.rs"]
mod storm;
