use super::*;

fn sample() -> SignedRotation {
    let (old, new) = (signing_key("alice-signing"), signing_key("bob-signing"));
    SignedRotation::sign(&old, &new, NOW).unwrap()
}

/// Body, signature of the old key, signature of the new one.
fn parts(rotation: &SignedRotation) -> [Vec<u8>; 3] {
    let bytes = closed::encode(rotation);
    let mut input = Reader::new(&bytes);
    let parts = [(); 3].map(|()| input.block("a part", 4096).unwrap().to_vec());
    input.finish().unwrap();
    parts
}

fn joined(body: &[u8], by_old: &[u8], by_new: &[u8]) -> SignedRotation {
    let mut out = Writer::default();
    out.block(body).block(by_old).block(by_new);
    closed::decode(out.as_bytes()).unwrap()
}

fn verified(rotation: &SignedRotation) -> Result<Verified<Rotation>, Error> {
    rotation.verify(&verifying_key("alice-signing").fingerprint())
}

#[test]
fn a_rotation_verifies_for_who_pinned_the_old_key() {
    let rotation = verified(&sample()).unwrap();
    assert_eq!(rotation.signer(), verifying_key("alice-signing").fingerprint());
    assert_eq!(rotation.time, NOW);
    assert_eq!(rotation.old, verifying_key("alice-signing"));
    assert_eq!(rotation.new, verifying_key("bob-signing"));
}

#[test]
fn a_rotation_survives_its_encoding() {
    let bytes = closed::encode(&sample());
    let again: SignedRotation = closed::decode(&bytes).unwrap();
    assert!(verified(&again).is_ok());
    assert_eq!(closed::encode(&again), bytes);
}

#[test]
fn a_rotation_needs_both_signatures() {
    let [body, by_old, by_new] = parts(&sample());
    assert!(verified(&joined(&body, &by_old, &by_new)).is_ok());
    let mallory = signing_key("mallory-signing");
    let by_mallory = |label| mallory.sign(label, &[&body]).unwrap().as_bytes().to_vec();
    let (as_old, as_new) = (by_mallory(Label::RotationByOld), by_mallory(Label::RotationByNew));
    for (old, new) in [
        (&by_old, &as_new),
        (&as_old, &by_new),
        (&by_old, &Vec::new()),
        (&Vec::new(), &by_new),
        (&by_old, &by_old),
        (&by_new, &by_new),
    ] {
        assert_eq!(verified(&joined(&body, old, new)).unwrap_err(), Error::Signature);
    }
}

#[test]
fn swapped_signatures_are_refused() {
    let [body, by_old, by_new] = parts(&sample());
    assert_eq!(verified(&joined(&body, &by_new, &by_old)).unwrap_err(), Error::Signature);
}

#[test]
fn neither_key_can_speak_under_the_label_of_the_other() {
    let [body, by_old, by_new] = parts(&sample());
    let old_as_new = signing_key("alice-signing").sign(Label::RotationByNew, &[&body]).unwrap();
    let new_as_old = signing_key("bob-signing").sign(Label::RotationByOld, &[&body]).unwrap();
    for rotation in [
        joined(&body, old_as_new.as_bytes(), &by_new),
        joined(&body, &by_old, new_as_old.as_bytes()),
    ] {
        assert_eq!(verified(&rotation).unwrap_err(), Error::Signature);
    }
}

#[test]
fn a_rotation_of_somebody_else_is_refused() {
    for pinned in ["bob-signing", "mallory-signing"] {
        let refused = sample().verify(&verifying_key(pinned).fingerprint()).unwrap_err();
        assert_eq!(refused, Error::Statement("the rotation starts from another identity"));
    }
}

#[test]
fn a_rotation_to_the_same_key_is_refused() {
    let key = signing_key("alice-signing");
    let rotation = SignedRotation::sign(&key, &key, NOW).unwrap();
    let refused = verified(&rotation).unwrap_err();
    assert_eq!(refused, Error::Statement("the rotation ends where it starts"));
}

#[test]
fn a_rotation_with_any_byte_changed_is_refused() {
    let pinned = verifying_key("alice-signing").fingerprint();
    let bytes = closed::encode(&sample());
    for at in 0..bytes.len() {
        if let Ok(changed) = closed::decode::<SignedRotation>(&flipped(&bytes, at)) {
            assert!(changed.verify(&pinned).is_err(), "byte {at}");
        }
    }
}

#[test]
fn a_rotation_cut_anywhere_or_with_more_behind_it_is_refused() {
    let bytes = closed::encode(&sample());
    for end in 0..bytes.len() {
        assert!(closed::decode::<SignedRotation>(&bytes[..end]).is_err(), "cut at {end}");
    }
    assert!(closed::decode::<SignedRotation>(&[&bytes[..], &[0]].concat()).is_err());
}

#[test]
fn the_largest_rotation_has_room() {
    let (old, new) = (signing_key("alice-signing"), signing_key("large"));
    for (old, new) in [(&old, &new), (&new, &old)] {
        let bytes = closed::encode(&SignedRotation::sign(old, new, NOW).unwrap());
        let rotation: SignedRotation = closed::decode(&bytes).unwrap();
        assert!(rotation.verify(&old.fingerprint()).is_ok());
    }
}
