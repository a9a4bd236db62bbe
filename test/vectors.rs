//! The vectors under `test/vectors/`, made by a program that shares no code with ours: each whole,
//! and cut.
//!
//! `protocol.md` section 8 says what a vector is.

#[path = "vectors/cuts.rs"]
mod cuts;
#[path = "vectors/receipts.rs"]
mod receipts;

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use waxwing::crypto::key_file::{self, Protection};
use waxwing::crypto::{SealingKey, SigningKey};
use waxwing::model::{Events, Work};
use waxwing::seal::{Context, Expected, Manifest, OpenError, Refusal, Sink, open_from};

#[test]
fn every_vector_is_opened_or_refused_as_it_says() {
    let keys = Keys::load();
    let vectors = vectors();
    let failures: Vec<_> = vectors
        .iter()
        .filter_map(|vector| {
            let found = vector.run(&keys, &mut &*vector.stream);
            (found != vector.expect).then(|| {
                format!("{}: {found}, not {} ({})", vector.name, vector.expect, vector.note)
            })
        })
        .collect();
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
}

#[test]
fn there_are_vectors_for_every_refusal() {
    let vectors = vectors();
    let bad = vectors.iter().filter(|vector| vector.expect != "opened");
    let expected: BTreeSet<_> = bad.clone().map(|vector| vector.expect.as_str()).collect();
    // In one piece a second chunk of a number is out of its turn, whatever its tag.
    let in_pieces = |refusal: &&Refusal| **refusal != Refusal::Equivocation;
    let names = Refusal::ALL.iter().filter(in_pieces).map(|refusal| refusal.name()).collect();
    assert_eq!(expected, names);
    assert!(bad.count() >= 60);
    assert!(vectors.iter().filter(|vector| vector.expect == "opened").count() >= 12);
}

struct Vector {
    name: String,
    expect: String,
    note: String,
    sender: String,
    receiver: (String, String),
    epoch: u32,
    context: [u8; 32],
    contents: Vec<(String, u64, String)>,
    stream: Vec<u8>,
}

impl Vector {
    fn parse(path: &Path) -> Self {
        let text = Text::read(path);
        let pair = |text: &str| text.split_once(' ').map(|(a, b)| (a.into(), b.into())).unwrap();
        Self {
            expect: text.one("expect").into(),
            note: text.one("note").into(),
            sender: text.one("sender").into(),
            receiver: pair(text.one("receiver")),
            epoch: text.one("epoch").parse().unwrap(),
            context: unhex(text.one("context")).try_into().unwrap(),
            contents: text.all("content").map(parse_content).collect(),
            name: text.name,
            stream: text.bytes,
        }
    }

    /// Opens a stream as this vector's reader, and names the outcome.
    fn run(&self, keys: &Keys, stream: &mut impl Read) -> String {
        let mut sink = Hashes::default();
        let key = &keys.sealing[&self.receiver.1];
        let mut silent = Events::ignored().begin(Work::Opening, "", 0);
        match outcome(open_from(stream, &self.expected(keys), key, &mut sink, &mut silent)) {
            Ok(()) if sink.found() == self.contents => "opened".into(),
            Ok(()) => format!("opened with {:?}", sink.found()),
            Err(refusal) => refusal.name().into(),
        }
    }

    fn expected<'k>(&self, keys: &'k Keys) -> Expected<'k> {
        Expected {
            sender: keys.signing[&self.sender].verifying_key(),
            receiver: keys.signing[&self.receiver.0].fingerprint(),
            epoch: self.epoch,
            context: Context::from_bytes(self.context),
            max_data: u64::MAX,
            max_manifest: 16 << 20,
        }
    }
}

/// The file of a vector: lines `name: value`, and the bytes behind them.
struct Text {
    name: String,
    lines: Vec<(String, String)>,
    bytes: Vec<u8>,
}

impl Text {
    fn read(path: &Path) -> Self {
        let bytes = fs::read(path).unwrap();
        let border = b"\n---\n";
        let at = bytes.windows(border.len()).position(|at| at == border).expect("a line ---");
        let lines = std::str::from_utf8(&bytes[..at]).unwrap().lines();
        let lines = lines.map(|line| line.split_once(": ").expect("name: value"));
        Self {
            name: path.file_name().unwrap().to_str().unwrap().into(),
            lines: lines.map(|(name, value)| (name.into(), value.into())).collect(),
            bytes: bytes[at + border.len()..].to_vec(),
        }
    }

    fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.lines.iter().filter(move |line| line.0 == name).map(|line| line.1.as_str())
    }

    fn one(&self, name: &str) -> &str {
        self.all(name).next().unwrap_or_else(|| panic!("{}: no {name}", self.name))
    }
}

fn outcome<T>(result: Result<T, OpenError>) -> Result<(), Refusal> {
    match result {
        Ok(_) => Ok(()),
        Err(OpenError::Refused(refusal)) => Err(refusal),
        Err(OpenError::Io(error)) => panic!("memory cannot fail: {error}"),
    }
}

/// A path may hold spaces; size and hash do not.
fn parse_content(line: &str) -> (String, u64, String) {
    let (rest, hash) = line.rsplit_once(' ').unwrap();
    let (path, size) = rest.rsplit_once(' ').unwrap();
    (path.into(), size.parse().unwrap(), hash.into())
}

/// Hashes what arrives of each entry, in the order in which it arrives.
#[derive(Default)]
struct Hashes {
    entries: Vec<(String, u64, Vec<u8>)>,
}

impl Hashes {
    fn found(&self) -> Vec<(String, u64, String)> {
        let hash = |bytes: &[u8]| waxwing::model::Content::of(bytes).id().to_string();
        self.entries.iter().map(|(path, size, got)| (path.clone(), *size, hash(got))).collect()
    }
}

impl Sink for Hashes {
    fn begin(&mut self, manifest: &Manifest) -> io::Result<()> {
        let path =
            |entry: &waxwing::model::Entry| entry.path().components().collect::<Vec<_>>().join("/");
        self.entries = manifest
            .entries()
            .iter()
            .map(|listed| (path(&listed.entry), listed.entry.size(), Vec::new()))
            .collect();
        Ok(())
    }

    fn write(&mut self, entry: u32, _: u64, bytes: &[u8]) -> io::Result<()> {
        self.entries[entry as usize].2.extend_from_slice(bytes);
        Ok(())
    }
}

/// The test keys, each loaded for both purposes.
struct Keys {
    signing: HashMap<String, SigningKey>,
    sealing: HashMap<String, SealingKey>,
}

impl Keys {
    fn load() -> Self {
        let mut keys = Self { signing: HashMap::new(), sealing: HashMap::new() };
        for path in files(&test_folder().join("keys")) {
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            if path.extension().is_some_and(|end| end == "pem") {
                let text = fs::read_to_string(&path).unwrap();
                let der = key_file::decode(&text, Protection::NoneAsked).unwrap();
                keys.signing.insert(name.clone(), SigningKey::load(&der).unwrap());
                keys.sealing.insert(name, SealingKey::load(&der).unwrap());
            }
        }
        keys
    }
}

fn vectors() -> Vec<Vector> {
    vector_files("vectors").iter().map(|path| Vector::parse(path)).collect()
}

/// The good and the bad ones of a folder.
fn vector_files(folder: &str) -> Vec<PathBuf> {
    let folder = test_folder().join(folder);
    files(&folder.join("good")).into_iter().chain(files(&folder.join("bad"))).collect()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    files.sort();
    files
}

fn test_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("test")
}

fn unhex(text: &str) -> Vec<u8> {
    let digits = text.as_bytes().chunks(2);
    digits.map(|two| u8::from_str_radix(std::str::from_utf8(two).unwrap(), 16).unwrap()).collect()
}
