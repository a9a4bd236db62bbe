//! Programs that are killed at any moment, on both sides: what they were about is completed
//! afterwards, byte for byte, and nothing else is left.

use crate::town::{Home, Town};
use std::fs;
use std::path::PathBuf;
use std::process::Stdio;
use std::thread::sleep;
use std::time::Duration;

const WANTED: [&str; 2] = ["bob:zoo/large", "bob:zoo/small"];

#[test]
fn whoever_is_killed_while_files_travel_they_arrive() {
    rounds_of_get(12);
}

#[test]
fn whoever_is_killed_while_files_are_sent_they_arrive() {
    rounds_of_send(8);
}

/// `ROUNDS=500 cargo test --test client -- --ignored --nocapture killed_many_times`
#[test]
#[ignore = "takes long"]
fn killed_many_times() {
    let count = std::env::var("ROUNDS").map_or(500, |rounds| rounds.parse().unwrap());
    rounds_of_get(count - count / 2);
    rounds_of_send(count / 2);
}

fn rounds_of_get(count: u32) {
    let town = Town::new();
    let (bob, mallory) = (town.joined("bob"), town.joined("mallory"));
    let zoo = make_zoo(&bob);
    bob.run(&["share", "add", zoo.to_str().unwrap()]).ok();
    let get = [&["get"][..], &WANTED].concat();
    rounds(count, (&mallory, &get), &bob, || {
        let got = mallory.run(&get);
        assert!([0, 9].contains(&got.exit), "{got:?}");
        take_away(&mallory, &bob);
    });
}

/// Bob sends, and Mallory takes what he sends, since she has verified him.
fn rounds_of_send(count: u32) {
    let town = Town::new();
    let (bob, mallory) = (town.joined("bob"), town.joined("mallory"));
    let zoo = make_zoo(&bob);
    mallory.run(&["verify", "bob", "--yes"]).ok();
    let settings = mallory.path.join("waxwing.toml");
    let text = fs::read_to_string(&settings).unwrap() + "receive = \"verified\"\n";
    fs::write(settings, text).unwrap();
    let parts = ["large", "small"].map(|name| zoo.join(name).to_str().unwrap().to_owned());
    let send = ["send", "mallory", &parts[0], &parts[1]];
    rounds(count, (&bob, &send), &mallory, || {
        bob.run(&send).ok();
        take_away(&mallory, &bob);
    });
}

fn make_zoo(bob: &Home<'_>) -> PathBuf {
    bob.write("zoo/large", &bytes_of(1, 150 << 20));
    for at in 0..40 {
        bob.write(&format!("zoo/small/{}/{at}", at % 3), &bytes_of(at, 300_000));
    }
    bob.path.join("zoo")
}

/// Kills whoever does this, and now and then who serves it; completes it from time to time.
fn rounds(count: u32, (who, does): (&Home<'_>, &[&str]), serves: &Home<'_>, complete: impl Fn()) {
    let mut chance = Chance(0x9e37_79b9_7f4a_7c15);
    let mut serving = serves.serve();
    for round in 0..count {
        let mut command = who.command(does);
        let mut doing = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        sleep(Duration::from_millis(chance.below(2500)));
        if round % 3 == 2 {
            // Dropped, it is killed.
            drop(serving);
            sleep(Duration::from_millis(chance.below(200)));
            serving = serves.serve();
        }
        doing.kill().unwrap();
        doing.wait().unwrap();
        if chance.below(4) == 0 || round + 1 == count {
            complete();
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

/// Bytes that no two files have in common.
fn bytes_of(seed: u64, size: usize) -> Vec<u8> {
    let mut chance = Chance(seed.wrapping_add(7).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    (0..size.div_ceil(8)).flat_map(|_| (chance.below(u64::MAX)).to_le_bytes()).take(size).collect()
}
