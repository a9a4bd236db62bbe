//! A terminal with a person at it, who reads what is shown and types.

use rustix::process::Pid;
use std::fs;
use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

/// A program at a terminal of its own; gone when dropped.
pub(crate) struct Terminal {
    child: Child,
    keys: ChildStdin,
    shown: Receiver<Vec<u8>>,
    text: String,
    raw: Vec<u8>,
    /// What was awaited already.
    seen: usize,
    screen: vt100::Parser,
}

impl Terminal {
    /// Of 100 columns.
    pub(crate) fn open(folder: &Path, program: &str, home: &Path) -> Self {
        Self::wide(100, folder, program, home)
    }

    /// Of so many columns, and so many lines that nothing scrolls away. `program` may have arguments,
    /// and variables before it.
    ///
    /// `script` gives the program a terminal, since making one takes code that is not safe.
    pub(crate) fn wide(columns: u16, folder: &Path, program: &str, home: &Path) -> Self {
        let mut command = Command::new("script");
        let call = format!("stty cols {columns} rows {LINES}; exec env {program}");
        command.args(["-q", "-e", "-c", &call, "/dev/null"]).current_dir(folder).env_clear();
        command.env("HOME", home).env("TERM", "xterm").env("PATH", "/usr/bin:/bin");
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("script, of util-linux");
        let (keys, mut out) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let (shows, shown) = sync_channel(1024);
        thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(length @ 1..) = out.read(&mut bytes) {
                if shows.send(bytes[..length].to_vec()).is_err() {
                    return;
                }
            }
        });
        let there = |number| NonZeroU16::new(number).unwrap();
        let screen = vt100::Parser::new(there(LINES), there(columns), 0);
        Self { child, keys, shown, text: String::new(), raw: Vec::new(), seen: 0, screen }
    }

    /// Waits until this is shown, behind what was awaited before.
    #[track_caller]
    pub(crate) fn sees(&mut self, what: &str) -> &mut Self {
        let late = Instant::now() + PATIENCE;
        loop {
            if let Some(at) = self.text[self.seen..].find(what) {
                self.seen += at + what.len();
                return self;
            }
            let left = late.saturating_duration_since(Instant::now());
            match self.shown.recv_timeout(left) {
                Ok(bytes) => self.take(&bytes),
                Err(_) => panic!("{what:?} is not shown:\n{}", &self.text[self.seen..]),
            }
        }
    }

    /// Takes what is shown within this time, whatever it is.
    pub(crate) fn watches(&mut self, time: Duration) -> &mut Self {
        let until = Instant::now() + time;
        let left = || until.saturating_duration_since(Instant::now());
        while let Ok(bytes) = self.shown.recv_timeout(left()) {
            self.take(&bytes);
        }
        self
    }

    fn take(&mut self, bytes: &[u8]) {
        self.text += &plain(bytes);
        self.raw.extend(bytes);
        self.screen.process(bytes);
    }

    pub(crate) fn types(&mut self, keys: &str) -> &mut Self {
        self.keys.write_all(keys.as_bytes()).unwrap();
        self.keys.flush().unwrap();
        self
    }

    /// All that was shown.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// All that was shown, with what steers the terminal.
    pub(crate) fn raw(&self) -> String {
        String::from_utf8_lossy(&self.raw).into_owned()
    }

    /// What stands on the screen now, without the spaces at the ends of lines.
    pub(crate) fn screen(&self) -> String {
        self.screen.screen().contents()
    }

    /// The program that runs in it: the last of those that began one another.
    pub(crate) fn program(&self) -> Pid {
        let mut last = self.child.id();
        while let Some(next) = child_of(last) {
            last = next;
        }
        Pid::from_raw(last.try_into().unwrap()).unwrap()
    }

    /// Waits for the program's end, and takes all that it showed.
    #[track_caller]
    pub(crate) fn exit(mut self) -> Option<i32> {
        self.ends();
        self.child.wait().unwrap().code()
    }

    /// Waits until nothing more is shown.
    #[track_caller]
    pub(crate) fn ends(&mut self) {
        let late = Instant::now() + PATIENCE;
        loop {
            match self.shown.recv_timeout(late.saturating_duration_since(Instant::now())) {
                Ok(bytes) => self.take(&bytes),
                Err(RecvTimeoutError::Disconnected) => return,
                Err(RecvTimeoutError::Timeout) => panic!("it does not end:\n{}", self.screen()),
            }
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn child_of(process: u32) -> Option<u32> {
    let children = fs::read_to_string(format!("/proc/{process}/task/{process}/children")).ok()?;
    children.split_whitespace().next()?.parse().ok()
}

/// Waits until a process is gone, whoever began it.
#[track_caller]
pub(crate) fn is_gone(process: Pid) {
    let late = Instant::now() + PATIENCE;
    // One that nobody has asked after is dead as well.
    let lives = |stat: String| !stat.rsplit(')').next().unwrap().trim_start().starts_with('Z');
    let stat = || fs::read_to_string(format!("/proc/{}/stat", process.as_raw_pid()));
    while stat().is_ok_and(lives) {
        assert!(Instant::now() < late, "process {process:?} does not end");
        thread::sleep(Duration::from_millis(5));
    }
}

/// Without what steers a terminal.
fn plain(bytes: &[u8]) -> String {
    let (text, mut plain) = (String::from_utf8_lossy(bytes), String::new());
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        match c {
            '\u{1b}' => {
                if rest.next() == Some('[') {
                    rest.by_ref().find(|c| c.is_ascii_alphabetic());
                }
            }
            '\r' => {}
            c => plain.push(c),
        }
    }
    plain
}

/// Nothing here takes so long, on a machine that does much else.
const PATIENCE: Duration = Duration::from_secs(120);
const LINES: u16 = 200;
