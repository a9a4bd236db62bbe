//! Conversations in which somebody is logged in, by session: so that a session that ends is over in
//! all of them.

use super::positions::Positions;
use super::presence::{Changes, Desk, SeatId};
use super::shared::Shared;
use super::store::{Asker, Member};
use crate::codec::List;
use crate::model::TokenHash;
use crate::wire::index::News;
use std::collections::HashMap;
use std::sync::Arc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// All seats.
#[derive(Debug, Default)]
pub(super) struct Seats {
    next: u64,
    of_session: HashMap<TokenHash, Vec<(SeatId, CancellationToken)>>,
}

impl Seats {
    fn next_id(&mut self) -> SeatId {
        let seat = SeatId(self.next);
        self.next = self.next.saturating_add(1);
        seat
    }

    /// What tells a seat that its session is over.
    fn take(&mut self, session: TokenHash, seat: SeatId) -> CancellationToken {
        let over = CancellationToken::new();
        self.of_session.entry(session).or_default().push((seat, over.clone()));
        over
    }

    fn give_back(&mut self, session: &TokenHash, seat: SeatId) {
        let Some(seats) = self.of_session.get_mut(session) else { return };
        seats.retain(|(other, _)| *other != seat);
        if seats.is_empty() {
            self.of_session.remove(session);
        }
    }

    /// Ends a session wherever it is used, but in one conversation.
    pub(super) fn end(&self, session: &TokenHash, but: Option<SeatId>) {
        let seats = self.of_session.get(session).map(Vec::as_slice).unwrap_or_default();
        seats.iter().filter(|(seat, _)| Some(*seat) != but).for_each(|(_, over)| over.cancel());
    }
}

/// Somebody who is logged in, in one conversation. Given back when dropped, however the conversation
/// ended; the person is then no longer online by it.
pub(super) struct Seat {
    shared: Arc<Shared>,
    pub(super) id: SeatId,
    pub(super) asker: Asker,
    pub(super) member: Member,
    /// Cancelled when the session ends elsewhere.
    pub(super) over: CancellationToken,
    pub(super) desk: Arc<Desk>,
    /// From which change on the person wants the news, if they do.
    watches_from: Option<u64>,
    pub(super) positions: Positions,
    /// Before then no more of the changes are told.
    pub(super) next_news: Instant,
}

impl Seat {
    pub(super) fn new(shared: &Arc<Shared>, asker: Asker, member: Member) -> Self {
        let mut seats = shared.seats();
        let id = seats.next_id();
        let over = seats.take(asker.session, id);
        drop(seats);
        let (shared, desk) = (Arc::clone(shared), Arc::default());
        Self {
            shared,
            id,
            asker,
            member,
            over,
            desk,
            watches_from: None,
            positions: Positions::default(),
            next_news: Instant::now(),
        }
    }

    /// The same person goes on with another session.
    pub(super) fn renew(&mut self, asker: Asker, member: Member) {
        let mut seats = self.shared.seats();
        seats.give_back(&self.asker.session, self.id);
        self.over = seats.take(asker.session, self.id);
        drop(seats);
        (self.asker, self.member) = (asker, member);
    }

    /// What is new for the person; read by this.
    pub(super) fn news(&mut self) -> News {
        let wanted_by = self.desk.take();
        let is_due = self.next_news <= Instant::now();
        let changes = match self.watches_from.filter(|_| is_due) {
            Some(from) => self.shared.presence().changes_from(from),
            None => Changes::default(),
        };
        if changes.is_some() {
            self.watches_from = Some(changes.next);
            self.next_news = self.shared.next_news();
        }
        let (people, missed) = (changes.people, changes.missed);
        // Neither list is longer than a message holds.
        let [people, wanted_by] = [people, wanted_by].map(|it| List::new(it).unwrap_or_default());
        News { id: 0, people, wanted_by, missed }
    }

    /// From which change on the person wants the news.
    pub(super) fn watches_from(&self) -> Option<u64> {
        self.watches_from
    }

    /// Hears of what changes from now on; of what is unread already, if that was so before.
    pub(super) fn watch(&mut self, on: bool) {
        let next = self.shared.presence().next_change();
        let from = self.watches_from.take();
        match (from, on) {
            (None, true) => self.shared.watchers(|count| count.saturating_add(1)),
            (Some(_), false) => self.shared.watchers(|count| count.saturating_sub(1)),
            _ => {}
        }
        self.watches_from = on.then(|| from.unwrap_or(next));
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.watch(false);
        self.shared.seats().give_back(&self.asker.session, self.id);
        let (account, now) = (self.member.account, self.shared.now());
        let gone = self.shared.change_presence(|presence| presence.leave(account, self.id, now));
        if let Some(user) = gone {
            self.shared.is_gone(account, &user, now);
        }
    }
}
