//! Senders that declare little and send much, or declare what no disk holds.

use crate::by_hand::ByHand;
use crate::canary::Canary;
use crate::raw_offers::{is_still_served, sandbox};
use crate::raw_sender::why_it_ended;
use crate::sandbox::Everything;
use waxwing::link::StreamError;
use waxwing::model::limits::ENTRY_SIZE;
use waxwing::peer::Error;
use waxwing::seal::Refusal;
use waxwing::wire::Code;

#[tokio::test(flavor = "multi_thread")]
async fn who_sends_more_than_was_declared_is_stopped_at_the_first_chunk() {
    // Ten bytes were declared. A longer chunk comes in their place, or others behind them.
    for comes_first in [false, true] {
        let mut stage = sandbox().await;
        let canary = Canary::begin(&stage).await;
        let before = Everything::below(&stage.at(""));
        let mut alice = ByHand::offering(&stage, 10).await;
        alice.await_accept().await;
        let mut next = 1;
        if comes_first {
            let right = alice.next_chunk();
            alice.bob.send_bulk(&right).await.unwrap();
            next += 1;
        }
        let (sent, code) = alice.send_on(next).await;
        assert_eq!(code, Refusal::ChunkShape.into());
        // What lay between the two when he said it, and not a gigabyte.
        assert!(sent < 64 << 20, "{sent}");
        let error = stage.received().await.unwrap_err();
        let is_told = matches!(error, Error::Stream(StreamError::Sealed(Refusal::ChunkShape)));
        assert!(is_told, "{error:?}");
        before.is_still(&stage.at(""), "more than was declared");
        canary.sings().await;
        is_still_served(&mut stage, "note").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_disk_holds_is_declined_before_any_of_it_comes() {
    let mut stage = sandbox().await;
    let before = Everything::below(&stage.at(""));
    let mut alice = ByHand::offering(&stage, ENTRY_SIZE).await;
    assert_eq!(why_it_ended(&mut alice.frames).await, Code::NoSpace);
    let error = stage.received().await.unwrap_err();
    let Error::NoSpace { needed, free } = error else { panic!("{error:?}") };
    assert!(needed == ENTRY_SIZE && free < needed, "{needed} of {free}");
    before.is_still(&stage.at(""), "more than the disk");
    is_still_served(&mut stage, "note").await;
}
