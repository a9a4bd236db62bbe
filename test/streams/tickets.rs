//! Who may open a lane, and what becomes of those who may not.

use crate::by_hand::ByHand;
use crate::lanes::{Sender, Stage};
use crate::proxy::{Rule, knock};
use crate::stage::{Computed, Ground, MIB, Memory, Person, bytes_of, pass, refused, soon, whole};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use waxwing::crypto::{Tag, Ticket, random};
use waxwing::link::{AskError, Offer};
use waxwing::seal::ManifestEntry;
use waxwing::wire::{Code, Kind, LaneId, LaneOpening, LanesAsk, LanesGrant, Role};

/// Opens a lane; none if it was closed without a word.
async fn open(at: SocketAddr, opening: LaneOpening) -> Option<([u8; 32], TcpStream)> {
    let mut socket = TcpStream::connect(at).await.unwrap();
    socket.write_all(&opening.to_bytes()).await.unwrap();
    let mut answer = [0; 32];
    match soon(socket.read(&mut answer)).await {
        Ok(32) => Some((answer, socket)),
        Ok(0) | Err(_) => None,
        Ok(part) => panic!("{part} bytes of an answer"),
    }
}

/// Whether somebody with these gets nothing at all.
async fn gets_nothing(at: SocketAddr, lane: LaneId, mac: Tag) -> bool {
    soon(knock(at, &LaneOpening { lane, mac }.to_bytes())).await.is_empty()
}

/// A lane that was closed, whatever was said before.
async fn is_closed(mut socket: TcpStream) -> bool {
    soon(socket.read(&mut [0])).await.is_ok_and(|count| count == 0)
}

async fn ask(alice: &Person, stream: u32, count: u8) -> Result<LanesGrant, Code> {
    let asked = alice.streams.conversation().ask(LanesAsk { id: 0, stream, count }).await;
    asked.map_err(|error| match error {
        AskError::Refused { code, .. } => code,
        other => panic!("{other:?}"),
    })
}

fn large() -> Vec<ManifestEntry> {
    vec![whole("large", 12 * MIB)]
}

/// What arrives of a large file.
async fn take(bob: &Person, offer: Offer) {
    let place = Memory::new();
    bob.take(offer, &place).await.unwrap();
    assert!(place.file(0) == bytes_of(0, 12 * MIB), "another file arrived");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lane_opens_once_and_only_to_its_ticket() {
    let mut ground = Ground::new().await;
    let (alice, mut bob) = ground.pair().await;
    let (at, source) = (ground.address, Arc::new(Computed));
    let ((sealer, frames), (bobs_frames, context)) = tokio::join!(alice.ask(large()), bob.grant());
    let stream = frames.number();
    let sending = alice.send_sealed(sealer, frames, source);
    let strangers = async {
        let offer = bob.await_offer(bobs_frames, context).await.unwrap();
        let grant = ask(&alice, stream, 2).await.unwrap();
        let (ticket, guessed) = (&grant.ticket, Ticket::random());
        let [first, second] = *grant.lanes.as_slice() else { panic!("not two lanes") };
        let unknown = LaneId::random();
        assert!(gets_nothing(at, unknown, unknown.mac(ticket, Role::Dialler)).await);
        assert!(gets_nothing(at, first, Tag::from_bytes(random())).await);
        assert!(gets_nothing(at, first, first.mac(&guessed, Role::Dialler)).await);
        assert!(gets_nothing(at, first, first.mac(ticket, Role::Listener)).await);
        assert!(gets_nothing(at, first, second.mac(ticket, Role::Dialler)).await);
        // Whoever took the id without the ticket took nothing from who has it.
        let (answer, lane) = open(at, LaneOpening::new(first, ticket)).await.unwrap();
        assert_eq!(&answer, first.mac(ticket, Role::Listener).as_bytes());
        assert!(gets_nothing(at, first, first.mac(ticket, Role::Dialler)).await);
        drop(lane);
        assert!(gets_nothing(at, first, first.mac(ticket, Role::Dialler)).await);
        take(&bob, offer).await;
    };
    let (sent, ()) = soon(async { tokio::join!(sending, strangers) }).await;
    sent.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_is_for_one_stream_and_ends_with_it() {
    let mut ground = Ground::new().await;
    let (alice, mut bob) = ground.pair().await;
    let at = ground.address;
    let (one, two) = (alice.ask(large()), alice.ask(large()));
    let ((one, to_bob), (two, also_to_bob)) =
        (tokio::join!(one, bob.grant()), tokio::join!(two, bob.grant()));
    let (first, second) = (one.1.number(), two.1.number());
    let sending = async {
        let (one, two) = tokio::join!(
            alice.send_sealed(one.0, one.1, Arc::new(Computed)),
            alice.send_sealed(two.0, two.1, Arc::new(Computed)),
        );
        assert_eq!(refused(one), Code::Declined);
        two.unwrap();
    };
    let strangers = async {
        let declined = bob.await_offer(to_bob.0, to_bob.1).await.unwrap();
        let taken = bob.await_offer(also_to_bob.0, also_to_bob.1).await.unwrap();
        let (of_first, of_second) =
            (ask(&alice, first, 2).await.unwrap(), ask(&alice, second, 1).await.unwrap());
        let [lane, late] = *of_first.lanes.as_slice() else { panic!("not two lanes") };
        assert!(gets_nothing(at, lane, lane.mac(&of_second.ticket, Role::Dialler)).await);
        let (_, lane) = open(at, LaneOpening::new(lane, &of_first.ticket)).await.unwrap();
        declined.decline(Code::Declined, "");
        assert!(is_closed(lane).await);
        assert!(gets_nothing(at, late, late.mac(&of_first.ticket, Role::Dialler)).await);
        assert_eq!(ask(&alice, first, 1).await.unwrap_err(), Code::NoLanes);
        let [lane] = *of_second.lanes.as_slice() else { panic!("not one lane") };
        open(at, LaneOpening::new(lane, &of_second.ticket)).await.unwrap();
        take(&bob, taken).await;
    };
    soon(async { tokio::join!(sending, strangers) }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_has_eight_lanes_and_eight_that_wait() {
    let mut ground = Ground::new().await;
    let (alice, mut bob) = ground.pair().await;
    let at = ground.address;
    let ((sealer, frames), (bobs_frames, context)) = tokio::join!(alice.ask(large()), bob.grant());
    let stream = frames.number();
    let sending = alice.send_sealed(sealer, frames, Arc::new(Computed));
    let strangers = async {
        let offer = bob.await_offer(bobs_frames, context).await.unwrap();
        for (of, count, refusal) in [
            (stream, 0, Code::Malformed),
            (stream, 9, Code::Malformed),
            (stream, 255, Code::Malformed),
            (stream + 2, 1, Code::NoLanes),
            (2, 1, Code::NoLanes),
        ] {
            assert_eq!(ask(&alice, of, count).await.unwrap_err(), refusal, "{of} {count}");
        }
        // Who asks for more than all streams together may have takes nobody else's place.
        let mut last = ask(&alice, stream, 8).await.unwrap();
        for _ in 0..200 {
            let lane = last.lanes.as_slice()[0];
            let replaced = std::mem::replace(&mut last, ask(&alice, stream, 8).await.unwrap());
            assert!(gets_nothing(at, lane, lane.mac(&replaced.ticket, Role::Dialler)).await);
        }
        let mut lanes = Vec::new();
        for id in last.lanes.as_slice() {
            lanes.push(open(at, LaneOpening::new(*id, &last.ticket)).await.unwrap().1);
        }
        let more = ask(&alice, stream, 8).await.unwrap();
        for id in more.lanes.as_slice() {
            let (_, lane) = open(at, LaneOpening::new(*id, &more.ticket)).await.unwrap();
            assert!(is_closed(lane).await);
        }
        let mut byte = [0];
        assert!(lanes.iter().all(|lane| lane.try_read(&mut byte).is_err()), "one was closed");
        drop(lanes);
        take(&bob, offer).await;
    };
    let (sent, ()) = soon(async { tokio::join!(sending, strangers) }).await;
    sent.unwrap();
}

#[tokio::test]
async fn a_ticket_is_good_for_ten_seconds() {
    let mut ground = Ground::new().await;
    let (alice, mut bob) = ground.pair().await;
    let at = ground.address;
    let ((sealer, frames), (bobs_frames, context)) = tokio::join!(alice.ask(large()), bob.grant());
    let stream = frames.number();
    let sending = alice.send_sealed(sealer, frames, Arc::new(Computed));
    let late = async {
        let offer = bob.await_offer(bobs_frames, context).await.unwrap();
        let grant = ask(&alice, stream, 2).await.unwrap();
        let [in_time, late] = *grant.lanes.as_slice() else { panic!("not two lanes") };
        pass(Duration::from_secs(9)).await;
        open(at, LaneOpening::new(in_time, &grant.ticket)).await.unwrap();
        pass(Duration::from_secs(1)).await;
        assert!(gets_nothing(at, late, late.mac(&grant.ticket, Role::Dialler)).await);
        take(&bob, offer).await;
    };
    let (sent, ()) = soon(async { tokio::join!(sending, late) }).await;
    sent.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn stolen_ids_and_repeated_openings_are_worth_nothing() {
    for sender in [Sender::Dialler, Sender::Listener] {
        let mut stage = Stage::new(|lane| match lane {
            0 => Rule::Steal,
            _ => Rule::Repeat,
        })
        .await;
        let seen = stage.carry(sender, 12 * MIB).await;
        assert_eq!(seen.lanes(), 2, "{sender:?}");
        assert_eq!(seen.answered, [[0; 0]; 2], "{sender:?}");
        assert!(seen.lane_bytes() >= 12 * MIB, "{sender:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_false_listener_is_told_no_chunk() {
    for rule in [Rule::Guess, Rule::Reflect] {
        let mut stage = Stage::new(move |lane| if lane < 2 { rule } else { Rule::Pass }).await;
        let seen = stage.carry(Sender::Dialler, 12 * MIB).await;
        assert_eq!(seen.lanes(), 4, "{rule:?}");
        assert!(seen.lane_bytes() >= 12 * MIB, "{rule:?}");
        assert_eq!(seen.told_strangers, [0, 0], "{rule:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_wants_a_lane_for_little_gets_one() {
    let mut ground = Ground::new().await;
    let (alice, mut bob) = ground.pair().await;
    let (at, place) = (ground.address, Memory::new());
    let sending = async {
        let mut by_hand = ByHand::ask(&alice, vec![whole("little", 5)]).await;
        by_hand.introduce();
        by_hand.await_accept().await;
        let grant = ask(&alice, by_hand.frames.number(), 1).await.unwrap();
        let [lane] = *grant.lanes.as_slice() else { panic!("not one lane") };
        let (_, mut lane) = open(at, LaneOpening::new(lane, &grant.ticket)).await.unwrap();
        for _ in ["data", "ids"] {
            let (head, body) = by_hand.chunk();
            let numbers = [head.index, head.length].map(u32::to_be_bytes).concat();
            lane.write_all(&[&numbers, head.tag.as_bytes().as_slice(), &body].concat())
                .await
                .unwrap();
        }
        let record = by_hand.sealer.finish(&Computed).unwrap();
        by_hand.send_record(record);
        assert_eq!(by_hand.next().await, Kind::SegmentVerified);
        assert_eq!(by_hand.next().await, Kind::StreamDelivered);
    };
    soon(async { tokio::join!(sending, bob.receive(&place)) }).await.1.unwrap();
    assert_eq!(place.file(0), bytes_of(0, 5));
}
