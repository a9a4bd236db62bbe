//! Somebody who is online, and whose events are read all the time.

use crate::run::{Took, computed_by, peak_of};
use crate::town::Home;
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Stdio};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

/// Somebody who serves; stopped when dropped.
pub(crate) struct Online {
    child: Child,
    served: Receiver<u64>,
}

impl Online {
    /// Is online when this returns.
    pub(crate) fn new(home: &Home<'_>, more: &[&str]) -> Self {
        let mut command = home.command(&[&["serve", "--json", "-q"], more].concat());
        let mut child = command.stdout(Stdio::piped()).spawn().expect("starts");
        let mut out = BufReader::new(child.stdout.take().expect("piped"));
        let mut first = String::new();
        out.read_line(&mut first).expect("says that it is online");
        assert!(first.contains("\"online\""), "{command:?}: {first:?}");
        let (tell, served) = sync_channel(1000);
        thread::spawn(move || read(out, &tell));
        Self { child, served }
    }

    /// How many bytes were sent to the next who was served.
    pub(crate) fn served(&self) -> u64 {
        self.served.recv().expect("it serves")
    }

    /// With what both sides compute of a transfer.
    pub(crate) fn with(&self, go: impl FnOnce() -> Took) -> Took {
        let before = computed_by(self.child.id());
        let mut took = go();
        took.computed += computed_by(self.child.id()) - before;
        took
    }

    /// Its memory at most, in MiB.
    pub(crate) fn peak(&self) -> f64 {
        peak_of(self.child.id())
    }
}

fn read(out: BufReader<ChildStdout>, served: &SyncSender<u64>) {
    for line in out.lines().map_while(Result::ok) {
        let Ok(event) = serde_json::from_str::<Value>(&line) else { continue };
        if event["type"] == "served" {
            // When there are too many, nobody wants to know.
            let _ = served.try_send(event["bytes"].as_u64().unwrap_or(0));
        }
    }
}

impl Drop for Online {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
