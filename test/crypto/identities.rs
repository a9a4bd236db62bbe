use super::*;

fn load(certificate: &Signed<SealingCertificate>, now: UnixTime) -> Result<Identity, Error> {
    let (signing, sealing) = (secret_der("alice-signing"), secret_der("alice-sealing"));
    Identity::load(&signing, &sealing, certificate.clone(), now)
}

fn certificate_of(identity: &Identity, now: UnixTime) -> SealingCertificate {
    let key = identity.signing().verifying_key();
    identity.certificate().verify(key, now).unwrap().into_inner()
}

#[test]
fn a_new_identity_begins_with_epoch_one() {
    let alice = alice();
    assert_eq!(alice.epoch(), 1);
    assert_eq!(certificate_of(&alice, NOW).epoch, 1);
    assert_eq!(certificate_of(&alice, NOW).key, *alice.sealing().wrapping_key());
    assert_eq!(alice.fingerprint(), verifying_key("alice-signing").fingerprint());
}

#[test]
fn one_key_cannot_be_both() {
    let (signing, sealing) = (signing_key("alice-signing"), sealing_key("alice-signing"));
    let refused = Identity::new(signing, sealing, NOW).unwrap_err();
    assert_eq!(refused, Error::Statement("the sealing key is the signing key"));
}

#[test]
fn a_certificate_that_holds_is_kept_byte_for_byte() {
    let issued = alice();
    let later = NOW.plus(364 * DAY);
    let loaded = load(issued.certificate(), later).unwrap();
    assert_eq!(loaded.epoch(), 1);
    assert!(loaded.certificate() == issued.certificate());
}

#[test]
fn an_expired_certificate_is_renewed_under_the_next_epoch() {
    let later = NOW.plus(365 * DAY);
    let renewed = load(alice().certificate(), later).unwrap();
    assert_eq!(renewed.epoch(), 2);
    assert_eq!(certificate_of(&renewed, later).epoch, 2);
    assert_eq!(certificate_of(&renewed, later).key, wrapping_key("alice-sealing"));
    assert!(renewed.certificate().verify(&verifying_key("alice-signing"), NOW).is_err());
    let again = load(renewed.certificate(), later.plus(1000 * DAY)).unwrap();
    assert_eq!(again.epoch(), 3);
}

#[test]
fn a_certificate_from_a_clock_that_ran_ahead_is_renewed() {
    let earlier = UnixTime(NOW.0 - 100 * DAY);
    let renewed = load(alice().certificate(), earlier).unwrap();
    assert_eq!((renewed.epoch(), certificate_of(&renewed, earlier).epoch), (2, 2));
}

#[test]
fn a_certificate_for_another_sealing_key_is_refused() {
    let signing = signing_key("alice-signing");
    let other = wrapping_key("mallory-sealing");
    let certificate = SealingCertificate::issue(&signing, &other, 1, NOW).unwrap();
    for time in [NOW, NOW.plus(1000 * DAY)] {
        let refused = load(&certificate, time).unwrap_err();
        let reason = "the sealing certificate names another sealing key";
        assert_eq!(refused, Error::Statement(reason));
    }
}

#[test]
fn a_certificate_of_somebody_else_is_refused() {
    assert_eq!(load(bob().certificate(), NOW).unwrap_err(), Error::Signature);
    assert_eq!(load(bob().certificate(), NOW.plus(1000 * DAY)).unwrap_err(), Error::Signature);
}

#[test]
fn there_is_no_epoch_after_the_last() {
    let signing = signing_key("alice-signing");
    let key = wrapping_key("alice-sealing");
    let last = SealingCertificate::issue(&signing, &key, u32::MAX, NOW).unwrap();
    assert_eq!(load(&last, NOW).unwrap().epoch(), u32::MAX);
    let refused = load(&last, NOW.plus(1000 * DAY)).unwrap_err();
    assert_eq!(refused, Error::Statement("there is no next epoch"));
}

#[test]
fn a_new_sealing_key_comes_under_the_next_epoch() {
    let moved = alice().with_new_sealing_key(sealing_key("mallory-sealing"), NOW).unwrap();
    assert_eq!(moved.epoch(), 2);
    assert_eq!(certificate_of(&moved, NOW).epoch, 2);
    assert_eq!(certificate_of(&moved, NOW).key, wrapping_key("mallory-sealing"));
    assert_eq!(moved.fingerprint(), alice().fingerprint());
}
