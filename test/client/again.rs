//! Whose session is over meanwhile: what was answered before is not asked again.

use crate::prompt::prompt_of;
use crate::terminal::Terminal;
use crate::town::{PASSWORD, Serving, Town, in_the_end};
use rustix::process::{Signal, kill_process};
use serde_json::json;
use std::fs::{self, File};

#[test]
fn who_shares_and_has_to_log_in_answers_once_and_knows_what_everyone_means() {
    let town = Town::new();
    let bob = town.joined("bob");
    bob.write("ant.txt", b"an animal");
    town.machine.verb(&["sessions", "--end", "bob"]).ok();
    let call = format!("{} -q share add ant.txt", env!("CARGO_BIN_EXE_client"));
    let mut adds = Terminal::open(&bob.path, &call, &town.machine.at("home"));
    adds.sees("Everyone is whoever the index admits, now or later.");
    adds.sees("Share it with everyone? [Y/n] ").types("\r");
    adds.sees("Password: ").types(&format!("{PASSWORD}\r"));
    adds.sees("ant.txt: 1 file, 9 bytes, shared with everyone");
    assert_eq!(adds.exit(), Some(0));
}

#[test]
fn who_is_online_hears_once_that_the_session_is_over_and_comes_back() {
    let town = Town::new();
    let bob = town.joined("bob");
    let said = bob.path.join("said");
    let mut command = bob.command(&["serve", "--json", "-q"]);
    let mut serving = Serving::telling(&mut command, File::create(&said).unwrap());
    town.machine.verb(&["sessions", "--end", "bob"]).ok();
    let told = serving.await_event("failed");
    let (text, hint) = (told["text"].as_str().unwrap(), told["hint"].as_str().unwrap());
    assert!(text.starts_with("you are not logged in on the index at "), "{told}");
    assert_eq!((&told["exit"], hint.contains("`client login`")), (&json!(4), true), "{told}");
    let online = || bob.objects(&["people"])[0]["online"] == true;
    // A try that fails is no news there.
    fs::write(town.machine.at("wrong"), "not the password").unwrap();
    bob.run(&["login", "--password-file", "wrong"]).failed(4);
    bob.run(&["login", "--password-file", "password"]).ok();
    in_the_end(true, online);
    kill_process(serving.pid(), Signal::INT).unwrap();
    let rest = serving.rest();
    assert_eq!(rest.matches("you are not logged in").count(), 1, "{rest}");
    assert_eq!(serving.exit(), Some(0));
    for place in [said, bob.path.join("state/client.log")] {
        let text = fs::read_to_string(place).unwrap();
        assert_eq!(text.matches("you are not logged in").count(), 1, "{text}");
    }
}

#[test]
fn who_logs_out_is_not_told_that_they_are_logged_out_but_whoever_sees_another_screen_is() {
    let town = Town::new();
    let mut bob = prompt_of(&town, "bob");
    bob.types("logout\r").sees("You are logged out.").sees("bob> ").types("paths\r").sees("log");
    assert!(!bob.text().contains("not logged in"), "{}", bob.text());
    let mut alice = prompt_of(&town, "alice");
    town.home("alice").run(&["logout"]).ok();
    alice.sees("error: ").sees("you are not logged in on the index").sees("hint: ");
}
