//! What a program calls of the system when files land and are noted: a kill leaves what was never written out
//! in the system's memory, so that only this shows whether a loss of power would.

use crate::disks::under;
use crate::keys::{bytes_of, skipped};
use crate::stage::Done;
use crate::town::Town;
use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

#[derive(Debug)]
enum Event {
    /// This is written out; all there is, when it is none.
    Synced(Option<PathBuf>),
    Renamed(PathBuf, PathBuf),
}

/// What `strace -f -y` wrote down, in the order in which it was done.
fn events(trace: &str) -> Vec<Event> {
    let (mut events, mut under_way) = (Vec::new(), HashMap::new());
    for line in trace.lines() {
        let (process, rest) = line.trim_start().split_once(' ').unwrap();
        let rest = rest.trim_start();
        if rest.starts_with("<... f") || rest.starts_with("<... sync") {
            events.extend(under_way.remove(process));
            continue;
        }
        let Some((call, arguments)) = rest.split_once('(') else { continue };
        let event = match call {
            "fsync" | "fdatasync" => Event::Synced(Some(folder(arguments).unwrap())),
            "syncfs" => Event::Synced(None),
            "rename" | "renameat" | "renameat2" if !rest.contains(" = -1 ") => renamed(arguments),
            _ => continue,
        };
        match (&event, rest.ends_with("<unfinished ...>")) {
            (Event::Synced(_), true) => drop(under_way.insert(process.to_owned(), event)),
            _ => events.push(event),
        }
    }
    events
}

/// What a descriptor is open for.
fn folder(argument: &str) -> Option<PathBuf> {
    let (_, path) = argument.split_once('<')?;
    path.split_once('>').map(|(path, _)| PathBuf::from(path))
}

fn renamed(arguments: &str) -> Event {
    let mut quoted = arguments.split('"');
    let mut next = || {
        let at = folder(quoted.next().unwrap()).unwrap_or_default();
        at.join(quoted.next().unwrap())
    };
    Event::Renamed(next(), next())
}

#[test]
fn what_gets_a_name_is_written_out_before_and_its_folder_after() {
    if Command::new("strace").arg("-V").output().is_err() {
        return skipped("there is no strace here");
    }
    let town = Town::new();
    let (bob, mallory) = (town.joined("bob"), town.joined("mallory"));
    for (name, size) in [("small", 5), ("large", 6 << 20)] {
        bob.write(&format!("zoo/{name}"), &bytes_of(7, size));
    }
    bob.run(&["share", "add", bob.path.join("zoo").to_str().unwrap()]).ok();
    let _serving = bob.serve();
    let trace = town.machine.at("trace");
    let calls = "trace=fsync,fdatasync,syncfs,rename,renameat,renameat2";
    let strace = ["strace", "-f", "-y", "-o", trace.to_str().unwrap(), "-e", calls];
    Done::of(&mut under(&strace, &mallory.command(&["get", "bob:zoo"]))).ok();
    let trace = fs::read_to_string(&trace).unwrap();
    let events = events(&trace);
    let is_synced = |events: &[Event], what: &Path| {
        let is_it = |event: &Event| match event {
            Event::Synced(path) => path.as_ref().is_none_or(|path| path == what),
            Event::Renamed(..) => false,
        };
        events.iter().any(is_it)
    };
    let mut named = Vec::new();
    for (at, event) in events.iter().enumerate() {
        if let Event::Renamed(from, to) = event {
            assert!(
                is_synced(&events[..at], from),
                "{event:?} before it was written out:\n{trace}"
            );
            let folder = to.parent().unwrap();
            assert!(is_synced(&events[at..], folder), "{event:?} may be forgotten:\n{trace}");
            named.push(to.to_str().unwrap().to_owned());
        }
    }
    for part in ["downloads/zoo/small", "downloads/zoo/large", "state/receipts/", "state/moves/"] {
        assert!(named.iter().any(|name| name.contains(part)), "{part} is not in {named:?}");
    }
}
