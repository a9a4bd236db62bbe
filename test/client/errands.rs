//! Verbs that go through the program that is open in the same home, and transfers that are stopped and
//! gone on with.

use crate::locked::lock;
use crate::stage::Done;
use crate::terminal::Terminal;
use crate::town::{Home, PASSWORD, Serving, Town, in_the_end};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::process::Stdio;
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

/// Bob shares two files. Mallory is there as well, and her keys are out of reach of other programs.
struct Open<'a> {
    town: &'a Town,
    bob: Home<'a>,
    mallory: Home<'a>,
    sharing: Serving,
    open: Serving,
}

impl<'a> Open<'a> {
    fn new(town: &'a Town) -> Self {
        let (bob, mallory) = (town.joined("bob"), town.joined("mallory"));
        bob.write("zoo/koala.txt", b"a koala");
        bob.write("zoo/large", &vec![7; 100 << 20]);
        let zoo = bob.path.join("zoo");
        bob.run(&["share", "add", zoo.to_str().unwrap()]).ok();
        let sharing = bob.serve();
        let open = mallory.serve();
        fs::rename(mallory.path.join("keys"), mallory.path.join("keys.elsewhere")).unwrap();
        Self { town, bob, mallory, sharing, open }
    }

    fn states(&self) -> Vec<String> {
        let listed = self.mallory.objects(&["transfers"]);
        listed.iter().map(|listed| listed["state"].as_str().unwrap().to_owned()).collect()
    }

    /// Bob's program stands still, in the middle of whatever it does.
    fn hold(&self) -> Held {
        kill_process(self.sharing.pid(), Signal::STOP).unwrap();
        Held(self.sharing.pid())
    }
}

/// A program that stands still until this is dropped.
struct Held(Pid);

impl Drop for Held {
    fn drop(&mut self) {
        let _ = kill_process(self.0, Signal::CONT);
    }
}

/// How much is said of what is held in a hidden folder of this one.
pub(crate) fn journal_length(folder: &Path) -> Option<u64> {
    let mut hidden = fs::read_dir(folder).ok()?.flatten();
    hidden.find_map(|hidden| Some(hidden.path().join("journal").metadata().ok()?.len()))
}

#[test]
fn a_verb_works_through_the_program_that_is_open() {
    let town = Town::new();
    let stage = Open::new(&town);
    let socket = fs::metadata(stage.mallory.path.join("state/open")).unwrap();
    assert!(socket.file_type().is_socket());
    assert_eq!(socket.permissions().mode() & 0o777, 0o600);
    // Found there, fetched by its number, and put where the verb was typed.
    let found = stage.mallory.objects(&["search", "koala"]);
    assert_eq!(found[0]["sources"][0]["object"], "bob:zoo/koala.txt", "{found:?}");
    let elsewhere = stage.town.machine.at("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    let mut command = stage.mallory.command(&["get", "1", "--out", "here"]);
    let got = Done::of(command.current_dir(&elsewhere));
    assert!(got.out.starts_with("here/koala.txt: 7 bytes, signed by bob"), "{got:?}");
    assert_eq!(fs::read(elsewhere.join("here/koala.txt")).unwrap(), b"a koala");
    // What went wrong is told there as well, with its code.
    let missing = stage.mallory.run(&["get", "bob:zoo/panda.txt"]).failed(3);
    assert!(missing.contains("bob:zoo/panda.txt is not shared with you"), "{missing}");
    let objects = stage.mallory.run(&["get", "bob:zoo/panda.txt", "--json"]);
    assert_eq!(serde_json::from_str::<Value>(objects.out.trim()).unwrap()["exit"], 3);
    assert!(stage.mallory.run(&["get", "1", "--nonsense"]).failed(2).contains("--nonsense"));
    // Where what others send goes, the open program knows itself.
    let downloads =
        |verb: &[&str]| stage.mallory.run(&[&["--downloads", "there"][..], verb].concat()).err;
    let note = "--downloads does nothing here";
    assert!(downloads(&["inbox", "accept", "1"]).contains(note));
    assert!(!downloads(&["get", "1"]).contains(note));
    assert!(town.machine.at("there/koala.txt").is_file());
}

#[test]
fn a_program_reads_the_same_whichever_program_does_the_work() {
    let town = Town::new();
    let (bob, mallory) = (town.joined("bob"), town.joined("mallory"));
    let koala = bob.write("zoo/koala.txt", b"a koala");
    bob.run(&["share", "add", koala.parent().unwrap().to_str().unwrap()]).ok();
    let _sharing = bob.serve();
    let elsewhere = town.machine.at("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    let elsewhere = elsewhere.canonicalize().unwrap();
    for open in [false, true] {
        let _open = open.then(|| mallory.serve());
        for round in 0..5 {
            let out = format!("out-{open}-{round}");
            let mut command =
                mallory.command(&["get", "bob:zoo/koala.txt", "--out", &out, "--json"]);
            let told = Done::of(command.current_dir(&elsewhere)).objects();
            let got = told.last().unwrap();
            let file = elsewhere.join(&out).join("koala.txt");
            assert_eq!((&got["type"], &got["file"]), (&json!("got"), &json!(file)), "{told:?}");
            let count = |kind: &str| told.iter().filter(|it| it["type"] == kind).count();
            assert!(count("began") > 0, "{told:?}");
            assert_eq!(count("began"), count("ended"), "{told:?}");
        }
    }
}

#[test]
fn a_password_is_read_where_the_verb_is_typed() {
    let town = Town::new();
    let stage = Open::new(&town);
    fs::write(town.machine.at("next"), "correct horse battery two\n").unwrap();
    let arguments = ["passwd", "--password-file", "-", "--new-password-file", "next"];
    let mut command = stage.mallory.command(&arguments);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(PASSWORD.as_bytes()).unwrap();
    let done = child.wait_with_output().unwrap();
    assert!(done.status.success(), "{done:?}");
    let again = ["passwd", "--password-file", "password", "--new-password-file", "next"];
    stage.mallory.run(&again).failed(4);
}

#[test]
fn the_passphrase_is_asked_once_for_all_programs_of_a_home() {
    let town = Town::new();
    let bob = town.joined("bob");
    let secret = "a passphrase for the keys";
    lock(&bob, secret);
    let client = env!("CARGO_BIN_EXE_client");
    let mut prompt = Terminal::open(&bob.path, client, &town.machine.at("home"));
    prompt.sees("assphrase").types(&format!("{secret}\r")).sees("you are online").sees("bob> ");
    let tree = bob.write("tree.txt", b"a tree");
    bob.run(&["share", "add", tree.to_str().unwrap()]).ok();
    assert_eq!(bob.objects(&["search", "tree"]).len(), 1);
    // Nor does whoever wants to know whether all is well type it once more.
    assert!(bob.objects(&["doctor"]).iter().all(|check| check["well"] == true));
    prompt.types("quit\r");
    assert_eq!(prompt.exit(), Some(0));
    // Without it, nobody can be asked.
    assert_ne!(bob.run(&["search", "tree"]).exit, 0);
}

#[test]
fn what_is_no_errand_harms_nobody() {
    let town = Town::new();
    let stage = Open::new(&town);
    let say = |line: &[u8]| {
        let mut line_to = UnixStream::connect(stage.mallory.path.join("state/open")).unwrap();
        // It may be closed before all of it is said, or heard.
        let _ = line_to.write_all(line);
        let _ = line_to.shutdown(std::net::Shutdown::Write);
        let mut told = String::new();
        let _ = line_to.read_to_string(&mut told);
        told
    };
    assert_eq!(say(b"koala\n"), "");
    assert_eq!(say(b""), "");
    assert_eq!(say(&vec![b'k'; 2 << 20]), "");
    let look = json!({ "colours": false, "width": null });
    let errand = json!({
        "version": "0.0.0", "words": ["transfers", "cancel", "1"], "folder": "/", "json": false,
        "out": look, "err": look, "can_ask": false,
    });
    let told = say(format!("{errand}\n").as_bytes());
    assert!(told.contains("of another version"), "{told}");
    assert!(told.ends_with("{\"done\":1}\n"), "{told}");
    stage.mallory.run(&["whoami"]).ok();
}

#[test]
fn a_transfer_ends_with_its_verb_and_goes_on() {
    let town = Town::new();
    let stage = Open::new(&town);
    let held = stage.hold();
    let mut command = stage.mallory.command(&["get", "bob:zoo/large"]);
    let mut verb = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    in_the_end(vec!["under-way".to_owned()], || stage.states());
    let again = stage.mallory.run(&["get", "bob:zoo/large"]).failed(9);
    assert!(again.contains("transfer 1 is under way already"), "{again}");
    verb.kill().unwrap();
    verb.wait().unwrap();
    in_the_end(vec!["stopped".to_owned()], || stage.states());
    drop(held);
    let done = stage.mallory.run(&["transfers", "resume", "1"]).ok();
    assert!(done.contains("large: 100 MiB, signed by bob"), "{done}");
    assert_eq!(stage.states(), Vec::<String>::new());
    stage.mallory.run(&["transfers", "resume", "1"]).failed(3);
    assert!(stage.bob.path.is_dir());
}

#[test]
fn a_transfer_goes_on_without_its_verb() {
    let town = Town::new();
    let mut stage = Open::new(&town);
    let held = stage.hold();
    let begun = stage.mallory.objects(&["get", "bob:zoo/large", "--background"]);
    assert_eq!(begun, [json!({ "type": "begun", "number": 1 })]);
    assert_eq!(stage.states(), ["under-way"]);
    stage.mallory.run(&["transfers", "pause", "1"]).ok();
    assert_eq!(stage.states(), ["stopped"]);
    stage.mallory.run(&["transfers", "pause", "1"]).failed(9);
    drop(held);
    stage.mallory.run(&["transfers", "resume", "--background"]).ok();
    let got = stage.open.await_event("got");
    assert_eq!((&got["path"], &got["landed"]), (&json!("large"), &json!("new")));
    in_the_end(Vec::new(), || stage.states());
    let large = fs::read(stage.mallory.path.join("downloads/large")).unwrap();
    assert!(large == vec![7; 100 << 20]);
}

#[test]
fn a_transfer_of_a_killed_program_is_known_and_given_up() {
    let town = Town::new();
    let (bob, mallory) = (town.joined("bob"), town.joined("mallory"));
    bob.write("zoo/large", &vec![7; 200 << 20]);
    let zoo = bob.path.join("zoo");
    bob.run(&["share", "add", zoo.to_str().unwrap()]).ok();
    let serving = ["serve", "--json", "--upload-limit", "60MB"];
    let serving = Serving::of(&mut bob.command(&serving));
    let mut command = mallory.command(&["get", "bob:zoo/large"]);
    let mut getting = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    // Not before something of it is held, and no more of it than that.
    let downloads = mallory.path.join("downloads");
    let (begun, mut first) = (Instant::now(), None);
    loop {
        assert!(begun.elapsed() < Duration::from_secs(60), "nothing comes");
        let length = journal_length(&downloads);
        first = first.or(length);
        if length > first {
            break;
        }
    }
    kill_process(serving.pid(), Signal::STOP).unwrap();
    let _held = Held(serving.pid());
    getting.kill().unwrap();
    getting.wait().unwrap();
    let [stopped] = &mallory.objects(&["transfers"])[..] else { panic!("it is not one transfer") };
    assert_eq!((&stopped["state"], &stopped["what"]), (&json!("stopped"), &json!("bob:zoo/large")));
    let left = || fs::read_dir(&downloads).unwrap().count();
    // What another goes on with stays until that is given up as well.
    let mut command = mallory.command(&["get", "bob:zoo"]);
    let mut other = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    while mallory.objects(&["transfers"]).len() < 2 {
        assert!(begun.elapsed() < Duration::from_secs(60), "it does not begin");
    }
    other.kill().unwrap();
    other.wait().unwrap();
    mallory.run(&["transfers", "cancel", "1"]).ok();
    assert_ne!(left(), 0);
    mallory.run(&["transfers", "cancel", "2"]).ok();
    assert_eq!(left(), 0);
    assert_eq!(mallory.objects(&["transfers"]), [] as [Value; 0]);
    // Nothing stays that could go on with it.
    let needs = mallory.run(&["get", "bob:zoo/large", "--background"]).failed(2);
    assert!(needs.contains("no program is open in this home"), "{needs}");
}

#[test]
fn what_was_heard_is_not_done_twice() {
    let town = Town::new();
    let mallory = town.joined("mallory");
    let listener = UnixListener::bind(mallory.path.join("state/open")).unwrap();
    let open_mode = fs::Permissions::from_mode(0o600);
    fs::set_permissions(mallory.path.join("state/open"), open_mode).unwrap();
    let whoami = |reads: bool, said: &'static [u8]| {
        thread::scope(|scope| {
            scope.spawn(|| {
                let (mut verb, _) = accepted(&listener);
                match reads {
                    true => drop(BufReader::new(&verb).read_line(&mut String::new()).unwrap()),
                    // It is gone in the middle of the first word.
                    false => drop(verb.read(&mut [0]).unwrap()),
                }
                verb.write_all(said).unwrap();
            });
            mallory.run(&["whoami"])
        })
    };
    for reads in [true, false] {
        assert!(whoami(reads, b"").ok().contains("mallory"), "it is not done at all");
    }
    let why = whoami(true, b"\"heard\"\n").failed(1);
    assert!(why.contains("ended in the middle of it"), "{why}");
}

/// A verb that does not come is not waited for without an end.
fn accepted(listener: &UnixListener) -> (UnixStream, std::os::unix::net::SocketAddr) {
    listener.set_nonblocking(true).unwrap();
    let begun = Instant::now();
    loop {
        match listener.accept() {
            Ok((stream, from)) => {
                stream.set_nonblocking(false).unwrap();
                return (stream, from);
            }
            Err(_) => assert!(begun.elapsed() < Duration::from_secs(60), "nobody comes"),
        }
        sleep(Duration::from_millis(5));
    }
}
