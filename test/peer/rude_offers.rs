//! Offers that nobody decides on hold no more memory than was set, in all, and no more than they said.

use crate::keys::NOW;
use crate::raw_offers::fill;
use crate::resuming::{LARGE, cut_off, folders};
use crate::sandbox::Everything;
use crate::stage::{Stage, Taking, bytes_of, identity, path, sharer, soon, wanted};
use std::io;
use std::sync::Arc;
use std::time::Duration;
use waxwing::link::{AskError, Consent, Sending, StreamError};
use waxwing::model::{Audience, Content, Entry, Events, Modified, Work};
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
    let long = |name: &str| path(&[&name.repeat(255)[..]; 4].join("/"));
    let whole = |name| Entry::new(long(name), 0, Modified::from_nanos(0)).unwrap();
    offered(stage, entries, ["a", "b"].map(whole).into()).await
}

/// What comes of offering these, announced as so many.
async fn offered(stage: &Stage, entries: u32, listed: Vec<Entry>) -> StreamError {
    let conversation = stage.streams.conversation();
    let (grant, frames) = soon(conversation.ask_stream(ask(entries))).await.unwrap();
    let proven = conversation.proven();
    let (to, context) = (proven.certificate(NOW).unwrap(), proven.context(&grant.challenge));
    let listed = listed.into_iter().map(ManifestEntry::whole);
    let manifest = Manifest::new(listed.collect()).unwrap();
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
    fill(&stage);
    let before = Everything::untouched(&stage.at(""));
    for entries in [0, 1] {
        assert_eq!(code(announced(&stage, entries).await), Code::Sealed(Refusal::Policy));
    }
    assert_eq!(code(announced(&stage, 2).await), Code::Declined, "it was read");
    before.is_still(&stage.at(""), "a manifest was too long");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_all_offers_hold_is_bounded_in_bytes() {
    let most = Manifest::most_bytes(3);
    let bob = sharer("bob").with_offers(Allowance { bytes: most, ..Allowance::OFFERS });
    let stage = Stage::with(bob, |_| {}).await;
    fill(&stage);
    let before = Everything::untouched(&stage.at(""));
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
    before.is_still(&stage.at(""), "nothing was offered");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_names_a_content_learns_nothing_of_the_parts_that_are_here_and_spoils_none() {
    let to_downloads = |taking: &mut Taking| {
        taking.into.set_file_name("downloads");
    };
    let mut stage = Stage::with(sharer("bob"), to_downloads).await;
    let bytes = bytes_of(1, LARGE);
    stage.make("large", &bytes);
    stage.publish(Audience::Everyone);
    let content = Content::of(&bytes);
    cut_off(&mut stage, &[wanted("large", Some(content))]).await;
    let held = folders(&stage);
    let before = Everything::below(&stage.at(""));

    let entry = Entry::new(path("large"), LARGE as u64, Modified::from_nanos(0)).unwrap();
    let ended = offered(&stage, 1, vec![entry.with_content(Some(content.id()))]).await;
    assert!(!matches!(ended, StreamError::Unexpected), "only parts of it are wanted");
    assert!(stage.received().await.is_err());
    assert!(held.iter().all(|folder| folder.join("0").exists()), "they were taken up");
    before.is_still(&stage.at(""), "nothing came");
}
