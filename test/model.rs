//! The nouns hold what they promise: a table of what each refuses and accepts, and properties over
//! any input.

#[path = "model/addresses.rs"]
mod addresses;
#[path = "common/alloc.rs"]
mod alloc;
#[path = "model/collisions.rs"]
mod collisions;
#[path = "model/directory.rs"]
mod directory;
#[path = "model/entries.rs"]
mod entries;
#[path = "model/events.rs"]
mod events;
#[path = "model/invitations.rs"]
mod invitations;
#[path = "common/mod.rs"]
mod keys;
#[path = "model/kinds.rs"]
mod kinds;
#[path = "common/ledger.rs"]
mod ledger;
#[path = "model/names.rs"]
mod names;
#[path = "model/paths.rs"]
mod paths;
#[path = "model/people.rs"]
mod people;
#[path = "model/shares.rs"]
mod shares;
#[path = "model/untrusted_texts.rs"]
mod untrusted_texts;
#[path = "model/words.rs"]
mod words;

use alloc::allocated_by;
use proptest::prelude::*;
use std::net::SocketAddr;
use std::path::{Component, Path};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use unicode_width::UnicodeWidthStr;
use waxwing::model::{
    Asked, Audience, Collision, Content, ContentId, Entry, EntryPath, Error, Event, Events,
    FileKind, HostPort, IndexAddress, Invitation, JoinToken, Keyword, Keywords, Match, Modified,
    Name, PeerAddress, ShareId, SyncId, TEMPORARY_PREFIX, Task, Term, Transfer, UnixTime,
    Untrusted, UserName, Word, Work, find_collision, limits, words_of,
};

#[test]
fn every_limit_stands_in_the_table_once() {
    let mut names: Vec<_> = limits::TABLE.iter().map(|limit| limit.name).collect();
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count);
    assert!(limits::TABLE.iter().all(|limit| limit.value > 0 && !limit.meaning.is_empty()));
    let value = |name| limits::TABLE.iter().find(|limit| limit.name == name).unwrap().value;
    assert_eq!(value("NAME_BYTES"), 255);
    assert_eq!(value("ENTRY_SIZE"), limits::ENTRY_SIZE);
}

fn path(text: &str) -> EntryPath {
    EntryPath::parse(text).unwrap_or_else(|error| panic!("{error}"))
}

fn refused<T: std::fmt::Debug>(result: Result<T, Error>) -> String {
    result.expect_err("accepted").to_string()
}

/// Texts over everything that texts are attacked with, among characters of all kinds.
fn any_text() -> impl Strategy<Value = String> {
    let nasty: Vec<char> = steering_characters().chain(HARMLESS.chars()).collect();
    let c = prop_oneof![
        any::<char>(),
        prop::sample::select(nasty),
        proptest::char::range('\0', '\u{ff}')
    ];
    let plain = prop::sample::select(HARMLESS.chars().collect::<Vec<_>>());
    prop_oneof![
        proptest::collection::vec(c, 0..60).prop_map(String::from_iter),
        proptest::collection::vec(plain, 0..60).prop_map(String::from_iter),
    ]
}

/// Unicode's format characters, its control characters and separators, and what shows nothing.
fn steering_characters() -> impl Iterator<Item = char> {
    STEERING.iter().flat_map(|(first, last)| *first..=*last)
}

fn steers(c: char) -> bool {
    STEERING.iter().any(|(first, last)| (*first..=*last).contains(&c))
}

/// What takes no column, two, or more together than apart, and what stands in paths and escapes.
const HARMLESS: &str = "aA1 -_.…/\\{}uéß日本❤⌨‘’\u{301}\u{302}\u{20dd}\u{fe00}\u{fe01}\u{fe0e}\u{fe0f}\u{e0100}👍🏽🇩🇪가\u{1161}\u{11a8}हि\u{94d}لا";

const STEERING: [(char, char); 37] = [
    ('\0', '\u{1f}'),
    ('\u{7f}', '\u{9f}'),
    ('\u{ad}', '\u{ad}'),
    ('\u{34f}', '\u{34f}'),
    ('\u{600}', '\u{605}'),
    ('\u{61c}', '\u{61c}'),
    ('\u{6dd}', '\u{6dd}'),
    ('\u{70f}', '\u{70f}'),
    ('\u{890}', '\u{891}'),
    ('\u{8e2}', '\u{8e2}'),
    ('\u{115f}', '\u{1160}'),
    ('\u{17b4}', '\u{17b5}'),
    ('\u{180e}', '\u{180e}'),
    ('\u{200b}', '\u{200f}'),
    ('\u{2028}', '\u{2029}'),
    ('\u{202a}', '\u{202e}'),
    ('\u{2060}', '\u{2064}'),
    ('\u{2065}', '\u{2065}'),
    ('\u{2066}', '\u{2069}'),
    ('\u{206a}', '\u{206f}'),
    ('\u{2800}', '\u{2800}'),
    ('\u{3164}', '\u{3164}'),
    ('\u{feff}', '\u{feff}'),
    ('\u{ffa0}', '\u{ffa0}'),
    ('\u{fff0}', '\u{fff8}'),
    ('\u{fff9}', '\u{fffb}'),
    ('\u{110bd}', '\u{110bd}'),
    ('\u{110cd}', '\u{110cd}'),
    ('\u{13430}', '\u{1343f}'),
    ('\u{1bca0}', '\u{1bca3}'),
    ('\u{1d173}', '\u{1d17a}'),
    ('\u{e0000}', '\u{e0000}'),
    ('\u{e0001}', '\u{e0001}'),
    ('\u{e0002}', '\u{e001f}'),
    ('\u{e0020}', '\u{e007f}'),
    ('\u{e0080}', '\u{e00ff}'),
    ('\u{e01f0}', '\u{e0fff}'),
];
