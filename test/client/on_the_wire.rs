//! Whoever keeps all that passes, between two people and between people and their index, has read nothing.

use crate::apart::holds;
use crate::faults::proxy::Proxy;
use crate::keys::bytes_of;
use crate::town::{Home, PASSWORD, Serving, Town};
use std::collections::HashSet;
use std::fs;

// Names of which not so much as a part stands anywhere by chance.
const BOB: &str = "wallaby-of-kangaroo-island";
const MALLORY: &str = "quokka-of-rottnest-island";
const SHARE: &str = "things-that-hop-and-glide";
const FOLDER: &str = "seen-from-below-the-trees";
const WORD: &str = "sugarglidersanctuary";
const LETTER: &str = "what-nobody-is-to-know.txt";
/// As long as what is looked for.
const PART: usize = 16;
/// Enough for lanes.
const SIZE: usize = 8 << 20;

/// Somebody who has joined over this line, and does all else with the index over it.
fn joined<'a>(town: &'a Town, line: &Proxy, (keys, name): (&str, &str)) -> Home<'a> {
    let home = town.home(keys);
    home.give_keys(keys);
    let (there, over) = (town.index.address().to_string(), line.address.to_string());
    let invitation = town.invitation().replace(&there, &over);
    home.run(&["join", &invitation, "--user", name, "--password-file", "password"]).ok();
    home.run(&["logout"]).ok();
    home.run(&["login", "--password-file", "password"]).ok();
    home
}

#[test]
fn nothing_that_passes_can_be_read() {
    let town = Town::new();
    let to_index = Proxy::new(town.index.address());
    to_index.keep();
    let bob = joined(&town, &to_index, ("bob", BOB));
    let mallory = joined(&town, &to_index, ("mallory", MALLORY));
    let (film, letter) = (bytes_of(1, SIZE), bytes_of(2, SIZE));
    bob.write(&format!("{SHARE}/{FOLDER}/{WORD}.film"), &film);
    bob.run(&["share", "add", bob.path.join(SHARE).to_str().unwrap()]).ok();
    bob.run(&["verify", MALLORY, "--yes"]).ok();
    assert_eq!(mallory.objects(&["search", WORD]).len(), 1);
    let serve = ["serve", "--json", "--receive", "verified"];
    let serving = Serving::of(&mut bob.command(&serve));
    let between = Proxy::new(serving.first["address"].as_str().unwrap().parse().unwrap());
    between.keep();
    let at = between.address.to_string();
    // So slowly that there is a use for lanes when they come.
    let get = ["get", &format!("{BOB}:{SHARE}"), "--at", &at, "--download-limit", "4MB"];
    mallory.run(&get).ok();
    let got = between.count();
    let path = mallory.write(LETTER, &letter);
    let send = ["send", BOB, path.to_str().unwrap(), "--at", &at, "--upload-limit", "4MB"];
    mallory.run(&send).ok();
    let film_there = mallory.path.join(format!("downloads/{SHARE}/{FOLDER}/{WORD}.film"));
    assert!(fs::read(film_there).unwrap() == film);
    assert!(fs::read(bob.path.join("downloads").join(LETTER)).unwrap() == letter);
    assert!(got > 1 && between.count() > got + 1, "there were no lanes");

    let mut heard = [to_index.kept(), between.kept()].concat();
    assert!(heard.iter().map(Vec::len).sum::<usize>() > 2 * SIZE, "not all of it was heard");
    let names = [BOB, MALLORY, SHARE, FOLDER, WORD, LETTER, PASSWORD].map(str::as_bytes);
    let tokens = [&bob, &mallory].map(|home| fs::read(home.path.join("state/token")).unwrap());
    let contents = [&film, &letter].into_iter().flat_map(|bytes| bytes.chunks(4096));
    let secrets = names.into_iter().chain(tokens.iter().map(Vec::as_slice)).chain(contents);
    let secrets: HashSet<_> = secrets.map(|secret| &secret[..PART]).collect();
    assert_eq!(holds(&heard, &secrets), 0);
    // It would be seen.
    heard.push(format!("here comes {BOB}").into_bytes());
    assert_eq!(holds(&heard, &secrets), 1);
}
