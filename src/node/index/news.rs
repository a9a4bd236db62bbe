//! What happens while nobody asks.

use super::Error;
use super::catalog::Summary;
use super::live::Live;
use super::people::Person;
use super::state::{Shared, Status};
use crate::crypto::Fingerprint;
use crate::link::{Incoming, Request};
use crate::model::ShareId;
use crate::model::directory::ChainError;
use crate::wire::index::{News as NewsMessage, Noted};
use crate::wire::{Code, Kind};
use std::convert::Infallible;
use std::future::pending;
use tokio::sync::broadcast::{self, error::RecvError};
use tokio::sync::watch;

/// Something that happened.
#[derive(Debug, Clone, PartialEq)]
pub enum News {
    /// How it stands with the session now.
    Status(Status),
    /// A person is now like this. Told when [`watch`](super::IndexSession::watch) asked for it.
    Changed(Person),
    /// This person wants to reach us.
    Wanted(Person),
    /// The index has taken so much of what changes in a share. Told a few times a second while a sync
    /// of several parts is under way; others see nothing of it before [`News::Published`].
    Publishing {
        /// The share.
        share: ShareId,
        /// How many entries that are new, changed or gone it was told.
        told: usize,
        /// Of how many.
        of: usize,
    },
    /// The index has taken what there is of a share now:
    /// [`Known::published`](super::Known::published) gives it.
    Published {
        /// The share.
        share: ShareId,
        /// What has become different by it.
        summary: Summary,
    },
    /// The index does not let a share be published so. It is tried again in the next conversation.
    NotPublished {
        /// The share.
        share: ShareId,
        /// Why.
        why: Error,
    },
    /// More happened than was told: whoever shows people asks for all of them. Also when the index was
    /// away for a while, and tells of changes again.
    Missed,
    /// The index was found out; no keys are believed any more. See [`Warnings`].
    Alarm(ChainError),
    /// The key directory binds our own name to another identity than ours, or to nobody. See
    /// [`Warnings`].
    NotOurs(Option<Fingerprint>),
}

/// What is wrong with an index that is there. It stands until it is so no longer, and no flood of news
/// hides it: each [`NewsStream`] tells it before anything else.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Warnings {
    /// How the index was found out.
    pub alarm: Option<ChainError>,
    /// The identity that the key directory binds our own name to, when that is not ours; none in it
    /// when nobody has the name.
    pub not_ours: Option<Option<Fingerprint>>,
}

/// The news of a session, from when it was asked for; the warnings that stand then are told first.
#[derive(Debug)]
pub struct NewsStream {
    news: broadcast::Receiver<News>,
    warnings: watch::Receiver<Warnings>,
    told: Warnings,
}

impl NewsStream {
    pub(super) fn new(
        news: broadcast::Receiver<News>,
        mut warnings: watch::Receiver<Warnings>,
    ) -> Self {
        warnings.mark_changed();
        Self { news, warnings, told: Warnings::default() }
    }

    /// The next piece; none when the session is over. Who takes them slowly misses some, and is told;
    /// how it stands is then what [`status`](super::IndexSession::status) says.
    pub async fn next(&mut self) -> Option<News> {
        loop {
            tokio::select! {
                biased;
                Ok(()) = self.warnings.changed() => {
                    if let Some(warning) = self.warning() {
                        return Some(warning);
                    }
                }
                news = self.news.recv() => return match news {
                    Ok(news) => Some(news),
                    Err(RecvError::Lagged(_)) => Some(News::Missed),
                    Err(RecvError::Closed) => None,
                },
            }
        }
    }

    /// A warning that was not told.
    fn warning(&mut self) -> Option<News> {
        let now = self.warnings.borrow_and_update().clone();
        if now.alarm != self.told.alarm {
            self.told.alarm = now.alarm.clone();
            // The other one may be new, too.
            self.warnings.mark_changed();
            if let Some(alarm) = now.alarm {
                return Some(News::Alarm(alarm));
            }
        }
        let is_new = now.not_ours != self.told.not_ours;
        self.told.not_ours = now.not_ours;
        now.not_ours.filter(|_| is_new).map(News::NotOurs)
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
