//! An index on a port of loopback, and people who speak with it.

use crate::keys::{NOW, sealing_key, signing_key};
use crate::panics::NoPanics;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use waxwing::crypto::{Identity, Password, PasswordHasher, UnixTime, random};
use waxwing::index::store::{Invite, Place, Sqlite, Store};
use waxwing::index::{Happening, Index, Rules};
use waxwing::link::{
    AskError, Backoff, Conversation, Deadlines, Dialler, Expected, Incoming, Listener, Side,
};
use waxwing::model::{JoinToken, UserName};
use waxwing::wire::index::{Invited, Join, Login, Named, PasswordText, Resume, SessionGrant};
use waxwing::wire::{Ask, Code, Features, Party};

/// A password that everybody has who has no other.
pub(crate) const PASSWORD: &str = "correct horse";

/// Seven people from the keys in `test/keys`: whose sealing key signs for one, signs for nobody else.
pub(crate) fn identity(name: &'static str) -> Arc<Identity> {
    const NAMES: [(&str, &str, &str); 7] = [
        ("alice", "alice-signing", "alice-sealing"),
        ("bob", "bob-signing", "bob-sealing"),
        ("mallory", "mallory-signing", "mallory-sealing"),
        ("carol", "alice-sealing", "bob-sealing"),
        ("dave", "bob-sealing", "mallory-sealing"),
        ("erin", "mallory-sealing", "alice-sealing"),
        ("index", "large", "alice-sealing"),
    ];
    static PEOPLE: [OnceLock<Arc<Identity>>; 7] = [const { OnceLock::new() }; 7];
    let at = NAMES.iter().position(|(known, ..)| *known == name).unwrap();
    let (_, signing, sealing) = NAMES[at];
    let make = || Identity::new(signing_key(signing), sealing_key(sealing), NOW).unwrap();
    Arc::clone(PEOPLE[at].get_or_init(|| Arc::new(make())))
}

pub(crate) fn user(name: &str) -> UserName {
    name.parse().unwrap()
}

pub(crate) fn password(text: &str) -> PasswordText {
    PasswordText::new(&Password::new(text).unwrap())
}

/// Rules for tests: quick, and open to all.
pub(crate) fn rules() -> Rules {
    Rules { open_joining: true, news_pause: Duration::from_millis(1), ..Rules::default() }
}

/// An index that runs.
pub(crate) struct Ground {
    pub(crate) index: Index<Sqlite>,
    pub(crate) address: SocketAddr,
    clock: Arc<AtomicU64>,
    told: Arc<Mutex<Vec<Happening>>>,
    stop: CancellationToken,
    tasks: Vec<JoinHandle<()>>,
    _no_panics: NoPanics,
}

impl Ground {
    pub(crate) async fn new() -> Self {
        Self::with(rules()).await
    }

    pub(crate) async fn with(rules: Rules) -> Self {
        Self::at_cost(rules, 4).await
    }

    pub(crate) async fn at_cost(rules: Rules, cost: u32) -> Self {
        Self::over(Sqlite::open(Place::Memory).unwrap(), rules, cost).await
    }

    /// An index that keeps what it has there.
    pub(crate) async fn over(store: Sqlite, rules: Rules, cost: u32) -> Self {
        let _no_panics = NoPanics::begin();
        let clock = Arc::new(AtomicU64::new(NOW.0));
        let told: Arc<Mutex<Vec<_>>> = Arc::default();
        let hasher = PasswordHasher::new(cost).unwrap();
        let (time, log) = (Arc::clone(&clock), Arc::clone(&told));
        let clock_of_index = Arc::new(move || UnixTime(time.load(Ordering::Relaxed)));
        let tell = move |fact| log.lock().unwrap().push(fact);
        let index = Index::new(store, rules, hasher, clock_of_index, tell).unwrap();
        let sockets = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = sockets.local_addr().unwrap();
        let side =
            Side::new(identity("index"), Party::Index, Features::default(), Deadlines::default());
        let notices = index.clone();
        let listener = Listener::new(sockets, side.unwrap())
            .with_notices(move |notice| notices.notice(notice));
        let stop = CancellationToken::new();
        let (service, jobs) = (index.clone(), index.clone());
        let (until, jobs_until) = (stop.clone(), stop.clone());
        let tasks = vec![
            tokio::spawn(listener.run(service, until)),
            tokio::spawn(async move { jobs.run_jobs(jobs_until).await }),
        ];
        Self { index, address, clock, told, stop, tasks, _no_panics }
    }

    /// Sets the index's clock to so many seconds after (or before) [`NOW`].
    pub(crate) fn set_clock(&self, seconds: i64) {
        self.clock.store(NOW.0.checked_add_signed(seconds).unwrap(), Ordering::Relaxed);
    }

    pub(crate) fn now(&self) -> UnixTime {
        UnixTime(self.clock.load(Ordering::Relaxed))
    }

    /// Somebody connects and proves who they are.
    pub(crate) async fn dial(&self, who: &'static str) -> Caller {
        self.dial_as(&identity(who)).await
    }

    pub(crate) async fn dial_as(&self, who: &Arc<Identity>) -> Caller {
        let side = Side::new(Arc::clone(who), Party::Person, Features::ALL, Deadlines::default());
        let dialler = Dialler::new(side.unwrap()).with_backoff(Backoff::never());
        let expected = Expected::Only(identity("index").fingerprint());
        let dialled = soon(dialler.dial(&self.address.into(), expected)).await;
        let (conversation, incoming) = dialled.unwrap();
        Caller { conversation, incoming }
    }

    /// Somebody with an account under their own name.
    pub(crate) async fn member(&self, name: &'static str) -> (Caller, SessionGrant) {
        let caller = self.dial(name).await;
        let granted = caller.join(name).await.unwrap();
        (caller, granted)
    }

    /// An invitation: for one person, or for anybody.
    pub(crate) async fn invite(&self, name: Option<&str>) -> JoinToken {
        let token = JoinToken::random();
        let made = self.now();
        let (hash, expires) = (token.hash(), made.plus(3600));
        let invite = Invite { token: hash, user: name.map(user), made, expires };
        self.index.store().invite(invite).await.unwrap();
        token
    }

    /// What was told so far.
    pub(crate) fn told(&self) -> Vec<Happening> {
        self.told.lock().unwrap().clone()
    }

    /// The lines of the log so far.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.told().iter().map(ToString::to_string).collect()
    }

    /// Waits until something holds of what was told.
    pub(crate) async fn until(&self, holds: impl Fn(&[Happening]) -> bool) {
        let wait = async {
            while !holds(&self.told.lock().unwrap()) {
                tokio::task::yield_now().await;
            }
        };
        soon(wait).await;
    }

    /// Stops it, and sees that it counted no panic.
    pub(crate) async fn stop(self) {
        self.stop.cancel();
        for task in self.tasks {
            soon(task).await.unwrap();
        }
        assert_eq!(self.index.panics(), 0);
    }
}

/// Somebody in a conversation with the index.
pub(crate) struct Caller {
    pub(crate) conversation: Conversation,
    pub(crate) incoming: Incoming,
}

impl Caller {
    pub(crate) async fn ask<A: Ask>(&self, ask: A) -> Result<A::Answer, Code> {
        match soon(self.conversation.ask(ask)).await {
            Ok(answer) => Ok(answer),
            Err(AskError::Refused { code, .. }) => Err(code),
            Err(other) => panic!("{other}"),
        }
    }

    pub(crate) async fn join(&self, name: &str) -> Result<SessionGrant, Code> {
        self.ask(joining(name)).await
    }

    pub(crate) async fn join_invited(
        &self,
        name: &str,
        token: &JoinToken,
    ) -> Result<SessionGrant, Code> {
        self.ask(Join { invitation: Some(Invited::by(token)), ..joining(name) }).await
    }

    pub(crate) async fn login(&self, name: &str, text: &str) -> Result<SessionGrant, Code> {
        self.ask(Login { id: 0, user: Named(user(name)), password: password(text) }).await
    }

    pub(crate) async fn resume(&self, granted: &SessionGrant) -> Result<SessionGrant, Code> {
        self.ask(resuming(granted)).await
    }
}

pub(crate) fn joining(name: &str) -> Join {
    let (user, password) = (Named(user(name)), password(PASSWORD));
    let request = random().into();
    Join { id: 0, request, user, password, invitation: None, contact: None }
}

pub(crate) fn resuming(granted: &SessionGrant) -> Resume {
    let mut token = *granted.token.expose();
    Resume { id: 0, token: waxwing::model::SessionToken::take_from(&mut token) }
}

/// Whatever a test waits for comes within this time, on a busy machine too.
pub(crate) async fn soon<T>(future: impl Future<Output = T>) -> T {
    timeout(Duration::from_secs(60), future).await.expect("it takes too long")
}
