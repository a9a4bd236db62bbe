//! A listener and those who come to it, over real sockets.

use crate::stage::{Ground, ask, grant_everything, identity, soon};
use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use waxwing::link::{
    AskError, Conversation, Deadlines, Ending, Error, Incoming, Limits, Listen, Notice,
};
use waxwing::wire::{Code, SendAsk, SendGrant};

#[tokio::test]
async fn two_meet_over_sockets() {
    let ground = Ground::new().await;
    let (conversation, _incoming) = soon(ground.dial()).await.unwrap();
    assert_eq!(conversation.lanes_to(), Some(ground.address));
    let granted = soon(conversation.ask(ask())).await.unwrap();
    assert_eq!(granted.challenge, [3; 32]);
    assert!(ground.notices().iter().any(
        |told| matches!(told, Notice::Proven { who, .. } if *who == identity("alice").fingerprint())
    ));
}

#[tokio::test]
async fn a_graceful_stop_says_goodbye_and_ends_all_tasks() {
    let ground = Ground::new().await;
    // Somebody who has not even begun does not hold up the stop.
    let _silent = ground.connect().await;
    let (one, _one) = soon(ground.dial()).await.unwrap();
    let (other, _other) = soon(ground.dial()).await.unwrap();
    let told = soon(ground.stop()).await;
    for conversation in [one, other] {
        let why = soon(conversation.ended()).await;
        assert!(matches!(why, Ending::Theirs { code: Code::Stopping, .. }), "{why}");
    }
    let ended = told.iter().filter(|told| matches!(told, Notice::Ended { .. }));
    assert_eq!(ended.count(), 2, "{told:?}");
    let stopped = |told: &Notice| matches!(told, Notice::Refused { why: Error::Stopping, .. });
    assert!(told.iter().any(stopped), "{told:?}");
}

#[tokio::test]
async fn a_service_that_does_not_end_holds_up_no_stop() {
    let service = async |_: Conversation, _: Incoming| std::future::pending().await;
    let deadlines = Deadlines { farewell: Duration::from_millis(50), ..Deadlines::default() };
    let ground = Ground::with(deadlines, |listener| listener, service).await;
    let (_conversation, _incoming) = soon(ground.dial()).await.unwrap();
    let told = soon(ground.stop()).await;
    assert!(told.iter().any(|told| matches!(told, Notice::Ended { .. })), "{told:?}");
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

#[tokio::test]
async fn a_task_that_panics_is_told_and_the_others_go_on() {
    let service = async |conversation: Conversation, mut incoming: Incoming| {
        while let Some(request) = incoming.next().await {
            let SendAsk { entries, .. } = request.decode().unwrap();
            assert_ne!(entries, 13, "a planted panic");
            let _ = request.answer(SendGrant { id: 0, challenge: [entries as u8; 32] });
        }
        drop(conversation);
    };
    let ground = Ground::with(Deadlines::default(), |listener| listener, service).await;
    let (one, _one) = soon(ground.dial()).await.unwrap();
    let (other, _other) = soon(ground.dial()).await.unwrap();
    let unlucky = soon(one.ask(SendAsk { entries: 13, ..ask() })).await;
    assert!(matches!(unlucky, Err(AskError::Ended(_))), "{unlucky:?}");
    assert_eq!(soon(other.ask(ask())).await.unwrap().challenge[0], 1);
    assert!(soon(ground.dial()).await.is_ok());
    drop(other);
    let told = ground.stop().await;
    let panicked = told.iter().filter(|told| matches!(told, Notice::Panicked { .. }));
    assert_eq!(panicked.count(), 1, "{told:?}");
}

#[tokio::test]
async fn a_service_that_returns_ends_its_conversation() {
    let service = async |_: Conversation, mut incoming: Incoming| drop(incoming.next().await);
    let ground = Ground::with(Deadlines::default(), |listener| listener, service).await;
    let (conversation, _incoming) = soon(ground.dial()).await.unwrap();
    let refused = soon(conversation.ask(ask())).await.unwrap_err();
    assert!(matches!(refused, AskError::Refused { code: Code::Internal, .. }), "{refused}");
    let why = soon(conversation.ended()).await;
    assert!(matches!(why, Ending::Theirs { code: Code::Done, .. }), "{why}");
}

#[tokio::test]
async fn a_newcomer_is_served_while_as_many_as_may_drip() {
    let ground = Ground::new().await;
    let mut drips = Vec::new();
    for _ in 0..100 {
        let mut socket = ground.connect().await;
        socket.write_all(&[0x16]).await.unwrap();
        drips.push(socket);
    }
    let (conversation, _incoming) = soon(ground.dial()).await.unwrap();
    soon(conversation.ask(ask())).await.unwrap();
    // All came from one address: 32 may be there, and the newcomer was one of them.
    let gave_way = |told: &Notice| matches!(told, Notice::Refused { why: Error::GaveWay, .. });
    let mut gone = 0;
    while gone < 69 {
        gone += ground.notices().iter().filter(|told| gave_way(told)).count();
        tokio::task::yield_now().await;
    }
    assert_eq!(gone, 69);
}

#[tokio::test]
async fn one_identity_has_so_many_conversations_and_no_more() {
    let limits = Limits { of_identity: 2, ..Limits::default() };
    let ground =
        Ground::with(Deadlines::default(), |it| it.with_limits(limits), grant_everything).await;
    let one = soon(ground.dial()).await.unwrap();
    let _other = soon(ground.dial()).await.unwrap();
    // The dialler holds a proof already when it is told.
    let (third, _third) = soon(ground.dial()).await.unwrap();
    let why = soon(third.ended()).await;
    assert!(matches!(why, Ending::Theirs { code: Code::Busy, .. }), "{why}");
    let ended = one.0.ended();
    drop(one);
    soon(ended).await;
    // The listener notices a moment later.
    soon(async { while ground.dial_and_ask().await.is_err() {} }).await;
}

#[tokio::test]
async fn when_all_places_are_taken_who_comes_is_turned_away() {
    let limits = Limits { all: 1, ..Limits::default() };
    let ground =
        Ground::with(Deadlines::default(), |it| it.with_limits(limits), grant_everything).await;
    let (conversation, _incoming) = soon(ground.dial()).await.unwrap();
    assert!(soon(ground.dial()).await.is_err());
    assert!(soon(conversation.ask(ask())).await.is_ok(), "who is in stays");
    let full = |told: &Notice| matches!(told, Notice::Refused { why: Error::Full(_), .. });
    assert!(ground.notices().iter().any(full));
}

/// Sockets that fail as the system's do when there are no descriptors left.
struct Exhausted {
    sockets: TcpListener,
    failures: u32,
}

impl Listen for Exhausted {
    type Socket = TcpStream;

    async fn accept(&mut self) -> io::Result<(TcpStream, SocketAddr)> {
        if self.failures > 0 {
            self.failures -= 1;
            return Err(io::Error::from_raw_os_error(24));
        }
        self.sockets.accept().await
    }
}

#[tokio::test]
async fn accepting_goes_on_after_it_failed_and_is_told_once() {
    let sockets = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = sockets.local_addr().unwrap();
    let sockets = Exhausted { sockets, failures: 5 };
    let usual = |listener| listener;
    let begin = Instant::now();
    let ground = Ground::over(sockets, address, Deadlines::default(), usual, grant_everything);
    let (_conversation, _incoming) = soon(ground.dial()).await.unwrap();
    assert!(begin.elapsed() >= Duration::from_millis(500), "a pause of 0.1 s each time");
    let told = ground.stop().await;
    let fails = told.iter().filter(|told| **told == Notice::AcceptFails(Error::OutOfFiles)).count();
    let again = told.iter().filter(|told| matches!(told, Notice::AcceptsAgain)).count();
    assert_eq!((fails, again), (1, 1), "{told:?}");
}
