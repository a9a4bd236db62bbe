use super::*;
use std::time::{Duration, Instant};

const OID_RSA: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01";
const OID_PSS: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a";
const NULL: &[u8] = b"\x05\x00";
const E: &[u8] = &[1, 0, 1];

/// A DER value with its length in the shortest form.
fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len().to_be_bytes();
    let digits: Vec<u8> = length.into_iter().skip_while(|digit| *digit == 0).collect();
    match content.len() {
        0..128 => [&[tag, length[7]], content].concat(),
        _ => [&[tag, 0x80 | digits.len() as u8][..], &digits, content].concat(),
    }
}

/// The same value with a length that has a needless zero in front.
fn tlv_with_long_length(tag: u8, content: &[u8]) -> Vec<u8> {
    [&[tag, 0x84][..], &(content.len() as u32).to_be_bytes(), content].concat()
}

/// A number, with a zero in front where it would otherwise be negative.
fn number(bytes: &[u8]) -> Vec<u8> {
    let sign: &[u8] = if bytes[0] < 0x80 { &[] } else { &[0] };
    tlv(2, &[sign, bytes].concat())
}

fn bit_string(unused: u8, content: &[u8]) -> Vec<u8> {
    tlv(3, &[&[unused], content].concat())
}

fn spki_of(algorithm: &[&[u8]], key: &[u8]) -> Vec<u8> {
    tlv(0x30, &[tlv(0x30, &algorithm.concat()), bit_string(0, key)].concat())
}

fn rsa_spki(n: &[u8], e: &[u8]) -> Vec<u8> {
    spki_of(&[OID_RSA, NULL], &tlv(0x30, &[number(n), number(e)].concat()))
}

/// An odd number of exactly so many bits.
fn odd(bits: usize) -> Vec<u8> {
    let mut n = vec![0x5b; bits.div_ceil(8)];
    n[0] = match bits % 8 {
        0 => 0xdb,
        top => 1 << (top - 1),
    };
    n
}

fn alice_modulus() -> Vec<u8> {
    let key = verifying_key("alice-signing");
    let spki = key.spki();
    spki[spki.len() - 5 - 384..spki.len() - 5].to_vec()
}

/// Alice's key, where the value at one of seven places has a needlessly long length.
fn long_length_at(place: usize) -> Vec<u8> {
    let tlv = |at, tag, content: &[u8]| match at == place {
        true => tlv_with_long_length(tag, content),
        false => tlv(tag, content),
    };
    let n = tlv(0, 2, &[&[0], &alice_modulus()[..]].concat());
    let key = tlv(2, 0x30, &[n, tlv(1, 2, E)].concat());
    let algorithm = tlv(5, 0x30, &[tlv(3, 6, &OID_RSA[2..]), tlv(4, 5, &[])].concat());
    let key = tlv(6, 3, &[&[0], &key[..]].concat());
    tlv(7, 0x30, &[algorithm, key].concat())
}

fn refused(spki: &[u8]) -> bool {
    let verifying = VerifyingKey::from_spki(spki).err();
    assert_eq!(verifying, WrappingKey::from_spki(spki).err(), "both kinds judge alike");
    verifying == Some(Error::PublicKey)
}

fn sizes() -> Vec<(String, Vec<u8>)> {
    let bits = [512, 1024, 2048, 3064, 3071, 3073, 3080, 4088, 4095, 4097, 8192, 16384];
    bits.map(|bits| (format!("{bits} bits"), rsa_spki(&odd(bits), E))).into()
}

fn numbers() -> Vec<(&'static str, Vec<u8>)> {
    let n = alice_modulus();
    let even = [&n[..383], &[n[383] & 0xfe]].concat();
    let raw = |n: &[u8], e: &[u8]| {
        spki_of(&[OID_RSA, NULL], &tlv(0x30, &[tlv(2, n), tlv(2, e)].concat()))
    };
    let positive = [&[0], &n[..]].concat();
    vec![
        ("an even modulus", rsa_spki(&even, E)),
        ("a modulus of zero", rsa_spki(&[0], E)),
        ("a negative modulus", raw(&n, E)),
        ("a modulus with two zeros in front", raw(&[&[0], &positive[..]].concat(), E)),
        ("no modulus", raw(&[], E)),
        ("an exponent of 0", rsa_spki(&n, &[0])),
        ("an exponent of 1", rsa_spki(&n, &[1])),
        ("an exponent of 3", rsa_spki(&n, &[3])),
        ("an exponent of 65536", rsa_spki(&n, &[1, 0, 0])),
        ("an exponent of 65539", rsa_spki(&n, &[1, 0, 3])),
        ("an exponent of 2^32 + 1", rsa_spki(&n, &[1, 0, 0, 0, 1])),
        ("an exponent as large as the modulus", rsa_spki(&n, &n)),
        ("an exponent with a zero in front", raw(&positive, &[0, 1, 0, 1])),
        ("a negative exponent", raw(&positive, &[0xff, 0xff])),
        ("no exponent", raw(&positive, &[])),
    ]
}

fn envelopes() -> Vec<(&'static str, Vec<u8>)> {
    let key = tlv(0x30, &[number(&alice_modulus()), number(E)].concat());
    let good = spki_of(&[OID_RSA, NULL], &key);
    let algorithm = tlv(0x30, &[OID_RSA, NULL].concat());
    let with_bits = |bits: &[u8]| tlv(0x30, &[&algorithm, bits].concat());
    let endless = [&[0x30, 0x80], &good[4..], &[0, 0]].concat();
    let third = tlv(0x30, &[number(&alice_modulus()), number(E), number(E)].concat());
    vec![
        ("nothing", Vec::new()),
        ("a byte behind the key", [&good[..], &[0]].concat()),
        ("a second key behind the key", [&good[..], &good].concat()),
        ("a byte behind the key, within", with_bits(&bit_string(0, &[&key[..], &[0]].concat()))),
        ("a third number", spki_of(&[OID_RSA, NULL], &third)),
        ("unused bits", with_bits(&bit_string(1, &key))),
        ("seven unused bits", with_bits(&bit_string(7, &key))),
        ("eight unused bits", with_bits(&bit_string(8, &key))),
        ("an octet string", with_bits(&tlv(4, &[&[0], &key[..]].concat()))),
        ("a length without end", endless),
        ("no parameters", spki_of(&[OID_RSA], &key)),
        ("an empty sequence of parameters", spki_of(&[OID_RSA, &[0x30, 0]], &key)),
        ("a NULL with content", spki_of(&[OID_RSA, &[5, 1, 0]], &key)),
        ("two NULLs", spki_of(&[OID_RSA, NULL, NULL], &key)),
        ("the OID of RSASSA-PSS", spki_of(&[OID_PSS], &key)),
        ("the OID of RSASSA-PSS with NULL", spki_of(&[OID_PSS, NULL], &key)),
        ("the key without its envelope", key.clone()),
        ("an elliptic curve", hex(P256)),
        ("100 kB of zeros", vec![0; 100_000]),
        ("100 kB behind a sound beginning", [good.clone(), vec![0; 100_000]].concat()),
        ("a modulus of 100 kB", rsa_spki(&odd(800_000), E)),
        ("an exponent of 100 kB", rsa_spki(&alice_modulus(), &odd(800_000))),
    ]
}

/// A key on the curve P-256.
const P256: &str = "3059301306072a8648ce3d020106082a8648ce3d0301070342000416e344c0cea1aa\
    7be2f308c119d9551fff7183ab2a6a7e421381d986ebc8fe8a33e7a4e6b703a5fa7dd3ee39a20ce416d17fb60a\
    20b2e8aefec95304ca99fe9e";

#[test]
fn keys_of_3072_and_4096_bits_are_taken() {
    for name in ["alice-signing", "large"] {
        let key = verifying_key(name);
        assert_eq!(VerifyingKey::from_spki(key.spki()).unwrap(), key);
        assert_eq!(WrappingKey::from_spki(key.spki()).unwrap().spki(), key.spki());
    }
    assert_eq!(rsa_spki(&alice_modulus(), E), verifying_key("alice-signing").spki());
    assert_eq!(
        (wrapping_key("alice-sealing").wrap_bytes(), wrapping_key("large").wrap_bytes()),
        (384, 512)
    );
    // Not keys at all, but of the form that is taken: nothing else in the lists below is wrong.
    assert!(!refused(&rsa_spki(&odd(3072), E)) && !refused(&rsa_spki(&odd(4096), E)));
}

#[test]
fn every_other_key_is_refused_at_once() {
    let keys: Vec<_> = sizes()
        .into_iter()
        .chain(numbers().into_iter().chain(envelopes()).map(|(what, key)| (what.into(), key)))
        .collect();
    assert_eq!(keys.len(), 12 + 15 + 22);
    let start = Instant::now();
    for (what, key) in keys {
        assert!(refused(&key), "{what}");
    }
    assert!(start.elapsed() < Duration::from_millis(500), "took {:?}", start.elapsed());
}

#[test]
fn a_length_in_a_longer_form_is_refused() {
    assert!(!refused(&long_length_at(usize::MAX)), "without one the key is sound");
    for place in 0..=7 {
        assert!(refused(&long_length_at(place)), "place {place}");
    }
}

#[test]
fn a_key_cut_anywhere_is_refused() {
    let key = verifying_key("alice-signing");
    for end in 0..key.spki().len() {
        assert!(refused(&key.spki()[..end]), "cut at {end}");
    }
}

#[test]
fn a_key_with_a_changed_byte_is_refused_or_another_key() {
    let key = verifying_key("alice-signing");
    let mut taken = 0;
    for at in 0..key.spki().len() {
        let changed = flipped(key.spki(), at);
        if let Ok(other) = VerifyingKey::from_spki(&changed) {
            assert_eq!(other.spki(), changed, "byte {at}");
            assert_ne!(other.fingerprint(), key.fingerprint(), "byte {at}");
            taken += 1;
        }
    }
    assert!((300..=384).contains(&taken), "{taken} bytes can change, all in the modulus");
}

#[test]
fn a_private_key_of_another_size_is_refused() {
    use rsa::{RsaPrivateKey, pkcs8::EncodePrivateKey, rand_core::UnwrapErr};
    let mut random = UnwrapErr(getrandom::SysRng);
    let small = RsaPrivateKey::new(&mut random, 2048).unwrap().to_pkcs8_der().unwrap();
    let small = SecretDer::new(small.as_bytes().to_vec());
    assert_eq!(SigningKey::load(&small).err(), Some(Error::PrivateKey));
    assert_eq!(SealingKey::load(&small).err(), Some(Error::PrivateKey));
}

#[test]
fn a_fingerprint_has_a_known_answer() {
    let fingerprint = verifying_key("alice-signing").fingerprint();
    let known = "13399b877e0220c55ee321b43b21883943bc69d43b763869ea3971a6c775ff4c";
    assert_eq!(fingerprint.to_string(), known);
    assert_eq!(fingerprint.as_bytes().to_vec(), hex(known));
    assert_eq!(alice().fingerprint(), fingerprint);
    assert_eq!(alice().signing().fingerprint(), fingerprint);
}

#[test]
fn the_id_of_a_sealing_key_has_a_known_answer() {
    let known = "f42c6f8c2b2dab81adefc869c366ff432334d9159e46ee37e9963d5e1449b1ee";
    assert_eq!(wrapping_key("alice-sealing").id().to_string(), known);
}

#[test]
fn one_key_in_two_roles_has_two_names() {
    let (signing, sealing) = (verifying_key("alice-signing"), wrapping_key("alice-signing"));
    assert_eq!(signing.spki(), sealing.spki());
    assert_ne!(signing.fingerprint().as_bytes(), sealing.id().as_bytes());
}

#[test]
fn a_fingerprint_is_read_from_64_hex_digits_only() {
    let fingerprint = verifying_key("alice-signing").fingerprint();
    let text = fingerprint.to_string();
    assert_eq!(text.parse(), Ok(fingerprint));
    assert_eq!(text.to_uppercase().parse(), Ok(fingerprint));
    let spaced = format!(" {text}");
    let bad = ["", &text[..62], &text[..63], &spaced, &format!("{text}00"), &"g".repeat(64)];
    for bad in bad {
        assert_eq!(bad.parse::<Fingerprint>(), Err(Error::Fingerprint), "{bad:?}");
    }
    let bytes = closed::encode(&fingerprint);
    assert_eq!(closed::decode(&bytes), Ok(fingerprint));
    assert_eq!(Fingerprint::from_bytes(*fingerprint.as_bytes()), fingerprint);
}
