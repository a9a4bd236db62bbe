//! Getting: every way to name what is wanted, and each way in which it does not come.

use crate::keys::skipped;
use crate::stage::Done;
#[cfg(target_os = "linux")]
use crate::terminal::Terminal;
use crate::town::{Home, Serving, Town, in_the_end};
use rustix::process::{Signal, kill_process};
use serde_json::Value;
use std::fs;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::Command;
use std::thread;

/// Bob shares a folder, Mallory wants things of it.
struct Pair<'a> {
    town: &'a Town,
    bob: Home<'a>,
    mallory: Home<'a>,
    serving: Serving,
}

impl<'a> Pair<'a> {
    fn new(town: &'a Town) -> Self {
        let (bob, mallory) = (town.joined("bob"), town.joined("mallory"));
        for (name, text) in FILES {
            bob.write(&format!("zoo/{name}"), text.as_bytes());
        }
        let zoo = bob.path.join("zoo");
        bob.run(&["share", "add", zoo.to_str().unwrap(), "--keyword", "pictures"]).ok();
        let serving = bob.serve();
        Self { town, bob, mallory, serving }
    }

    /// Mallory gets this into a folder of its own.
    fn get(&self, out: &str, wanted: &[&str]) -> Done {
        self.mallory.run(&[&["get", "--json", "--out", out][..], wanted].concat())
    }

    fn files(&self, out: &str) -> Vec<String> {
        let folder = self.town.machine.at(out);
        let (mut found, mut folders) = (Vec::new(), vec![folder.clone()]);
        while let Some(next) = folders.pop() {
            for entry in fs::read_dir(next).into_iter().flatten().map(Result::unwrap) {
                match entry.file_type().unwrap().is_dir() {
                    true => folders.push(entry.path()),
                    false => found.push(entry.path()),
                }
            }
        }
        let named =
            |path: PathBuf| path.strip_prefix(&folder).unwrap().to_str().unwrap().to_owned();
        let mut found: Vec<_> = found.into_iter().map(named).collect();
        found.sort();
        found
    }
}

const FILES: &[(&str, &str)] = &[
    ("animals/koala.txt", "a koala"),
    ("animals/young/joey.txt", "a joey"),
    ("animals.txt", "a list"),
    ("plants/tree.txt", "a tree"),
];

fn got(done: Done) -> Vec<Value> {
    done.objects().into_iter().filter(|it| it["type"] == "got").collect()
}

#[test]
fn files_are_named_by_place_number_content_and_words() {
    let town = Town::new();
    let pair = Pair::new(&town);
    let several = pair.get("several", &["bob:zoo/plants/tree.txt", "bob:zoo/animals/koala.txt"]);
    assert_eq!(got(several).len(), 2);
    assert_eq!(pair.files("several"), ["koala.txt", "tree.txt"]);
    // A folder comes with its name, and nothing that only begins so.
    pair.get("folder", &["bob:zoo/animals"]).ok();
    assert_eq!(pair.files("folder"), ["animals/koala.txt", "animals/young/joey.txt"]);
    pair.get("all", &["bob:zoo"]).ok();
    assert_eq!(pair.files("all").len(), FILES.len());
    pair.get("words", &["--all", "animals", "txt"]).ok();
    assert_eq!(pair.files("words"), ["animals.txt", "joey.txt", "koala.txt"]);

    let found = pair.mallory.objects(&["search", "koala"]);
    let (id, size) = (found[0]["content"].as_str().unwrap(), found[0]["size"].as_u64().unwrap());
    pair.get("content", &["--content", id]).ok();
    assert_eq!(pair.files("content"), ["koala.txt"]);
    pair.get("sized", &["--content", &format!("{id}:{size}"), "--from", "bob"]).ok();
    pair.get("number", &["1", "--from", "bob"]).ok();
    let address = pair.serving.first["address"].as_str().unwrap();
    let by_hand = pair.get("at", &["bob:zoo/animals.txt", "--from", "bob", "--at", address]);
    let by_hand = &got(by_hand)[0];
    assert_eq!((&by_hand["from"], &by_hand["landed"]), (&"bob".into(), &"new".into()));
    assert_eq!((&by_hand["receipt"], &by_hand["verified"]), (&true.into(), &false.into()));

    // What is not there, or not from whom it is wanted.
    assert_eq!(pair.get("no", &["bob:zoo/animals/none.txt"]).exit, 3);
    assert_eq!(pair.get("no", &["bob:none"]).exit, 3);
    assert_eq!(pair.get("no", &["9"]).exit, 3);
    assert_eq!(pair.get("no", &["1", "--from", "mallory"]).exit, 3);
    assert_eq!(pair.get("no", &["--all", "gnu"]).exit, 3);
    assert_eq!(pair.get("no", &["--content", &"0".repeat(64)]).exit, 2);
    assert_eq!(pair.get("no", &["--content", &format!("{}:1", "0".repeat(64))]).exit, 3);
    assert_eq!(pair.get("no", &[]).exit, 2);
    let err = pair.get("no", &["1", "--at", address]).failed(2);
    assert!(err.contains("it is not said who is at 127.0.0.1:"), "{err}");
    let of_two = ["bob:zoo/animals.txt", "mallory:zoo/animals.txt", "--at", address];
    assert_eq!(pair.get("no", &of_two).exit, 2);
    assert_eq!(pair.get("no", &["bob:zoo", "--all", "animals", "--at", address]).exit, 2);
    assert!(pair.files("no").is_empty());

    // A folder is browsed alone, too.
    let listed = pair.mallory.objects(&["browse", "bob:zoo/animals"]);
    assert_eq!(listed.len(), 2, "{listed:?}");
    assert_eq!(listed[0]["sources"][0]["object"], "bob:zoo/animals/koala.txt");
    pair.mallory.run(&["browse", "bob:zoo/none"]).failed(3);
    let pictures = pair.mallory.objects(&["browse", "bob", "--keyword", "Pictures"]);
    assert_eq!(pictures.len(), FILES.len());
    let err = pair.mallory.run(&["browse", "bob", "--keyword", "films"]).failed(3);
    assert!(err.contains("has the keyword films"), "{err}");
    assert!(err.contains("there are animals, pictures, plants, young, zoo"), "{err}");
    // A folder is a keyword, wherever it lies.
    let animals = pair.mallory.objects(&["browse", "bob", "--keyword", "Animals"]);
    assert_eq!(animals.len(), 2, "{animals:?}");
    let keywords = &animals[1]["sources"][0]["keywords"];
    assert_eq!(*keywords, serde_json::json!(["pictures", "zoo", "animals", "young"]));
    assert_eq!(pair.mallory.objects(&["browse", "bob", "--keyword", "young"]).len(), 1);
    let first = ["browse", "bob", "--keyword", "animals", "--limit", "1"];
    assert_eq!(pair.mallory.objects(&first), animals[..1]);
    let table = pair.mallory.run(&["search", "koala"]).ok();
    assert!(table.contains("pictures, zoo, animals"), "{table}");
}

#[test]
fn who_knows_better_than_the_index_says_where_somebody_is() {
    let town = Town::new();
    let Pair { bob, mallory, serving, .. } = Pair::new(&town);
    bob.run(&["verify", "mallory", "--yes"]).ok();
    drop(serving);
    let serving = Serving::of(&mut bob.command(&["serve", "--json", "--receive", "verified"]));
    let there = serving.first["address"].as_str().unwrap();
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let letter = mallory.write("letter.txt", b"dear bob");
    let verbs: [&[&str]; 3] = [
        &["get", "bob:zoo/plants/tree.txt", "--out", "out"],
        &["browse", "bob:zoo/plants"],
        &["send", "bob", letter.to_str().unwrap()],
    ];
    for verb in verbs {
        let at = |at: &str| mallory.run(&[verb, &["--retries", "1", "--at", at]].concat());
        at(&nobody).failed(5);
        at(there).ok();
    }
    assert_eq!(fs::read(bob.path.join("downloads/letter.txt")).unwrap(), b"dear bob");
    // What is gone on with goes on there.
    let other = mallory.write("other.txt", b"dear bob, again");
    let send = ["send", "bob", other.to_str().unwrap(), "--retries", "1", "--at"];
    mallory.run(&[&send[..], &[&nobody]].concat()).failed(5);
    let transfers = mallory.objects(&["transfers"]);
    let is_other = |it: &&Value| it["what"] == "other.txt to bob";
    let number = transfers.iter().find(is_other).unwrap()["number"].to_string();
    mallory.run(&["transfers", "resume", &number, "--retries", "1"]).failed(5);
    mallory.run(&[&send[..], &[there]].concat()).ok();
}

#[test]
fn nothing_is_replaced_unless_it_is_said() {
    let town = Town::new();
    let pair = Pair::new(&town);
    let tree = "bob:zoo/plants/tree.txt";
    assert_eq!(got(pair.get("out", &[tree]))[0]["landed"], "new");
    let again = pair.get("out", &[tree]);
    assert_eq!(again.exit, 9, "{again:?}");
    assert!(again.out.contains("\"already\""), "{again:?}");
    let here = town.machine.at("out/tree.txt");
    fs::write(&here, "mine").unwrap();
    let taken = pair.get("out", &[tree]);
    assert_eq!(taken.exit, 7, "{taken:?}");
    assert!(taken.err.contains("--overwrite"), "{taken:?}");
    assert_eq!(fs::read_to_string(&here).unwrap(), "mine");
    assert_eq!(got(pair.get("out", &[tree, "--overwrite"]))[0]["landed"], "replaced");
    assert_eq!(fs::read_to_string(&here).unwrap(), "a tree");
    // A folder is in the way of everything.
    fs::create_dir_all(town.machine.at("blocked/tree.txt")).unwrap();
    assert_eq!(pair.get("blocked", &[tree, "--overwrite"]).exit, 7);
    // A file is where the folder would be.
    fs::write(town.machine.at("plain"), "mine").unwrap();
    for out in ["plain", "plain/below"] {
        let err = pair.get(out, &[tree]).failed(7);
        assert!(err.contains("a file is in the place of a folder"), "{err}");
    }
}

#[test]
#[cfg(target_os = "linux")]
fn at_a_terminal_it_is_asked_what_becomes_of_what_is_in_the_way() {
    let town = Town::new();
    let pair = Pair::new(&town);
    let at = |verb: &str| {
        let call = format!("{} {verb}", env!("CARGO_BIN_EXE_client"));
        Terminal::open(&pair.mallory.path, &call, &town.machine.at("home"))
    };
    let read = |name: &str| {
        fs::read_to_string(pair.mallory.path.join("out").join(name)).unwrap_or_default()
    };
    pair.mallory.write("out/tree.txt", b"mine");
    let get = "get bob:zoo/plants/tree.txt --out out";
    let mut skips = at(get);
    skips.sees("out/tree.txt is here, and is another file").sees("[s]: ").types("\r");
    assert_eq!(skips.exit(), Some(9));
    let mut keeps = at(get);
    keeps.sees("this one as tree (2).txt").sees("[s]: ").types("what?\r").sees("[s]: ");
    keeps.types("k\r").sees("out/tree (2).txt: 6 bytes, signed by bob");
    assert_eq!(keeps.exit(), Some(0));
    assert_eq!((read("tree.txt"), read("tree (2).txt")), ("mine".to_owned(), "a tree".to_owned()));
    let mut refuses = at(&format!("{get} --overwrite"));
    refuses.sees("Replace? [y/N] ").types("\r");
    assert_eq!(refuses.exit(), Some(9));
    assert_eq!(read("tree.txt"), "mine");
    assert_eq!(at(&format!("{get} --yes")).exit(), Some(7));
    let mut replaces = at(get);
    replaces.sees("[s]: ").types("r\r").sees("out/tree.txt: 6 bytes, signed by bob");
    assert_eq!(replaces.exit(), Some(0));
    assert_eq!(read("tree.txt"), "a tree");

    // Of several, one by one.
    pair.mallory.write("out/animals/koala.txt", b"mine");
    pair.mallory.write("out/animals/young/joey.txt", b"mine");
    let mut several = at("get bob:zoo/animals --out out");
    several.sees("2 files are here, and are others").sees("[s]: ").types("o\r");
    several.sees("koala.txt is here").sees("[s]: ").types("r\r");
    several.sees("joey.txt is here").sees("[s]: ").types("s\r");
    assert_eq!(several.exit(), Some(0));
    assert_eq!(
        (read("animals/koala.txt"), read("animals/young/joey.txt")),
        ("a koala".into(), "mine".into())
    );
    // It is there, so nothing is asked.
    assert_eq!(at(get).exit(), Some(9));
    assert_eq!(at(&format!("{get} --overwrite -y")).exit(), Some(9));
}

#[test]
fn who_has_gone_is_unreachable() {
    let town = Town::new();
    let pair = Pair::new(&town);
    kill_process(pair.serving.pid(), Signal::KILL).unwrap();
    let Pair { bob, serving, .. } = &pair;
    let address = serving.first["address"].as_str().unwrap().to_owned();
    // Else the bob of another test, who has the same keys, might be there next.
    let mut nobody = None;
    in_the_end(true, || {
        nobody = nobody.take().or_else(|| TcpListener::bind(&address).ok());
        nobody.is_some()
    });
    thread::spawn(move || nobody.unwrap().incoming().for_each(drop));
    let once = ["--retries", "1"];
    let gone = pair.get("out", &[&["bob:zoo/plants/tree.txt"][..], &once].concat());
    assert_eq!(gone.exit, 5, "{gone:?}");
    let zoo = bob.path.join("zoo");
    let sent = pair.mallory.run(&[&["send", "bob", zoo.to_str().unwrap()][..], &once].concat());
    assert!(sent.exit == 5 && sent.err.contains("hint: "), "{sent:?}");
    let by_hand = ["bob:zoo/plants/tree.txt", "--from", "bob", "--at", &address, once[0], once[1]];
    assert_eq!(pair.get("out", &by_hand).exit, 5);
    assert!(pair.files("out").is_empty());
    // What needs nobody but the index goes on.
    pair.mallory.run(&["verify", "bob", "--yes", "--json"]).ok();
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_is_told_and_left_as_it_was() {
    let town = Town::new();
    let pair = Pair::new(&town);
    pair.bob.write("zoo/large.bin", &vec![7; 3 << 20]);
    drop(pair.serving);
    let _serving = pair.bob.serve();
    let small = town.machine.at("small");
    fs::create_dir(&small).unwrap();
    let mount = format!("mount -t tmpfs -o size=1m none '{}'", small.display());
    let can = Command::new("unshare").args(["-rm", "sh", "-c", &mount]).output();
    if !can.is_ok_and(|it| it.status.success()) {
        return skipped("no small disk can be had here");
    }
    let wanted = ["get", "bob:zoo/large.bin", "--json", "--out", small.to_str().unwrap()];
    let client = pair.mallory.command(&wanted);
    let mut command = Command::new("unshare");
    let script = format!("{mount} && \"$@\"; code=$?; ls -A '{}' >&2; exit $code", small.display());
    command.args(["-rm", "sh", "-c", &script, "sh"]).arg(client.get_program());
    command.args(client.get_args()).current_dir(client.get_current_dir().unwrap());
    command.envs(client.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let done = Done::of(&mut command);
    assert_eq!(done.exit, 8, "{done:?}");
    assert!(done.err.ends_with("make room, or name another folder with --out\n"), "{done:?}");
}
