//! The client program, as people meet it: the real binary in homes of its own, with a real index.

#![cfg(unix)]

#[cfg(target_os = "linux")]
#[path = "common/bad_offers.rs"]
mod bad_offers;
#[path = "common/conduct.rs"]
mod conduct;
#[cfg(target_os = "linux")]
#[path = "common/frames.rs"]
mod frames;
#[path = "common/key_texts.rs"]
mod key_texts;
#[path = "common/mod.rs"]
mod keys;
#[path = "common/mistakes.rs"]
mod mistakes_made;
#[cfg(target_os = "linux")]
#[path = "common/raw_asks.rs"]
mod raw_asks;
#[cfg(target_os = "linux")]
#[path = "common/raw_sender.rs"]
mod raw_sender;
#[cfg(target_os = "linux")]
#[path = "common/sandbox.rs"]
mod sandbox;
#[cfg(target_os = "linux")]
#[path = "common/sent_by_hand.rs"]
mod sent_by_hand;
#[cfg(target_os = "linux")]
#[path = "common/soon.rs"]
mod soon;
#[path = "server/stage.rs"]
#[allow(dead_code, reason = "the server's tests use all of it")]
mod stage;

#[cfg(target_os = "linux")]
#[path = "client/again.rs"]
mod again;
#[path = "client/apart.rs"]
mod apart;
#[cfg(target_os = "linux")]
#[path = "client/asked.rs"]
mod asked;
#[path = "client/away.rs"]
mod away;
#[cfg(target_os = "linux")]
#[path = "client/broken_disk.rs"]
mod broken_disk;
#[cfg(target_os = "linux")]
#[path = "client/clashes.rs"]
mod clashes;
#[cfg(target_os = "linux")]
#[path = "client/crowded.rs"]
mod crowded;
#[path = "client/demo.rs"]
mod demo;
#[cfg(target_os = "linux")]
#[path = "client/disks.rs"]
mod disks;
#[cfg(target_os = "linux")]
#[path = "client/durable.rs"]
mod durable;
#[path = "client/errands.rs"]
mod errands;
#[cfg(target_os = "linux")]
#[path = "client/eve.rs"]
mod eve;
#[path = "client/exits.rs"]
mod exits;
#[path = "client/faults.rs"]
mod faults;
#[cfg(target_os = "linux")]
#[path = "client/few_descriptors.rs"]
mod few_descriptors;
#[path = "client/first_keys.rs"]
mod first_keys;
#[path = "client/found.rs"]
mod found;
#[cfg(target_os = "linux")]
#[path = "client/gauntlet.rs"]
mod gauntlet;
#[path = "client/getting.rs"]
mod getting;
#[path = "client/json.rs"]
mod json;
#[path = "client/json_page.rs"]
mod json_page;
#[path = "client/killed.rs"]
mod killed;
#[cfg(target_os = "linux")]
#[path = "client/large.rs"]
mod large;
#[path = "client/limits.rs"]
mod limits;
#[path = "client/locked.rs"]
mod locked;
#[path = "client/logs.rs"]
mod logs;
#[cfg(target_os = "linux")]
#[path = "client/looks.rs"]
mod looks;
#[path = "client/moving_sources.rs"]
mod moving_sources;
#[path = "client/on_the_wire.rs"]
mod on_the_wire;
#[path = "client/overview.rs"]
mod overview;
#[path = "client/own_keys.rs"]
mod own_keys;
#[path = "client/panics.rs"]
mod panics;
#[path = "client/places.rs"]
mod places;
#[cfg(target_os = "linux")]
#[path = "client/prompt.rs"]
mod prompt;
#[path = "client/restored.rs"]
mod restored;
#[path = "client/said.rs"]
mod said;
#[path = "client/secrets.rs"]
mod secrets;
#[path = "client/settings.rs"]
mod settings;
#[path = "client/sharing.rs"]
mod sharing;
#[cfg(target_os = "linux")]
#[path = "client/soak.rs"]
mod soak;
#[cfg(target_os = "linux")]
#[path = "client/story.rs"]
mod story;
#[cfg(target_os = "linux")]
#[path = "client/sure.rs"]
mod sure;
#[cfg(target_os = "linux")]
#[path = "client/terminal.rs"]
mod terminal;
#[path = "client/town.rs"]
mod town;
#[cfg(target_os = "linux")]
#[path = "client/two_machines.rs"]
mod two_machines;
#[path = "client/typed.rs"]
mod typed;
#[path = "client/unread.rs"]
mod unread;
#[path = "client/verbs.rs"]
mod verbs;
