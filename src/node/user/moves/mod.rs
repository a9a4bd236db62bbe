//! What one has begun to move: getting and sending, under way or stopped, and going on with it.
//!
//! ```text
//! begin ─▶ a file in the home, held as long as it is under way ─▶ done: the file goes
//!                                                                └▶ stopped, killed, unreachable: it stays,
//!                                                                   and `resume` goes on
//! ```
//!
//! What is known of a move lies in the home, one file each, and who works on it holds a lock: so a program
//! that was killed leaves a move that is seen to be stopped, and two programs never work on the same.

mod far;
mod forgetting;
mod kept;
mod waits;

pub use self::waits::Waits;

use self::far::Far;
use self::kept::{Kept, KeptMove};
use super::User;
use super::clashes::Decide;
use super::got::{GetRules, Got};
use super::send::SentFiles;
use crate::crypto::UnixTime;
use crate::model::{EntryPath, HostPort, Untrusted, UserName};
use crate::node::home::HomeLock;
use crate::node::index::{self, Query};
use crate::node::{Error, Exit, Wanted};
use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio_util::sync::{CancellationToken, DropGuard};

/// What is to be moved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Move {
    /// Files of others, here.
    Get {
        /// What.
        wanted: Vec<Wanted>,
        /// All that a search for these words finds, too.
        words: Option<String>,
        /// How.
        rules: GetRules,
    },
    /// Files of one's own, to somebody.
    Send {
        /// To whom.
        to: UserName,
        /// Where they are, for who knows better than the index.
        at: Option<HostPort>,
        /// What.
        paths: Vec<PathBuf>,
    },
}

/// What came of it.
#[derive(Debug)]
pub enum Moved {
    /// Of each file.
    Got(Vec<Got>),
    /// What was sent.
    Sent(SentFiles),
}

/// A move that one has begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MoveInfo {
    /// Its number: it has it as long as it is not done.
    pub number: u64,
    /// What is moved.
    pub what: Move,
    /// When it was begun.
    pub begun: UnixTime,
    /// How it stands.
    pub standing: MoveStanding,
}

/// How a move stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MoveStanding {
    /// It is under way here.
    UnderWay {
        /// So many bytes came or went.
        done: u64,
        /// Of so many, as far as that is known.
        total: u64,
        /// For whom it waits, who serves others first.
        waits: Option<Waits>,
    },
    /// Another program of this home works on it.
    Elsewhere,
    /// It goes no further by itself.
    Stopped {
        /// Why, if it was not stopped by a person or cut off.
        why: Option<String>,
    },
}

/// Moves that are under way here.
#[derive(Debug, Default)]
pub(super) struct Moves(Mutex<BTreeMap<u64, Live>>);

#[derive(Debug, Clone)]
struct Live {
    stop: CancellationToken,
    ended: CancellationToken,
    far: Arc<Far>,
}

/// A move that was begun and waits to be carried on. Dropped, it is stopped.
#[derive(Debug)]
pub struct Moving {
    me: User,
    number: u64,
    what: Move,
    stop: CancellationToken,
    /// Given up before it is told that the move is not under way any more.
    _lock: HomeLock,
    _guard: Guard,
}

/// Takes a move out of those that are under way.
#[derive(Debug)]
struct Guard {
    me: User,
    number: u64,
    far: Arc<Far>,
    _ended: DropGuard,
}

impl User {
    /// Begins to move something. The same again goes on with what was stopped.
    pub async fn begin_move(&self, what: Move) -> Result<Moving, Error> {
        let named = self.named(&what).await;
        let (number, lock) = self.kept().begin(&named, self.now())?;
        Ok(self.under_way(number, what, lock))
    }

    /// Goes on with a move that was stopped.
    pub fn resume_move(&self, number: u64) -> Result<Moving, Error> {
        let (KeptMove { what, .. }, lock) = self.kept().take(number)?;
        Ok(self.under_way(number, what, lock))
    }

    /// All moves that are not done, the oldest first.
    pub fn moves(&self) -> Result<Vec<MoveInfo>, Error> {
        let all = self.kept().all()?;
        let moves = all.into_iter().map(|(number, kept, is_held)| {
            let live = self.live().get(&number).cloned();
            let standing = match live {
                Some(live) => live.far.standing(),
                None if is_held => MoveStanding::Elsewhere,
                None => MoveStanding::Stopped { why: kept.why },
            };
            MoveInfo { number, what: kept.what, begun: kept.begun, standing }
        });
        Ok(moves.collect())
    }

    /// Stops a move that is under way here. What was verified of it is kept.
    pub async fn pause_move(&self, number: u64) -> Result<(), Error> {
        let live = self.live().get(&number).cloned();
        let Some(live) = live else {
            return self.kept().is_free(number).and(Err(Error::NotUnderWay(number)));
        };
        live.stop.cancel();
        live.ended.cancelled().await;
        Ok(())
    }

    /// Gives a move up: it is stopped, and what of it is here goes, if it can be known what it was. Gives
    /// whether it could.
    pub async fn cancel_move(&self, number: u64) -> Result<bool, Error> {
        match self.pause_move(number).await {
            Ok(()) | Err(Error::NotUnderWay(_)) => {}
            Err(error) => return Err(error),
        }
        let (KeptMove { what, .. }, lock) = self.kept().take(number)?;
        let are_gone = match &what {
            Move::Get { wanted, words, rules } => {
                self.forget_parts(number, (wanted, words.as_deref()), rules).await.is_ok()
            }
            Move::Send { .. } => true,
        };
        self.kept().remove(number, lock)?;
        Ok(are_gone)
    }

    fn under_way(&self, number: u64, what: Move, lock: HomeLock) -> Moving {
        let live = Live {
            stop: CancellationToken::new(),
            ended: CancellationToken::new(),
            far: Arc::default(),
        };
        let (far, _ended) = (Arc::clone(&live.far), live.ended.clone().drop_guard());
        let guard = Guard { me: self.clone(), number, far, _ended };
        let (stop, me) = (live.stop.clone(), self.with_events(live.far.told(self.events())));
        self.live().insert(number, live);
        Moving { me, number, what, stop, _lock: lock, _guard: guard }
    }

    /// The same as it can be said at any time and anywhere: without numbers of results, which are those of
    /// this moment, and with whole paths.
    async fn named(&self, what: &Move) -> Move {
        let (wanted, words, rules) = match what {
            Move::Get { wanted, words, rules } => (wanted, words.clone(), rules.clone()),
            Move::Send { to, at, paths } => {
                let paths = paths.iter().map(|path| whole(path)).collect();
                return Move::Send { to: to.clone(), at: at.clone(), paths };
            }
        };
        let mut named = Vec::with_capacity(wanted.len());
        for wanted in wanted {
            named.push(match wanted {
                Wanted::Number(number) => self.named_result(*number).await,
                _ => None,
            });
        }
        let named = named.into_iter().zip(wanted);
        let wanted = named.map(|(named, wanted)| named.unwrap_or_else(|| wanted.clone()));
        let out = rules.out.clone().unwrap_or_else(|| self.downloads());
        let rules = GetRules { out: Some(whole(&out)), ..rules };
        Move::Get { wanted: wanted.collect(), words, rules }
    }

    /// By its content it may come from whoever has it.
    async fn named_result(&self, number: usize) -> Option<Wanted> {
        let result = self.result(number).await.ok()?;
        match result.whole_content() {
            Some(content) => {
                let (id, size) = (content.id(), Some(content.size()));
                let place = result.places.first();
                let name = place.and_then(|place| EntryPath::of(&[place.path.file_name()]).ok());
                Some(Wanted::Content { id, size, name })
            }
            None => self.numbered(number).await.map(Wanted::Object),
        }
    }

    async fn carry(&self, what: &Move, decide: Option<&mut Decide<'_>>) -> Result<Moved, Error> {
        match what {
            Move::Get { wanted, words, rules } => {
                let query = words.as_ref().map(Query::new);
                let wanted = (&**wanted, query.as_ref());
                self.get_deciding(wanted, rules, decide).await.map(Moved::Got)
            }
            Move::Send { to, at, paths } => {
                let placed = at.as_ref().map(|at| self.with_place(to, at));
                placed.as_ref().unwrap_or(self).send(to, paths).await.map(Moved::Sent)
            }
        }
    }

    fn kept(&self) -> Kept {
        Kept::of(&self.inner.state)
    }

    fn live(&self) -> MutexGuard<'_, BTreeMap<u64, Live>> {
        self.inner.moves.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Moving {
    /// Its number.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// What is moved.
    pub fn what(&self) -> &Move {
        &self.what
    }

    /// Carries it on to its end, or until it is stopped.
    pub async fn carry_on(self) -> Result<Moved, Error> {
        self.carry(None).await
    }

    /// The same; it is decided what becomes of files in whose place others are.
    pub async fn carry_on_deciding(self, decide: &mut Decide<'_>) -> Result<Moved, Error> {
        self.carry(Some(decide)).await
    }

    async fn carry(self, decide: Option<&mut Decide<'_>>) -> Result<Moved, Error> {
        let moved = tokio::select! {
            moved = self.me.carry(&self.what, decide) => moved,
            () = self.stop.cancelled() => return Err(Error::Stopped),
        };
        let why = match &moved {
            Ok(Moved::Got(got)) => {
                let failed = got.iter().filter_map(|got| got.landed.as_ref().err());
                failed.map(|why| &**why).find(|why| stays(why))
            }
            Ok(Moved::Sent(_)) => None,
            Err(error) => Some(error).filter(|why| stays(why)),
        };
        let (number, why) = (self.number, why.map(ToString::to_string));
        let note = move |me: &User| match why {
            Some(why) => Ok(me.kept().stopped(number, &why)?),
            None => Ok(me.kept().remove_held(number)?),
        };
        // What cannot be written down is told when it is listed.
        let _ = self.me.on_disk(note).await;
        moved
    }
}

impl Move {
    /// Whether both move the same: the last search may have found it under another name.
    fn is_same(&self, other: &Self) -> bool {
        self.without_names() == other.without_names()
    }

    fn without_names(&self) -> Self {
        let mut same = self.clone();
        if let Self::Get { wanted, .. } = &mut same {
            wanted.iter_mut().for_each(|wanted| *wanted = wanted.without_name());
        }
        same
    }
}

fn whole(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

/// Whether a move is kept that failed so: the same may come about another time.
fn stays(why: &Error) -> bool {
    let is_logged_out = matches!(why, Error::Rotating | Error::Index(index::Error::LoggedOut(_)));
    let exit = why.advice().exit;
    is_logged_out
        || why.may_be_mended()
        || matches!(exit, Exit::Unreachable | Exit::NoSpace | Exit::Error | Exit::Interrupted)
}

impl Drop for Guard {
    fn drop(&mut self) {
        let mut live = self.me.live();
        // Another may have the number already.
        if live.get(&self.number).is_some_and(|live| Arc::ptr_eq(&live.far, &self.far)) {
            live.remove(&self.number);
        }
    }
}

impl fmt::Display for Move {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Get { wanted, words, .. } => {
                let mut named = wanted.iter().map(Wanted::called);
                let first = named.next().or_else(|| {
                    words.as_ref().map(|words| format!("all of {}", Untrusted::new(words)))
                });
                write!(f, "{}", first.unwrap_or_default())?;
                more(f, named.len())
            }
            Self::Send { to, paths, .. } => {
                let first = paths.first().and_then(|path| path.file_name()).unwrap_or_default();
                write!(f, "{}", Untrusted::new(&first.to_string_lossy()))?;
                more(f, paths.len().saturating_sub(1))?;
                write!(f, " to {to}")
            }
        }
    }
}

fn more(f: &mut fmt::Formatter<'_>, more: usize) -> fmt::Result {
    if more == 0 { Ok(()) } else { write!(f, " and {more} more") }
}
