//! What we write, OpenSSL's command line reads, and the other way round. Where it is not installed
//! these tests say so and pass, except in CI and with `WAXWING_TEST_ALL`, where no proof may vanish.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};
use waxwing::crypto::key_file::{self, KeyFileError, Protection};
use waxwing::crypto::{Error, Keystream, Label, Passphrase, Secret, Signature};
use waxwing::crypto::{VerifyingKey, WrappingKey};

#[path = "common/mod.rs"]
mod common;

use common::{key_path, sealing_key, secret_der, signing_key, skipped};
use common::{verifying_key, wrapping_key};

/// The program, and a folder for the files that it reads and writes.
struct OpenSsl {
    folder: tempfile::TempDir,
}

impl OpenSsl {
    /// Nothing when the program is not installed.
    fn find() -> Option<Self> {
        match Command::new("openssl").arg("version").output() {
            Ok(found) if found.stdout.starts_with(b"OpenSSL ") => {
                Some(Self { folder: tempfile::tempdir().unwrap() })
            }
            _ => {
                assert!(std::env::var_os("CI").is_none(), "these proofs need openssl");
                skipped("openssl is not installed");
                None
            }
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn put(&self, name: &str, content: &[u8]) {
        fs::write(self.path(name), content).unwrap();
    }

    fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap()
    }

    /// Runs a command in the folder; `KEY:name` stands for the file of a test key.
    fn try_run(&self, command: &str) -> Output {
        let arguments = command.split_whitespace().map(|word| match word.strip_prefix("KEY:") {
            Some(name) => key_path(name).into_os_string(),
            None => word.into(),
        });
        Command::new("openssl").args(arguments).current_dir(self.folder.path()).output().unwrap()
    }

    fn run(&self, command: &str) -> Vec<u8> {
        let output = self.try_run(command);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "openssl {command}\n{said}");
        output.stdout
    }

    fn refuses(&self, command: &str) -> bool {
        !self.try_run(command).status.success()
    }
}

const LABEL: [u8; 32] = *b"\x00\x01 a label of every kind, \xfe\xff....";

/// How OpenSSL is told to do our OAEP.
fn oaep() -> String {
    let options = ["rsa_padding_mode:oaep", "rsa_oaep_md:sha256", "rsa_mgf1_md:sha256"];
    let label = format!("rsa_oaep_label:{}", data_encoding::HEXLOWER.encode(&LABEL));
    let words = options.into_iter().chain([label.as_str()]);
    words.map(|option| format!("-pkeyopt {option} ")).collect()
}

/// How OpenSSL is told to do our PSS, with a salt of so many bytes.
fn pss(salt: &str) -> String {
    let options = ["rsa_padding_mode:pss", "rsa_mgf1_md:sha256"].map(str::to_owned);
    let words = options.into_iter().chain([format!("rsa_pss_saltlen:{salt}")]);
    words.map(|option| format!("-sigopt {option} ")).collect()
}

/// What a signature of ours covers: a label, then the parts.
fn signed_bytes() -> Vec<u8> {
    [&Label::PairWords.bytes()[..], b"one part", b"another"].concat()
}

const PARTS: [&[u8]; 2] = [b"one part", b"another"];

#[test]
fn openssl_opens_a_wrap_of_ours() {
    let Some(openssl) = OpenSsl::find() else { return };
    for name in ["alice-sealing", "large"] {
        let secret = Secret::<80>::random();
        openssl.put("wrap", &wrapping_key(name).wrap(&LABEL, &secret).unwrap());
        let command = format!("pkeyutl -decrypt -inkey KEY:{name} -in wrap {}", oaep());
        assert_eq!(openssl.run(&command), secret.expose());
        let without_label = command.split(" -pkeyopt rsa_oaep_label").next().unwrap();
        assert!(openssl.refuses(without_label));
    }
}

#[test]
fn we_open_a_wrap_of_openssl() {
    let Some(openssl) = OpenSsl::find() else { return };
    let secret = [0x42; 80];
    openssl.put("secret", &secret);
    for name in ["alice-sealing", "large"] {
        let command = format!("pkeyutl -encrypt -inkey KEY:{name} -in secret {}", oaep());
        let wrap = openssl.run(&command);
        let key = sealing_key(name);
        assert_eq!(*key.unwrap_secret::<80>(&LABEL, &wrap).unwrap().expose(), secret);
        assert_eq!(key.unwrap_secret::<80>(&[0; 32], &wrap).err(), Some(Error::Unwrap));
        let pkcs1 = command.split(" -pkeyopt").next().unwrap().to_owned();
        let other_label = command.replace("rsa_oaep_label:00", "rsa_oaep_label:01");
        let other_hash = command.replace("rsa_oaep_md:sha256", "rsa_oaep_md:sha512");
        let other_mask = command.replace("rsa_mgf1_md:sha256", "rsa_mgf1_md:sha1");
        for other in [pkcs1, other_label, other_hash, other_mask] {
            assert_ne!(other, command);
            let opened = key.unwrap_secret::<80>(&LABEL, &openssl.run(&other));
            assert_eq!(opened.err(), Some(Error::Unwrap), "{other}");
        }
    }
}

#[test]
fn openssl_verifies_a_signature_of_ours() {
    let Some(openssl) = OpenSsl::find() else { return };
    for name in ["alice-signing", "large"] {
        let signature = signing_key(name).sign(Label::PairWords, &PARTS).unwrap();
        openssl.put("signature", signature.as_bytes());
        openssl.put("signed", &signed_bytes());
        openssl.put("other", b"something else");
        let verify = |salt: &str, file: &str| {
            let options = pss(salt);
            format!("dgst -sha256 -prverify KEY:{name} {options} -signature signature {file}")
        };
        assert!(openssl.run(&verify("32", "signed")).starts_with(b"Verified OK"));
        assert!(openssl.refuses(&verify("32", "other")));
        assert!(openssl.refuses(&verify("20", "signed")));
    }
}

#[test]
fn we_verify_a_signature_of_openssl_with_a_salt_of_32_bytes_only() {
    let Some(openssl) = OpenSsl::find() else { return };
    openssl.put("signed", &signed_bytes());
    for name in ["alice-signing", "large"] {
        let key = verifying_key(name);
        let verified = |options: &str| {
            let made = openssl.run(&format!("dgst -sha256 -sign KEY:{name} {options} signed"));
            key.verify(Label::PairWords, &PARTS, &Signature::from_bytes(&made).unwrap())
        };
        assert_eq!(verified(&pss("32")), Ok(()));
        for salt in ["0", "20", "31", "33", "max"] {
            assert_eq!(verified(&pss(salt)), Err(Error::Signature), "a salt of {salt}");
        }
        let other_mask = pss("32").replace("sha256", "sha512");
        assert_eq!(verified(&other_mask), Err(Error::Signature));
        assert_eq!(verified(""), Err(Error::Signature), "PKCS#1 v1.5");
    }
}

#[test]
fn openssl_decrypts_a_body_of_ours() {
    let Some(openssl) = OpenSsl::find() else { return };
    let key = Secret::<32>::random();
    let body: Vec<u8> = (0..=255).cycle().take(100_003).collect();
    // The second nonce makes the counter carry through all of its bytes.
    for nonce in [[7; 16], [0xff; 16]] {
        let mut sealed = body.clone();
        // In pieces and out of order, as chunks are sealed.
        for (at, piece) in sealed.chunks_mut(4099).enumerate().collect::<Vec<_>>().into_iter().rev()
        {
            let position = u64::try_from(at * 4099).unwrap();
            Keystream::new(&key, nonce).apply(position, piece).unwrap();
        }
        openssl.put("sealed", &sealed);
        let [key, nonce] =
            [&key.expose()[..], &nonce].map(|bytes| data_encoding::HEXLOWER.encode(bytes));
        let command = format!("enc -d -aes-256-ctr -K {key} -iv {nonce} -in sealed");
        assert_eq!(openssl.run(&command), body);
    }
}

#[test]
fn openssl_opens_a_key_file_of_ours() {
    let Some(openssl) = OpenSsl::find() else { return };
    // OpenSSL takes the bytes of a passphrase as they are, so this holds its composed spelling.
    let passphrase = Passphrase::new("scho\u{308}ne Gru\u{308}\u{df}e").unwrap();
    openssl.put("passphrase", "sch\u{f6}ne Gr\u{fc}\u{df}e\n".as_bytes());
    openssl.put("wrong", b"another\n");
    let key = secret_der("alice-signing");
    for (protection, extra) in [
        (Protection::NoneAsked, ""),
        (Protection::Passphrase(&passphrase), " -passin file:passphrase"),
    ] {
        openssl.put("key.pem", key_file::encode(&key, protection).unwrap().as_bytes());
        let public = openssl.run(&format!("pkey -in key.pem -pubout -outform DER{extra}"));
        assert_eq!(public, verifying_key("alice-signing").spki());
    }
    assert!(openssl.refuses("pkey -in key.pem -noout -passin file:wrong"));
}

#[test]
fn we_open_a_key_file_of_openssl() {
    let Some(openssl) = OpenSsl::find() else { return };
    let passphrase = Passphrase::new("correct horse").unwrap();
    let open = |text: &[u8]| {
        let text = std::str::from_utf8(text).unwrap();
        key_file::decode(text, Protection::Passphrase(&passphrase))
    };
    let write = |options: &str| {
        let command = "pkcs8 -topk8 -in KEY:alice-signing -passout file:passphrase";
        openssl.run(&format!("{command} {options}"))
    };
    openssl.put("passphrase", b"correct horse\n");
    let cost = |n: u32, r: u32, p: u32| format!("-scrypt_N {n} -scrypt_r {r} -scrypt_p {p}");
    for cost in [String::new(), cost(16_384, 8, 8), cost(2, 8, 1)] {
        let text = write(&format!("-scrypt {cost} -v2 aes-256-cbc"));
        assert_eq!(open(&text).unwrap().expose(), secret_der("alice-signing").expose(), "{cost}");
    }
    for options in [
        "-scrypt -v2 aes-128-cbc".to_owned(),
        format!("-scrypt {} -v2 aes-256-cbc", cost(2, 9, 1)),
        format!("-scrypt {} -v2 aes-256-cbc", cost(2, 8, 17)),
        "-v2 aes-256-cbc -v2prf hmacWithSHA256".to_owned(),
        "-v1 PBE-SHA1-3DES".to_owned(),
    ] {
        assert_eq!(open(&write(&options)).err(), Some(KeyFileError::Scheme), "{options}");
    }
}

#[test]
fn public_keys_are_spelled_alike() {
    let Some(openssl) = OpenSsl::find() else { return };
    for name in ["alice-signing", "bob-sealing", "large"] {
        let theirs = openssl.run(&format!("pkey -in KEY:{name} -pubout -outform DER"));
        assert_eq!(theirs, verifying_key(name).spki());
        assert_eq!(VerifyingKey::from_spki(&theirs).unwrap(), verifying_key(name));
        assert_eq!(WrappingKey::from_spki(&theirs).unwrap(), wrapping_key(name));
    }
}

#[test]
fn keys_that_openssl_makes_are_taken_or_refused_by_their_form() {
    let Some(openssl) = OpenSsl::find() else { return };
    let make = |algorithm: &str, options: &str| {
        openssl.run(&format!("genpkey -algorithm {algorithm} {options} -out new.pem"));
        openssl.run("pkey -in new.pem -pubout -outform DER")
    };
    let bits = |bits: u32| format!("-pkeyopt rsa_keygen_bits:{bits}");
    let taken = make("RSA", &bits(3072));
    assert_eq!(VerifyingKey::from_spki(&taken).unwrap().spki(), taken);
    let key = key_file::decode(
        std::str::from_utf8(&openssl.read("new.pem")).unwrap(),
        Protection::NoneAsked,
    );
    let key = waxwing::crypto::SigningKey::load(&key.unwrap()).unwrap();
    assert_eq!(key.verifying_key().spki(), taken);
    for refused in [
        make("RSA", &bits(2048)),
        make("RSA", &format!("{} -pkeyopt rsa_keygen_pubexp:3", bits(3072))),
        make("RSA-PSS", &bits(3072)),
        make("EC", "-pkeyopt ec_paramgen_curve:P-256"),
        make("ED25519", ""),
    ] {
        assert_eq!(VerifyingKey::from_spki(&refused).err(), Some(Error::PublicKey));
    }
}
