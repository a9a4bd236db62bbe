//! Who is let in and then takes, or says, next to nothing.

use crate::conversations::stranger_and_bob_over;
use crate::stage::{End, ask, soon};
use crate::stranger::{self, Stranger};
use crate::time::{drip, is_about, somebody_at_the_door};
use bytes::Bytes;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::time::{Instant, sleep};
use waxwing::crypto::Tag;
use waxwing::link::{ALPN, Deadlines, Ending, Notice};
use waxwing::seal::ChunkHead;
use waxwing::wire::{Code, Frame, Kind, Ping, Pong, Role, SendAsk, StreamAccept, StreamChunk};

/// Nothing but progress matters.
fn patient() -> Deadlines {
    let long = Duration::from_secs(1 << 30);
    Deadlines { ping: long, silence: long, ..Deadlines::default() }
}

/// Bob, who has a long frame to send to somebody with a short pipe.
async fn bob_with_a_long_frame() -> (DuplexStream, End) {
    let (stranger, bob) = stranger_and_bob_over(duplex(1000), patient()).await;
    let head = ChunkHead { index: 0, length: 100_000, tag: Tag::from_bytes([1; 32]) };
    let chunk = StreamChunk::new(1, head, Bytes::from(vec![7; 100_000])).unwrap();
    bob.conversation.send_bulk(&chunk).await.unwrap();
    (stranger.into_io(), bob)
}

/// Takes so many bytes every second until the conversation is over; gives how many in all.
async fn sip(socket: &mut DuplexStream, bob: &End, bytes: usize) -> usize {
    let (mut sip, mut taken) = (vec![0; bytes], 0);
    while !bob.driver.is_finished() && taken < 100_000 {
        taken += socket.read(&mut sip).await.unwrap_or_default();
        sleep(Duration::from_secs(1)).await;
    }
    taken
}

#[tokio::test(start_paused = true)]
async fn who_takes_a_frame_in_sips_is_shown_the_door() {
    let (mut socket, bob) = bob_with_a_long_frame().await;
    // Less than 4 KiB in 30 seconds, with the pipe that fills at once.
    let taken = soon(sip(&mut socket, &bob, 100)).await;
    assert!(taken < 10_000, "{taken}");
    assert!(matches!(soon(bob.driver).await, Ok(Ending::Ours { code: Code::Slow, .. })));
}

#[tokio::test(start_paused = true)]
async fn who_takes_a_frame_slowly_enough_gets_it() {
    let (mut socket, bob) = bob_with_a_long_frame().await;
    assert!(soon(sip(&mut socket, &bob, 200)).await >= 100_000);
    assert!(!bob.driver.is_finished());
}

#[tokio::test(start_paused = true)]
async fn who_takes_in_sips_does_not_hold_up_the_end() {
    let (mut socket, bob) = bob_with_a_long_frame().await;
    soon(socket.read_exact(&mut [0; 200])).await.unwrap();
    bob.conversation.end(Code::Stopping, "");
    let begin = Instant::now();
    soon(sip(&mut socket, &bob, 200)).await;
    // The time of a farewell to hear it, and the same again to close.
    assert!(begin.elapsed() <= Duration::from_secs(11), "{:?}", begin.elapsed());
}

#[tokio::test(start_paused = true)]
async fn who_drips_a_record_of_tls_says_nothing() {
    let (ground, socket) = somebody_at_the_door().await;
    let (tls, exporter) = stranger::connect(stranger::client(&[ALPN]), socket).await.unwrap();
    let stranger = Stranger::greeted_over(tls, "alice", Role::Dialler, exporter).await;
    let (mut socket, _) = stranger.into_io().into_inner();
    // The head of a record of data of 512 bytes, and zeros.
    let bytes = [&[0x17, 3, 3, 2, 0][..], &[0; 512]].concat();
    let time = soon(drip(&mut socket, &bytes)).await;
    assert!(is_about(time, 60), "{time:?}");
    drop(socket);
    let told = ground.stop().await;
    let idle = |told: &Notice| {
        matches!(told, Notice::Ended { why: Ending::Ours { code: Code::Idle, .. }, .. })
    };
    assert!(told.iter().any(idle), "{told:?}");
}

#[tokio::test(start_paused = true)]
async fn who_was_not_listened_to_was_not_silent() {
    let (mut stranger, mut bob) = stranger_and_bob_over(duplex(4096), Deadlines::default()).await;
    stranger.say(&SendAsk { id: 1, ..ask() }).await;
    let request = soon(bob.incoming.next()).await.unwrap();
    let mut frames = request.open_stream().unwrap();
    // More than wait in the stream's queue, and all of it in Bob's hands.
    for _ in 0..12 {
        stranger.say(&StreamAccept { stream: 1 }).await;
    }
    sleep(Duration::from_secs(100)).await;
    for _ in 0..12 {
        assert_eq!(soon(frames.next()).await.unwrap().kind, Kind::StreamAccept);
    }
    sleep(Duration::from_secs(1)).await;
    stranger.say(&Ping { token: 1 << 60 }).await;
    let is_answer = |frame: &Frame| frame.decode() == Ok(Pong { token: 1 << 60 });
    while !is_answer(&soon(stranger.next()).await.expect("he goes on")) {}
}

#[tokio::test(start_paused = true)]
async fn what_has_left_does_not_wait_any_more() {
    let deadlines = Deadlines { control_queue: 4, control_bytes: 200, ..Deadlines::default() };
    let (mut stranger, bob) = stranger_and_bob_over(duplex(4096), deadlines).await;
    for token in 0..200 {
        bob.conversation.tell(&Ping { token }).unwrap();
        assert_eq!(soon(stranger.next()).await.unwrap().decode(), Ok(Ping { token }));
    }
}

#[tokio::test(start_paused = true)]
async fn who_goes_on_speaking_hears_the_goodbye() {
    let (mut stranger, bob) = stranger_and_bob_over(duplex(4096), Deadlines::default()).await;
    bob.conversation.end(Code::Done, "");
    assert_eq!(soon(stranger.goodbye()).await.unwrap().code, Code::Done);
    let mut socket = stranger.into_io();
    // A socket that is closed on what was not read takes back what was said.
    soon(socket.write_all(&vec![0; 1 << 20])).await.unwrap();
    drop(socket);
    assert!(matches!(soon(bob.driver).await, Ok(Ending::Ours { code: Code::Done, .. })));
}
