//! The owner's verbs: beside a running server and without one, for people and for programs.

use crate::stage::{Machine, Running, is_recent, person};
use serde_json::Value;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;
use waxwing::crypto::{Password, random};
use waxwing::link::{Backoff, Conversation, Deadlines, Dialler, Ending, Expected, Incoming, Side};
use waxwing::model::Invitation;
use waxwing::wire::index::{Invited, Join, Named, PasswordText};
use waxwing::wire::{Code, Features, Party};

/// Somebody joins the index, and stays connected.
pub(crate) async fn join(server: &Running, name: &str, invitation: Option<&Invitation>) -> Member {
    let identity = Arc::new(person(name));
    let side = Side::new(identity, Party::Person, Features::ALL, Deadlines::default()).unwrap();
    let dialler = Dialler::new(side).with_backoff(Backoff::never());
    let expected = Expected::Only(server.fingerprint());
    let (conversation, incoming) = dialler.dial(&server.address().into(), expected).await.unwrap();
    let password = PasswordText::new(&Password::new("correct horse").unwrap());
    let token = invitation.and_then(|invitation| invitation.token.as_ref());
    let join = Join {
        id: 0,
        request: random::<16>().into(),
        user: Named(name.parse().unwrap()),
        password,
        invitation: token.map(Invited::by),
        contact: None,
    };
    conversation.ask(join).await.unwrap();
    Member { conversation, _incoming: incoming }
}

pub(crate) struct Member {
    pub(crate) conversation: Conversation,
    _incoming: Incoming,
}

impl Member {
    pub(crate) async fn ending(&self) -> Ending {
        timeout(Duration::from_secs(20), self.conversation.ended()).await.expect("it ends")
    }
}

/// A verb's objects, with the server and after it.
fn both(machine: &Machine, verb: &[&str]) -> [Vec<Value>; 2] {
    let arguments = [verb, &["--json"]].concat();
    let server = machine.start();
    let beside = machine.verb(&arguments).objects();
    server.stop();
    [beside, machine.verb(&arguments).objects()]
}

#[test]
fn an_invitation_is_shown_once_and_listed_without_its_token() {
    let machine = Machine::with_keys();
    let server = machine.start();
    let done = machine.verb(&["invite", "--for", "bob", "--days", "3"]);
    let (link, note) = (done.out.trim_end().to_owned(), done.err.clone());
    let invitation: Invitation = done.ok().trim_end().parse().unwrap();
    assert_eq!(invitation.at, server.invitation().at);
    assert_eq!(invitation.fingerprint, server.fingerprint());
    assert!(note.contains("For bob, once, until") && note.contains("(in 3 days)"), "{note}");
    assert!(note.contains("Only people on this machine can use it"), "{note}");
    let everywhere = format!("start it with --listen 0.0.0.0:{}.", server.address().port());
    assert!(note.contains(&everywhere), "{note}");
    let named = machine.verb(&["invite", "--host", "files.example"]).ok();
    let port = server.address().port();
    assert!(named.starts_with(&format!("waxwing://files.example:{port}#")), "{named}");
    let token = link.rsplit('.').next().unwrap().to_owned();
    assert_eq!(token.len(), 32);
    let listed = machine.verb(&["invite", "--list"]).ok();
    assert!(listed.contains("bob") && !listed.contains(&token), "{listed}");
    let err = server.stop();
    assert!(!err.contains(&token), "no log has it: {err}");
    for done in ["made an invitation for bob", "made an invitation for anybody"] {
        assert!(err.contains(&format!(" info  the owner {done}\n")), "{err}");
    }
}

#[test]
fn invitations_are_made_and_listed_without_a_server_too() {
    let machine = Machine::with_keys();
    machine.start().stop();
    let [beside, alone] = both(&machine, &["invite"]);
    for made in [&beside[0], &alone[0]] {
        assert_eq!(made["type"], "invited");
        let invitation: Invitation = made["invitation"].as_str().unwrap().parse().unwrap();
        assert!(invitation.token.is_some());
        assert_eq!(made["replaces"], false);
    }
    let address = ["--listen", "192.0.2.7:7000", "--host", "files.example"];
    let done = machine.verb(&[&["invite"], address.as_slice()].concat());
    assert!(done.err.contains("No server runs now"), "{done:?}");
    assert!(!done.err.contains("Only people on this machine"), "{done:?}");
    assert!(done.ok().starts_with("waxwing://files.example:7000#"));
    let err = machine.verb(&["invite", "--listen", "127.0.0.1:0"]).failed(2);
    assert!(err.contains("start the server"), "{err}");

    let [beside, alone] = both(&machine, &["invite", "--list"]);
    assert_eq!(beside, alone);
    assert_eq!(beside.len(), 3);
    for row in beside {
        assert_eq!((&row["type"], &row["user"]), (&"invitation".into(), &Value::Null));
        assert!(is_recent(&row["made"]));
    }
}

#[test]
fn an_invitation_is_taken_back_by_its_number() {
    let machine = Machine::with_keys();
    let server = machine.start();
    let link = machine.verb(&["invite", "--for", "bob"]).ok();
    machine.verb(&["invite"]).ok();
    let listed = || machine.verb(&["invite", "--list", "--json"]).objects();
    let rows = listed();
    let of_bob = rows.iter().find(|row| row["user"] == "bob").unwrap();
    let number = of_bob["number"].as_str().unwrap();
    let token = link.trim_end().rsplit('.').next().unwrap();
    assert!(!token.contains(number) && !number.is_empty(), "the number says nothing of the token");
    assert!(machine.verb(&["invite", "--list"]).ok().contains(number));
    let told = machine.verb(&["invite", "--withdraw", number]).ok();
    assert_eq!(told, format!("The invitation {number} for bob lets nobody in any more.\n"));
    assert_eq!(listed().len(), 1);
    let err = machine.verb(&["invite", "--withdraw", number]).failed(3);
    assert!(err.contains(&format!("there is no invitation {number}")), "{err}");
    let err = machine.verb(&["invite", "--withdraw", "the last"]).failed(2);
    assert!(err.contains("has twelve of 0-9 and a-f"), "{err}");
    machine.verb(&["invite", "--withdraw", number, "--for", "bob"]).failed(2);
    let log = server.stop();
    let line = format!(" info  the owner took back the invitation {number} for bob\n");
    assert!(log.contains(&line) && !log.contains(token), "{log}");
    // Without a server as well.
    let left = listed()[0]["number"].as_str().unwrap().to_owned();
    let withdrawn = machine.verb(&["invite", "--withdraw", &left, "--json"]).objects();
    let expected = serde_json::json!({"type": "withdrawn", "number": left, "user": null});
    assert_eq!(withdrawn, [expected]);
    assert!(listed().is_empty());
}

#[test]
fn people_are_listed_and_let_go() {
    let machine = Machine::with_keys();
    let nobody = machine.start();
    let done = machine.verb(&["users"]);
    assert!(done.err.contains("Nobody has an account yet"), "{done:?}");
    assert_eq!(done.ok(), "");
    nobody.stop();

    let server = machine.start();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (bob, mallory) = runtime.block_on(async {
        let invitation = machine.verb(&["invite", "--for", "mallory"]).ok();
        let invitation = invitation.trim_end().parse().unwrap();
        (join(&server, "bob", None).await, join(&server, "mallory", Some(&invitation)).await)
    });
    let users = machine.verb(&["users", "--json"]).objects();
    let names: Vec<_> = users.iter().map(|user| user["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["bob", "mallory"]);
    assert_eq!(users[0]["identity"], person("bob").fingerprint().to_string());
    assert!(is_recent(&users[0]["since"]));
    let sessions = machine.verb(&["sessions", "--json"]).objects();
    assert_eq!(sessions.len(), 2);
    let of_bob = machine.verb(&["sessions", "--of", "bob", "--json"]).objects();
    assert_eq!(of_bob.len(), 1);
    assert_eq!((&of_bob[0]["type"], &of_bob[0]["user"]), (&"session".into(), &"bob".into()));

    // The conversation ends at once, not at bob's next request.
    let ended = machine.verb(&["sessions", "--end", "bob", "--json"]).objects();
    assert_eq!(ended[0], serde_json::json!({"type": "ended", "user": "bob", "sessions": 1}));
    let Ending::Theirs { code, .. } = runtime.block_on(bob.ending()) else { panic!("bob left") };
    assert_eq!(code, Code::NoSession);

    let closed = machine.verb(&["users", "--close", "mallory"]).ok();
    assert!(closed.contains("mallory has no account any more; 1 session ended"), "{closed}");
    runtime.block_on(mallory.ending());
    for verb in [["users", "--close"], ["sessions", "--end"], ["sessions", "--of"]] {
        let err = machine.verb(&[verb.as_slice(), &["mallory"]].concat()).failed(3);
        assert!(err.contains("nobody is called mallory"), "{err}");
    }
    let invited = machine.verb(&["invite", "--for", "bob"]);
    assert!(invited.err.contains("bob has an account"), "{invited:?}");
    let log = server.stop();
    for done in ["ended all sessions of bob", "closed the account of mallory"] {
        assert_eq!(log.matches(&format!(" info  the owner {done}\n")).count(), 1, "{log}");
    }

    let left = machine.verb(&["users"]).ok();
    assert!(
        left.starts_with("name") && left.contains("bob") && !left.contains("mallory"),
        "{left}"
    );
    assert_eq!(machine.verb(&["sessions", "--json"]).objects().len(), 0);
    machine.verb(&["users", "--close", "bob"]).ok();
    machine.verb(&["users", "--close", "bob"]).failed(3);
}

#[test]
fn counts_and_checks_are_told() {
    let machine = Machine::with_keys();
    machine.start().stop();
    let [beside, alone] = both(&machine, &["stats"]);
    assert_eq!(beside[0]["type"], "stats");
    assert_eq!((&beside[0]["online"], &alone[0]["online"]), (&0.into(), &Value::Null));
    assert!(is_recent(&beside[0]["started"]));
    assert_eq!(alone[0]["started"], Value::Null);
    for name in ["accounts", "sessions", "invitations"] {
        assert_eq!((&beside[0][name], &alone[0][name]), (&0.into(), &0.into()), "{name}");
    }
    assert_eq!(beside[0]["directory"], 0);
    assert_eq!(beside[0]["head"], "0".repeat(64));
    assert!(beside[0]["bytes"].as_u64().unwrap() > 4096);
    let text = machine.verb(&["stats"]).ok();
    assert!(text.contains("running        no\n"), "{text}");

    let [beside, alone] = both(&machine, &["check"]);
    assert_eq!(beside, alone);
    assert_eq!(beside, [serde_json::json!({"type": "checked", "problems": 0})]);
    assert_eq!(machine.verb(&["check"]).ok(), "The database is sound.\n");
}

#[test]
fn a_backup_can_be_restored_and_replaces_nothing() {
    let machine = Machine::with_keys();
    let server = machine.start();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let _bob = runtime.block_on(join(&server, "bob", None));
    let made = machine.verb(&["backup", "first", "--json"]).objects();
    assert_eq!(made[0]["type"], "backed-up");
    assert_eq!(made[0]["bytes"], fs::metadata(machine.at("first")).unwrap().len());
    assert_eq!(fs::metadata(machine.at("first")).unwrap().permissions().mode() & 0o777, 0o600);
    let err = machine.verb(&["backup", "first"]).failed(7);
    assert!(err.contains("a backup replaces nothing"), "{err}");
    let err = machine.verb(&["backup", "no/such/folder"]).failed(3);
    assert!(err.contains("no/such/folder: there is no such"), "{err}");
    let _mallory = runtime.block_on(join(&server, "mallory", None));
    let err = machine.verb(&["restore", "first"]).failed(7);
    assert!(err.contains("stop it first"), "{err}");
    server.stop();

    machine.verb(&["backup", "second"]).ok();
    let restored = machine.verb(&["restore", "first", "--json"]).objects();
    assert_eq!(restored[0]["type"], "restored");
    let names = || {
        let rows = machine.verb(&["users", "--json"]).objects();
        rows.iter().map(|row| row["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(names(), ["bob"]);
    let before = restored[0]["before"].as_str().unwrap();
    assert!(machine.at(before).exists(), "nothing is lost");
    let told = machine.verb(&["restore", "second"]).ok();
    assert!(told.starts_with("data/index.db is a copy of second now.\n"), "{told}");
    assert_eq!(names(), ["bob", "mallory"]);
    machine.verb(&["restore", "nothing"]).failed(3);
    fs::write(machine.at("text"), "not a database, but long enough to look at").unwrap();
    machine.verb(&["restore", "text"]).failed(6);
    assert_eq!(names(), ["bob", "mallory"], "a bad backup changes nothing");
}

#[test]
fn what_is_left_can_be_looked_at_when_the_keys_are_lost_or_a_restore_was_cut_off() {
    let machine = Machine::with_keys();
    machine.start().stop();
    fs::rename(machine.data().join("keys"), machine.at("keys")).unwrap();
    machine.verb(&["users"]).ok();
    machine.verb(&["check"]).ok();
    machine.verb(&["backup", "copy"]).ok();
    let err = machine.verb(&["invite"]).failed(3);
    assert!(err.contains("put the keys back from a copy"), "{err}");
    let data = machine.data();
    fs::rename(data.join("index.db"), data.join("index.db.restoring")).unwrap();
    let err = machine.verb(&["users"]).failed(7);
    assert!(err.contains("a restore of it was cut off"), "{err}");
}

#[test]
fn whoever_hangs_up_does_not_stop_what_was_begun() {
    let machine = Machine::with_keys();
    let server = machine.start();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let bob = runtime.block_on(join(&server, "bob", None));
    let mut socket = UnixStream::connect(machine.data().join("control")).unwrap();
    socket.write_all(b"{\"order\":\"end\",\"user\":\"bob\"}\n").unwrap();
    drop(socket);
    let Ending::Theirs { code, .. } = runtime.block_on(bob.ending()) else { panic!("bob left") };
    assert_eq!(code, Code::NoSession);
    server.stop();
}

#[test]
fn flags_stand_before_or_behind_the_verb() {
    let machine = Machine::with_keys();
    machine.start().stop();
    let one = machine.run(&["--data", "data", "--json", "stats"]).objects();
    let other = machine.run(&["stats", "--json", "--data", "data"]).objects();
    assert_eq!(one, other);
}

#[test]
fn a_folder_with_a_long_path_is_as_good_as_any() {
    let machine = Machine::new();
    let long = format!("{}/{}", "long".repeat(30), "longer".repeat(20));
    machine.give_keys(&machine.at(&long));
    let server = machine.start_with(&["--data", &long, "--listen", "127.0.0.1:0"]);
    assert!(machine.at(&long).join("control").symlink_metadata().unwrap().file_type().is_socket());
    let stats = machine.run(&["stats", "--json", "--data", &long]).objects();
    assert!(is_recent(&stats[0]["started"]), "the server answered: {stats:?}");
    server.stop();
    assert!(!machine.at(&long).join("control").exists());
}

#[test]
fn the_socket_takes_one_short_order_and_says_what_it_does_not_know() {
    let machine = Machine::with_keys();
    let server = machine.start();
    let path = machine.data().join("control");
    assert_eq!(fs::symlink_metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let say = |order: &[u8]| {
        let mut socket = UnixStream::connect(&path).unwrap();
        // Whoever reads no further may have hung up before all was written.
        let _ = socket.write_all(order);
        let lines = BufReader::new(socket).lines().map_while(Result::ok);
        lines.filter(|line| !line.is_empty()).collect::<Vec<_>>()
    };
    let unknown = |order: &[u8]| {
        let told = say(order);
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].contains("\"failed\"") && told[0].contains("does not know"), "{told:?}");
    };
    unknown(b"{\"order\":\"explode\"}\n");
    unknown(b"{\"order\":\"stats\",\"and\":\"more\"}\n");
    unknown(b"{\"order\":\"close\",\"user\":\"No Name\"}\n");
    unknown(b"GET / HTTP/1.0\n");
    let endless = say(&vec![b'x'; 1 << 20]);
    assert!(endless.len() <= 1, "{endless:?}");
    let known = say(b"{\"order\":\"stats\"}\n");
    assert!(known.len() == 2 && known[1] == "\"done\"", "{known:?}");

    // Many who say nothing do not keep the others out for long.
    let silent: Vec<_> = (0..15).map(|_| UnixStream::connect(&path).unwrap()).collect();
    assert_eq!(say(b"{\"order\":\"stats\"}\n").len(), 2);
    drop(silent);
    server.stop();
}
