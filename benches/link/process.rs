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
    /// The most memory that a process held, in MiB.
    pub(crate) sender_peak: f64,
    pub(crate) receiver_peak: f64,
}

impl Way {
    /// Sends the file in this folder from one new process to another.
    pub(crate) fn send(self, folder: &Path) -> Sending {
        let mut receiver = Process::start(folder, self, None);
        let to = receiver.says().parse().expect("an address");
        let mut sender = Process::start(folder, self, Some(to));
        let seconds = sender.says().parse().expect("seconds");
        Sending { seconds, sender_peak: sender.ends(), receiver_peak: receiver.ends() }
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

    fn ends(mut self) -> f64 {
        let peak = self.says().parse().expect("a peak");
        assert!(self.child.wait().expect("ends").success());
        peak
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
        println!("{}", peak_mib());
    }
}

/// The most memory that this process held, where the system tells.
fn peak_mib() -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = peak.and_then(|peak| peak.split_whitespace().next()?.parse::<f64>().ok());
    kib.map_or(f64::NAN, |kib| kib / 1024.0)
}

const PLAY: &str = "--play";
