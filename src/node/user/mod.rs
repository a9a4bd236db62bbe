//! A person at work: what their program can do.
//!
//! ```
//! use waxwing::crypto::Password;
//! use waxwing::crypto::key_file::Protection;
//! use waxwing::model::Audience;
//! use waxwing::node::index::Query;
//! use waxwing::node::{Config, GetRules, Home, Options, Receive, User, Wanted};
//! # use std::sync::Arc;
//! # use waxwing::index::{Index, Rules, store::{Place, Sqlite}};
//! # use waxwing::{crypto::{PasswordHasher, UnixTime, key_folder::NewKeys}, model::Invitation};
//! # use waxwing::{link::{Deadlines, Listener, Side}, wire::{Features, Party}};
//!
//! # #[tokio::main(flavor = "multi_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let temporary = tempfile::tempdir()?;
//! # let folder = temporary.path();
//! # let identity = Arc::new(NewKeys::make()?.identity(UnixTime::now())?);
//! # let (rules, hasher) = (Rules { open_joining: true, ..Rules::default() }, PasswordHasher::new(4).unwrap());
//! # let store = Sqlite::open(Place::Memory)?;
//! # let program = Index::new(store, rules, hasher, Arc::new(UnixTime::now), |_| ())?;
//! # let sockets = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
//! # let at = sockets.local_addr()?.into();
//! # let index = Invitation { at, fingerprint: identity.fingerprint(), token: None };
//! # let side = Side::new(identity, Party::Index, Features::ALL, Deadlines::default())?;
//! # tokio::spawn(Listener::new(sockets, side).run(program, tokio_util::sync::CancellationToken::new()));
//! // Two people make their keys, and join an index by its invitation.
//! let password = Password::new("correct horse battery")?;
//! let (alice_name, bob_name) = ("alice".parse()?, "bob".parse()?);
//! let (home, config) = (Home::in_folder(folder.join("alice")), Config::default());
//! let alice = User::create(home, config, Protection::NoneAsked, Options::default())?;
//! alice.join(&index, &alice_name, &password, None).await?;
//! let config = Config { receive: Receive::Verified, ..Config::default() };
//! let home = Home::in_folder(folder.join("bob"));
//! let bob = User::create(home, config, Protection::NoneAsked, Options::default())?;
//! bob.join(&index, &bob_name, &password, Some("room 7")).await?;
//!
//! // Alice shares a folder, and is there for others.
//! std::fs::create_dir(folder.join("zoo"))?;
//! std::fs::write(folder.join("zoo/koala.txt"), "a koala sleeps twenty hours a day")?;
//! let zoo = alice.add_share(&folder.join("zoo"), &["animals".parse()?], Audience::Everyone)?;
//! alice.look_at(&zoo).await?.published?;
//! alice.go_online(false).await?;
//!
//! // Bob finds a file by words, and gets it by its number, or by its place.
//! let results = bob.search(&Query::new("koala animals")).await?.value;
//! assert_eq!(results.found[0].1.sources[0].owner.user, alice_name);
//! let got = bob.get(&[Wanted::Number(1)], &GetRules::default()).await?;
//! assert_eq!(got[0].from.as_ref().unwrap().user, alice_name);
//! let out = Some(folder.join("out"));
//! let rules = GetRules { out, ..GetRules::default() };
//! bob.get(&["alice:zoo/koala.txt".parse()?], &rules).await?;
//!
//! // Who sent it can be shown later, too.
//! let sent = bob.who_sent(&folder.join("out/koala.txt")).await?;
//! assert_eq!(sent[0].user.as_ref(), Some(&alice_name));
//!
//! // Both see the same twelve words. Bob takes what is sent from people with whom he compared them.
//! let words = bob.verify_words(&alice_name).await?;
//! assert_eq!(words.words, alice.verify_words(&bob_name).await?.words);
//! bob.mark_verified(&words)?;
//! bob.go_online(false).await?;
//! let sent = alice.send(&bob_name, &[folder.join("zoo")]).await?;
//! assert_eq!(sent.landed[0].as_str(), "zoo/koala.txt");
//! # alice.close().await;
//! # bob.close().await;
//! # Ok(())
//! # }
//! ```

mod account;
mod asked;
mod clashes;
mod get;
mod getting;
mod got;
mod heads;
mod host;
mod inbox;
mod items;
mod looking;
mod moves;
mod online;
mod people;
mod proofs;
mod reach;
mod results;
mod retries;
mod rotate;
mod search;
mod send;
mod session;
mod shared_downloads;
mod shares;
mod spread;
mod trust;
mod visits;
mod waiting;
mod watching;
mod without_index;

pub use account::{Me, OwnKeys};
pub use clashes::{Clash, Decide, Instead};
pub use got::{GetRules, Got, Sender};
pub use heads::Contradiction;
pub use inbox::Waiting;
pub use looking::Looking;
pub use moves::{Move, MoveInfo, MoveStanding, Moved, Moving, Waits};
pub use online::Online;
pub use people::{Acquaintance, Standing};
pub use proofs::SentBy;
pub use search::Results;
pub use send::SentFiles;
pub use session::{ask_who_answers, is_index_there};
pub use shares::{Looked, Preview};
pub use trust::{Pinned, Words};
pub use visits::Visit;
pub use watching::{Pace, Watched};

use self::inbox::Inbox;
use self::looking::Looks;
use self::moves::Moves;
use self::online::Presence;
use self::search::Searching;
use self::session::Begun;
use self::visits::VISITS_WAITING;
use self::watching::Watching;
use super::home::StateFolder;
use super::{Config, Error, Home};
use crate::crypto::key_file::Protection;
use crate::crypto::key_folder::NewKeys;
use crate::crypto::{Clock, Identity};
use crate::link::{Backoff, Deadlines, Rates, Side};
use crate::model::{Events, HostPort, UnixTime, UserName};
use crate::peer::{Allowance, Sharer};
use crate::wire::{Features, Party};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::broadcast;
use tokio::task::spawn_blocking;

/// How a user's program behaves.
#[derive(Clone)]
pub struct Options {
    /// How long a call waits for an index that is there.
    pub patience: Duration,
    /// How long a call waits for an index that is away.
    pub away: Duration,
    /// The pauses between tries to reach the index. There are as many tries as it takes.
    pub backoff: Backoff,
    /// How soon what is shared is looked at again.
    pub pace: Pace,
    /// The tries to get something from somebody, or to reach them, and the pauses between.
    pub retries: Backoff,
    /// How long others have to decide about what is sent to them.
    pub decision: Duration,
    /// How often the index is asked who else has a file that is under way.
    pub more_sources: Duration,
    /// How long it counts who somebody is who has dialled. Then it is looked at again, at their next request:
    /// an account may be closed, and a key given up.
    pub known_for: Duration,
    /// How much others get at once and in a minute; what is above it waits.
    pub serving: Allowance,
    /// How many bytes of files a second come and leave at most.
    pub rates: Rates,
    /// How long a conversation waits for what.
    pub deadlines: Deadlines,
    /// What time it is.
    pub clock: Clock,
    /// Where work that takes time is told.
    pub events: Events,
}

impl Default for Options {
    fn default() -> Self {
        let (first, longest) = (Duration::from_secs(1), Duration::from_secs(10));
        Self {
            patience: Duration::from_secs(30),
            away: Duration::from_secs(5),
            backoff: Backoff { tries: u32::MAX, first, longest },
            pace: Pace::default(),
            retries: Backoff::default(),
            decision: Duration::from_secs(300),
            more_sources: Duration::from_secs(10),
            known_for: Duration::from_secs(30),
            serving: Allowance::SERVING,
            rates: Rates::default(),
            // Nobody needs more of one person at once, and of strangers there may be many.
            deadlines: Deadlines { requests: 16, request_bytes: 1 << 20, ..Deadlines::default() },
            clock: Arc::new(UnixTime::now),
            events: Events::ignored(),
        }
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Options({:?}, {:?}, {:?})", self.patience, self.away, self.backoff)
    }
}

/// A person, with their keys open. Cheap to clone; all clones are the same, but for where they tell
/// what they do, [`User::with_events`], where they dial somebody, [`User::with_place`], and how often they wait for an
/// index that is away, [`User::waiting_once`].
#[derive(Clone)]
pub struct User {
    inner: Arc<Inner>,
    /// Where it is told what this one does.
    events: Events,
    /// Who is dialled where, whatever the index says.
    dialled_at: Option<Arc<(UserName, HostPort)>>,
    /// Whether an index that is away was waited for, where that is done once.
    has_waited: Option<Arc<AtomicBool>>,
}

struct Inner {
    home: Home,
    /// Where files go when nobody says: one folder, wherever the program goes meanwhile.
    downloads: PathBuf,
    state: StateFolder,
    config: Arc<Config>,
    options: Options,
    identity: Arc<Identity>,
    side: Side,
    /// The session, when one was begun.
    session: Mutex<Option<Begun>>,
    searching: tokio::sync::Mutex<Option<Searching>>,
    /// What one brings to all transfers, once there is a name.
    sharer: Mutex<Option<Sharer>>,
    presence: Mutex<Option<Presence>>,
    looks: Looks,
    watching: Mutex<Option<Watching>>,
    inbox: Mutex<Inbox>,
    moves: Moves,
    /// Those that were found and not told yet.
    contradictions: Mutex<Vec<Contradiction>>,
    /// Held while the index is asked for what others know more than we do.
    comparing: tokio::sync::Mutex<()>,
    visits: broadcast::Sender<Visit>,
    /// The index is the one that was joined since, whatever is set.
    has_moved: AtomicBool,
}

impl User {
    /// Work on files, which others on this thread do not wait for.
    async fn on_disk<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Self) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let me = self.clone();
        spawn_blocking(move || work(&me)).await.map_err(|_| Error::Stopped)?
    }

    /// Makes the keys of a person, which takes some seconds, and opens them.
    pub fn create(
        home: Home,
        config: Config,
        protection: Protection<'_>,
        options: Options,
    ) -> Result<Self, Error> {
        home.make()?;
        let now = (options.clock)();
        let identity = home.keys().create(protection, now)?;
        Self::begin(home, Arc::new(config), identity, options)
    }

    /// Keeps keys of a person that were made before, and opens them.
    pub fn create_with(
        home: Home,
        config: Config,
        (keys, protection): (&NewKeys, Protection<'_>),
        options: Options,
    ) -> Result<Self, Error> {
        home.make()?;
        let identity = home.keys().keep(keys, protection, (options.clock)())?;
        Self::begin(home, Arc::new(config), identity, options)
    }

    /// Opens the keys of a person. With a passphrase it takes a moment.
    pub fn open(
        home: Home,
        config: Config,
        protection: Protection<'_>,
        options: Options,
    ) -> Result<Self, Error> {
        home.settle()?;
        let keys = home.keys();
        if !keys.exists() {
            return Err(Error::NoKeys(home.path().to_owned()));
        }
        let identity = keys.open(protection, (options.clock)())?;
        Self::with_keys(home, config, identity, options)
    }

    /// A person whose keys are open already: those of this home.
    pub fn with_keys(
        home: Home,
        config: Config,
        keys: Identity,
        options: Options,
    ) -> Result<Self, Error> {
        home.make()?;
        Self::begin(home, Arc::new(config), keys, options)
    }

    fn begin(
        home: Home,
        config: Arc<Config>,
        identity: Identity,
        options: Options,
    ) -> Result<Self, Error> {
        let (identity, state) = (Arc::new(identity), home.state());
        let deadlines = options.deadlines.clone();
        let party = Party::Person;
        let side = Side::new(Arc::clone(&identity), party, Features::ALL, deadlines)?;
        let side = side.with_rates(options.rates).with_clock(options.clock.clone());
        let events = options.events.clone();
        let downloads = config.downloads.as_deref().or(home.downloads());
        let downloads = downloads.unwrap_or(Path::new("."));
        // Without a current folder there is none to go to, and that is told then.
        let downloads = std::path::absolute(downloads).unwrap_or_else(|_| downloads.to_owned());
        let inner = Inner {
            home,
            downloads,
            state,
            config,
            options,
            identity,
            side,
            session: Mutex::default(),
            searching: tokio::sync::Mutex::default(),
            sharer: Mutex::default(),
            presence: Mutex::default(),
            looks: Looks::default(),
            watching: Mutex::default(),
            inbox: Mutex::default(),
            moves: Moves::default(),
            contradictions: Mutex::default(),
            comparing: tokio::sync::Mutex::default(),
            visits: broadcast::Sender::new(VISITS_WAITING),
            has_moved: AtomicBool::new(false),
        };
        Ok(Self { inner: Arc::new(inner), events, dialled_at: None, has_waited: None })
    }

    /// The same person; the work that is begun through this one is told there.
    pub fn with_events(&self, events: Events) -> Self {
        Self { events, ..self.clone() }
    }

    fn events(&self) -> &Events {
        &self.events
    }

    /// Where the person keeps everything.
    pub fn home(&self) -> &Home {
        &self.inner.home
    }

    /// What the person has set.
    pub fn config(&self) -> &Config {
        &self.inner.config
    }

    fn pace(&self) -> Pace {
        self.inner.options.pace
    }

    fn now(&self) -> UnixTime {
        (self.inner.options.clock)()
    }
}

impl fmt::Debug for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "User({:?} in {:?})", self.inner.identity.fingerprint(), self.inner.home.path())
    }
}
