//! Programs that stay open, and transfers without end: what they hold does not grow.

use crate::keys::bytes_of;
use crate::town::{Home, Serving, Town, in_the_end};
use std::fs;
use std::path::Path;
use std::process::Command;
use std::thread;
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

/// What a program has held since the beginning, a look at it after each round.
struct Watched {
    who: String,
    process: u32,
    looks: Vec<(f64, Held)>,
}

impl Watched {
    fn look(&mut self, round: usize) {
        self.looks.push((round as f64, held(self.process)));
    }

    /// How much more it holds after a thousand rounds: the line through the looks of the second half.
    fn slope(&self, what: impl Fn(&Held) -> f64) -> f64 {
        let looks = &self.looks[self.looks.len() / 2..];
        let count = looks.len() as f64;
        let mean = |of: &dyn Fn(&(f64, Held)) -> f64| looks.iter().map(of).sum::<f64>() / count;
        let (x, y) = (mean(&|look| look.0), mean(&|look| what(&look.1)));
        let both = mean(&|look| (look.0 - x) * (what(&look.1) - y));
        both / mean(&|look| (look.0 - x).powi(2)) * 1000.0
    }

    #[allow(clippy::print_stdout, reason = "figures are read by people")]
    fn has_not_grown(&self) {
        let before = self.looks[0].1;
        // Threads that wait for work end after some seconds, and what the other side is about to close is closed.
        in_the_end(true, || {
            let now = held(self.process);
            now.threads <= before.threads + 8 && now.descriptors <= before.descriptors + 4
        });
        let after = held(self.process);
        let [memory, descriptors, threads] = [
            self.slope(|held| held.memory as f64 / 1024.0),
            self.slope(|held| held.descriptors as f64),
            self.slope(|held| held.threads as f64),
        ];
        let (who, rounds) = (&self.who, self.looks.len());
        println!(
            "{who}, {rounds} rounds: {before:?}, {after:?}; in 1000 rounds of the second half \
             {memory:.0} KiB, {descriptors:.1} descriptors, {threads:.1} threads"
        );
        let more = after.memory.saturating_sub(before.memory);
        assert!(more <= MORE, "{who}: {} KiB more", more >> 10);
        assert!(after.descriptors <= before.descriptors + 4, "{who}: {before:?}, {after:?}");
        if rounds >= MANY {
            assert!(descriptors < 4.0, "{who}: {descriptors} descriptors in 1000 rounds");
            assert!(memory < 4096.0, "{who}: {memory} KiB in 1000 rounds");
            assert!(threads < 8.0, "{who}: {threads} threads in 1000 rounds");
        }
    }
}

/// Somebody, by their name.
type Person<'p> = (&'p str, Home<'p>);

/// Three transfers at once: two get what the other one shares, and one of them sends the other something.
fn round(one: &Person<'_>, other: &Person<'_>) {
    thread::scope(|scope| {
        scope.spawn(|| get(one, other));
        scope.spawn(|| get(other, one));
        scope.spawn(|| send(one, other));
    });
}

/// Somebody finds and gets all that somebody else shares.
fn get((name, giver): &Person<'_>, (_, getter): &Person<'_>) {
    assert!(!getter.objects(&["search", "large"]).is_empty());
    getter.run(&["get", &format!("{name}:zoo"), "--quiet"]).ok();
    came("zoo", giver, getter);
}

fn send((_, sender): &Person<'_>, &(name, ref receiver): &Person<'_>) {
    let gifts = sender.path.join("gifts");
    sender.run(&["send", name, gifts.to_str().unwrap(), "--quiet"]).ok();
    came("gifts", sender, receiver);
}

/// Looks at every byte of what came, and throws it away.
fn came(folder: &str, from: &Home<'_>, to: &Home<'_>) {
    let (there, here) = (from.path.join(folder), to.path.join("downloads").join(folder));
    for (name, _) in FILES {
        let (sent, came) = (fs::read(there.join(name)), fs::read(here.join(name)));
        assert!(sent.unwrap() == came.unwrap(), "{folder}/{name}");
    }
    fs::remove_dir_all(here).unwrap();
}

/// Somebody with new keys, whose making takes a second.
pub(crate) fn newcomer<'t>(town: &'t Town, name: &str) -> Home<'t> {
    let (home, invitation) = (town.home(name), town.invitation());
    let about = ["--user", name, "--password-file", "password", "--no-passphrase"];
    home.run(&[&["join", &invitation][..], &about].concat()).ok();
    home
}

/// After some rounds to become warm, rounds among so many for so long, and no fewer than [`LEAST`].
fn rounds(people: usize, time: Duration) {
    let town = Town::new();
    let names: Vec<_> = (2..people).map(|number| format!("person{number}")).collect();
    let ready = ["bob", "mallory"].into_iter().map(|name| (name, town.joined(name)));
    let new = names.iter().map(|name| (name.as_str(), newcomer(&town, name)));
    let homes: Vec<Person<'_>> = ready.chain(new).collect();
    for (person, (who, home)) in homes.iter().enumerate() {
        for (number, (name, size)) in FILES.into_iter().enumerate() {
            let seed = (6 * person + number) as u64;
            home.write(&format!("zoo/{name}"), &bytes_of(seed, size));
            home.write(&format!("gifts/{name}"), &bytes_of(seed + 3, size));
        }
        home.run(&["share", "add", home.path.join("zoo").to_str().unwrap()]).ok();
        for &(other, _) in homes.iter().filter(|(other, _)| other != who) {
            home.run(&["verify", other, "--yes"]).ok();
        }
    }
    let serve = ["serve", "--json", "--receive", "verified"];
    let open: Vec<_> = homes.iter().map(|(_, it)| Serving::of(&mut it.command(&serve))).collect();
    let watched = |who: &str, process| Watched { who: who.to_owned(), process, looks: Vec::new() };
    let mut programs = vec![watched("the index", town.index.number())];
    programs.extend(homes.iter().zip(&open).map(|((who, _), open)| {
        watched(who, open.pid().as_raw_nonzero().get().try_into().unwrap())
    }));
    // Each with everybody else in turn.
    let pairs = homes.len() * (homes.len() - 1);
    let go = |count: usize| {
        let (one, step) = (count % homes.len(), 1 + count % pairs / homes.len());
        round(&homes[one], &homes[(one + step) % homes.len()]);
    };
    (0..WARM.max(2 * people)).for_each(go);
    let (begin, mut count) = (Instant::now(), 0);
    while count < LEAST || begin.elapsed() < time {
        go(count);
        programs.iter_mut().for_each(|program| program.look(count));
        count += 1;
    }
    programs.iter().for_each(Watched::has_not_grown);
}

#[test]
fn programs_that_stay_open_do_not_grow() {
    rounds(2, Duration::ZERO);
}

/// With a heap of its own for each thread, it holds twice as much after some thousand transfers.
#[test]
#[cfg(all(target_os = "linux", target_env = "gnu"))]
fn its_threads_share_one_heap_unless_somebody_says_otherwise() {
    let town = Town::new();
    let bob = town.joined("bob");
    let serve = || bob.command(&["serve", "--json"]);
    // Under another name, too.
    std::os::unix::fs::symlink(serve().get_program(), town.machine.at("wax")).unwrap();
    let mut linked = Command::new("./wax");
    linked.args(serve().get_args()).current_dir(town.machine.at("")).env_clear();
    linked.env("HOME", town.machine.at("home"));
    for (said, mut command) in [(None, serve()), (Some("3"), serve()), (None, linked)] {
        command.envs(said.map(|said| ("MALLOC_ARENA_MAX", said)));
        let open = Serving::of(&mut command);
        let process = Path::new("/proc").join(open.pid().as_raw_nonzero().to_string());
        let told = fs::read_to_string(process.join("environ")).unwrap();
        let heaps = told.split('\0').find_map(|it| it.strip_prefix("MALLOC_ARENA_MAX="));
        assert_eq!(heaps, said.or(Some("1")));
        let words = fs::read_to_string(process.join("cmdline")).unwrap();
        let given = [command.get_program()].into_iter().chain(command.get_args());
        assert!(
            words.split_terminator('\0').eq(given.map(|word| word.to_str().unwrap())),
            "{words}"
        );
    }
}

/// `HOURS=24 PEOPLE=20 cargo test --test client -- --ignored --nocapture a_day_of_it`
#[test]
#[ignore = "takes a day"]
fn a_day_of_it() {
    let number = |name: &str, usual| std::env::var(name).map_or(usual, |it| it.parse().unwrap());
    let (people, hours) = (number("PEOPLE", 20.0), number("HOURS", 24.0));
    rounds(people as usize, Duration::from_secs_f64(hours * 3600.0));
}

const WARM: usize = 10;
const LEAST: usize = 20;
/// So many rounds make a slope.
const MANY: usize = 1000;
/// What allocators keep for themselves, in bytes.
const MORE: u64 = 16 << 20;
