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
    let later = NOW.plus(244 * DAY);
    let loaded = load(issued.certificate(), later).unwrap();
    assert_eq!(loaded.epoch(), 1);
    assert!(loaded.certificate() == issued.certificate());
}

#[test]
fn a_certificate_is_renewed_for_the_same_key_before_it_expires_and_after() {
    let mut last = alice();
    let mut later = NOW;
    for days in [246, 365, 1000] {
        later = later.plus(days * DAY);
        let renewed = load(last.certificate(), later).unwrap();
        assert!(renewed.certificate() != last.certificate());
        let certificate = certificate_of(&renewed, later);
        assert_eq!(
            (renewed.epoch(), certificate.epoch),
            (1, 1),
            "another home may have the old one"
        );
        assert_eq!(certificate.key, wrapping_key("alice-sealing"));
        last = renewed;
    }
}

#[test]
fn a_program_that_stays_open_shows_a_certificate_that_holds() {
    let (alice, key) = (alice(), verifying_key("alice-signing"));
    assert!(alice.certificate_at(NOW.plus(244 * DAY)).unwrap() == *alice.certificate());
    for days in [246, 364, 366, 2000] {
        let later = NOW.plus(days * DAY);
        let shown = alice.certificate_at(later).unwrap();
        for clock in [later, later.plus(DAY), UnixTime(later.0 - DAY), later.plus(119 * DAY)] {
            assert_eq!(shown.verify(&key, clock).unwrap().epoch, 1, "after {days} days");
        }
    }
}

#[test]
fn a_certificate_from_a_clock_that_ran_ahead_is_renewed() {
    let earlier = UnixTime(NOW.0 - 100 * DAY);
    let renewed = load(alice().certificate(), earlier).unwrap();
    assert_eq!((renewed.epoch(), certificate_of(&renewed, earlier).epoch), (1, 1));
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
    let loaded = load(&last, NOW).unwrap();
    assert_eq!(loaded.epoch(), u32::MAX);
    let refused = loaded.with_new_sealing_key(sealing_key("mallory-sealing"), NOW).unwrap_err();
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
