use super::*;
use std::fmt::Debug;

fn shown(value: &impl Debug) -> [String; 2] {
    [format!("{value:?}"), format!("{value:#?}")]
}

#[test]
fn nothing_secret_is_shown() {
    let secret = || Secret::<32>::random();
    let hash = PasswordHasher::new(4).unwrap().hash(&Password::new("correct horse").unwrap());
    for (value, expected) in [
        (shown(&secret()), "Secret(hidden)"),
        (shown(&secret_der("alice-signing")), "SecretDer(hidden)"),
        (shown(&Passphrase::new("correct horse").unwrap()), "Passphrase(hidden)"),
        (shown(&Password::new("correct horse").unwrap()), "Password(hidden)"),
        (shown(&hash.unwrap()), "PasswordHash(hidden)"),
        (shown(&Keystream::new(&secret(), [0; 16])), "Keystream(hidden)"),
        (shown(&TagKey::new(secret())), "TagKey(hidden)"),
    ] {
        assert_eq!(value, [expected, expected]);
    }
}

#[test]
fn a_private_key_shows_the_name_of_its_public_half_only() {
    let (signing, sealing) = (signing_key("alice-signing"), sealing_key("alice-sealing"));
    let signing_name = format!("SigningKey({})", signing.fingerprint());
    assert_eq!(shown(&signing), [signing_name.clone(), signing_name.clone()]);
    let sealing_name = format!("SealingKey({})", sealing.wrapping_key().id());
    assert_eq!(shown(&sealing), [sealing_name.clone(), sealing_name.clone()]);
    let [alice, _] = shown(&alice());
    let fields = format!("signing: {signing_name}, sealing: {sealing_name}, certificate: Signed(");
    assert!(alice.starts_with(&format!("Identity {{ {fields}")), "{alice}");
    assert!(alice.ends_with(" bytes, not verified), epoch: 1 }"), "{alice}");
}

/// Whether a type is `Clone`: the constant of the type itself is found before that of the
/// trait, but exists only where the bound holds.
macro_rules! is_clone {
    ($type:ty) => {{
        #[allow(dead_code, reason = "not found where the type has its own")]
        trait Otherwise {
            const CLONE: bool = false;
        }
        impl<T> Otherwise for T {}
        #[allow(dead_code, reason = "only its constant is asked for")]
        struct Probe<T>(T);
        #[allow(dead_code, reason = "not there where the bound does not hold")]
        impl<T: Clone> Probe<T> {
            const CLONE: bool = true;
        }
        Probe::<$type>::CLONE
    }};
}

#[test]
fn secrets_cannot_be_cloned() {
    assert!(is_clone!(VerifyingKey) && is_clone!(WrappingKey), "the probe sees what is there");
    assert!(!is_clone!(Secret<32>) && !is_clone!(Secret<80>) && !is_clone!(SecretDer));
    assert!(!is_clone!(Passphrase) && !is_clone!(Password));
    assert!(!is_clone!(SigningKey) && !is_clone!(SealingKey) && !is_clone!(Identity));
    assert!(!is_clone!(Keystream) && !is_clone!(TagKey));
}
