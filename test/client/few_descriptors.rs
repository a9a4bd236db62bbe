//! Programs that may have few files and sockets open, and many transfers both ways between two people.

use crate::disks::under;
use crate::keys::bytes_of;
use crate::stage::Done;
use crate::town::{Home, Serving, Town, in_the_end};
use std::fs;
use std::thread;

/// Each way.
const FILES: usize = 10;
/// Enough for lanes of their own.
const SIZE: usize = 5 << 20;

/// Is online, in a program that may have 64 descriptors.
fn serve(home: &Home<'_>) -> Serving {
    let few = ["sh", "-c", "ulimit -n 64 && exec \"$@\"", "sh"];
    Serving::of(&mut under(&few, &home.command(&["serve", "--json"])))
}

/// Gets a file of the other's through the program that is open.
fn get(home: &Home<'_>, from: &str, number: usize) -> Done {
    let (what, out) = (format!("{from}:zoo/{number}"), home.path.join("out"));
    home.run(&["get", &what, "--out", out.to_str().unwrap(), "--overwrite", "-y"])
}

fn is_there(home: &Home<'_>, number: usize) -> bool {
    fs::read(home.path.join(format!("out/{number}"))).is_ok_and(|came| came == bytes(number))
}

fn bytes(number: usize) -> Vec<u8> {
    bytes_of(number as u64, SIZE)
}

#[test]
fn with_few_descriptors_twenty_transfers_both_ways_come_to_an_end() {
    let town = Town::new();
    let (bob, mallory) = (town.joined("bob"), town.joined("mallory"));
    for home in [&bob, &mallory] {
        (0..FILES).for_each(|number| drop(home.write(&format!("zoo/{number}"), &bytes(number))));
        home.run(&["share", "add", home.path.join("zoo").to_str().unwrap()]).ok();
    }
    let _online = [serve(&bob), serve(&mallory)];
    let both = [(&bob, "mallory"), (&mallory, "bob")];
    let all = (0..FILES).flat_map(|number| both.map(|(home, from)| (home, from, number)));
    let ended: Vec<_> = thread::scope(|scope| {
        let begun = all.map(|(home, from, number)| {
            (home, from, number, scope.spawn(move || get(home, from, number)))
        });
        let begun: Vec<_> = begun.collect();
        let end = |(home, from, number, get): (_, _, _, thread::ScopedJoinHandle<'_, Done>)| {
            (home, from, number, get.join().unwrap())
        };
        begun.into_iter().map(end).collect()
    });
    for (_, who) in both {
        let of = |it: &&(_, &str, _, Done)| it.1 == who && it.3.exit == 0;
        let said = || ended.iter().filter(|it| it.1 == who).map(|it| &it.3.err).collect::<Vec<_>>();
        assert!(ended.iter().filter(of).count() > 0, "nothing came from {who}: {:#?}", said());
    }
    for (home, from, number, done) in ended {
        assert!(!done.err.contains("panicked"), "{done:?}");
        // Who cannot be looked up for now may be known in a moment.
        assert!(!done.err.contains("not known here"), "{done:?}");
        // It came, or it is said why not.
        assert!(done.exit == 0 || done.err.contains("error: "), "{from} {number}: {done:?}");
        if done.exit != 0 {
            // What others still hold for a moment is there again soon.
            in_the_end(true, || matches!(get(home, from, number).exit, 0 | 9));
        }
        assert!(is_there(home, number), "{from} {number}");
    }
}

/// The usual limit of a terminal is for programs that open few things; what the system gives beyond it is
/// there to be taken.
#[cfg(target_os = "linux")]
#[test]
fn a_program_takes_the_descriptors_that_it_may_have() {
    let town = Town::new();
    let bob = town.joined("bob");
    let few = ["sh", "-c", "ulimit -S -n 64 && exec \"$@\"", "sh"];
    let serving = Serving::of(&mut under(&few, &bob.command(&["serve", "--json"])));
    let limits = fs::read_to_string(format!("/proc/{}/limits", serving.pid().as_raw_nonzero()));
    let limits = limits.unwrap();
    let limit = |name| limits.lines().find_map(|line| line.strip_prefix(name)).unwrap();
    let files: Vec<_> = limit("Max open files").split_whitespace().take(2).collect();
    assert_eq!(files[0], files[1], "{limits}");
    assert!(limit("Max core file size").trim().starts_with('0'), "{limits}");
}
