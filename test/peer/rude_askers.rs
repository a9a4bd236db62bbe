//! Askers that want what nobody would: they get a reason, and others go on being served.

use crate::stage::{MIB, Stage, bytes_of, path, soon};
use futures_util::future::join_all;
use std::time::Duration;
use waxwing::codec::List;
use waxwing::link::{AskError, StreamFrames};
use waxwing::model::Audience;
use waxwing::wire::index::PathSaid;
use waxwing::wire::{Ask, Code, GetAsk, GetGrant, Kind, Message, Numbered, Wanted};

fn ask(stage: &Stage, names: &[&str]) -> GetAsk {
    let wanted =
        names.iter().map(|name| Wanted { path: PathSaid(path(name)), content: None, parts: None });
    GetAsk {
        id: 0,
        challenge: [3; 32],
        share: (*stage.share.as_bytes()).into(),
        wanted: List::new(wanted.collect()).unwrap(),
    }
}

async fn asked(stage: &Stage, names: &[&str]) -> Result<(GetGrant, StreamFrames), AskError> {
    soon(stage.streams.conversation().ask_stream(ask(stage, names))).await
}

fn code<T: std::fmt::Debug>(answer: Result<T, AskError>) -> Code {
    match answer {
        Err(AskError::Refused { code, .. }) => code,
        other => panic!("not refused: {other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_that_make_no_sense_are_malformed() {
    let stage = Stage::new().await;
    stage.make("a", b"a");
    stage.publish(Audience::Everyone);
    assert_eq!(code(asked(&stage, &[]).await), Code::Malformed);
    assert_eq!(code(asked(&stage, &["a", "a"]).await), Code::Malformed);
    assert!(stage.fetch(&["a"]).await.stopped.is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_requests_is_answered_and_only_so_many_are_served_at_once() {
    let stage = Stage::new().await;
    stage.make("a", &bytes_of(1, 20 * MIB));
    stage.publish(Audience::Everyone);
    // Nobody takes what comes: all that are granted stay under way.
    let answers = soon(join_all((0..50).map(|_| asked(&stage, &["a"])))).await;
    let (granted, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
    assert_eq!(granted.len(), 4);
    assert!(refused.into_iter().all(|answer| code(answer) == Code::Busy));

    // When they are given up, there is room again: after their ends were said.
    for stream in granted {
        let (_, frames) = stream.unwrap();
        let (stream, text) = (frames.number(), Default::default());
        let end = waxwing::wire::StreamEnd { stream, code: Code::Cancelled, text };
        stage.streams.conversation().tell(&end).unwrap();
    }
    let served = async {
        while stage.fetch(&["a"]).await.stopped.is_some() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    soon(served).await;
    assert_eq!(stage.tree("downloads"), stage.tree("share"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_asker_that_goes_away_half_way_leaves_nothing_and_harms_nobody() {
    let mut stage = Stage::new().await;
    stage.make("large", &bytes_of(1, 100 * MIB));
    stage.make("a", b"a");
    stage.publish(Audience::Everyone);
    let bytes_are_here = async {
        let is_part = |(name, bytes): &(String, Option<Vec<u8>>)| {
            name.ends_with("/0") && bytes.as_ref().is_some_and(|bytes| !bytes.is_empty())
        };
        while !stage.tree("downloads").iter().any(is_part) {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    let fetching = stage.fetch(&["large"]);
    tokio::select! {
        fetched = fetching => panic!("it ended: {fetched:?}"),
        () = soon(bytes_are_here) => {}
    }
    assert_eq!(stage.names("downloads"), [""; 0]);
    assert!(stage.served().await.is_err());
    assert!(stage.fetch(&["a"]).await.stopped.is_none());
    assert_eq!(stage.names("downloads"), ["a"]);
}

/// A request for one entry whose path is a list of anything.
struct Anywhere(u32, &'static [&'static str]);

impl Message for Anywhere {
    const KIND: Kind = Kind::GetAsk;

    fn write(&self, out: &mut Vec<u8>) {
        let mut out = minicbor::Encoder::new(out);
        out.map(4).unwrap().u8(0).unwrap().u32(self.0).unwrap();
        out.u8(1).unwrap().bytes(&[3; 32]).unwrap().u8(2).unwrap().bytes(&[7; 16]).unwrap();
        out.u8(3).unwrap().array(1).unwrap().map(1).unwrap().u8(0).unwrap();
        out.array(self.1.len() as u64).unwrap();
        self.1.iter().for_each(|name| {
            out.str(name).unwrap();
        });
    }

    fn decode(_: &bytes::Bytes) -> Result<Self, waxwing::codec::Error> {
        Err(waxwing::codec::Error::Invalid("only sent"))
    }
}

impl Numbered for Anywhere {
    fn id(&self) -> u32 {
        self.0
    }

    fn set_id(&mut self, id: u32) {
        self.0 = id;
    }
}

impl Ask for Anywhere {
    type Answer = GetGrant;
}

#[tokio::test(flavor = "multi_thread")]
async fn paths_that_lead_out_of_a_share_are_no_requests() {
    let stage = Stage::new().await;
    stage.make("a", b"a");
    stage.write("secret", b"beside the share");
    stage.publish(Audience::Everyone);
    let paths: [&[&str]; 9] = [
        &["..", "secret"],
        &["../secret"],
        &["a", "..", "..", "secret"],
        &["/etc/passwd"],
        &["", "etc", "passwd"],
        &["."],
        &["..\\secret"],
        &["a\0"],
        &[],
    ];
    for path in paths {
        let answer = soon(stage.streams.conversation().ask(Anywhere(0, path))).await;
        assert_eq!(code(answer), Code::Malformed, "{path:?}");
    }
    let plain = soon(stage.streams.conversation().ask_stream(Anywhere(0, &["a"]))).await;
    assert_eq!(plain.unwrap().0.entries, 1, "it is the paths that were refused");
}
