//! The index goes away and comes back: what is known meanwhile, and what holds again by itself.

use crate::stub::{
    PASSWORD, Stub, Turn, log_in, next_news, seen, setup, soon, until, until_here, user,
};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep};
use waxwing::link::{Backoff, Ending};
use waxwing::model::UnixTime;
use waxwing::node::index::{Age, Error, Known, LoggedOut, News, Setup, Status, Trouble};
use waxwing::wire::index::Noted;
use waxwing::wire::{Code, Kind};

const CACHED: Age = Age::Cached { since: crate::keys::NOW };

#[tokio::test(start_paused = true)]
async fn what_was_known_is_answered_while_the_index_is_away_and_fresh_when_it_is_back() {
    let mut stub = Stub::new().await;
    stub.books().people = vec![seen("alice", &[]), seen("bob", &["192.0.2.9:7400"])];
    let known = Known::default();
    let session = stub.session_with(Setup { known: known.clone(), ..setup() });
    assert_eq!(soon(session.people()).await.unwrap().age, Age::Fresh);
    assert_eq!(soon(session.keys(&user("alice"))).await.unwrap().age, Age::Fresh);
    session.close().await;
    stub.go().await;

    // The next run of the program begins without the index.
    let later = || UnixTime(crate::keys::NOW.0 + 1000);
    let session = stub.session_with(Setup { known, clock: Arc::new(later), ..setup() });
    let people = soon(session.people()).await.unwrap();
    assert_eq!((people.age, people.value.len()), (CACHED, 2));
    assert_eq!(people.value[1].addresses[0].to_string(), "192.0.2.9:7400");
    let bob = soon(session.person(&user("bob"))).await.unwrap();
    assert_eq!((bob.age, bob.value.unwrap().online), (CACHED, true));
    let nobody = soon(session.person(&user("nobody"))).await.unwrap();
    assert_eq!((nobody.age, nobody.value), (CACHED, None));
    let keys = soon(session.keys(&user("alice"))).await.unwrap();
    assert_eq!((keys.age, keys.value.step.number), (CACHED, 0));
    // What is not known is not answered, and what would change something is not done.
    assert!(matches!(soon(session.keys(&user("bob"))).await, Err(Error::Away(_))));
    let begun = Instant::now();
    let changed = soon(session.set_contact(Some("room 8"))).await;
    assert!(matches!(changed, Err(Error::Away(Trouble::Link(_)))), "{changed:?}");
    assert_eq!(begun.elapsed().as_secs(), 30);

    stub.books().people.remove(0);
    stub.come();
    until_here(&session).await;
    let people = soon(session.people()).await.unwrap();
    assert_eq!((people.age, people.value.len()), (Age::Fresh, 1));
    assert_eq!(soon(session.keys(&user("alice"))).await.unwrap().age, Age::Fresh);
    assert!(stub.asked(Kind::ContactChange).is_empty());
    let since = later();
    stub.go().await;
    until(&session, |status| matches!(status, Status::Away(_))).await;
    let people = soon(session.people()).await.unwrap();
    assert_eq!((people.age, people.value.len()), (Age::Cached { since }, 1));
}

#[tokio::test(start_paused = true)]
async fn nothing_is_known_of_an_index_that_was_never_there() {
    let stub = Stub::away();
    let session = stub.session();
    let begun = Instant::now();
    assert!(matches!(soon(session.people()).await, Err(Error::Away(Trouble::Link(_)))));
    assert_eq!(begun.elapsed().as_secs(), 30);
    let person = soon(session.person(&user("bob"))).await;
    assert!(matches!(person, Err(Error::Away(_))));
    assert!(matches!(soon(session.account()).await, Err(Error::Away(_))));
    assert!(matches!(soon(session.reach(&user("bob"))).await, Err(Error::Away(_))));
}

#[tokio::test(start_paused = true)]
async fn a_question_waits_for_an_index_that_comes_in_time() {
    let mut stub = Stub::away();
    let session = stub.session();
    let asking = tokio::spawn({
        let session = session.clone();
        async move { session.people().await }
    });
    sleep(Duration::from_secs(10)).await;
    assert!(!asking.is_finished());
    stub.come();
    assert_eq!(soon(asking).await.unwrap().unwrap().age, Age::Fresh);
}

#[tokio::test(start_paused = true)]
async fn an_index_that_does_not_answer_is_as_good_as_away() {
    let stub = Stub::new().await;
    let session = stub.session();
    assert_eq!(soon(session.people()).await.unwrap().age, Age::Fresh);
    stub.always(Kind::PeopleAsk, Turn::Silent);
    stub.always(Kind::Reach, Turn::Silent);
    let begun = Instant::now();
    assert_eq!(soon(session.people()).await.unwrap().age, CACHED);
    assert_eq!(begun.elapsed().as_secs(), 30);
    assert_eq!(soon(session.reach(&user("bob"))).await, Err(Error::Late));
    // The others are not kept waiting.
    assert!(soon(session.account()).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn being_online_and_watching_hold_again_after_the_index_came_back() {
    let mut stub = Stub::new().await;
    let session = stub.session();
    let seen = soon(session.go_online(Some(7400))).await.unwrap();
    assert_eq!(seen.address.unwrap().to_string(), "192.0.2.1:7400");
    let mut news = session.news();
    soon(session.watch(true)).await.unwrap();
    for round in 2..5 {
        stub.go().await;
        until(&session, |status| matches!(status, Status::Away(_))).await;
        stub.come();
        until_here(&session).await;
        // What changed meanwhile was not told.
        assert_eq!(next_news(&mut news).await, News::Missed);
        for kind in [Kind::Online, Kind::Watch] {
            let conversations: Vec<_> =
                stub.asked(kind).iter().map(|asked| asked.conversation).collect();
            assert_eq!(conversations, (1..=round).collect::<Vec<_>>(), "{kind}");
        }
        assert_eq!(stub.asked(Kind::Resume).len(), round);
    }
    soon(session.watch(false)).await.unwrap();
    assert_eq!(stub.asked(Kind::Watch).len(), 5);
}

#[tokio::test(start_paused = true)]
async fn one_says_that_one_is_online_before_the_time_is_over() {
    let stub = Stub::new().await;
    let session = stub.session();
    soon(session.go_online(None)).await.unwrap();
    for told in 1..10 {
        assert_eq!(stub.asked(Kind::Online).len(), told);
        sleep(Duration::from_secs(30)).await;
        soon(session.account()).await.unwrap();
    }
    // What fails is tried again soon, and an index that grants nothing is not stormed.
    stub.once(Kind::Online, Turn::Refuse(Code::Storage));
    stub.books().lifetime = 0;
    sleep(Duration::from_secs(300)).await;
    let asked = stub.asked(Kind::Online).len();
    assert!((60..75).contains(&asked), "{asked}");
    stub.books().lifetime = u32::MAX;
    sleep(Duration::from_secs(3600)).await;
    let asked = stub.asked(Kind::Online).len() - asked;
    assert!((5..8).contains(&asked), "{asked}");
}

#[tokio::test(start_paused = true)]
async fn a_wish_that_comes_while_the_index_is_away_holds_when_it_is_there() {
    let mut stub = Stub::away();
    let session = stub.session();
    assert!(matches!(soon(session.go_online(Some(7400))).await, Err(Error::Away(_))));
    assert!(matches!(soon(session.watch(true)).await, Err(Error::Away(_))));
    stub.come();
    until_here(&session).await;
    soon(session.account()).await.unwrap();
    assert_eq!((stub.asked(Kind::Online).len(), stub.asked(Kind::Watch).len()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_wish_can_be_taken_back() {
    let stub = Stub::new().await;
    let session = stub.session_with(crate::stub::without_token());
    // Nobody is logged in: it is wished all the same, until it is no more.
    let refused = soon(session.go_online(None)).await;
    assert_eq!(refused, Err(Error::LoggedOut(LoggedOut::NotYet)));
    session.go_offline();
    log_in(&session, "alice", PASSWORD).await.unwrap();
    soon(session.account()).await.unwrap();
    assert!(stub.asked(Kind::Online).is_empty());
    soon(session.go_online(None)).await.unwrap();
    session.go_offline();
    sleep(Duration::from_secs(1000)).await;
    assert_eq!(stub.asked(Kind::Online).len(), 1);
    assert!(matches!(session.status(), Status::Here(_)));
}

#[tokio::test(start_paused = true)]
async fn a_wish_that_is_refused_is_told_and_not_repeated() {
    let mut stub = Stub::new().await;
    let session = stub.session();
    stub.once(Kind::Online, Turn::Refuse(Code::NotAllowed));
    let refused = soon(session.go_online(Some(80))).await.unwrap_err();
    assert!(matches!(refused, Error::Refused { code: Code::NotAllowed, .. }), "{refused}");
    sleep(Duration::from_secs(1000)).await;
    stub.go().await;
    stub.come();
    until_here(&session).await;
    soon(session.account()).await.unwrap();
    assert_eq!(stub.asked(Kind::Online).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_session_that_is_over_needs_the_password_and_then_goes_on() {
    for turn in [Turn::Refuse(Code::NoSession), Turn::Goodbye(Code::NoSession)] {
        let stub = Stub::new().await;
        let session = stub.session();
        let mut news = session.news();
        soon(session.go_online(Some(7400))).await.unwrap();
        stub.once(Kind::PeopleAsk, turn);
        stub.books().token = None;
        assert_eq!(soon(session.people()).await.unwrap_err(), Error::LoggedOut(LoggedOut::Over));
        assert_eq!(session.status(), Status::LoggedOut(LoggedOut::Over));
        // Nothing is asked and nobody dials before somebody logs in.
        let (asked, tries) = (stub.books().asked.len(), stub.net.tries().len());
        sleep(Duration::from_secs(600)).await;
        assert_eq!((stub.books().asked.len(), stub.net.tries().len()), (asked, tries));
        log_in(&session, "alice", PASSWORD).await.unwrap();
        assert!(soon(session.people()).await.is_ok());
        // One is online again without asking for it.
        assert_eq!(stub.asked(Kind::Online).len(), 2);
        let here = Status::Here(user("alice"));
        let over = Status::LoggedOut(LoggedOut::Over);
        for status in [here.clone(), over, Status::Connecting, here] {
            assert_eq!(soon(news.next()).await, Some(News::Status(status)));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_session_that_is_over_while_one_says_that_one_is_online_is_noticed() {
    let stub = Stub::new().await;
    let session = stub.session();
    soon(session.go_online(Some(7400))).await.unwrap();
    stub.once(Kind::Online, Turn::Refuse(Code::NoSession));
    until(&session, |status| matches!(status, Status::LoggedOut(LoggedOut::Over))).await;
    log_in(&session, "alice", PASSWORD).await.unwrap();
    soon(session.account()).await.unwrap();
    assert_eq!(stub.asked(Kind::Online).len(), 3);
}

#[tokio::test(start_paused = true)]
async fn an_answer_of_the_wrong_kind_ends_it_for_good() {
    let stub = Stub::new().await;
    let session = stub.session();
    until_here(&session).await;
    let wrong = crate::stub::by(|_, request| request.answer(Noted { id: 0 }).unwrap());
    stub.once(Kind::PeopleAsk, wrong);
    let error = soon(session.people()).await.unwrap_err();
    let ours = |ending: &Ending| matches!(ending, Ending::Ours { code: Code::Unexpected, .. });
    assert!(matches!(&error, Error::Stopped(Trouble::Ended(e)) if ours(e)), "{error}");
    assert_eq!(stub.net.tries().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn pauses_between_tries_grow_and_are_not_all_alike() {
    let stub = Stub::away();
    let begun = Instant::now();
    let session = stub.session();
    sleep(Duration::from_secs(600)).await;
    let pauses = pauses(&stub);
    for (number, pause) in pauses.iter().enumerate() {
        let whole = Duration::from_secs(1 << number.min(10)).min(Duration::from_secs(30));
        assert!((whole / 2..=whole + TICK).contains(pause), "{number}: {pause:?}");
    }
    assert!((20..50).contains(&pauses.len()), "{}", pauses.len());
    let longest: std::collections::BTreeSet<_> = pauses[6..].iter().collect();
    assert!(longest.len() > pauses[6..].len() / 2);
    assert_eq!(stub.net.tries()[0].duration_since(begun).as_secs(), 0);
    assert!(matches!(session.status(), Status::Away(Trouble::Link(_))));
}

#[tokio::test(start_paused = true)]
async fn an_index_that_hangs_up_each_time_is_not_stormed() {
    for turn in [Turn::HangUp, Turn::Refuse(Code::Busy)] {
        let stub = Stub::new().await;
        stub.always(Kind::Resume, turn);
        let session = stub.session();
        sleep(Duration::from_secs(600)).await;
        assert!(stub.net.tries().len() < 50, "{}", stub.net.tries().len());
        assert!(matches!(session.status(), Status::Away(_)));
        stub.honest();
        until_here(&session).await;
    }
    // The same with one that lets us in first.
    let stub = Stub::new().await;
    stub.always(Kind::ChainAsk, Turn::HangUp);
    let _session = stub.session();
    sleep(Duration::from_secs(600)).await;
    assert!(stub.net.tries().len() < 50, "{}", stub.net.tries().len());
}

#[tokio::test(start_paused = true)]
async fn after_a_long_conversation_the_first_pause_is_short_again() {
    let mut stub = Stub::away();
    let backoff = Backoff { longest: Duration::from_secs(60), ..Setup::default().backoff };
    let session = stub.session_with(Setup { backoff, ..setup() });
    sleep(Duration::from_secs(600)).await;
    stub.come();
    until_here(&session).await;
    sleep(Duration::from_secs(3600)).await;
    stub.go().await;
    until(&session, |status| matches!(status, Status::Away(_))).await;
    let tries = stub.net.tries().len();
    sleep(Duration::from_secs(4)).await;
    assert!(stub.net.tries().len() >= tries + 2);
}

#[tokio::test(start_paused = true)]
async fn logging_in_does_not_wait_for_the_pause() {
    let mut stub = Stub::away();
    let session = stub.session();
    sleep(Duration::from_secs(600)).await;
    stub.come();
    let begun = Instant::now();
    log_in(&session, "alice", PASSWORD).await.unwrap();
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
}

#[tokio::test(start_paused = true)]
async fn logging_in_anew_leaves_the_conversation_though_a_call_waits_in_it() {
    let stub = Stub::new().await;
    let session = stub.session();
    until_here(&session).await;
    let before = stub.conversation();
    stub.once(Kind::PeopleAsk, Turn::Silent);
    let asking = tokio::spawn({
        let session = session.clone();
        async move { session.people().await }
    });
    while stub.asked(Kind::PeopleAsk).is_empty() {
        tokio::task::yield_now().await;
    }
    log_in(&session, "alice", PASSWORD).await.unwrap();
    let begun = Instant::now();
    soon(before.ended()).await;
    // The call goes on in the new one.
    assert_eq!(soon(asking).await.unwrap().unwrap().age, Age::Fresh);
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_line_that_breaks_without_a_word_is_dialled_again() {
    let stub = Stub::new().await;
    let session = stub.session();
    until_here(&session).await;
    stub.net.cut();
    let status = until(&session, |status| matches!(status, Status::Away(_))).await;
    assert!(matches!(status, Status::Away(Trouble::Ended(Ending::Broken(_)))), "{status:?}");
    until_here(&session).await;
    assert_eq!(stub.asked(Kind::Resume).len(), 2);
}

#[tokio::test(start_paused = true)]
async fn the_news_tell_that_the_index_went_and_came_back() {
    let mut stub = Stub::new().await;
    let session = stub.session();
    until_here(&session).await;
    let mut news = session.news();
    stub.go().await;
    let News::Status(Status::Away(why)) = soon(news.next()).await.unwrap() else {
        panic!("something else happened first");
    };
    let stopping = |ending: &Ending| matches!(ending, Ending::Theirs { code: Code::Stopping, .. });
    assert!(matches!(&why, Trouble::Ended(ending) if stopping(ending)), "{why}");
    stub.come();
    while soon(news.next()).await.unwrap() != News::Status(Status::Here(user("alice"))) {}
}

fn pauses(stub: &Stub) -> Vec<Duration> {
    stub.net.tries().windows(2).map(|pair| pair[1].duration_since(pair[0])).collect()
}

const TICK: Duration = Duration::from_millis(5);
