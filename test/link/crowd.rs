//! Crowds, and a system that runs dry. What concerns a whole process runs in one of its own: this
//! program again, with one of the ignored tests below, which speaks with its parent by lines.

use crate::keys::skipped;
use crate::stage::{Ground, ask, grant_everything, side, soon};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::spawn_blocking;
use waxwing::link::{Backoff, Deadlines, Dialler, Expected, Limits, Listener, Notice};

/// Another process of this program, which listens.
pub(crate) struct Other {
    process: Child,
    said: BufReader<ChildStdout>,
    pub(crate) address: SocketAddr,
}

impl Other {
    pub(crate) fn start(test: &str) -> Self {
        let mut process = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", test, "--ignored", "--nocapture"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let said = BufReader::new(process.stdout.take().unwrap());
        let mut other = Self { process, said, address: SocketAddr::from(([0; 4], 0)) };
        other.address = other.hear("LISTENS ").parse().unwrap();
        other
    }

    /// What stands behind this word in the line that begins with it.
    fn hear(&mut self, word: &str) -> String {
        let mut line = String::new();
        while self.said.read_line(&mut line).unwrap() > 0 {
            // The harness may have begun the line.
            if let Some((_, rest)) = line.split_once(word) {
                return rest.trim().to_owned();
            }
            line.clear();
        }
        panic!("the other process is gone and has not said {word}");
    }

    fn say(&mut self, line: &str) {
        writeln!(self.process.stdin.as_mut().unwrap(), "{line}").unwrap();
    }
}

impl Drop for Other {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}

#[allow(clippy::print_stdout, reason = "the parent listens there")]
fn say(line: &str) {
    println!("{line}");
}

/// A number of KiB from the system's notes on this process.
fn memory(name: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with(name)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// Tells the figures of memory whenever the parent asks, until it goes.
async fn tell_memory() {
    spawn_blocking(|| {
        for _ in std::io::stdin().lines() {
            say(&format!("MEMORY {} {}", memory("VmRSS"), memory("VmHWM")));
        }
    })
    .await
    .unwrap();
}

/// Resident memory, and its peak, of the other process, in KiB.
pub(crate) fn memory_of(other: &mut Other) -> (u64, u64) {
    other.say("memory?");
    let said = other.hear("MEMORY ");
    let (now, peak) = said.split_once(' ').unwrap();
    (now.parse().unwrap(), peak.parse().unwrap())
}

/// Raises our limit of descriptors as far as it may go, and gives it.
pub(crate) fn raise_descriptors() -> u64 {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }).unwrap();
    maximum.unwrap_or(u64::MAX)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "runs in a process of its own, started by the tests below"]
async fn listens_in_a_process_of_its_own() {
    raise_descriptors();
    let limits = Limits { of_identity: 20_000, ..Limits::default() };
    let ground =
        Ground::with(Deadlines::default(), |it| it.with_limits(limits), grant_everything).await;
    say(&format!("LISTENS {}", ground.address));
    tell_memory().await;
    ground.stop().await;
}

#[tokio::test]
#[ignore = "runs in a process of its own, started by the tests below"]
async fn listens_with_few_descriptors() {
    let tell = |listener: Listener<_>| {
        listener.with_notices(|notice| match notice {
            Notice::AcceptFails(_) => say("FAILS"),
            Notice::AcceptsAgain => say("AGAIN"),
            _ => {}
        })
    };
    let ground = Ground::with(Deadlines::default(), tell, grant_everything).await;
    let open = std::fs::read_dir("/proc/self/fd").unwrap().count() as u64;
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: Some(open + 10), maximum }).unwrap();
    say(&format!("LISTENS {}", ground.address));
    tell_memory().await;
    ground.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_system_without_descriptors_gets_over_it() {
    let mut other = Other::start("crowd::listens_with_few_descriptors");
    let mut crowd = Vec::new();
    for _ in 0..30 {
        crowd.push(TcpStream::connect(other.address).await.unwrap());
    }
    other.hear("FAILS");
    drop(crowd);
    let dialler = Dialler::new(side("alice")).with_backoff(Backoff::never());
    let address = other.address.into();
    let dialled = dialler.dial(&address, Expected::Anyone);
    let (conversation, _incoming) = soon(dialled).await.unwrap();
    soon(conversation.ask(ask())).await.unwrap();
    other.hear("AGAIN");
}

/// A socket from the nth address of loopback.
async fn connect_from(n: u32, to: SocketAddr) -> std::io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.bind(SocketAddr::from((Ipv4Addr::from(0x7f01_0001 + n), 0)))?;
    socket.connect(to).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_thousand_who_drip_cost_little_and_hold_up_nobody() {
    let may_open = raise_descriptors().saturating_sub(200);
    let crowd_size = may_open.min(5000);
    if crowd_size < 5000 {
        let missing = 5000 - crowd_size;
        skipped(&format!("{missing} of 5000 sockets, which this system does not let us open"));
    }
    let mut other = Other::start("crowd::listens_in_a_process_of_its_own");
    let (_, before) = memory_of(&mut other);
    let mut crowd = Vec::new();
    for n in 0..u32::try_from(crowd_size).unwrap() {
        let mut socket = soon(connect_from(n, other.address)).await.unwrap();
        // The head of a record of TLS, of which nothing more comes soon.
        let _ = socket.write_all(&[0x16, 3, 1]).await;
        crowd.push(socket);
    }
    let drip = async {
        loop {
            for socket in &mut crowd {
                // Most were shown the door already.
                let _ = socket.try_write(&[1]);
                tokio::task::yield_now().await;
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    };
    let served = async {
        let dialler = Dialler::new(side("alice")).with_backoff(Backoff::never());
        let address = other.address.into();
        // The quickest of some counts: the machine may be busy with others.
        let mut quickest = Duration::MAX;
        for _ in 0..5 {
            let begin = Instant::now();
            let dialled = dialler.dial(&address, Expected::Anyone);
            let (conversation, _incoming) = soon(dialled).await.unwrap();
            soon(conversation.ask(ask())).await.unwrap();
            quickest = quickest.min(begin.elapsed());
        }
        quickest
    };
    let time = tokio::select! { () = drip => Duration::MAX, time = served => time };
    println!("served after {time:?} among {crowd_size} who drip");
    assert!(time < Duration::from_secs(1), "{time:?}");
    let (_, after) = memory_of(&mut other);
    println!("the listener's peak grew by {} KiB", after - before);
    assert!(after - before <= 128 * 1024);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn idle_conversations_cost_little_memory() {
    let mut other = Other::start("crowd::listens_in_a_process_of_its_own");
    let dialler = Dialler::new(side("alice")).with_backoff(Backoff::never());
    let address = other.address.into();
    let mut held = Vec::new();
    for n in 0..COUNT + WARM {
        if n == WARM {
            held.push((memory_of(&mut other).0, None));
        }
        let dialled = dialler.dial(&address, Expected::Anyone);
        let (conversation, incoming) = soon(dialled).await.unwrap();
        soon(conversation.ask(ask())).await.unwrap();
        held.push((0, Some((conversation, incoming))));
    }
    let (after, _) = memory_of(&mut other);
    let before = held.iter().map(|(before, _)| *before).max().unwrap();
    let each = (after - before) as f64 / COUNT as f64;
    println!("{each:.1} KiB for each of {COUNT} idle conversations");
    assert!(each <= 48.0, "{each}");
}

/// Until caches and threads are there.
const WARM: usize = 50;
const COUNT: usize = 300;
