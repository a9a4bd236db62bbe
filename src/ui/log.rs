//! The log: one line an event, each output written by a thread of its own.
//!
//! Whoever tells never waits. When a terminal is held up or a disk is slow, lines that find no place
//! are dropped, and counted, and the count is told as soon as there is place again. The other outputs
//! go on meanwhile.

use super::log_file::LogFile;
use super::printer::Printer;
use super::words::utc;
use crate::model::{UnixTime, Untrusted};
use serde::Serialize;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

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
    file: Option<Outlet>,
    people: Option<Outlet>,
    programs: Option<Outlet>,
}

/// The threads that write.
#[derive(Debug)]
pub struct LogThread(Vec<(Outlet, Receiver<()>)>);

/// The way to one output, with a thread of its own: one that takes nothing holds up no other.
#[derive(Debug, Clone)]
struct Outlet {
    lines: SyncSender<Told>,
    state: Arc<State>,
}

#[derive(Debug, Default)]
struct State {
    dropped: AtomicU64,
    /// Bytes that wait.
    bytes: AtomicUsize,
    /// What waits is written, and no more is waited for.
    ending: AtomicBool,
}

enum Told {
    Line(Line),
    /// Only wakes the thread.
    End,
}

#[derive(Debug, Clone)]
struct Line {
    level: Level,
    at: UnixTime,
    text: String,
}

impl Log {
    /// Starts the threads.
    pub fn start(Sinks { printer, file }: Sinks) -> io::Result<(Self, LogThread)> {
        let (stderr, stdout) = (printer.clone(), printer.clone());
        let (people, ended) = Outlet::start(move |line| stderr.note(line.shown()), dropped_line)?;
        let mut threads = vec![(people.clone(), ended)];
        let file = match file {
            Some(file) => {
                let complaints = Some(people.clone());
                let mut writer = FileWriter { file, lost: 0, complaints };
                let (file, ended) = Outlet::start(move |line| writer.write(&line), dropped_line)?;
                // Its end comes first, since it may have to complain.
                threads.insert(0, (file.clone(), ended));
                Some(file)
            }
            None => None,
        };
        let programs = if printer.is_json() {
            let write = move |line: Line| stdout.json_line(&line.text);
            let (programs, ended) = Outlet::start(write, dropped_event)?;
            threads.push((programs.clone(), ended));
            Some(programs)
        } else {
            None
        };
        Ok((Self { file, people: Some(people), programs }, LogThread(threads)))
    }

    /// Starts the thread of a log that is written to a file, and nowhere else.
    pub fn in_file(file: LogFile) -> io::Result<(Self, LogThread)> {
        let mut writer = FileWriter { file, lost: 0, complaints: None };
        let (file, ended) = Outlet::start(move |line| writer.write(&line), dropped_line)?;
        let log = Self { file: Some(file.clone()), people: None, programs: None };
        Ok((log, LogThread(vec![(file, ended)])))
    }

    /// Starts the thread that writes objects for a program, which may not read them.
    pub(super) fn of_objects(printer: Printer) -> io::Result<(Self, LogThread)> {
        let write = move |line: Line| printer.json_line(&line.text);
        let (programs, ended) = Outlet::start(write, dropped_event)?;
        let log = Self { file: None, people: None, programs: Some(programs.clone()) };
        Ok((log, LogThread(vec![(programs, ended)])))
    }

    /// An object, which is JSON already. Gives it back when nobody writes any more.
    pub(super) fn object(&self, text: String) -> Option<String> {
        let Some(programs) = &self.programs else { return Some(text) };
        programs.send_soon(Line { level: Level::Info, at: UnixTime::now(), text })
    }

    /// Tells of something. What the text says may be foreign.
    pub fn tell(&self, level: Level, at: UnixTime, text: impl ToString) {
        let line = Line { level, at, text: text.to_string() };
        if let Some(file) = &self.file {
            file.send(line.clone());
        }
        if let Some(people) = &self.people {
            people.send(line);
        }
    }

    /// Tells of an event that a program may want to read as well.
    pub fn event(&self, level: Level, at: UnixTime, text: impl ToString, event: &impl Serialize) {
        self.tell(level, at, text);
        if let Some(programs) = &self.programs
            && let Ok(text) = serde_json::to_string(event)
        {
            programs.send(Line { level, at, text });
        }
    }
}

impl LogThread {
    /// Writes what was told until now, and ends the threads. An output that takes nothing is not
    /// waited for.
    pub fn finish(self) {
        let late = Instant::now().checked_add(PATIENCE);
        for (outlet, ended) in self.0 {
            outlet.end();
            let left = late.map(|late| late.saturating_duration_since(Instant::now()));
            let _ = ended.recv_timeout(left.unwrap_or_default());
        }
    }
}

impl Outlet {
    fn start(
        mut write: impl FnMut(Line) + Send + 'static,
        dropped: fn(u64) -> String,
    ) -> io::Result<(Self, Receiver<()>)> {
        let (lines, to_write) = sync_channel(WAITING);
        let (end, ended) = sync_channel(1);
        let state = Arc::new(State::default());
        let outlet = Self { lines, state: Arc::clone(&state) };
        thread::Builder::new().name("log".to_owned()).spawn(move || {
            let _end: SyncSender<()> = end;
            while let Some(told) = next(&to_write, &state) {
                let Told::Line(line) = told else { continue };
                let at = line.at;
                state.bytes.fetch_sub(line.text.len(), Ordering::Relaxed);
                write(line);
                let missing = state.dropped.swap(0, Ordering::Relaxed);
                if missing > 0 {
                    write(Line { level: Level::Warn, at, text: dropped(missing) });
                }
            }
        })?;
        Ok((outlet, ended))
    }

    fn send(&self, line: Line) {
        let (bytes, state) = (line.text.len(), &self.state);
        let waiting = state.bytes.fetch_add(bytes, Ordering::Relaxed);
        if waiting > WAITING_BYTES || self.lines.try_send(Told::Line(line)).is_err() {
            state.bytes.fetch_sub(bytes, Ordering::Relaxed);
            state.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Waits a moment for room, unless nothing has been taken for longer. Gives the text back when nobody writes
    /// any more.
    fn send_soon(&self, line: Line) -> Option<String> {
        let (bytes, state) = (line.text.len(), &self.state);
        let (begun, mut told) = (Instant::now(), Told::Line(line));
        loop {
            if state.bytes.load(Ordering::Relaxed) <= WAITING_BYTES {
                // Counted before it can be written.
                state.bytes.fetch_add(bytes, Ordering::Relaxed);
                told = match self.lines.try_send(told) {
                    Ok(()) => return None,
                    Err(TrySendError::Disconnected(Told::Line(line))) => return Some(line.text),
                    Err(TrySendError::Full(told) | TrySendError::Disconnected(told)) => told,
                };
                state.bytes.fetch_sub(bytes, Ordering::Relaxed);
            }
            let is_stuck = state.dropped.load(Ordering::Relaxed) > 0;
            if is_stuck || begun.elapsed() >= PATIENCE {
                state.dropped.fetch_add(1, Ordering::Relaxed);
                return None;
            }
            thread::sleep(SOON);
        }
    }

    fn end(&self) {
        self.state.ending.store(true, Ordering::Relaxed);
        // When there is no room for it, the thread is awake.
        let _ = self.lines.try_send(Told::End);
    }
}

fn next(lines: &Receiver<Told>, state: &State) -> Option<Told> {
    if state.ending.load(Ordering::Relaxed) { lines.try_recv().ok() } else { lines.recv().ok() }
}

impl Line {
    fn shown(&self) -> String {
        format!(
            "{} {} {}",
            utc(self.at),
            self.level.name(),
            Untrusted::new(&self.text).with_parts_shown()
        )
    }
}

/// Writes the file. A disk that is full today may have room tomorrow, so each line tries anew.
struct FileWriter {
    file: LogFile,
    lost: u64,
    complaints: Option<Outlet>,
}

impl FileWriter {
    fn write(&mut self, line: &Line) {
        match self.file.write(&line.shown()) {
            Ok(()) if self.lost > 0 => {
                let text =
                    format!("{} lines are missing here, which the file did not take", self.lost);
                let gap = Line { level: Level::Warn, at: line.at, text };
                if self.file.write(&gap.shown()).is_ok() {
                    self.lost = 0;
                }
            }
            Ok(()) => {}
            Err(error) => {
                if let (0, Some(complaints)) = (self.lost, &self.complaints) {
                    let text = format!("the log file cannot be written: {error}; told once");
                    complaints.send(Line { level: Level::Error, at: line.at, text });
                }
                self.lost = self.lost.saturating_add(1);
            }
        }
    }
}

fn dropped_line(lines: u64) -> String {
    format!("{lines} lines came too fast for the log and are not in it")
}

fn dropped_event(lines: u64) -> String {
    serde_json::json!({ "type": "dropped", "lines": lines }).to_string()
}

/// How many lines may wait.
const WAITING: usize = 1024;
/// With more bytes than this waiting, no further line does.
const WAITING_BYTES: usize = 4 << 20;
/// How long the end waits for them to be written, and an object for room.
const PATIENCE: Duration = Duration::from_secs(2);
/// Between two looks whether there is room.
const SOON: Duration = Duration::from_millis(2);
