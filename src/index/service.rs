//! The service: whose conversation it is, and what becomes of each request.

use super::Rules;
use super::happening::{Happening, Noticed, is_worth_telling};
use super::hashing::Hashing;
use super::origin::Origin;
use super::presence::Changes;
use super::shared::{Clock, Shared};
use super::store::Store;
use super::visitor::{Denial, Visitor};
use crate::codec::List;
use crate::crypto::PasswordHasher;
use crate::link::{AskError, Conversation, Incoming, Notice, Request, Service};
use crate::model::TokenHash;
use crate::wire::index::{
    AccountAsk, ChainAsk, ContactChange, Join, KeysAsk, Login, Logout, News, Online,
    PasswordChange, PeopleAsk, Reach, Resume, Rotate, Watch,
};
use crate::wire::{Ask, Code, Kind, Message, Party};
use std::fmt;
use std::future::{Future, pending};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tokio::time::sleep;

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
        let mut changes = self.shared.hear_changes();
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

/// News on their way, and the pause after them.
type Pushing = Pin<Box<dyn Future<Output = Result<(), AskError>> + Send>>;

async fn pushed(pushing: &mut Option<Pushing>) -> Result<(), AskError> {
    match pushing {
        Some(pushing) => pushing.await,
        None => pending().await,
    }
}
