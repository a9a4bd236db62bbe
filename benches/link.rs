//! Two programs over loopback: how fast they greet each other, and how fast a file goes from one to
//! the other, beside plain copying of the same file in the same run.
//!
//! `cargo bench --bench link`
//!
//! Files are sent between two processes: this program starts itself once as the receiver and once
//! as the sender, for ours as for the plain copies. `WAXWING_BENCH_MIB` sets the size of the file,
//! for quick tries; it is 2048.

#![allow(clippy::print_stdout, missing_docs, reason = "a program that prints its results")]

#[allow(dead_code, reason = "each program uses a part of it")]
mod common;
#[path = "../test/common/mod.rs"]
mod keys;

#[path = "link/contest.rs"]
mod contest;
#[path = "link/copy.rs"]
mod copy;
#[path = "link/files.rs"]
mod files;
#[path = "link/handshakes.rs"]
mod handshakes;
#[path = "link/passes.rs"]
mod passes;
#[path = "link/people.rs"]
mod people;
#[path = "link/process.rs"]
mod process;
#[path = "link/sealed.rs"]
mod sealed;

use common::ratio;
use files::Files;
use passes::{Passes, cores};
use process::{Role, Way};

const MIB: u64 = 1 << 20;

fn main() {
    if let Some(role) = Role::of_this_process() {
        return role.play();
    }
    handshakes::measure();
    let size = std::env::var("WAXWING_BENCH_MIB").map(|mib| mib.parse().expect("a number"));
    let size = size.unwrap_or(2048) * MIB;
    channel(size.min(512 * MIB));
    lanes(size);
}

/// What the channel carries by itself: everything, when there are no lanes.
fn channel(size: u64) {
    let files = Files::new(size);
    let one = Way::Copy { connections: 1 };
    let ours = Way::Sealed { lanes: 0, id: None };
    let ways = [("one", one), ("channel", ours)];
    let result = contest::hold(&files, &ways);
    result.compare("channel_vs_one_connection", "channel", "one", ">0.3");
}

/// The way that files go.
fn lanes(size: u64) {
    let files = Files::new(size);
    let ways = [
        ("one", Way::Copy { connections: 1 }),
        ("send", Way::Sealed { lanes: 2, id: None }),
        ("two", Way::Copy { connections: 2 }),
        ("known", Way::Sealed { lanes: 2, id: Some(files.id()) }),
    ];
    let result = contest::hold(&files, &ways);
    result.compare("sealed_file_vs_one_connection", "send", "one", ">0.85");
    result.compare("sealed_file_vs_two_connections", "send", "two", ">0.55");
    result.compare("sealed_file_known_id_vs_one_connection", "known", "one", ">0.85");
    result.compare("sealed_file_known_id_vs_two_connections", "known", "two", ">0.55");
    // What the cores allow at best: the copying that costs least, and the passes over the bytes.
    let (passes, gigabytes) = (Passes::measure(), size as f64 / 1e9);
    let copying = result.computed("one").min(result.computed("two"));
    for (way, is_id_known) in [("send", false), ("known", true)] {
        let bound = copying + passes.both_sides(is_id_known) * gigabytes;
        let value = bound / cores() as f64 / result.seconds(way);
        ratio(&format!("sealed_file_{way}_vs_its_bound"), value, ">0.85");
    }
    result.peaks(&["send", "known"], "<64");
}
