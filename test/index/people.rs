//! Who is online, where they are reached, and the news of it.

use crate::stage::{Caller, Ground, rules, soon, user};
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;
use waxwing::index::{Happening, Rules};
use waxwing::wire::Code;
use waxwing::wire::index::{
    Named, News, Noted, Online, OnlineGrant, People, PeopleAsk, PersonSeen, Reach, Watch,
};

const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

async fn online(caller: &Caller, port: u16) -> OnlineGrant {
    caller.ask(Online { id: 0, port: Some(port) }).await.unwrap()
}

async fn all(caller: &Caller) -> People {
    caller.ask(PeopleAsk { id: 0, after: None, only: None }).await.unwrap()
}

async fn one(caller: &Caller, name: &str) -> PersonSeen {
    let only = Some(Named(user(name)));
    caller.ask(PeopleAsk { id: 0, after: None, only }).await.unwrap().people[0].clone()
}

/// The next news, which are answered.
async fn news(caller: &mut Caller) -> News {
    let request = soon(caller.incoming.next()).await.unwrap();
    let news: News = request.decode().unwrap();
    request.answer(Noted { id: 0 }).unwrap();
    news
}

fn names(people: &[PersonSeen]) -> Vec<(&str, bool)> {
    people.iter().map(|person| (person.user.as_str(), person.online)).collect()
}

#[tokio::test]
async fn who_is_online_is_in_the_list_at_once_and_gone_with_the_conversation() {
    let ground = Ground::new().await;
    let (alice, _) = ground.member("alice").await;
    let (bob, _) = ground.member("bob").await;
    assert_eq!(names(&all(&bob).await.people), [("alice", false), ("bob", false)]);
    let granted = online(&alice, 7400).await;
    assert_eq!(granted.lifetime, 90);
    // Seen on loopback, it is given to others under the address at which they reached the index.
    let seen = granted.seen.unwrap();
    let elsewhere: IpAddr = "198.51.100.7".parse().unwrap();
    assert_eq!(seen.resolve(HERE).unwrap().to_string(), "127.0.0.1:7400");
    assert_eq!(seen.resolve(elsewhere).unwrap().to_string(), "198.51.100.7:7400");
    let person = one(&bob, "alice").await;
    assert!(person.online);
    assert_eq!(person.addresses[..], [seen]);
    drop(alice);
    let offline = |facts: &[Happening]| {
        facts.iter().any(|fact| matches!(fact, Happening::Offline { user } if user == "alice"))
    };
    ground.until(offline).await;
    let person = one(&bob, "alice").await;
    assert!(!person.online && person.addresses.is_empty());
    ground.stop().await;
}

#[tokio::test]
async fn two_homes_of_a_person_are_two_addresses_and_either_may_go() {
    let ground = Ground::new().await;
    let (home, granted) = ground.member("alice").await;
    let office = ground.dial("alice").await;
    office.resume(&granted).await.unwrap();
    let (bob, _) = ground.member("bob").await;
    online(&home, 7400).await;
    online(&office, 7401).await;
    online(&office, 7402).await;
    assert_eq!(one(&bob, "alice").await.addresses.len(), 2, "a new port replaces the old one");
    assert_eq!(ground.index.online(), 1);
    drop(home);
    let wait = async {
        while one(&bob, "alice").await.addresses.len() != 1 {
            tokio::task::yield_now().await;
        }
    };
    soon(wait).await;
    assert!(one(&bob, "alice").await.online);
    ground.stop().await;
}

#[tokio::test]
async fn a_port_that_needs_privilege_is_refused_and_none_is_fine() {
    let ground = Ground::new().await;
    let (alice, _) = ground.member("alice").await;
    for port in [0, 1, 22, 1023] {
        let refused = alice.ask(Online { id: 0, port: Some(port) }).await.unwrap_err();
        assert_eq!(refused, Code::NotAllowed, "{port}");
    }
    assert_eq!(ground.index.online(), 0);
    online(&alice, 1024).await;
    online(&alice, 65535).await;
    let granted = alice.ask(Online { id: 0, port: None }).await.unwrap();
    assert_eq!(granted.seen, None);
    let person = one(&alice, "alice").await;
    assert!(person.online && person.addresses.is_empty());
    ground.stop().await;
}

#[tokio::test]
async fn who_does_not_say_that_they_are_there_is_not_there_any_more() {
    // Long enough that what is told of her is told before it is over, on a busy machine too.
    let lifetime = Duration::from_secs(2);
    let ground = Ground::with(Rules { online_lifetime: lifetime, ..rules() }).await;
    let (alice, _) = ground.member("alice").await;
    let (mut bob, _) = ground.member("bob").await;
    bob.ask(Watch { id: 0, on: true }).await.unwrap();
    online(&alice, 7400).await;
    assert_eq!(names(&news(&mut bob).await.people), [("alice", true)]);
    let gone = news(&mut bob).await;
    assert_eq!(names(&gone.people), [("alice", false)], "the conversation is still there");
    assert!(alice.conversation.ending().is_none());
    online(&alice, 7400).await;
    assert_eq!(names(&news(&mut bob).await.people), [("alice", true)]);
    let last = one(&bob, "alice").await.last_online;
    assert_eq!(last, Some(ground.now().0), "when they left was written down");
    ground.stop().await;
}

#[tokio::test]
async fn watchers_hear_who_comes_goes_and_changes_and_others_hear_nothing() {
    let ground = Ground::new().await;
    let (mut bob, _) = ground.member("bob").await;
    let (mut dave, _) = ground.member("dave").await;
    bob.ask(Watch { id: 0, on: true }).await.unwrap();
    let (alice, _) = ground.member("alice").await;
    assert_eq!(names(&news(&mut bob).await.people), [("alice", false)], "somebody joined");
    online(&alice, 7400).await;
    assert_eq!(names(&news(&mut bob).await.people), [("alice", true)]);
    online(&alice, 7400).await;
    let contact = waxwing::codec::Text::new("room 7").unwrap();
    let request = waxwing::crypto::random().into();
    alice
        .ask(waxwing::wire::index::ContactChange { id: 0, request, contact: Some(contact) })
        .await
        .unwrap();
    let changed = news(&mut bob).await.people;
    assert_eq!(names(&changed), [("alice", true)], "being there still is no news");
    assert_eq!(changed[0].contact.as_deref(), Some("room 7"));
    assert_eq!(changed[0].addresses.len(), 1);
    bob.ask(Watch { id: 0, on: false }).await.unwrap();
    drop(alice);
    let offline =
        |facts: &[Happening]| facts.iter().any(|f| matches!(f, Happening::Offline { .. }));
    ground.until(offline).await;
    // Whatever would have come has come before the answer to the next question.
    all(&bob).await;
    all(&dave).await;
    for caller in [&mut bob, &mut dave] {
        let next = tokio::time::timeout(Duration::from_millis(50), caller.incoming.next()).await;
        assert!(next.is_err(), "nobody asked for news");
    }
    ground.stop().await;
}

#[tokio::test]
async fn one_news_is_under_way_at_a_time_and_holds_each_person_once_as_they_are_now() {
    let ground = Ground::new().await;
    let (mut bob, _) = ground.member("bob").await;
    let (alice, _) = ground.member("alice").await;
    bob.ask(Watch { id: 0, on: true }).await.unwrap();
    online(&alice, 7000).await;
    let first = soon(bob.incoming.next()).await.unwrap();
    for port in 7001..7040 {
        online(&alice, port).await;
    }
    // Asking again loses nothing that is unread.
    bob.ask(Watch { id: 0, on: true }).await.unwrap();
    let none = tokio::time::timeout(Duration::from_millis(50), bob.incoming.next()).await;
    assert!(none.is_err(), "the first one is not answered yet");
    first.answer(Noted { id: 0 }).unwrap();
    let rest = news(&mut bob).await;
    assert_eq!((rest.people.len(), rest.missed), (1, false));
    assert_eq!(rest.people[0].addresses[0].resolve(HERE).unwrap().socket_addr().port(), 7039);
    let told = ground.lines().iter().filter(|line| line.contains("alice is online")).count();
    assert_eq!(told, 1, "another port is no second coming");
    ground.stop().await;
}

#[tokio::test]
async fn who_changes_what_others_see_all_the_time_has_to_wait() {
    let ground = Ground::new().await;
    let (alice, _) = ground.member("alice").await;
    let mut refused = None;
    for port in 7000..7100 {
        refused = refused.or(alice.ask(Online { id: 0, port: Some(port) }).await.err());
    }
    assert_eq!(refused, Some(Code::Throttled));
    let stays = alice.ask(Online { id: 0, port: Some(7059) }).await;
    assert!(stays.is_ok(), "who stays where they are says so as often as they like: {stays:?}");
    ground.stop().await;
}

#[tokio::test]
async fn a_session_that_is_over_gets_no_more_news() {
    use waxwing::index::store::Store;
    use waxwing::link::Ending;
    let ground = Ground::new().await;
    let (bob, _) = ground.member("bob").await;
    bob.ask(Watch { id: 0, on: true }).await.unwrap();
    // Over in the store, and the conversation has not heard of it.
    ground.index.store().end_sessions(&user("bob")).await.unwrap();
    drop(ground.member("alice").await);
    let ending = soon(bob.conversation.ended()).await;
    assert!(matches!(ending, Ending::Theirs { code: Code::NoSession, .. }), "{ending:?}");
    ground.stop().await;
}

#[tokio::test]
async fn someone_who_wants_to_reach_you_is_told_to_you_wherever_you_are_online() {
    let ground = Ground::new().await;
    let (mut alice, granted) = ground.member("alice").await;
    let (bob, _) = ground.member("bob").await;
    let reach = |name: &str| Reach { id: 0, user: Named(user(name)) };
    assert_eq!(bob.ask(reach("alice")).await.unwrap_err(), Code::NotFound, "she is not online");
    assert_eq!(bob.ask(reach("nobody")).await.unwrap_err(), Code::NotFound);
    online(&alice, 7400).await;
    let mut office = ground.dial("alice").await;
    office.resume(&granted).await.unwrap();
    online(&office, 7401).await;
    online(&bob, 7500).await;
    bob.ask(reach("alice")).await.unwrap();
    for caller in [&mut alice, &mut office] {
        let wanted = news(caller).await;
        assert_eq!(names(&wanted.wanted_by), [("bob", true)]);
        assert_eq!(wanted.wanted_by[0].addresses.len(), 1);
        assert!(wanted.people.is_empty(), "she does not watch");
    }
    let mut codes = Vec::new();
    for _ in 0..12 {
        codes.push(bob.ask(reach("alice")).await.err());
    }
    assert_eq!(codes.last().unwrap(), &Some(Code::Throttled), "not for ever");
    ground.stop().await;
}

#[tokio::test]
async fn who_asks_for_news_and_never_takes_them_is_let_go() {
    use waxwing::link::Ending;
    let ground = Ground::new().await;
    let (mut bob, _) = ground.member("bob").await;
    bob.ask(Watch { id: 0, on: true }).await.unwrap();
    drop(ground.member("alice").await);
    let request = soon(bob.incoming.next()).await.unwrap();
    request.refuse(Code::NotAllowed, "what news?");
    let ending = soon(bob.conversation.ended()).await;
    assert!(matches!(ending, Ending::Theirs { code: Code::Slow, .. }), "{ending:?}");
    ground.stop().await;
}

#[tokio::test]
async fn watchers_of_an_account_that_is_closed_are_told_to_look_again() {
    use waxwing::index::store::Store;
    let ground = Ground::new().await;
    let (mut bob, _) = ground.member("bob").await;
    let (alice, _) = ground.member("alice").await;
    bob.ask(Watch { id: 0, on: true }).await.unwrap();
    let over = ground.index.store().close_account(&user("alice"), ground.now()).await.unwrap();
    ground.index.account_is_closed(&over);
    assert!(news(&mut bob).await.missed);
    assert_eq!(names(&all(&bob).await.people), [("bob", false)]);
    soon(alice.conversation.ended()).await;
    ground.stop().await;
}

#[tokio::test]
async fn people_come_in_pages_by_name() {
    let ground = Ground::new().await;
    for name in ["dave", "alice", "erin", "bob", "carol"] {
        drop(ground.member(name).await);
    }
    let (mallory, _) = ground.member("mallory").await;
    let after = Some(Named(user("bob")));
    let people = mallory.ask(PeopleAsk { id: 0, after, only: None }).await.unwrap();
    let rest: Vec<_> = people.people.iter().map(|person| person.user.as_str()).collect();
    assert_eq!(rest, ["carol", "dave", "erin", "mallory"]);
    assert!(!people.more);
    let only = Some(Named(user("nobody")));
    let nobody = mallory.ask(PeopleAsk { id: 0, after: None, only }).await.unwrap_err();
    assert_eq!(nobody, Code::NotFound);
    ground.stop().await;
}
