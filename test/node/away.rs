//! The index goes away, and comes back: who knows each other goes on, and all else mends itself.

use crate::keys::person;
use crate::town::{Town, open, options, user};
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use waxwing::crypto::key_file::Protection;
use waxwing::index::store::Store;
use waxwing::link::{Conversation, Deadlines, Dialler, Ending, Expected, Side};
use waxwing::model::{Audience, HostPort, UnixTime};
use waxwing::node::index::{Age, Query, Section};
use waxwing::node::{Config, Error, Exit, GetRules, Got, Options, Receive, User, Visit};
use waxwing::wire::index::{Browse, Named};
use waxwing::wire::{Code, Features, Party};

/// Alice, who shares photos and is online, and Bob, who has met her.
async fn met() -> (Town, User, User) {
    let town = Town::new().await;
    let bob = town.member("bob").await;
    drop(town.member("alice").await);
    let verified = Config { receive: Receive::Verified, ..Config::default() };
    let alice = open(town.home("alice"), verified);
    for name in ["birds/emu.txt", "koala.txt", "letters/dear bob.txt", "tree.txt"] {
        write(&town.path("photos").join(name), name.as_bytes());
    }
    write(&town.path("secret/plan.txt"), b"not for Bob");
    for (name, audience) in
        [("photos", Audience::Everyone), ("secret", Audience::people([user("alice")]).unwrap())]
    {
        let folder = alice.add_share(&town.path(name), &[], audience).unwrap();
        soon(alice.look_at(&folder)).await.unwrap().published.unwrap();
    }
    alice.go_online(false).await.unwrap();
    assert_eq!(get(&bob, "alice:photos/tree.txt").await, Exit::Done);
    alice.mark_verified(&alice.verify_words(&user("bob")).await.unwrap()).unwrap();
    (town, alice, bob)
}

#[tokio::test]
async fn people_who_know_each_other_go_on_without_the_index() {
    let (mut town, alice, bob) = met().await;
    let found = soon(bob.search(&Query::new("koala"))).await.unwrap();
    assert_eq!((found.age, found.value.found.len()), (Age::Fresh, 1));
    soon(bob.people()).await.unwrap();
    assert_eq!(bob.going_by(), None);
    town.close().await;

    // What was found is known still; of anything else it is said that it cannot be.
    let again = soon(bob.search(&Query::new("koala"))).await.unwrap();
    assert!(matches!(again.age, Age::Cached { .. }));
    let nothing = soon(bob.search(&Query::new("emu"))).await.unwrap_err();
    assert_eq!(nothing.advice().exit, Exit::Unreachable, "{nothing}");
    assert_eq!(get(&bob, "1").await, Exit::Done);
    bob.close().await;

    // A program that begins now knows where she was.
    let bob = open(town.home("bob"), Config::default());
    assert_eq!(get(&bob, "alice:photos/birds").await, Exit::Done);
    assert_eq!(fs::read(town.path("bob/downloads/birds/emu.txt")).unwrap(), b"birds/emu.txt");
    assert!(bob.going_by().is_some());
    let people = soon(bob.people()).await.unwrap();
    assert!(matches!(people.age, Age::Cached { .. }));
    assert_eq!(people.value[0].person.user, user("alice"));
    // She tells herself what she shares, and no more than he may have.
    let listing = soon(bob.browse(&user("alice"), Section::default(), 3)).await.unwrap();
    let paths: Vec<_> = listing.entries.iter().map(|it| it.entry.path().as_str()).collect();
    assert_eq!(
        (paths, listing.more),
        (vec!["birds/emu.txt", "koala.txt", "letters/dear bob.txt"], true)
    );
    assert_eq!(listing.owner.identity, alice.fingerprint());
    for what in ["alice:secret", "alice:secret/plan.txt", "alice:photos/nothing"] {
        assert_eq!(get(&bob, what).await, Exit::NotFound, "{what}");
    }
    write(&town.path("letter.txt"), b"dear alice");
    let sent = soon(bob.send(&user("alice"), &[town.path("letter.txt")])).await.unwrap();
    assert_eq!(sent.landed.len(), 1);
    // Whom he has not met, nobody vouches for.
    assert_eq!(get(&bob, "carol:photos").await, Exit::Unreachable);
    bob.close().await;
    alice.close().await;
}

#[tokio::test]
async fn where_people_were_is_known_also_after_a_program_that_was_killed() {
    let (mut town, alice, bob) = met().await;
    town.close().await;
    // The first program is there still, and has come to no end.
    let again = open(town.home("bob"), Config::default());
    assert_eq!(get(&again, "alice:photos/koala.txt").await, Exit::Done);
    again.close().await;
    bob.close().await;
    alice.close().await;
}

#[tokio::test]
async fn a_stranger_is_told_that_the_index_is_away() {
    let (mut town, alice, bob) = met().await;
    let (port, mut visits) = (alice.online().unwrap().port, alice.visits());
    town.close().await;
    let (dialler, conversation) = dial(&alice, "mallory", port).await;
    let Ending::Theirs { code, text } = soon(conversation.ended()).await else { panic!() };
    assert_eq!(code, Code::NotAllowed);
    assert!(text.as_untrusted().to_string().contains("the index is away"), "{text:?}");
    loop {
        if let Visit::TurnedAway { .. } = soon(visits.recv()).await.unwrap() {
            break;
        }
    }
    dialler.stop().await;
    bob.close().await;
    alice.close().await;
}

#[tokio::test]
async fn whose_account_was_closed_is_nobody_though_the_key_is_pinned() {
    let (mut town, alice, bob) = met().await;
    bob.close().await;
    town.store.close_account(&user("bob"), UnixTime::now()).await.unwrap();
    let error = soon(alice.meet(&user("bob"))).await.unwrap_err();
    assert!(matches!(error, Error::Nobody(_)), "{error}");
    let port = alice.online().unwrap().port;
    town.close().await;
    let error = soon(alice.meet(&user("bob"))).await.unwrap_err();
    assert!(matches!(error, Error::Nobody(_)), "{error}");
    let (dialler, conversation) = dial(&alice, "bob", port).await;
    let Ending::Theirs { code, .. } = soon(conversation.ended()).await else { panic!() };
    assert_eq!(code, Code::NotAllowed);
    dialler.stop().await;
    alice.close().await;
}

#[tokio::test]
async fn whose_account_is_closed_while_they_are_connected_gets_nothing_more() {
    let (town, alice, bob) = met().await;
    alice.close().await;
    let options = Options { known_for: Duration::ZERO, ..options() };
    let alice =
        User::open(town.home("alice"), Config::default(), Protection::NoneAsked, options).unwrap();
    let folders = alice.shares().unwrap();
    soon(alice.look_at(&folders[0])).await.unwrap().published.unwrap();
    let port = alice.go_online(false).await.unwrap().port;
    let (dialler, conversation) = dial(&alice, "bob", port).await;
    let user = user("alice");
    let ask = Browse { id: 0, user: Named(user), share: None, after: None, below: None };
    for _ in 0..2 {
        soon(conversation.ask(ask.clone())).await.unwrap();
    }
    town.store.close_account(&crate::town::user("bob"), UnixTime::now()).await.unwrap();
    soon(conversation.ask(ask)).await.unwrap_err();
    let Ending::Theirs { code, .. } = soon(conversation.ended()).await else { panic!() };
    assert_eq!(code, Code::NotAllowed);
    dialler.stop().await;
    bob.close().await;
    alice.close().await;
    town.stop().await;
}

#[tokio::test]
async fn when_the_index_is_back_all_is_as_it_is_now_by_itself() {
    let (mut town, alice, bob) = met().await;
    let _told = alice.watch_shares(Vec::new());
    town.close().await;
    write(&town.path("photos/wombat.txt"), b"digs");
    let shares = alice.shares().unwrap();
    let looked = soon(alice.look_at(&shares[0])).await.unwrap();
    let error = looked.published.unwrap_err();
    assert!(matches!(&error, Error::Index(error) if error.is_away()), "{error}");
    // It is served already, to whom the index said where she is.
    assert_eq!(get(&bob, "alice:photos/wombat.txt").await, Exit::Done);
    town.open_again().await;
    let found = soon(async {
        loop {
            match bob.search(&Query::new("wombat")).await {
                Ok(found) if !found.value.found.is_empty() => return found.value.found,
                _ => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        }
    })
    .await;
    assert_eq!(found[0].1.sources[0].owner.user, user("alice"));
    soon(async {
        while bob.person(&user("alice")).await.is_ok_and(|it| !it.value.person.online) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    bob.close().await;
    alice.close().await;
    town.stop().await;
}

/// Somebody dials, whoever vouches for them.
async fn dial(whom: &User, who: &str, port: u16) -> (Dialler, Conversation) {
    let (who, deadlines) = (Arc::new(person(who)), Deadlines::default());
    let side = Side::new(who, Party::Person, Features::ALL, deadlines).unwrap();
    let at: HostPort = format!("127.0.0.1:{port}").parse().unwrap();
    let dialler = Dialler::new(side);
    let dialled = soon(dialler.dial(&at, Expected::Only(whom.fingerprint()))).await;
    let (conversation, _incoming) = dialled.unwrap();
    (dialler, conversation)
}

/// Gets something; gives how the program would end.
async fn get(who: &User, what: &str) -> Exit {
    let rules = GetRules { overwrite: true, ..GetRules::default() };
    match soon(who.get(&[what.parse().unwrap()], &rules)).await {
        Ok(got) => Got::exit(&got),
        Err(error) => error.advice().exit,
    }
}

fn write(path: &Path, bytes: &[u8]) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}

async fn soon<T>(what: impl Future<Output = T>) -> T {
    // On the heap: what is tested is much for the stack of a thread of tests.
    tokio::time::timeout(Duration::from_secs(60), Box::pin(what)).await.expect("it hangs")
}
