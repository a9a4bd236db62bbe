//! Proofs: only of what came whole, or of what was pieced together to the signed id.

use super::stage::{
    ALICE, CHUNK, Computed, MIB, Wire, bytes_of, id_of, introduce, merged, parts, seal_all, sealed,
    sealer, whole,
};
use waxwing::model::Content;
use waxwing::model::content::PieceMerger;

#[test]
fn only_what_came_whole_has_a_proof() {
    let stream = three_entries().opened();
    assert!(stream.proof(0).is_some(), "whole");
    assert!(stream.proof(1).is_none(), "a part of it");
    assert!(stream.proof(2).is_none(), "nothing of it");
    assert!(stream.proof(3).is_some(), "empty is always whole");
    assert!(stream.proof(4).is_none() && stream.proof(u32::MAX).is_none(), "no such entry");
}

#[test]
fn what_was_pieced_together_is_proven_by_the_signed_id_only() {
    let stream = three_entries().opened();
    for number in [1, 2] {
        let id = id_of(number, SIZE);
        let proof = stream.proof_of_merged(number, merged(number, SIZE)).unwrap();
        assert_eq!((proof.content().id(), proof.content().size()), (id, SIZE));
        assert_eq!((proof.number(), proof.sender()), (number, ALICE.fingerprint()));
        let unfinished = PieceMerger::new(SIZE);
        for wrong in [merged(3 - number, SIZE), merged(number, SIZE - 1), unfinished] {
            assert!(stream.proof_of_merged(number, wrong).is_none());
        }
    }
    assert!(stream.proof_of_merged(4, merged(0, SIZE)).is_none());
}

#[test]
fn a_proof_says_what_the_sender_said() {
    let stream = sealed(vec![whole("folder/a", 5), whole("b", CHUNK + 3)]).opened();
    assert_eq!(stream.sender(), ALICE.fingerprint());
    for (number, listed) in (0..).zip(stream.manifest().entries()) {
        let proof = stream.proof(number).unwrap();
        assert_eq!((proof.number(), proof.sender()), (number, ALICE.fingerprint()));
        assert_eq!(proof.is_executable(), listed.entry.is_executable());
        assert_eq!(proof.modified(), listed.entry.modified());
        assert_eq!(proof.content(), Content::of(&bytes_of(number, 0..listed.entry.size())));
    }
}

/// Only an opened stream makes them, and of an opener that is not at its end there is none.
#[test]
fn without_a_final_record_there_is_no_proof() {
    let mut sealer = sealer(vec![whole("a", 0)]);
    let opener = introduce(&mut sealer, &Computed);
    assert!(opener.finish().is_err(), "though an empty file needs no chunk");
}

fn three_entries() -> Wire {
    let listed = vec![
        whole("whole", 9),
        parts("a part", SIZE, &[MIB..SIZE]),
        parts("nothing", SIZE, &[]),
        whole("empty", 0),
    ];
    let mut sealer = sealer(listed);
    [1, 2].iter().for_each(|number| sealer.give_id(*number, id_of(*number, SIZE)));
    seal_all(sealer, &Computed, usize::MAX)
}

const SIZE: u64 = MIB + 7;
