//! Programs that are killed at any moment, on both sides: what they were about is completed
//! afterwards, byte for byte, and nothing else is left.

use crate::keys::bytes_of;
use crate::town::{Home, Serving, Town, in_the_end};
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, waitid};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

const WANTED: [&str; 2] = ["bob:zoo/large", "bob:zoo/small"];

/// Of what was not held when somebody was killed, two segments come again.
const TWO_SEGMENTS: u64 = 2 * (64 << 20);
const KILLED: i32 = -1;
/// What is written beside files: journals, logs, what is known of others.
const BESIDE: u64 = 1 << 20;

#[test]
fn whoever_is_killed_while_files_travel_they_arrive() {
    rounds_of_get(6, 400 << 20);
}

#[test]
fn whoever_is_killed_while_files_are_sent_they_arrive() {
    rounds_of_send(6, 220 << 20);
}

/// `ROUNDS=500 cargo test --test client -- --ignored --nocapture killed_many_times`
#[test]
#[ignore = "takes long"]
fn killed_many_times() {
    let count = std::env::var("ROUNDS").map_or(500, |rounds| rounds.parse().unwrap());
    rounds_of_get(count - count / 2, 500 << 20);
    rounds_of_send(count / 2, 500 << 20);
}

fn rounds_of_get(count: u32, size: usize) {
    let town = Town::new();
    let (bob, mallory) = (town.joined("bob"), town.joined("mallory"));
    let zoo = make_zoo(&bob, size);
    bob.run(&["share", "add", zoo.to_str().unwrap()]).ok();
    let get = [&["get"][..], &WANTED].concat();
    let mut serving = Some(serve(&bob));
    let mut tries = Tries::of(size);
    rounds(count, |chance, round| {
        let mut getting = quiet(&mallory, &get).spawn().unwrap();
        sleep(Duration::from_millis(chance.below(2500)));
        if round % 3 == 2 {
            serving.take();
            sleep(Duration::from_millis(chance.below(200)));
            serving = Some(back(&bob, &mallory));
            tries.kills += 1;
        }
        getting.kill().unwrap();
        let (exit, written) = end_of(getting);
        tries.written += written;
        // Who was done already was not killed.
        tries.kills += u64::from(exit == KILLED);
        if chance.below(4) == 0 || round + 1 == count {
            let (exit, written) = end_of(quiet(&mallory, &get).spawn().unwrap());
            let said = || fs::read_to_string(mallory.path.join("state/client.log"));
            assert!(
                [0, 9].contains(&exit),
                "round {round}: {exit}\n{}",
                said().unwrap_or_default()
            );
            assert!(mallory.objects(&["transfers"]).is_empty());
            take_away(&mallory, &bob);
            tries.complete(written);
        }
    });
    none_panicked([&bob, &mallory]);
    tries.tell("get", count);
}

/// Bob sends, and Mallory takes what he sends, since she has verified him.
fn rounds_of_send(count: u32, size: usize) {
    let town = Town::new();
    let (bob, mallory) = (town.joined("bob"), town.joined("mallory"));
    let zoo = make_zoo(&bob, size);
    mallory.run(&["verify", "bob", "--yes"]).ok();
    let settings = mallory.path.join("waxwing.toml");
    let text = fs::read_to_string(&settings).unwrap() + "receive = \"verified\"\n";
    fs::write(settings, text).unwrap();
    let parts = ["large", "small"].map(|name| zoo.join(name).to_str().unwrap().to_owned());
    let send = ["send", "mallory", &parts[0], &parts[1]];
    let mut serving = Some(serve(&mallory));
    // What she wrote for files that are complete.
    let mut before = 0;
    let mut tries = Tries::of(size);
    rounds(count, |chance, round| {
        let mut sending = quiet(&bob, &send).spawn().unwrap();
        sleep(Duration::from_millis(chance.below(2500)));
        if round % 3 == 2 {
            tries.written += serving.take().map_or(0, written_until_killed) - before;
            before = 0;
            sleep(Duration::from_millis(chance.below(200)));
            serving = Some(back(&mallory, &bob));
            tries.kills += 1;
        }
        sending.kill().unwrap();
        tries.kills += u64::from(end_of(sending).0 == KILLED);
        put_down(&mallory);
        // What has arrived would come once more: nobody knows yet that it is the same.
        let has_arrived = mallory.path.join("downloads/large").exists();
        if has_arrived || chance.below(4) == 0 || round + 1 == count {
            if !has_arrived {
                bob.run(&send).ok();
            }
            take_away(&mallory, &bob);
            let written = serving.as_ref().map_or(0, |it| written_by(it.pid()));
            tries.complete(written - before);
            before = written;
        }
    });
    none_panicked([&bob, &mallory]);
    tries.tell("send", count);
}

fn make_zoo(bob: &Home<'_>, size: usize) -> PathBuf {
    bob.write("zoo/large", &bytes_of(1, size));
    for at in 0..40 {
        bob.write(&format!("zoo/small/{}/{at}", at % 3), &bytes_of(at, SMALL));
    }
    bob.path.join("zoo")
}

const SMALL: usize = 300_000;

/// Is online again, and known to be: who comes and goes very often is not let in by the index at once.
fn back(home: &Home<'_>, other: &Home<'_>) -> Serving {
    let name = home.path.file_name().unwrap().to_str().unwrap();
    let is_seen = || {
        let people = other.objects(&["people"]);
        people.iter().any(|person| person["user"] == name && person["online"] == true)
    };
    loop {
        let serving = serve(home);
        if serving.first["type"] == "online" {
            in_the_end(true, is_seen);
            return serving;
        }
    }
}

#[allow(clippy::print_stdout, reason = "whoever runs many waits long")]
fn rounds(count: u32, mut round: impl FnMut(&mut Chance, u32)) {
    let mut chance = Chance(0x9e37_79b9_7f4a_7c15);
    for at in 0..count {
        round(&mut chance, at);
        if at % 25 == 24 {
            println!("{} of {count} rounds", at + 1);
        }
    }
}

/// Looks at each byte of all of it, and takes it away again.
fn take_away(mallory: &Home<'_>, bob: &Home<'_>) {
    let downloads = mallory.path.join("downloads");
    let same = |from: &str, to: &str| {
        let (from, to) = (bob.path.join("zoo").join(from), downloads.join(to));
        assert!(fs::read(from).unwrap() == fs::read(&to).unwrap(), "{}", to.display());
    };
    same("large", "large");
    for at in 0..40 {
        let name = format!("small/{}/{at}", at % 3);
        same(&name, &name);
    }
    let names = fs::read_dir(&downloads).unwrap().map(|entry| entry.unwrap().file_name());
    let mut names: Vec<_> = names.collect();
    names.sort();
    assert_eq!(names, ["large", "small"], "something is left");
    fs::remove_dir_all(downloads).unwrap();
    for home in [mallory, bob] {
        // Who is there may write something right now.
        in_the_end(Vec::<PathBuf>::new(), || unfinished(&home.path.join("state")));
    }
}

/// What was written beside a file, to take its place, and has not.
fn unfinished(folder: &Path) -> Vec<PathBuf> {
    let below = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let (folders, files): (Vec<_>, Vec<_>) = below.partition(|path| path.is_dir());
    let is_left = |path: &PathBuf| {
        let name = path.file_name().unwrap().to_str().unwrap();
        name.ends_with(".new") || name.starts_with(".waxwing-")
    };
    let mut left: Vec<_> = files.into_iter().filter(is_left).collect();
    folders.iter().for_each(|folder| left.extend(unfinished(folder)));
    left
}

/// How much was written until all was complete: what is more than the files came again.
struct Tries {
    size: u64,
    written: u64,
    kills: u64,
    /// Over all: how often it was complete, kills, and what came again, in all and at most for a kill.
    complete: u64,
    all_kills: u64,
    again: u64,
    most: u64,
}

impl Tries {
    fn of(large: usize) -> Self {
        let size = (large + 40 * SMALL) as u64;
        Self { size, written: 0, kills: 0, complete: 0, all_kills: 0, again: 0, most: 0 }
    }

    /// The last try wrote so much, and now all is there.
    fn complete(&mut self, written: u64) {
        let again = (self.written + written).saturating_sub(self.size);
        let Self { kills, .. } = *self;
        assert!(again <= kills * TWO_SEGMENTS + BESIDE, "{again} came again after {kills} kills");
        self.most = self.most.max(again / kills.max(1));
        self.again += again;
        self.all_kills += kills;
        self.complete += 1;
        (self.written, self.kills) = (0, 0);
    }

    #[allow(clippy::print_stdout, reason = "figures are read by people")]
    fn tell(&self, what: &str, rounds: u32) {
        let Self { complete, all_kills, again, most, .. } = self;
        let mean = (again / all_kills.max(&1)) >> 20;
        let most = most >> 20;
        println!(
            "{what}: {rounds} rounds, {all_kills} kills, {complete} times complete; came again for \
             a kill: at most {most} MiB, on average {mean} MiB"
        );
    }
}

fn quiet(home: &Home<'_>, does: &[&str]) -> Command {
    let mut command = home.command(does);
    command.stdout(Stdio::null()).stderr(said(home));
    command
}

fn serve(home: &Home<'_>) -> Serving {
    Serving::telling(&mut home.command(&["serve", "--json"]), said(home))
}

/// Where all programs of a home say what they say beside results.
fn said(home: &Home<'_>) -> File {
    File::options().append(true).create(true).open(home.path.join(SAID)).unwrap()
}

#[track_caller]
fn none_panicked(homes: [&Home<'_>; 2]) {
    for (home, name) in homes.iter().flat_map(|home| [(home, SAID), (home, "state/client.log")]) {
        let said = fs::read_to_string(home.path.join(name)).unwrap();
        assert!(!said.contains("panicked"), "{}/{name}:\n{said}", home.path.display());
    }
}

const SAID: &str = "said";

/// Waits for the end of a program; gives how it ended, and how many bytes it had written to files.
fn end_of(mut program: Child) -> (i32, u64) {
    let pid = Pid::from_child(&program);
    // Its accounts are there until somebody has asked how it ended.
    let ended = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
    waitid(WaitId::Pid(pid), ended).unwrap();
    let written = written_by(pid);
    (program.wait().unwrap().code().unwrap_or(KILLED), written)
}

fn written_until_killed(serving: Serving) -> u64 {
    kill_process(serving.pid(), Signal::STOP).unwrap();
    // Dropped, it is killed.
    written_by(serving.pid())
}

/// Waits until nobody works on what was cut off any more.
fn put_down(mallory: &Home<'_>) {
    let Ok(entries) = fs::read_dir(mallory.path.join("downloads")) else { return };
    for entry in entries {
        let lock = entry.unwrap().path().join("lock");
        let is_held = || File::open(&lock).is_ok_and(|lock| lock.try_lock().is_err());
        while is_held() {
            sleep(Duration::from_millis(10));
        }
    }
}

/// How many bytes a program has written to files. What goes to sockets is not among them.
fn written_by(pid: Pid) -> u64 {
    let accounts = fs::read_to_string(format!("/proc/{}/io", pid.as_raw_nonzero())).unwrap();
    let written = accounts.lines().find_map(|line| line.strip_prefix("wchar: "));
    written.unwrap().parse().unwrap()
}

/// Numbers that look random, the same ones each time.
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }
}
