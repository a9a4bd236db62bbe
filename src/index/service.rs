//! The service: whose conversation it is, and what becomes of each request.

use super::Rules;
use super::ahead::{Ahead, Next};
use super::anonymous::Anonymous;
use super::happening::{Happening, Noticed, is_worth_telling};
use super::hashing::Hashing;
use super::presence::Presence;
use super::shared::{Refused, Shared};
use super::store::{AccountId, Prepared, Refusal, Store, StoreError};
use super::visitor::{Denial, Visitor};
use crate::crypto::{Clock, PasswordHasher};
use crate::link::{Conversation, Incoming, Notice, Origin, Request, Service};
use crate::model::{TokenHash, UserName};
use crate::wire::index::{
    AccountAsk, Browse, ChainAsk, ContactChange, Done, Join, KeysAsk, Locate, Login, Logout,
    Online, PasswordChange, PeopleAsk, Reach, Resume, Rotate, Search, ShareChange, ShareEnd,
    SharesAsk, Watch,
};
use crate::wire::{Ask, Code, Kind, Numbered, Party};
use futures_util::stream::{FuturesOrdered, StreamExt};
use std::fmt;
use std::future::{Future, pending};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// An index. Cheap to clone; all clones are the same.
#[derive(Clone)]
pub struct Index<S> {
    pub(super) store: S,
    pub(super) hashing: Hashing,
    pub(super) shared: Arc<Shared>,
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
        let shared = Arc::new(Shared::new(rules, clock, tell));
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

    /// Whether somebody is online.
    pub(super) fn is_online(&self, account: AccountId) -> bool {
        self.shared.presence().is_here(account)
    }

    /// How many passwords were hashed or checked: an unknown name costs as much as a known one.
    pub fn passwords_computed(&self) -> u64 {
        self.hashing.computed()
    }

    /// How many tasks of conversations panicked. None ever should.
    pub fn panics(&self) -> u64 {
        self.shared.panics().load(Ordering::Relaxed)
    }

    /// Sessions ended by other hands: whoever uses them is told, and is not online any more.
    pub fn sessions_are_over(&self, sessions: &[TokenHash]) {
        self.shared.end_sessions(sessions, None);
    }

    /// An account was closed, and with it these sessions. Nobody is told who it was, but that the list
    /// of people is another one.
    pub fn account_is_closed(&self, sessions: &[TokenHash]) {
        self.sessions_are_over(sessions);
        self.shared.catalog_changed.notify_one();
        self.shared.change_presence(Presence::changed_beyond_telling);
    }

    /// The owner did something by a verb, which the log tells.
    pub(super) fn owner_did(&self, did: String, user: Option<&UserName>) {
        let user = user.map(UserName::to_string);
        self.shared.tell(Happening::Owner { did, user });
    }

    /// Takes what the listener notices, for the log.
    pub fn notice(&self, notice: Notice) {
        match Noticed::from(notice) {
            Noticed::Nothing => {}
            Noticed::Fact(fact) => {
                if matches!(fact, Happening::Panicked { .. }) {
                    self.shared.panics().fetch_add(1, Ordering::Relaxed);
                }
                self.shared.tell(fact);
            }
            Noticed::Turned { from, why } => {
                let who = Refused { origin: Origin::of(Some(from)), from: Some(from), user: None };
                self.shared.complain(who, "a conversation", (0, why));
            }
        }
    }

    async fn converse(&self, mut visitor: Visitor, incoming: Incoming) {
        let mut incoming = Ahead::new(incoming, Arc::clone(&self.shared.readers));
        let mut changes = self.shared.hear_changes();
        let mut pushing: Option<Pushing> = None;
        // The next part waits in the store when one is written, so that whoever writes them does not wait.
        let mut taken = FuturesOrdered::new();
        loop {
            let under_way = taken.len();
            tokio::select! {
                biased;
                (code, text) = visitor.is_over() => {
                    return visitor.conversation.end(code, text);
                }
                pushed = pushed(&mut pushing) => {
                    pushing = None;
                    if let Err((code, text)) = pushed {
                        return visitor.conversation.end(code, text);
                    }
                }
                () = visitor.has_news(&mut changes), if pushing.is_none() => {
                    pushing = self.news_for(&mut visitor);
                }
                Some((request, outcome)) = taken.next() => {
                    self.reply(&mut visitor, request, Kind::Publish, outcome);
                }
                next = incoming.next(visitor.seat.is_some(), under_way > 0),
                    if under_way < PARTS_AT_ONCE => match next
                {
                    Some(Next { request, part: Some(part) }) => {
                        taken.push_back(self.take(&visitor, request, part));
                    }
                    Some(Next { request, part: None }) => {
                        Box::pin(self.answer(&mut visitor, request)).await;
                    }
                    None => return,
                },
            }
        }
    }

    /// What is new for a visitor, on its way to them if their session still stands.
    fn news_for(&self, visitor: &mut Visitor) -> Option<Pushing> {
        let seat = visitor.seat.as_mut()?;
        let news = seat.news();
        if news.people.is_empty() && news.wanted_by.is_empty() && !news.missed {
            return None;
        }
        let (asker, user) = (seat.asker, seat.member.user.clone());
        let (store, now) = (self.store.clone(), self.shared.now());
        let conversation = visitor.conversation.clone();
        Some(Box::pin(async move {
            // Being told something does not keep a session going; a question does.
            let stands = store.person(asker, &user, now).await;
            if stands == Err(StoreError::Refused(Refusal::NoSession)) {
                return Err((Code::NoSession, "the session is over"));
            }
            // Who asks for news and does not take them is not there.
            let noted = conversation.ask(news).await;
            noted.map(|_| ()).map_err(|_| (Code::Slow, "the news are not taken"))
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
            Kind::ShareChange => self.answer_as::<ShareChange>(visitor, request).await,
            Kind::ShareEnd => self.answer_as::<ShareEnd>(visitor, request).await,
            Kind::SharesAsk => self.answer_as::<SharesAsk>(visitor, request).await,
            // What a member publishes was looked at before.
            Kind::Publish => self.deny(visitor, request, Kind::Publish, Denial::nobody()),
            Kind::Search => self.answer_as::<Search>(visitor, request).await,
            Kind::Browse => self.answer_as::<Browse>(visitor, request).await,
            Kind::Locate => self.answer_as::<Locate>(visitor, request).await,
            kind => {
                let denial = Denial::new(Code::NotAllowed, "an index does not do this");
                self.deny(visitor, request, kind, denial);
            }
        }
    }

    async fn answer_as<A: Ask>(&self, visitor: &mut Visitor, request: Request)
    where
        Self: Handle<A>,
    {
        let outcome = match request.decode::<A>() {
            Ok(ask) => self.handle(visitor, ask).await,
            Err(error) => Err(Denial::new(Code::Malformed, error.to_string())),
        };
        self.reply(visitor, request, A::KIND, outcome);
    }

    /// Takes a part of a sync.
    fn take<'i>(
        &'i self,
        visitor: &Visitor,
        request: Request,
        part: Result<Prepared, Denial>,
    ) -> impl Future<Output = (Request, Result<Done, Denial>)> + Send + use<'i, S> {
        let who = visitor.seat().map(|seat| (seat.asker, seat.member.account));
        async move {
            let taken = match who.and_then(|who| Ok((who, part?))) {
                Ok((who, part)) => self.publish(who, part).await,
                Err(denial) => Err(denial),
            };
            (request, taken)
        }
    }

    fn reply<M: Numbered>(
        &self,
        visitor: &mut Visitor,
        request: Request,
        kind: Kind,
        outcome: Result<M, Denial>,
    ) {
        match outcome {
            // Who is not there any more needs no answer.
            Ok(answer) => drop(request.answer(answer)),
            Err(denial) => self.deny(visitor, request, kind, denial),
        }
    }

    fn deny(&self, visitor: &mut Visitor, request: Request, kind: Kind, denial: Denial) {
        let Denial { code, text, told } = denial;
        if is_worth_telling(code) {
            let user = visitor.seat.as_ref().map(|seat| &seat.member.user);
            let from = visitor.conversation.other_end();
            let who = Refused { origin: visitor.origin, from, user };
            let why = told.map_or_else(|| code.to_string(), str::to_owned);
            self.shared.complain(who, kind.name(), (code.number(), why));
        }
        request.refuse(code, &text);
        // The store says so to somebody who was logged in: the session ended meanwhile. A token that
        // opens none says nothing of the session that there is.
        if code == Code::NoSession && kind != Kind::Resume {
            visitor.stand_up(&self.shared);
        }
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
        let Some(anonymous) = Anonymous::new(&self.shared, conversation.other_end()) else {
            return conversation.end(Code::Busy, "too many are here and not logged in");
        };
        let (seat, shown, anonymous) = (None, None, Some(anonymous));
        let visitor = Visitor { conversation, origin, identity, seat, shown, anonymous };
        self.converse(visitor, incoming).await;
    }
}

impl<S> fmt::Debug for Index<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Index({:?})", self.shared.rules)
    }
}

/// How many parts of one conversation are in the store at once.
const PARTS_AT_ONCE: usize = 2;

/// News on their way; what is wrong with the conversation, if they do not arrive.
type Pushing = Pin<Box<dyn Future<Output = Result<(), (Code, &'static str)>> + Send>>;

async fn pushed(pushing: &mut Option<Pushing>) -> Result<(), (Code, &'static str)> {
    match pushing {
        Some(pushing) => pushing.await,
        None => pending().await,
    }
}
