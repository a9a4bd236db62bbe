//! Who comes to a port and speaks something else, at Bob's and at the index's.

use super::act::{Act, act};
use super::crooks::{Crooks, refusal, tls};
use crate::eve::dial_as;
use crate::frames::{Stranger, client, connect, tls_hello};
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use waxwing::link::{ALPN, Ending};
use waxwing::model::limits::{FRAME_CONTROL, FRAME_DELIVERED};
use waxwing::wire::index::PeopleAsk;
use waxwing::wire::{Code, Kind};

/// Where somebody is at home, and how they are called.
type Door = (&'static str, fn(&Crooks) -> SocketAddr);

const DOORS: [Door; 2] = [("Bob's", |crooks| crooks.bob), ("the index's", |crooks| crooks.index)];

pub(super) fn acts() -> Vec<Act> {
    let mut acts: Vec<_> = DOORS.into_iter().flat_map(at_a_door).collect();
    acts.push(act("a TLS hello that stops half way, at both doors", half_a_hello));
    acts.push(act("somebody who has no account", without_an_account));
    acts
}

fn at_a_door((whose, at): Door) -> Vec<Act> {
    let words = words().into_iter().map(|(what, words)| {
        let play = async move |crooks: &Crooks| is_shut_out(at(crooks), &words).await;
        act(format!("{what} at {whose} door"), play)
    });
    let frames = frames().into_iter().map(|(what, frame, code)| {
        let play = async move |crooks: &Crooks| {
            let mut mallory = crooks.mallory.dials_by_hand(at(crooks)).await;
            mallory.send(&frame).await;
            assert_eq!(mallory.goodbye().await.expect("a goodbye").code, code);
            assert_eq!(mallory.next().await, None, "it is closed");
        };
        act(format!("a frame {what}, behind {whose} door"), play)
    });
    let greeting = async move |crooks: &Crooks| {
        let mut stranger = Stranger::new(tls(at(crooks)).await.0);
        stranger.send(&[0xff; 5]).await;
        assert_eq!(stranger.goodbye().await.expect("a goodbye").code, Code::FrameSize);
        assert_eq!(stranger.next().await, None, "it is closed");
    };
    let greeting = act(format!("a hello of 4 GiB at {whose} door"), greeting);
    let elsewhere = async move |crooks: &Crooks| speaks_something_else(at(crooks)).await;
    let elsewhere = act(format!("TLS for something else at {whose} door"), elsewhere);
    words.chain(frames).chain([greeting, elsewhere]).collect()
}

/// What is no TLS, and what goes on as none.
fn words() -> [(&'static str, Vec<u8>); 4] {
    let noise = || (0..1 << 20).map(|n: u32| (n.wrapping_mul(2_654_435_761) >> 24) as u8);
    [
        ("HTTP", b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".to_vec()),
        ("SSH", b"SSH-2.0-OpenSSH_9.6\r\n".to_vec()),
        ("noise", noise().map(|byte| byte | 0x80).collect()),
        ("noise behind the first byte of TLS", [0x16].into_iter().chain(noise()).collect()),
    ]
}

/// Frames that nobody takes, and what is said of them.
fn frames() -> [(&'static str, Vec<u8>, Code); 5] {
    let longer = |most: usize, kind: Kind| {
        let length = u32::try_from(most + 1).unwrap();
        [&length.to_be_bytes()[..], &[kind.tag()]].concat()
    };
    [
        ("of 4 GiB", vec![0xff; 4], Code::FrameSize),
        ("a byte longer than any", longer(FRAME_DELIVERED, Kind::StreamDelivered), Code::FrameSize),
        ("a byte longer than its kind may be", longer(FRAME_CONTROL, Kind::Ping), Code::FrameSize),
        ("without anything in it", vec![0; 4], Code::FrameSize),
        ("of a kind that nobody knows", vec![0, 0, 0, 1, 0xee], Code::Kind),
    ]
}

/// The connection is closed, and no word of ours was said in it.
async fn is_shut_out(at: SocketAddr, words: &[u8]) {
    let mut socket = TcpStream::connect(at).await.unwrap();
    // Whoever is closed on may not be able to send it all.
    let _ = socket.write_all(words).await;
    let mut answer = Vec::new();
    let _ = socket.read_to_end(&mut answer).await;
    let is_tls = words[0] == 0x16;
    assert!(if is_tls { answer.len() < 100 } else { answer.is_empty() }, "{answer:?}");
}

async fn half_a_hello(crooks: &Crooks) {
    let hello = tls_hello(client(&[ALPN]));
    let half = &hello[..hello.len() / 2];
    tokio::join!(is_shut_out(crooks.bob, half), is_shut_out(crooks.index, half));
}

/// With another protocol in it, TLS does not begin; with none, it is closed.
async fn speaks_something_else(at: SocketAddr) {
    let socket = async || TcpStream::connect(at).await.unwrap();
    assert!(connect(client(&[b"h2"]), socket().await).await.is_err());
    let (mut tls, _) = connect(client(&[]), socket().await).await.unwrap();
    let mut answer = Vec::new();
    let _ = tls.read_to_end(&mut answer).await;
    assert_eq!(answer, b"");
}

/// Bob knows them not, and the index lets them do nothing.
async fn without_an_account(crooks: &Crooks) {
    let (bob, _incoming) = dial_as(Arc::clone(&crooks.nobody), crooks.bob).await;
    let ending = bob.ended().await;
    assert!(matches!(ending, Ending::Theirs { code: Code::NotAllowed, .. }), "{ending:?}");
    let (index, _incoming) = dial_as(Arc::clone(&crooks.nobody), crooks.index).await;
    let ask = PeopleAsk { id: 0, after: None, only: None };
    assert_eq!(refusal(index.ask(ask).await), Code::NoSession);
}
