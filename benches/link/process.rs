//! The two processes of one sending: this program, started twice more.

use crate::{copy, sealed};
use std::env;
use std::fs;
use std::io::{BufRead, BufReader, Lines};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use waxwing::model::ContentId;

/// A way to send a file.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Way {
    /// As it is, over so many connections.
    Copy { connections: usize },
    /// As a sealed stream, on so many lanes, or the channel if there is none.
    Sealed { lanes: u8, id: Option<ContentId> },
}

/// What one sending took.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sending {
    pub(crate) seconds: f64,
    pub(crate) sender: Cost,
    pub(crate) receiver: Cost,
}

/// What a process cost; not a number where the system does not tell.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cost {
    /// The most memory that it held, in MiB.
    pub(crate) peak: f64,
    /// The seconds that all its threads computed, and the system for it.
    pub(crate) computed: f64,
}

impl Way {
    /// Sends the file in this folder from one new process to another.
    pub(crate) fn send(self, folder: &Path) -> Sending {
        let mut receiver = Process::start(folder, self, None);
        let to = receiver.says().parse().expect("an address");
        let mut sender = Process::start(folder, self, Some(to));
        let seconds = sender.says().parse().expect("seconds");
        Sending { seconds, sender: sender.ends(), receiver: receiver.ends() }
    }

    fn to_words(self) -> [String; 3] {
        let words = |way: &str, count: String, id: String| [way.to_owned(), count, id];
        match self {
            Self::Copy { connections } => words("copy", connections.to_string(), String::new()),
            Self::Sealed { lanes, id } => {
                let id = id.map(|id| id.to_string());
                words("sealed", lanes.to_string(), id.unwrap_or_default())
            }
        }
    }

    fn of_words(way: &str, count: &str, id: &str) -> Self {
        let count: u8 = count.parse().expect("a count");
        match way {
            "copy" => Self::Copy { connections: count.into() },
            _ => Self::Sealed { lanes: count, id: id.parse().ok() },
        }
    }
}

/// A process that plays a role, and what it says on the way.
struct Process {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Process {
    fn start(folder: &Path, way: Way, to: Option<SocketAddr>) -> Self {
        let mut command = Command::new(env::current_exe().expect("this program"));
        command.arg(PLAY).arg(folder).args(way.to_words());
        command.args(to.map(|to| to.to_string())).stdin(Stdio::null()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("starts");
        let lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        Self { child, lines }
    }

    fn says(&mut self) -> String {
        self.lines.next().expect("a line").expect("reads")
    }

    fn ends(mut self) -> Cost {
        let mut number = || self.says().parse().expect("a number");
        let cost = Cost { peak: number(), computed: number() };
        assert!(self.child.wait().expect("ends").success());
        cost
    }
}

impl Drop for Process {
    /// Nobody waits for one whose partner failed.
    fn drop(&mut self) {
        // It has ended already if all went well.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a started process does: it sends if it knows where to.
pub(crate) struct Role {
    folder: PathBuf,
    way: Way,
    to: Option<SocketAddr>,
}

impl Role {
    /// None in the process that a person started.
    pub(crate) fn of_this_process() -> Option<Self> {
        let words: Vec<_> = env::args().skip(1).collect();
        let [play, folder, way, count, id, to @ ..] = &words[..] else { return None };
        let to = to.first().map(|to| to.parse().expect("an address"));
        let way = Way::of_words(way, count, id);
        (play == PLAY).then(|| Self { folder: folder.into(), way, to })
    }

    pub(crate) fn play(self) {
        let Self { folder, way, to } = self;
        let tell = |address: SocketAddr| println!("{address}");
        match (way, to) {
            (Way::Copy { connections }, None) => copy::receive(&folder, connections, tell),
            (Way::Sealed { id, .. }, None) => sealed::receive(&folder, id.is_some(), tell),
            (Way::Copy { connections }, Some(to)) => {
                println!("{}", copy::send(&folder, connections, to));
            }
            (Way::Sealed { lanes, id }, Some(to)) => {
                println!("{}", sealed::send(&folder, lanes, id, to));
            }
        }
        let Cost { peak, computed } = Cost::of_this_process();
        println!("{peak}\n{computed}");
    }
}

impl Cost {
    fn of_this_process() -> Self {
        Self { peak: peak().unwrap_or(f64::NAN), computed: computed().unwrap_or(f64::NAN) }
    }
}

fn peak() -> Option<f64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: f64 = peak.split_whitespace().next()?.parse().ok()?;
    Some(kib / 1024.0)
}

fn computed() -> Option<f64> {
    let status = fs::read_to_string("/proc/self/stat").ok()?;
    // Behind the name, which may hold anything, the twelfth and thirteenth word count ticks, of
    // which Linux tells programs a hundred a second.
    let words = status.rsplit(')').next()?.split_whitespace();
    let ticks: Option<Vec<f64>> = words.skip(11).take(2).map(|word| word.parse().ok()).collect();
    Some(ticks?.iter().sum::<f64>() / 100.0)
}

const PLAY: &str = "--play";
