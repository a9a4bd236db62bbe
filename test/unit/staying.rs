//! What stays of a batch, case by case.

#![allow(clippy::unwrap_used, reason = "a test")]

use super::*;
use crate::model::content::Leaf;
use std::io;

fn parts(numbers: &[u64]) -> Parts {
    let leaf = |number: &u64| (*number, Leaf::from_bytes([u8::try_from(*number).unwrap(); 32]));
    Parts { leaves: numbers.iter().map(leaf).collect(), whole: None }
}

/// Of parts 0 to 4, all of which were to come but the last two; the second of them is not worth keeping.
fn staying(
    proven: &[(u32, Result<Landed, LandError>)],
    pieced: &[(u32, Parts)],
    lost: &[(u32, u64)],
) -> (Vec<u32>, Vec<(u32, u64)>) {
    let pieced = pieced.iter().cloned().collect();
    let outcome = Outcome {
        proven: proven.iter().map(|(number, landed)| (*number, landed)).collect(),
        coming: BTreeSet::from([0, 1, 2]),
        kept: &[0, 2, 3, 4],
        pieced: &pieced,
    };
    let mut lost = lost.iter().map(|&(entry, number)| Lost { entry, number }).collect();
    let staying = outcome.staying(&mut lost).into_iter().collect();
    (staying, lost.into_iter().map(|lost| (lost.entry, lost.number)).collect())
}

#[test]
fn what_only_lacks_a_name_stays_if_it_is_worth_keeping() {
    let disk = || LandError::Disk(io::ErrorKind::StorageFull.into());
    for why in [LandError::Taken, LandError::InTheWay, disk()] {
        assert_eq!(staying(&[(0, Err(why))], &[], &[]).0, [0]);
    }
    assert_eq!(staying(&[(1, Err(LandError::Taken))], &[], &[]).0, [0; 0], "not worth it");
    for landed in
        [Ok(Landed::New), Ok(Landed::Already), Err(LandError::Proof), Err(LandError::Kept)]
    {
        assert_eq!(staying(&[(0, landed)], &[], &[]).0, [0; 0]);
    }
}

#[test]
fn what_lacks_what_was_said_to_be_here_stays_without_that() {
    let here = [(0, parts(&[0, 2])), (2, parts(&[0, 1]))];
    let lost = [(0, 1), (2, 1), (4, 0)];
    assert_eq!(staying(&[], &here, &lost), (vec![0], vec![(0, 1)]), "of 2 it came again");
    assert_eq!(staying(&[(0, Ok(Landed::New))], &here, &lost), (vec![], vec![]), "it is whole");
}

#[test]
fn what_was_not_to_come_now_stays_if_anything_of_it_is_here() {
    let here = [(2, parts(&[0])), (3, parts(&[7])), (4, parts(&[]))];
    assert_eq!(staying(&[], &here, &[]).0, [3]);
}
