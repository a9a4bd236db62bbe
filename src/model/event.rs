//! Facts on their way up: what rooms tell the program while they work.
//!
//! A room is handed an [`Events`] and tells through it; the program owns the other end of one
//! bounded channel and draws. How far a task or a file has come may be dropped when the program is slow,
//! because the next such event says it better; that it began, how it ended, and what failed never is.

use super::Untrusted;
use super::limits::EVENTS_WAITING;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

/// Names a task among all of one program's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TaskId(u64);

impl TaskId {
    /// Its number.
    pub fn number(self) -> u64 {
        self.0
    }
}

/// What kind of work a task is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Work {
    /// Reading a file to learn what its bytes are called.
    Hashing,
    /// Encrypting, tagging and signing for a receiver.
    Sealing,
    /// Verifying and decrypting what a sender sealed.
    Opening,
    /// Sending files to somebody.
    Sending,
    /// Receiving files from somebody, up to their last byte.
    Receiving,
    /// Waiting for somebody to decide, or to serve others first.
    Waiting,
    /// Finding out which files there are, here and there.
    Looking,
    /// Giving files that came their names, and making them durable.
    Landing,
}

/// A fact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Event {
    /// A task began.
    Began {
        /// Which.
        task: TaskId,
        /// What it does.
        work: Work,
        /// To what.
        name: Foreign,
        /// How many bytes it has to do; none when that is not known.
        total: u64,
        /// Of how many files it is.
        files: u32,
        /// With whom.
        with: Option<Foreign>,
    },
    /// A task has done so many bytes, all in all.
    Advanced {
        /// Which.
        task: TaskId,
        /// How many of its total.
        done: u64,
    },
    /// How far one of several files of a task has come. It says all that there is to say of the file,
    /// so that none need be there before it.
    File {
        /// Which task.
        task: TaskId,
        /// Which of its files.
        file: u32,
        /// What the file is called.
        name: Foreign,
        /// How many of its bytes are done, and how many it has. With all of them, it has ended.
        done: u64,
        /// How many it has.
        total: u64,
        /// How many of the task's files have ended.
        ended: u32,
    },
    /// Others are served before a task goes on.
    Placed {
        /// Which.
        task: TaskId,
        /// The how manieth it is among those who wait.
        place: u32,
        /// How many wait.
        of: u32,
    },
    /// A task ended.
    Ended {
        /// Which.
        task: TaskId,
        /// Whether it did what it began.
        complete: bool,
    },
    /// Something failed with somebody; what it was for may go on.
    Failed {
        /// With whom.
        with: Foreign,
        /// Why.
        why: Foreign,
        /// When it is tried again with them; never, when that is of no use.
        again: Option<Again>,
    },
}

impl Event {
    /// Whether the next of its kind says all that it says, so that it need not be told.
    pub fn is_outdone(&self) -> bool {
        matches!(self, Self::Advanced { .. } | Self::File { .. } | Self::Placed { .. })
    }
}

/// The next try.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Again {
    /// How long from now it begins.
    pub pause: Duration,
    /// The how manieth it is.
    pub next: u32,
    /// Of how many.
    pub of: u32,
}

/// A foreign text that was kept: it shows itself as [`Untrusted`] does, and no other way.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Foreign(String);

impl Foreign {
    /// Keeps a text.
    pub fn new(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// The text, to be shown in so many columns.
    pub fn as_untrusted(&self) -> Untrusted<'_> {
        Untrusted::new(&self.0)
    }
}

impl fmt::Display for Foreign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_untrusted().fmt(f)
    }
}

impl fmt::Debug for Foreign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.as_untrusted())
    }
}

/// What is told of a task when it begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Transfer<'a> {
    /// What it is called.
    pub name: &'a str,
    /// How many bytes it has to do; none when that is not known.
    pub total: u64,
    /// Of how many files it is.
    pub files: u32,
    /// With whom.
    pub with: Option<&'a str>,
}

/// Where facts are told. Cheap to clone; all clones tell the same program.
#[derive(Debug, Clone)]
pub struct Events {
    channel: Option<SyncSender<Event>>,
    next: Arc<AtomicU64>,
}

impl Events {
    /// A teller and its listener.
    pub fn channel() -> (Self, Receiver<Event>) {
        Self::ignored().channel_beside()
    }

    /// Another teller, whose listener passes on what it hears: their tasks have different numbers.
    pub fn channel_beside(&self) -> (Self, Receiver<Event>) {
        let (channel, listener) = sync_channel(EVENTS_WAITING);
        (Self { channel: Some(channel), next: Arc::clone(&self.next) }, listener)
    }

    /// For callers who do not want to know.
    pub fn ignored() -> Self {
        Self { channel: None, next: Arc::default() }
    }

    /// Tells that a task begins; what is returned tells the rest.
    pub fn begin(&self, work: Work, name: &str, total: u64) -> Task {
        self.begin_transfer(work, &Transfer { name, total, files: 1, with: None })
    }

    /// The same for a task of several files, or with somebody.
    pub fn begin_transfer(&self, work: Work, transfer: &Transfer<'_>) -> Task {
        let id = TaskId(self.next.fetch_add(1, Ordering::Relaxed));
        let &Transfer { name, total, files, with } = transfer;
        let (name, with) = (Foreign::new(name), with.map(Foreign::new));
        self.tell(Event::Began { task: id, work, name, total, files, with });
        Task { events: self.clone(), id, done: 0, complete: false }
    }

    /// Passes on what another program has told, in its words.
    pub fn pass(&self, event: Event) {
        match event.is_outdone() {
            true => self.mention(event),
            false => self.tell(event),
        }
    }

    /// Tells that something failed with somebody, and when it is tried again, if it is.
    pub fn failed(&self, with: &str, why: &str, again: Option<Again>) {
        let (with, why) = (Foreign::new(with), Foreign::new(why));
        self.tell(Event::Failed { with, why, again });
    }

    /// Waits for room; a listener that is gone wants no more.
    fn tell(&self, event: Event) {
        if let Some(channel) = &self.channel {
            let _ = channel.send(event);
        }
    }

    /// Does not wait: the next event of this kind says more.
    fn mention(&self, event: Event) {
        if let Some(channel) = &self.channel {
            let _ = channel.try_send(event);
        }
    }
}

/// A task that is under way. Dropped without [`Task::complete`], it ended without success.
///
/// Its end waits for room in the channel, so it must not be dropped where the listener runs.
#[derive(Debug)]
pub struct Task {
    events: Events,
    id: TaskId,
    done: u64,
    complete: bool,
}

impl Task {
    /// Which task it is.
    pub fn id(&self) -> TaskId {
        self.id
    }

    /// Tells that so many more bytes are done.
    pub fn advance(&mut self, bytes: u64) {
        self.done = self.done.saturating_add(bytes);
        self.events.mention(Event::Advanced { task: self.id, done: self.done });
    }

    /// Tells how far one of the task's files has come, and how many of them have ended.
    pub fn file(&self, file: u32, name: &str, (done, total): (u64, u64), ended: u32) {
        if self.events.channel.is_some() {
            let (task, name) = (self.id, Foreign::new(name));
            self.events.mention(Event::File { task, file, name, done, total, ended });
        }
    }

    /// Tells that others are served first, and the place among those who wait.
    pub fn place(&self, place: u32, of: u32) {
        self.events.mention(Event::Placed { task: self.id, place, of });
    }

    /// Tells that the task did what it began.
    pub fn complete(mut self) {
        self.complete = true;
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        self.events.tell(Event::Ended { task: self.id, complete: self.complete });
    }
}
