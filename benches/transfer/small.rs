//! Very many small files in one folder, beside other tools, in memory and on a disk.

use crate::common::ratio;
use crate::contest::{Way, hold, way};
use crate::files::folder_for;
use crate::online::Online;
use crate::pair::Pair;
use crate::run::{move_aside, remove, run};
use crate::ssh::Ssh;
use crate::stage::Machine;
use crate::town::Town;
use std::fs;
use std::path::Path;
use std::process::Command;

const SIZE: u64 = 4096;

pub(crate) fn measure(count: u64) {
    let memory = folder_for(2 * count * SIZE);
    if memory.path().starts_with("/dev/shm") {
        in_folder(count, memory.path(), "in_memory", remove);
    }
    let disk = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder");
    in_folder(count, disk.path(), "on_disk", move_aside);
}

fn in_folder(count: u64, folder: &Path, place: &str, take_away: fn(&Path)) {
    println!("{count} files of {SIZE} bytes in {}", folder.display());
    let town = Town::on(Machine::below(folder));
    let pair = Pair { take_away, ..Pair::new(&town) };
    let many = pair.shared("many");
    make_files(&many, count);
    pair.share("many");
    let bob = Online::new(&pair.bob, &["--receive", "verified"]);

    let (ssh, copies) = (Ssh::start(folder), folder.join("copies"));
    let mut ways = vec![
        way("get", || bob.with(|| pair.get(&["bob:many"]))),
        way("send", || bob.with(|| pair.send(&many))),
        local(&many, &copies, pair.take_away),
    ];
    ways.extend(ssh.iter().flat_map(|ssh| ssh.ways(&many, &copies, pair.take_away)));
    let contest = hold(ways);
    for ours in ["get", "send"] {
        let named = |what: &str| format!("small_files_{place}_{ours}_{what}");
        contest.time(&named("vs_rsync"), ours, "rsync", "<0.7");
        contest.time(&named("vs_tar"), ours, "tar", "<1");
        contest.time(&named("vs_scp"), ours, "scp", "<0.5");
        contest.peak(&named("peak_MiB"), ours, "<64");
    }
    ratio(&format!("small_files_{place}_other_side_peak_MiB"), bob.peak(), "<64");
}

/// A thousand in a folder, and no two have the same content.
fn make_files(folder: &Path, count: u64) {
    for number in 0..count {
        let below = folder.join((number / 1000).to_string());
        if number % 1000 == 0 {
            fs::create_dir(&below).expect("room");
        }
        let bytes: Vec<u8> = number.to_le_bytes().into_iter().cycle().take(SIZE as usize).collect();
        fs::write(below.join(number.to_string()), bytes).expect("room");
    }
}

/// Without any network.
fn local<'a>(from: &'a Path, to: &'a Path, take_away: fn(&Path)) -> Way<'a> {
    way("cp", move || {
        let took = run(Command::new("cp").arg("-r").args([from, to]));
        take_away(to);
        took
    })
}
