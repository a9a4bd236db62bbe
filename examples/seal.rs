//! Seals files for a person's public key, and opens them again as that person.
//!
//! `cargo run --example seal -- FILE...` leaves in `seal-example/`: two people's keys, `sealed`, and
//! the opened files with a receipt for each.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program that prints")]

#[path = "shared/bar.rs"]
mod bar;
#[path = "shared/files.rs"]
mod files;

use bar::with_bar;
use files::{Folder, open_sources};
use std::error::Error;
use std::fs::{self, File};
use std::io::{BufReader, BufWriter};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use waxwing::crypto::key_file::Protection;
use waxwing::crypto::key_folder::KeyFolder;
use waxwing::crypto::{Identity, UnixTime, pair_words};
use waxwing::model::Work;
use waxwing::seal::{Context, Envelope, Expected, Manifest, open_from, seal_to};

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
    if files.is_empty() || files.iter().any(|file| file.as_os_str() == "--help") {
        return Err("usage: cargo run --example seal -- FILE...".into());
    }
    let (sources, listed) = open_sources(files)?;
    let (folder, now) = (Path::new("seal-example"), UnixTime::now());
    let (alice, bob) = (person(folder, "alice", now)?, person(folder, "bob", now)?);
    let words = pair_words(&alice.fingerprint(), &bob.fingerprint());
    println!("alice and bob compare: {}", words.join(" "));

    // In a live conversation the context comes from the channel; a file has no such occasion.
    let context = Context::from_bytes([0; 32]);
    let total = listed.iter().map(|listed| listed.entry.size()).sum();
    let (unfinished, sealed) = (folder.join("sealed.part"), folder.join("sealed"));
    with_bar("sealing", Work::Sealing, total, |task| {
        let to = bob.certificate().verify(bob.signing().verifying_key(), now)?;
        let envelope = Envelope { to: &to, from: alice.signing(), context, created: now };
        let mut out = BufWriter::new(File::create(&unfinished)?);
        Ok(seal_to(&mut out, Manifest::new(listed)?, &sources, envelope, task)?)
    })?;
    fs::rename(unfinished, &sealed)?;
    let expected = Expected {
        sender: alice.signing().verifying_key(),
        receiver: bob.fingerprint(),
        epoch: bob.epoch(),
        context,
        max_data: total,
    };
    let mut opened = Folder::at(folder.join("opened"));
    let stream = with_bar("opening", Work::Opening, total, |task| {
        let mut input = BufReader::new(File::open(&sealed)?);
        Ok(open_from(&mut input, &expected, bob.sealing(), &mut opened, task)?)
    })?;
    opened.publish()?;
    let receipts = folder.join("receipts");
    fs::create_dir_all(&receipts)?;
    for proof in (0..stream.manifest().count()).filter_map(|number| stream.proof(number)) {
        let receipt = stream.receipt(&proof).ok_or("every entry has a receipt")?;
        fs::write(receipts.join(proof.entry().path().to_relative()), receipt.to_bytes())?;
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
