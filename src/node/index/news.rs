//! What happens while nobody asks.

use super::people::Person;
use super::state::{Live, Shared, Status};
use crate::link::{Incoming, Request};
use crate::model::directory::ChainError;
use crate::wire::index::{News as NewsMessage, Noted};
use crate::wire::{Code, Kind};
use std::convert::Infallible;
use std::future::pending;
use tokio::sync::broadcast::{self, error::RecvError};

/// Something that happened.
#[derive(Debug, Clone, PartialEq)]
pub enum News {
    /// How it stands with the session now.
    Status(Status),
    /// A person is now like this. Told when [`watch`](super::IndexSession::watch) asked for it.
    Changed(Person),
    /// This person wants to reach us.
    Wanted(Person),
    /// More happened than was told: whoever shows people asks for all of them. Also when the index was
    /// away for a while, and tells of changes again.
    Missed,
    /// The index was found out; no keys are believed any more.
    Alarm(ChainError),
    /// The key directory binds our own name to another identity than ours.
    NotOurs(crate::crypto::Fingerprint),
}

/// The news of a session, from when it was asked for.
#[derive(Debug)]
pub struct NewsStream(broadcast::Receiver<News>);

impl NewsStream {
    pub(super) fn new(news: broadcast::Receiver<News>) -> Self {
        Self(news)
    }

    /// The next piece; none when the session is over. Who takes them slowly misses some, and is told.
    pub async fn next(&mut self) -> Option<News> {
        match self.0.recv().await {
            Ok(news) => Some(news),
            Err(RecvError::Lagged(_)) => Some(News::Missed),
            Err(RecvError::Closed) => None,
        }
    }
}

/// Takes what the index tells in a conversation, as long as that goes on.
pub(super) async fn take(shared: &Shared, live: &Live, mut incoming: Incoming) -> Infallible {
    while let Some(request) = incoming.next().await {
        match request.kind() {
            Kind::News => take_one(shared, live, request),
            _ => request.refuse(Code::NotAllowed, "a person serves no index"),
        }
    }
    pending().await
}

fn take_one(shared: &Shared, live: &Live, request: Request) {
    let Ok(news) = request.decode::<NewsMessage>() else {
        return live.conversation.end(Code::Malformed, "");
    };
    for seen in news.people.iter() {
        let person = Person::of(seen, live.index());
        shared.known.saw(&person, shared.now());
        shared.tell(News::Changed(person));
    }
    for seen in news.wanted_by.iter() {
        shared.tell(News::Wanted(Person::of(seen, live.index())));
    }
    if news.missed {
        shared.tell(News::Missed);
    }
    // When the conversation is over, nobody waits for this.
    let _ = request.answer(Noted { id: 0 });
}

/// So many pieces are kept for who takes them slowly.
pub(super) const NEWS_WAITING: usize = 256;
