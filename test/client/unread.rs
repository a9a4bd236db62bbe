//! Whoever is there for others goes on though nobody reads its events, and ends when it is told to.

use crate::town::Town;
use rustix::process::{Signal, kill_process};
use std::sync::mpsc::sync_channel;
use std::thread;
use std::time::Duration;

#[test]
fn who_is_not_read_serves_on_and_ends() {
    let town = Town::new();
    let (bob, mallory) = (town.joined("bob"), town.joined("mallory"));
    // One event names them all, and no pipe holds it.
    for number in 0..400 {
        bob.write(&format!("zoo/{number}{}.txt", "-and-so-on".repeat(22)), b"an animal");
    }
    bob.run(&["share", "add", bob.path.join("zoo").to_str().unwrap()]).ok();
    let mut serving = bob.serve();
    for out in ["one", "two", "three"] {
        mallory.run(&["get", "bob:zoo", "--out", out, "-q"]).ok();
    }
    let names = |event: serde_json::Value| event["files"].as_array().unwrap().len();
    assert_eq!(names(serving.await_event("served")), 400);
    mallory.run(&["get", "bob:zoo", "--out", "four", "-q"]).ok();

    let (pid, (ended, end)) = (serving.pid(), sync_channel(1));
    kill_process(pid, Signal::TERM).unwrap();
    thread::spawn(move || ended.send(serving.exit()));
    let exit = end.recv_timeout(Duration::from_secs(30)).unwrap_or_else(|_| {
        kill_process(pid, Signal::KILL).unwrap();
        panic!("it does not end");
    });
    assert_eq!(exit, Some(0));
}
