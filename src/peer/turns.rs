//! How much one person may want at once and in a minute, and all of them together at once. Who finds no
//! slot may wait for one.

use super::queue::{Place, Queue, Waiter, Waiting};
use crate::crypto::Fingerprint;
use crate::model::limits::MANIFEST_BYTES;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{oneshot, watch};
use tokio::time::Instant;

/// How many streams there may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowance {
    /// Under way at once, of one person.
    pub at_once: u32,
    /// Begun in a minute, by one person.
    pub a_minute: u32,
    /// Under way at once, of all people: who has many identities gets no more.
    pub in_all: u32,
    /// Bytes of manifests of all that are under way.
    pub bytes: u64,
    /// Of these, of one person: nobody takes the room of all.
    pub bytes_each: u64,
    /// Requests that wait until there is a slot, of all people.
    pub waiting: u32,
    /// Of these, of one person.
    pub waiting_each: u32,
}

impl Allowance {
    /// For what others fetch. A person fetches with a few streams at a time; each costs a signature and
    /// a wrap.
    pub const SERVING: Self = Self {
        at_once: 4,
        a_minute: 240,
        in_all: 64,
        bytes: 64 << 20,
        bytes_each: LARGEST,
        waiting: 256,
        waiting_each: 8,
    };

    /// For what others offer, which waits for a person to say yes.
    pub const OFFERS: Self = Self {
        at_once: 2,
        a_minute: 240,
        in_all: 8,
        bytes: 32 << 20,
        bytes_each: LARGEST,
        waiting: 0,
        waiting_each: 0,
    };

    /// So many at once, of all people; however few that are, nobody has all of them.
    pub fn at_most(self, in_all: u32) -> Self {
        let in_all = self.in_all.min(in_all).max(1);
        Self { in_all, at_once: self.at_once.min((in_all / 2).max(1)), ..self }
    }

    /// For leaves that others ask for: a file may have to be read for them.
    pub const LISTS: Self = Self { bytes: 0, bytes_each: 0, ..Self::OFFERS };
}

/// Counts the streams of people.
#[derive(Debug)]
pub(super) struct Turns {
    allowance: Allowance,
    counted: Mutex<Counted>,
    /// Rings when anybody's place among those who wait is another.
    moved: watch::Sender<()>,
}

#[derive(Debug, Default)]
pub(super) struct Counted {
    people: HashMap<Fingerprint, Person>,
    under_way: u32,
    bytes: u64,
    pub(super) queue: Queue,
    /// When a stream gave way last.
    gave_way: Option<Instant>,
}

/// A stream that may begin, or has to wait.
#[derive(Debug)]
pub(super) enum Begun {
    Now(Turn),
    Later(Waiting),
}

#[derive(Debug)]
struct Person {
    under_way: u32,
    bytes: u64,
    begun: u32,
    /// Of these, such as did not open: each cost a private operation for nothing.
    bad: u32,
    since: Instant,
    waiting: u32,
    /// In which round of the queue their next request is.
    round: u64,
}

impl Turns {
    pub(super) fn new(allowance: Allowance) -> Arc<Self> {
        Arc::new(Self { allowance, counted: Mutex::default(), moved: watch::Sender::new(()) })
    }

    /// Another stream for this person, with a manifest of at most so many bytes, if they may have one.
    /// It ends when this is dropped.
    pub(super) fn begin(self: &Arc<Self>, who: Fingerprint, bytes: u64) -> Option<Turn> {
        let mut turn = self.begin_at(&mut self.counted(), who, bytes)?;
        turn.used = bytes;
        Some(turn)
    }

    /// The same, and the manifest is listed later, in the room that is kept for it; or a place among those who
    /// wait for a slot or for room. None for who wants too much in a minute, or has too much waiting already,
    /// or when there is no place.
    pub(super) fn begin_or_wait(self: &Arc<Self>, who: Fingerprint, room: u64) -> Option<Begun> {
        let (mut counted, allowance) = (self.counted(), &self.allowance);
        let room = room.min(allowance.bytes_each);
        if let Some(turn) = self.begin_at(&mut counted, who, room) {
            return Some(Begun::Now(turn));
        }
        let has_place = counted.queue.len() < allowance.waiting;
        let person = counted.person(who, Instant::now());
        if !has_place || person.waiting >= allowance.waiting_each || person.is_over(allowance) {
            return None;
        }
        person.begun = person.begun.saturating_add(1);
        person.waiting = person.waiting.saturating_add(1);
        let (round, (to, turn)) = (person.round, oneshot::channel());
        let place = counted.queue.add(round, Waiter { who, room, to });
        counted.person(who, Instant::now()).round = place.round().saturating_add(1);
        // Who was served less than all who wait may be the next.
        self.give_out(counted);
        self.moved.send_replace(());
        Some(Begun::Later(Waiting::new(Arc::clone(self), place, turn, self.moved.subscribe())))
    }

    /// Who waits there does not any more.
    pub(super) fn leave(self: &Arc<Self>, place: Place) {
        let mut counted = self.counted();
        if counted.leave(place) {
            // It may have waited for room, and others behind it.
            self.give_out(counted);
            self.moved.send_replace(());
        }
    }

    /// Who has a slot and room begins now, unless somebody waits already who would have them.
    fn begin_at(
        self: &Arc<Self>,
        counted: &mut Counted,
        who: Fingerprint,
        bytes: u64,
    ) -> Option<Turn> {
        let allowance = &self.allowance;
        let person = counted.person(who, Instant::now());
        let may = person.may_begin(allowance, bytes) && !person.is_over(allowance);
        let is_free = counted.under_way < allowance.in_all && counted.first(allowance).is_none();
        if !may || !is_free || !counted.has_room(allowance, bytes) {
            return None;
        }
        let turn = self.enter(counted, who, bytes);
        let person = counted.person(who, Instant::now());
        person.begun = person.begun.saturating_add(1);
        Some(turn)
    }

    fn enter(self: &Arc<Self>, counted: &mut Counted, who: Fingerprint, bytes: u64) -> Turn {
        counted.under_way = counted.under_way.saturating_add(1);
        let round = counted.queue.round().saturating_add(1);
        if let Some(person) = counted.people.get_mut(&who) {
            person.under_way = person.under_way.saturating_add(1);
            person.round = person.round.max(round);
        }
        counted.take(&who, bytes);
        Turn { turns: Arc::clone(self), who, bytes, used: 0 }
    }

    fn end(self: &Arc<Self>, who: Fingerprint, bytes: u64) {
        let mut counted = self.counted();
        counted.end(who, bytes);
        self.give_out(counted);
    }

    /// What slots are free are given to the next for whom they are some.
    fn give_out(self: &Arc<Self>, mut counted: MutexGuard<'_, Counted>) {
        let mut given = Vec::new();
        while let Some((place, room)) = counted.first(&self.allowance)
            && counted.has_room(&self.allowance, room)
            && let Some(Waiter { who, room, to }) = counted.queue.serve(place)
        {
            counted.waits_no_more(&who);
            given.push((to, self.enter(&mut counted, who, room)));
        }
        drop(counted);
        if !given.is_empty() {
            self.moved.send_replace(());
        }
        // Who has gone in this moment gives it back: so outside of the lock.
        for (to, turn) in given {
            drop(to.send(turn));
        }
    }

    pub(super) fn counted(&self) -> MutexGuard<'_, Counted> {
        self.counted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Counted {
    /// What a person has of this minute. Of those who have nothing under way, it is forgotten with it,
    /// unless others who were served less wait.
    fn person(&mut self, who: Fingerprint, now: Instant) -> &mut Person {
        let is_over = |person: &Person| now.saturating_duration_since(person.since) >= MINUTE;
        let is_here = |person: &Person| person.under_way > 0 || person.waiting > 0;
        let (round, anybody) = (self.queue.round(), self.queue.len() > 0);
        let had_more = |person: &Person| anybody && person.round > round;
        self.people.retain(|_, person| is_here(person) || had_more(person) || !is_over(person));
        let person = self.people.entry(who).or_insert(Person {
            under_way: 0,
            bytes: 0,
            begun: 0,
            bad: 0,
            since: now,
            waiting: 0,
            round: 0,
        });
        if is_over(person) {
            (person.begun, person.bad, person.since) = (0, 0, now);
        }
        person
    }

    /// The first of those who wait for nothing of their own, if there is a slot: with the room that they want.
    fn first(&self, allowance: &Allowance) -> Option<(Place, u64)> {
        let may = |waiter: &Waiter| {
            let person = self.people.get(&waiter.who);
            person.is_some_and(|person| person.may_begin(allowance, waiter.room))
        };
        let first = self.queue.first(may).filter(|_| self.under_way < allowance.in_all);
        first.map(|(place, waiter)| (place, waiter.room))
    }

    fn has_room(&self, allowance: &Allowance, bytes: u64) -> bool {
        self.bytes.saturating_add(bytes) <= allowance.bytes
    }

    fn take(&mut self, who: &Fingerprint, bytes: u64) {
        self.bytes = self.bytes.saturating_add(bytes);
        if let Some(person) = self.people.get_mut(who) {
            person.bytes = person.bytes.saturating_add(bytes);
        }
    }

    fn give_back(&mut self, who: &Fingerprint, bytes: u64) {
        self.bytes = self.bytes.saturating_sub(bytes);
        if let Some(person) = self.people.get_mut(who) {
            person.bytes = person.bytes.saturating_sub(bytes);
        }
    }

    fn end(&mut self, who: Fingerprint, bytes: u64) {
        self.under_way = self.under_way.saturating_sub(1);
        self.give_back(&who, bytes);
        if let Some(person) = self.people.get_mut(&who) {
            person.under_way = person.under_way.saturating_sub(1);
        }
    }

    /// Nothing where somebody has their turn already.
    fn leave(&mut self, place: Place) -> bool {
        let who = self.queue.remove(place).map(|waiter| waiter.who);
        who.inspect(|who| self.waits_no_more(who)).is_some()
    }

    fn waits_no_more(&mut self, who: &Fingerprint) {
        if let Some(person) = self.people.get_mut(who) {
            person.waiting = person.waiting.saturating_sub(1);
        }
    }
}

impl Person {
    fn may_begin(&self, allowance: &Allowance, bytes: u64) -> bool {
        self.under_way < allowance.at_once && self.has_room(allowance, bytes)
    }

    fn has_room(&self, allowance: &Allowance, bytes: u64) -> bool {
        self.bytes.saturating_add(bytes) <= allowance.bytes_each
    }

    /// Whether they have had enough for this minute.
    fn is_over(&self, allowance: &Allowance) -> bool {
        self.begun >= allowance.a_minute || self.bad >= BAD_A_MINUTE
    }
}

/// A stream that counts for a person.
#[derive(Debug)]
pub(super) struct Turn {
    turns: Arc<Turns>,
    who: Fingerprint,
    /// The room for its manifest, and what of it is used.
    bytes: u64,
    used: u64,
}

impl Turn {
    /// So many bytes of its manifest more: in the room that it has, or more if there is some.
    pub(super) fn take(&mut self, bytes: u64) -> bool {
        let (mut counted, allowance) = (self.turns.counted(), &self.turns.allowance);
        let used = self.used.saturating_add(bytes);
        let more = used.saturating_sub(self.bytes);
        let person = counted.people.get(&self.who);
        let has_room = counted.has_room(allowance, more)
            && person.is_some_and(|person| person.has_room(allowance, more));
        if has_room {
            counted.take(&self.who, more);
            (self.bytes, self.used) = (self.bytes.saturating_add(more), used);
        }
        has_room
    }

    /// All of its manifest is listed: the rest of the room is free for others.
    pub(super) fn settle(&mut self) {
        let rest = self.bytes.saturating_sub(self.used);
        self.bytes = self.used;
        let mut counted = self.turns.counted();
        counted.give_back(&self.who, rest);
        self.turns.give_out(counted);
    }

    /// The receiver takes very little: whether it ends, so that somebody else who waits has the slot. One after
    /// the other, so that all whose line is ours, and slow, have their time.
    pub(super) fn gives_way(&self, pause: Duration) -> bool {
        let (mut counted, now) = (self.turns.counted(), Instant::now());
        let is_other = |waiter: &Waiter| {
            let person = counted.people.get(&waiter.who).filter(|_| waiter.who != self.who);
            person.is_some_and(|person| person.may_begin(&self.turns.allowance, waiter.room))
        };
        let is_soon = |at: Instant| now.saturating_duration_since(at) < pause;
        // Who would still wait, then for room, has nothing of it.
        let left = counted.bytes.saturating_sub(self.bytes);
        let is_of_use = |room: u64| left.saturating_add(room) <= self.turns.allowance.bytes;
        let first = counted.queue.first(is_other);
        let is_of_use = first.is_some_and(|(_, waiter)| is_of_use(waiter.room));
        if !is_of_use || counted.gave_way.is_some_and(is_soon) {
            return false;
        }
        counted.gave_way = Some(now);
        true
    }

    /// The stream did not open: whoever sends a few of that kind is not listened to for a while.
    pub(super) fn was_bad(&self) {
        if let Some(person) = self.turns.counted().people.get_mut(&self.who) {
            person.bad = person.bad.saturating_add(1);
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.turns.end(self.who, self.bytes);
    }
}

/// One manifest of the greatest length.
const LARGEST: u64 = MANIFEST_BYTES as u64;
/// Streams of one person in a minute that do not open.
const BAD_A_MINUTE: u32 = 5;
const MINUTE: Duration = Duration::from_secs(60);

#[cfg(test)]
#[path = "../../test/unit/peer_turns.rs"]
mod tests;
