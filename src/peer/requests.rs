//! What is asked for in a request, and whether a manifest is what was asked for.

use super::Error;
use super::fetching::Wanted;
use super::landing::{Gathered, PARTS_ASKED, Sought};
use crate::codec::List;
use crate::model::limits::{FRAME_CATALOG, GET_ENTRIES};
use crate::model::{ByteRange, Content, EntryPath, Ranges, ShareId};
use crate::seal::Manifest;
use crate::wire::index::{PathSaid, SizeSaid};
use crate::wire::{self, ContentSaid, GetAsk, PartSaid};
use std::collections::HashMap;

/// As many in each as a request may have, in entries and in bytes.
pub(super) fn into_requests(wanted: Vec<Wanted>) -> Vec<Vec<Wanted>> {
    let (mut requests, mut room) = (Vec::<Vec<Wanted>>::new(), 0_usize);
    for wanted in wanted {
        let bytes = PathSaid::most_bytes(&wanted.path).saturating_add(WANTED_BYTES);
        match requests.last_mut().filter(|request| request.len() < GET_ENTRIES && bytes <= room) {
            Some(request) => request.push(wanted),
            None => {
                requests.push(vec![wanted]);
                room = FRAME_CATALOG.saturating_sub(REQUEST_BYTES);
            }
        }
        room = room.saturating_sub(bytes);
    }
    requests
}

/// Those whose parts may be here: whose content is known.
pub(super) fn sought(wanted: &[Wanted]) -> Vec<Sought> {
    let sought = (0..).zip(wanted).filter_map(|(slot, wanted)| {
        Some(Sought { slot, path: wanted.to.clone(), content: wanted.content? })
    });
    sought.collect()
}

/// The parts that have to come of each; none where all of it has to.
pub(super) fn missing(wanted: &[Wanted], gathered: &Gathered) -> Vec<Option<Ranges>> {
    let missing = (0..).zip(wanted).map(|(slot, wanted)| {
        let content = wanted.content?;
        let missing = gathered.missing(slot, content);
        (!missing.is_whole(content.size())).then_some(missing)
    });
    missing.collect()
}

pub(super) fn request(
    share: ShareId,
    challenge: [u8; 32],
    wanted: &[Wanted],
    missing: &[Option<Ranges>],
) -> Result<GetAsk, Error> {
    let part =
        |range: &ByteRange| PartSaid { start: SizeSaid(range.start), end: SizeSaid(range.end) };
    let said = |(wanted, missing): (&Wanted, &Option<Ranges>)| {
        let parts = missing.as_ref().map(|ranges| ranges.as_slice().iter().map(part).collect());
        Ok(wire::Wanted {
            path: PathSaid(wanted.path.clone()),
            content: wanted.content.map(|content| ContentSaid {
                id: (*content.id().as_bytes()).into(),
                size: SizeSaid(content.size()),
            }),
            parts: parts.map(List::new).transpose()?,
        })
    };
    let wanted: Result<_, Error> = wanted.iter().zip(missing).map(said).collect();
    let wanted = List::new(wanted?)?;
    Ok(GetAsk { id: 0, challenge, share: (*share.as_bytes()).into(), wanted })
}

/// For each entry of a manifest, which of those wanted it is. All of them come, whole or the parts
/// that were asked for, and no others.
pub(super) fn check(
    manifest: &Manifest,
    wanted: &[Wanted],
    missing: &[Option<Ranges>],
) -> Result<Vec<usize>, &'static str> {
    if manifest.entries().len() != wanted.len() {
        return Err("not as many entries as were asked for");
    }
    let by_path: HashMap<&EntryPath, (usize, &Wanted)> =
        wanted.iter().enumerate().map(|(at, wanted)| (&wanted.path, (at, wanted))).collect();
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

/// The bytes of a manifest of so many entries, each in as many parts as are asked for.
pub(super) fn most_manifest(entries: usize) -> u64 {
    let of_parts = RANGE_BYTES.saturating_mul(PARTS_ASKED as u64).saturating_mul(entries as u64);
    Manifest::most_bytes(entries).saturating_add(of_parts)
}

/// A range in a manifest.
const RANGE_BYTES: u64 = 16;
/// A wanted entry beside its path: numbers of fields, an id, a size, and the parts that are asked for.
const WANTED_BYTES: usize = 64 + 24 * PARTS_ASKED;
/// A request beside what is wanted.
const REQUEST_BYTES: usize = 128;
