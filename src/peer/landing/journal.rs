//! What a journal says: which entries a private folder holds, and how much of each is there for good.
//!
//! ```text
//! journal:  records, one behind the other
//! record:   length u32 ‖ check[8] ‖ body          check: the first bytes of the body's BLAKE3 hash
//! head:     1 ‖ version u8 ‖ count u32 ‖ for each: number u32, path block, and what it belongs to:
//!           0 ‖ id[32] ‖ size u64                               a content
//!           1 ‖ sender[32] ‖ size u64 ‖ modified u64            what somebody sent, whatever it holds
//! held:     2 ‖ count u32 ‖ for each: number u32, leaf number u64, leaf[32]; of a file without leaves,
//!           number, the highest u64, id[32]
//! lost:     3 ‖ count u32 ‖ for each: number u32, and the leaf number u64 of what is not held any more
//! ```
//!
//! In version 1, all belonged to contents, without the 0, and the id of a file without leaves was zeros.
//!
//! It begins with one head; what a record says is held was durable before the record was written. A
//! torn record, and all behind it, was never said. It holds no key, and no byte of a file.

use crate::codec::{self, Closed, Reader, Writer, closed};
use crate::crypto::Fingerprint;
use crate::model::content::{Leaf, leaf_count};
use crate::model::limits::{ENTRY_SIZE, MANIFEST_ENTRIES};
use crate::model::{Content, ContentId, EntryPath, Modified};
use crate::seal::{Manifest, ManifestEntry};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What a private folder is for: entries of which parts are worth keeping.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Head {
    /// These.
    Listed(Vec<Sought>),
    /// All that somebody offers. The number of an entry is that of its part.
    Offered { sender: Fingerprint, manifest: Arc<Manifest> },
}

/// An entry of which parts are worth keeping, and the number that its part has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sought {
    pub(crate) slot: u32,
    pub(crate) path: EntryPath,
    pub(crate) of: Origin,
}

impl Sought {
    /// By what parts of an entry are found again: as its sender's own. By a content that they name, they
    /// would learn of what others have sent, and could spoil it.
    fn sent(sender: Fingerprint, (slot, listed): (u32, &ManifestEntry)) -> Self {
        let (path, size, modified) =
            (listed.entry.path().clone(), listed.entry.size(), listed.entry.modified());
        Self { slot, path, of: Origin::Sent { sender, size, modified } }
    }
}

/// What parts of a file belong to: by this they are found again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Origin {
    /// A content, wherever it goes and whoever sends it.
    Content(Content),
    /// What somebody sent to this place, if it is of this size and changed at this time. What it holds
    /// nobody has said yet.
    Sent { sender: Fingerprint, size: u64, modified: Modified },
}

impl Origin {
    pub(super) fn size(&self) -> u64 {
        match self {
            Self::Content(content) => content.size(),
            Self::Sent { size, .. } => *size,
        }
    }
}

/// A part of an entry that is there for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Held {
    Leaf { entry: u32, number: u64, leaf: Leaf },
    Small { entry: u32, id: ContentId },
}

/// A part that was held, and was found not to be there; of an entry without leaves, all of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Lost {
    pub(super) entry: u32,
    pub(super) number: u64,
}

/// What a journal says, read to its end or to where it was torn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Journal {
    pub(super) entries: Vec<(Sought, Parts)>,
}

/// The parts of an entry that are there.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Parts {
    pub(super) leaves: BTreeMap<u64, Leaf>,
    /// Of an entry without leaves: all of it, and what that is called.
    pub(super) whole: Option<ContentId>,
}

impl Default for Head {
    fn default() -> Self {
        Self::Listed(Vec::new())
    }
}

impl Head {
    /// The entries, which of an offer are made as they are looked at: of very many, nothing is there twice.
    pub(super) fn iter(&self) -> impl Iterator<Item = Cow<'_, Sought>> {
        let (listed, offered) = match self {
            Self::Listed(listed) => (listed.as_slice(), None),
            Self::Offered { sender, manifest } => (&[][..], Some((*sender, manifest.entries()))),
        };
        let offered = offered.into_iter().flat_map(|(sender, entries)| {
            (0..).zip(entries).map(move |listed| Cow::Owned(Sought::sent(sender, listed)))
        });
        listed.iter().map(Cow::Borrowed).chain(offered)
    }

    fn count(&self) -> usize {
        match self {
            Self::Listed(listed) => listed.len(),
            Self::Offered { manifest, .. } => manifest.entries().len(),
        }
    }

    pub(super) fn record(&self) -> Vec<u8> {
        framed(&closed::encode(self))
    }
}

pub(super) fn held_record(held: &[Held]) -> Vec<u8> {
    let mut out = Writer::default();
    out.u8(HELD).count(held.len());
    for held in held {
        out.value(held);
    }
    framed(out.as_bytes())
}

pub(super) fn lost_record(lost: &[Lost]) -> Vec<u8> {
    let mut out = Writer::default();
    out.u8(LOST).count(lost.len());
    for Lost { entry, number } in lost {
        out.u32(*entry).u64(*number);
    }
    framed(out.as_bytes())
}

/// What a record says that is not the head.
enum Said {
    Held(Vec<Held>),
    Lost(Vec<Lost>),
}

impl Journal {
    /// None when not even its head is whole.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let mut input = Reader::new(bytes);
        let head: Head = closed::decode(unframed(&mut input)?).ok()?;
        let Head::Listed(entries) = head else { return None };
        let entries = entries.into_iter().map(|entry| (entry, Parts::default())).collect();
        let mut journal = Self { entries };
        let at: BTreeMap<u32, usize> =
            (0..).zip(&journal.entries).map(|(at, (entry, _))| (entry.slot, at)).collect();
        while let Some(said) = unframed(&mut input).and_then(|body| read_said(body).ok()) {
            let place = |entry: u32| at.get(&entry).copied().unwrap_or(usize::MAX);
            match said {
                Said::Held(held) => held.into_iter().for_each(|held| {
                    if let Some((entry, parts)) = journal.entries.get_mut(place(held.entry())) {
                        parts.add(&entry.of, held);
                    }
                }),
                Said::Lost(lost) => lost.into_iter().for_each(|lost| {
                    if let Some((_, parts)) = journal.entries.get_mut(place(lost.entry)) {
                        parts.lose(lost.number);
                    }
                }),
            }
        }
        Some(journal)
    }
}

impl Parts {
    /// Adds what fits what it is of.
    fn add(&mut self, of: &Origin, held: Held) {
        let leaves = leaf_count(of.size());
        match (held, of) {
            (Held::Leaf { number, leaf, .. }, _) if number < leaves => {
                self.leaves.insert(number, leaf);
            }
            (Held::Small { .. }, Origin::Content(content)) if leaves == 0 => {
                self.whole = Some(content.id());
            }
            (Held::Small { id, .. }, Origin::Sent { .. }) if leaves == 0 => self.whole = Some(id),
            (Held::Leaf { .. } | Held::Small { .. }, _) => {}
        }
    }

    /// How many they are.
    pub(super) fn count(&self) -> u64 {
        (self.leaves.len() as u64).saturating_add(u64::from(self.whole.is_some()))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.whole.is_none() && self.leaves.is_empty()
    }

    pub(super) fn lacks(&self, number: u64) -> bool {
        match number {
            NO_LEAVES => self.whole.is_none(),
            number => !self.leaves.contains_key(&number),
        }
    }

    /// Without this leaf; of an entry without leaves, without all of it.
    fn lose(&mut self, number: u64) {
        match number {
            NO_LEAVES => self.whole = None,
            number => drop(self.leaves.remove(&number)),
        }
    }

    pub(super) fn held(&self, entry: u32) -> Vec<Held> {
        let leaves = self.leaves.iter();
        let leaves =
            leaves.map(|(number, leaf)| Held::Leaf { entry, number: *number, leaf: *leaf });
        leaves.chain(self.whole.map(|id| Held::Small { entry, id })).collect()
    }
}

impl Held {
    pub(super) fn entry(&self) -> u32 {
        match self {
            Self::Leaf { entry, .. } | Self::Small { entry, .. } => *entry,
        }
    }
}

impl Closed for Head {
    fn write(&self, out: &mut Writer) {
        out.u8(HEAD).u8(VERSION).count(self.count());
        for sought in self.iter() {
            let Sought { slot, path, of } = &*sought;
            out.u32(*slot).block(path.as_str().as_bytes());
            match of {
                Origin::Content(content) => {
                    out.u8(CONTENT).raw(content.id().as_bytes()).u64(content.size());
                }
                Origin::Sent { sender, size, modified } => {
                    out.u8(SENT).raw(sender.as_bytes()).u64(*size).u64(modified.as_nanos());
                }
            }
        }
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, codec::Error> {
        let (kind, version) = (input.u8()?, input.u8()?);
        if kind != HEAD || !(1..=VERSION).contains(&version) {
            return Err(codec::Error::Invalid("another kind of journal"));
        }
        let count = input.count("entries", MANIFEST_ENTRIES, HEAD_ENTRY_LEAST)?;
        let entry = |_| {
            let slot = input.u32()?;
            let path = std::str::from_utf8(input.block("a path", PATH_MOST)?).ok();
            let path = path.and_then(|path| EntryPath::parse(path).ok());
            let of = read_origin(input, version)?;
            match path {
                Some(path) => Ok(Sought { slot, path, of }),
                None => Err(codec::Error::Invalid("no entry that can be")),
            }
        };
        Ok(Self::Listed((0..count).map(entry).collect::<Result<_, _>>()?))
    }
}

fn read_origin(input: &mut Reader<'_>, version: u8) -> Result<Origin, codec::Error> {
    let kind = if version == 1 { CONTENT } else { input.u8()? };
    let (name, size) = (input.array()?, input.u64()?);
    match kind {
        CONTENT => Content::new(ContentId::from_bytes(name), size)
            .map(Origin::Content)
            .map_err(|_| codec::Error::Invalid("no content that can be")),
        SENT if size <= ENTRY_SIZE => {
            let modified = Modified::from_nanos(input.u64()?);
            Ok(Origin::Sent { sender: Fingerprint::from_bytes(name), size, modified })
        }
        _ => Err(codec::Error::Invalid("nothing that parts can belong to")),
    }
}

impl Closed for Held {
    fn write(&self, out: &mut Writer) {
        match self {
            Self::Leaf { entry, number, leaf } => {
                out.u32(*entry).u64(*number).raw(leaf.as_bytes());
            }
            Self::Small { entry, id } => {
                out.u32(*entry).u64(NO_LEAVES).raw(id.as_bytes());
            }
        }
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, codec::Error> {
        let (entry, number, leaf) = (input.u32()?, input.u64()?, input.array()?);
        Ok(match number {
            NO_LEAVES => Self::Small { entry, id: ContentId::from_bytes(leaf) },
            _ => Self::Leaf { entry, number, leaf: Leaf::from_bytes(leaf) },
        })
    }
}

fn read_said(body: &[u8]) -> Result<Said, codec::Error> {
    let mut input = Reader::new(body);
    let said = match input.u8()? {
        HELD => {
            let count = input.count("held parts", RECORD_MOST, HELD_BYTES)?;
            Said::Held((0..count).map(|_| Held::read(&mut input)).collect::<Result<_, _>>()?)
        }
        LOST => {
            let count = input.count("lost parts", RECORD_MOST, LOST_BYTES)?;
            let lost = |_| Ok(Lost { entry: input.u32()?, number: input.u64()? });
            Said::Lost((0..count).map(lost).collect::<Result<_, codec::Error>>()?)
        }
        _ => return Err(codec::Error::Invalid("another kind of record")),
    };
    input.finish()?;
    Ok(said)
}

fn framed(body: &[u8]) -> Vec<u8> {
    let mut out = Writer::default();
    out.count(body.len()).raw(&check(body)).raw(body);
    out.into_bytes()
}

/// The body of the next record; none when it is torn, or there is none.
fn unframed<'b>(input: &mut Reader<'b>) -> Option<&'b [u8]> {
    let (length, said) = (input.u32().ok()?, input.array::<8>().ok()?);
    let body = input.take(usize::try_from(length).ok()?).ok()?;
    (check(body) == said).then_some(body)
}

fn check(body: &[u8]) -> [u8; 8] {
    let mut check = [0; 8];
    let hash = Content::of(body).id();
    check.iter_mut().zip(hash.as_bytes()).for_each(|(to, from)| *to = *from);
    check
}

const VERSION: u8 = 2;
const HEAD: u8 = 1;
const HELD: u8 = 2;
const LOST: u8 = 3;
const CONTENT: u8 = 0;
const SENT: u8 = 1;
/// The number of what has none.
pub(super) const NO_LEAVES: u64 = u64::MAX;
const PATH_MOST: usize = 1024;
const HELD_BYTES: usize = 44;
const LOST_BYTES: usize = 12;
const HEAD_ENTRY_LEAST: usize = 49;
/// Parts in one record; one of more is not read.
pub(super) const RECORD_MOST: usize = 1 << 20;
