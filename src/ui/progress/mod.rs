//! How far work has come, drawn from what it tells.
//!
//! On a terminal: a bar for each of up to four files, and one for all of them when there are several.
//! A task is one file, or tells of its files itself. Elsewhere: a plain line now and then, about what takes long. For a program: an object when a task
//! begins and ends, and now and then between. What is over in a moment is not drawn at all. What failed
//! with somebody, and when it is tried again, is a line in all of these places.
//!
//! The bars live on a thread of their own, so that whoever works never waits for a terminal. What was
//! done in the end is not said here: that is a result, and the program's to print.

mod bars;
mod burst;
mod failures;
mod lines;
mod marks;

use self::bars::Bars;
use self::burst::{Burst, Doing};
use self::lines::{Lines, Objects};
pub use self::marks::Marks;
use super::printer::{Loudness, Printer};
use crate::model::{Event, Work};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// The thread that draws.
#[derive(Debug)]
pub struct Progress {
    thread: JoinHandle<()>,
    end: Arc<AtomicBool>,
    mute: Arc<AtomicBool>,
    marks: Marks,
}

/// A way to show a burst of tasks.
enum Show {
    Bars(Bars),
    Lines(Lines),
    Objects(Objects),
    Nothing,
}

impl Progress {
    /// Draws what is told from now on, until nobody can tell any more.
    pub fn start(printer: &Printer, events: Receiver<Event>) -> io::Result<Self> {
        let (mut show, printer) = (Show::on(printer), printer.clone());
        let (mut burst, end) = (Burst::default(), Arc::new(AtomicBool::new(false)));
        let mute = Arc::new(AtomicBool::new(false));
        let (ending, is_mute) = (Arc::clone(&end), Arc::clone(&mute));
        let marks = Marks::default();
        let seen = marks.clone();
        let draw = move || {
            loop {
                let ending = ending.load(Ordering::Acquire);
                let told = events.recv_timeout(if ending { Duration::ZERO } else { FRAME });
                let over = match told {
                    Ok(_) => false,
                    Err(RecvTimeoutError::Timeout) => ending,
                    Err(RecvTimeoutError::Disconnected) => true,
                };
                let now = Instant::now();
                for event in told.into_iter().chain(events.try_iter().take(AT_ONCE)) {
                    if seen.passed(&event) {
                        continue;
                    }
                    let before = burst.clone_task(&event);
                    failures::tell(&printer, &event);
                    burst.take(event.clone(), now);
                    if !is_mute.load(Ordering::Acquire) {
                        show.told(&event, before.as_ref(), &burst);
                    }
                }
                if over {
                    break show.end();
                }
                if !is_mute.load(Ordering::Acquire) {
                    show.draw(&burst, now);
                }
                burst.rest();
            }
        };
        let thread = thread::Builder::new().name("progress".to_owned()).spawn(draw)?;
        Ok(Self { thread, end, mute, marks })
    }

    /// By these it is seen how far what was told is drawn.
    pub fn marks(&self) -> Marks {
        self.marks.clone()
    }

    /// Whether nothing is shown for now.
    pub fn mute(&self, on: bool) {
        self.mute.store(on, Ordering::Release);
    }

    /// Waits until all that was told is drawn, and the bars are gone. Nobody listens to what is told
    /// after it.
    pub fn finish(self) {
        self.end.store(true, Ordering::Release);
        let _ = self.thread.join();
    }
}

impl Show {
    fn on(printer: &Printer) -> Self {
        match printer.screen() {
            _ if printer.is_json() => Self::Objects(Objects::new(printer.clone())),
            _ if printer.loudness() == Loudness::Quiet => Self::Nothing,
            Some(screen) if !screen.is_plain() => Self::Bars(Bars::new(screen.clone())),
            _ => Self::Lines(Lines::new(printer.clone())),
        }
    }

    fn told(&mut self, event: &Event, ended: Option<&Doing>, burst: &Burst) {
        if let Self::Objects(objects) = self {
            objects.told(event, ended, burst);
        }
    }

    fn draw(&mut self, burst: &Burst, now: Instant) {
        match self {
            Self::Bars(bars) => bars.draw(burst, now),
            Self::Lines(lines) => lines.draw(burst, now),
            Self::Objects(objects) => objects.draw(burst, now),
            Self::Nothing => {}
        }
    }

    fn end(&mut self) {
        if let Self::Bars(bars) = self {
            bars.clear();
        }
    }
}

/// What a task does, in a word.
fn word(work: Work) -> &'static str {
    match work {
        Work::Hashing => "reading",
        Work::Sealing | Work::Sending => "sending",
        Work::Opening | Work::Receiving => "receiving",
        Work::Waiting => "waiting",
        Work::Looking => "looking",
        Work::Landing => "landing",
    }
}

/// How often is looked.
const FRAME: Duration = Duration::from_millis(100);
/// So many events are taken before the next look.
const AT_ONCE: usize = 1024;
