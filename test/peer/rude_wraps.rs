//! Senders whose wraps do not open, of an offer or of one that begins again: each costs a private operation, so
//! that only a few are looked at.

use crate::by_hand::ByHand;
use crate::canary::Canary;
use crate::keys::{NOW, sealing_key, signing_key};
use crate::raw_offers::sandbox;
use crate::raw_sender::why_it_ended;
use crate::resending::{LARGE, cut_off, folders, go_on, landed_new};
use crate::sandbox::Everything;
use crate::stage::{MIB, Stage, bytes_of, identity, path, soon};
use futures_util::future::join_all;
use std::fs;
use std::time::{Duration, Instant};
use waxwing::codec::Blob;
use waxwing::crypto::{Identity, SealingCertificate, Verified};
use waxwing::link::{AskError, StreamError};
use waxwing::model::{Entry, Modified};
use waxwing::peer::{Error, Files};
use waxwing::seal::{Manifest, ManifestEntry, Refusal, Sealer};
use waxwing::wire::{Code, Kind, SendAsk, StreamAgain, StreamHeader};

/// Bob, with another sealing key than he has.
fn another_bob() -> Identity {
    Identity::new(signing_key("bob-signing"), sealing_key("mallory-sealing"), NOW).unwrap()
}

fn certificate(of: &Identity) -> Verified<SealingCertificate> {
    of.certificate().verify(of.signing().verifying_key(), NOW).unwrap()
}

const ASK: SendAsk = SendAsk { id: 0, entries: 1, data_length: 5 };

/// What Bob says of an offer that is sealed for this key.
async fn offered(stage: &mut Stage, to: &Verified<SealingCertificate>) -> Code {
    let bob = stage.streams.conversation().clone();
    let code = match soon(bob.ask_stream(ASK)).await {
        Err(AskError::Refused { code, .. }) => code,
        Err(other) => panic!("{other:?}"),
        Ok((grant, mut frames)) => {
            let entry = Entry::new(path("a"), 5, Modified::from_nanos(0)).unwrap();
            let manifest = Manifest::new(vec![ManifestEntry::whole(entry)]).unwrap();
            let (me, context) = (identity("alice"), bob.proven().context(&grant.challenge));
            let sealer = Sealer::new(manifest, to, me.signing(), context, NOW).unwrap();
            let header = Blob::new(sealer.header().to_bytes()).unwrap();
            bob.tell(&StreamHeader { stream: frames.number(), header }).unwrap();
            why_it_ended(&mut frames).await
        }
    };
    stage.received().await.unwrap_err();
    code
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_wraps_cost_five_private_operations_and_old_keys_none() {
    let mut stage = sandbox().await;
    let canary = Canary::begin(&stage).await;
    let before = Everything::untouched(&stage.at(""));
    // Whoever seals for a key of another epoch is told to ask for the key of now, however often.
    let newer = another_bob().with_new_sealing_key(sealing_key("bob-sealing"), NOW).unwrap();
    let newer = certificate(&newer);
    for _ in 0..20 {
        assert_eq!(offered(&mut stage, &newer).await, Refusal::StaleKey.into());
    }
    let other = certificate(&another_bob());
    for _ in 0..5 {
        assert_eq!(offered(&mut stage, &other).await, Refusal::NotOpened.into());
    }
    // From now on nobody looks at what comes, for an hour.
    let bob = stage.streams.conversation().clone();
    for _ in 0..TRIES / AT_ONCE {
        let answers = soon(join_all((0..AT_ONCE).map(|_| bob.ask_stream(ASK)))).await;
        for answer in answers {
            let refused = matches!(answer, Err(AskError::Refused { code: Code::Busy, .. }));
            assert!(refused, "{answer:?}");
            stage.received().await.unwrap_err();
        }
    }
    before.is_still(&stage.at(""), "nothing opened");
    canary.sings().await;
}

/// What Bob holds of the one file that was cut off. Nothing else has come.
fn held(stage: &Stage) -> Vec<u8> {
    let [folder] = &folders(stage)[..] else { panic!("{:?}", stage.names("inbox")) };
    assert_eq!(fs::read_dir(stage.at("inbox")).unwrap().count(), 1);
    fs::read(folder.join("0")).unwrap()
}

/// What Bob says when the stream that he has begin again is sealed for this key, and after how long.
async fn begun_again(stage: &mut Stage, to: &Verified<SealingCertificate>) -> (Code, Duration) {
    let files = Files::open(&[stage.at("large")]).unwrap();
    let mut alice = ByHand::offering_all(stage, files.manifest().clone()).await;
    assert_eq!(soon(alice.frames.next()).await.unwrap().kind, Kind::SegmentVerified);
    let again: StreamAgain = soon(alice.frames.next()).await.unwrap().decode().unwrap();
    let began = Instant::now();
    alice.begin_again(to, &again.challenge);
    let code = why_it_ended(&mut alice.frames).await;
    let took = began.elapsed();
    let error = stage.received().await.unwrap_err();
    let is_told = matches!(error, Error::Stream(StreamError::Sealed(Refusal::NotOpened)));
    assert!(is_told, "{error:?}");
    (code, took)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_wrap_of_what_begins_again_counts_like_any_and_what_is_held_stays() {
    let mut stage = Stage::new().await;
    let bytes = bytes_of(1, LARGE);
    stage.write("large", &bytes);
    cut_off(&mut stage, "large").await;
    let (before, other) = (held(&stage), certificate(&another_bob()));
    let (code, took) = begun_again(&mut stage, &other).await;
    assert_eq!(code, Refusal::NotOpened.into());
    assert!(took >= Duration::from_millis(50), "{took:?}");
    assert!(held(&stage) == before, "something else is held");

    let (received, _, sent, _) = go_on(&mut stage, "large").await;
    assert!(landed_new(&received), "{received:?}");
    assert!(sent <= (LARGE - MIB) as u64, "{sent} were sent again");
    assert!(fs::read(stage.at("inbox/large")).unwrap() == bytes);
    // It was the first of five.
    for _ in 1..5 {
        assert_eq!(offered(&mut stage, &other).await, Refusal::NotOpened.into());
    }
    assert_eq!(offered(&mut stage, &other).await, Code::Busy);
}

const TRIES: usize = 10_000;
/// Requests that may wait for an answer.
const AT_ONCE: usize = 32;
