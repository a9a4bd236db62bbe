//! The index as a process of its own: this program, started once more.

use crate::crowd::Crowd;
use crate::keys::NOW;
use crate::library::{database, folder};
use crate::people::index_identity;
use std::env;
use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use waxwing::crypto::PasswordHasher;
use waxwing::index::{Index, Rules};
use waxwing::link::{Deadlines, Limits, Listener, Side};
use waxwing::wire::{Features, Party};

const PLAY: &str = "--be-an-index";

/// An index that runs in another process until this is dropped.
pub(crate) struct Process {
    child: Child,
    say: Option<ChildStdin>,
    said: BufReader<ChildStdout>,
    pub(crate) address: SocketAddr,
    _folder: Option<TempDir>,
}

impl Process {
    /// With so many peers who may come, and passwords of this cost, in a folder of its own.
    pub(crate) fn start(peers: usize, cost: u32) -> Self {
        let folder = folder();
        let mut process = Self::start_in(folder.path(), peers, cost);
        process._folder = Some(folder);
        process
    }

    /// The same, over the database in a folder.
    pub(crate) fn start_in(folder: &Path, peers: usize, cost: u32) -> Self {
        let mut child = Command::new(env::current_exe().unwrap())
            .args([PLAY, &peers.to_string(), &cost.to_string()])
            .arg(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let say = child.stdin.take();
        let said = BufReader::new(child.stdout.take().unwrap());
        let mut process = Self { child, say, said, address: ([0; 4], 0).into(), _folder: None };
        process.address = process.line().parse().unwrap();
        process
    }

    /// How much memory it holds, in KiB, and how many people are online.
    pub(crate) fn memory(&mut self) -> (f64, usize) {
        writeln!(self.say.as_mut().unwrap(), "memory").unwrap();
        let line = self.line();
        let (memory, online) = line.split_once(' ').unwrap();
        (memory.parse().unwrap(), online.parse().unwrap())
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.said.read_line(&mut line).unwrap();
        line.trim().to_owned()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.say.take());
        let _ = self.child.wait();
    }
}

pub(crate) fn is_an_index() -> bool {
    env::args().nth(1).is_some_and(|word| word == PLAY)
}

pub(crate) fn be_an_index() {
    let words: Vec<_> = env::args().skip(2).collect();
    let [peers, cost, folder] = &words[..] else { panic!("peers, cost and folder") };
    let threads = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    threads.block_on(run(Path::new(folder), peers.parse().unwrap(), cost.parse().unwrap()));
}

async fn run(folder: &Path, peers: usize, cost: u32) {
    let store = Crowd::new(&database(folder), peers).await;
    let rules = Rules {
        free_tries: u32::MAX,
        // They say once that they are online; saying it again costs no memory.
        online_lifetime: Duration::from_secs(3600),
        ..Rules::default()
    };
    let hasher = PasswordHasher::new(cost).unwrap();
    let index = Index::new(store, rules, hasher, Arc::new(|| NOW), |_| ()).unwrap();
    let sockets = TcpListener::bind("0.0.0.0:0").await.unwrap();
    println!("127.0.0.1:{}", sockets.local_addr().unwrap().port());
    let features = Features::default();
    let side = Side::new(index_identity(), Party::Index, features, Deadlines::default()).unwrap();
    let limits = Limits { of_identity: 20_000, unproven: 512, ..Limits::default() };
    let listener = Listener::new(sockets, side).with_limits(limits);
    let stop = CancellationToken::new();
    let (asked, until) = (index.clone(), stop.clone());
    std::thread::spawn(move || {
        for _ in std::io::stdin().lines() {
            println!("{} {}", resident().unwrap_or(f64::NAN), asked.online());
        }
        until.cancel();
    });
    let jobs = tokio::spawn({
        let (index, stop) = (index.clone(), stop.clone());
        async move { index.run_jobs(stop).await }
    });
    listener.run(index, stop).await;
    jobs.await.unwrap();
}

fn resident() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.split_whitespace().next()?.parse().ok()
}
