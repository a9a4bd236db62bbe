//! Reaching people: dialling where they are, and expecting nobody but who is pinned.

use super::User;
use super::trust::Pinned;
use crate::crypto::Fingerprint;
use crate::link::{self, Backoff, Conversation, Dialler, Expected, Incoming, Streams};
use crate::model::{HostPort, PeerAddress, UserName};
use crate::node::Error;
use crate::node::index::Age;
use crate::wire::{Code, Party};
use futures_util::future::join_all;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// A person who was reached. Dropped, the conversation is over.
pub(super) struct Reached {
    pub(super) pinned: Pinned,
    pub(super) streams: Streams,
    dialler: Dialler,
    answering: JoinHandle<()>,
    heads: JoinHandle<()>,
}

impl User {
    /// The same person, who knows better than the index where somebody is: there they are dialled.
    pub fn with_place(&self, user: &UserName, at: &HostPort) -> Self {
        let place = Arc::new((user.clone(), at.clone()));
        Self { dialled_at: Some(place), ..self.clone() }
    }

    /// Reaches somebody: where the index says that they are, or at the address that is named.
    pub(super) async fn reach(&self, user: &UserName) -> Result<Reached, Error> {
        let pinned = self.meet(user).await?;
        let addresses = match self.dialled_at.as_deref() {
            Some((who, at)) if who == user => vec![at.clone()],
            _ => self.addresses(user).await?,
        };
        let dialler = Dialler::new(self.inner.side.clone()).with_backoff(Backoff::never());
        let (conversation, incoming) = dial(&dialler, &pinned, addresses).await?;
        if conversation.proven().party() != Party::Person {
            return Err(Error::NotAPerson);
        }
        if let Some(at) = conversation.other_end().and_then(|at| PeerAddress::new(at).ok()) {
            let session = self.session()?;
            session.known().reached(user, at);
            // A program that is killed does not come to it in the end.
            self.keep_people(session.known());
        }
        let streams = Streams::new(conversation, None);
        let answering = tokio::spawn(answer(streams.clone(), incoming));
        let (me, who, conversation) =
            (self.clone(), pinned.user.clone(), streams.conversation().clone());
        let heads = tokio::spawn(async move { me.exchange_heads(who, conversation).await });
        Ok(Reached { pinned, streams, dialler, answering, heads })
    }

    /// Who has an identity now, by the key directory.
    pub(super) async fn name_of(&self, identity: &Fingerprint) -> Result<UserName, Error> {
        let session = self.session()?;
        match self.wait_or_else(&session, session.holder(identity)).await {
            Err(Error::Index(error)) if error.is_away() => {
                self.known_name_of(identity)?.ok_or(Error::Index(error))
            }
            holder => {
                let holder = holder?.value;
                holder.map(|binding| binding.user).ok_or(Error::Stranger(*identity))
            }
        }
    }

    async fn addresses(&self, user: &UserName) -> Result<Vec<HostPort>, Error> {
        let addresses = match self.person_or_last(user).await? {
            (person, Age::Fresh) => person.addresses,
            // Who was there before may be there.
            (person, Age::Cached { .. }) => {
                let last = self.session()?.known().last_of(|name| *name == person.user);
                last.into_iter().flat_map(|(person, _)| person.addresses).collect()
            }
        };
        let addresses: Vec<_> =
            addresses.iter().map(|at| HostPort::from(at.socket_addr())).collect();
        match addresses.is_empty() {
            true => Err(Error::Offline(user.clone())),
            false => Ok(addresses),
        }
    }
}

impl Reached {
    /// All at once: whoever does not answer keeps the others from nothing, and the person only for a moment.
    pub(super) async fn close_all(all: impl IntoIterator<Item = Self>) {
        let _ = timeout(GOODBYES, join_all(all.into_iter().map(Self::close))).await;
    }

    pub(super) async fn close(mut self) {
        if timeout(HEADS_MOMENT, &mut self.heads).await.is_err() {
            self.heads.abort();
        }
        self.streams.conversation().end(Code::Done, "");
        self.dialler.stop().await;
    }
}

impl Drop for Reached {
    /// Pings would keep a conversation open that nobody has any more, and it takes room there.
    fn drop(&mut self) {
        self.heads.abort();
        self.answering.abort();
        self.streams.conversation().end(Code::Done, "");
    }
}

/// The first address at which they are. Of several, one that may be good in a moment counts more than
/// one that somebody else has now.
async fn dial(
    dialler: &Dialler,
    pinned: &Pinned,
    addresses: Vec<HostPort>,
) -> Result<(Conversation, Incoming), Error> {
    let mut why: Option<link::Error> = None;
    for at in addresses {
        match dialler.dial(&at, Expected::Only(pinned.pin.fingerprint)).await {
            Ok(begun) => return Ok(begun),
            Err(error) if error.is_permanent() && why.is_some() => {}
            Err(error) => why = Some(error),
        }
    }
    let why = why.unwrap_or(link::Error::Host);
    Err(Error::Unreached { user: pinned.user.clone(), why })
}

/// Lanes are asked for by who listens; nothing else is done for somebody whom one has dialled.
async fn answer(streams: Streams, mut incoming: Incoming) {
    while let Some(request) = streams.next_request(&mut incoming).await {
        request.refuse(Code::NotAllowed, "dial this person for it");
    }
}

/// So long is waited in the end for what the other side was told of the key directory.
const HEADS_MOMENT: Duration = Duration::from_secs(2);
const GOODBYES: Duration = Duration::from_secs(5);
