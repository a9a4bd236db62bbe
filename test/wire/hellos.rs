//! What two sides choose from their hellos.

use crate::people::{alice, bob};
use minicbor::Encoder;
use proptest::prelude::*;
use waxwing::wire::{Feature, Features, Hello, Message, Party, VERSIONS};

#[test]
fn the_highest_common_version_is_chosen() {
    let table: [(&[u16], &[u16], Option<u16>); 11] = [
        (&[1], &[1], Some(1)),
        (&[1], &[2], None),
        (&[1], &[], None),
        (&[], &[], None),
        (&[1, 2], &[1], Some(1)),
        (&[1, 2], &[2, 3], Some(2)),
        (&[2, 1], &[1, 2], Some(2)),
        (&[1, 2, 3], &[3, 2, 1], Some(3)),
        (&[1, 3], &[2, 4], None),
        (&[0, 65535], &[65535], Some(65535)),
        (&[1, 1, 1], &[1], Some(1)),
    ];
    for (ours, theirs, expected) in table {
        let (ours_said, theirs_said) = (hello(ours, &[]), hello(theirs, &[]));
        for (one, other) in [(&ours_said, &theirs_said), (&theirs_said, &ours_said)] {
            let version = one.agree(other).map(|agreed| agreed.version);
            assert_eq!(version, expected, "{ours:?} {theirs:?}");
        }
    }
}

#[test]
fn a_feature_is_in_force_when_both_have_it() {
    let table: [(&[u16], &[u16], [bool; 2]); 8] = [
        (&[1], &[1], [true, false]),
        (&[1], &[], [false; 2]),
        (&[], &[], [false; 2]),
        (&[1, 7, 65535], &[9, 1], [true, false]),
        (&[7], &[7], [false; 2]),
        (&[2], &[1], [false; 2]),
        (&[2, 1], &[2], [false, true]),
        (&[2, 1], &[1, 2], [true; 2]),
    ];
    for (ours, theirs, expected) in table {
        let (ours_said, theirs_said) = (hello(&[1], ours), hello(&[1], theirs));
        for (one, other) in [(&ours_said, &theirs_said), (&theirs_said, &ours_said)] {
            let agreed = one.agree(other).unwrap();
            let features = Feature::ALL.map(|feature| agreed.features.has(feature));
            assert_eq!(features, expected, "{ours:?} {theirs:?}");
        }
    }
}

#[test]
fn our_hello_says_what_we_are() {
    for (party, features) in [(Party::Index, Features::default()), (Party::Person, Features::ALL)] {
        let said = Hello::new(party, alice().fingerprint(), features);
        let heard = Hello::decode(&said.encode()).unwrap();
        assert_eq!(heard, said);
        assert_eq!((heard.party(), heard.fingerprint()), (party, alice().fingerprint()));
        assert_ne!(heard.fingerprint(), bob().fingerprint());
        let agreed = said.agree(&hello(VERSIONS, &[1, 2])).unwrap();
        assert_eq!((agreed.version, agreed.features), (1, features));
    }
}

#[test]
fn a_party_of_another_kind_is_refused() {
    for party in [0u8, 3, 255] {
        let mut bytes = hello(&[1], &[]).encode().to_vec();
        let at = bytes.len() - 32 - 2 - 1 - 1;
        assert_eq!(bytes[at], 2);
        bytes.splice(at..=at, minicbor::to_vec(party).unwrap());
        assert!(Hello::decode(&bytes.into()).is_err(), "{party}");
    }
}

proptest! {
    #[test]
    fn both_sides_choose_the_same(
        ours in prop::collection::vec(0u16..12, 0..=8),
        theirs in prop::collection::vec(0u16..12, 0..=8),
        our_features in prop::collection::vec(0u16..4, 0..=32),
        their_features in prop::collection::vec(0u16..4, 0..=32),
    ) {
        let (one, other) = (hello(&ours, &our_features), hello(&theirs, &their_features));
        prop_assert_eq!(one.agree(&other), other.agree(&one));
        let common = ours.iter().filter(|version| theirs.contains(version)).max().copied();
        prop_assert_eq!(one.agree(&other).map(|agreed| agreed.version), common);
    }
}

/// What a program of another time would say.
fn hello(versions: &[u16], features: &[u16]) -> Hello {
    let mut e = Encoder::new(Vec::new());
    e.map(4).unwrap().u8(0).unwrap().encode(versions).unwrap().u8(1).unwrap();
    e.encode(features).unwrap().u8(2).unwrap().u8(2).unwrap().u8(3).unwrap();
    e.bytes(alice().fingerprint().as_bytes()).unwrap();
    Hello::decode(&e.into_writer().into()).unwrap()
}
