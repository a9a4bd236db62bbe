//! Seals files for a person's public key, and opens them again as that person.
//!
//! `cargo run --example seal -- FILE...` leaves in `seal-example/`: two people's keys, `sealed`, and
//! the opened files with a receipt for each.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program that prints")]

#[path = "shared/bar.rs"]
mod bar;
#[path = "shared/files.rs"]
mod files;
#[path = "shared/home.rs"]
mod home;

use bar::with_bar;
use files::{Folder, open_sources};
use home::Home;
use std::error::Error;
use std::path::PathBuf;
use waxwing::crypto::{UnixTime, pair_words};
use waxwing::model::Work;
use waxwing::seal::{Context, Envelope, Expected, Manifest, SealToError, open_from, seal_to};

fn run(files: &[PathBuf]) -> Result<(), Box<dyn Error>> {
    let (sources, listed) = open_sources(files)?;
    let (home, now) = (Home::open("seal-example")?, UnixTime::now());
    let (alice, bob) = (home.person("alice", now)?, home.person("bob", now)?);
    let words = pair_words(&alice.fingerprint(), &bob.fingerprint());
    println!("alice and bob compare: {}", words.join(" "));

    // In a live conversation the context comes from the channel; a file has no such occasion.
    let context = Context::from_bytes([0; 32]);
    let total = listed.iter().map(|listed| listed.entry.size()).sum();
    with_bar("sealing", Work::Sealing, total, |task| {
        let to = bob.certificate().verify(bob.signing().verifying_key(), now)?;
        let envelope = Envelope { to: &to, from: alice.signing(), context, created: now };
        let manifest = Manifest::new(listed)?;
        home.write("sealed", |mut out| {
            match seal_to(&mut out, manifest, &sources, envelope, task) {
                Err(SealToError::Io(error)) => Err(error.into()),
                other => Ok(other?),
            }
        })
    })?;

    let expected = Expected {
        sender: alice.signing().verifying_key(),
        receiver: bob.fingerprint(),
        epoch: bob.epoch(),
        context,
        max_data: total,
        max_manifest: 1 << 20,
    };
    let mut opened = Folder::at(home.join("opened"));
    let stream = with_bar("opening", Work::Opening, total, |task| {
        Ok(open_from(&mut home.read("sealed")?, &expected, bob.sealing(), &mut opened, task)?)
    })?;
    opened.publish()?;
    home.remove("receipts")?;
    for (number, listed) in (0..).zip(stream.manifest().entries()) {
        let proof = stream.proof(number).ok_or("every entry came whole")?;
        let receipt = stream.receipt(&proof).ok_or("every entry has a receipt")?;
        let path = format!("receipts/{number}.receipt");
        home.write(path, |out| Ok(out.write_all(&receipt.to_bytes())?))?;
        println!("{}  {}  sent by alice", proof.content().id(), listed.entry.path());
    }
    println!("sealed: {}, opened: {}", home.join("sealed").display(), opened.path.display());
    Ok(())
}

fn main() {
    let files: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    if files.is_empty() || files.iter().any(|file| file.as_os_str() == "--help") {
        eprintln!("usage: cargo run --example seal -- FILE...");
        std::process::exit(2);
    }
    if let Err(error) = run(&files) {
        eprintln!("{error}");
        std::process::exit(1);
    }
}
