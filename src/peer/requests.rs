//! What is asked for in a request, and whether a manifest is what was asked for.

use super::landing::{Gathered, Origin, PARTS_ASKED, Sought};
use super::wanted::{Wanted, Wants};
use crate::codec::List;
use crate::link::Page;
use crate::model::limits::{FRAME_CATALOG, GET_ENTRIES, MANIFEST_BYTES};
use crate::model::{Content, EntryPath, Ranges};
use crate::seal::Manifest;
use crate::wire::index::PathSaid;
use crate::wire::{self, Code, ContentSaid, GetGrant, PartSaid, Room};
use std::collections::{BTreeMap, HashMap};

/// Entries that are asked for at once.
#[derive(Default)]
pub(super) struct Request {
    /// Under which numbers they are wanted.
    pub(super) numbers: Vec<usize>,
    pub(super) wanted: Vec<Wanted>,
}

impl Request {
    /// The first of these, and the rest of them: as many as one stream carries in little memory, and no more
    /// than fit its manifest.
    pub(super) fn of<'n>(numbers: &'n [usize], wants: &dyn Wants) -> (Self, &'n [usize]) {
        let (mut request, mut room) = (Self::default(), MANIFEST_BYTES);
        for (at, number) in numbers.iter().enumerate() {
            let Some(wanted) = wants.wanted(*number) else { continue };
            let bytes = PathSaid::most_bytes(&wanted.path).saturating_add(LISTED_BYTES);
            let is_full = request.wanted.len() == ENTRIES || bytes > room;
            if is_full && !request.wanted.is_empty() {
                return (request, numbers.get(at..).unwrap_or_default());
            }
            room = room.saturating_sub(bytes);
            request.numbers.push(*number);
            request.wanted.push(wanted);
        }
        (request, &[])
    }
}

/// Those whose parts may be here: whose content is known.
pub(super) fn sought(wanted: &[Wanted]) -> Vec<Sought> {
    let sought = (0..).zip(wanted).filter_map(|(slot, wanted)| {
        Some(Sought { slot, path: wanted.to.clone(), of: Origin::Content(wanted.content?) })
    });
    sought.collect()
}

/// The parts that have to come of each; none where all of it has to.
pub(super) fn missing(wanted: &[Wanted], gathered: &Gathered) -> Vec<Option<Ranges>> {
    let missing = (0..).zip(wanted).map(|(slot, wanted)| {
        let size = wanted.content?.size();
        let missing = gathered.missing(slot, size);
        (!missing.is_whole(size)).then_some(missing)
    });
    missing.collect()
}

/// The pages of a request.
pub(super) fn pages<'w>(
    wanted: &'w [Wanted],
    missing: &'w [Option<Ranges>],
) -> Box<dyn Iterator<Item = Page> + Send + 'w> {
    let mut wanted = wanted.iter().zip(missing).map(said).peekable();
    Box::new(std::iter::from_fn(move || {
        let (mut page, mut room) = (Vec::new(), Room::new(FRAME_CATALOG, REQUEST_BYTES));
        while page.len() < GET_ENTRIES {
            let bytes = |wanted: &wire::Wanted| {
                PathSaid::most_bytes(&wanted.path.0).saturating_add(WANTED_BYTES)
            };
            let Some(wanted) = wanted.next_if(|wanted| room.take(bytes(wanted))) else { break };
            page.push(wanted);
        }
        List::new(page).ok().filter(|page| !page.is_empty())
    }))
}

fn said((wanted, missing): (&Wanted, &Option<Ranges>)) -> wire::Wanted {
    let parts =
        missing.as_ref().map(|ranges| ranges.as_slice().iter().map(PartSaid::from).collect());
    wire::Wanted {
        path: PathSaid(wanted.path.clone()),
        content: wanted.content.map(ContentSaid::from),
        // Ranges are as many as parts may be, at most.
        parts: parts.and_then(|parts| List::new(parts).ok()),
    }
}

/// Which of so many that were asked for do not come, and why.
pub(super) fn without(
    grant: &GetGrant,
    asked: usize,
) -> Result<BTreeMap<usize, Code>, &'static str> {
    let (mut without, mut next) = (BTreeMap::new(), 0_usize);
    for run in grant.without.iter().flat_map(|runs| runs.iter()) {
        let number = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
        let (first, count) = (number(run.first), number(run.count));
        let end = first.saturating_add(count);
        if count == 0 || first < next || end > asked {
            return Err("entries that were not asked for are missing");
        }
        without.extend((first..end).map(|at| (at, run.code)));
        next = end;
    }
    Ok(without)
}

/// For each entry of a manifest, which of those wanted it is. All of them come but those that are said
/// not to, whole or the parts that were asked for, and no others.
pub(super) fn check(
    manifest: &Manifest,
    wanted: &[Wanted],
    (missing, without): (&[Option<Ranges>], &BTreeMap<usize, Code>),
) -> Result<Vec<usize>, &'static str> {
    if manifest.entries().len().saturating_add(without.len()) != wanted.len() {
        return Err("not as many entries as were asked for");
    }
    let coming = wanted.iter().enumerate().filter(|(at, _)| !without.contains_key(at));
    let by_path: HashMap<&EntryPath, (usize, &Wanted)> =
        coming.map(|(at, wanted)| (&wanted.path, (at, wanted))).collect();
    // A manifest has no path twice: as many as were asked for, each of them asked for, are all.
    let found = manifest.entries().iter().map(|listed| {
        let entry = &listed.entry;
        let (at, wanted) = by_path.get(entry.path()).ok_or("an entry was not asked for")?;
        let comes = match missing.get(*at) {
            Some(Some(parts)) => listed.ranges == *parts,
            _ => listed.is_whole(),
        };
        if !comes {
            return Err("of an entry, other parts");
        }
        let is_it = |content: Content| {
            entry.size() == content.size() && entry.content().is_none_or(|id| id == content.id())
        };
        if wanted.content.is_some_and(|content| !is_it(content)) {
            return Err("an entry has another content");
        }
        // Nobody's disk is filled by more than they were told of.
        if entry.size() > wanted.most {
            return Err("an entry is larger than was said");
        }
        Ok(*at)
    });
    found.collect()
}

#[cfg(test)]
#[path = "../../test/unit/requests.rs"]
mod tests;

/// The bytes of a manifest of so many entries, each in as many parts as are asked for.
pub(super) fn most_manifest(entries: usize) -> u64 {
    let of_parts = RANGE_BYTES.saturating_mul(PARTS_ASKED as u64).saturating_mul(entries as u64);
    Manifest::most_bytes(entries).saturating_add(of_parts)
}

/// A stream takes one or two KiB for each of its entries while it is under way, on either side; so many
/// take no longer in several streams than in one.
const ENTRIES: usize = 8192;
/// A range in a manifest.
const RANGE_BYTES: u64 = 16;
/// A wanted entry beside its path: numbers of fields, an id, a size, and the parts that are asked for.
const WANTED_BYTES: usize = 64 + 24 * PARTS_ASKED;
/// An entry in a manifest beside its path, likewise: what is fixed of it, and the parts.
const LISTED_BYTES: usize = 56 + 16 * PARTS_ASKED;
/// A page of a request beside what is wanted.
const REQUEST_BYTES: usize = 128;
