//! A proof holds for its side of its channel, and for nothing else.

use crate::people::{alice, bob, mallory};
use crate::samples::transcript;
use bytes::Bytes;
use minicbor::Encoder;
use waxwing::crypto::{Label, VerifyingKey};
use waxwing::wire::{Code, Message, Proof, Role, Transcript};

#[test]
fn a_proof_holds_and_gives_the_key() {
    let transcript = transcript();
    for (role, person) in [(Role::Dialler, alice()), (Role::Listener, bob())] {
        let proof = transcript.prove(role, person.signing(), Some(b"certificate")).unwrap();
        let heard = Proof::decode(&proof.encode()).unwrap();
        let key = transcript.verify(role, &heard).unwrap();
        assert_eq!(&key, person.signing().verifying_key());
        assert_eq!(heard.certificate(), Some(&b"certificate"[..]));
    }
    let without = transcript.prove(Role::Listener, bob().signing(), None).unwrap();
    assert_eq!(Proof::decode(&without.encode()).unwrap().certificate(), None);
    assert!(transcript.verify(Role::Listener, &without).is_ok());
}

#[test]
fn the_signed_bytes_differ_when_any_part_differs() {
    let mut seen = vec![transcript().bytes(Role::Dialler), transcript().bytes(Role::Listener)];
    seen.extend(changed().map(|changed| changed.bytes(Role::Dialler)));
    let count = seen.len();
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), count);
}

#[test]
fn bytes_moved_from_one_hello_to_the_other_make_another_transcript() {
    let hellos = |dialler: &'static [u8], listener: &'static [u8]| Transcript {
        dialler_hello: Bytes::from_static(dialler),
        listener_hello: Bytes::from_static(listener),
        ..transcript()
    };
    let (one, other) = (hellos(b"ab", b"c"), hellos(b"a", b"bc"));
    assert_ne!(one.bytes(Role::Dialler), other.bytes(Role::Dialler));
}

#[test]
fn a_proof_fails_when_any_part_differs() {
    let proof = transcript().prove(Role::Dialler, alice().signing(), None).unwrap();
    assert!(transcript().verify(Role::Dialler, &proof).is_ok());
    for (at, changed) in changed().into_iter().enumerate() {
        assert_eq!(changed.verify(Role::Dialler, &proof), Err(Code::Proof), "part {at}");
    }
}

#[test]
fn a_proof_does_not_hold_for_the_other_side() {
    // A person who speaks with another program of their own: one key on both sides.
    let (alice, base) = (alice(), transcript());
    let (dialler, listener) = (alice.fingerprint(), alice.fingerprint());
    let transcript = Transcript { dialler, listener, ..base };
    let proof = transcript.prove(Role::Dialler, alice.signing(), None).unwrap();
    assert!(transcript.verify(Role::Dialler, &proof).is_ok());
    assert_eq!(transcript.verify(Role::Listener, &proof), Err(Code::Proof));
}

#[test]
fn a_proof_by_another_key_than_the_hello_names_fails() {
    let proof = transcript().prove(Role::Dialler, mallory().signing(), None).unwrap();
    assert_eq!(transcript().verify(Role::Dialler, &proof), Err(Code::Proof));
}

#[test]
fn the_label_belongs_to_the_role() {
    let (alice, transcript) = (alice(), transcript());
    let bytes = transcript.bytes(Role::Dialler);
    for label in Label::ALL {
        let signature = alice.signing().sign(label, &[&bytes]).unwrap();
        let proof = proof(alice.signing().verifying_key(), signature.as_bytes());
        let holds = transcript.verify(Role::Dialler, &proof).is_ok();
        assert_eq!(holds, label == Label::DiallerProof, "{label:?}");
    }
}

#[test]
fn what_is_no_key_and_no_signature_fails_as_a_proof() {
    let (alice, transcript) = (alice(), transcript());
    let good = alice.signing().sign(Label::DiallerProof, &[&transcript.bytes(Role::Dialler)]);
    let good = good.unwrap();
    let key = alice.signing().verifying_key();
    assert!(transcript.verify(Role::Dialler, &proof(key, good.as_bytes())).is_ok());
    for signature in [&good.as_bytes()[..383], &[], &[0; 384], &[0xff; 512]] {
        let refused = transcript.verify(Role::Dialler, &proof(key, signature));
        assert_eq!(refused, Err(Code::Proof));
    }
    for spki in [&key.spki()[..421], &[], &[0; 550]] {
        let refused = transcript.verify(Role::Dialler, &proof_of(spki, good.as_bytes()));
        assert_eq!(refused, Err(Code::Proof));
    }
}

#[test]
fn a_transcript_does_not_show_the_exporter() {
    let shown = format!("{:?}", Transcript { exporter: [0xab; 32], ..transcript() });
    assert!(!shown.contains("ab, ab") && !shown.contains("171") && !shown.contains("abab"));
    assert!(shown.contains(&alice().fingerprint().to_string()));
}

/// The transcript with each of its parts changed.
fn changed() -> [Transcript; 5] {
    let with_a_byte = |hello: &Bytes| Bytes::from([&hello[..], &[0]].concat());
    let base = transcript();
    [
        Transcript { dialler_hello: with_a_byte(&base.dialler_hello), ..base.clone() },
        Transcript { listener_hello: with_a_byte(&base.listener_hello), ..base.clone() },
        Transcript { dialler: mallory().fingerprint(), ..base.clone() },
        Transcript { listener: mallory().fingerprint(), ..base.clone() },
        Transcript { exporter: [3; 32], ..base },
    ]
}

fn proof(key: &VerifyingKey, signature: &[u8]) -> Proof {
    proof_of(key.spki(), signature)
}

fn proof_of(spki: &[u8], signature: &[u8]) -> Proof {
    let mut e = Encoder::new(Vec::new());
    e.map(2).unwrap().u8(0).unwrap().bytes(spki).unwrap();
    e.u8(2).unwrap().bytes(signature).unwrap();
    Proof::decode(&e.into_writer().into()).unwrap()
}
