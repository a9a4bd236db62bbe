use super::*;

const YEAR: u64 = SealingCertificate::MAX_LIFE_SECONDS;

type Certificate = Signed<SealingCertificate>;

fn sample() -> SealingCertificate {
    SealingCertificate {
        identity: verifying_key("alice-signing").fingerprint(),
        epoch: 7,
        not_after: NOW.plus(DAY),
        key: wrapping_key("alice-sealing"),
    }
}

/// What Alice's public key says to a certificate that she signed.
fn judged(certificate: &SealingCertificate) -> Result<Verified<SealingCertificate>, Error> {
    let signing = signing_key("alice-signing");
    Signed::sign(certificate, &signing).unwrap().verify(signing.verifying_key(), NOW)
}

fn refused_for(certificate: &SealingCertificate) -> String {
    match judged(certificate).unwrap_err() {
        Error::Statement(reason) => reason.to_owned(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_certificate_verifies_and_gives_back_what_was_signed() {
    let verified = judged(&sample()).unwrap();
    assert_eq!(*verified, sample());
    assert_eq!(verified.signer(), sample().identity);
    assert_eq!(verified.into_inner().epoch, 7);
}

#[test]
fn an_issued_certificate_holds_for_a_year_less_a_day() {
    let signing = signing_key("alice-signing");
    let key = wrapping_key("alice-sealing");
    let certificate = SealingCertificate::issue(&signing, &key, 9, NOW).unwrap();
    let at = |time| certificate.verify(signing.verifying_key(), time);
    assert_eq!(at(NOW).unwrap().epoch, 9);
    assert_eq!(at(NOW).unwrap().key, key);
    assert!(at(NOW.plus(365 * DAY - 1)).is_ok());
    assert!(at(NOW.plus(365 * DAY)).is_err());
    // A reader's clock may be a day behind, and no more.
    assert!(at(UnixTime(NOW.0 - DAY)).is_ok());
    assert!(at(UnixTime(NOW.0 - DAY - 1)).is_err());
}

#[test]
fn every_epoch_survives() {
    for epoch in [0, 1, 0x0102_0304, u32::MAX] {
        assert_eq!(judged(&SealingCertificate { epoch, ..sample() }).unwrap().epoch, epoch);
    }
}

#[test]
fn a_certificate_by_another_signer_is_refused() {
    let (alice, bob) = (signing_key("alice-signing"), signing_key("bob-signing"));
    let certificate = Signed::sign(&sample(), &bob).unwrap();
    let as_alice = certificate.verify(alice.verifying_key(), NOW);
    assert_eq!(as_alice.unwrap_err(), Error::Signature);
    let as_bob = certificate.verify(bob.verifying_key(), NOW).unwrap_err();
    assert_eq!(as_bob, Error::Statement("the sealing certificate names another identity"));
}

#[test]
fn a_certificate_that_names_another_identity_is_refused() {
    let identity = bob().fingerprint();
    let reason = refused_for(&SealingCertificate { identity, ..sample() });
    assert_eq!(reason, "the sealing certificate names another identity");
}

#[test]
fn a_certificate_for_the_signing_key_itself_is_refused() {
    let key = wrapping_key("alice-signing");
    let reason = refused_for(&SealingCertificate { key, ..sample() });
    assert_eq!(reason, "the sealing key is the signing key");
}

#[test]
fn a_certificate_holds_until_its_last_second_and_no_longer() {
    let until = |not_after| SealingCertificate { not_after, ..sample() };
    assert!(judged(&until(NOW.plus(1))).is_ok());
    for past in [UnixTime(0), UnixTime(NOW.0 - 1), NOW] {
        assert_eq!(refused_for(&until(past)), "the sealing certificate has expired");
    }
}

#[test]
fn a_certificate_that_holds_for_more_than_a_year_is_refused() {
    let until = |not_after| SealingCertificate { not_after, ..sample() };
    assert!(judged(&until(NOW.plus(YEAR))).is_ok());
    for far in [NOW.plus(YEAR + 1), UnixTime(u64::MAX)] {
        let reason = refused_for(&until(far));
        assert_eq!(reason, "the sealing certificate holds for more than a year");
    }
}

#[test]
fn a_certificate_with_any_byte_changed_is_refused() {
    let alice = alice();
    let bytes = closed::encode(alice.certificate());
    for at in 0..bytes.len() {
        if let Ok(changed) = closed::decode::<Certificate>(&flipped(&bytes, at)) {
            let verified = changed.verify(alice.signing().verifying_key(), NOW);
            assert!(verified.is_err(), "byte {at}");
        }
    }
}

#[test]
fn a_certificate_cut_anywhere_or_with_more_behind_it_is_refused() {
    let alice = alice();
    let bytes = closed::encode(alice.certificate());
    assert!(closed::decode::<Certificate>(&bytes).is_ok_and(|same| same == *alice.certificate()));
    for end in 0..bytes.len() {
        assert!(closed::decode::<Certificate>(&bytes[..end]).is_err(), "cut at {end}");
    }
    assert!(closed::decode::<Certificate>(&[&bytes[..], &[0]].concat()).is_err());
}

#[test]
fn a_body_is_judged_only_after_its_signature() {
    let key = signing_key("alice-signing");
    let by_alice = key.sign(Label::SealingCertificate, &[b"garbage"]).unwrap();
    let by_nobody = Signature::from_bytes(&[1; 384]).unwrap();
    let verify = |signature: &Signature| {
        let mut out = Writer::default();
        out.block(b"garbage").value(signature);
        let signed = closed::decode::<Certificate>(out.as_bytes()).unwrap();
        signed.verify(key.verifying_key(), NOW).unwrap_err()
    };
    assert_eq!(verify(&by_nobody), Error::Signature);
    assert!(matches!(verify(&by_alice), Error::Layout(_)));
}

#[test]
fn a_certificate_with_more_in_its_body_is_refused_though_it_is_signed() {
    let key = signing_key("alice-signing");
    let body = [closed::encode(&sample()), vec![0]].concat();
    let mut out = Writer::default();
    out.block(&body).value(&key.sign(Label::SealingCertificate, &[&body]).unwrap());
    let signed = closed::decode::<Certificate>(out.as_bytes()).unwrap();
    let error = signed.verify(key.verifying_key(), NOW).unwrap_err();
    assert_eq!(error, Error::Layout(waxwing::codec::Error::LeftOver(1)));
}

#[test]
fn a_statement_that_says_that_it_is_long_is_not_reserved_for() {
    let mut out = Writer::default();
    out.u32(u32::MAX).raw(&[0; 64]);
    assert!(closed::decode::<Certificate>(out.as_bytes()).is_err());
}

#[test]
fn the_layout_of_a_certificate_is_fixed() {
    let spki = sample().key.spki().to_vec();
    let expected = [
        sample().identity.as_bytes().to_vec(),
        7_u32.to_be_bytes().to_vec(),
        NOW.plus(DAY).0.to_be_bytes().to_vec(),
        u32::try_from(spki.len()).unwrap().to_be_bytes().to_vec(),
        spki,
    ]
    .concat();
    assert_eq!(closed::encode(&sample()), expected);
}
