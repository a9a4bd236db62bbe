//! What a program calls of the system when files land and are noted: a kill leaves what was never written out
//! in the system's memory, so that only this shows whether a loss of power would.

use crate::disks::under;
use crate::keys::{bytes_of, skipped};
use crate::stage::Done;
use crate::town::{Home, Serving, Town, in_the_end};
use rustix::process::{Signal, kill_process};
use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

#[derive(Debug)]
enum Event {
    /// This is written out; all there is, when it is none.
    Synced(Option<PathBuf>),
    Renamed(PathBuf, PathBuf),
    /// A folder is made.
    Made(PathBuf),
    /// So many bytes leave for somebody.
    Told(usize),
}

/// What `strace -f -y` wrote down, in the order in which it was done.
fn events(trace: &str) -> Vec<Event> {
    let (mut events, mut under_way) = (Vec::new(), HashMap::<&str, Event>::new());
    for line in trace.lines() {
        let (process, rest) = line.trim_start().split_once(' ').unwrap();
        let rest = rest.trim_start();
        if rest.starts_with("<... ") {
            events.extend(under_way.remove(process).map(|event| event.ended(rest)));
            continue;
        }
        let Some((call, arguments)) = rest.split_once('(') else { continue };
        let has_failed = rest.contains(" = -1 ");
        let event = match call {
            "fsync" | "fdatasync" => Event::Synced(Some(folder(arguments).unwrap())),
            "syncfs" => Event::Synced(None),
            "rename" | "renameat" | "renameat2" if !has_failed => renamed(arguments),
            "mkdir" | "mkdirat" if !has_failed => Event::Made(named(&mut arguments.split('"'))),
            "writev" | "sendto" | "sendmsg" | "write" if arguments.contains("<socket:[") => {
                Event::Told(0)
            }
            _ => continue,
        };
        let takes_long = matches!(event, Event::Synced(_) | Event::Told(_));
        match takes_long && rest.ends_with("<unfinished ...>") {
            true => drop(under_way.insert(process, event)),
            false => events.push(event.ended(rest)),
        }
    }
    events
}

impl Event {
    /// The same, as this end of a line tells it.
    fn ended(self, line: &str) -> Self {
        match self {
            Self::Told(_) => {
                Self::Told(line.rsplit(" = ").next().unwrap().parse().unwrap_or_default())
            }
            other => other,
        }
    }
}

/// What a descriptor is open for.
fn folder(argument: &str) -> Option<PathBuf> {
    let (_, path) = argument.split_once('<')?;
    path.split_once('>').map(|(path, _)| PathBuf::from(path))
}

/// The next path among arguments that are cut at their quotes.
fn named<'a>(quoted: &mut impl Iterator<Item = &'a str>) -> PathBuf {
    let at = folder(quoted.next().unwrap()).unwrap_or_default();
    at.join(quoted.next().unwrap())
}

fn renamed(arguments: &str) -> Event {
    let mut quoted = arguments.split('"');
    Event::Renamed(named(&mut quoted), named(&mut quoted))
}

fn is_synced(events: &[Event], what: &Path) -> bool {
    let is_it = |event: &Event| match event {
        Event::Synced(path) => path.as_ref().is_none_or(|path| path == what),
        _ => false,
    };
    events.iter().any(is_it)
}

/// Whether it is what a person finds among what came.
fn is_download(path: &Path) -> bool {
    let path = path.to_str().unwrap();
    let is_below = path.contains("/downloads/") && !path.contains("/.waxwing-");
    is_below || path.ends_with("/downloads")
}

/// What was named was written out before, and its folder after; so was the one in which a folder was made for
/// what came. Gives all these names.
#[track_caller]
fn is_durable(events: &[Event], is_meant: impl Fn(&Path) -> bool, trace: &str) -> Vec<String> {
    let mut there = Vec::new();
    for (at, event) in events.iter().enumerate() {
        let path = match event {
            Event::Renamed(from, to) => {
                let is_before = is_synced(&events[..at], from);
                assert!(is_before, "{event:?} before it was written out:\n{trace}");
                to
            }
            Event::Made(path) if is_download(path) => path,
            _ => continue,
        };
        if is_meant(path) {
            let is_after = is_synced(&events[at..], path.parent().unwrap());
            assert!(is_after, "{event:?} may be forgotten:\n{trace}");
            there.push(path.to_str().unwrap().to_owned());
        }
    }
    there
}

#[track_caller]
fn are_there(parts: &[&str], there: &[String]) {
    for part in parts {
        assert!(there.iter().any(|name| name.contains(part)), "{part} is not in {there:?}");
    }
}

/// Mallory, and Bob with a small file and a large one. None where nobody can be watched.
fn watched<'a>(town: &'a Town, large: usize) -> Option<(Home<'a>, Home<'a>)> {
    if Command::new("strace").arg("-V").output().is_err() {
        skipped("there is no strace here");
        return None;
    }
    let (bob, mallory) = (town.joined("bob"), town.joined("mallory"));
    for (name, size) in [("small", 5), ("large", large)] {
        bob.write(&format!("zoo/{name}"), &bytes_of(7, size));
    }
    Some((bob, mallory))
}

const CALLS: &str = "trace=fsync,fdatasync,syncfs,rename,renameat,renameat2,mkdir,mkdirat,\
                     write,writev,sendto,sendmsg";

#[test]
fn what_gets_a_name_is_written_out_before_and_its_folder_after() {
    let town = Town::new();
    let Some((bob, mallory)) = watched(&town, 6 << 20) else { return };
    bob.run(&["share", "add", bob.path.join("zoo").to_str().unwrap()]).ok();
    let _serving = bob.serve();
    let trace = town.machine.at("trace");
    let strace = ["strace", "-f", "-y", "-s", "0", "-o", trace.to_str().unwrap(), "-e", CALLS];
    Done::of(&mut under(&strace, &mallory.command(&["get", "bob:zoo"]))).ok();
    let trace = fs::read_to_string(&trace).unwrap();
    let there = is_durable(&events(&trace), |_| true, &trace);
    let files = ["downloads/zoo/small", "downloads/zoo/large"];
    are_there(&files, &there);
    are_there(&["state/receipts/", "state/moves/"], &there);
    assert!(there.iter().any(|name| name.ends_with("downloads/zoo")), "{there:?}");
}

#[test]
fn what_is_sent_is_there_for_good_before_its_sender_hears_so() {
    let town = Town::new();
    // Too little for lanes, which say long words when they come up, at any time.
    let Some((bob, mallory)) = watched(&town, 3 << 20) else { return };
    mallory.run(&["verify", "bob", "--yes"]).ok();
    let trace = town.machine.at("trace");
    // With -D it is the program that is told to end, and not the one that watches it.
    let strace =
        ["strace", "-D", "-f", "-y", "-s", "0", "-o", trace.to_str().unwrap(), "-e", CALLS];
    let serve = ["serve", "--json", "--receive", "verified"];
    let taking = Serving::of(&mut under(&strace, &mallory.command(&serve)));
    bob.run(&["send", "mallory", bob.path.join("zoo").to_str().unwrap()]).ok();
    let pid = taking.pid();
    kill_process(pid, Signal::TERM).unwrap();
    assert_eq!(taking.exit(), Some(0));
    // Who watches writes its end down when it has ended.
    let end = pid.as_raw_nonzero().to_string();
    in_the_end(true, || {
        let trace = fs::read_to_string(&trace).unwrap();
        let last = trace.lines().last();
        last.is_some_and(|last| last.starts_with(&end) && last.contains("+++ exited with 0"))
    });
    let trace = fs::read_to_string(&trace).unwrap();
    let events = events(&trace);
    let files = ["downloads/zoo/small", "downloads/zoo/large"];
    let there = is_durable(&events, |_| true, &trace);
    are_there(&files, &there);
    are_there(&["state/receipts/"], &there);
    let is_file = |event: &Event| matches!(event, Event::Renamed(_, to) if is_download(to));
    let last = events.iter().rposition(is_file).unwrap();
    // Behind the last name, nothing that is said is as long as a signature, but the delivery.
    let is_delivery = |event: &Event| matches!(event, Event::Told(SIGNATURE..));
    let delivered = events[last..].iter().position(is_delivery).expect("it is delivered");
    let there = is_durable(&events[..last + delivered], is_download, &trace);
    are_there(&files, &there);
    assert!(there.iter().any(|name| name.ends_with("downloads/zoo")), "{there:?}");
}

/// Of a key of 3072 bits.
const SIGNATURE: usize = 384;
