//! What is asked for in a request, and whether a manifest is what was asked for.

use super::fetching::Wanted;
use super::landing::{Gathered, Origin, PARTS_ASKED, Sought};
use crate::codec::List;
use crate::link::Page;
use crate::model::limits::{FRAME_CATALOG, GET_ENTRIES, MANIFEST_BYTES};
use crate::model::{ByteRange, Content, EntryPath, Ranges};
use crate::seal::Manifest;
use crate::wire::index::{PathSaid, SizeSaid};
use crate::wire::{self, Code, ContentSaid, GetGrant, PartSaid};
use std::collections::{BTreeMap, HashMap};

/// As many in each as one stream carries in little memory, and no more than fit its manifest.
pub(super) fn into_requests(wanted: Vec<Wanted>) -> Vec<Vec<Wanted>> {
    let (mut requests, mut room) = (Vec::<Vec<Wanted>>::new(), 0_usize);
    for wanted in wanted {
        let bytes = PathSaid::most_bytes(&wanted.path).saturating_add(LISTED_BYTES);
        let has_room = |request: &&mut Vec<_>| request.len() < ENTRIES && bytes <= room;
        match requests.last_mut().filter(has_room) {
            Some(request) => request.push(wanted),
            None => {
                requests.push(vec![wanted]);
                room = MANIFEST_BYTES;
            }
        }
        room = room.saturating_sub(bytes);
    }
    requests
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
        let (mut page, mut room) = (Vec::new(), FRAME_CATALOG.saturating_sub(REQUEST_BYTES));
        while page.len() < GET_ENTRIES {
            let bytes = |wanted: &wire::Wanted| {
                PathSaid::most_bytes(&wanted.path.0).saturating_add(WANTED_BYTES)
            };
            let Some(wanted) = wanted.next_if(|wanted| bytes(wanted) <= room) else { break };
            room = room.saturating_sub(bytes(&wanted));
            page.push(wanted);
        }
        List::new(page).ok().filter(|page| !page.is_empty())
    }))
}

fn said((wanted, missing): (&Wanted, &Option<Ranges>)) -> wire::Wanted {
    let part =
        |range: &ByteRange| PartSaid { start: SizeSaid(range.start), end: SizeSaid(range.end) };
    let parts = missing.as_ref().map(|ranges| ranges.as_slice().iter().map(part).collect());
    wire::Wanted {
        path: PathSaid(wanted.path.clone()),
        content: wanted.content.map(|content| ContentSaid {
            id: (*content.id().as_bytes()).into(),
            size: SizeSaid(content.size()),
        }),
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
