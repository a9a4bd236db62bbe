//! A folder of very many small files, from one person to another: in streams that are not too long, in
//! little memory, and never silent.

use crate::town::{Home, Serving, Town};
use rustix::process::{Signal, kill_process};
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

#[test]
fn a_folder_of_many_files_comes_in_several_streams() {
    let seen = fetch(9000);
    assert_eq!(seen.streams, [8192, 808]);
    assert!(seen.getting < MOST && seen.serving < MOST, "{seen:?}");
}

/// Prints what it took.
/// `FILES=100000 cargo test --test client -- --ignored --nocapture a_hundred_thousand_files`
#[test]
#[ignore = "takes long"]
fn a_hundred_thousand_files() {
    let files = std::env::var("FILES").map_or(100_000, |files| files.parse().unwrap());
    let seen = fetch(files);
    println!("{files} files: {seen:?}");
    assert!(seen.getting < MOST && seen.serving < MOST, "{seen:?}");
}

/// What it took.
#[derive(Debug)]
#[allow(dead_code, reason = "it is printed")]
struct Seen {
    /// Until the first word, and between two words, at most.
    longest_silence: Duration,
    /// How many files each stream had.
    streams: Vec<usize>,
    took: Duration,
    /// Bytes of memory of the one who gets, and of the one who serves.
    getting: u64,
    serving: u64,
}

fn fetch(files: usize) -> Seen {
    let town = Town::new();
    let (bob, mallory) = (town.joined("bob"), town.joined("mallory"));
    for at in 0..files {
        let folder = bob.path.join(format!("zoo/{}", at % 97));
        if at < 97 {
            fs::create_dir_all(&folder).unwrap();
        }
        fs::write(folder.join(format!("animal number {at}.txt")), format!("I am {at}")).unwrap();
    }
    bob.run(&["share", "add", bob.path.join("zoo").to_str().unwrap()]).ok();
    let mut serving = bob.serve();
    let (streams, (longest_silence, took, getting)) = std::thread::scope(|scope| {
        // Whoever is not listened to serves nobody any more.
        let pid = serving.pid();
        let streams = scope.spawn(|| streams(&mut serving, files));
        let got = get(&mallory);
        if got.is_none() {
            // What has not come is not waited for.
            kill_process(pid, Signal::KILL).unwrap();
        }
        (streams.join(), got.expect("all of it comes"))
    });
    let streams = streams.unwrap();
    for at in 0..files {
        let name = format!("zoo/{}/animal number {at}.txt", at % 97);
        let came = fs::read(mallory.path.join("downloads").join(&name)).unwrap();
        assert_eq!(came, format!("I am {at}").as_bytes(), "{name}");
    }
    let serving = memory(&serving.pid().as_raw_nonzero().to_string());
    Seen { longest_silence, streams, took, getting, serving }
}

/// How many files each stream had, until it were so many.
fn streams(serving: &mut Serving, files: usize) -> Vec<usize> {
    let mut streams = Vec::new();
    while streams.iter().sum::<usize>() < files {
        streams.push(serving.await_event("served")["files"].as_array().unwrap().len());
    }
    streams
}

/// Gets all of it; gives how long it was silent at most, how long it took, and its memory, if it came.
fn get(mallory: &Home<'_>) -> Option<(Duration, Duration, u64)> {
    let mut command = mallory.command(&["get", "bob:zoo", "--json"]);
    let began = Instant::now();
    let mut getting = command.stdout(Stdio::piped()).spawn().unwrap();
    let (mut last, mut longest, mut most) = (began, Duration::ZERO, 0);
    for line in BufReader::new(getting.stdout.take().unwrap()).lines() {
        line.unwrap();
        longest = longest.max(last.elapsed());
        last = Instant::now();
        most = memory(&getting.id().to_string()).max(most);
    }
    let has_come = getting.wait().unwrap().success();
    has_come.then(|| (longest, began.elapsed(), most))
}

/// The most bytes of memory that a process has had so far.
pub(crate) fn memory(process: &str) -> u64 {
    let status = fs::read_to_string(Path::new("/proc").join(process).join("status"));
    let status = status.unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<u64>().ok());
    kib.unwrap_or_default() * 1024
}

pub(crate) const MOST: u64 = 64 << 20;
