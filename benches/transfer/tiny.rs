//! One file of 10 KiB, from a program that is not running yet to its end, beside other tools.

use crate::contest::{hold, way};
use crate::files::Files;
use crate::online::Online;
use crate::pair::Pair;
use crate::plain::copied;
use crate::ssh::Ssh;
use crate::stage::Machine;
use crate::town::Town;
use std::fs;

pub(crate) fn measure() {
    let files = Files::new(10 << 10);
    let folder = files.path();
    let town = Town::on(Machine::below(folder));
    let pair = Pair::new(&town);
    let tiny = pair.shared("zoo").join("tiny");
    fs::copy(folder.join("source"), &tiny).expect("room");
    pair.share("zoo");
    let bob = Online::new(&pair.bob, &["--receive", "verified"]);
    let (ssh, copies) = (Ssh::start(folder), folder.join("copies"));
    let mut ways = vec![
        way("one connection", || copied(folder, 1)),
        way("get", || bob.with(|| pair.get(&["bob:zoo/tiny"]))),
        way("send", || bob.with(|| pair.send(&tiny))),
    ];
    ways.extend(ssh.iter().flat_map(|ssh| ssh.ways(&tiny, &copies, pair.take_away)));
    let contest = hold(ways);
    for ours in ["get", "send"] {
        for other in ["scp", "rsync", "tar"] {
            contest.time(&format!("tiny_file_{ours}_vs_{other}"), ours, other, "<0.5");
        }
    }
}
