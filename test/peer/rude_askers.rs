//! Askers that want what nobody would: they get a reason, and others go on being served.

use crate::canary::Canary;
use crate::raw_asks::{Anywhere, OUTSIDE, get};
use crate::sandbox::Everything;
use crate::stage::{MIB, Stage, bytes_of, soon};
use futures_util::FutureExt;
use futures_util::future::join_all;
use std::cell::Cell;
use std::time::Duration;
use waxwing::link::{AskError, StreamError, StreamFrames};
use waxwing::model::Audience;
use waxwing::peer::Error;
use waxwing::wire::{Code, GetAsk, GetGrant, GetMore, StreamEnd, Without};

fn ask(stage: &Stage, names: &[&str]) -> GetAsk {
    get(*stage.share.as_bytes(), names)
}

/// The answer to a request in these pages.
async fn asked_in_pages(stage: &Stage, pages: &[&[&str]]) -> Result<GetGrant, AskError> {
    let mut pages = || pages.iter().map(|names| ask(stage, names).wanted);
    soon(stage.streams.get(stage.share, [3; 32], &mut pages)).await.map(|(grant, _)| grant)
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
    let before = Everything::untouched(&stage.at(""));
    assert_eq!(code(asked(&stage, &[]).await), Code::Malformed);
    assert_eq!(code(asked(&stage, &["a", "a"]).await), Code::Malformed);
    before.is_still(&stage.at(""), "somebody asked");
    assert!(stage.fetch(&["a"]).await.stopped.is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_that_make_no_sense_are_refused_and_the_rest_of_them_is_passed_over() {
    let mut stage = Stage::new().await;
    for name in ["a", "b"] {
        stage.make(name, b"a");
    }
    stage.publish(Audience::Everyone);
    let before = Everything::untouched(&stage.at(""));
    let many = [&["a"][..]; 40];
    let not_there = [&["a"][..], &["nothing"], &["b"]];
    for (pages, refused) in [
        (&[&["a"][..], &[]][..], Code::Malformed),
        (&[&["a"], &[], &["b"]], Code::Malformed),
        (&[&["a"], &["b"], &["a"]], Code::Malformed),
        (&many, Code::Malformed),
    ] {
        assert_eq!(code(asked_in_pages(&stage, pages).await), refused, "{pages:?}");
        assert!(stage.served().await.is_err());
    }
    assert_eq!(asked_in_pages(&stage, &[&["a"], &["b"]]).await.unwrap().entries, 2);
    let grant = asked_in_pages(&stage, &not_there).await.unwrap();
    let without = Without { first: 1, count: 1, code: Code::NotFound };
    assert_eq!((grant.entries, grant.without.unwrap().to_vec()), (2, vec![without]));
    before.is_still(&stage.at(""), "somebody asked");
    assert!(stage.fetch(&["a"]).await.stopped.is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_asked_for_twice_is_refused_as_it_comes() {
    let mut stage = Stage::new().await;
    stage.make("a", b"a");
    stage.publish(Audience::Everyone);
    let before = Everything::untouched(&stage.at(""));
    // The next page never comes.
    let twice = GetAsk { more: true, ..ask(&stage, &["a", "a"]) };
    let answer = soon(stage.streams.conversation().ask_stream(twice)).await;
    assert_eq!(code(answer), Code::Malformed);
    assert!(stage.served().await.is_err());
    before.is_still(&stage.at(""), "somebody asked");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_comes_when_all_was_granted_ends_the_stream() {
    let mut stage = Stage::new().await;
    stage.make("a", &bytes_of(1, 20 * MIB));
    stage.publish(Audience::Everyone);
    let before = Everything::untouched(&stage.at(""));
    let (_, frames) = asked(&stage, &["a"]).await.unwrap();
    let page = GetMore {
        stream: frames.number(),
        wanted: ask(&stage, &["a"]).wanted,
        more: false,
        anew: None,
    };
    stage.streams.conversation().tell(&page).unwrap();
    let Err(Error::Stream(StreamError::Unexpected)) = stage.served().await else {
        panic!("it goes on")
    };
    before.is_still(&stage.at(""), "somebody asked");
    assert!(stage.fetch(&["a"]).await.stopped.is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_that_were_announced_and_never_come_hold_no_more_than_their_turns() {
    let mut stage = Stage::new().await;
    stage.make("a", b"a");
    stage.publish(Audience::Everyone);
    let before = Everything::untouched(&stage.at(""));
    let conversation = stage.streams.conversation().clone();
    let half = |_| conversation.ask_stream(GetAsk { more: true, ..ask(&stage, &["a"]) });
    let mut halves: Vec<_> = (0..8).map(half).map(Box::pin).collect();
    for half in &mut halves {
        assert!(half.now_or_never().is_none());
    }
    for _ in 0..4 {
        let Err(Error::Declined(Code::Busy)) = stage.served().await else { panic!("room") };
    }
    // Those of a dialler are odd.
    for stream in (1..16).step_by(2) {
        let end = StreamEnd { stream, code: Code::Cancelled, text: Default::default() };
        conversation.tell(&end).unwrap();
    }
    let mut codes: Vec<_> = soon(join_all(halves)).await.into_iter().map(code).collect();
    codes.sort_by_key(|code| code.number());
    assert_eq!(codes, [[Code::Busy; 4], [Code::Cancelled; 4]].concat());
    for _ in 0..4 {
        assert!(stage.served().await.is_err());
    }
    before.is_still(&stage.at(""), "somebody asked");
    assert!(stage.fetch(&["a"]).await.stopped.is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn who_goes_away_between_two_pages_is_not_waited_for() {
    let mut stage = Stage::new().await;
    stage.make("a", b"a");
    stage.publish(Audience::Everyone);
    let before = Everything::untouched(&stage.at(""));
    // Some more leave while it is said; never all. Nothing is asked for twice, which would
    // be refused as it comes.
    const ALL: usize = 90_000;
    let said = Cell::new(0);
    let mut pages = || {
        let page = std::iter::repeat_with(|| {
            said.set(said.get() + 1);
            ask(&stage, &[&format!("a{}", said.get())]).wanted
        });
        page.take(ALL)
    };
    {
        let mut getting = Box::pin(stage.streams.get(stage.share, [3; 32], &mut pages));
        assert!(getting.as_mut().now_or_never().is_none());
    }
    assert!(said.get() < ALL, "it is not said before it can leave");
    let Err(Error::Declined(Code::Cancelled)) = stage.served().await else {
        panic!("they are waited for")
    };
    before.is_still(&stage.at(""), "somebody asked");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_requests_is_answered_and_only_so_many_are_served_at_once() {
    let stage = Stage::new().await;
    stage.make("a", &bytes_of(1, 20 * MIB));
    stage.publish(Audience::Everyone);
    let before = Everything::untouched(&stage.at(""));
    // Nobody takes what comes: all that are granted stay under way.
    let answers = soon(join_all((0..50).map(|_| asked(&stage, &["a"])))).await;
    let (granted, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
    assert_eq!(granted.len(), 4);
    assert!(refused.into_iter().all(|answer| code(answer) == Code::Busy));

    // When they are given up, there is room again: after their ends were said.
    for stream in granted {
        let (_, frames) = stream.unwrap();
        let (stream, text) = (frames.number(), Default::default());
        let end = StreamEnd { stream, code: Code::Cancelled, text };
        stage.streams.conversation().tell(&end).unwrap();
    }
    before.is_still(&stage.at(""), "somebody asked");
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
    // In Bob's folder: what comes to Alice's goes again.
    let before = Everything::untouched(&stage.at("share"));
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
    // A thread that writes in this moment holds what there is until it has.
    let all_is_gone = async {
        while !stage.names("downloads").is_empty() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    soon(all_is_gone).await;
    assert!(stage.served().await.is_err());
    before.is_still(&stage.at("share"), "somebody went away");
    assert!(stage.fetch(&["a"]).await.stopped.is_none());
    assert_eq!(stage.names("downloads"), ["a"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn paths_that_lead_out_of_a_share_are_no_requests() {
    let stage = Stage::new().await;
    stage.make("a", b"a");
    stage.write("secret", b"beside the share");
    let canary = Canary::begin(&stage).await;
    let before = Everything::untouched(&stage.at(""));
    let (bob, share) = (stage.streams.conversation(), *stage.share.as_bytes());
    for path in OUTSIDE {
        let answer = soon(bob.ask(Anywhere::of(share, path))).await;
        assert_eq!(code(answer), Code::Malformed, "{path:?}");
    }
    let plain = soon(bob.ask_stream(Anywhere::of(share, &["a"]))).await;
    assert_eq!(plain.unwrap().0.entries, 1, "it is the paths that were refused");
    before.is_still(&stage.at(""), "somebody asked");
    canary.sings().await;
}
