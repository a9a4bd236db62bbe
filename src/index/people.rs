//! Who is there: being online, the list of people, watching, reaching.

use super::Rules;
use super::happening::Happening;
use super::presence::{Came, Reached};
use super::service::{Handle, Index};
use super::store::{PersonRow, Store};
use super::throttle::{Key, NEVER, Pace};
use super::visitor::{Denial, Visitor};
use crate::codec::List;
use crate::model::limits::PEOPLE_PAGE;
use crate::model::{PeerAddress, UserName};
use crate::wire::Code;
use crate::wire::index::{Done, Online, OnlineGrant, People, PeopleAsk, Reach, SeenAddress, Watch};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::time::Instant;

impl<S: Store> Handle<Online> for Index<S> {
    async fn handle(&self, visitor: &mut Visitor, ask: Online) -> Result<OnlineGrant, Denial> {
        let (asker, now) = (visitor.asker()?, self.shared.now());
        let seen = ask.port.map(|port| visitor.address(port)).transpose()?.flatten();
        let member = self.store.member(asker, now).await.map_err(|error| self.storage(error))?;
        let lifetime = self.shared.rules.online_lifetime;
        let wide = Some(self.shared.rules.wide);
        let granted = OnlineGrant { id: 0, lifetime: Rules::seconds(lifetime), seen, wide };
        let seat = visitor.seat()?;
        let until = Instant::now().checked_add(lifetime).unwrap_or_else(Instant::now);
        if self.shared.presence().stay(member.account, seat.id, seen, until) {
            return Ok(granted);
        }
        self.shared.begin_try(&Key::Change(member.account), CHANGES)?;
        let row = self.row(visitor, &member.user).await?;
        let place = (seat.id, &seat.desk);
        let came = self.shared.change_presence(|presence| presence.come(row, place, seen, until));
        if came == Came::First {
            self.shared.tell(Happening::Online(visitor.person(&member.user)));
        }
        Ok(granted)
    }
}

impl<S: Store> Handle<PeopleAsk> for Index<S> {
    async fn handle(&self, visitor: &mut Visitor, ask: PeopleAsk) -> Result<People, Denial> {
        let (asker, now) = (visitor.asker()?, self.shared.now());
        let mut rows = match &ask.only {
            Some(user) => vec![self.row(visitor, user).await?],
            None => {
                // One more than fits tells whether there are more.
                let (after, most) = (ask.after.as_deref(), PEOPLE_PAGE.saturating_add(1));
                let rows = self.store.people(asker, after, most, now).await;
                rows.map_err(|error| self.storage(error))?
            }
        };
        let more = rows.len() > PEOPLE_PAGE;
        rows.truncate(PEOPLE_PAGE);
        let presence = self.shared.presence();
        let people = rows.iter().map(|row| presence.seen(row)).collect();
        Ok(People { id: 0, people: List::new(people).unwrap_or_default(), more })
    }
}

impl<S: Store> Handle<Watch> for Index<S> {
    async fn handle(&self, visitor: &mut Visitor, ask: Watch) -> Result<Done, Denial> {
        let (asker, now) = (visitor.asker()?, self.shared.now());
        self.store.member(asker, now).await.map_err(|error| self.storage(error))?;
        if let Some(seat) = &mut visitor.seat {
            seat.watch(ask.on);
        }
        Ok(Done { id: 0 })
    }
}

impl<S: Store> Handle<Reach> for Index<S> {
    async fn handle(&self, visitor: &mut Visitor, ask: Reach) -> Result<Done, Denial> {
        let own = visitor.seat()?.member.user.clone();
        let by = self.row(visitor, &own).await?;
        let wanted = self.row(visitor, &ask.user).await?;
        let key = Key::Reach(by.account, wanted.account);
        self.shared.begin_try(&key, REACHING)?;
        let presence = self.shared.presence();
        let by = presence.seen(&by);
        match presence.reach(wanted.account, &by) {
            Reached::Told => Ok(Done { id: 0 }),
            Reached::Full => Err(Denial::new(Code::Busy, "many people want to reach them")),
            Reached::Offline => Err(Denial::new(Code::NotFound, "they are not online")),
        }
    }
}

impl<S: Store> Index<S> {
    /// A person, for somebody who is logged in.
    async fn row(&self, visitor: &Visitor, user: &UserName) -> Result<PersonRow, Denial> {
        let (asker, now) = (visitor.asker()?, self.shared.now());
        let row = self.store.person(asker, user, now).await;
        let row = row.map_err(|error| self.storage(error))?;
        row.ok_or_else(|| Denial::new(Code::NotFound, "nobody here has that name"))
    }
}

impl Visitor {
    /// Where others reach this person: at the address that we saw, whatever they say, and the port
    /// that they told.
    fn address(&self, port: u16) -> Result<Option<SeenAddress>, Denial> {
        let Some(seen) = self.conversation.other_end() else { return Ok(None) };
        let address = PeerAddress::new(SocketAddr::new(seen.ip(), port));
        let address = address.map_err(|error| Denial::new(Code::NotAllowed, error.to_string()))?;
        Ok(Some(SeenAddress::of(address)))
    }
}

/// How often somebody may change what others see of them.
pub(super) const CHANGES: Pace = Pace {
    free: 60,
    first: Duration::from_secs(1),
    longest: Duration::from_secs(60),
    fades: Duration::from_secs(5),
};
/// How often one person may be told that the same other one wants to reach them.
const REACHING: Pace = Pace {
    free: 10,
    first: Duration::from_secs(1),
    longest: Duration::from_secs(60),
    fades: NEVER,
};
