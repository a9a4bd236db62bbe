//! Two people with a bad line between them, and what holds whatever the line does.

use super::proxy::{End, Proxy, Way};
use crate::keys::bytes_of;
use crate::stage::Done;
use crate::town::{Home, Serving, Town, in_the_end};
use rustix::process::{Pid, Signal, kill_process};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::{self, JoinHandle, sleep};
use std::time::{Duration, Instant};

/// Who moves files.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Verb {
    /// Mallory gets what Bob shares.
    Get,
    /// Mallory sends Bob what she has.
    Send,
}

pub(crate) const BOTH: [Verb; 2] = [Verb::Get, Verb::Send];

/// Both at once, each in a town of its own.
pub(crate) fn both_at_once(story: impl Fn(Verb) + Sync) {
    all_at_once(BOTH, story);
}

/// All of them at once, since much of the time is spent waiting.
pub(crate) fn all_at_once<T: Send, const N: usize>(all: [T; N], story: impl Fn(T) + Sync) {
    let story = &story;
    thread::scope(|scope| all.map(|one| scope.spawn(move || story(one))).map(drop));
}

/// Mallory dials Bob over the line. Both verbs move a folder of the same files.
pub(crate) struct Pair<'a> {
    pub(crate) bob: Home<'a>,
    pub(crate) mallory: Home<'a>,
    pub(crate) proxy: Proxy,
    online: Online,
    /// All that was there before, and stays as it was.
    before: Tree,
    root: PathBuf,
}

/// Files by their path.
type Tree = BTreeMap<PathBuf, Vec<u8>>;

impl<'a> Pair<'a> {
    /// With a folder of small files, and one of this size.
    pub(crate) fn new(town: &'a Town, large: usize) -> Self {
        Self::patient(town, large, &[])
    }

    /// Bob has these settings.
    pub(crate) fn patient(town: &'a Town, large: usize, settings: &[&str]) -> Self {
        let (bob, mallory) = (town.joined("bob"), town.joined("mallory"));
        for (home, name) in [(&bob, "zoo"), (&mallory, "gifts")] {
            home.write(&format!("{name}/large"), &bytes_of(1, large));
            for (at, size) in [0, 1, 4096, 30_000, 70_000].into_iter().enumerate() {
                let name = format!("{name}/small/{}/{at}", at % 2);
                home.write(&name, &bytes_of(2 + at as u64, size));
            }
        }
        bob.run(&["share", "add", bob.path.join("zoo").to_str().unwrap()]).ok();
        bob.run(&["verify", "mallory", "--yes"]).ok();
        let root = town.machine.at("");
        let before = tree(&root, &|name| !GROWS.contains(&name));
        let serve = [&["serve", "--json", "--receive", "verified"], settings].concat();
        let online = Online::of(&mut bob.command(&serve), &bob.path.join("state/said"));
        let proxy = Proxy::new(online.address.parse().unwrap());
        Self { bob, mallory, proxy, online, before, root }
    }

    /// Begins to move the folder.
    pub(crate) fn begin(&self, verb: Verb, settings: &[&str]) -> Child {
        let (gifts, at) = (self.mallory.path.join("gifts"), self.proxy.address.to_string());
        let verb = match verb {
            Verb::Get => ["get", "bob:zoo", "--at", &at].to_vec(),
            Verb::Send => ["send", "bob", gifts.to_str().unwrap(), "--at", &at].to_vec(),
        };
        spawn(&mut self.mallory.command(&[&verb, settings].concat()))
    }

    /// Moves the folder.
    pub(crate) fn run(&self, verb: Verb, settings: &[&str]) -> Done {
        done(self.begin(verb, settings))
    }

    /// All is there, byte for byte, and nothing else. Takes it away again.
    #[track_caller]
    pub(crate) fn has_arrived(&self, verb: Verb, what: &str) {
        let (from, downloads) = self.ends(verb);
        let name = from.file_name().unwrap();
        let names = || {
            let entries = fs::read_dir(&downloads).into_iter().flatten();
            entries.map(|entry| entry.unwrap().file_name()).collect::<Vec<_>>()
        };
        // Bob may not be done with it when Mallory is.
        in_the_end(vec![name.to_owned()], names);
        let (sent, came) = (tree(&from, &|_| true), tree(&downloads.join(name), &|_| true));
        assert!(sent == came, "{what}: {:?} and {:?}", sent.keys(), came.keys());
        fs::remove_dir_all(&downloads).unwrap();
    }

    /// What has a name is whole, and the rest has none.
    #[track_caller]
    pub(crate) fn is_whole_or_nameless(&self, verb: Verb, what: &str) {
        let (from, downloads) = self.ends(verb);
        let sent = tree(from.parent().unwrap(), &|_| true);
        for (path, bytes) in tree(&downloads, &|name| !name.starts_with(".waxwing-")) {
            assert!(sent.get(&path) == Some(&bytes), "{what}: {}", path.display());
        }
    }

    /// It failed, as it should over a line that is broken.
    #[track_caller]
    pub(crate) fn has_failed(&self, verb: Verb, done: &Done, what: &str) {
        self.has_failed_with(5, verb, done, what);
    }

    /// The same, with this exit code.
    #[track_caller]
    pub(crate) fn has_failed_with(&self, exit: i32, verb: Verb, done: &Done, what: &str) {
        assert_eq!(done.exit, exit, "{what}: {done:?}");
        assert!(done.err.contains("hint: "), "{what}: {done:?}");
        assert!(!done.err.contains("panicked"), "{what}: {done:?}");
        self.is_whole_or_nameless(verb, what);
    }

    fn ends(&self, verb: Verb) -> (PathBuf, PathBuf) {
        let (bob, mallory) = (&self.bob.path, &self.mallory.path);
        match verb {
            Verb::Get => (bob.join("zoo"), mallory.join("downloads")),
            Verb::Send => (mallory.join("gifts"), bob.join("downloads")),
        }
    }

    /// Bob goes. Nobody has touched anything else, or panicked.
    pub(crate) fn end(self) {
        let said = self.online.stop();
        assert!(!said.contains("panicked"), "{said}");
        let after = tree(&self.root, &|name| !GROWS.contains(&name));
        let changed = |(path, bytes): &(&PathBuf, &Vec<u8>)| self.before.get(*path) != Some(*bytes);
        let changed: Vec<_> = after.iter().filter(changed).map(|(path, _)| path).collect();
        assert!(changed.is_empty(), "{changed:?}");
        assert_eq!(self.before.len(), after.len(), "something is gone");
        for folder in ["bob/state", "mallory/state"] {
            // Who has died may have left something that was to take a file's place.
            let left = tree(&self.root.join(folder), &|name| !name.ends_with(".new"));
            assert_eq!(left.len(), tree(&self.root.join(folder), &|_| true).len());
        }
    }
}

/// Where programs write while they work.
const GROWS: [&str; 3] = ["data", "downloads", "state"];

/// Somebody who is online, listened to.
pub(crate) struct Online {
    pub(crate) address: String,
    pid: Pid,
    said: Option<JoinHandle<String>>,
    complaints: PathBuf,
}

impl Online {
    /// What it says beside events goes to this file.
    pub(crate) fn of(command: &mut Command, complaints: &Path) -> Self {
        let mut serving = Serving::telling(command, File::create(complaints).unwrap());
        let address = serving.first["address"].as_str().unwrap().to_owned();
        let pid = serving.pid();
        let said = Some(thread::spawn(move || serving.rest()));
        Self { address, pid, said, complaints: complaints.to_owned() }
    }

    /// Stops it, and gives all that it said.
    pub(crate) fn stop(mut self) -> String {
        kill_process(self.pid, Signal::TERM).unwrap();
        let events = self.said.take().unwrap().join().unwrap();
        events + &fs::read_to_string(&self.complaints).unwrap()
    }
}

impl Drop for Online {
    fn drop(&mut self) {
        // A test has failed.
        if self.said.as_ref().is_some_and(|said| !said.is_finished()) {
            let _ = kill_process(self.pid, Signal::KILL);
        }
    }
}

/// The index has seen nothing that it should not.
pub(crate) fn end(town: Town) {
    let (events, said) = town.index.stop_and_tell();
    assert!(!events.contains("panicked") && !said.contains("panicked"), "{events}{said}");
}

/// A program whose words are kept.
pub(crate) fn spawn(command: &mut Command) -> Child {
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// Waits for a program, longer than for others.
#[track_caller]
pub(crate) fn done(program: Child) -> Done {
    let pid = Pid::from_child(&program);
    let waiting = thread::spawn(move || program.wait_with_output().unwrap());
    let begun = Instant::now();
    while !waiting.is_finished() {
        if begun.elapsed() > LONGEST {
            kill_process(pid, Signal::KILL).unwrap();
            panic!("it goes on and on");
        }
        sleep(Duration::from_millis(10));
    }
    let output = waiting.join().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let exit = output.status.code().expect("it ended by itself");
    Done { exit, out: text(output.stdout), err: text(output.stderr) }
}

/// Whatever a line does, nobody waits longer.
const LONGEST: Duration = Duration::from_secs(150);

/// After so many bytes, this happens.
pub(crate) fn cut(after: u64, end: End) -> Way {
    Way { end: Some((after, end)), ..Way::default() }
}

/// The files below a folder, by their path in it. Folders and files without a wanted name are passed over.
pub(crate) fn tree(folder: &Path, is_wanted: &dyn Fn(&str) -> bool) -> Tree {
    let (mut found, mut folders) = (BTreeMap::new(), vec![folder.to_owned()]);
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).into_iter().flatten().map(Result::unwrap) {
            let path = entry.path();
            match entry.file_type().unwrap() {
                _ if !is_wanted(entry.file_name().to_str().unwrap()) => {}
                kind if kind.is_dir() => folders.push(path),
                kind if kind.is_file() => {
                    let bytes = fs::read(&path).unwrap();
                    found.insert(path.strip_prefix(folder).unwrap().to_owned(), bytes);
                }
                _ => {}
            }
        }
    }
    found
}

pub(crate) const KIB: usize = 1 << 10;
pub(crate) const MIB: usize = 1 << 20;
