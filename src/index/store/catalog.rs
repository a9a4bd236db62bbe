//! What goes into the catalog and comes out of it.

use super::given::Given;
use super::nouns::{AccountId, PersonRow};
use crate::model::Asked;
use crate::model::{Entry, EntryPath, FileKind, Keywords, Name, ShareId, SyncId, UserName};
use std::collections::HashSet;
use std::sync::Arc;

/// Who is online, at one moment.
pub type Online = Arc<HashSet<AccountId>>;

/// A share, as its owner sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnShareRow {
    /// Its id.
    pub id: ShareId,
    /// Its name.
    pub name: Name,
    /// What was asked when it was made or changed last.
    pub about: [u8; 32],
    /// The last sync whose last part was taken.
    pub state: Option<SyncId>,
    /// How many entries others see.
    pub entries: u64,
    /// The sync that is not at its end, and the number of the part that it waits for.
    pub under_way: Option<(SyncId, u32)>,
}

/// One part of a sync.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// The share.
    pub share: ShareId,
    /// The sync.
    pub sync: SyncId,
    /// The state from which it differs; none when it begins from nothing.
    pub base: Option<SyncId>,
    /// Its number, from 0.
    pub number: u32,
    /// Entries that come, or take the place of what their paths named.
    pub add: Vec<Entry>,
    /// Paths that go.
    pub remove: Vec<EntryPath>,
    /// Whether it is the last one.
    pub is_last: bool,
}

/// What is searched for.
#[derive(Debug, Clone)]
pub struct Query {
    /// Words that an entry must have. None only when there is an owner or a kind.
    pub asked: Option<Asked>,
    /// Whose entries alone.
    pub owner: Option<UserName>,
    /// Entries of which kind alone.
    pub kind: Option<FileKind>,
    /// The smallest and the largest size.
    pub sizes: (u64, u64),
    /// Whether entries of people who are online are looked for alone.
    pub only_online: bool,
    /// Who is online.
    pub online: Online,
    /// How many results there are at most.
    pub most: usize,
    /// Behind what to go on.
    pub from: Option<Position>,
}

/// How far a search came. It must never leave the index: its numbers count what others hid.
#[derive(Debug, Clone)]
pub struct Position {
    pub(super) spot: Spot,
    /// What was given on the way.
    pub(super) given: Given,
    /// When all was looked through, and nothing found: which words stand nowhere.
    pub(super) lonely: Option<Lonely>,
}

impl Position {
    /// How many results were given, at least, that are remembered for it.
    pub fn weight(&self) -> usize {
        self.given.kept()
    }
}

/// Where a search looks next: some entries that have some words in some shares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Spot {
    /// Entries from this number on came after the search began.
    pub(super) top: i64,
    /// Shares for named people below this number ...
    pub(super) shares: i64,
    /// ... and from this one on, once that is settled.
    pub(super) down_to: i64,
    /// Which of the asked words is gone through, of those that leave their end open.
    pub(super) opened: usize,
    /// Words whose ends come behind this one ...
    pub(super) after: Option<Box<str>>,
    /// ... up to this one, once that is settled.
    pub(super) up_to: Option<Box<str>>,
    /// Entries below this number.
    pub(super) below: i64,
}

/// How far it is known which words stand nowhere.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Lonely {
    /// The word that is looked for.
    pub(super) word: usize,
    /// Those before it that stand nowhere.
    pub(super) nowhere: Vec<usize>,
}

#[cfg(test)]
impl Position {
    /// One that others differ from.
    pub(in crate::index) fn numbered(number: i64) -> Self {
        let spot = Spot {
            top: number,
            shares: 0,
            down_to: 0,
            opened: 0,
            after: None,
            up_to: None,
            below: number,
        };
        Self { spot, given: Given::default(), lonely: None }
    }

    /// Which one it is.
    pub(in crate::index) fn number(&self) -> i64 {
        self.spot.top
    }
}

/// Entries, and those whose they are: each person and each share once.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Shelf {
    /// The owners.
    pub people: Vec<PersonRow>,
    /// The shares.
    pub shares: Vec<ShareRow>,
}

/// A share, as others see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShareRow {
    /// Whose.
    pub owner: AccountId,
    /// Its id.
    pub id: ShareId,
    /// Its name.
    pub name: Name,
    /// Its keywords.
    pub keywords: Keywords,
}

/// An entry of a share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryRow {
    /// Which of the shelf's shares.
    pub share: usize,
    /// The entry.
    pub entry: Entry,
}

/// What a search found.
#[derive(Debug, Clone, Default)]
pub struct ResultPage {
    /// Whose it is.
    pub shelf: Shelf,
    /// The results, the best first.
    pub results: Vec<ResultRow>,
    /// At the end of a search that found nothing at all: which of the words, by number, are in nothing
    /// that the asker may see.
    pub nothing: Vec<usize>,
    /// Behind what there may be more.
    pub next: Option<Position>,
}

/// One result: an entry, and all others with the same content.
#[derive(Debug, Clone)]
pub struct ResultRow {
    /// The entry that fits best, and then others, those of people who are online first.
    pub sources: Vec<EntryRow>,
    /// How many more there are; fewer than there are, when there are very many.
    pub others: u32,
    /// Behind this result.
    pub here: Position,
}

/// Which entries of a person are listed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Section {
    /// Of the share of this name alone.
    pub share: Option<Name>,
    /// Of this path, and of the folder of this path, alone.
    pub below: Option<EntryPath>,
}

/// Entries of a person, by the names of their shares and then by their paths.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListingPage {
    /// The person.
    pub person: PersonRow,
    /// The shares of the entries.
    pub shares: Vec<ShareRow>,
    /// The entries.
    pub entries: Vec<EntryRow>,
    /// Whether there are more.
    pub more: bool,
}

/// Who has a content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holders {
    /// Whose entries.
    pub shelf: Shelf,
    /// The entries, those of people who are online first.
    pub sources: Vec<EntryRow>,
    /// How many more there are; fewer than there are, when there are very many.
    pub others: u32,
}
