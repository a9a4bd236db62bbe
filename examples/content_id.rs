//! Names the content of files: their BLAKE3 hash, on all cores, with a progress line.
//!
//! `cargo run --example content_id -- FILE...`

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program that prints")]

use std::fs::File;
use std::io::{self, IsTerminal};
use std::process::ExitCode;
use std::thread;
use waxwing::model::limits::LEAF_BYTES;
use waxwing::model::{Content, Event, Events, Untrusted, Work, content};

fn main() -> ExitCode {
    let files: Vec<String> = std::env::args().skip(1).collect();
    if files.is_empty() {
        eprintln!("usage: cargo run --example content_id -- FILE...");
        return ExitCode::from(2);
    }
    let (events, listener) = Events::channel();
    let drawing = thread::spawn(move || listener.iter().for_each(draw));
    let mut exit = ExitCode::SUCCESS;
    for file in &files {
        let shown = Untrusted::new(file);
        match name(&events, file) {
            Ok(content) => println!("{}  {:>14} bytes  {shown}", content.id(), content.size()),
            Err(error) => {
                eprintln!("{shown}: {error}");
                exit = ExitCode::FAILURE;
            }
        }
    }
    drop(events);
    let _ = drawing.join();
    exit
}

fn name(events: &Events, path: &str) -> io::Result<Content> {
    let file = File::open(path)?;
    let about = file.metadata()?;
    if !about.is_file() {
        return Err(io::Error::other("not a regular file"));
    }
    let mut task = events.begin(Work::Hashing, path, about.len());
    let content = content::of_file(&file, about.len(), |_| task.advance(LEAF_BYTES as u64))?;
    task.complete();
    Ok(content)
}

/// Only on a terminal, and only for work that takes a while.
fn draw(event: Event) {
    match event {
        Event::Advanced { done, .. } if done % (256 << 20) == 0 && io::stderr().is_terminal() => {
            eprint!("\r{} MiB\r", done >> 20);
        }
        _ => {}
    }
}
