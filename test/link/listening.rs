//! A listener and those who come to it, over real sockets.

use crate::stage::{Ground, ask, identity, soon};
use waxwing::link::{Ending, Notice};
use waxwing::wire::Code;

#[tokio::test]
async fn two_meet_over_sockets() {
    let ground = Ground::new().await;
    let (conversation, _incoming) = soon(ground.dial()).await.unwrap();
    assert_eq!(conversation.remote(), Some(ground.address));
    let granted = soon(conversation.ask(ask())).await.unwrap();
    assert_eq!(granted.challenge, [3; 32]);
    assert!(ground.notices().iter().any(
        |told| matches!(told, Notice::Proven { who, .. } if *who == identity("alice").fingerprint())
    ));
}

#[tokio::test]
async fn a_graceful_stop_says_goodbye_and_ends_all_tasks() {
    let ground = Ground::new().await;
    let (one, _one) = soon(ground.dial()).await.unwrap();
    let (other, _other) = soon(ground.dial()).await.unwrap();
    // Somebody who has not even begun does not hold up the stop.
    let _silent = ground.connect().await;
    let told = soon(ground.stop()).await;
    for conversation in [one, other] {
        let why = soon(conversation.ended()).await;
        assert!(matches!(why, Ending::Theirs { code: Code::Stopping, .. }), "{why}");
    }
    let ended = told.iter().filter(|told| matches!(told, Notice::Ended { .. }));
    assert_eq!(ended.count(), 2, "{told:?}");
}

#[tokio::test]
async fn a_conversation_ends_when_nobody_holds_it() {
    let ground = Ground::new().await;
    let (conversation, incoming) = soon(ground.dial()).await.unwrap();
    let ended = conversation.ended();
    drop((conversation, incoming));
    let why = soon(ended).await;
    assert!(matches!(why, Ending::Ours { code: Code::Done, .. }), "{why}");
}
