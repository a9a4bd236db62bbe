//! The client's log: what was done, and no secret.

use crate::keys::key_pem;
use crate::town::{PASSWORD, Town};
use std::fs;
use std::os::unix::fs::PermissionsExt;

#[test]
fn the_log_says_what_was_done_and_no_secret() {
    let town = Town::new();
    let (bob, mallory) = (town.joined("bob"), town.joined("mallory"));
    let zoo = bob.write("zoo/koala.txt", b"a koala");
    bob.run(&["share", "add", zoo.parent().unwrap().to_str().unwrap()]).ok();
    let mut serving = bob.serve();
    mallory.run(&["get", "bob:zoo/koala.txt", "-q"]).ok();
    serving.await_event("served");
    drop(serving);
    mallory.run(&["get", "bob:zoo/panda.txt", "-v"]).failed(3);
    let (secret, invited) = ("correct horse battery two", town.machine.verb(&["invite"]).ok());
    let invitation = invited.split_whitespace().find(|word| word.contains('#')).unwrap();
    let token = invitation.rsplit('.').next().unwrap();
    fs::write(town.machine.at("next"), format!("{secret}\n")).unwrap();
    mallory.run(&["passwd", "--password-file", "password", "--new-password-file", "next"]).ok();
    mallory.run(&["login", invitation, "--user", "mallory", "--password-file", "next"]);

    let path = mallory.path.join("state/client.log");
    let log = fs::read_to_string(&path).unwrap();
    let has = |parts: &[&str]| {
        let mut lines = log.lines();
        let line = lines.find(|line| parts.iter().all(|part| line.contains(part)));
        assert!(line.is_some_and(|line| line.starts_with("20")), "{parts:?} is not in\n{log}");
    };
    has(&[" info ", " get bob:zoo/koala.txt -q"]);
    has(&[" info ", "koala.txt: 7 bytes, signed by bob"]);
    has(&[" info ", "ended with exit code 0"]);
    has(&[" error ", "bob:zoo/panda.txt is not shared with you", "(exit code 3)"]);
    has(&[" info ", " login (left out) --user mallory"]);
    let key = key_pem("mallory-signing");
    let of_key = key.lines().nth(1).unwrap();
    for secret in [PASSWORD, secret, token, of_key] {
        assert!(!log.contains(secret), "a secret is in\n{log}");
    }
    let of_bob = fs::read_to_string(bob.path.join("state/client.log")).unwrap();
    assert!(of_bob.contains("served") && !of_bob.contains(PASSWORD), "{of_bob}");
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);

    fs::remove_file(&path).unwrap();
    mallory.run(&["paths", "--log", "off"]).ok();
    assert!(!path.exists());
    let elsewhere = town.machine.at("elsewhere.log");
    mallory.run(&["paths", "--log", elsewhere.to_str().unwrap()]).ok();
    assert!(fs::read_to_string(elsewhere).unwrap().contains(" paths --log "));
}
