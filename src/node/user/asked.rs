//! What one person is asked for, while it comes portion by portion: of very many files, what came takes
//! no room any more.

use super::items::{Item, Place};
use crate::model::EntryPath;
use crate::peer;
use std::hash::{BuildHasher, RandomState};

/// The last stands first: where what came has stood, there is no room any more.
pub(super) struct Asked {
    items: Vec<Option<(Item, Place)>>,
    /// Where each stands, by the hash of where it goes: of very many, no path is here twice.
    at: Vec<(u64, u32)>,
    hashes: RandomState,
}

impl Asked {
    pub(super) fn new(mut asked: Vec<(Item, Place)>) -> Self {
        // Turned round where it is.
        asked.reverse();
        let (items, hashes): (Vec<_>, _) =
            (asked.into_iter().map(Some).collect(), RandomState::new());
        let to = items.iter().flatten().map(|(item, _)| hashes.hash_one(&item.to));
        let mut at: Vec<(u64, u32)> = to.zip(0..).collect();
        at.sort_unstable();
        Self { items, at, hashes }
    }

    pub(super) fn wanted(&self) -> Vec<peer::Wanted> {
        self.items.iter().rev().flatten().map(|(item, place)| item.wanted(place)).collect()
    }

    pub(super) fn take(&mut self, to: &EntryPath) -> Option<(Item, Place)> {
        let hash = self.hashes.hash_one(to);
        let first = self.at.partition_point(|(before, _)| *before < hash);
        let same = self.at.iter().skip(first).take_while(|(other, _)| *other == hash);
        same.filter_map(|(_, at)| usize::try_from(*at).ok()).find_map(|at| {
            let slot = self.items.get_mut(at)?;
            slot.take_if(|(item, _)| item.to == *to)
        })
    }

    pub(super) fn make_small(&mut self) {
        while self.items.pop_if(|item| item.is_none()).is_some() {}
        self.items.shrink_to_fit();
    }

    pub(super) fn rest(self) -> Vec<(Item, Place)> {
        self.items.into_iter().rev().flatten().collect()
    }
}
