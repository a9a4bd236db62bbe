//! Programs that stay open, and transfers without end: what they hold does not grow.

use crate::town::{Home, Town};
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

const FILES: [(&str, usize); 3] = [("tiny", 5), ("small", 300_000), ("large", 6 << 20)];

/// What a program holds.
#[derive(Debug, Clone, Copy)]
struct Held {
    memory: u64,
    descriptors: usize,
    threads: u64,
}

fn held(process: u32) -> Held {
    let process = Path::new("/proc").join(process.to_string());
    let status = fs::read_to_string(process.join("status")).unwrap();
    let number = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        line.split_whitespace().next().unwrap().parse::<u64>().unwrap()
    };
    let descriptors = fs::read_dir(process.join("fd")).unwrap().count();
    Held { memory: number("VmRSS:") << 10, descriptors, threads: number("Threads:") }
}

/// Mallory finds and gets all of it, looks at every byte, and throws it away.
fn round(bob: &Home<'_>, mallory: &Home<'_>) {
    assert!(!mallory.objects(&["search", "large"]).is_empty());
    mallory.run(&["get", "bob:zoo", "--quiet"]).ok();
    for (name, _) in FILES {
        let (there, here) = (bob.path.join("zoo").join(name), mallory.path.join("downloads/zoo"));
        assert!(fs::read(there).unwrap() == fs::read(here.join(name)).unwrap(), "{name}");
    }
    fs::remove_dir_all(mallory.path.join("downloads/zoo")).unwrap();
}

/// After some rounds to become warm, rounds for so long, and no fewer than [`LEAST`].
#[allow(clippy::print_stdout, reason = "figures are read by people")]
fn rounds(time: Duration) {
    let town = Town::new();
    let (bob, mallory) = (town.joined("bob"), town.joined("mallory"));
    for (number, (name, size)) in FILES.into_iter().enumerate() {
        let bytes: Vec<u8> = (0..size).map(|at| (at * (number + 3) % 251) as u8).collect();
        bob.write(&format!("zoo/{name}"), &bytes);
    }
    bob.run(&["share", "add", bob.path.join("zoo").to_str().unwrap()]).ok();
    let (sharing, open) = (bob.serve(), mallory.serve());
    let pid = |it: rustix::process::Pid| it.as_raw_nonzero().get() as u32;
    let programs = [
        ("the index", town.index.number()),
        ("who shares", pid(sharing.pid())),
        ("who gets", pid(open.pid())),
    ];
    let all = || programs.map(|(_, process)| held(process));
    (0..WARM).for_each(|_| round(&bob, &mallory));
    let (before, begin, mut count) = (all(), Instant::now(), 0);
    while count < LEAST || begin.elapsed() < time {
        round(&bob, &mallory);
        count += 1;
        if count % 1000 == 0 {
            println!("{count} rounds, {:?}", all());
        }
    }
    for ((who, _), (before, after)) in programs.iter().zip(before.into_iter().zip(all())) {
        println!("{who}, {count} rounds: {before:?}, {after:?}");
        let more = after.memory.saturating_sub(before.memory);
        assert!(more <= MORE, "{who}: {} KiB more", more >> 10);
        assert!(after.descriptors <= before.descriptors + 4, "{who}: {before:?}, {after:?}");
        // Threads that wait for work end after some seconds.
        assert!(after.threads <= before.threads + 8, "{who}: {before:?}, {after:?}");
    }
}

#[test]
fn programs_that_stay_open_do_not_grow() {
    rounds(Duration::ZERO);
}

/// `HOURS=24 cargo test --test client -- --ignored --nocapture a_day_of_it`
#[test]
#[ignore = "takes a day"]
fn a_day_of_it() {
    let hours = std::env::var("HOURS").map_or(24, |hours| hours.parse().unwrap());
    rounds(Duration::from_secs(hours * 3600));
}

const WARM: usize = 10;
const LEAST: usize = 20;
/// What allocators keep for themselves, in bytes.
const MORE: u64 = 16 << 20;
