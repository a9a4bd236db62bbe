//! How many lanes there may be is bounded over all streams, whoever they are of.

use super::{Joint, LANES_IN_ALL, LaneBook};
use crate::wire::Code;
use std::sync::Arc;
use std::time::Duration;

#[tokio::test]
async fn of_many_streams_only_so_many_are_given_lanes() {
    let book = LaneBook::new(Duration::from_secs(1));
    let streams: Vec<Arc<Joint>> = (0..LANES_IN_ALL / 8).map(|_| Joint::new()).collect();
    assert!(streams.iter().all(|stream| book.grant(stream, 8).is_ok()));
    let another = Joint::new();
    assert_eq!(book.grant(&another, 1).unwrap_err(), Code::NoLanes);
    // Who asks again holds no more, and what ended leaves room.
    assert!(book.grant(&streams[0], 8).is_ok());
    drop(streams);
    assert!(book.grant(&another, 8).is_ok());
}
