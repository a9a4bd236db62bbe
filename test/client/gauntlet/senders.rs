//! Senders who offer Bob what nobody may, or go on otherwise than they began.

use super::act::{Act, act};
use super::crooks::{Crooks, refusal};
use crate::bad_offers::{at, hostile};
use crate::eve::{STEERING, dial_as};
use crate::raw_sender::{Introduction, Sender, ask, why_it_ended};
use crate::sent_by_hand::ByHand;
use bytes::Bytes;
use std::fs;
use std::time::Duration;
use tokio::runtime::Runtime;
use tokio::time::sleep;
use waxwing::crypto::Tag;
use waxwing::link::{AskError, Conversation, StreamFrames};
use waxwing::model::limits::ENTRY_SIZE;
use waxwing::seal::{ChunkHead, Refusal};
use waxwing::wire::{Code, Explanation, SendAsk, StreamChunk, StreamEnd};

pub(super) fn acts() -> Vec<Act> {
    let others = [
        act("an offer of somebody whom Bob has not verified", not_verified),
        act("a chunk before the header", a_chunk_first).breaking_off(1),
        act("a second header", a_second_header).breaking_off(1),
        act("an offer that is taken back with a word that steers terminals", taken_back)
            .breaking_off(1),
        act("more than any disk holds", more_than_a_disk).breaking_off(1),
        act("other chunks than those that were sealed", altered).breaking_off(1),
        act("a longer chunk than was declared", async |crooks: &Crooks| {
            too_much(crooks, false).await
        })
        .breaking_off(1),
        act("more chunks than were declared", async |crooks: &Crooks| too_much(crooks, true).await)
            .breaking_off(1),
        act("what is taken does not come, and the line is cut", cut_before_data).breaking_off(1),
        act("the line is cut within the data", cut_within_data).breaking_off(1),
        act("a stream that is played again", played_again).breaking_off(2),
        act("wraps that do not open", bad_wraps).breaking_off(LISTENED_TO),
    ];
    others.into_iter().chain(bad_names()).collect()
}

/// After so many that do not open, nothing more is heard of who offered them.
pub(super) const LISTENED_TO: usize = 5;

fn bad_names() -> impl Iterator<Item = Act> {
    hostile().into_iter().enumerate().map(|(number, (what, entries))| {
        let play = async move |crooks: &Crooks| {
            let friend = &crooks.friends[1 + number / LISTENED_TO];
            let (bob, _incoming) = friend.dials(crooks.bob).await;
            let (challenge, mut frames) = asked(&bob, entries.len() as u32).await;
            Introduction::of(&friend.sender(), &bob, &challenge, &entries).send(&bob, &frames);
            let code = why_it_ended(&mut frames).await;
            // A list that is longer than any list of so many entries is not even read.
            assert!(matches!(code, Code::Sealed(Refusal::NotOpened | Refusal::Policy)), "{code:?}");
        };
        act(format!("an offer with a name that {what}"), play).breaking_off(1)
    })
}

/// Asks Bob to take a stream, when he is done with those before.
async fn asked(bob: &Conversation, entries: u32) -> ([u8; 32], StreamFrames) {
    loop {
        let ask = SendAsk { id: 0, entries, data_length: u64::from(entries) };
        match bob.ask_stream(ask).await {
            Err(AskError::Refused { code: Code::Busy, .. }) => {
                sleep(Duration::from_millis(5)).await
            }
            granted => {
                let (grant, frames) = granted.unwrap();
                return (grant.challenge, frames);
            }
        }
    }
}

async fn bad_wraps(crooks: &Crooks) {
    let friend = &crooks.friends[0];
    let (bob, _incoming) = friend.dials(crooks.bob).await;
    for byte in 0..LISTENED_TO {
        let (challenge, mut frames) = asked(&bob, 1).await;
        let spoil = |wrap: &mut Vec<u8>| wrap[byte] ^= 1;
        let made =
            Introduction::altered(&friend.sender(), (&bob, &challenge), &[at(&["a"])], spoil);
        made.send(&bob, &frames);
        assert_eq!(why_it_ended(&mut frames).await, Refusal::NotOpened.into());
    }
    let answer = bob.ask(SendAsk { id: 0, entries: 1, data_length: 1 }).await;
    assert_eq!(refusal(answer), Code::Busy, "it is listened to for ever");
}

async fn not_verified(crooks: &Crooks) {
    let (bob, _incoming) = crooks.newcomer.dials(crooks.bob).await;
    let answer = bob.ask(SendAsk { id: 0, entries: 1, data_length: 1 }).await;
    assert_eq!(refusal(answer), Code::NotAllowed);
}

async fn a_chunk_first(crooks: &Crooks) {
    let (bob, _incoming) = crooks.mallory.dials(crooks.bob).await;
    let (_, mut frames) = ask(&bob, 1).await;
    let head = ChunkHead { index: 0, length: 100, tag: Tag::from_bytes([9; 32]) };
    let noise = Bytes::from(vec![9; 100]);
    bob.tell(&StreamChunk::new(frames.number(), head, noise).unwrap()).unwrap();
    assert_eq!(why_it_ended(&mut frames).await, Code::Unexpected);
}

async fn a_second_header(crooks: &Crooks) {
    let (bob, _incoming) = crooks.mallory.dials(crooks.bob).await;
    let mut sending = ByHand::offering_to(&bob, crooks.mallory.sender(), 10).await;
    sending.say_header();
    assert_eq!(why_it_ended(&mut sending.frames).await, Code::Unexpected);
}

async fn taken_back(crooks: &Crooks) {
    let (bob, _incoming) = crooks.mallory.dials(crooks.bob).await;
    let (_, frames) = ask(&bob, 1).await;
    let (stream, text) = (frames.number(), Explanation::new(STEERING));
    let end = StreamEnd { stream, code: Code::Cancelled, text };
    bob.tell(&end).unwrap();
}

async fn more_than_a_disk(crooks: &Crooks) {
    let (bob, _incoming) = crooks.mallory.dials(crooks.bob).await;
    let mut sending = ByHand::offering_to(&bob, crooks.mallory.sender(), ENTRY_SIZE).await;
    assert_eq!(why_it_ended(&mut sending.frames).await, Code::NoSpace);
}

/// Offers Bob so many bytes, and he takes them.
async fn accepted(bob: &Conversation, sender: Sender, size: u64) -> ByHand {
    let mut sending = ByHand::offering_to(bob, sender, size).await;
    sending.await_accept().await;
    sending
}

async fn altered(crooks: &Crooks) {
    let (bob, _incoming) = crooks.mallory.dials(crooks.bob).await;
    let mut sending = accepted(&bob, crooks.mallory.sender(), 100_000).await;
    let chunk = sending.next_chunk();
    let (head, mut body) = (chunk.head(), chunk.into_ciphertext().to_vec());
    body[1000] ^= 1;
    bob.tell(&StreamChunk::new(sending.frames.number(), head, body.into()).unwrap()).unwrap();
    assert_eq!(why_it_ended(&mut sending.frames).await, Refusal::Tag.into());
}

async fn too_much(crooks: &Crooks, comes_first: bool) {
    let (bob, _incoming) = crooks.mallory.dials(crooks.bob).await;
    let mut sending = accepted(&bob, crooks.mallory.sender(), 10).await;
    if comes_first {
        let right = sending.next_chunk();
        bob.send_bulk(&right).await.unwrap();
    }
    let (_, code) = sending.send_on(1 + u32::from(comes_first)).await;
    assert_eq!(code, Refusal::ChunkShape.into());
}

async fn cut_before_data(crooks: &Crooks) {
    cut(crooks, async |_| {}).await;
}

async fn cut_within_data(crooks: &Crooks) {
    // It takes some until anything of it is written.
    cut(crooks, async |sending| {
        for _ in 0..8 {
            let chunk = sending.next_chunk();
            sending.bob.send_bulk(&chunk).await.unwrap();
        }
    })
    .await;
}

/// Bob takes a file, this comes of it, and the line is cut.
async fn cut(crooks: &Crooks, then: impl AsyncFnOnce(&mut ByHand)) {
    // What goes with its runtime says no goodbye.
    let line = Runtime::new().unwrap();
    let (mallory, at) = (crooks.mallory.identity.clone(), crooks.bob);
    let (bob, _incoming) = line.spawn(dial_as(mallory, at)).await.unwrap();
    let mut sending = accepted(&bob, crooks.mallory.sender(), 4 << 20).await;
    then(&mut sending).await;
    line.shutdown_background();
}

async fn played_again(crooks: &Crooks) {
    let (bob, _incoming) = crooks.mallory.dials(crooks.bob).await;
    let played = accepted(&bob, crooks.mallory.sender(), 10).await.finish().await;
    let landed = crooks.inbox.join("a");
    assert_eq!(fs::read(&landed).unwrap(), [7; 10]);
    fs::remove_file(landed).unwrap();
    // Where it was said first, and in another conversation of the same two.
    let (again, _incoming) = crooks.mallory.dials(crooks.bob).await;
    for bob in [bob, again] {
        let (_, mut frames) = asked(&bob, 1).await;
        played.iter().for_each(|said| said.tell(&bob, frames.number()));
        assert_eq!(why_it_ended(&mut frames).await, Refusal::Context.into());
    }
}
