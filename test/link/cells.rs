//! Every kind in every state of the channel, sent to a real side, against the table of states.

use crate::stage::{End, end, expect, side, soon};
use crate::stranger::{Stranger, hello, proof, transcript};
use bytes::Bytes;
use tokio::io::{DuplexStream, duplex};
use tokio::task::JoinHandle;
use waxwing::link::{Error, Expected};
use waxwing::wire::{
    ChannelState, Code, Explanation, Failure, Frame, Goodbye, Kind, Names, Outcome, Ping, Pong,
    Role, SendAsk, StreamAccept, frame,
};

type Side = JoinHandle<Result<End, Error>>;

/// A side with this role, that has come to this state with Alice.
async fn at(state: ChannelState, role: Role) -> (Stranger<DuplexStream>, Side) {
    let (near, far) = duplex(4096);
    let expected = if role == Role::Dialler { expect("alice") } else { Expected::Anyone };
    let bob = tokio::spawn(async move { end(far, &side("bob"), role, expected).await });
    if state == ChannelState::Open {
        return (Stranger::greeted(near, "alice", role.other()).await, bob);
    }
    let mut stranger = Stranger::new(near);
    if role == Role::Dialler {
        stranger.next().await.expect("Bob's hello");
    }
    if state == ChannelState::AwaitProof {
        stranger.say(&hello("alice")).await;
        // His hello, or his proof.
        stranger.next().await.expect("Bob's next word");
    }
    (stranger, bob)
}

/// Some frame of the kind.
fn some(kind: Kind, state: ChannelState, role: Role) -> Bytes {
    match kind {
        Kind::Hello => frame::encode(&hello("alice")),
        Kind::Proof => {
            // It only holds where it belongs; elsewhere it is not even read.
            let theirs = crate::stranger::frame_of(&hello("bob"));
            let said = transcript(role.other(), &hello("alice"), &theirs, crate::stage::EXPORTER);
            frame::encode(&proof(&said, role.other(), "alice"))
        }
        Kind::Goodbye => frame::encode(&Goodbye { code: Code::Done, text: Explanation::default() }),
        Kind::Ping => frame::encode(&Ping { token: 7 }),
        Kind::Pong => frame::encode(&Pong { token: 7 }),
        Kind::StreamChunk | Kind::StreamRecord => raw(kind, &[0, 0, 0, 1, 0, 0, 0, 0]),
        Kind::Failure => {
            let text = Explanation::default();
            frame::encode(&Failure { id: 1, code: Code::Busy, text })
        }
        // The id of the other side's first request.
        _ if kind.names() == Names::Request && state == ChannelState::Open => {
            let id = if role == Role::Listener { 1 } else { 2 };
            raw(kind, &[0xa1, 0, id])
        }
        _ => raw(kind, &[0xa1, 0, 1]),
    }
}

fn raw(kind: Kind, body: &[u8]) -> Bytes {
    let length = u32::try_from(body.len() + 1).unwrap().to_be_bytes();
    [&length, [kind.tag()].as_slice(), body].concat().into()
}

/// What the side did, seen from outside.
#[derive(Debug, PartialEq)]
enum Seen {
    /// It went on.
    GoesOn,
    /// It closed, saying so.
    Ends(Code),
    /// It closed without a word.
    EndsSilently,
    /// It refused a request, and went on.
    Refuses(Code),
}

async fn see(state: ChannelState, role: Role, kind: Kind) -> Seen {
    let (mut stranger, side) = at(state, role).await;
    if state == ChannelState::Open {
        // Nobody takes requests; and what follows the frame tells whether it goes on.
        let side = soon(side).await.unwrap().unwrap();
        drop(side.incoming);
        let mut refused = None;
        stranger.send(&some(kind, state, role)).await;
        stranger.say(&Ping { token: 99 }).await;
        while let Some(frame) = soon(stranger.next()).await {
            match frame.kind {
                Kind::Pong if frame.decode() == Ok(Pong { token: 99 }) => {
                    return refused.map_or(Seen::GoesOn, Seen::Refuses);
                }
                Kind::Failure => refused = frame.decode::<Failure>().ok().map(|it| it.code),
                Kind::Goodbye => return goodbye(&frame),
                _ => {}
            }
        }
        return Seen::EndsSilently;
    }
    stranger.send(&some(kind, state, role)).await;
    // Before the proofs, whoever goes on says something or becomes a conversation.
    let mut side = side;
    tokio::select! {
        begun = &mut side => match begun.unwrap() {
            Ok(_) => Seen::GoesOn,
            Err(_) => match soon(stranger.next()).await {
                Some(frame) => goodbye(&frame),
                None => Seen::EndsSilently,
            },
        },
        Some(frame) = stranger.next() => match frame.kind {
            Kind::Goodbye => goodbye(&frame),
            _ => Seen::GoesOn,
        },
    }
}

fn goodbye(frame: &Frame) -> Seen {
    Seen::Ends(frame.decode::<Goodbye>().unwrap().code)
}

fn told(state: ChannelState, role: Role, kind: Kind) -> Seen {
    let is_request = kind.names() == Names::Request;
    match state.outcome(role, kind) {
        Outcome::Accept if kind == Kind::Goodbye => Seen::EndsSilently,
        // Nobody takes requests in this test.
        Outcome::Accept if is_request => Seen::Refuses(Code::NotAllowed),
        Outcome::Accept | Outcome::Ignore => Seen::GoesOn,
        // No request was made, and no stream is open.
        Outcome::Answer | Outcome::Stream => Seen::Ends(Code::Unexpected),
        Outcome::Refuse(code) if is_request && state == ChannelState::Open => Seen::Refuses(code),
        Outcome::Refuse(code) => Seen::Ends(code),
    }
}

#[tokio::test(start_paused = true)]
async fn every_cell_of_the_channel_does_what_the_table_says() {
    for role in [Role::Dialler, Role::Listener] {
        for state in ChannelState::ALL {
            for kind in Kind::ALL.iter().copied() {
                let seen = see(state, role, kind).await;
                assert_eq!(seen, told(state, role, kind), "{state:?} of the {role:?}, {kind}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn requests_of_the_wrong_side_or_twice_end_the_conversation() {
    for ids in [&[2][..], &[1, 1], &[3, 1], &[0]] {
        let (mut stranger, bob) = at(ChannelState::Open, Role::Listener).await;
        let _bob = soon(bob).await.unwrap().unwrap();
        for id in ids {
            stranger.say(&SendAsk { id: *id, entries: 1, data_length: 1 }).await;
        }
        let goodbye = soon(stranger.goodbye()).await.unwrap();
        assert_eq!(goodbye.code, Code::Unexpected, "{ids:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_of_another_kind_ends_the_conversation() {
    let (mut stranger, bob) = at(ChannelState::Open, Role::Dialler).await;
    let bob = soon(bob).await.unwrap().unwrap();
    let asked = tokio::spawn(async move { bob.conversation.ask(crate::stage::ask()).await });
    assert_eq!(soon(stranger.next()).await.unwrap().kind, Kind::SendAsk);
    stranger.send(&raw(Kind::LanesGrant, &[0xa1, 0, 1])).await;
    assert_eq!(soon(stranger.goodbye()).await.unwrap().code, Code::Unexpected);
    assert!(soon(asked).await.unwrap().is_err());
}

#[tokio::test(start_paused = true)]
async fn what_is_said_of_a_stream_that_ended_is_dropped_however_long_ago() {
    let (mut stranger, bob) = at(ChannelState::Open, Role::Listener).await;
    let mut bob = soon(bob).await.unwrap().unwrap();
    for number in 0..100 {
        stranger.say(&SendAsk { id: 1 + 2 * number, entries: 1, data_length: 1 }).await;
        drop(soon(bob.incoming.next()).await.unwrap().open_stream().unwrap());
    }
    stranger.say(&StreamAccept { stream: 1 }).await;
    stranger.say(&StreamAccept { stream: 199 }).await;
    stranger.say(&Ping { token: 7 }).await;
    while soon(stranger.next()).await.expect("it goes on").kind != Kind::Pong {}
    stranger.say(&StreamAccept { stream: 201 }).await;
    assert_eq!(soon(stranger.goodbye()).await.unwrap().code, Code::Unexpected);
}
