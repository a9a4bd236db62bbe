//! Counts what people want, and gives each what they are [allowed](Allowance). Who finds no slot may wait
//! for one.

use super::allowance::Allowance;
use super::queue::{Place, Queue};
use crate::crypto::Fingerprint;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{oneshot, watch};
use tokio::time::Instant;

/// Where somebody waits for their turn.
type Waiter = super::queue::Waiter<oneshot::Sender<Turn>>;

/// Counts the streams of people.
#[derive(Debug)]
pub(super) struct Turns {
    allowance: Allowance,
    counted: Mutex<Counted>,
    /// Rings when anybody's place among those who wait is another.
    moved: watch::Sender<()>,
}

#[derive(Debug, Default)]
struct Counted {
    people: HashMap<Fingerprint, Person>,
    under_way: u32,
    bytes: u64,
    queue: Queue<oneshot::Sender<Turn>>,
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
    since: Instant,
    /// Such as did not open, in an hour: each cost a private operation for nothing.
    bad: u32,
    bad_since: Instant,
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
        if !has_place || person.waiting >= allowance.waiting_each || person.has_enough(allowance) {
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
        let (turns, moved) = (Arc::clone(self), self.moved.subscribe());
        Some(Begun::Later(Waiting { turns, place, turn, moved }))
    }

    /// Who waits there does not any more.
    fn leave(self: &Arc<Self>, place: Place) {
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
        let may = person.may_begin(allowance, bytes) && !person.has_enough(allowance);
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

    fn counted(&self) -> MutexGuard<'_, Counted> {
        self.counted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Counted {
    /// What a person has of this minute, and of this hour what did not open. Of those who have nothing under
    /// way, it is forgotten with it, unless others who were served less wait.
    fn person(&mut self, who: Fingerprint, now: Instant) -> &mut Person {
        let is_past = |person: &Person| now.saturating_duration_since(person.since) >= MINUTE;
        let is_good = |person: &Person| now.saturating_duration_since(person.bad_since) >= HOUR;
        let was_bad = |person: &Person| person.bad > 0 && !is_good(person);
        let is_here = |person: &Person| person.under_way > 0 || person.waiting > 0;
        let (round, anybody) = (self.queue.round(), self.queue.len() > 0);
        let had_more = |person: &Person| anybody && person.round > round;
        self.people.retain(|_, person| {
            is_here(person) || had_more(person) || !is_past(person) || was_bad(person)
        });
        let person = self.people.entry(who).or_insert(Person {
            under_way: 0,
            bytes: 0,
            begun: 0,
            since: now,
            bad: 0,
            bad_since: now,
            waiting: 0,
            round: 0,
        });
        if is_past(person) {
            (person.begun, person.since) = (0, now);
        }
        if is_good(person) {
            (person.bad, person.bad_since) = (0, now);
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

    /// Whether they have had enough for now.
    fn has_enough(&self, allowance: &Allowance) -> bool {
        self.begun >= allowance.a_minute || self.bad >= BAD_AN_HOUR
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

    /// Its manifest came, and has so many bytes.
    pub(super) fn settle_at(&mut self, bytes: u64) {
        self.used = self.used.min(bytes);
        self.settle();
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
        let mut counted = self.turns.counted();
        let person = counted.person(self.who, Instant::now());
        person.bad = person.bad.saturating_add(1);
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.turns.end(self.who, self.bytes);
    }
}

/// A request that waits. Dropped, it does not any more, and its slot, if it has just got one, is given to
/// the next.
#[derive(Debug)]
pub(super) struct Waiting {
    turns: Arc<Turns>,
    place: Place,
    turn: oneshot::Receiver<Turn>,
    moved: watch::Receiver<()>,
}

impl Waiting {
    /// The how manieth it is, of how many; none when it is its turn.
    pub(super) fn place(&self) -> Option<(u32, u32)> {
        self.turns.counted().queue.place(self.place)
    }

    /// Waits for its turn, or until its place may be another. May be dropped while it waits.
    pub(super) async fn news(&mut self) -> Option<Turn> {
        tokio::select! {
            biased;
            Ok(turn) = &mut self.turn => Some(turn),
            _ = self.moved.changed() => None,
        }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.turns.leave(self.place);
    }
}

/// Streams of one person in an hour that do not open.
const BAD_AN_HOUR: u32 = 5;
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);

#[cfg(test)]
#[path = "../../test/unit/peer_turns.rs"]
mod tests;
