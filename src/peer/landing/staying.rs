//! What of a batch stays for a later try, when the others have their names.

use super::journal::{Lost, Parts};
use super::{LandError, Landed};
use std::collections::{BTreeMap, BTreeSet};

/// What is known of a batch when it has landed.
pub(super) struct Outcome<'o> {
    /// What came of each part that was proven, by its number.
    pub(super) proven: Vec<(u32, &'o Result<Landed, LandError>)>,
    /// The numbers of those that were to come now.
    pub(super) coming: BTreeSet<u32>,
    /// The numbers of those that are worth keeping, in order.
    pub(super) kept: &'o [u32],
    /// Of those that are pieced together, what there is.
    pub(super) pieced: &'o BTreeMap<u32, Parts>,
}

impl Outcome<'_> {
    /// The numbers of what stays:
    ///
    /// - what only lacks a name, to be found when its place is free;
    /// - what lacks parts that were said to be here, without these, which are what is left of `lost`;
    /// - what did not come now, though others did: it is asked for another time.
    pub(super) fn staying(&self, lost: &mut Vec<Lost>) -> BTreeSet<u32> {
        let is_kept = |number: &u32| self.kept.binary_search(number).is_ok();
        let unnamed = self.proven.iter().filter(|(_, landed)| lacks_only_a_name(landed));
        let mut staying: BTreeSet<u32> = unnamed.map(|it| it.0).filter(is_kept).collect();
        let proven: BTreeSet<u32> = self.proven.iter().map(|it| it.0).collect();
        // What came again in their place is here.
        lost.retain(|lost| {
            let parts = self.pieced.get(&lost.entry).filter(|_| !proven.contains(&lost.entry));
            parts.is_some_and(|parts| parts.lacks(lost.number))
        });
        staying.extend(lost.iter().map(|lost| lost.entry));
        let is_left =
            |(number, parts): &(&u32, &Parts)| !self.coming.contains(number) && !parts.is_empty();
        staying.extend(self.pieced.iter().filter(is_left).map(|it| *it.0));
        staying
    }
}

fn lacks_only_a_name(landed: &Result<Landed, LandError>) -> bool {
    match landed {
        Err(LandError::Taken | LandError::InTheWay | LandError::Disk(_)) => true,
        Ok(_) | Err(LandError::Proof | LandError::Kept) => false,
    }
}

#[cfg(test)]
#[path = "../../../test/unit/staying.rs"]
mod tests;
