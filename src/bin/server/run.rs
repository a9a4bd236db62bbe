//! Serving, from the first check to the last word.

use crate::failures;
use crate::greeting::greet;
use crate::panics;
use crate::place::advertised;
use crate::settings::{Call, Config};
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::net::TcpListener;
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;
use waxwing::crypto::key_file::Protection;
use waxwing::crypto::key_folder::KeyFolder;
use waxwing::crypto::{Fingerprint, Identity, UnixTime};
use waxwing::index::admin::{Desk, Order};
use waxwing::index::control::{self, Door};
use waxwing::index::store::{Place, Sqlite, Store, restore_was_cut_off};
use waxwing::index::{FolderError, Happening, Held, Index, Rules, Starting};
use waxwing::link::{Listener, Side};
use waxwing::model::Invitation;
use waxwing::ui::signals::{Signals, end_at_once};
use waxwing::ui::{Exit, Failure, Level, Log, LogFile, Printer, Sinks, raise_limits};
use waxwing::wire::{Features, Party};

/// Serves until somebody says stop.
pub(crate) fn run(config: &Config, printer: &Printer) -> Result<(), Failure> {
    raise_limits();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(config.threads)
        .enable_all()
        .build()
        .map_err(|error| Failure::new(Exit::Error, format!("no threads can be had: {error}")))?;
    let done = runtime.block_on(async {
        let mut signals = Signals::new().map_err(|error| Failure::new(Exit::Error, error))?;
        // Keys and a large database take seconds, and on a thread of their own nobody waits for them.
        let (for_opening, to_tell) = (config.clone(), printer.clone());
        let opening = tokio::task::spawn_blocking(move || {
            Handle::current().block_on(Opened::open(&for_opening, &to_tell))
        });
        let opened = tokio::select! {
            opened = opening => opened.map_err(|error| Failure::new(Exit::Error, error))??,
            _ = signals.next() => return Ok(()),
        };
        opened.serve(config, printer, signals).await
    });
    runtime.shutdown_background();
    done
}

/// Takes the folder. A verb that works on it will be done soon; another server will not.
async fn hold(config: &Config) -> Result<Held, FolderError> {
    let begun = Instant::now();
    loop {
        match config.data.hold() {
            Err(FolderError::InUse { .. }) if begun.elapsed() < VERBS_TAKE => {}
            held => return held,
        }
        if control::ask(&config.data, &Order::Stats, |_| ()).await.is_ok() {
            return config.data.hold();
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// All that a server needs to have before it can say that it is there.
struct Opened {
    /// Until the verbs can reach it; given up before the folder is.
    starting: Starting,
    held: Held,
    sockets: TcpListener,
    at: SocketAddr,
    identity: Identity,
    is_new: bool,
    store: Sqlite,
    log_file: Option<LogFile>,
}

impl Opened {
    /// The cheap checks first, so that a mistake is told at once.
    async fn open(config: &Config, printer: &Printer) -> Result<Self, Failure> {
        let in_folder = |error| failures::folder(error, &config.call);
        config.data.make().map_err(in_folder)?;
        let held = hold(config).await.map_err(|error| match error {
            FolderError::InUse { starts: true, .. } => in_folder(error)
                .hint("leave it to that one, or give this one a folder of its own with --data DIR"),
            error => in_folder(error),
        })?;
        let starting = held.starting();
        let at_port = |error: io::Error| failures::listen(&error, config.listen);
        let sockets = TcpListener::bind(config.listen).await.map_err(at_port)?;
        let at = sockets.local_addr().map_err(at_port)?;
        let log_file = config.log.as_deref().map(open_log).transpose()?;
        let store = open_store(&held, &config.call)?;
        let (identity, is_new) = identity(&held, &store, printer).await?;
        claim(&held, &store, identity.fingerprint(), &config.call).await?;
        Ok(Self { starting, held, sockets, at, identity, is_new, store, log_file })
    }

    async fn serve(
        self,
        config: &Config,
        printer: &Printer,
        mut signals: Signals,
    ) -> Result<(), Failure> {
        let failed = |error: io::Error| Failure::new(Exit::Error, error);
        let (started, stop) = (UnixTime::now(), CancellationToken::new());
        let sinks = Sinks { printer: printer.clone(), file: self.log_file };
        let (log, log_thread) = Log::start(sinks).map_err(failed)?;
        panics::log(&log);
        let index = index(config, self.store.clone(), log.clone()).map_err(failed)?;
        let fingerprint = self.identity.fingerprint();
        let at = advertised(config, self.at)?;
        let desk = Desk::beside(index.clone(), started, at.clone(), fingerprint);
        let door = door(&self.held, &log);
        drop(self.starting);
        let listener = listener(config, self.sockets, self.identity, &index)?;

        let invitation = Invitation { at, fingerprint, token: None };
        greet(printer, config, self.at, &invitation, self.is_new);
        log.tell(Level::Info, started, format!("listening on {}", self.at));
        let mut serving = pin!(async {
            let door = async {
                if let Some(door) = door {
                    door.serve(desk, UnixTime::now, stop.clone()).await;
                }
            };
            let jobs = index.run_jobs(stop.clone());
            tokio::join!(listener.run(index.clone(), stop.clone()), jobs, door);
            self.store.close().await;
        });
        tokio::select! {
            () = &mut serving => {}
            _ = signals.next() => {
                log.tell(Level::Info, UnixTime::now(), "stopping; once more, and it ends at once");
                stop.cancel();
                tokio::select! {
                    () = &mut serving => {}
                    _ = signals.next() => end_at_once(),
                }
            }
        }
        log.tell(Level::Info, UnixTime::now(), "stopped");
        log_thread.finish();
        Ok(())
    }
}

/// The database; a new one at the first start alone, which makes the keys after it.
fn open_store(held: &Held, call: &Call) -> Result<Sqlite, Failure> {
    let folder = held.folder();
    if KeyFolder::at(folder.keys()).exists() && is_gone(&folder.database()) {
        return Err(failures::database_is_gone(folder, call));
    }
    Sqlite::open(Place::File(folder.database())).map_err(|error| failures::store(error, call))
}

/// Whether a database is not there, or has nothing in it. One whose restore was cut off is told by the
/// store.
pub(crate) fn is_gone(database: &Path) -> bool {
    let is_empty = database.metadata().map_or(true, |about| about.len() == 0);
    is_empty && !restore_was_cut_off(database)
}

/// The index's own keys; new ones at the first start. They have no passphrase, since nobody is there
/// to type it when a machine starts.
async fn identity(
    held: &Held,
    store: &Sqlite,
    printer: &Printer,
) -> Result<(Identity, bool), Failure> {
    let (keys, now) = (KeyFolder::at(held.folder().keys()), UnixTime::now());
    if keys.exists() {
        return Ok((keys.open(Protection::NoneAsked, now).map_err(failures::keys)?, false));
    }
    let figures = store.figures(now).await;
    let figures = figures.map_err(|error| Failure::new(Exit::Error, error))?;
    // With other keys it would be another index to everybody who knows it; nobody knows an empty one,
    // which a first start that was cut off leaves.
    if figures.directory.length > 0 || figures.invitations > 0 {
        return Err(failures::keys_are_gone(held.folder()));
    }
    printer.note("Making the keys of this index, which takes some seconds...");
    let identity = keys.create(Protection::NoneAsked, now);
    Ok((identity.map_err(failures::keys)?, true))
}

/// Sees that the database is of the index whose keys these are.
pub(crate) async fn claim(
    held: &Held,
    store: &Sqlite,
    keys: Fingerprint,
    call: &Call,
) -> Result<(), Failure> {
    let claimed = store.claim(keys, UnixTime::now()).await;
    let whose = claimed.map_err(|error| failures::fault(error.into(), call))?;
    if whose == keys {
        return Ok(());
    }
    Err(failures::keys_of_another(held.folder(), (keys, whose), call))
}

fn index(config: &Config, store: Sqlite, log: Log) -> io::Result<Index<Sqlite>> {
    let rules = Rules {
        open_joining: config.everybody_may_join(),
        wide: !config.is_local(),
        ..config.bounds.rules.clone()
    };
    let tell = move |happening: Happening| {
        let happening = match happening {
            // It is told where it was made, in the middle of it.
            Happening::Panicked { from, .. } => Happening::Panicked { from, at: panics::place() },
            other => other,
        };
        log.event(level(&happening), UnixTime::now(), &happening, &happening);
    };
    Index::new(store, rules, config.hasher.clone(), Arc::new(UnixTime::now), tell)
}

fn level(happening: &Happening) -> Level {
    match happening {
        Happening::Refused(_) => Level::Warn,
        grave if grave.is_grave() => Level::Error,
        _ => Level::Info,
    }
}

fn listener(
    config: &Config,
    sockets: TcpListener,
    identity: Identity,
    index: &Index<Sqlite>,
) -> Result<Listener<TcpListener>, Failure> {
    let features = Features::default();
    let side =
        Side::new(Arc::new(identity), Party::Index, features, config.bounds.deadlines.clone())
            .map_err(|error| Failure::new(Exit::Error, error))?;
    let index = index.clone();
    let listener = Listener::new(sockets, side).with_limits(config.bounds.limits.clone());
    Ok(listener.with_notices(move |notice| index.notice(notice)))
}

/// A server without it serves as well; only its owner's verbs have to wait until it stops.
fn door(held: &Held, log: &Log) -> Option<Door> {
    let door = Door::open(held);
    if let Err(error) = &door {
        let text = format!("the verbs cannot reach this server while it runs: {error}");
        log.tell(Level::Warn, UnixTime::now(), text);
    }
    door.ok()
}

fn open_log(path: &Path) -> Result<LogFile, Failure> {
    LogFile::open(path).map_err(|error| {
        let what = format!("{}: the log cannot be written there: {error}", path.display());
        Failure::new(failures::io_exit(&error), what).hint("choose another file with --log FILE")
    })
}

/// For so long a server that starts waits for a verb.
const VERBS_TAKE: Duration = Duration::from_secs(5);
