//! The sender's proof of delivery: of which stream and which entries, and signed by whom.

use super::people::{NOW, Person};
use super::stage::{ALICE, BOB, MALLORY, Wire, sealed, small};
use super::taken_apart::flipped;
use waxwing::codec::{Writer, closed};
use waxwing::crypto::{Label, Signed, UnixTime, Verified};
use waxwing::seal::{Delivery, EntryProof, OpenedStream};

#[test]
fn a_delivery_proves_which_entries_of_which_stream_landed() {
    let wire = sealed(small(4));
    let delivery = verified(&signed_by(&BOB, &wire.opened(), &[0, 2, 3]), &BOB).unwrap();
    assert_eq!((delivery.sender, delivery.receiver), (ALICE.fingerprint(), BOB.fingerprint()));
    assert_eq!((delivery.time, delivery.count), (LATER, 3));
    assert!(is_of(&delivery, &wire, &[0, 2, 3]));
    let others: [&[u32]; 7] =
        [&[], &[0], &[0, 2], &[0, 1, 3], &[0, 2, 3, 3], &[0, 1, 2, 3], &[3, 2, 0]];
    for landed in others {
        assert!(!is_of(&delivery, &wire, landed), "{landed:?}");
    }
}

#[test]
fn the_order_in_which_entries_landed_does_not_matter() {
    let wire = sealed(small(3));
    let stream = wire.opened();
    for landed in [[2, 0, 1].as_slice(), &[0, 1, 2], &[1, 1, 2, 0, 0]] {
        let delivery = verified(&signed_by(&BOB, &stream, landed), &BOB).unwrap();
        assert!(is_of(&delivery, &wire, &[0, 1, 2]), "{landed:?}");
    }
    let of_none = verified(&signed_by(&BOB, &stream, &[]), &BOB).unwrap();
    assert!(is_of(&of_none, &wire, &[]) && !is_of(&of_none, &wire, &[0]));
}

#[test]
fn a_delivery_is_of_no_other_stream() {
    let (wire, other) = (sealed(small(2)), sealed(small(2)));
    let delivery = verified(&signed_by(&BOB, &wire.opened(), &[0, 1]), &BOB).unwrap();
    assert!(delivery.is_of(&wire.header, wire.final_record(), &[0, 1]));
    assert!(!delivery.is_of(&other.header, wire.final_record(), &[0, 1]));
    assert!(!delivery.is_of(&wire.header, other.final_record(), &[0, 1]));
    assert!(!delivery.is_of(&wire.header, wire.record(0), &[0, 1]), "not a final record");
}

#[test]
fn a_delivery_that_somebody_else_signed_is_refused() {
    let wire = sealed(small(2));
    let good = signed_by(&BOB, &wire.opened(), &[0, 1]);
    for other in [&MALLORY, &ALICE] {
        assert!(verified(&good, other).is_none());
        let signature = other.signing().sign(Label::Delivery, &[good.body()]).unwrap();
        let forged = put_together(good.body(), signature.as_bytes()).unwrap();
        assert!(verified(&forged, &BOB).is_none());
        assert!(verified(&forged, other).is_none(), "it says that Bob received");
    }
    let label = BOB.signing().sign(Label::FinalRecord, &[good.body()]).unwrap();
    assert!(verified(&put_together(good.body(), label.as_bytes()).unwrap(), &BOB).is_none());
}

/// Not with our code; and what she makes by other means is no proof that Bob has it.
#[test]
fn a_delivery_by_somebody_for_whom_the_stream_is_not_is_not_of_it() {
    let wire = sealed(small(2));
    let stream = wire.opened();
    assert!(stream.delivery(&[stream.proof(0).unwrap()], MALLORY.signing(), LATER).is_err());
    let mut body = signed_by(&BOB, &stream, &[0, 1]).body().to_vec();
    body[RECEIVER].copy_from_slice(MALLORY.fingerprint().as_bytes());
    let signature = MALLORY.signing().sign(Label::Delivery, &[&body]).unwrap();
    let hers = put_together(&body, signature.as_bytes()).unwrap();
    assert!(!is_of(&verified(&hers, &MALLORY).unwrap(), &wire, &[0, 1]));
}

/// What landed in another stream is not confirmed in this one.
#[test]
fn a_proof_of_another_stream_is_neither_confirmed_nor_receipted() {
    let (stream, other) = (sealed(small(2)).opened(), sealed(small(2)).opened());
    let foreign = other.proof(0).unwrap();
    assert!(stream.delivery(std::slice::from_ref(&foreign), BOB.signing(), LATER).is_err());
    assert!(stream.receipt(&foreign).is_none());
}

#[test]
fn a_delivery_that_names_another_sender_is_not_of_the_stream() {
    let wire = sealed(small(2));
    let mut body = signed_by(&BOB, &wire.opened(), &[0, 1]).body().to_vec();
    assert_eq!(body[SENDER], *ALICE.fingerprint().as_bytes());
    body[SENDER].copy_from_slice(MALLORY.fingerprint().as_bytes());
    let signature = BOB.signing().sign(Label::Delivery, &[&body]).unwrap();
    let lie = verified(&put_together(&body, signature.as_bytes()).unwrap(), &BOB).unwrap();
    assert!(!is_of(&lie, &wire, &[0, 1]));
}

#[test]
fn a_delivery_with_any_byte_changed_is_refused() {
    let good = closed::encode(&signed_by(&BOB, &sealed(small(2)).opened(), &[0, 1]));
    assert!(verified(&closed::decode(&good).unwrap(), &BOB).is_some());
    for at in 0..good.len() {
        for by in [1 << (at % 8), 0xff] {
            let read = closed::decode::<Signed<Delivery>>(&flipped(&good, at, by));
            assert!(!read.is_ok_and(|read| verified(&read, &BOB).is_some()), "byte {at}");
        }
        assert!(closed::decode::<Signed<Delivery>>(&good[..at]).is_err());
    }
}

/// The delivery of these entries, an hour after they were sent.
fn signed_by(person: &Person, stream: &OpenedStream, landed: &[u32]) -> Signed<Delivery> {
    let proof = |number: &u32| stream.proof(*number).unwrap();
    let landed: Vec<EntryProof> = landed.iter().map(proof).collect();
    stream.delivery(&landed, person.signing(), LATER).unwrap()
}

fn verified(signed: &Signed<Delivery>, by: &Person) -> Option<Verified<Delivery>> {
    signed.verify(by.signing().verifying_key(), LATER).ok()
}

fn is_of(delivery: &Delivery, wire: &Wire, landed: &[u32]) -> bool {
    delivery.is_of(&wire.header, wire.final_record(), landed)
}

fn put_together(body: &[u8], signature: &[u8]) -> Option<Signed<Delivery>> {
    let mut out = Writer::default();
    closed::decode(out.block(body).block(signature).as_bytes()).ok()
}

const SENDER: std::ops::Range<usize> = 64..96;
const RECEIVER: std::ops::Range<usize> = 96..128;
const LATER: UnixTime = UnixTime(NOW.0 + 3600);
