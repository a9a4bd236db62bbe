//! Seals files for a person's public key, and opens them again as that person.
//!
//! `cargo run --example seal -- FILE...` leaves in `seal-example/`: two people's keys, `sealed`, and
//! the opened files with a receipt for each.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program that prints")]

use indicatif::{ProgressBar, ProgressStyle};
use std::error::Error;
use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::thread;
use waxwing::crypto::key_file::Protection;
use waxwing::crypto::key_folder::KeyFolder;
use waxwing::crypto::{Identity, UnixTime, pair_words};
use waxwing::model::content::ReadAt;
use waxwing::model::{Entry, EntryPath, Event, Events, Modified, Work};
use waxwing::seal::{
    Context, Envelope, Expected, Manifest, ManifestEntry, Sink, Source, open_from, seal_to,
};

fn main() -> ExitCode {
    let files: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    match run(&files) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(files: &[PathBuf]) -> Result<(), Box<dyn Error>> {
    if files.is_empty() {
        return Err("usage: cargo run --example seal -- FILE...".into());
    }
    let (folder, now) = (Path::new("seal-example"), UnixTime::now());
    let (alice, bob) = (person(folder, "alice", now)?, person(folder, "bob", now)?);
    let words = pair_words(&alice.fingerprint(), &bob.fingerprint());
    println!("alice and bob compare: {}", words.join(" "));

    // In a live conversation the context comes from the channel; a file has no such occasion.
    let context = Context::from_bytes([0; 32]);
    let (sources, listed) = open_sources(files)?;
    let total = listed.iter().map(|listed| listed.entry.size()).sum();
    let sealed = folder.join("sealed");
    with_bar("sealing", Work::Sealing, total, |task| {
        let to = bob.certificate().verify(bob.signing().verifying_key(), now)?;
        let envelope = Envelope { to: &to, from: alice.signing(), context, created: now };
        let mut out = BufWriter::new(File::create(&sealed)?);
        Ok(seal_to(&mut out, Manifest::new(listed)?, &sources, envelope, task)?)
    })?;
    let expected = Expected {
        sender: alice.signing().verifying_key(),
        receiver: bob.fingerprint(),
        epoch: bob.epoch(),
        context,
        max_data: total,
    };
    let mut opened = Folder { path: folder.join("opened"), files: Vec::new() };
    let stream = with_bar("opening", Work::Opening, total, |task| {
        let mut input = BufReader::new(File::open(&sealed)?);
        Ok(open_from(&mut input, &expected, bob.sealing(), &mut opened, task)?)
    })?;
    for proof in (0..stream.manifest().count()).filter_map(|number| stream.proof(number)) {
        let receipt = stream.receipt(&proof).ok_or("every entry has a receipt")?;
        let path = opened.path.join(format!("{}.receipt", proof.entry().path().file_name()));
        fs::write(path, receipt.to_bytes())?;
        println!("{}  {}  sent by alice", proof.content().id(), proof.entry().path());
    }
    println!("sealed: {}, opened: {}", sealed.display(), opened.path.display());
    Ok(())
}

/// A person's keys, made at first use. No passphrase: this is an example.
fn person(folder: &Path, name: &str, now: UnixTime) -> Result<Identity, Box<dyn Error>> {
    let keys = KeyFolder::at(folder.join(name));
    if !keys.exists() {
        println!("making keys for {name} ...");
        return Ok(keys.create(Protection::NoneAsked, now)?);
    }
    Ok(keys.open(Protection::NoneAsked, now)?)
}

/// Open files, and what each was like when it was listed.
struct Files(Vec<(File, fs::Metadata)>);

fn open_sources(paths: &[PathBuf]) -> Result<(Files, Vec<ManifestEntry>), Box<dyn Error>> {
    let (mut files, mut listed) = (Vec::new(), Vec::new());
    for path in paths {
        let file = File::open(path).map_err(|error| format!("{}: {error}", path.display()))?;
        let about = file.metadata()?;
        if !about.is_file() {
            return Err(format!("{}: not a regular file", path.display()).into());
        }
        let name = path.file_name().and_then(|name| name.to_str()).ok_or("a name in UTF-8")?;
        let modified = Modified::from_system(about.modified()?);
        let entry = Entry::new(EntryPath::parse(name)?, about.len(), modified)?;
        listed.push(ManifestEntry::whole(entry));
        files.push((file, about));
    }
    Ok((Files(files), listed))
}

impl Source for Files {
    fn read(&self, entry: u32, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        ReadAt::read_exact_at(&self.0[entry as usize].0, buffer, offset)
    }

    fn is_unchanged(&self, entry: u32) -> io::Result<bool> {
        let (file, before) = &self.0[entry as usize];
        let now = file.metadata()?;
        Ok(now.len() == before.len() && now.modified()? == before.modified()?)
    }
}

/// A folder that files are written to, each created new.
struct Folder {
    path: PathBuf,
    files: Vec<File>,
}

impl Sink for Folder {
    fn begin(&mut self, manifest: &Manifest) -> io::Result<()> {
        let _ = fs::remove_dir_all(&self.path);
        fs::create_dir_all(&self.path)?;
        let path = |listed: &ManifestEntry| self.path.join(listed.entry.path().to_relative());
        self.files = manifest
            .entries()
            .iter()
            .map(|e| File::create_new(path(e)))
            .collect::<Result<_, _>>()?;
        Ok(())
    }

    fn write(&mut self, entry: u32, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.files[entry as usize].write_all_at(bytes, offset)
    }
}

/// Draws what a task tells of itself.
fn with_bar<T>(
    what: &'static str,
    work: Work,
    total: u64,
    run: impl FnOnce(&mut waxwing::model::Task) -> Result<T, Box<dyn Error>>,
) -> Result<T, Box<dyn Error>> {
    let (events, listener) = Events::channel();
    let style =
        ProgressStyle::with_template("{msg} {bar:30} {bytes} of {total_bytes}, {bytes_per_sec}")?;
    let bar = ProgressBar::new(total).with_style(style).with_message(what);
    let drawing = thread::spawn(move || {
        for event in listener {
            match event {
                Event::Advanced { done, .. } => bar.set_position(done.min(total)),
                Event::Ended { .. } => bar.finish(),
                _ => {}
            }
        }
    });
    let mut task = events.begin(work, what, total);
    let result = run(&mut task);
    if result.is_ok() {
        task.complete();
    }
    drop(events);
    let _ = drawing.join();
    result
}
