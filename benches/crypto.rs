//! Each primitive on one core, and content ids beside plain reading.
//!
//! `cargo bench --bench crypto`

#![allow(clippy::print_stdout, missing_docs, reason = "a program that prints its results")]

#[allow(dead_code, reason = "each program uses a part of it")]
mod common;

use common::{operations, per_second, ratio, speed_ratio, throughput};
use std::fs::File;
use std::hint::black_box;
use std::io::Write;
use std::path::Path;
use std::thread;
use waxwing::crypto::key_file::{self, Protection};
use waxwing::crypto::{
    Keystream, Label, Passphrase, Password, PasswordHasher, SealingKey, Secret, SecretDer,
    SigningKey, TagKey, VerifyingKey, sha256,
};
use waxwing::model::Content;
use waxwing::model::content::{ReadAt, of_file};

const CHUNK: usize = 256 * 1024;
const LARGE: u64 = 1 << 30;

fn main() {
    bulk();
    keys();
    passwords();
    content_ids();
}

fn bulk() {
    let mut chunk = vec![7; CHUNK];
    let keystream = Keystream::new(&Secret::random(), [0; 16]);
    let aes = per_second(|| keystream.apply(1 << 40, &mut chunk).expect("a position"));
    throughput("AES-256-CTR, chunks of 256 KiB", CHUNK, aes);
    let key = TagKey::new(Secret::random());
    let tags = per_second(|| {
        black_box(key.tag(&chunk, 1, CHUNK as u32));
    });
    throughput("tags, chunks of 256 KiB", CHUNK, tags);
    let sha = per_second(|| {
        black_box(sha256(Label::SigningKey, &[&chunk]));
    });
    throughput("SHA-256", CHUNK, sha);
    let id = per_second(|| {
        black_box(Content::of(&chunk));
    });
    throughput("content id of 256 KiB", CHUNK, id);
}

fn keys() {
    let signing = SigningKey::load(&test_key("alice-signing")).expect("a key");
    let sealing = SealingKey::load(&test_key("alice-sealing")).expect("a key");
    let (secret, label) = (Secret::<80>::random(), [1; 32]);
    let sign = || signing.sign(Label::SealingCertificate, &[b"statement"]).expect("signs");
    let wrap = || sealing.wrapping_key().wrap(&label, &secret).expect("wraps");
    let (signature, wrapped) = (sign(), wrap());
    operations("PSS sign, 3072 bits", per_second(|| drop(black_box(sign()))));
    let verifying = signing.verifying_key();
    let verify = || verifying.verify(Label::SealingCertificate, &[b"statement"], &signature);
    operations("PSS verify", per_second(|| verify().expect("verifies")));
    operations("OAEP wrap", per_second(|| drop(black_box(wrap()))));
    let unwrap = || sealing.unwrap_secret::<80>(&label, &wrapped).expect("opens");
    operations("OAEP unwrap", per_second(|| drop(black_box(unwrap()))));
    let der = test_key("alice-signing");
    let load = || SigningKey::load(&der).expect("a key");
    let spki = verifying.spki();
    let parse = || VerifyingKey::from_spki(spki).expect("a key");
    operations("reading a public key", per_second(|| drop(black_box(parse()))));
    let make = || SigningKey::generate().expect("a key");
    println!("{:<34} {:>12.2} operations/s", "making a key", per_second(|| drop(make())));
    operations("loading a key", per_second(|| drop(black_box(load()))));
    let passphrase = Passphrase::new("correct horse battery").expect("long enough");
    let protection = Protection::Passphrase(&passphrase);
    let text = key_file::encode(&der, protection).expect("a key file");
    let open = || key_file::decode(&text, protection).expect("opens");
    operations("opening a key file with scrypt", per_second(|| drop(black_box(open()))));
}

fn passwords() {
    let password = Password::new("correct horse battery").expect("long enough");
    let hasher = PasswordHasher::new(PasswordHasher::DEFAULT_COST).expect("a cost");
    let hash = per_second(|| drop(hasher.hash(&password).expect("hashes")));
    operations("login password, bcrypt at cost 12", hash);
}

/// A file in memory where there is such a folder, so that no disk is measured.
fn content_ids() {
    let memory = Path::new("/dev/shm");
    let folder = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    let folder = folder.expect("a folder for 1 GiB");
    let path = folder.path().join("large");
    let mut file = File::create(&path).expect("a file");
    let mib: Vec<u8> = (0..1 << 20).map(|i| (i % 251) as u8).collect();
    (0..LARGE >> 20).for_each(|_| file.write_all(&mib).expect("room for 1 GiB"));
    let file = File::open(&path).expect("a file");
    let ours = || {
        black_box(of_file(&file, LARGE, |_| {}).expect("reads"));
    };
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let one = speed_ratio(5, || read(&file, 1), ours);
    ratio("content_id_of_1GiB_vs_reading_on_one_thread", one, ">0.5");
    let all = speed_ratio(5, || read(&file, cores), ours);
    ratio("content_id_of_1GiB_vs_reading_on_all_cores", all, ">0.25");
}

/// Plain positioned reading of 256 KiB at a time, in turn.
fn read(file: &File, threads: usize) {
    let chunks = LARGE / CHUNK as u64;
    thread::scope(|scope| {
        for first in 0..threads as u64 {
            scope.spawn(move || {
                let mut buffer = vec![0; CHUNK];
                for offset in (first..chunks).step_by(threads).map(|i| i * CHUNK as u64) {
                    file.read_exact_at(&mut buffer, offset).expect("reads");
                    black_box(&buffer);
                }
            });
        }
    });
}

fn test_key(name: &str) -> SecretDer {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("test/keys");
    let text = std::fs::read_to_string(folder.join(format!("{name}.pem"))).expect("a test key");
    key_file::decode(&text, Protection::NoneAsked).expect("a test key")
}
