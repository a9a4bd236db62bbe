//! A file copied over plain connections from one new process to another: this program, started twice more.

use crate::copy;
use crate::run::{Took, computed_by_ended};
use std::fs;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// Copies `source` in this folder over so many connections, and takes the copy away. What is measured is
/// from the first byte to the last, without the start of the processes.
pub(crate) fn copied(folder: &Path, connections: usize) -> Took {
    let before = computed_by_ended();
    let mut receiver = start(folder, connections, None);
    let to = said(&mut receiver);
    let mut sender = start(folder, connections, Some(&to));
    let seconds = said(&mut sender).parse().expect("seconds");
    for mut child in [sender, receiver] {
        assert!(child.wait().expect("ends").success());
    }
    fs::remove_file(folder.join("target")).expect("it arrived");
    Took { seconds, computed: computed_by_ended() - before, peak: f64::NAN }
}

fn start(folder: &Path, connections: usize, to: Option<&str>) -> Child {
    let mut command = Command::new(std::env::current_exe().expect("this program"));
    command.arg(PLAY).arg(folder).arg(connections.to_string()).args(to);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().expect("starts")
}

/// The one line that it says.
fn said(child: &mut Child) -> String {
    let (mut line, out) = (String::new(), child.stdout.take().expect("said once"));
    BufReader::new(out).read_line(&mut line).expect("reads");
    line.trim().to_owned()
}

/// One side of a copy.
pub(crate) struct Role {
    folder: PathBuf,
    connections: usize,
    to: Option<SocketAddr>,
}

impl Role {
    /// None in the process that a person started.
    pub(crate) fn of(words: &[String]) -> Option<Self> {
        let [play, folder, connections, to @ ..] = words else { return None };
        let connections = connections.parse().ok()?;
        let to = to.first().map(|to| to.parse().expect("an address"));
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
