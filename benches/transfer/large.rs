//! One large file, fetched (its content known) and sent (made known on the way), beside plain copies over
//! one and two connections, and beside scp.

use crate::common::ratio;
use crate::contest::{hold, way};
use crate::copy;
use crate::files::Files;
use crate::run::{Took, peak_of, run};
use crate::ssh::Ssh;
use crate::stage::Machine;
use crate::town::{Home, Serving, Town};
use std::fs;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

pub(crate) fn measure(size: u64) {
    let files = Files::new(size);
    let folder = files.path();
    let town = Town::on(Machine::below(folder));
    let (alice, bob) = (town.joined("bob"), town.joined("mallory"));
    let source = folder.join("source");
    alice.run(&["share", "add", source.to_str().expect("a path"), "--name", "large"]).ok();
    let sharing = alice.serve();
    let (downloads, target) = (bob.path.join("downloads"), folder.join("target"));
    let cleared = |what: &Path, took: Took| {
        let _ = fs::remove_dir_all(what);
        let _ = fs::remove_file(what);
        took
    };
    let get = || cleared(&downloads, run(&mut bob.command(&["get", "bob:large/source"])));
    let plain = |connections: usize| cleared(&target, plain(folder, connections));
    let ssh = Ssh::start(&made(&folder.join("ssh")));
    let mut ways = vec![way("one connection", || plain(1)), way("get", get)];
    ways.push(way("two connections", || plain(2)));
    if let Some(ssh) = &ssh {
        ways.push(way("scp", || cleared(&target, run(&mut ssh.scp(&source, &target)))));
    }
    let contest = hold(ways);
    contest.speed("get_vs_one_connection", "get", "one connection", ">0.9");
    contest.speed("get_vs_two_connections", "get", "two connections", ">0.6");
    contest.speed("get_vs_scp", "get", "scp", ">3");
    contest.peak("get_peak_MiB", "get", "<64");
    ratio("serving_peak_MiB", peak_of(pid(&sharing)), "<64");
    drop(sharing);

    bob.run(&["verify", "bob", "--yes"]).ok();
    accept_from_verified(&bob);
    let receiving = bob.serve();
    let send = ["send", "mallory", source.to_str().expect("a path")];
    let send = || cleared(&downloads, run(&mut alice.command(&send)));
    let ways = vec![
        way("one connection", || plain(1)),
        way("send", send),
        way("two connections", || plain(2)),
    ];
    let contest = hold(ways);
    contest.speed("send_vs_one_connection", "send", "one connection", ">0.9");
    contest.speed("send_vs_two_connections", "send", "two connections", ">0.6");
    contest.peak("send_peak_MiB", "send", "<64");
    ratio("receiving_peak_MiB", peak_of(pid(&receiving)), "<64");
}

pub(crate) fn pid(serving: &Serving) -> u32 {
    serving.pid().as_raw_nonzero().get().unsigned_abs()
}

pub(crate) fn made(folder: &Path) -> PathBuf {
    fs::create_dir_all(folder).expect("room");
    folder.to_owned()
}

fn accept_from_verified(home: &Home<'_>) {
    let settings = home.path.join("waxwing.toml");
    let text = fs::read_to_string(&settings).expect("settings") + "receive = \"verified\"\n";
    fs::write(settings, text).expect("room");
}

/// The file copied from one new process to another.
fn plain(folder: &Path, connections: usize) -> Took {
    let program = std::env::current_exe().expect("this program");
    let start = |to: Option<&str>| {
        let mut command = Command::new(&program);
        command.arg(PLAY).arg(folder).arg(connections.to_string()).args(to);
        command.stdout(Stdio::piped()).spawn().expect("starts")
    };
    let said = |child: &mut std::process::Child| {
        let mut line = String::new();
        let out = child.stdout.as_mut().expect("piped");
        BufReader::new(out).read_line(&mut line).expect("reads");
        line.trim().to_owned()
    };
    let mut receiver = start(None);
    let to = said(&mut receiver);
    let mut sender = start(Some(&to));
    let seconds = said(&mut sender).parse().expect("seconds");
    for mut child in [sender, receiver] {
        assert!(child.wait().expect("ends").success());
    }
    Took { seconds, peak: f64::NAN }
}

/// One side of a plain copy.
pub(crate) struct Role {
    folder: PathBuf,
    connections: usize,
    to: Option<SocketAddr>,
}

impl Role {
    pub(crate) fn of(words: &[String]) -> Option<Self> {
        let [play, folder, connections, to @ ..] = words else { return None };
        let to = to.first().map(|to| to.parse().expect("an address"));
        let connections = connections.parse().ok()?;
        (play == PLAY).then(|| Self { folder: folder.into(), connections, to })
    }

    pub(crate) fn play(self) {
        match self.to {
            None => copy::receive(&self.folder, self.connections, |at| println!("{at}")),
            Some(to) => println!("{}", copy::send(&self.folder, self.connections, to)),
        }
    }
}

const PLAY: &str = "copy-plainly";
