//! What all verbs share: who speaks, who can be asked, and the person whose program this is.

mod keys;

use crate::asker::{Asker, Asks};
use crate::failures::{self, Trouble};
use crate::settings::Given;
use crate::visits;
use std::env;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::task::block_in_place;
use tokio_util::sync::CancellationToken;
use waxwing::model::Events;
use waxwing::node::{Config, Home, Options, User};
use waxwing::ui::{Ask, Exit, Failure, Log, LogFile, LogThread, Marks, Printer, Progress};
use zeroize::Zeroizing;

/// The program, from its start to its end.
pub(crate) struct Program {
    pub(crate) printer: Printer,
    pub(crate) home: Home,
    /// Whether the home has a file of settings.
    pub(crate) has_file: bool,
    pub(crate) samples: bool,
    pub(crate) json: bool,
    /// Where its log is written, if it is.
    pub(crate) log: Option<PathBuf>,
    /// Of a verb that was typed elsewhere.
    typed: Option<Typed>,
    asks: Asks,
    ending: CancellationToken,
    does_errands: AtomicBool,
    /// Of a verb that was typed elsewhere, the program that carries it out.
    host: Option<Arc<Self>>,
    state: Mutex<State>,
}

/// Where a verb was typed.
pub(crate) struct Typed {
    /// In which folder.
    pub(crate) folder: PathBuf,
    /// Where fetched files go there, if not into the folder for downloads of the home.
    pub(crate) downloads: Option<PathBuf>,
}

struct State {
    /// Until the person's keys are opened with it.
    config: Option<Config>,
    options: Options,
    user: Option<User>,
    passphrase_file: Option<PathBuf>,
    progress: Option<(Events, Progress)>,
    /// Where is told what this program does, and how far that is passed on.
    marks: Option<(Events, Marks)>,
    logs: Vec<LogThread>,
    /// Names that can be completed.
    names: Arc<Mutex<Vec<String>>>,
}

impl Program {
    pub(crate) fn new(given: Given, printer: Printer) -> Result<Arc<Self>, Failure> {
        let Given { home, has_file, config, mut options, samples, json, log, remark } = given;
        if let Some(remark) = remark {
            printer.note(remark);
        }
        let (events, listener) = Events::channel();
        let progress = Progress::start(&printer, listener)
            .map_err(|error| Failure::new(Exit::Error, error))?;
        options.events = events.clone();
        let state = State {
            config: Some(config),
            options,
            user: None,
            passphrase_file: None,
            marks: Some((events.clone(), progress.marks())),
            progress: Some((events, progress)),
            logs: Vec::new(),
            names: Arc::default(),
        };
        let (asks, state) = (Asks::Here(Ask::new(&printer)), Mutex::new(state));
        let (typed, ending) = (None, CancellationToken::new());
        let program = Self {
            printer,
            home,
            has_file,
            samples,
            json,
            log,
            typed,
            asks,
            ending,
            does_errands: AtomicBool::new(false),
            host: None,
            state,
        };
        program.begin_log();
        Ok(Arc::new(program))
    }

    /// Writes the log from now on, if there is a place for it: before one has joined, there may be none.
    fn begin_log(&self) {
        let Some(path) = self.log.as_ref().filter(|_| self.printer.logs_to().is_none()) else {
            return;
        };
        // A log that cannot be written is seen by `doctor`, and stops nobody.
        let begun = LogFile::open(path).and_then(Log::in_file);
        if let Ok((log, thread)) = begun {
            self.printer.log_to(log);
            self.state().logs.push(thread);
        }
    }

    /// Goes on whether anybody reads the events or not.
    pub(crate) fn drop_unread(&self) {
        if let Some(Ok(thread)) = self.json.then(|| self.printer.drop_unread()) {
            self.state().logs.push(thread);
        }
    }

    /// The same for a verb that was typed elsewhere: it speaks and asks there, and what it does is told
    /// there. It has the person of this program, and ends before it.
    #[cfg(unix)]
    pub(crate) fn for_errand(
        self: &Arc<Self>,
        printer: Printer,
        asks: Asks,
        (typed, events, marks): (Typed, Events, Marks),
    ) -> Arc<Self> {
        let state = State {
            config: None,
            options: Options::default(),
            user: self.opened().map(|user| user.with_events(events.clone())),
            passphrase_file: None,
            progress: None,
            marks: Some((events, marks)),
            logs: Vec::new(),
            names: self.names(),
        };
        let json = printer.is_json();
        if let Some(log) = self.printer.logs_to() {
            printer.log_to(log.clone());
        }
        Arc::new(Self {
            printer,
            home: self.home.clone(),
            has_file: self.has_file,
            samples: false,
            json,
            log: self.log.clone(),
            typed: Some(typed),
            asks,
            ending: self.ending.clone(),
            does_errands: AtomicBool::new(true),
            host: Some(Arc::clone(self)),
            state: Mutex::new(state),
        })
    }

    /// A path as it was typed.
    pub(crate) fn at(&self, path: &Path) -> PathBuf {
        self.typed.as_ref().map_or_else(|| path.to_owned(), |typed| typed.folder.join(path))
    }

    /// The same for work that goes on while one may go elsewhere.
    pub(crate) fn at_for_long(&self, path: &Path) -> PathBuf {
        let path = self.at(path);
        std::path::absolute(&path).unwrap_or(path)
    }

    /// A path as one would type it there.
    pub(crate) fn shortened<'a>(&self, path: &'a Path) -> &'a Path {
        let typed = self.typed.as_ref().map(|typed| typed.folder.clone());
        let here = typed.or_else(|| env::current_dir().ok());
        here.and_then(|here| path.strip_prefix(here).ok()).unwrap_or(path)
    }

    /// Where fetched files go when nobody says, if that was said where the verb was typed.
    pub(crate) fn downloads(&self) -> Option<PathBuf> {
        self.typed.as_ref()?.downloads.clone()
    }

    /// The same, as it is said here for a verb that is carried out elsewhere.
    #[cfg(unix)]
    pub(crate) fn downloads_here(&self) -> Option<PathBuf> {
        let set = self.with_config(|config| config.downloads.clone()).flatten();
        match (set, self.home.downloads()) {
            (Some(set), _) => std::path::absolute(set).ok(),
            (None, Some(_)) => None,
            (None, None) => env::current_dir().ok(),
        }
    }

    /// A secret in a file, or on the input.
    pub(crate) fn read_secret(&self, path: &Path) -> Result<Zeroizing<String>, Trouble> {
        self.asks.read(path)
    }

    /// Where is told what goes on.
    pub(crate) fn events(&self) -> Events {
        let state = self.state();
        state.progress.as_ref().map_or_else(Events::ignored, |(events, _)| events.clone())
    }

    /// Waits until all that was told of work is passed on, where a program reads it: what came of the work stands
    /// behind that, whichever program does it.
    pub(crate) fn settle(&self) {
        let marks = self.state().marks.clone();
        if let Some((events, marks)) = marks.filter(|_| self.json) {
            block_in_place(|| marks.settle(&events));
        }
    }

    /// The program that stays when the verb is over, if there is one.
    pub(crate) fn lasting(this: &Arc<Self>) -> Option<Arc<Self>> {
        let is_open = this.does_errands.load(Ordering::Acquire);
        is_open.then(|| this.host.clone().unwrap_or_else(|| Arc::clone(this)))
    }

    /// Whether this program begins to do errands now, and does not yet.
    #[cfg(unix)]
    pub(crate) fn begins_errands(&self) -> bool {
        !self.does_errands.swap(true, Ordering::AcqRel)
    }

    /// The program ends.
    pub(crate) fn ending(&self) -> CancellationToken {
        self.ending.clone()
    }

    /// Somebody to ask; `what` is needed, and `instead` says how else to give it.
    pub(crate) fn asker(&self, what: &str, instead: &str) -> Result<Asker<'_>, Failure> {
        self.ask().ok_or_else(|| failures::nobody_to_ask(what, instead))
    }

    /// Somebody to ask, if somebody is there.
    pub(crate) fn ask(&self) -> Option<Asker<'_>> {
        self.asks.asker()
    }

    /// The terminal is to be as it was, whatever is asked at it: the program ends.
    pub(crate) fn give_back_terminal(&self) {
        self.asks.give_back();
    }

    /// What was set, as long as nobody's keys are open.
    pub(crate) fn with_config<T>(&self, look: impl FnOnce(&Config) -> T) -> Option<T> {
        self.state().config.as_ref().map(look)
    }

    /// Names of people, for completion.
    pub(crate) fn names(&self) -> Arc<Mutex<Vec<String>>> {
        Arc::clone(&self.state().names)
    }

    pub(crate) fn learn_names(&self, names: impl IntoIterator<Item = String>) {
        let known = self.names();
        let mut known = known.lock().unwrap_or_else(PoisonError::into_inner);
        known.extend(names);
        known.sort();
        known.dedup();
    }

    /// Whether how far work has come is not told for now.
    pub(crate) fn mute_progress(&self, on: bool) {
        if let Some((_, progress)) = &self.state().progress {
            progress.mute(on);
        }
    }

    /// Says goodbye to everybody.
    pub(crate) async fn close(&self) {
        self.ending.cancel();
        if let Some(user) = self.opened() {
            visits::contradicted(&self.printer, &user);
            user.go_offline().await;
            user.close().await;
        }
    }

    /// Draws what is left to draw.
    pub(crate) fn end(&self) {
        let mut state = self.state();
        state.user = None;
        state.config = None;
        state.options.events = Events::ignored();
        state.marks = None;
        if let Some((events, progress)) = state.progress.take() {
            drop(events);
            progress.finish();
        }
        state.logs.drain(..).for_each(LogThread::finish);
        drop(state);
        self.give_back_terminal();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
