//! Very many small files in one folder, beside rsync, tar and scp through an sshd, in memory and on a disk.

use crate::contest::{hold, way};
use crate::large::{made, pid};
use crate::common::ratio;
use crate::run::{Took, peak_of, run};
use crate::ssh::Ssh;
use crate::stage::Machine;
use crate::town::Town;
use std::fs;
use std::path::Path;

pub(crate) fn measure(count: u64) {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() {
        in_folder(count, &tempfile::tempdir_in(memory).expect("room").path(), "memory");
    }
    let disk = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("room");
    in_folder(count, disk.path(), "disk");
}

fn in_folder(count: u64, folder: &Path, which: &str) {
    let town = Town::on(Machine::below(folder));
    let (alice, bob) = (town.joined("bob"), town.joined("mallory"));
    let source = made(&folder.join("many"));
    for at in 0..count {
        let below = source.join((at / 1000).to_string());
        if at % 1000 == 0 {
            fs::create_dir(&below).expect("room");
        }
        // No two have the same content.
        let bytes: Vec<u8> = at.to_le_bytes().into_iter().cycle().take(4096).collect();
        fs::write(below.join(at.to_string()), bytes).expect("room");
    }
    alice.run(&["share", "add", source.to_str().expect("a path")]).ok();
    let sharing = alice.serve();
    let (downloads, target) = (bob.path.join("downloads"), folder.join("target"));
    let cleared = |what: &Path, took: Took| {
        fs::remove_dir_all(what).expect("it arrived");
        took
    };
    let get = || cleared(&downloads, run(&mut bob.command(&["get", "bob:many"])));
    let ssh = Ssh::start(&made(&folder.join("ssh")));
    let mut ways = vec![way("get", get)];
    if let Some(ssh) = &ssh {
        if ssh.rsync(&source, &target).is_some() {
            let rsync = || ssh.rsync(&source, &target).expect("it is installed");
            ways.push(way("rsync", move || cleared(&folder.join("target"), run(&mut rsync()))));
        }
        ways.push(way("tar", || cleared(&target, run(&mut ssh.tar(&source, &target)))));
        ways.push(way("scp", || cleared(&target, run(&mut ssh.scp(&source, &target)))));
    }
    let contest = hold(ways);
    let named = |name: &str| format!("{name}_{which}");
    let target = if which == "memory" { "<0.7" } else { "<1" };
    contest.takes(&named("small_files_get_vs_rsync"), "get", "rsync", target);
    contest.takes(&named("small_files_get_vs_tar"), "get", "tar", "<1");
    contest.takes(&named("small_files_get_vs_scp"), "get", "scp", "<0.5");
    contest.peak(&named("small_files_get_peak_MiB"), "get", "<64");
    ratio(&named("small_files_serving_peak_MiB"), peak_of(pid(&sharing)), "<64");
}
