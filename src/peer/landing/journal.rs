//! What a journal says: which entries a private folder holds, and how much of each is there for good.
//!
//! ```text
//! journal:  records, one behind the other
//! record:   length u32 ‖ check[8] ‖ body          check: the first bytes of the body's BLAKE3 hash
//! head:     1 ‖ version u8 ‖ count u32 ‖ for each: number u32, path block, id[32], size u64
//! held:     2 ‖ count u32 ‖ for each: number u32, leaf number u64, leaf[32]; of a file without leaves,
//!           number, the highest u64, zeros
//! ```
//!
//! It begins with one head; what a record says is held was durable before the record was written. A
//! torn record, and all behind it, was never said. It holds no key, and no byte of a file.

use crate::codec::{self, Closed, Reader, Writer, closed};
use crate::model::content::Leaf;
use crate::model::limits::MANIFEST_ENTRIES;
use crate::model::{Content, ContentId, EntryPath};
use std::collections::BTreeMap;

/// What a private folder is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) entries: Vec<HeadEntry>,
}

/// An entry whose content is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct HeadEntry {
    pub(super) number: u32,
    pub(super) path: EntryPath,
    pub(super) content: Content,
}

/// A part of an entry that is there for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Held {
    Leaf { entry: u32, number: u64, leaf: Leaf },
    Small { entry: u32 },
}

/// What a journal says, read to its end or to where it was torn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Journal {
    pub(super) entries: Vec<(HeadEntry, Parts)>,
}

/// The parts of an entry that are there.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Parts {
    pub(super) leaves: BTreeMap<u64, Leaf>,
    /// Of an entry without leaves: all of it.
    pub(super) is_whole: bool,
}

impl Head {
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

impl Journal {
    /// None when not even its head is whole.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let mut input = Reader::new(bytes);
        let Head { entries } = closed::decode(unframed(&mut input)?).ok()?;
        let entries = entries.into_iter().map(|entry| (entry, Parts::default())).collect();
        let mut journal = Self { entries };
        let at: BTreeMap<u32, usize> =
            (0..).zip(&journal.entries).map(|(at, (entry, _))| (entry.number, at)).collect();
        while let Some(held) = unframed(&mut input).and_then(|body| read_held(body).ok()) {
            for held in held {
                let entry = at.get(&held.entry()).and_then(|at| journal.entries.get_mut(*at));
                if let Some((entry, parts)) = entry {
                    parts.add(entry.content, held);
                }
            }
        }
        Some(journal)
    }
}

impl Parts {
    /// Adds what fits the content.
    fn add(&mut self, content: Content, held: Held) {
        match held {
            Held::Leaf { number, leaf, .. } if number < content.leaf_count() => {
                self.leaves.insert(number, leaf);
            }
            Held::Small { .. } if content.leaf_count() == 0 => self.is_whole = true,
            Held::Leaf { .. } | Held::Small { .. } => {}
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        !self.is_whole && self.leaves.is_empty()
    }

    pub(super) fn held(&self, entry: u32) -> Vec<Held> {
        let leaves = self.leaves.iter();
        let leaves =
            leaves.map(|(number, leaf)| Held::Leaf { entry, number: *number, leaf: *leaf });
        leaves.chain(self.is_whole.then_some(Held::Small { entry })).collect()
    }
}

impl Held {
    pub(super) fn entry(&self) -> u32 {
        match self {
            Self::Leaf { entry, .. } | Self::Small { entry } => *entry,
        }
    }
}

impl Closed for Head {
    fn write(&self, out: &mut Writer) {
        out.u8(HEAD).u8(VERSION).count(self.entries.len());
        for HeadEntry { number, path, content } in &self.entries {
            out.u32(*number).block(path.as_str().as_bytes()).raw(content.id().as_bytes());
            out.u64(content.size());
        }
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, codec::Error> {
        if (input.u8()?, input.u8()?) != (HEAD, VERSION) {
            return Err(codec::Error::Invalid("another kind of journal"));
        }
        let count = input.count("entries", MANIFEST_ENTRIES, HEAD_ENTRY_LEAST)?;
        let entry = |_| {
            let number = input.u32()?;
            let path = std::str::from_utf8(input.block("a path", PATH_MOST)?).ok();
            let path = path.and_then(|path| EntryPath::parse(path).ok());
            let (id, size) = (ContentId::from_bytes(input.array()?), input.u64()?);
            let content = Content::new(id, size).ok();
            match path.zip(content) {
                Some((path, content)) => Ok(HeadEntry { number, path, content }),
                None => Err(codec::Error::Invalid("no entry that can be")),
            }
        };
        let entries = (0..count).map(entry).collect::<Result<_, _>>()?;
        Ok(Self { entries })
    }
}

impl Closed for Held {
    fn write(&self, out: &mut Writer) {
        match self {
            Self::Leaf { entry, number, leaf } => {
                out.u32(*entry).u64(*number).raw(leaf.as_bytes());
            }
            Self::Small { entry } => {
                out.u32(*entry).u64(NO_LEAVES).raw(&[0; 32]);
            }
        }
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, codec::Error> {
        let (entry, number, leaf) = (input.u32()?, input.u64()?, input.array()?);
        Ok(match number {
            NO_LEAVES => Self::Small { entry },
            _ => Self::Leaf { entry, number, leaf: Leaf::from_bytes(leaf) },
        })
    }
}

fn read_held(body: &[u8]) -> Result<Vec<Held>, codec::Error> {
    let mut input = Reader::new(body);
    if input.u8()? != HELD {
        return Err(codec::Error::Invalid("another kind of record"));
    }
    let count = input.count("held parts", RECORD_MOST, HELD_BYTES)?;
    let held = (0..count).map(|_| Held::read(&mut input)).collect::<Result<_, _>>()?;
    input.finish()?;
    Ok(held)
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

const VERSION: u8 = 1;
const HEAD: u8 = 1;
const HELD: u8 = 2;
const NO_LEAVES: u64 = u64::MAX;
const PATH_MOST: usize = 1024;
const HELD_BYTES: usize = 44;
const HEAD_ENTRY_LEAST: usize = 49;
const RECORD_MOST: usize = 1 << 20;
