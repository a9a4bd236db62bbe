//! The log: one line an event, written by a thread of its own.
//!
//! Whoever tells never waits. When a terminal is held up or a disk is slow, lines that find no place
//! are dropped, and counted, and the count is told as soon as there is place again.

use super::log_file::LogFile;
use super::printer::Printer;
use super::words::utc;
use crate::model::{UnixTime, Untrusted};
use serde::Serialize;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

/// How much an event matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// As it should be.
    Info,
    /// Somebody should look at it one day.
    Warn,
    /// Somebody should look at it now.
    Error,
}

impl Level {
    const fn name(self) -> &'static str {
        match self {
            Self::Info => "info ",
            Self::Warn => "warn ",
            Self::Error => "error",
        }
    }
}

/// Where lines go.
#[derive(Debug)]
pub struct Sinks {
    /// To stderr; and events to stdout, when a program reads there.
    pub printer: Printer,
    /// To a file as well.
    pub file: Option<LogFile>,
}

/// Tells the log. Cheap to clone, from any thread.
#[derive(Debug, Clone)]
pub struct Log {
    lines: SyncSender<Told>,
    state: Arc<State>,
    json: bool,
}

#[derive(Debug, Default)]
struct State {
    dropped: AtomicU64,
    /// What waits is written, and no more is waited for.
    ending: AtomicBool,
}

/// The thread that writes.
#[derive(Debug)]
pub struct LogThread {
    log: Log,
    ended: Receiver<()>,
}

enum Told {
    Event {
        level: Level,
        at: UnixTime,
        text: String,
        json: Option<String>,
    },
    /// Only wakes the thread.
    End,
}

impl Log {
    /// Starts the thread.
    pub fn start(sinks: Sinks) -> io::Result<(Self, LogThread)> {
        let (lines, to_write) = sync_channel(WAITING);
        let (end, ended) = sync_channel(1);
        let state = Arc::new(State::default());
        let log = Self { lines, state: Arc::clone(&state), json: sinks.printer.is_json() };
        thread::Builder::new().name("log".to_owned()).spawn(move || {
            let _end = end;
            write_all(sinks, &to_write, &state);
        })?;
        Ok((log.clone(), LogThread { log, ended }))
    }

    /// Tells of something. What the text says may be foreign.
    pub fn tell(&self, level: Level, at: UnixTime, text: impl ToString) {
        self.send(level, at, text.to_string(), None);
    }

    /// Tells of an event that a program may want to read as well.
    pub fn event(&self, level: Level, at: UnixTime, text: impl ToString, event: &impl Serialize) {
        let json = self.json.then(|| serde_json::to_string(event).ok()).flatten();
        self.send(level, at, text.to_string(), json);
    }

    fn send(&self, level: Level, at: UnixTime, text: String, json: Option<String>) {
        if self.lines.try_send(Told::Event { level, at, text, json }).is_err() {
            self.state.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl LogThread {
    /// Writes what was told until now, and ends the thread. An output that takes nothing is not
    /// waited for.
    pub fn finish(self) {
        self.log.state.ending.store(true, Ordering::Relaxed);
        // When there is no room for it, the thread is awake.
        let _ = self.log.lines.try_send(Told::End);
        let _ = self.ended.recv_timeout(PATIENCE);
    }
}

fn write_all(mut sinks: Sinks, lines: &Receiver<Told>, state: &State) {
    while let Some(told) = next(lines, state) {
        let Told::Event { level, at, text, json } = told else { continue };
        sinks.write(level, at, &text, json);
        let missing = state.dropped.swap(0, Ordering::Relaxed);
        if missing > 0 {
            let json = sinks.printer.is_json().then(|| dropped_event(missing));
            let text = format!("{missing} lines came too fast for the log and are not in it");
            sinks.write(Level::Warn, at, &text, json);
        }
    }
}

fn next(lines: &Receiver<Told>, state: &State) -> Option<Told> {
    if state.ending.load(Ordering::Relaxed) { lines.try_recv().ok() } else { lines.recv().ok() }
}

impl Sinks {
    fn write(&mut self, level: Level, at: UnixTime, text: &str, json: Option<String>) {
        let line = format!("{} {} {}", utc(at), level.name(), Untrusted::new(text));
        self.printer.note(&line);
        if let Some(json) = json {
            self.printer.json_line(json);
        }
        if let Some(error) = self.file.as_mut().and_then(|file| file.write(&line).err()) {
            let text = format!("the log file cannot be written: {error}; told once");
            self.file = None;
            self.write(Level::Error, at, &text, None);
        }
    }
}

fn dropped_event(lines: u64) -> String {
    serde_json::json!({ "type": "dropped", "lines": lines }).to_string()
}

/// How many lines may wait.
const WAITING: usize = 1024;
/// How long the end waits for them to be written.
const PATIENCE: Duration = Duration::from_secs(2);
