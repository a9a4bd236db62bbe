//! Whole conversations over a network that is made of a seed, with a clock that jumps: what is heard is
//! what was said, in order and once, or both sides know in time that the conversation is over.
//!
//! Both dial and listen through TLS, prove who they are, ask each other, and send each other streams, all
//! at once; Alice ends it when all was said. Keys of a channel are fresh each time, so a seed repeats what
//! the network does, and the lengths of a few messages vary by a byte.

use crate::simulated_line::{Chance, Fate, Network, Weather};
use crate::stage::{Ground, expect, side};
use crate::time::Door;
use bytes::Bytes;
use futures_util::future::try_join_all;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::thread::panicking;
use std::time::Duration;
use tokio::runtime::Builder;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use waxwing::crypto::Tag;
use waxwing::link::{
    AskError, Backoff, Conversation, Deadlines, Dialler, Ending, Error, Incoming, Notice,
    StreamFrames,
};
use waxwing::seal::ChunkHead;
use waxwing::wire::{Code, Kind, SegmentVerified, SendAsk, SendGrant, StreamChunk};

/// Seeds that failed once; all hold now.
const FAILED_ONCE: [u64; 0] = [];

#[test]
fn what_is_heard_over_any_line_is_what_was_said() {
    let mut fair = 0;
    for seed in FAILED_ONCE.into_iter().chain(0..250) {
        fair += u32::from(a_seed_holds(seed));
    }
    assert!((30..150).contains(&fair), "{fair} lines were fair");
}

/// `SEEDS=20000 FROM=250 cargo test --test link -- --ignored --nocapture over_many_lines`
#[test]
#[ignore = "takes long"]
fn what_is_heard_over_many_lines_is_what_was_said() {
    let number = |name| std::env::var(name).ok().map(|text| text.parse::<u64>().unwrap());
    let from = number("FROM").unwrap_or(250);
    for seed in from..from + number("SEEDS").unwrap_or(10_000) {
        a_seed_holds(seed);
        if seed % 1000 == 999 {
            println!("all seeds up to {seed} hold");
        }
    }
}

#[test]
fn a_conversation_that_is_cut_somewhere_ends_on_both_sides() {
    for after in (0..1200).step_by(37).chain((1200..18_000).step_by(211)) {
        is_cut(after);
    }
}

/// `cargo test --test link -- --ignored cut_at_every_byte`
#[test]
#[ignore = "takes minutes"]
fn a_conversation_that_is_cut_at_every_byte_ends_on_both_sides() {
    (0..18_000).for_each(is_cut);
}

/// Whether the line was fair.
fn a_seed_holds(seed: u64) -> bool {
    let _named = Named(format!("seed {seed}"));
    let mut chance = Chance::of(seed);
    let weather = Weather::of(&mut chance);
    let is_fine = weather.portion < 10 || weather.pipe < 10;
    let plans = [(); 2].map(|()| Plan::of(&mut chance, if is_fine { 400 } else { 4000 }));
    converse(weather.clone(), plans);
    weather.is_fair()
}

fn is_cut(after: u64) {
    let plan = Plan { asks: 2, streams: 1, chunks: 3, size: 1000 };
    for (is_there, fate) in
        [(true, Fate::Cut), (false, Fate::Cut), (after.is_multiple_of(2), Fate::HalfClose)]
    {
        let _named = Named(format!("{fate:?} there: {is_there}, after {after} bytes"));
        let (chance, pause) = (Chance::of(after), (1 << 40, 0));
        let weather = Weather { pipe: 4096, portion: 1500, pause, fate, is_there, after, chance };
        converse(weather, [plan; 2]);
    }
}

/// Tells which one it was that failed.
struct Named(String);

impl Drop for Named {
    #[allow(clippy::print_stderr, reason = "whoever looks for the fault reads it")]
    fn drop(&mut self) {
        if panicking() {
            eprintln!("it failed with {}", self.0);
        }
    }
}

/// How much one of the two has to say.
#[derive(Debug, Clone, Copy)]
struct Plan {
    asks: u32,
    streams: u32,
    /// Of each stream.
    chunks: u32,
    size: usize,
}

impl Plan {
    fn of(chance: &mut Chance, most: u64) -> Self {
        let mut some = |most| u32::try_from(chance.below(most)).unwrap();
        let (asks, streams, chunks) = (some(9), some(3), 1 + some(12));
        Self { asks, streams, chunks, size: 1 + chance.below(most) as usize }
    }
}

/// One conversation between Alice and Bob, on a clock of its own.
fn converse(weather: Weather, [of_alice, of_bob]: [Plan; 2]) {
    let runtime = Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    runtime.block_on(async {
        let alice = Arc::new(Voice::new(1, of_alice, of_bob));
        let bob = Arc::new(Voice::new(2, of_bob, of_alice));
        let (knock, door) = mpsc::channel(1);
        let serving = Arc::clone(&bob);
        let service = move |conversation, incoming| {
            let bob = Arc::clone(&serving);
            async move { bob.talk(conversation, incoming).await }
        };
        let at = "192.0.2.2:1".parse().unwrap();
        let ground = Ground::over(Door(door), at, Deadlines::default(), |it| it, service);
        let network = Network { weather: weather.clone(), knock, struck: Arc::default() };
        let struck = Arc::clone(&network.struck);
        let dialler = Dialler::over(network, side("alice")).with_backoff(Backoff::never());

        let talk = async {
            match dialler.dial(&at.into(), expect("bob")).await {
                Ok((conversation, incoming)) => alice.talk(conversation, incoming).await,
                Err(why) => alice.not_met(why),
            }
            dialler.stop().await;
        };
        timeout(LONGEST, talk).await.expect("Alice waits no longer");
        let told = timeout(LONGEST, is_over(&ground)).await.expect("Bob waits no longer");
        let struck = *struck.lock().unwrap();
        let is_lost = !weather.is_fair() && !matches!(weather.fate, Fate::Pause(_) | Fate::Flip);
        if let Some(since) = struck.filter(|_| is_lost) {
            // An end is seen at once; that nothing comes is seen by the silence.
            let is_seen = matches!(weather.fate, Fate::Cut | Fate::HalfClose);
            let silence = if is_seen { Duration::ZERO } else { SILENCE };
            let most = silence + FAREWELLS + weather.time_of_what_is_under_way();
            assert!(since.elapsed() <= most, "it took {:?}, not {most:?}", since.elapsed());
        }
        ground.stop().await;
        if weather.is_fair() {
            let why = &told[told.len() - 1];
            let is_done = |why: &Ending| matches!(why, Ending::Theirs { code: Code::Done, .. });
            assert!(matches!(why, Notice::Ended { why, .. } if is_done(why)), "{told:?}");
            alice.has_said_and_heard_all();
            bob.has_said_and_heard_all();
        }
    });
}

/// Waits until Bob's side of the one connection is over; gives what he was told.
async fn is_over(ground: &Ground) -> Vec<Notice> {
    let mut told = Vec::new();
    loop {
        told.extend(ground.notices());
        assert!(!told.iter().any(|it| matches!(it, Notice::Panicked { .. })), "{told:?}");
        if matches!(told.last(), Some(Notice::Refused { .. } | Notice::Ended { .. })) {
            return told;
        }
        sleep(Duration::from_millis(100)).await;
    }
}

/// One of the two: what is to be said, and what was heard.
struct Voice {
    /// 1 dials, 2 listens.
    who: u32,
    plan: Plan,
    /// What the other one has to say.
    theirs: Plan,
    heard: Mutex<Heard>,
}

#[derive(Debug, Default)]
struct Heard {
    /// Requests without a stream, and those with one, by their numbers.
    asks: Vec<u32>,
    streams: Vec<u32>,
    /// Chunks of each stream.
    chunks: BTreeMap<u32, u32>,
    last_words: u32,
    /// A stream that was sent whole.
    sent: Option<u32>,
    /// What became of what was said; none while it was not.
    said: Option<Result<(), AskError>>,
    not_met: Option<Error>,
}

impl Voice {
    fn new(who: u32, plan: Plan, theirs: Plan) -> Self {
        Self { who, plan, theirs, heard: Mutex::default() }
    }

    fn not_met(&self, why: Error) {
        self.heard(|heard| heard.not_met = Some(why));
    }

    fn heard<T>(&self, change: impl FnOnce(&mut Heard) -> T) -> T {
        change(&mut self.heard.lock().unwrap())
    }

    /// Says and hears, until all was said and heard, or it is over.
    async fn talk(self: &Arc<Self>, conversation: Conversation, incoming: Incoming) {
        let said = async {
            let (asks, streams) =
                tokio::join!(self.ask_all(&conversation), self.send_all(&conversation));
            let said = asks.and(streams);
            self.heard(|heard| heard.said = Some(said));
        };
        tokio::join!(said, self.hear(&conversation, incoming));
        if self.dials() {
            // What is said right before the end is heard as well.
            if let Some(stream) = self.heard(|heard| heard.sent) {
                let word = |nth| SegmentVerified { stream, segment: LAST + nth };
                (0..LAST_WORDS).for_each(|nth| conversation.tell(&word(nth)).unwrap_or_default());
            }
            conversation.end(Code::Done, "");
        }
        conversation.ended().await;
    }

    fn dials(&self) -> bool {
        self.who == 1
    }

    async fn ask_all(&self, conversation: &Conversation) -> Result<(), AskError> {
        let asks = (1..=self.plan.asks).map(|number| async move {
            let ask = SendAsk { id: 0, entries: number, data_length: ALONE };
            let SendGrant { challenge, .. } = conversation.ask(ask).await?;
            assert_eq!(challenge, answer(self.who, number), "the answer to another question");
            Ok(())
        });
        try_join_all(asks).await.map(|_| ())
    }

    async fn send_all(&self, conversation: &Conversation) -> Result<(), AskError> {
        let streams = (1..=self.plan.streams).map(|number| self.send(conversation, number));
        try_join_all(streams).await.map(|_| ())
    }

    async fn send(&self, conversation: &Conversation, number: u32) -> Result<(), AskError> {
        let ask = SendAsk { id: 0, entries: number, data_length: WITH_A_STREAM };
        let (SendGrant { challenge, .. }, mut frames) = conversation.ask_stream(ask).await?;
        assert_eq!(challenge, answer(self.who, number), "the answer to another question");
        let stream = frames.number();
        let over = || AskError::Ended(conversation.ending().expect("it is over"));
        let send = async {
            for index in 0..self.plan.chunks {
                let chunk = chunk(stream, self.who, index, self.plan.size);
                conversation.send_bulk(&chunk).await.map_err(|_| over())?;
            }
            Ok(())
        };
        let heed = async {
            for index in 0..self.plan.chunks {
                let frame = frames.next().await.ok_or_else(over)?;
                assert_eq!(frame.decode(), Ok(SegmentVerified { stream, segment: index }));
            }
            Ok(())
        };
        tokio::try_join!(send, heed)?;
        self.heard(|heard| heard.sent = Some(stream));
        Ok(())
    }

    /// Hears what the other one says: all of it, or until the end.
    async fn hear(self: &Arc<Self>, conversation: &Conversation, mut incoming: Incoming) {
        let mut streams = JoinSet::new();
        let is_all = |heard: &Heard| {
            let Plan { asks, streams, .. } = self.theirs;
            heard.asks.len() + heard.streams.len() == (asks + streams) as usize
        };
        while !(self.dials() && self.heard(|heard| is_all(heard))) {
            let Some(request) = incoming.next().await else { break };
            let SendAsk { entries: number, data_length, .. } = request.decode().unwrap();
            let heard = match data_length {
                ALONE => self.heard(|heard| in_order(&mut heard.asks, number)),
                WITH_A_STREAM => {
                    // It may be over by now.
                    let Some(frames) = request.open_stream() else { break };
                    let (me, conversation) = (Arc::clone(self), conversation.clone());
                    streams.spawn(async move { me.receive(&conversation, frames).await });
                    self.heard(|heard| in_order(&mut heard.streams, number))
                }
                other => panic!("nobody has asked for {other}"),
            };
            heard.unwrap();
            let challenge = answer(3 - self.who, number);
            let _ = request.answer(SendGrant { id: 0, challenge });
        }
        while let Some(received) = streams.join_next().await {
            received.unwrap();
        }
    }

    async fn receive(&self, conversation: &Conversation, mut frames: StreamFrames) {
        let (stream, Plan { chunks, size, .. }) = (frames.number(), self.theirs);
        self.heard(|heard| heard.chunks.insert(stream, 0));
        let mut index = 0;
        while index < chunks || !self.dials() {
            let Some(frame) = frames.next().await else { return };
            if frame.kind == Kind::SegmentVerified {
                let segment = LAST + self.heard(|heard| heard.last_words);
                assert_eq!(frame.decode(), Ok(SegmentVerified { stream, segment }));
                self.heard(|heard| heard.last_words += 1);
                continue;
            }
            assert_eq!(frame.decode(), Ok(chunk(stream, 3 - self.who, index, size)));
            self.heard(|heard| heard.chunks.insert(stream, index + 1));
            let _ = conversation.tell(&SegmentVerified { stream, segment: index });
            index += 1;
            if index % 5 == 0 {
                sleep(Duration::from_millis(80)).await;
            }
        }
    }

    fn has_said_and_heard_all(&self) {
        let heard = self.heard.lock().unwrap();
        let Plan { asks, streams, chunks, .. } = self.theirs;
        assert_eq!(heard.said, Some(Ok(())), "{heard:?}");
        assert_eq!((heard.asks.len(), heard.streams.len()), (asks as usize, streams as usize));
        assert!(heard.chunks.values().all(|came| *came == chunks), "{heard:?}");
        let last_words = if streams > 0 && !self.dials() { LAST_WORDS } else { 0 };
        assert_eq!(heard.last_words, last_words, "{heard:?}");
    }
}

/// The next number, and no other.
fn in_order(heard: &mut Vec<u32>, number: u32) -> Result<(), String> {
    let is_next = heard.len() + 1 == number as usize;
    heard.push(number);
    is_next.then_some(()).ok_or_else(|| format!("{heard:?} is not what was said"))
}

/// The answer to what this one asks.
fn answer(who: u32, number: u32) -> [u8; 32] {
    let mut answer = [0; 32];
    answer[..4].copy_from_slice(&who.to_be_bytes());
    answer[28..].copy_from_slice(&number.to_be_bytes());
    answer
}

/// A chunk of this one's stream.
fn chunk(stream: u32, who: u32, index: u32, most: usize) -> StreamChunk {
    let mut chance = Chance::of(u64::from(stream) << 32 | u64::from(who) << 16 | u64::from(index));
    let size = 1 + chance.below(most as u64) as usize;
    let bytes: Bytes = (0..size).map(|_| chance.below(256) as u8).collect();
    let tag = Tag::from_bytes([index as u8; 32]);
    StreamChunk::new(stream, ChunkHead { index, length: size as u32, tag }, bytes).unwrap()
}

const ALONE: u64 = 1;
const WITH_A_STREAM: u64 = 2;
/// What Alice says right before she ends it.
const LAST_WORDS: u32 = 3;
const LAST: u32 = 1000;
/// Whatever the line does, nobody talks or waits longer.
const LONGEST: Duration = Duration::from_secs(400);
/// So much of it is borne.
const SILENCE: Duration = Duration::from_secs(60);
/// Of both, one after the other, and what each waits for the other to close.
const FAREWELLS: Duration = Duration::from_secs(15);
