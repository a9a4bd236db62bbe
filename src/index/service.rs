//! The service: whose conversation it is, and what becomes of each request.

use super::Rules;
use super::complaints::Complaints;
use super::happening::{Complaint, Happening, Noticed, Person, is_worth_telling};
use super::hashing::{Hashing, TooBusy};
use super::origin::Origin;
use super::presence::{Changes, Presence};
use super::seats::{Seat, Seats};
use super::store::{AccountId, Asker, Refusal, RequestKey, Store, StoreError};
use super::throttle::{Key, Pace, Throttle};
use crate::codec::List;
use crate::crypto::{Fingerprint, PasswordHasher, UnixTime};
use crate::link::{AskError, Conversation, Incoming, Notice, Request, Service};
use crate::model::{TokenHash, UserName};
use crate::wire::index::{
    AccountAsk, ChainAsk, Change, ContactChange, Join, KeysAsk, Login, Logout, News, Online,
    PasswordChange, PeopleAsk, Reach, Resume, Rotate, Watch,
};
use crate::wire::{Ask, Code, Kind, Message, Party};
use std::fmt;
use std::future::{Future, pending};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

/// What time it is. A test hands in its own.
pub type Clock = Arc<dyn Fn() -> UnixTime + Send + Sync>;

/// An index. Cheap to clone; all clones are the same.
#[derive(Clone)]
pub struct Index<S> {
    pub(super) store: S,
    pub(super) hashing: Hashing,
    pub(super) shared: Arc<Shared>,
}

/// What is not kept in the store, nor needs it.
pub(super) struct Shared {
    pub(super) rules: Rules,
    clock: Clock,
    tell: Box<dyn Fn(Happening) + Send + Sync>,
    presence: Mutex<Presence>,
    /// The number of the next change of the presence.
    changes: watch::Sender<u64>,
    seats: Mutex<Seats>,
    throttle: Mutex<Throttle>,
    complaints: Mutex<Complaints>,
    /// Who is not online any more, and since when, until it is written down.
    departed: Mutex<Vec<(AccountId, UnixTime)>>,
    panics: AtomicU64,
}

/// Why a request is not done.
#[derive(Debug)]
pub(super) struct Denial {
    pub(super) code: Code,
    pub(super) text: String,
}

/// The other side of one conversation.
pub(super) struct Visitor {
    pub(super) conversation: Conversation,
    pub(super) origin: Origin,
    pub(super) identity: Fingerprint,
    pub(super) seat: Option<Seat>,
}

/// What is done for one kind of request.
pub(super) trait Handle<A: Ask> {
    fn handle(
        &self,
        visitor: &mut Visitor,
        ask: A,
    ) -> impl Future<Output = Result<A::Answer, Denial>> + Send;
}

impl<S: Store> Index<S> {
    /// An index over a store. `tell` hears what happens, from many tasks at once; it must not block.
    ///
    /// Fails when the system gives no threads.
    pub fn new(
        store: S,
        rules: Rules,
        hasher: PasswordHasher,
        clock: Clock,
        tell: impl Fn(Happening) + Send + Sync + 'static,
    ) -> std::io::Result<Self> {
        let hashing = Hashing::new(hasher, &rules)?;
        let shared = Arc::new(Shared {
            rules,
            clock,
            tell: Box::new(tell),
            presence: Mutex::default(),
            changes: watch::Sender::new(0),
            seats: Mutex::default(),
            throttle: Mutex::default(),
            complaints: Mutex::default(),
            departed: Mutex::default(),
            panics: AtomicU64::new(0),
        });
        Ok(Self { store, hashing, shared })
    }

    /// What it keeps.
    pub fn store(&self) -> &S {
        &self.store
    }

    /// How many people are online.
    pub fn online(&self) -> usize {
        self.shared.presence().count()
    }

    /// How many passwords were hashed or checked: an unknown name costs as much as a known one.
    pub fn passwords_computed(&self) -> u64 {
        self.hashing.computed()
    }

    /// How many tasks of conversations panicked. None ever should.
    pub fn panics(&self) -> u64 {
        self.shared.panics.load(Ordering::Relaxed)
    }

    /// Sessions ended by other hands: whoever uses them is told, and is not online any more.
    pub fn sessions_are_over(&self, sessions: &[TokenHash]) {
        self.shared.end_sessions(sessions, None);
    }

    /// Takes what the listener notices, for the log.
    pub fn notice(&self, notice: Notice) {
        match Noticed::from(notice) {
            Noticed::Nothing => {}
            Noticed::Fact(fact) => {
                if matches!(fact, Happening::Panicked { .. }) {
                    self.shared.panics.fetch_add(1, Ordering::Relaxed);
                }
                self.shared.tell(fact);
            }
            Noticed::Turned { from, why } => {
                self.shared.complain(
                    Origin::of(Some(from)),
                    Some(from),
                    "a conversation",
                    why,
                    None,
                );
            }
        }
    }

    async fn converse(&self, mut visitor: Visitor, mut incoming: Incoming) {
        let mut changes = self.shared.changes.subscribe();
        let mut pushing: Option<Pushing> = None;
        loop {
            tokio::select! {
                biased;
                () = visitor.is_over() => {
                    visitor.conversation.end(Code::NoSession, "the session is over");
                    return;
                }
                pushed = pushed(&mut pushing) => {
                    pushing = None;
                    if pushed.is_err() {
                        // Who asks for news and does not take them is not there.
                        visitor.conversation.end(Code::Slow, "the news are not taken");
                        return;
                    }
                }
                () = visitor.has_news(&mut changes), if pushing.is_none() => {
                    pushing = self.news_for(&mut visitor);
                }
                request = incoming.next() => match request {
                    Some(request) => Box::pin(self.answer(&mut visitor, request)).await,
                    None => return,
                },
            }
        }
    }

    /// What is new for a visitor, on its way to them; and then a pause, in which more gathers.
    fn news_for(&self, visitor: &mut Visitor) -> Option<Pushing> {
        let seat = visitor.seat.as_mut()?;
        let wanted_by = seat.desk.take();
        let Changes { people, missed } = match seat.watches_from {
            Some(from) => {
                let presence = self.shared.presence();
                seat.watches_from = Some(presence.next_change());
                presence.changes_from(from)
            }
            None => Changes { people: Vec::new(), missed: false },
        };
        if people.is_empty() && wanted_by.is_empty() && !missed {
            return None;
        }
        let people = List::new(people).unwrap_or_default();
        let news =
            News { id: 0, people, wanted_by: List::new(wanted_by).unwrap_or_default(), missed };
        let (conversation, pause) = (visitor.conversation.clone(), self.shared.pause_of_news());
        Some(Box::pin(async move {
            conversation.ask(news).await?;
            // A handle must not keep the conversation going meanwhile.
            drop(conversation);
            sleep(pause).await;
            Ok(())
        }))
    }

    async fn answer(&self, visitor: &mut Visitor, request: Request) {
        match request.kind() {
            Kind::Join => self.answer_as::<Join>(visitor, request).await,
            Kind::Login => self.answer_as::<Login>(visitor, request).await,
            Kind::Resume => self.answer_as::<Resume>(visitor, request).await,
            Kind::Logout => self.answer_as::<Logout>(visitor, request).await,
            Kind::PasswordChange => self.answer_as::<PasswordChange>(visitor, request).await,
            Kind::Rotate => self.answer_as::<Rotate>(visitor, request).await,
            Kind::ContactChange => self.answer_as::<ContactChange>(visitor, request).await,
            Kind::AccountAsk => self.answer_as::<AccountAsk>(visitor, request).await,
            Kind::KeysAsk => self.answer_as::<KeysAsk>(visitor, request).await,
            Kind::ChainAsk => self.answer_as::<ChainAsk>(visitor, request).await,
            Kind::Online => self.answer_as::<Online>(visitor, request).await,
            Kind::PeopleAsk => self.answer_as::<PeopleAsk>(visitor, request).await,
            Kind::Watch => self.answer_as::<Watch>(visitor, request).await,
            Kind::Reach => self.answer_as::<Reach>(visitor, request).await,
            kind => {
                let denial = Denial::new(Code::NotAllowed, "an index does not do this");
                self.deny(visitor, request, kind, denial);
            }
        }
    }

    async fn answer_as<A: Ask>(&self, visitor: &mut Visitor, request: Request)
    where
        Self: Handle<A>,
        A::Answer: Message,
    {
        let outcome = match request.decode::<A>() {
            Ok(ask) => self.handle(visitor, ask).await,
            Err(error) => Err(Denial::new(Code::Malformed, error.to_string())),
        };
        match outcome {
            // Who is not there any more needs no answer.
            Ok(answer) => drop(request.answer(answer)),
            Err(denial) => self.deny(visitor, request, A::KIND, denial),
        }
    }

    fn deny(&self, visitor: &Visitor, request: Request, kind: Kind, denial: Denial) {
        let Denial { code, text } = denial;
        if is_worth_telling(code) {
            let user = visitor.seat.as_ref().map(|seat| &seat.member.user);
            let from = visitor.conversation.other_end();
            self.shared.complain(visitor.origin, from, kind.name(), code.to_string(), user);
        }
        request.refuse(code, &text);
    }
}

impl<S: Store> Service for Index<S> {
    async fn serve(&self, conversation: Conversation, incoming: Incoming) {
        if conversation.proven().party() != Party::Person {
            conversation.end(Code::NotAllowed, "an index serves people only");
            return;
        }
        let origin = Origin::of(conversation.other_end());
        let identity = conversation.proven().fingerprint();
        self.converse(Visitor { conversation, origin, identity, seat: None }, incoming).await;
    }
}

impl<S> fmt::Debug for Index<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Index({:?})", self.shared.rules)
    }
}

impl Visitor {
    /// Who asks. Nobody does before a session was granted.
    pub(super) fn seat(&self) -> Result<&Seat, Denial> {
        self.seat.as_ref().ok_or_else(|| Denial::new(Code::NoSession, "log in first"))
    }

    /// The session that asks.
    pub(super) fn asker(&self) -> Result<Asker, Denial> {
        self.seat().map(|seat| seat.asker)
    }

    /// For the log.
    pub(super) fn person(&self, user: &UserName) -> Person {
        Person::new(user, &self.identity, shown(self.conversation.other_end(), self.origin))
    }

    /// What makes the repetition of a request harmless.
    pub(super) fn request<A: Change>(&self, ask: &A) -> RequestKey {
        RequestKey { identity: self.identity, number: *ask.number(), asked: ask.asked() }
    }

    async fn is_over(&self) {
        match &self.seat {
            Some(seat) => seat.over.cancelled().await,
            None => pending().await,
        }
    }

    async fn has_news(&self, changes: &mut watch::Receiver<u64>) {
        let Some(seat) = &self.seat else { return pending().await };
        let watches = async {
            match seat.watches_from {
                // An error means that the index is gone, and so this task with it.
                Some(from) => drop(changes.wait_for(|next| *next > from).await),
                None => pending().await,
            }
        };
        tokio::select! {
            () = seat.desk.bell.notified() => {}
            () = watches => {}
        }
    }
}

impl Shared {
    pub(super) fn now(&self) -> UnixTime {
        (self.clock)()
    }

    pub(super) fn tell(&self, happening: Happening) {
        (self.tell)(happening);
    }

    pub(super) fn presence(&self) -> MutexGuard<'_, Presence> {
        self.presence.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes who is online, and wakes the watchers if anybody sees a difference.
    pub(super) fn change_presence<T>(&self, change: impl FnOnce(&mut Presence) -> T) -> T {
        let mut presence = self.presence();
        let done = change(&mut presence);
        let next = presence.next_change();
        self.changes.send_if_modified(|told| std::mem::replace(told, next) != next);
        done
    }

    pub(super) fn seats(&self) -> MutexGuard<'_, Seats> {
        self.seats.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn end_sessions(&self, sessions: &[TokenHash], but: Option<&Seat>) {
        let seats = self.seats();
        sessions.iter().for_each(|session| seats.end(session, but.map(|seat| seat.id)));
    }

    /// Somebody is online nowhere any more.
    pub(super) fn is_gone(&self, account: AccountId, user: &UserName) {
        self.departed().push((account, self.now()));
        self.tell(Happening::Offline { user: user.to_string() });
    }

    pub(super) fn departed(&self) -> MutexGuard<'_, Vec<(AccountId, UnixTime)>> {
        self.departed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The pause between two news to one watcher. It grows with the crowd, so that all news together
    /// cost the same from some number of people on.
    fn pause_of_news(&self) -> Duration {
        let conversations = u32::try_from(self.changes.receiver_count()).unwrap_or(u32::MAX);
        let crowds = conversations.div_ceil(CROWD).max(1);
        self.rules.news_pause.saturating_mul(crowds)
    }

    /// Lets a try begin, which counts until it succeeded; or says how long to wait.
    pub(super) fn begin_try(&self, key: &Key, pace: Pace) -> Result<(), Denial> {
        self.throttle().begin(key, pace, Instant::now()).map_err(throttled)
    }

    /// Whether a try may begin. It counts only when it is told to.
    pub(super) fn may_try(&self, key: &Key, pace: Pace) -> Result<(), Denial> {
        self.throttle().look(key, pace, Instant::now()).map_err(throttled)
    }

    pub(super) fn count_try(&self, key: &Key) {
        self.throttle().count(key, Instant::now());
    }

    pub(super) fn throttle(&self) -> MutexGuard<'_, Throttle> {
        self.throttle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The pace of wrong passwords.
    pub(super) fn pace_of_passwords(&self) -> Pace {
        let Rules { free_tries, longest_wait, .. } = self.rules;
        Pace { free: free_tries, first: Duration::from_secs(1), longest: longest_wait }
    }

    fn complain(
        &self,
        origin: Origin,
        from: Option<SocketAddr>,
        what: &'static str,
        why: String,
        user: Option<&UserName>,
    ) {
        let mut complaints = self.complaints.lock().unwrap_or_else(PoisonError::into_inner);
        let times = complaints.count(origin, what, Instant::now());
        drop(complaints);
        let Some(times) = times else { return };
        let (from, user) = (shown(from, origin), user.map(UserName::to_string));
        self.tell(Happening::Refused(Complaint { from, what: what.to_owned(), why, user, times }));
    }
}

impl Denial {
    pub(super) fn new(code: Code, text: impl Into<String>) -> Self {
        Self { code, text: text.into() }
    }
}

impl From<TooBusy> for Denial {
    fn from(TooBusy: TooBusy) -> Self {
        Self::new(Code::Busy, "many people log in at once; try again in a moment")
    }
}

impl From<StoreError> for Denial {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Refused(refusal) => refusal.into(),
            StoreError::Busy => Self::new(Code::Busy, "the index has much to write; try again"),
            // Its owner reads the rest in the log; the other side has no use for it.
            StoreError::Full => Self::new(Code::Storage, "the index has no room left"),
            StoreError::Failed(_) => Self::new(Code::Storage, "the index could not write it down"),
        }
    }
}

impl From<Refusal> for Denial {
    fn from(refusal: Refusal) -> Self {
        let code = match refusal {
            Refusal::NoSession => Code::NoSession,
            Refusal::PasswordChanged => Code::Credentials,
            Refusal::OtherIdentity => Code::OtherIdentity,
            Refusal::NameTaken => Code::NameTaken,
            Refusal::KeyTaken => Code::KeyTaken,
            Refusal::Invitation => Code::Invitation,
            Refusal::Certificate => Code::Certificate,
            Refusal::Reused => Code::Reused,
            Refusal::NotFound => Code::NotFound,
            Refusal::TooMany => Code::Throttled,
        };
        Self::new(code, "")
    }
}

fn throttled(wait: Duration) -> Denial {
    let seconds = wait.as_secs().saturating_add(1);
    Denial::new(Code::Throttled, format!("try again in {seconds} seconds"))
}

fn shown(from: Option<SocketAddr>, origin: Origin) -> String {
    from.map_or_else(|| origin.to_string(), |from| from.to_string())
}

/// News on their way, and the pause after them.
type Pushing = Pin<Box<dyn Future<Output = Result<(), AskError>> + Send>>;

async fn pushed(pushing: &mut Option<Pushing>) -> Result<(), AskError> {
    match pushing {
        Some(pushing) => pushing.await,
        None => pending().await,
    }
}

/// So many people get the news at the shortest pause.
const CROWD: u32 = 1000;
