//! Whole transfers between the real programs, each beside plain copies and other tools in the same run:
//! an index, who shares and who fetches are processes of their own.
//!
//! `cargo bench --bench transfer`, or behind `--` some of `large small tiny resume sources`.
//!
//! ```text
//! RATIO large_file_…_vs_one_connection    how many times as fast as a plain copy `get` and `send` are
//! RATIO large_file_…_vs_two_connections   the same, against a copy over two connections
//! RATIO large_file_…_vs_scp               the same, against scp; and rsync and tar, through ssh as well
//! RATIO large_file_…_computing_vs_its_parts   what both sides compute, in parts of what a plain copy and
//!                                         the passes over the bytes take by themselves
//! RATIO small_files_…_vs_rsync            what ten thousand small files take, in parts of what rsync takes
//! RATIO tiny_file_…_vs_scp                what one file of 10 KiB takes, from cold
//! RATIO resume_sent_again_in_segments     what comes again of a file whose getting was killed half-way
//! RATIO three_sources_vs_one              how many times as fast three are when each has a limit
//! RATIO …_peak_MiB                        memory of the verb, and of the side that is online
//! ```
//!
//! Files lie in memory where there is room (`/dev/shm`), so that no disk is measured; many small ones are
//! measured on a disk as well, and the file whose getting is killed lands on one. The other tools go through
//! an `sshd` on loopback that this program starts with new keys; what is not installed is left out, and that
//! is said. Sizes are set by `WAXWING_BENCH_MIB` (of the large file; 2048), `WAXWING_BENCH_RESUME_MIB` (of
//! the one that is killed; 10240), `WAXWING_BENCH_SOURCES_MIB` (of the one that several have; 256),
//! `WAXWING_BENCH_FILES` (how many small ones there are; 10000) and `WAXWING_BENCH_ROUNDS` (5).

#![allow(clippy::print_stdout, missing_docs, reason = "a program that prints its results")]

#[allow(dead_code, reason = "each program uses a part of it")]
mod common;
#[path = "../test/common/conduct.rs"]
#[allow(dead_code, reason = "the client's tests use all of it")]
mod conduct;
#[path = "../test/common/mod.rs"]
mod keys;
#[path = "../test/server/stage.rs"]
#[allow(dead_code, reason = "the server's tests use all of it")]
mod stage;
#[path = "../test/client/town.rs"]
#[allow(dead_code, reason = "the client's tests use all of it")]
mod town;

#[path = "transfer/contest.rs"]
mod contest;
#[path = "link/copy.rs"]
mod copy;
#[path = "link/files.rs"]
#[allow(dead_code, reason = "the other program sends them itself")]
mod files;
#[path = "transfer/large.rs"]
mod large;
#[path = "transfer/online.rs"]
mod online;
#[path = "transfer/pair.rs"]
mod pair;
#[path = "link/passes.rs"]
#[allow(dead_code, reason = "the other program asks for more")]
mod passes;
#[path = "transfer/plain.rs"]
mod plain;
#[path = "transfer/resume.rs"]
mod resume;
#[path = "transfer/run.rs"]
mod run;
#[path = "transfer/small.rs"]
mod small;
#[path = "transfer/sources.rs"]
mod sources;
#[path = "transfer/ssh.rs"]
mod ssh;
#[path = "transfer/tiny.rs"]
mod tiny;

const MIB: u64 = 1 << 20;

fn main() {
    let words: Vec<String> =
        std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    if let Some(role) = plain::Role::of(&words) {
        return role.play();
    }
    let parts: [(&str, fn()); 5] = [
        ("large", || large::measure(number("WAXWING_BENCH_MIB", 2048) * MIB)),
        ("small", || small::measure(number("WAXWING_BENCH_FILES", 10_000))),
        ("tiny", tiny::measure),
        ("resume", || resume::measure(number("WAXWING_BENCH_RESUME_MIB", 10_240) * MIB)),
        ("sources", || sources::measure(number("WAXWING_BENCH_SOURCES_MIB", 256) * MIB)),
    ];
    for (name, measure) in parts {
        if words.is_empty() || words.iter().any(|word| word == name) {
            println!("== {name}");
            measure();
        }
    }
}

fn number(name: &str, usual: u64) -> u64 {
    std::env::var(name).map_or(usual, |text| text.parse().expect("a number"))
}
