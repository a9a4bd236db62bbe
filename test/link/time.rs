//! Who is silent or slow: every phase has its deadline, and the clock is the test's.

use crate::conversations::{stranger_and_bob, stranger_and_bob_over};
use crate::stage::{Ground, grant_everything, pair, pair_with, side_with, soon};
use crate::stranger::{self, Stranger, hello};
use std::io;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, timeout};
use waxwing::link::{ALPN, Deadlines, Ending, Error, Listen, Notice};
use waxwing::wire::{Code, Goodbye, Kind, Ping, Pong, frame};

/// Sockets that the test makes.
pub(crate) struct Door(pub(crate) mpsc::Receiver<DuplexStream>);

impl Listen for Door {
    type Socket = DuplexStream;

    async fn accept(&mut self) -> io::Result<(DuplexStream, SocketAddr)> {
        match self.0.recv().await {
            Some(socket) => Ok((socket, "192.0.2.1:1".parse().unwrap())),
            None => std::future::pending().await,
        }
    }
}

/// Bob behind a door, and somebody who has come through it.
pub(crate) async fn somebody_at_the_door() -> (Ground, DuplexStream) {
    let (knock, door) = mpsc::channel(1);
    let address = "192.0.2.2:1".parse().unwrap();
    let usual = |listener| listener;
    let ground = Ground::over(Door(door), address, Deadlines::default(), usual, grant_everything);
    let (near, far) = duplex(1 << 16);
    knock.send(far).await.unwrap();
    (ground, near)
}

/// Sends a byte every three seconds until the other side closes; gives how long that took.
pub(crate) async fn drip(
    socket: &mut (impl AsyncWriteExt + AsyncReadExt + Unpin),
    bytes: &[u8],
) -> Duration {
    let begin = Instant::now();
    let mut answer = [0; 256];
    for byte in bytes {
        if socket.write_all(&[*byte]).await.is_err() || socket.flush().await.is_err() {
            return begin.elapsed();
        }
        let patience = sleep(Duration::from_secs(3));
        tokio::pin!(patience);
        loop {
            tokio::select! {
                () = &mut patience => break,
                read = socket.read(&mut answer) => match read {
                    Ok(0) | Err(_) => return begin.elapsed(),
                    Ok(_) => {}
                },
            }
        }
    }
    panic!("all dripped in, and nobody minded");
}

pub(crate) fn is_about(time: Duration, seconds: u64) -> bool {
    (seconds..seconds + 3).contains(&time.as_secs())
}

async fn refused(ground: Ground) -> Error {
    let told = ground.stop().await;
    match told.as_slice() {
        [Notice::Refused { why, .. }] => why.clone(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn who_says_nothing_at_all_is_dropped() {
    let (ground, mut socket) = somebody_at_the_door().await;
    let begin = Instant::now();
    assert_eq!(soon(socket.read(&mut [0; 1])).await.unwrap(), 0);
    assert!(is_about(begin.elapsed(), 10), "{:?}", begin.elapsed());
    assert_eq!(refused(ground).await, Error::Late("the TLS handshake"));
}

#[tokio::test(start_paused = true)]
async fn who_drips_a_tls_handshake_is_dropped() {
    let (ground, mut socket) = somebody_at_the_door().await;
    // The head of a record of 512 bytes, and zeros.
    let bytes = [&[0x16, 3, 1, 2, 0][..], &[0; 512]].concat();
    let time = soon(drip(&mut socket, &bytes)).await;
    assert!(is_about(time, 10), "{time:?}");
    assert_eq!(refused(ground).await, Error::Late("the TLS handshake"));
}

#[tokio::test(start_paused = true)]
async fn who_drips_the_opening_of_a_lane_is_dropped() {
    let (knock, door) = mpsc::channel(1);
    let address = "192.0.2.2:1".parse().unwrap();
    let lanes = crate::strangers::Lanes::default();
    let with_lanes = |listener: waxwing::link::Listener<Door>| {
        listener.with_lanes(std::sync::Arc::new(lanes.clone()))
    };
    let ground =
        Ground::over(Door(door), address, Deadlines::default(), with_lanes, grant_everything);
    let (mut near, far) = duplex(1 << 16);
    knock.send(far).await.unwrap();
    let time = soon(drip(&mut near, b"WAXLANE1................................")).await;
    assert!(is_about(time, 10), "{time:?}");
    assert_eq!(refused(ground).await, Error::Late("the TLS handshake"));
}

#[tokio::test(start_paused = true)]
async fn who_drips_a_hello_or_a_proof_is_dropped() {
    for with_hello in [false, true] {
        let (ground, socket) = somebody_at_the_door().await;
        let (mut tls, _) = stranger::connect(stranger::client(&[ALPN]), socket).await.unwrap();
        let mut bytes = frame::encode(&hello("alice"));
        if with_hello {
            tls.write_all(&bytes).await.unwrap();
            bytes = vec![0, 0, 2, 0, Kind::Proof.tag(), 0, 0, 0].into();
        }
        let time = soon(drip(&mut tls, &bytes)).await;
        assert!(is_about(time, 10), "{time:?}");
        assert_eq!(refused(ground).await, Error::Late("the greeting"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_frame_that_drips_ends_the_conversation() {
    let (stranger, bob) = stranger_and_bob(Deadlines::default()).await;
    let mut bytes = vec![0, 0, 200, 0, Kind::SendAsk.tag()];
    bytes.resize(1000, 0);
    let mut socket = stranger.into_io();
    let time = soon(drip(&mut socket, &bytes)).await;
    assert!(is_about(time, 30), "{time:?}");
    assert!(matches!(soon(bob.driver).await, Ok(Ending::Ours { code: Code::Slow, .. })));
}

#[tokio::test(start_paused = true)]
async fn a_frame_that_is_announced_and_never_comes_ends_the_conversation() {
    let announced = [0, 0, 200, 0, Kind::SendAsk.tag()];
    // A part of how long it is, all of that, and what it is.
    for said in [1, 4, 5] {
        let (mut stranger, bob) = stranger_and_bob(Deadlines::default()).await;
        let begin = Instant::now();
        stranger.send(&announced[..said]).await;
        assert_eq!(soon(stranger.goodbye()).await.expect("a word").code, Code::Slow, "{said}");
        assert!(is_about(begin.elapsed(), 30), "{said}: {:?}", begin.elapsed());
        drop(stranger);
        assert!(matches!(soon(bob.driver).await, Ok(Ending::Ours { code: Code::Slow, .. })));
    }
}

#[tokio::test(start_paused = true)]
async fn who_announces_a_hello_or_a_proof_and_says_no_more_is_dropped() {
    for kind in [Kind::Hello, Kind::Proof] {
        let (ground, socket) = somebody_at_the_door().await;
        let (mut tls, _) = stranger::connect(stranger::client(&[ALPN]), socket).await.unwrap();
        if kind == Kind::Proof {
            tls.write_all(&frame::encode(&hello("alice"))).await.unwrap();
        }
        tls.write_all(&[0, 0, 0, 200, kind.tag()]).await.unwrap();
        tls.flush().await.unwrap();
        let begin = Instant::now();
        // His hello comes, and then his goodbye.
        let _ = soon(tls.read_to_end(&mut Vec::new())).await;
        assert!(is_about(begin.elapsed(), 10), "{kind}: {:?}", begin.elapsed());
        assert_eq!(refused(ground).await, Error::Late("the greeting"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_frame_that_moves_on_slowly_enough_is_taken() {
    let (stranger, bob) = stranger_and_bob(Deadlines::default()).await;
    let mut socket = stranger.into_io();
    let body = vec![0; 60_000];
    // A whole chunk of 4 KiB in 20 seconds: five minutes for the frame.
    socket.write_all(&[0, 0, 234, 97, Kind::StreamEnd.tag()]).await.unwrap();
    for piece in body.chunks(4096) {
        socket.write_all(piece).await.unwrap();
        sleep(Duration::from_secs(20)).await;
    }
    let why = soon(bob.driver).await.unwrap();
    assert!(matches!(why, Ending::Ours { code: Code::Malformed, .. }), "it was read: {why}");
}

#[tokio::test(start_paused = true)]
async fn many_small_frames_are_no_slow_one() {
    let (mut stranger, bob) = stranger_and_bob(Deadlines::default()).await;
    let begin = Instant::now();
    let half = frame::encode(&Ping { token: 1 });
    // There is always a frame under way, but never the same one.
    let (first, rest) = half.split_at(3);
    stranger.send(first).await;
    while begin.elapsed() < Duration::from_secs(200) {
        sleep(Duration::from_secs(10)).await;
        stranger.send(&[rest, first].concat()).await;
        let pong: Pong = soon(stranger.next()).await.unwrap().decode().unwrap();
        assert_eq!(pong.token, 1);
    }
    assert!(!bob.driver.is_finished());
}

#[tokio::test(start_paused = true)]
async fn silence_is_asked_about_and_then_ends_the_conversation() {
    let (mut stranger, bob) = stranger_and_bob(Deadlines::default()).await;
    let begin = Instant::now();
    let ping = soon(stranger.next()).await.unwrap();
    assert_eq!((ping.kind, begin.elapsed().as_secs()), (Kind::Ping, 30));
    let goodbye: Goodbye = soon(stranger.next()).await.unwrap().decode().unwrap();
    assert_eq!((goodbye.code, begin.elapsed().as_secs()), (Code::Idle, 60));
    drop(stranger);
    assert!(matches!(soon(bob.driver).await, Ok(Ending::Ours { code: Code::Idle, .. })));
}

#[tokio::test(start_paused = true)]
async fn two_who_have_nothing_to_say_stay_together() {
    let (alice, bob) = soon(pair(64)).await;
    sleep(Duration::from_secs(24 * 3600)).await;
    assert!(!alice.driver.is_finished() && !bob.driver.is_finished());
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_nobody_takes_for_a_while_is_no_silence() {
    let deadlines = Deadlines { progress: Duration::from_secs(600), ..Deadlines::default() };
    let (alice, mut bob) = soon(pair_with(1 << 16, deadlines)).await;
    let asked = alice.conversation.ask_stream(crate::stage::ask());
    let grant = async {
        let request = bob.incoming.next().await.unwrap();
        let frames = request.open_stream().unwrap();
        request.answer(waxwing::wire::SendGrant { id: 0, challenge: [0; 32] }).unwrap();
        frames
    };
    let (asked, mut frames) = tokio::join!(asked, grant);
    let (_, own) = asked.unwrap();
    for _ in 0..200 {
        alice.conversation.tell(&waxwing::wire::StreamAccept { stream: own.number() }).unwrap();
    }
    sleep(Duration::from_secs(500)).await;
    for _ in 0..200 {
        assert!(soon(frames.next()).await.is_some());
    }
    assert!(!alice.driver.is_finished() && !bob.driver.is_finished());
}

#[tokio::test(start_paused = true)]
async fn a_write_that_does_not_move_on_ends_the_conversation() {
    let quiet = Deadlines {
        ping: Duration::from_secs(500),
        silence: Duration::from_secs(900),
        ..Deadlines::default()
    };
    let (_stranger, bob) = stranger_and_bob_over(duplex(64), quiet).await;
    let begin = Instant::now();
    bob.conversation.tell(&Pong { token: 1 << 60 }).unwrap();
    for _ in 0..20 {
        bob.conversation.tell(&Pong { token: 1 << 60 }).unwrap();
    }
    let why = soon(bob.conversation.ended()).await;
    assert!(matches!(why, Ending::Ours { code: Code::Slow, .. }), "{why}");
    assert!(is_about(begin.elapsed(), 30), "{:?}", begin.elapsed());
    soon(bob.driver).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn too_many_who_want_a_proof_are_told_to_come_later() {
    let deadlines = Deadlines { signing: Duration::ZERO, ..Deadlines::default() };
    let bob = side_with("bob", deadlines);
    // More at once than any machine has cores: most find no turn, at once.
    let all: Vec<_> = (0..600)
        .map(|_| {
            let (near, far) = duplex(1 << 14);
            let bob = bob.clone();
            let served = tokio::spawn(async move {
                use waxwing::link::Expected;
                crate::stage::end(far, &bob, waxwing::wire::Role::Listener, Expected::Anyone)
                    .await
                    .err()
            });
            (near, served)
        })
        .collect();
    let mut strangers = Vec::new();
    let mut services = Vec::new();
    for (near, served) in all {
        let mut stranger = Stranger::new(near);
        stranger.say(&hello("alice")).await;
        let theirs = stranger.next().await.unwrap();
        let said = stranger::transcript(
            waxwing::wire::Role::Dialler,
            &hello("alice"),
            &theirs,
            crate::stage::EXPORTER,
        );
        strangers.push((stranger, said));
        services.push(served);
    }
    let proof = {
        let (_, said) = &strangers[0];
        frame::encode(&stranger::proof(said, waxwing::wire::Role::Dialler, "alice"))
    };
    // All hellos were the same, so one proof serves all.
    for (stranger, _) in &mut strangers {
        stranger.send(&proof).await;
    }
    let mut busy = 0;
    for served in services {
        busy += usize::from(soon(served).await.unwrap() == Some(Error::Busy));
    }
    assert!(busy > 0);
    let told = timeout(Duration::from_secs(60), async {
        for (stranger, _) in &mut strangers {
            let Some(frame) = stranger.next().await else { continue };
            if let Ok(Goodbye { code, .. }) = frame.decode() {
                return Some(code);
            }
        }
        None
    });
    assert_eq!(told.await.unwrap(), Some(Code::Busy));
}
