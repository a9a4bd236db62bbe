//! The vectors under `test/vectors/`, made by a program that shares no code with ours: each whole,
//! and cut at every byte of its first 8 KiB and around each border of a field.
//!
//! `protocol.md` section 8 says what a vector is.

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use waxwing::crypto::key_file::{self, Protection};
use waxwing::crypto::{SealingKey, SigningKey};
use waxwing::model::{Events, Work};
use waxwing::seal::{
    Context, Expected, Header, Manifest, ManifestOpener, OpenError, Refusal, Sink,
    open_behind_header, open_from,
};

#[test]
fn every_vector_is_opened_or_refused_as_it_says() {
    let keys = Keys::load();
    let vectors = vectors();
    let failures: Vec<_> = vectors
        .iter()
        .filter_map(|vector| {
            let found = vector.run(&keys, &vector.stream);
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

/// A cut stream is never opened. What it is refused for is `cut`, or the fault that it has anyway.
#[test]
fn no_cut_stream_is_opened() {
    let keys = Keys::load();
    let vectors = vectors();
    let next = AtomicUsize::new(0);
    let workers = thread::available_parallelism().map_or(2, usize::from);
    let failures: Vec<String> = thread::scope(|scope| {
        let work = || {
            let mut failures = Vec::new();
            while let Some(vector) = vectors.get(next.fetch_add(1, Ordering::Relaxed)) {
                failures.extend(vector.cut_everywhere(&keys));
            }
            failures
        };
        let running: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        running.into_iter().flat_map(|worker| worker.join().unwrap()).collect()
    });
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
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
        let bytes = fs::read(path).unwrap();
        let border = b"\n---\n";
        let at = bytes.windows(border.len()).position(|at| at == border).expect("a line ---");
        let text = std::str::from_utf8(&bytes[..at]).unwrap();
        let lines: Vec<_> = text.lines().filter_map(|line| line.split_once(": ")).collect();
        let all = |name| lines.iter().filter(move |(n, _)| *n == name).map(|(_, v)| *v);
        let one = |name: &'static str| all(name).next().unwrap_or_else(|| panic!("{name}"));
        let pair = |text: &str| text.split_once(' ').map(|(a, b)| (a.into(), b.into())).unwrap();
        Self {
            name: path.file_name().unwrap().to_str().unwrap().into(),
            expect: one("expect").into(),
            note: one("note").into(),
            sender: one("sender").into(),
            receiver: pair(one("receiver")),
            epoch: one("epoch").parse().unwrap(),
            context: unhex(one("context")).try_into().unwrap(),
            contents: all("content").map(parse_content).collect(),
            stream: bytes[at + border.len()..].to_vec(),
        }
    }

    /// Opens a stream as this vector's reader, and names the outcome.
    fn run(&self, keys: &Keys, stream: &[u8]) -> String {
        let mut sink = Hashes::default();
        match self.open(keys, stream, &mut sink) {
            Ok(()) if sink.found() == self.contents => "opened".into(),
            Ok(()) => format!("opened with {:?}", sink.found()),
            Err(refusal) => refusal.name().into(),
        }
    }

    fn open(&self, keys: &Keys, mut stream: &[u8], sink: &mut Hashes) -> Result<(), Refusal> {
        let key = &keys.sealing[&self.receiver.1];
        let mut silent = Events::ignored().begin(Work::Opening, "", 0);
        outcome(open_from(&mut stream, &self.expected(keys), key, sink, &mut silent))
    }

    fn expected<'k>(&self, keys: &'k Keys) -> Expected<'k> {
        Expected {
            sender: keys.signing[&self.sender].verifying_key(),
            receiver: keys.signing[&self.receiver.0].fingerprint(),
            epoch: self.epoch,
            context: Context::from_bytes(self.context),
            max_data: u64::MAX,
        }
    }

    /// What follows the header, cut at `at` of the whole: the private key was used once, before.
    fn run_behind_header(&self, opener: ManifestOpener, start: usize, at: usize) -> String {
        let mut silent = Events::ignored().begin(Work::Opening, "", 0);
        let mut rest = &self.stream[start..at];
        let mut sink = Hashes::default();
        match outcome(open_behind_header(&mut rest, opener, &mut sink, &mut silent)) {
            Ok(()) => "opened".into(),
            Err(refusal) => refusal.name().into(),
        }
    }

    /// The opener behind the header, and where that is; none when the header is refused.
    fn behind_header(&self, keys: &Keys) -> Option<(ManifestOpener, usize)> {
        let end = 4 + self.number_at(0)?;
        let header = Header::parse(self.stream.get(4..end)?).ok()?;
        let checked = header.check(&self.expected(keys)).ok()?;
        Some((checked.open(&keys.sealing[&self.receiver.1]).ok()?, end))
    }

    fn cut_everywhere(&self, keys: &Keys) -> Vec<String> {
        let whole = self.run(keys, &self.stream);
        let behind = self.behind_header(keys);
        let mut failures = Vec::new();
        for at in self.cuts() {
            let found = match &behind {
                Some((opener, start)) if at >= *start => {
                    self.run_behind_header(opener.clone(), *start, at)
                }
                _ => self.run(keys, &self.stream[..at]),
            };
            // Something left over is cut off with the rest, and then nothing is wrong.
            let harmless = found == "opened" && whole == "left-over";
            if found != "cut" && (found != whole || whole == "opened") && !harmless {
                failures.push(format!("{} cut at {at}: {found}", self.name));
            }
        }
        failures
    }

    /// Every byte of the first 8 KiB, and the bytes around each border of a field.
    ///
    /// Of a vector with a fault of its own, the bytes behind the header are cut around borders
    /// only, since between two borders every cut is the same to a reader; all of them, which takes
    /// minutes, with `WAXWING_CUT_ALL=1`.
    fn cuts(&self) -> BTreeSet<usize> {
        let length = self.stream.len();
        let near = self.borders().into_iter().flat_map(|at| at.saturating_sub(1)..=at + 1);
        let all = self.expect == "opened" || std::env::var_os("WAXWING_CUT_ALL").is_some();
        let every = if all { 8192 } else { 4 + self.number_at(0).unwrap_or(0) };
        (0..length.min(every).min(8192)).chain(near).filter(|at| *at < length).collect()
    }

    /// Where the items of the stream and their fields begin, as far as it is well-formed.
    fn borders(&self) -> Vec<usize> {
        let mut borders = Vec::new();
        let mut at = 4 + self.number_at(0).unwrap_or(0);
        while let Some(kind) = self.stream.get(at) {
            borders.push(at);
            at += 1;
            let fields = match kind {
                1 => {
                    let length = self.number_at(at + 4).unwrap_or(0);
                    vec![4, 4, 32, length]
                }
                2 | 3 => {
                    let body = self.number_at(at).unwrap_or(0);
                    let signature = self.number_at(at + 4 + body).unwrap_or(0);
                    vec![4, 1, 32, 32, 4, 4, 2, body.saturating_sub(75), 4, signature]
                }
                _ => break,
            };
            for field in fields {
                at = at.saturating_add(field);
                borders.push(at);
            }
        }
        borders
    }

    fn number_at(&self, at: usize) -> Option<usize> {
        let bytes = self.stream.get(at..at + 4)?;
        Some(u32::from_be_bytes(bytes.try_into().unwrap()) as usize)
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
    let folder = test_folder().join("vectors");
    let all = files(&folder.join("good")).into_iter().chain(files(&folder.join("bad")));
    all.map(|path| Vector::parse(&path)).collect()
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
