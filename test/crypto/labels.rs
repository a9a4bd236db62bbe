use super::*;
use sha2::{Digest, Sha256};

#[test]
fn labels_are_unique_and_none_begins_another() {
    for (at, label) in Label::ALL.iter().enumerate() {
        let text = label.text();
        assert!((1..=32).contains(&text.len()) && text.is_ascii(), "{text}");
        assert!(!text.contains('\0'), "{text}");
        assert_eq!(&label.bytes()[..text.len()], text.as_bytes());
        assert!(label.bytes()[text.len()..].iter().all(|byte| *byte == 0), "{text}");
        for other in &Label::ALL[at + 1..] {
            assert_ne!(label.bytes(), other.bytes(), "{text}");
        }
    }
}

#[test]
fn a_labelled_hash_is_sha256_of_the_label_and_the_parts() {
    for label in Label::ALL {
        let mut text = [0; 32];
        text[..label.text().len()].copy_from_slice(label.text().as_bytes());
        let expected = Sha256::digest([&text[..], b"one", b"two"].concat());
        assert_eq!(sha256(label, &[b"one", b"two"])[..], expected[..]);
    }
}

#[test]
fn a_signature_holds_under_its_own_label_only() {
    let key = signing_key("alice-signing");
    for label in Label::ALL {
        let signature = key.sign(label, &[b"one", b"two"]).unwrap();
        for other in Label::ALL {
            let verified = key.verifying_key().verify(other, &[b"onetwo"], &signature);
            assert_eq!(verified.is_ok(), other == label, "{label:?} as {other:?}");
        }
    }
}

#[test]
fn a_signature_is_over_the_label_and_the_parts_and_nothing_else() {
    use aws_lc_rs::signature::{RSA_PSS_2048_8192_SHA256, UnparsedPublicKey};
    let key = signing_key("alice-signing");
    let signature = key.sign(Label::PairWords, &[b"one", b"two"]).unwrap();
    let signed = [&Label::PairWords.bytes()[..], b"onetwo"].concat();
    let public = UnparsedPublicKey::new(&RSA_PSS_2048_8192_SHA256, key.verifying_key().spki());
    public.verify(&signed, signature.as_bytes()).unwrap();
}

#[test]
fn a_foreign_signature_has_at_most_the_longest_modulus() {
    let key = verifying_key("alice-signing");
    for length in [0, 1, 383, 384, 385, 512] {
        let signature = Signature::from_bytes(&vec![1; length]).unwrap();
        assert_eq!(signature.as_bytes().len(), length);
        assert_eq!(key.verify(Label::PairWords, &[], &signature), Err(Error::Signature));
    }
    assert_eq!(Signature::from_bytes(&[1; 513]), Err(Error::Signature));
}
