//! The end at which the work is done, in the open prompt or in `serve`.

use super::SOCKET;
use super::line::{ErrandLine, ErrandWriter, Stops};
use crate::asker::Asks;
use crate::program::{Program, Typed};
use crate::stopping::{Stopper, until_stopped};
use crate::told_wrong;
use crate::verbs;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::thread;
use std::time::Duration;
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::task::spawn_blocking;
use tokio::time::timeout;
use waxwing::link::LocalListener;
use waxwing::model::{Event, Events};
use waxwing::ui::errand::{Errand, Told};
use waxwing::ui::signals::Signal;
use waxwing::ui::{Exit, Failure, Loudness, Marks, Printer};

/// Does errands from now on, as long as the program is open. The home has to be held: see
/// [`waxwing::node::User::go_online`].
pub(crate) fn open(program: &Arc<Program>) {
    if !program.begins_errands() {
        return;
    }
    let listener = match LocalListener::open(&program.home.state_path(), SOCKET) {
        Ok(listener) => listener,
        Err(error) => {
            let what = format!("other programs in this home do not find this one: {error}");
            return program.printer.note(what);
        }
    };
    let (program, places) = (Arc::clone(program), Arc::new(Semaphore::new(AT_ONCE)));
    let stop = program.ending();
    tokio::spawn(async move {
        while let Some(socket) = stop.run_until_cancelled(listener.accept()).await {
            // Without a place nothing is said, and it is seen that nobody is there.
            let Ok(place) = Arc::clone(&places).try_acquire_owned() else { continue };
            let Ok(socket) = socket.into_std() else { continue };
            let program = Arc::clone(&program);
            tokio::spawn(async move {
                let _place = place;
                // Whoever came with what is no errand is not there any more.
                let _ = hear(&program, socket).await;
            });
        }
    });
}

async fn hear(program: &Arc<Program>, socket: UnixStream) -> Option<()> {
    // Who does not learn of it does it by themselves.
    let hear = move || {
        let heard = ErrandLine::hear(socket)?;
        heard.1.tell(&Told::Heard).map(|()| heard)
    };
    let heard = spawn_blocking(hear).await;
    let (errand, line, stops) = heard.ok()?.ok()?;
    let exit = carry_out(program, errand, &line, stops).await;
    spawn_blocking(move || line.tell(&Told::Done(exit.code()))).await.ok()?.ok()
}

async fn carry_out(
    program: &Arc<Program>,
    errand: Errand,
    line: &Arc<ErrandLine>,
    stops: Stops,
) -> Exit {
    let words = [&["client".to_owned()], errand.words.as_slice()].concat();
    let matches = verbs::command().try_get_matches_from(&words);
    let loudness = matches.as_ref().map(verbs::loudness).unwrap_or(Loudness::Usual);
    let (out, err) = (Box::new(ErrandWriter::out(line)), Box::new(ErrandWriter::err(line)));
    let printer = Printer::new_at((out, errand.out), (err, errand.err), errand.json, loudness);
    let matches = match matches {
        Ok(matches) => matches,
        Err(answer) => {
            return told_wrong(&printer, &answer);
        }
    };
    let done = match errand.version == env!("CARGO_PKG_VERSION") {
        true => {
            let (events, listener) = Events::channel();
            let marks = Marks::default();
            let all_told = tell_all(line, listener, marks.clone());
            let asks = Asks::There { line: Arc::clone(line), can_ask: errand.can_ask };
            let typed = Typed { folder: errand.folder, downloads: errand.downloads };
            let at = program.for_errand(printer.clone(), asks, (typed, events, marks));
            let mut stopper = AtVerb(stops);
            let done = until_stopped(&at, matches, &words, &mut stopper).await;
            drop(at);
            // Whoever may still tell something has no more than a moment for it.
            let _ = timeout(MOMENT, all_told).await;
            done
        }
        false => Err(other_version()),
    };
    match done {
        Ok(()) => Exit::Done,
        Err(failure) => {
            printer.failure(&failure);
            failure.exit
        }
    }
}

/// Tells the verb what it has to draw, to the last of it. The verb may be stopped, or read nothing: what
/// tells is not held up by it.
fn tell_all(
    line: &Arc<ErrandLine>,
    listener: Receiver<Event>,
    marks: Marks,
) -> oneshot::Receiver<()> {
    let (ended, all_told) = oneshot::channel();
    let (waiting, mut next) = mpsc::channel(EVENTS_UNREAD);
    // Both end with the last who tells.
    thread::spawn(move || {
        for event in listener {
            if !event.is_outdone() || waiting.capacity() > EVENTS_UNREAD / 2 {
                let _ = waiting.blocking_send(event);
            }
        }
    });
    let teller = Arc::clone(line);
    thread::spawn(move || {
        while let Some(event) = next.blocking_recv() {
            if !marks.passed(&event) {
                let _ = teller.tell(&Told::Event(event));
            }
        }
        let _ = ended.send(());
    });
    all_told
}

fn other_version() -> Failure {
    let what = "a program of another version is open in this home";
    Failure::new(Exit::Error, what).hint("end it, and begin it again with this version")
}

/// Somebody at the verb, who stops it once; when they go, so does it.
struct AtVerb(Stops);

impl Stopper for AtVerb {
    async fn next(&mut self) -> Signal {
        match self.0.recv().await {
            Some(()) => Signal::Stop,
            None => Signal::HangUp,
        }
    }

    /// They do that by leaving.
    async fn insists(&mut self) {
        std::future::pending().await
    }

    fn is_here(&self) -> bool {
        false
    }

    fn at_once(&self, _: &Program) {}
}

/// So many errands are done at once; each may wait for somebody.
const AT_ONCE: usize = 256;
/// Of those that say how far it has come, half as many: the others are always told.
const EVENTS_UNREAD: usize = 4096;
const MOMENT: Duration = Duration::from_secs(2);
