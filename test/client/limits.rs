//! What a person allows, by the flags of the real programs: how many they serve at once, and how fast.

use crate::stage::Done;
use crate::town::{Home, Serving, Town, has_begun, in_the_end};
use serde_json::{Value, json};
use std::net::TcpListener;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

const MB: usize = 1_000_000;

fn shares_with<'a>(town: &'a Town, size: usize) -> (Home<'a>, Home<'a>) {
    let (bob, mallory) = (town.joined("bob"), town.joined("mallory"));
    bob.write("zoo/large", &vec![7; size]);
    bob.write("zoo/koala.txt", b"a koala");
    bob.run(&["share", "add", bob.path.join("zoo").to_str().unwrap()]).ok();
    (bob, mallory)
}

fn serving(home: &Home<'_>, flags: &[&str]) -> Serving {
    Serving::of(&mut home.command(&[&["serve", "--json"], flags].concat()))
}

fn getting(home: &Home<'_>, flags: &[&str]) -> Child {
    let mut command = home.command(&[&["get", "bob:zoo/large"], flags].concat());
    command.stdout(Stdio::null()).spawn().unwrap()
}

#[test]
fn where_one_is_served_at_once_the_next_waits_and_is_told_their_place() {
    let town = Town::new();
    let (bob, mallory) = shares_with(&town, 60 * MB);
    let carol = town.home("carol");
    let invitation = town.invitation();
    let joining = ["join", &invitation, "--user", "carol", "--password-file", "password"];
    carol.run(&[&joining[..], &["--no-passphrase"]].concat()).ok();
    let _sharing = serving(&bob, &["--upload-slots", "1", "--upload-limit", "2MB"]);
    let mut first = getting(&carol, &[]);
    let downloads = carol.path.join("downloads");
    in_the_end(true, || has_begun(&downloads));
    let mut open = mallory.serve();
    mallory.run(&["get", "bob:zoo/koala.txt", "--background"]).ok();
    let place = || {
        let listed = mallory.objects(&["transfers"]);
        listed.first().map(|it| (it["waits_at"].clone(), it["place"].clone(), it["of"].clone()))
    };
    in_the_end(Some((json!("bob"), json!(1), json!(1))), place);
    assert!(mallory.run(&["transfers"]).out.contains("waits: place 1 of 1 at bob"));
    // Whose turn is over gives it to the next.
    first.kill().unwrap();
    first.wait().unwrap();
    let got = open.await_event("got");
    assert_eq!((&got["path"], &got["landed"]), (&json!("koala.txt"), &json!("new")));
    in_the_end(Vec::<Value>::new(), || mallory.objects(&["transfers"]));
}

#[test]
fn nothing_goes_or_comes_faster_than_is_allowed() {
    let town = Town::new();
    let (bob, mallory) = shares_with(&town, 12 * MB);
    for (up, down) in
        [(&["--upload-limit", "4MB"][..], &[][..]), (&[], &["--download-limit", "4MB"])]
    {
        let _sharing = serving(&bob, up);
        let began = Instant::now();
        let get = [&["get", "bob:zoo/large", "--overwrite", "-y"], down].concat();
        Done::of(&mut mallory.command(&get)).ok();
        // Three seconds, of which the first bytes may go at once.
        assert!(began.elapsed() > Duration::from_secs(2), "{up:?} {down:?}: {:?}", began.elapsed());
        std::fs::remove_file(mallory.path.join("downloads/large")).unwrap();
    }
}

#[test]
fn a_source_that_comes_back_at_another_port_goes_on() {
    let town = Town::new();
    let (bob, mallory) = shares_with(&town, 60 * MB);
    let sharing = serving(&bob, &["--upload-limit", "6MB"]);
    let before = sharing.first["port"].clone();
    let tries = ["--retries", "100", "--retry-pause-most", "1", "--handshake-timeout", "1"];
    let mut getting = getting(&mallory, &tries);
    let journal = || crate::errands::journal_length(&mallory.path.join("downloads"));
    let mut first = None;
    in_the_end(true, || {
        first = first.or(journal());
        journal() > first
    });
    drop(sharing);
    // Somebody else has the port of before.
    let port = u16::try_from(before.as_u64().unwrap()).unwrap();
    let _taken = TcpListener::bind(("127.0.0.1", port));
    let mut sharing = serving(&bob, &[]);
    assert_ne!(sharing.first["port"], before);
    assert!(getting.wait().unwrap().success());
    let sent = sharing.await_event("served")["bytes"].as_u64().unwrap();
    assert!(sent < 60 * MB as u64, "all of it was sent again");
}
