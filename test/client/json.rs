//! What programs read: a story is played with `--json`, and every object and field that comes stands in
//! `docs/json.md`, and what stands there comes.

use crate::json_page::{Section, sections};
use crate::town::{Home, Serving, Town};
use rustix::process::{Signal, kill_process};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;

fn page() -> String {
    fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/json.md")).unwrap()
}

/// All objects that came, each with the verb that printed it.
#[derive(Default)]
struct Heard(Vec<(String, Value)>);

impl Heard {
    /// Types a verb, which ends so.
    #[track_caller]
    fn types(&mut self, home: &Home<'_>, arguments: &[&str], exit: i32) -> Vec<Value> {
        let done = home.run(&[arguments, &["--json"]].concat());
        assert_eq!(done.exit, exit, "{arguments:?}: {done:?}");
        self.hears("client", arguments, &done.out)
    }

    /// The same of the index's owner.
    #[track_caller]
    fn orders(&mut self, town: &Town, arguments: &[&str], exit: i32) -> Vec<Value> {
        let done = town.machine.verb(&[arguments, &["--json"]].concat());
        assert_eq!(done.exit, exit, "{arguments:?}: {done:?}");
        self.hears("server", arguments, &done.out)
    }

    fn hears(&mut self, program: &str, arguments: &[&str], out: &str) -> Vec<Value> {
        let has_verbs = ["share", "keys", "transfers", "inbox"].contains(&arguments[0]);
        let below = arguments.get(1).filter(|_| has_verbs).map(|below| format!(" {below}"));
        let verb = format!("{program} {}{}", arguments[0], below.unwrap_or_default());
        let objects = out.lines().map(|line| serde_json::from_str(line).expect(line));
        let objects: Vec<Value> = objects.collect();
        self.0.extend(objects.iter().map(|it| (verb.clone(), it.clone())));
        objects
    }

    /// What somebody who is online says, up to an event of this kind.
    fn listens(&mut self, serving: &mut Serving, kind: &str) {
        loop {
            let event = serving.event();
            let is_it = event["type"] == kind;
            self.0.push(("client serve".to_owned(), event));
            if is_it {
                return;
            }
        }
    }

    fn serves(&mut self, home: &Home<'_>) -> Serving {
        let serving = home.serve();
        self.0.push(("client serve".to_owned(), serving.first.clone()));
        serving
    }
}

#[test]
fn every_object_that_comes_is_on_the_page_and_every_object_of_the_page_comes() {
    let mut heard = Heard::default();
    let mut town = Town::new();
    let (bob, mallory) = (town.home("bob"), town.home("mallory"));
    come(&mut heard, &town, &[(&bob, "bob"), (&mallory, "mallory")]);
    share(&mut heard, &bob, &mallory);
    get_and_send(&mut heard, &bob, &mallory);
    #[cfg(target_os = "linux")]
    offer(&mut heard, &town, &bob, &mallory);
    change(&mut heard, &town, &bob, &mallory);
    drop((bob, mallory));
    rule(&mut heard, &mut town);
    let sections = sections(&page());
    let came = hold(&heard, &sections);
    for (section, came) in sections.iter().zip(came) {
        section.is_whole(&came);
    }
}

#[test]
fn what_is_typed_wrongly_is_an_object_too() {
    let town = Town::new();
    let bob = town.home("bob");
    let wrong: [(&[&str], &str); 3] = [
        (&["--json", "search", "--limit", "0", "x"], "--limit"),
        (&["serach", "x", "--json"], "there is no verb 'serach'"),
        (&["get", "--json=true", "--nothing"], "there is no '--nothing' here"),
    ];
    for (words, why) in wrong {
        let done = bob.run(words);
        assert_eq!(done.exit, 2, "{done:?}");
        let told: Value = serde_json::from_str(&done.out).unwrap();
        assert_eq!((&told["type"], &told["exit"]), (&"failed".into(), &2.into()), "{told}");
        let (text, hint) = (told["text"].as_str().unwrap(), told["hint"].as_str().unwrap());
        assert!(text.contains(why) && !text.contains("error:"), "{told}");
        assert!(!hint.is_empty() && done.err.contains(hint), "{done:?}");
    }
    for words in [&["search", "--limit", "0", "x"][..], &["get", "--nothing", "--json=false"]] {
        assert_eq!(bob.run(words).out, "", "{words:?}");
    }
}

#[test]
fn all_files_of_what_ended_well_have_ended() {
    let town = Town::new();
    let (bob, mallory) = (town.joined("bob"), town.joined("mallory"));
    for name in ["one", "two", "three"] {
        mallory.write(&format!("letters/{name}"), name.as_bytes());
    }
    let letters = mallory.path.join("letters");
    bob.run(&["verify", "mallory", "--yes"]).ok();
    let takes = ["serve", "--json", "--receive", "verified"];
    let _serving = Serving::of(&mut bob.command(&takes));
    let told = mallory.objects(&["send", "bob", letters.to_str().unwrap()]);
    let is_sent = |it: &&Value| it["type"] == "ended" && it["work"] == "sending";
    let ended = told.iter().find(is_sent).unwrap_or_else(|| panic!("{told:?}"));
    assert_eq!((&ended["files"], &ended["ended"]), (&3.into(), &3.into()), "{ended}");
    assert_eq!(ended["complete"], true);
}

#[test]
fn the_exit_codes_of_the_page_are_those_of_the_programs() {
    let code = include_str!("../../src/node/error/exit.rs").lines();
    let codes = code.filter_map(|line| line.trim().strip_prefix("Self::")?.split(" => ").nth(1));
    let codes = codes.filter_map(|number| number.trim_end_matches(',').parse::<u8>().ok());
    let page = page();
    let (_, table) = page.split_once("| exit code | means |\n|---|---|\n").unwrap();
    let rows = table.lines().map_while(|line| line.strip_prefix("| ")?.split(' ').next());
    let told: BTreeSet<u8> = rows.map(|number| number.parse().unwrap()).collect();
    assert_eq!(told, codes.collect());
    assert!(told.len() >= 13);
}

/// Keys, accounts, and where everything is.
fn come(heard: &mut Heard, town: &Town, people: &[(&Home<'_>, &str)]) {
    let (invitation, secret) = (town.invitation(), ["--password-file", "password"]);
    for (home, name) in people {
        home.give_keys(name);
        let join = [&["join", &invitation, "--user", name][..], &secret].concat();
        heard.types(home, &join, 0);
    }
    let (bob, mallory) = (people[0].0, people[1].0);
    heard.types(mallory, &["whoami", "--contact", "room 12"], 0);
    heard.types(bob, &["whoami"], 0);
    heard.types(bob, &["paths"], 0);
    heard.types(bob, &["doctor"], 0);
    heard.types(bob, &["completions", "bash"], 0);
    let (new, other) = (town.home("new"), town.home("other"));
    heard.types(&new, &["keys", "generate", "--no-passphrase"], 0);
    heard.types(bob, &["keys", "show"], 0);
    heard.types(bob, &["keys", "export", "bobs-keys", "--no-passphrase"], 0);
    heard.types(&other, &["keys", "import", "bobs-keys"], 0);
    heard.types(bob, &["verify", "mallory", "--yes"], 0);
    heard.types(bob, &["people"], 0);
}

fn share(heard: &mut Heard, bob: &Home<'_>, mallory: &Home<'_>) {
    bob.write("zoo/animals/koala.txt", &vec![7; 3 << 20]);
    bob.write("zoo/list.txt", b"a list");
    bob.write("zoo/.hidden", b"");
    let zoo = bob.path.join("zoo");
    std::os::unix::fs::symlink("list.txt", zoo.join("a-link")).unwrap();
    let ant = bob.write("ant", b"an ant");
    heard.types(bob, &["share", "add", zoo.to_str().unwrap(), "--keyword", "pictures"], 0);
    heard.types(bob, &["share", "add", ant.to_str().unwrap()], 0);
    heard.types(bob, &["share", "rm", "ant"], 0);
    heard.types(bob, &["share", "set", "zoo", "--keyword", "animals"], 0);
    heard.types(bob, &["share", "scan", "zoo"], 0);
    heard.types(bob, &["share", "ls"], 0);
    heard.types(bob, &["share", "ls", "zoo"], 0);
    let bobs = heard.types(bob, &["whoami"], 0)[0]["fingerprint"].as_str().unwrap().to_owned();
    heard.types(mallory, &["trust", "bob", "--replace", &bobs], 0);
    heard.types(mallory, &["search", "koala"], 0);
    heard.types(mallory, &["browse", "bob"], 0);
    heard.types(mallory, &["browse", "nobody"], 3);
}

fn get_and_send(heard: &mut Heard, bob: &Home<'_>, mallory: &Home<'_>) {
    let settings = bob.path.join("waxwing.toml");
    let set = "receive = \"verified\"\nupload-limit = \"100kB\"\n";
    fs::write(&settings, fs::read_to_string(&settings).unwrap() + set).unwrap();
    let (mut sharing, mut open) = (heard.serves(bob), heard.serves(mallory));
    heard.types(mallory, &["get", "bob:zoo/list.txt"], 0);
    heard.types(mallory, &["get", "bob:zoo/list.txt"], 9);
    heard.listens(&mut sharing, "served");
    let landed = mallory.path.join("downloads/list.txt");
    heard.types(mallory, &["verify", landed.to_str().unwrap()], 0);
    heard.types(mallory, &["send", "bob", landed.to_str().unwrap()], 0);
    heard.listens(&mut sharing, "received");

    // What takes half a minute is stopped, gone on with, and given up.
    let begun = heard.types(mallory, &["get", "bob:zoo/animals/koala.txt", "--background"], 0);
    let number = begun[0]["number"].to_string();
    heard.listens(&mut open, "progress");
    heard.types(mallory, &["transfers"], 0);
    heard.types(mallory, &["transfers", "pause", &number], 0);
    heard.types(mallory, &["transfers"], 0);
    heard.types(mallory, &["transfers", "resume", &number, "--background"], 0);
    heard.types(mallory, &["transfers", "cancel", &number], 0);
    heard.types(mallory, &["get", "bob:zoo/list.txt", "--out", "here", "--background"], 0);
    heard.listens(&mut open, "got");
    for (home, serving) in [(bob, sharing), (mallory, open)] {
        kill_process(serving.pid(), Signal::INT).unwrap();
        assert_eq!(serving.exit(), Some(0), "{:?}", home.path);
    }
    // Nobody listens there.
    let away = ["get", "bob:zoo/animals", "--from", "bob", "--at", "127.0.0.1:9", "--out", "away"];
    heard.types(mallory, &[&away[..], &["--retries", "2", "--retry-pause", "0"]].concat(), 5);
}

/// What is offered waits where a prompt is open, and is decided about from elsewhere.
#[cfg(target_os = "linux")]
fn offer(heard: &mut Heard, town: &Town, bob: &Home<'_>, mallory: &Home<'_>) {
    let program = env!("CARGO_BIN_EXE_client");
    let mut at = crate::terminal::Terminal::open(&mallory.path, program, &town.machine.at("home"));
    at.sees("mallory> ");
    let letter = bob.write("letter.txt", b"Dear Mallory");
    let send = ["send", "mallory", letter.to_str().unwrap(), "--json"];
    for (number, decision, exit) in [("1", "accept", 0), ("2", "decline", 4)] {
        std::thread::scope(|scope| {
            let sending = scope.spawn(|| bob.run(&send));
            at.sees(&format!("inbox accept {number}"));
            heard.types(mallory, &["inbox"], 0);
            heard.types(mallory, &["inbox", decision, number], 0);
            let sent = sending.join().unwrap();
            assert_eq!(sent.exit, exit, "{sent:?}");
            heard.hears("client", &send, &sent.out);
        });
    }
    at.types("quit\r");
    assert_eq!(at.exit(), Some(0));
}

/// Other passwords, other keys.
fn change(heard: &mut Heard, town: &Town, bob: &Home<'_>, mallory: &Home<'_>) {
    fs::write(town.machine.at("next"), "another password").unwrap();
    let passwords = ["--password-file", "password", "--new-password-file", "next"];
    heard.types(bob, &[&["passwd"], &passwords[..]].concat(), 0);
    heard.types(bob, &["logout"], 0);
    heard.types(bob, &["login", "--password-file", "next"], 0);
    heard.types(mallory, &["keys", "rotate", "--password-file", "password"], 0);
    heard.types(bob, &["login", "--password-file", "password"], 4);
}

/// What the owner of the index asks for, with the server and after it.
fn rule(heard: &mut Heard, town: &mut Town) {
    heard.0.push(("server".to_owned(), town.index.listening()));
    heard.orders(town, &["invite", "--for", "carol"], 0);
    heard.orders(town, &["invite", "--list"], 0);
    heard.orders(town, &["users"], 0);
    heard.orders(town, &["users", "--close", "nobody"], 3);
    heard.orders(town, &["sessions"], 0);
    heard.orders(town, &["shares"], 0);
    heard.orders(town, &["directory"], 0);
    heard.orders(town, &["backup", "copy.db"], 0);
    heard.orders(town, &["check"], 0);
    heard.orders(town, &["sessions", "--end", "bob"], 0);
    heard.orders(town, &["users", "--close", "mallory"], 0);
    // Until nobody is online any more.
    while heard.orders(town, &["stats"], 0)[0]["online"] != 0 {}
    town.index.signal(Signal::TERM);
    heard.0.extend(town.index.events().into_iter().map(|event| ("server".to_owned(), event)));
    town.index.end();
    heard.orders(town, &["stats"], 0);
    heard.orders(town, &["restore", "copy.db"], 0);
}

/// Every object is as a section says; gives the types, verbs and fields that came of each section.
fn hold(heard: &Heard, sections: &[Section]) -> Vec<BTreeSet<String>> {
    let mut came = vec![BTreeSet::new(); sections.len()];
    for (verb, object) in &heard.0 {
        let about = sections.iter().enumerate().filter(|(_, it)| it.is_about(verb, object));
        let looked: Vec<_> = about.map(|(at, section)| (at, section.fits(object))).collect();
        match looked.iter().find_map(|(at, fits)| Some((*at, fits.as_ref().ok()?))) {
            Some((at, fields)) => {
                came[at].extend(fields.iter().cloned());
                came[at].insert(verb.clone());
                came[at].insert(format!("type {}", object["type"].as_str().unwrap()));
            }
            None => {
                let why: Vec<_> = looked.into_iter().filter_map(|(_, fits)| fits.err()).collect();
                panic!("docs/json.md: {verb}: {object}: {why:?}");
            }
        }
    }
    came
}

impl Section {
    /// All that is not said to be seldom has come, and the examples look like it.
    #[track_caller]
    fn is_whole(&self, came: &BTreeSet<String>) {
        let is_played = !self.verbs.usual.is_empty() || self.verbs.seldom.is_empty();
        let types = self.types.usual.iter().map(|it| format!("type {it}"));
        let fields = self.fields.iter().filter(|it| !it.is_seldom).map(|it| it.name.clone());
        let wanted = types.chain(fields).chain(self.verbs.usual.iter().cloned());
        let missing: Vec<_> = wanted.filter(|it| is_played && !came.contains(it)).collect();
        assert!(missing.is_empty(), "{}: these never came: {missing:?}", self.heading);
        assert!(!self.examples.is_empty(), "{} shows no example", self.heading);
        for example in &self.examples {
            let verb = self.verbs.usual.iter().chain(&self.verbs.seldom).next();
            let verb = verb.map_or("client", String::as_str);
            assert!(self.is_about(verb, example), "{}: {example}", self.heading);
            self.fits(example).unwrap_or_else(|why| panic!("{}: {why}", self.heading));
        }
    }
}
