//! A disk that once does not write out what came. A system says so once, throws it away, and is content the
//! next time: whoever believes that gives a name to a file that is not there.

use crate::disks::under;
use crate::keys::{bytes_of, skipped};
use crate::stage::Done;
use crate::town::{Home, Town};
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::Command;

const MIB: usize = 1 << 20;
/// Of several segments: no more comes before the first is written out, or cannot be.
const SIZE: usize = 200 * MIB;
/// More than are written out one by one, in each segment.
const FILES: usize = 100;

/// The names in a folder, but those of what has none yet.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
    let names = entries.map(|name| name.into_string().unwrap());
    let mut names: Vec<_> = names.filter(|name| !name.starts_with(".waxwing-")).collect();
    names.sort();
    names
}

/// Mallory gets this of Bob's, while the first of these calls in each thread fails. It comes to nothing, and the
/// next time all of it comes.
fn breaks_off(call: &str, wanted: &str, files: &[(String, Vec<u8>)]) {
    if Command::new("strace").arg("-V").output().is_err() {
        return skipped("there is no strace here");
    }
    let town = Town::new();
    let (bob, mallory) = (town.joined("bob"), town.joined("mallory"));
    bob.write("zoo/note", b"a note");
    files.iter().for_each(|(name, bytes)| drop(bob.write(&format!("zoo/{name}"), bytes)));
    bob.run(&["share", "add", bob.path.join("zoo").to_str().unwrap()]).ok();
    let mut serving = bob.serve();
    let mut served = || serving.await_event("served")["bytes"].clone();
    // Whatever a home notes once is noted now, and fails no more.
    mallory.run(&["get", "bob:zoo/note"]).ok();
    assert_eq!(served(), 6);
    let there =
        |home: &Home<'_>| ["downloads", "state/receipts"].map(|it| names(&home.path.join(it)));
    let before = there(&mallory);

    let (get, trace) = (format!("bob:zoo/{wanted}"), town.machine.at("trace"));
    let (calls, fails) = (format!("trace={call}"), format!("inject={call}:error=EIO:when=1"));
    let strace = ["strace", "-f", "-o", trace.to_str().unwrap(), "-e", &calls, "-e", &fails];
    let broken = Done::of(&mut under(&strace, &mallory.command(&["get", &get])));
    let err = broken.failed(1);
    assert!(err.contains("what came cannot be written: Input/output error"), "{err}");
    // Nobody has asked again, and been told that all is well.
    let trace = fs::read_to_string(trace).unwrap();
    assert_eq!(trace.matches("(INJECTED)").count(), 1, "{trace}");
    assert_eq!(there(&mallory), before);

    mallory.run(&["get", &get]).ok();
    for (name, bytes) in files {
        assert!(fs::read(mallory.path.join("downloads").join(name)).unwrap() == *bytes, "{name}");
    }
    // Nothing of the first time was said to be there, and nothing of it is left.
    assert_eq!(served(), Value::from(SIZE));
    assert_eq!(fs::read_dir(mallory.path.join("downloads")).unwrap().count(), 2);
    assert!(mallory.objects(&["transfers"]).is_empty());
}

#[test]
fn a_file_that_was_not_written_out_once_gets_no_name() {
    breaks_off("fdatasync", "large", &[("large".to_owned(), bytes_of(1, SIZE))]);
}

#[test]
fn many_files_of_which_some_were_not_written_out_once_get_no_names() {
    let file = |at: usize| (format!("many/{at}"), bytes_of(at as u64, SIZE / FILES));
    breaks_off("syncfs", "many", &(0..FILES).map(file).collect::<Vec<_>>());
}
