//! What is said once both sides know each other.

use crate::stage::{End, ask, end, identity, pair, side_with, soon};
use crate::stranger::Stranger;
use bytes::Bytes;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::io::{DuplexStream, duplex};
use tokio::time::Instant;
use waxwing::crypto::{Tag, random};
use waxwing::link::{AskError, Deadlines, Ended, Ending, Expected, Incoming};
use waxwing::seal::ChunkHead;
use waxwing::wire::{
    Code, Failure, GetAsk, Kind, LanesAsk, Message, Ping, Role, SegmentVerified, SendAsk,
    SendGrant, StreamAccept, StreamChunk, StreamEnd,
};

fn granted(number: u8) -> SendGrant {
    SendGrant { id: 0, challenge: [number; 32] }
}

/// Grants the next requests, in the order in which they were not asked.
async fn grant_backwards(incoming: &mut Incoming, count: usize) {
    let mut waiting = Vec::new();
    while waiting.len() < count {
        waiting.push(incoming.next().await.expect("a request"));
    }
    for request in waiting.into_iter().rev() {
        let SendAsk { entries, .. } = request.decode().unwrap();
        request.answer(granted(entries.try_into().unwrap())).unwrap();
    }
}

fn chunk(stream: u32, index: u32, size: usize) -> StreamChunk {
    let head = ChunkHead { index, length: size.try_into().unwrap(), tag: Tag::from_bytes([1; 32]) };
    StreamChunk::new(stream, head, Bytes::from(vec![7; size])).unwrap()
}

#[tokio::test(start_paused = true)]
async fn two_meet_over_a_pipe_of_8_bytes_and_know_who_is_there() {
    let (alice, mut bob) = soon(pair(8)).await;
    assert_eq!(alice.conversation.proven().fingerprint(), identity("bob").fingerprint());
    assert_eq!(bob.conversation.proven().fingerprint(), identity("alice").fingerprint());
    assert_eq!(alice.conversation.role(), Role::Dialler);
    assert_eq!(bob.conversation.role(), Role::Listener);
    let challenge = [3; 32];
    let both = (alice.conversation.proven(), bob.conversation.proven());
    assert_eq!(both.0.context(&challenge), both.1.context(&challenge));
    let answer = async {
        let request = bob.incoming.next().await.unwrap();
        let asked: SendAsk = request.decode().unwrap();
        assert_eq!((asked.id, asked.data_length), (1, 5));
        request.answer(granted(3)).unwrap();
    };
    let (answer, ()) = soon(async { tokio::join!(alice.conversation.ask(ask()), answer) }).await;
    assert_eq!(answer.unwrap(), SendGrant { id: 1, challenge });
    alice.conversation.end(Code::Done, "that was all");
    let Ending::Theirs { code: Code::Done, text } = soon(bob.driver).await.unwrap() else {
        panic!("Alice ended it");
    };
    assert_eq!(text.to_string(), "that was all");
    assert!(matches!(soon(alice.driver).await, Ok(Ending::Ours { code: Code::Done, .. })));
    assert!(bob.incoming.next().await.is_none());
    assert!(matches!(alice.conversation.ask(ask()).await, Err(AskError::Ended(_))));
    assert_eq!(alice.conversation.tell(&StreamAccept { stream: 1 }), Err(Ended));
}

#[tokio::test(start_paused = true)]
async fn requests_overlap_in_both_directions_and_answers_come_in_any_order() {
    let (mut alice, mut bob) = soon(pair(64)).await;
    let numbered = |entries| SendAsk { id: 0, entries, data_length: 0 };
    let of_alice = async {
        let (one, two) = (alice.conversation.ask(numbered(1)), alice.conversation.ask(numbered(2)));
        let (one, two) = tokio::join!(one, two);
        assert_eq!((one.unwrap().challenge[0], two.unwrap().challenge[0]), (1, 2));
    };
    let of_bob = async {
        let (three, four) = (bob.conversation.ask(numbered(3)), bob.conversation.ask(numbered(4)));
        let (three, four) = tokio::join!(three, four);
        let (three, four) = (three.unwrap(), four.unwrap());
        assert_eq!((three.id, three.challenge[0]), (2, 3), "the listener's ids are even");
        assert_eq!((four.id, four.challenge[0]), (4, 4));
    };
    let answers = async {
        tokio::join!(grant_backwards(&mut alice.incoming, 2), grant_backwards(&mut bob.incoming, 2))
    };
    soon(async { tokio::join!(of_alice, of_bob, answers) }).await;
}

#[tokio::test(start_paused = true)]
async fn a_request_is_refused_or_dropped_and_its_asker_hears_why() {
    let (alice, mut bob) = soon(pair(64)).await;
    let serve = async {
        bob.incoming.next().await.unwrap().refuse(Code::NoSpace, "17 bytes are missing");
        drop(bob.incoming.next().await.unwrap());
        bob.incoming.next().await.unwrap().answer(granted(1)).unwrap();
    };
    let asks = async {
        let refused = alice.conversation.ask(ask()).await.unwrap_err();
        assert!(matches!(&refused, AskError::Refused { code: Code::NoSpace, text }
            if text.to_string() == "17 bytes are missing"));
        let dropped = alice.conversation.ask(ask()).await.unwrap_err();
        assert!(matches!(dropped, AskError::Refused { code: Code::Internal, .. }));
        assert!(alice.conversation.ask(ask()).await.is_ok(), "it goes on");
    };
    soon(async { tokio::join!(serve, asks) }).await;
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_for_an_answer_forever_and_a_late_one_does_no_harm() {
    let (alice, mut bob) = soon(pair(64)).await;
    let waiting = Instant::now();
    assert_eq!(soon(alice.conversation.ask(ask())).await, Err(AskError::Late));
    assert_eq!(waiting.elapsed().as_secs(), 60);
    bob.incoming.next().await.unwrap().answer(granted(1)).unwrap();
    let again = async { alice.conversation.ask(ask()).await.unwrap() };
    let (again, ()) = tokio::join!(again, grant_backwards(&mut bob.incoming, 1));
    assert_eq!(again.challenge[0], 1);
}

#[tokio::test(start_paused = true)]
async fn requests_that_wait_hold_no_more_bytes_than_were_set() {
    let bytes = 3 * ask_with(1).encode().len();
    let deadlines = Deadlines { request_bytes: bytes, ..Deadlines::default() };
    let (mut stranger, mut bob) = stranger_and_bob(deadlines).await;
    for id in [1, 3, 5, 7] {
        stranger.say(&ask_with(id)).await;
    }
    let refused: Failure = soon(stranger.next()).await.unwrap().decode().unwrap();
    assert_eq!((refused.id, refused.code), (7, Code::Busy));
    soon(bob.incoming.next()).await.unwrap().answer(granted(1)).unwrap();
    soon(stranger.next()).await.unwrap();
    stranger.say(&ask_with(9)).await;
    for id in [3, 5, 9] {
        let request = soon(bob.incoming.next()).await.unwrap();
        assert_eq!(request.decode::<SendAsk>().unwrap().id, id);
    }
}

#[tokio::test(start_paused = true)]
async fn the_65th_request_that_waits_is_refused_as_busy() {
    let (mut stranger, mut bob) = stranger_and_bob(Deadlines::default()).await;
    for number in 0..65 {
        stranger.say(&SendAsk { id: 1 + 2 * number, entries: 1, data_length: 0 }).await;
    }
    let refused: Failure = soon(stranger.next()).await.unwrap().decode().unwrap();
    assert_eq!((refused.id, refused.code), (129, Code::Busy));
    let mut waiting = Vec::new();
    while waiting.len() < 64 {
        waiting.push(soon(bob.incoming.next()).await.unwrap());
    }
    waiting.pop().unwrap().answer(granted(1)).unwrap();
    assert_eq!(soon(stranger.next()).await.unwrap().kind, Kind::SendGrant);
    stranger.say(&SendAsk { id: 131, entries: 1, data_length: 0 }).await;
    assert!(soon(bob.incoming.next()).await.is_some(), "there is room again");
}

#[tokio::test(start_paused = true)]
async fn frames_of_a_stream_come_in_order_to_whoever_takes_them() {
    let (alice, mut bob) = soon(pair(64)).await;
    let receive = async {
        let request = bob.incoming.next().await.unwrap();
        let mut frames = request.open_stream().expect("it is new");
        assert!(request.open_stream().is_none(), "once");
        request.answer(granted(1)).unwrap();
        for index in 0..20 {
            let chunk: StreamChunk = frames.next().await.unwrap().decode().unwrap();
            assert_eq!((chunk.stream(), chunk.head().index), (frames.number(), index));
        }
        bob.conversation.tell(&SegmentVerified { stream: frames.number(), segment: 1 }).unwrap();
        frames
    };
    let send = async {
        let (_, mut frames) = alice.conversation.ask_stream(ask()).await.unwrap();
        for index in 0..20 {
            alice.conversation.send_bulk(&chunk(frames.number(), index, 100)).await.unwrap();
        }
        let verified: SegmentVerified = frames.next().await.unwrap().decode().unwrap();
        assert_eq!((frames.number(), verified.segment), (1, 1));
        frames
    };
    let (mut of_alice, mut of_bob) = soon(async { tokio::join!(send, receive) }).await;
    alice.conversation.end(Code::Done, "");
    assert!(soon(of_bob.next()).await.is_none() && soon(of_alice.next()).await.is_none());
}

/// The writer looks for words and for bulk one after the other, and both may be handed over in between. On
/// one thread that cannot happen.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_said_before_a_chunk_comes_before_it() {
    let (alice, mut bob) = soon(pair(4096)).await;
    let grant = async {
        let request = bob.incoming.next().await.unwrap();
        let frames = request.open_stream().unwrap();
        request.answer(granted(1)).unwrap();
        frames
    };
    let (begun, mut frames) =
        soon(async { tokio::join!(alice.conversation.ask_stream(ask()), grant) }).await;
    let (_, mut own) = begun.unwrap();
    let stream = own.number();
    for round in 0..60_000_u32 {
        // The writer is awake, and how far it is in its round is chance.
        alice.conversation.tell(&Ping { token: round.into() }).unwrap();
        for _ in 0..u16::from_le_bytes(random()) % 4096 {
            std::hint::spin_loop();
        }
        alice.conversation.tell(&SegmentVerified { stream, segment: round }).unwrap();
        alice.conversation.send_bulk(&chunk(stream, round, 10)).await.unwrap();
        for kind in [Kind::SegmentVerified, Kind::StreamChunk] {
            assert_eq!(soon(frames.next()).await.unwrap().kind, kind, "{round}");
        }
        bob.conversation.tell(&StreamAccept { stream }).unwrap();
        soon(own.next()).await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn frames_of_a_stream_that_ended_are_ignored_and_others_are_not() {
    let (mut stranger, mut bob) = stranger_and_bob(Deadlines::default()).await;
    stranger.say(&ask_with(1)).await;
    let request = soon(bob.incoming.next()).await.unwrap();
    drop(request.open_stream().unwrap());
    request.answer(granted(1)).unwrap();
    stranger.say(&StreamAccept { stream: 1 }).await;
    stranger.say(&ask_with(3)).await;
    assert!(soon(bob.incoming.next()).await.is_some(), "the conversation goes on");
    stranger.say(&StreamAccept { stream: 5 }).await;
    assert_eq!(soon(stranger.goodbye()).await.unwrap().code, Code::Unexpected);
}

#[tokio::test(start_paused = true)]
async fn who_grants_a_stream_that_is_not_wanted_any_more_is_told() {
    let (alice, mut bob) = soon(pair(4096)).await;
    let asking = alice.conversation.ask_stream(ask());
    let request = tokio::select! {
        _ = asking => panic!("nobody answered"),
        request = bob.incoming.next() => request.unwrap(),
    };
    let mut frames = request.open_stream().unwrap();
    request.answer(granted(1)).unwrap();
    let frame = soon(frames.next()).await.unwrap();
    assert_eq!(frame.decode::<StreamEnd>().unwrap().code, Code::Cancelled);
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_nobody_takes_holds_up_its_sender_but_not_what_goes_the_other_way() {
    let (alice, mut bob) = soon(pair(4096)).await;
    let grant = async {
        let request = bob.incoming.next().await.unwrap();
        let frames = request.open_stream().unwrap();
        request.answer(granted(1)).unwrap();
        frames
    };
    let (begun, mut frames) = tokio::join!(alice.conversation.ask_stream(ask()), grant);
    let (_, _own) = begun.unwrap();
    let conversation = alice.conversation.clone();
    let sender = tokio::spawn(async move {
        for index in 0..40 {
            conversation.send_bulk(&chunk(1, index, 10_000)).await.unwrap();
        }
    });
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(!sender.is_finished(), "a queue of 8, 4 frames and a pipe do not hold 40 chunks");
    let answered = async { bob.conversation.ask(ask()).await };
    let mut incoming = alice.incoming;
    let (answered, ()) =
        soon(async { tokio::join!(answered_late(answered), grant_backwards(&mut incoming, 1)) })
            .await;
    // Bob's reader is held up, so he does not see the answer; but Alice saw the request.
    assert!(!answered);
    for index in 0..40 {
        let chunk: StreamChunk = soon(frames.next()).await.unwrap().decode().unwrap();
        assert_eq!(chunk.head().index, index);
    }
    soon(sender).await.unwrap();
}

/// What follows on requests comes in frames that are larger than the requests.
#[tokio::test(start_paused = true)]
async fn what_comes_for_requests_that_nobody_looks_at_takes_no_more_room_than_requests_may() {
    const ROUNDS: u32 = 6;
    const SIZE: usize = 200_000;
    let deadlines = Deadlines { request_bytes: 1 << 20, ..Deadlines::default() };
    let (mut stranger, mut bob) = stranger_and_bob_over(duplex(10_000), deadlines).await;
    let streams = (1..=31).step_by(2);
    for id in streams.clone() {
        let (challenge, share, wanted) = ([0; 32], [1; 16].into(), <_>::default());
        stranger.say(&GetAsk { id, challenge, share, wanted, more: true, waits: None }).await;
    }
    let left = Arc::new(AtomicUsize::new(0));
    let (counted, of) = (Arc::clone(&left), streams.clone());
    let sender = tokio::spawn(async move {
        for index in 0..ROUNDS {
            for stream in of.clone() {
                stranger.say(&chunk(stream, index, SIZE)).await;
                counted.fetch_add(SIZE, Ordering::Relaxed);
            }
        }
        stranger
    });
    tokio::time::sleep(Duration::from_secs(5)).await;
    let left = left.load(Ordering::Relaxed);
    // And one that was read waits for room.
    assert!(((1 << 19)..=(1 << 20) + SIZE).contains(&left), "{left} bytes were taken in");
    // Some are looked at, some are refused: all that is left comes.
    let mut taken = Vec::new();
    for _ in streams {
        let request = soon(bob.incoming.next()).await.unwrap();
        match taken.len() {
            2 => request.refuse(Code::Busy, ""),
            _ => taken.push(request.open_stream().map(|frames| (request, frames)).unwrap()),
        }
    }
    for index in 0..ROUNDS {
        for (_, frames) in &mut taken {
            let chunk: StreamChunk = soon(frames.next()).await.unwrap().decode().unwrap();
            assert_eq!(chunk.head().index, index);
        }
    }
    soon(sender).await.unwrap();
}

/// Whether an answer came within a second.
async fn answered_late<T>(answer: impl Future<Output = T>) -> bool {
    tokio::time::timeout(Duration::from_secs(1), answer).await.is_ok()
}

#[tokio::test(start_paused = true)]
async fn those_who_send_in_bulk_are_served_in_turn_and_behind_messages() {
    let (mut stranger, bob) = stranger_and_bob_over(duplex(100_000), Deadlines::default()).await;
    // The pipe is full after the first of these, so the rest waits in the queues.
    let senders = [10, 20].map(|stream| {
        let conversation = bob.conversation.clone();
        tokio::spawn(async move {
            for index in 0..6 {
                conversation.send_bulk(&chunk(stream, index, 200_000)).await.unwrap();
            }
        })
    });
    tokio::time::sleep(Duration::from_secs(1)).await;
    bob.conversation.tell(&StreamAccept { stream: 30 }).unwrap();
    let mut order = Vec::new();
    while order.len() < 13 {
        let frame = soon(stranger.next()).await.unwrap();
        order.push(frame.number().unwrap().unwrap());
    }
    let message = order.iter().position(|stream| *stream == 30).unwrap();
    assert!(message <= 2, "{order:?}");
    order.remove(message);
    for served in [10, 20] {
        let in_the_middle = order[2..10].iter().filter(|stream| **stream == served).count();
        assert!((3..=5).contains(&in_the_middle), "{order:?}");
    }
    for sender in senders {
        soon(sender).await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn who_does_not_read_what_is_said_is_shown_the_door() {
    let (_stranger, bob) = stranger_and_bob_over(duplex(64), Deadlines::default()).await;
    let told = (0..2000).take_while(|_| bob.conversation.tell(&StreamAccept { stream: 1 }).is_ok());
    assert!(told.count() <= 1024 + 1);
    let why = soon(bob.conversation.ended()).await;
    assert!(matches!(why, Ending::Ours { code: Code::Slow, .. }), "{why}");
    soon(bob.driver).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn long_messages_fill_the_queue_by_their_bytes() {
    let deadlines = Deadlines { control_bytes: 100_000, ..Deadlines::default() };
    let (_stranger, bob) = stranger_and_bob_over(duplex(64), deadlines).await;
    let told = (0..20).take_while(|_| bob.conversation.tell(&chunk(1, 0, 30_000)).is_ok());
    assert!(told.count() <= 4);
    assert!(matches!(soon(bob.driver).await, Ok(Ending::Ours { code: Code::Slow, .. })));
}

#[tokio::test(start_paused = true)]
async fn pings_that_nobody_reads_the_answers_of_end_the_conversation() {
    let (mut stranger, bob) = stranger_and_bob_over(duplex(64), Deadlines::default()).await;
    let flood = async {
        for token in 0..10_000 {
            stranger.say(&Ping { token }).await;
        }
    };
    let (why, ()) = soon(async { tokio::join!(bob.conversation.ended(), flood) }).await;
    assert!(matches!(why, Ending::Ours { code: Code::Slow, .. }), "{why}");
}

#[tokio::test(start_paused = true)]
async fn a_bad_answer_ends_the_conversation_and_its_asker_hears_of_it() {
    for (kind, body) in [(Kind::SendGrant, &[0xa1, 0, 2][..]), (Kind::LanesGrant, &[0xa1, 0, 2])] {
        let (mut stranger, bob) = stranger_and_bob(Deadlines::default()).await;
        let asked = tokio::spawn(async move { (bob.conversation.ask(ask()).await, bob.driver) });
        stranger.next().await.unwrap();
        let length = u32::try_from(body.len() + 1).unwrap().to_be_bytes();
        stranger.send(&[length.as_slice(), &[kind.tag()], body].concat()).await;
        let (answer, driver) = soon(asked).await.unwrap();
        assert!(matches!(answer, Err(AskError::Ended(_))), "{answer:?}");
        assert!(matches!(soon(driver).await, Ok(Ending::Ours { .. })));
        let code = soon(stranger.goodbye()).await.unwrap().code;
        assert!(matches!(code, Code::Malformed | Code::Unexpected));
    }
}

#[tokio::test(start_paused = true)]
async fn the_listener_does_not_ask_for_lanes() {
    let (alice, bob) = soon(pair(64)).await;
    let refused = soon(bob.conversation.ask(LanesAsk { id: 0, stream: 1, count: 1 })).await;
    assert!(matches!(refused, Err(AskError::Refused { code: Code::Unexpected, .. })));
    drop(alice);
}

fn ask_with(id: u32) -> SendAsk {
    SendAsk { id, ..ask() }
}

/// Bob in conversation with somebody who speaks frames by hand.
pub(crate) async fn stranger_and_bob(deadlines: Deadlines) -> (Stranger<DuplexStream>, End) {
    stranger_and_bob_over(duplex(1 << 20), deadlines).await
}

pub(crate) async fn stranger_and_bob_over(
    (near, far): (DuplexStream, DuplexStream),
    deadlines: Deadlines,
) -> (Stranger<DuplexStream>, End) {
    let bob = side_with("bob", deadlines);
    let (stranger, bob) = tokio::join!(
        Stranger::greeted(near, "alice", Role::Dialler),
        end(far, &bob, Role::Listener, Expected::Anyone),
    );
    (stranger, bob.unwrap())
}
