//! Senders whose wraps do not open: each costs a private operation, so that only a few are looked at.

use crate::canary::Canary;
use crate::keys::{NOW, sealing_key, signing_key};
use crate::raw_offers::sandbox;
use crate::raw_sender::why_it_ended;
use crate::sandbox::Everything;
use crate::stage::{Stage, identity, path, soon};
use futures_util::future::join_all;
use waxwing::codec::Blob;
use waxwing::crypto::{Identity, SealingCertificate, Verified};
use waxwing::link::AskError;
use waxwing::model::{Entry, Modified};
use waxwing::seal::{Manifest, ManifestEntry, Refusal, Sealer};
use waxwing::wire::{Code, SendAsk, StreamHeader};

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

const TRIES: usize = 10_000;
/// Requests that may wait for an answer.
const AT_ONCE: usize = 32;
