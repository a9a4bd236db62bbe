//! Three people who share the same file, each of whom sends no faster than a limit, beside one of them.

use crate::common::ratio;
use crate::run::run;
use crate::stage::Machine;
use crate::town::Town;
use std::fs;

pub(crate) fn measure() {
    let folder = tempfile::tempdir().expect("a folder");
    let town = Town::on(Machine::below(folder.path()));
    let getter = town.joined("mallory");
    let bytes: Vec<u8> = (0..(96_u64 << 20) / 8).flat_map(|at| (at * 0x9e37).to_le_bytes()).collect();
    let mut online = Vec::new();
    let mut seconds = Vec::new();
    for name in ["bob", "carol", "dave"] {
        // With keys of its own that are made now.
        let home = town.home(name);
        let join = ["join", &town.invitation(), "--user", name, "--password-file", "password"];
        home.run(&join).ok();
        home.write("zoo/film", &bytes);
        let zoo = home.path.join("zoo");
        home.run(&["share", "add", zoo.to_str().expect("a path")]).ok();
        online.push(crate::town::Serving::of(
            &mut home.command(&["serve", "--json", "--upload-limit", LIMIT]),
        ));
        let took = run(&mut getter.command(&["get", "bob:zoo/film"]));
        fs::remove_dir_all(getter.path.join("downloads")).expect("it arrived");
        println!("{:<34} {:>12.3} s", format!("{} sources", online.len()), took.seconds);
        seconds.push(took.seconds);
    }
    ratio("three_sources_vs_one", seconds[0] / seconds[2], ">2.5");
}

const LIMIT: &str = "16MB";
