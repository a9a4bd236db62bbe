//! One large file, fetched (its content known) and sent (made known on the way), beside plain copies over
//! one and two connections, and beside other tools.

use crate::common::ratio;
use crate::contest::{hold, way};
use crate::files::Files;
use crate::online::Online;
use crate::pair::Pair;
use crate::passes::Passes;
use crate::plain::copied;
use crate::ssh::Ssh;
use crate::stage::Machine;
use crate::town::Town;
use std::fs;

pub(crate) fn measure(size: u64) {
    let files = Files::new(size);
    let folder = files.path();
    let town = Town::on(Machine::below(folder));
    let pair = Pair::new(&town);
    // The same file, so that it takes no room twice.
    let large = pair.shared("zoo").join("large");
    fs::hard_link(folder.join("source"), &large).expect("the same disk");
    pair.share("zoo");
    let bob = Online::new(&pair.bob, &["--receive", "verified"]);

    let (ssh, copies) = (Ssh::start(folder), folder.join("copies"));
    let mut ways = vec![
        way("one connection", || copied(folder, 1)),
        way("get", || bob.with(|| pair.get(&["bob:zoo/large"]))),
        way("two connections", || copied(folder, 2)),
        way("send", || bob.with(|| pair.send(&large))),
    ];
    ways.extend(ssh.iter().flat_map(|ssh| ssh.ways(&large, &copies, pair.take_away)));
    let contest = hold(ways);
    // What both sides have to compute at least: the copying, and the passes over the bytes.
    let (passes, gigabytes) = (Passes::measure(), size as f64 / 1e9);
    let copying = contest.computed("one connection").min(contest.computed("two connections"));
    for (ours, is_id_known) in [("get", true), ("send", false)] {
        let against = |other: &str| format!("large_file_{ours}_vs_{}", other.replace(' ', "_"));
        for (other, target) in [
            ("one connection", ">0.9"),
            ("two connections", ">0.6"),
            ("scp", ">3"),
            ("rsync", ">3"),
            ("tar", ">3"),
        ] {
            contest.speed(&against(other), ours, other, target);
        }
        let parts = copying + passes.both_sides(is_id_known) * gigabytes;
        let computed = contest.computed(ours) / parts;
        ratio(&format!("large_file_{ours}_computing_vs_its_parts"), computed, "<1.15");
        contest.peak(&format!("large_file_{ours}_peak_MiB"), ours, "<64");
    }
    ratio("large_file_other_side_peak_MiB", bob.peak(), "<64");
}
