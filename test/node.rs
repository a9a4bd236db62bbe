//! A person's side. The session with an index: against one written by hand that lies, forgets, is silent, hangs up and
//! comes back, and against the real one.
//!
//! Connections are pipes. Time is tokio's and stands still, but where the real index has threads.
//!
//! And a person's program: their home, and what they do with the real index over loopback.

#[path = "node/ground.rs"]
mod ground;
#[path = "common/mod.rs"]
mod keys;
#[path = "common/ledger.rs"]
mod ledger;
#[path = "node/library.rs"]
mod library;
#[path = "node/limits.rs"]
mod limits;
#[path = "node/net.rs"]
mod net;
#[path = "common/panics.rs"]
mod panics;
#[path = "node/shelves.rs"]
mod shelves;
#[path = "node/stub.rs"]
mod stub;
#[path = "node/town.rs"]
mod town;

#[path = "node/advice.rs"]
mod advice;
#[path = "node/away.rs"]
mod away;
#[path = "node/beginnings.rs"]
mod beginnings;
#[path = "node/catalog.rs"]
mod catalog;
#[path = "node/changes.rs"]
mod changes;
#[path = "node/clocks.rs"]
mod clocks;
#[path = "node/directory.rs"]
mod directory;
#[path = "node/heads.rs"]
mod heads;
#[path = "node/homes.rs"]
mod homes;
#[path = "node/leftovers.rs"]
mod leftovers;
#[path = "node/long_syncs.rs"]
mod long_syncs;
#[path = "node/many.rs"]
mod many;
#[path = "node/moves.rs"]
mod moves;
#[path = "node/news.rs"]
mod news;
#[path = "node/patience.rs"]
mod patience;
#[path = "node/people.rs"]
mod people;
#[path = "node/publishing.rs"]
mod publishing;
#[path = "node/retries.rs"]
mod retries;
#[path = "node/returns.rs"]
mod returns;
#[path = "node/searching.rs"]
mod searching;
#[path = "node/sharing.rs"]
mod sharing;
#[path = "node/stories.rs"]
mod stories;
#[path = "node/twenty.rs"]
mod twenty;
#[path = "node/verbs.rs"]
mod verbs;
#[path = "node/watching.rs"]
mod watching;
#[path = "node/wishes.rs"]
mod wishes;
