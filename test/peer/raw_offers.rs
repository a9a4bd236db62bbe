//! Senders that offer what nobody may: names that lead out, collide or deceive, lists that lie, and
//! what was sent before. None of it is even proposed, and nothing changes on the disk.

use crate::bad_offers::{at, hostile};
use crate::by_hand::{ByHand, alice};
use crate::canary::Canary;
use crate::raw_sender::{Introduction, ask, why_it_ended};
use crate::sandbox::Everything;
use crate::stage::{Stage, side, soon};
use std::fs;
use std::time::Duration;
use waxwing::link::{Conversation, StreamError, StreamFrames};
use waxwing::peer::{Error, Files};
use waxwing::seal::Refusal;
use waxwing::wire::{Code, Kind, Message, StreamEnd};

/// Bob's home with much that should stay as it is, and a way out of his inbox.
pub(crate) async fn sandbox() -> Stage {
    let stage = Stage::new().await;
    fill(&stage);
    stage
}

pub(crate) fn fill(stage: &Stage) {
    for name in ["secret", "inbox/x", "share/mine", "outside/deep/file"] {
        stage.write(name, name.as_bytes());
    }
    #[cfg(unix)]
    for (to, at) in [("outside", "inbox/out"), ("secret", "inbox/link"), ("nowhere", "inbox/gone")]
    {
        std::os::unix::fs::symlink(stage.at(to), stage.at(at)).unwrap();
    }
}

pub(crate) async fn is_still_served(stage: &mut Stage, name: &str) {
    stage.write(name, b"an honest note");
    let files = Files::open(&[stage.at(name)]).unwrap();
    let sent = soon(stage.alice.send(&stage.streams, files, Duration::from_secs(30))).await;
    assert_eq!(sent.unwrap().landed.len(), 1);
    stage.received().await.unwrap();
    assert_eq!(fs::read(stage.at("inbox").join(name)).unwrap(), b"an honest note");
}

/// What Bob makes of a manifest with these entries.
async fn offered(stage: &mut Stage, entries: &[Vec<u8>]) -> (Code, Error) {
    let bob = stage.streams.conversation().clone();
    let (challenge, mut frames) = ask(&bob, entries.len() as u32).await;
    Introduction::of(&alice(), &bob, &challenge, entries).send(&bob, &frames);
    let code = why_it_ended(&mut frames).await;
    (code, stage.received().await.unwrap_err())
}

fn take_back(bob: &Conversation, frames: &StreamFrames) {
    let (stream, text) = (frames.number(), Default::default());
    bob.tell(&StreamEnd { stream, code: Code::Cancelled, text }).unwrap();
}

/// A word of a stream, of its end or with its header, in which a text is in the place of what belongs there.
struct Unreadable<const END: bool>(u32);

impl<const END: bool> Message for Unreadable<END> {
    const KIND: Kind = if END { Kind::StreamEnd } else { Kind::StreamHeader };

    fn write(&self, out: &mut Vec<u8>) {
        let mut out = minicbor::Encoder::new(out);
        out.map(2).unwrap().u8(0).unwrap().u32(self.0).unwrap();
        out.u8(1).unwrap().str("x").unwrap();
    }

    fn decode(_: &bytes::Bytes) -> Result<Self, waxwing::codec::Error> {
        Err(waxwing::codec::Error::Invalid("only sent"))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_word_that_cannot_be_read_ends_a_stream_as_malformed() {
    let mut stage = sandbox().await;
    let bob = stage.streams.conversation().clone();
    for end in [false, true] {
        let (_, mut frames) = ask(&bob, 1).await;
        let stream = frames.number();
        let told = match end {
            true => bob.tell(&Unreadable::<true>(stream)),
            false => bob.tell(&Unreadable::<false>(stream)),
        };
        told.unwrap();
        assert_eq!(why_it_ended(&mut frames).await, Code::Malformed);
        let error = stage.received().await.unwrap_err();
        assert!(matches!(error, Error::Stream(StreamError::Malformed)), "{error:?}");
    }
    is_still_served(&mut stage, "note").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn names_that_nobody_may_give_are_not_even_proposed() {
    // After five, nothing more is heard of the sender.
    for some in hostile().chunks(5) {
        let mut stage = sandbox().await;
        let canary = Canary::begin(&stage).await;
        let before = Everything::untouched(&stage.at(""));
        for (what, entries) in some {
            let (code, error) = offered(&mut stage, entries).await;
            let Error::Stream(StreamError::Sealed(refusal)) = error else {
                panic!("{what}: {error:?}")
            };
            // A list that is longer than any list of so many entries is not even read.
            assert!(matches!(refusal, Refusal::NotOpened | Refusal::Policy), "a name that {what}");
            assert_eq!(code, refusal.into(), "a name that {what}");
            before.is_still(&stage.at(""), &format!("a name that {what}"));
        }
        canary.sings().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_sends_streams_that_do_not_open_is_not_listened_to_for_a_while() {
    let mut stage = sandbox().await;
    let before = Everything::untouched(&stage.at(""));
    for _ in 0..4 {
        offered(&mut stage, &[at(&[".."])]).await;
    }
    before.is_still(&stage.at(""), "four did not open");
    is_still_served(&mut stage, "note").await;
    stage.write("other", b"an honest note");
    let before = Everything::untouched(&stage.at(""));
    offered(&mut stage, &[at(&[".."])]).await;
    let files = Files::open(&[stage.at("other")]).unwrap();
    let sent = soon(stage.alice.send(&stage.streams, files, Duration::from_secs(30))).await;
    assert!(matches!(sent, Err(Error::Refused { code: Code::Busy, .. })), "{sent:?}");
    before.is_still(&stage.at(""), "five did not open");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_by_honest_names_is_proposed() {
    // So it is the names that are refused, not how these streams are made.
    let mut stage = sandbox().await;
    let bob = stage.streams.conversation().clone();
    let (challenge, mut frames) = ask(&bob, 1).await;
    Introduction::of(&alice(), &bob, &challenge, &[at(&["a", "b"])]).send(&bob, &frames);
    for kind in [Kind::SegmentVerified, Kind::StreamAccept] {
        assert_eq!(soon(frames.next()).await.unwrap().kind, kind);
    }
    take_back(&bob, &frames);
    let error = stage.received().await.unwrap_err();
    assert!(matches!(error, Error::Refused { code: Code::Cancelled, .. }), "{error:?}");
    assert!(stage.names("inbox").iter().all(|name| !name.starts_with(".waxwing-")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_is_played_again_lands_nothing_a_second_time() {
    let mut stage = sandbox().await;
    let mut alice = ByHand::offering(&stage, 10).await;
    alice.await_accept().await;
    let played = alice.finish().await;
    stage.received().await.unwrap();
    assert_eq!(fs::read(stage.at("inbox/a")).unwrap(), [7; 10]);
    let before = Everything::untouched(&stage.at(""));

    // Where it was said first, and in another conversation of the same two.
    for streams in [stage.streams.clone(), stage.dial(side("alice")).await] {
        let bob = streams.conversation();
        let (_, mut again) = ask(bob, 1).await;
        played.iter().for_each(|said| said.tell(bob, again.number()));
        assert_eq!(why_it_ended(&mut again).await, Refusal::Context.into());
        let error = stage.received().await.unwrap_err();
        assert!(matches!(error, Error::Stream(StreamError::Sealed(Refusal::Context))), "{error:?}");
        before.is_still(&stage.at(""), "played again");
    }
    is_still_served(&mut stage, "note").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_was_taken_back_is_not_taken_when_it_is_played_again() {
    let mut stage = sandbox().await;
    let bob = stage.streams.conversation().clone();
    let (challenge, frames) = ask(&bob, 1).await;
    let introduction = Introduction::of(&alice(), &bob, &challenge, &[at(&["a"])]);
    introduction.send(&bob, &frames);
    take_back(&bob, &frames);
    stage.received().await.unwrap_err();
    let before = Everything::untouched(&stage.at(""));

    let (_, mut again) = ask(&bob, 1).await;
    introduction.send(&bob, &again);
    assert_eq!(why_it_ended(&mut again).await, Refusal::Context.into());
    let error = stage.received().await.unwrap_err();
    assert!(matches!(error, Error::Stream(StreamError::Sealed(Refusal::Context))), "{error:?}");
    before.is_still(&stage.at(""), "played again");
    is_still_served(&mut stage, "note").await;
}
