//! Who proves what to whom: the handshake as values, and over a pipe.

use crate::stage::{EXPORTER, end, expect, identity, side, soon};
use crate::stranger::{Stranger, frame_of, hello, proof, transcript};
use bytes::Bytes;
use tokio::io::duplex;
use waxwing::crypto::Error as CryptoError;
use waxwing::link::handshake::{AwaitHello, AwaitProof};
use waxwing::link::{Error, Expected};
use waxwing::model::UnixTime;
use waxwing::wire::{Code, Frame, Message, Ping, Role, Transcript};

/// Bob waits for the proof of Alice, who dialled; and what Alice signs.
fn bob_awaits_alice() -> (AwaitProof, Transcript) {
    let bob = AwaitHello::new(Role::Listener, hello("bob"), Expected::Anyone, EXPORTER);
    let bob = bob.take(&frame_of(&hello("alice"))).unwrap();
    let theirs = frame_of(&hello("bob"));
    (bob, transcript(Role::Dialler, &hello("alice"), &theirs, EXPORTER))
}

fn proof_of(transcript: &Transcript, name: &'static str) -> Frame {
    frame_of(&proof(transcript, Role::Dialler, name))
}

#[test]
fn a_proof_of_the_very_transcript_holds() {
    let (bob, transcript) = bob_awaits_alice();
    let proven = bob.take(&proof_of(&transcript, "alice")).unwrap();
    assert_eq!(proven.fingerprint(), identity("alice").fingerprint());
    assert_eq!(proven.role(), Role::Listener);
    let certificate = proven.certificate(crate::keys::NOW).unwrap();
    assert_eq!(&certificate.key, identity("alice").sealing().wrapping_key());
    let late = UnixTime(crate::keys::NOW.0 + 400 * crate::keys::DAY);
    assert!(matches!(proven.certificate(late), Err(CryptoError::Statement(_))));
}

#[test]
fn a_proof_of_a_transcript_with_any_part_altered_does_not_hold() {
    let (_, good) = bob_awaits_alice();
    let mallory = identity("mallory").fingerprint();
    let longer = |body: &Bytes| Bytes::from([body.as_ref(), &[0]].concat());
    let altered = [
        Transcript { dialler_hello: longer(&good.dialler_hello), ..good.clone() },
        Transcript { listener_hello: longer(&good.listener_hello), ..good.clone() },
        Transcript { dialler_hello: good.listener_hello.clone(), ..good.clone() },
        Transcript { dialler: mallory, ..good.clone() },
        Transcript { listener: mallory, ..good.clone() },
        Transcript { exporter: [8; 32], ..good.clone() },
    ];
    for transcript in altered {
        let (bob, _) = bob_awaits_alice();
        let refused = bob.take(&proof_of(&transcript, "alice"));
        assert_eq!(refused.unwrap_err(), Error::Proof);
    }
    let (bob, _) = bob_awaits_alice();
    let other_role = frame_of(&proof(&good, Role::Listener, "alice"));
    assert_eq!(bob.take(&other_role).unwrap_err(), Error::Proof);
}

#[test]
fn a_proof_by_another_key_than_that_of_the_hello_does_not_hold() {
    let (bob, transcript) = bob_awaits_alice();
    let refused = bob.take(&proof_of(&transcript, "mallory"));
    let shown = "the identity proof does not match this channel; is somebody in between?";
    assert_eq!(refused.unwrap_err().to_string(), shown);
}

#[test]
fn a_listener_who_is_somebody_else_is_refused_by_its_hello() {
    let alice = AwaitHello::new(Role::Dialler, hello("alice"), expect("bob"), EXPORTER);
    let refused = alice.take(&frame_of(&hello("mallory"))).unwrap_err();
    let (expected, found) = (identity("bob").fingerprint(), identity("mallory").fingerprint());
    assert_eq!(refused, Error::Identity { expected, found });
    assert!(refused.is_permanent());
}

#[test]
fn what_does_not_come_next_is_refused() {
    let bob = || AwaitHello::new(Role::Listener, hello("bob"), Expected::Anyone, EXPORTER);
    let (_, transcript) = bob_awaits_alice();
    let early = bob().take(&proof_of(&transcript, "alice"));
    assert_eq!(early.unwrap_err(), Error::Unexpected, "a proof before the hello");
    let twice = bob_awaits_alice().0.take(&frame_of(&hello("alice")));
    assert_eq!(twice.unwrap_err(), Error::Unexpected, "a hello instead of the proof");
    let cut = Frame { kind: waxwing::wire::Kind::Hello, body: hello("alice").encode().slice(1..) };
    assert!(matches!(bob().take(&cut), Err(Error::Malformed(_))));
}

#[test]
fn without_a_common_version_there_is_no_conversation() {
    // {0: [2], 1: [], 2: 2, 3: fingerprint}: what a program from another time might say.
    let mut body = vec![0xa4, 0, 0x81, 2, 1, 0x80, 2, 2, 3, 0x58, 32];
    body.extend_from_slice(identity("alice").fingerprint().as_bytes());
    let later = Frame { kind: waxwing::wire::Kind::Hello, body: body.into() };
    let bob = AwaitHello::new(Role::Listener, hello("bob"), Expected::Anyone, EXPORTER);
    assert_eq!(bob.take(&later).unwrap_err(), Error::Version);
}

#[test]
fn what_the_channel_shares_is_not_printed() {
    let before = AwaitHello::new(Role::Listener, hello("bob"), Expected::Anyone, [201; 32]);
    let printed = format!("{before:?}");
    let before = before.take(&frame_of(&hello("alice"))).unwrap();
    let printed = format!("{printed} {before:?} {:?}", before.transcript());
    assert!(!printed.contains("201"), "{printed}");
}

#[tokio::test(start_paused = true)]
async fn the_listener_proves_nothing_to_who_has_proven_nothing() {
    let (near, far) = duplex(64);
    let bob = tokio::spawn(async move {
        end(far, &side("bob"), Role::Listener, Expected::Anyone).await.err()
    });
    let mut stranger = Stranger::new(near);
    stranger.say(&hello("alice")).await;
    let theirs = stranger.next().await.unwrap();
    let transcript = transcript(Role::Dialler, &hello("alice"), &theirs, [1; 32]);
    stranger.say(&proof(&transcript, Role::Dialler, "alice")).await;
    let goodbye = soon(stranger.goodbye()).await.expect("and no proof before it");
    assert_eq!(goodbye.code, Code::Proof);
    assert_eq!(soon(bob).await.unwrap(), Some(Error::Proof));
    assert!(stranger.next().await.is_none(), "and nothing after it");
}

#[tokio::test(start_paused = true)]
async fn the_dialler_proves_nothing_to_who_is_not_expected() {
    let (near, far) = duplex(64);
    let alice =
        tokio::spawn(
            async move { end(near, &side("alice"), Role::Dialler, expect("bob")).await.err() },
        );
    let mut stranger = Stranger::new(far);
    stranger.next().await.expect("Alice's hello");
    stranger.say(&hello("mallory")).await;
    let next = soon(stranger.next()).await.unwrap();
    let goodbye: waxwing::wire::Goodbye = next.decode().expect("no proof");
    assert_eq!(goodbye.code, Code::Identity);
    assert!(!goodbye.text.to_string().contains(&identity("bob").fingerprint().to_string()));
    assert!(matches!(soon(alice).await.unwrap(), Some(Error::Identity { .. })));
}

#[tokio::test(start_paused = true)]
async fn somebody_may_meet_themselves_elsewhere_but_no_mirror() {
    // Two homes of one person.
    let (near, far) = duplex(64);
    let (alice, bob) = (side("alice"), side("alice"));
    let (one, other) = tokio::join!(
        end(near, &alice, Role::Dialler, expect("alice")),
        end(far, &bob, Role::Listener, Expected::Anyone),
    );
    assert!(one.is_ok() && other.is_ok());
    // Somebody without any key sends back what comes.
    let (near, far) = duplex(64);
    let mirror = tokio::spawn(async move {
        let (mut read, mut write) = tokio::io::split(far);
        tokio::io::copy(&mut read, &mut write).await
    });
    let refused = soon(end(near, &side("alice"), Role::Dialler, expect("alice"))).await;
    assert_eq!(refused.err(), Some(Error::Proof));
    mirror.abort();
}

#[tokio::test(start_paused = true)]
async fn a_conversation_does_not_begin_before_the_second_proof() {
    let (near, far) = duplex(64);
    let bob = tokio::spawn(async move {
        end(far, &side("bob"), Role::Listener, Expected::Anyone).await.err()
    });
    let mut stranger = Stranger::new(near);
    stranger.say(&hello("alice")).await;
    stranger.next().await.unwrap();
    stranger.say(&Ping { token: 1 }).await;
    assert_eq!(soon(stranger.goodbye()).await.unwrap().code, Code::Unexpected);
    assert!(soon(bob).await.unwrap().is_some());
}
