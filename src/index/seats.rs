//! Conversations in which somebody is logged in, by session: so that a session that ends is over in
//! all of them.

use super::presence::{Desk, Presence, SeatId};
use super::shared::Shared;
use super::store::{Asker, Member};
use crate::model::TokenHash;
use std::collections::HashMap;
use std::sync::Arc;
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
    pub(super) watches_from: Option<u64>,
}

impl Seat {
    pub(super) fn new(shared: &Arc<Shared>, asker: Asker, member: Member) -> Self {
        let mut seats = shared.seats();
        let id = seats.next_id();
        let over = seats.take(asker.session, id);
        drop(seats);
        let (shared, desk) = (Arc::clone(shared), Arc::default());
        Self { shared, id, asker, member, over, desk, watches_from: None }
    }

    /// The same person goes on with another session.
    pub(super) fn renew(&mut self, asker: Asker, member: Member) {
        let mut seats = self.shared.seats();
        seats.give_back(&self.asker.session, self.id);
        self.over = seats.take(asker.session, self.id);
        drop(seats);
        (self.asker, self.member) = (asker, member);
    }

    /// Is not online any more, here.
    fn leave(&self, presence: &mut Presence) {
        if let Some(user) = presence.leave(self.member.account, self.id) {
            self.shared.is_gone(self.member.account, &user);
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.shared.seats().give_back(&self.asker.session, self.id);
        self.shared.change_presence(|presence| self.leave(presence));
    }
}
