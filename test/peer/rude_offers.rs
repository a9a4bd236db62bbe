//! Offers that nobody decides on hold no more memory than was set, in all, and no more than they said.

use crate::keys::NOW;
use crate::stage::{Stage, identity, path, sharer, soon};
use std::io;
use std::sync::Arc;
use std::time::Duration;
use waxwing::link::{AskError, Consent, Sending, StreamError};
use waxwing::model::{Entry, Events, Modified, Work};
use waxwing::peer::Allowance;
use waxwing::seal::{Manifest, ManifestEntry, Refusal, Sealer, Source};
use waxwing::wire::{Code, SendAsk};

/// Nothing is ever read of it.
struct Nothing;

impl Source for Nothing {
    fn read(&self, _: u32, _: u64, _: &mut [u8]) -> io::Result<()> {
        Err(io::ErrorKind::NotFound.into())
    }

    fn is_unchanged(&self, _: u32) -> io::Result<bool> {
        Ok(true)
    }
}

fn ask(entries: u32) -> SendAsk {
    SendAsk { id: 0, entries, data_length: 0 }
}

/// What comes of announcing so many entries, and sending a manifest with two.
async fn announced(stage: &Stage, entries: u32) -> StreamError {
    let conversation = stage.streams.conversation();
    let (grant, frames) = soon(conversation.ask_stream(ask(entries))).await.unwrap();
    let proven = conversation.proven();
    let (to, context) = (proven.certificate(NOW).unwrap(), proven.context(&grant.challenge));
    let long = |name: &str| path(&[&name.repeat(255)[..]; 4].join("/"));
    let whole = |name| Entry::new(long(name), 0, Modified::from_nanos(0)).unwrap();
    let listed = ["a", "b"].map(|name| ManifestEntry::whole(whole(name)));
    let manifest = Manifest::new(listed.into()).unwrap();
    let sealer = Sealer::new(manifest, &to, identity("alice").signing(), context, NOW).unwrap();
    let task = Events::ignored().begin(Work::Sending, "", 0);
    let consent = Consent::AfterManifest(Duration::from_secs(30));
    let sending = Sending { sealer, source: Arc::new(Nothing), consent };
    soon(stage.streams.send(frames, sending, task)).await.unwrap_err()
}

fn code(error: StreamError) -> Code {
    match error {
        StreamError::Refused { code, .. } => code,
        other => panic!("not refused: {other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_manifest_longer_than_what_was_announced_is_not_held() {
    let stage = Stage::with(sharer("bob"), |taking| taking.takes = false).await;
    for entries in [0, 1] {
        assert_eq!(code(announced(&stage, entries).await), Code::Sealed(Refusal::Policy));
    }
    assert_eq!(code(announced(&stage, 2).await), Code::Declined, "it was read");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_all_offers_hold_is_bounded_in_bytes() {
    let most = Manifest::most_bytes(3);
    let bob = sharer("bob").with_offers(Allowance { bytes: most, ..Allowance::OFFERS });
    let stage = Stage::with(bob, |_| {}).await;
    let conversation = stage.streams.conversation();
    let refusal = async |entries| match soon(conversation.ask_stream(ask(entries))).await {
        Err(AskError::Refused { code, .. }) => Some(code),
        Ok(granted) => {
            // It stays under way: nothing of it comes.
            std::mem::forget(granted);
            None
        }
        Err(other) => panic!("{other:?}"),
    };
    assert_eq!(refusal(u32::MAX).await, Some(Code::Busy));
    assert_eq!(
        (refusal(2).await, refusal(2).await, refusal(1).await),
        (None, Some(Code::Busy), None)
    );
}
