//! One file of 10 KiB, from a program that is not running yet to its end, beside scp.

use crate::contest::{hold, way};
use crate::large::made;
use crate::run::run;
use crate::ssh::Ssh;
use crate::stage::Machine;
use crate::town::Town;
use std::fs;

pub(crate) fn measure() {
    let folder = tempfile::tempdir().expect("a folder");
    let town = Town::on(Machine::below(folder.path()));
    let (alice, bob) = (town.joined("bob"), town.joined("mallory"));
    let source = alice.write("zoo/tiny", &[7; 10 << 10]);
    let zoo = alice.path.join("zoo");
    alice.run(&["share", "add", zoo.to_str().expect("a path")]).ok();
    let _sharing = alice.serve();
    let target = folder.path().join("target");
    let ssh = Ssh::start(&made(&folder.path().join("ssh")));
    let get = || {
        let took = run(&mut bob.command(&["get", "bob:zoo/tiny"]));
        fs::remove_file(bob.path.join("downloads/tiny")).expect("it arrived");
        took
    };
    let mut ways = vec![way("get", get)];
    if let Some(ssh) = &ssh {
        let scp = || {
            let took = run(&mut ssh.scp(&source, &target));
            fs::remove_file(&target).expect("it arrived");
            took
        };
        ways.push(way("scp", scp));
    }
    let contest = hold(ways);
    contest.takes("tiny_file_get_vs_scp", "get", "scp", "<0.5");
}
