//! What one has searched for, named and begun to move stays what it was, whatever is done besides.

use crate::town::{PASSWORD, Town, open, password, user};
use serde_json::Value;
use std::fs;
use waxwing::model::Audience;
use waxwing::node::index::{Error as IndexError, Query};
use waxwing::node::{Config, Error, Exit, GetRules, Got, Move, MoveStanding, Moving, User, Wanted};
use waxwing::peer::Landed;

/// Somebody who shares these files as `zoo`, and is online.
async fn sharing(town: &Town, name: &str, files: impl Iterator<Item = String>) -> User {
    let person = town.member(name).await;
    let zoo = town.path(name).join("zoo");
    fs::create_dir(&zoo).unwrap();
    files.for_each(|file| fs::write(zoo.join(&file), format!("a {file}")).unwrap());
    let share = person.add_share(&zoo, &[], Audience::Everyone).unwrap();
    person.go_online(false).await.unwrap();
    soon(person.look_at(&share)).await.unwrap().published.unwrap();
    person
}

fn files(names: &[&str]) -> impl Iterator<Item = String> {
    names.iter().map(ToString::to_string)
}

fn named(person: &str, number: usize) -> Wanted {
    format!("{person}:zoo/koala{number:04}").parse().unwrap()
}

async fn stop(town: Town, people: impl IntoIterator<Item = User>) {
    for person in people {
        person.close().await;
    }
    town.stop().await;
}

#[tokio::test]
async fn the_numbers_of_a_search_stay_when_all_of_another_is_got_or_given_up() {
    let town = Town::new().await;
    let alice = sharing(&town, "alice", files(&["koala0001", "tree", "flower"])).await;
    let bob = town.member("bob").await;
    let found = soon(bob.search(&Query::new("koala*"))).await.unwrap().value.found;
    assert_eq!(found.len(), 1);
    let into = |out: &str| GetRules { out: Some(town.path(out)), ..GetRules::default() };
    let begin = async |words: &str| -> Moving {
        let (wanted, words) = (Vec::new(), Some(words.to_owned()));
        bob.begin_move(Move::Get { wanted, words, rules: into("one") }).await.unwrap()
    };
    // Of those that are kept it is looked up, too, what they want.
    let (kept, given_up) = (begin("flower").await, begin("tree").await.number());
    drop(kept);
    fs::create_dir(town.path("one")).unwrap();
    assert!(soon(bob.cancel_move(given_up)).await.unwrap());
    let got = soon(bob.get_all(&Query::new("tree"), &into("two"))).await.unwrap();
    assert_eq!(Got::exit(&got), Exit::Done, "{got:?}");
    let another_program = open(town.home("bob"), Config::default());
    for program in [&bob, &another_program] {
        let first = program.numbered(1).await.unwrap();
        assert_eq!(Wanted::Object(first), named("alice", 1));
    }
    stop(town, [another_program, bob, alice]).await;
}

#[tokio::test]
async fn each_result_that_is_shown_is_known_by_its_number() {
    let town = Town::new().await;
    let koalas = (0..1100).map(|at| format!("koala{at:04}"));
    let alice = sharing(&town, "alice", koalas).await;
    let bob = town.member("bob").await;
    let query = Query { most: 600, ..Query::new("koala*") };
    let mut shown = soon(bob.search(&query)).await.unwrap().value.found;
    shown.extend(soon(bob.more()).await.unwrap().found);
    let (last, found) = shown.last().unwrap();
    assert_eq!((*last, shown.len()), (1100, 1100));
    let path = found.sources[0].entry.path();
    let another_program = open(town.home("bob"), Config::default());
    for program in [&bob, &another_program] {
        assert_eq!(program.numbered(1100).await.unwrap().path.as_ref(), Some(path));
        assert!(program.numbered(1101).await.is_none());
    }
    stop(town, [another_program, bob, alice]).await;
}

#[tokio::test]
async fn a_file_that_is_named_with_two_owners_comes_from_whoever_is_there() {
    let town = Town::new().await;
    let alice = sharing(&town, "alice", files(&["koala0001"])).await;
    let mallory = sharing(&town, "mallory", files(&["koala0001"])).await;
    let bob = town.member("bob").await;
    alice.close().await;
    let both = [named("alice", 1), named("mallory", 1)];
    let got = soon(bob.get(&both, &GetRules::default())).await.unwrap();
    let [file] = &got[..] else { panic!("it is wanted once: {got:?}") };
    assert!(matches!(file.landed, Ok(Landed::New)), "{file:?}");
    assert_eq!(file.from.as_ref().unwrap().user, user("mallory"));
    stop(town, [bob, mallory]).await;
}

#[tokio::test]
async fn what_is_got_by_its_number_is_known_by_its_name_also_if_it_was_kept_without() {
    let town = Town::new().await;
    let alice = sharing(&town, "alice", files(&["koala0001"])).await;
    let bob = town.member("bob").await;
    soon(bob.search(&Query::new("koala*"))).await.unwrap();
    let begin = async || -> Moving {
        let (wanted, rules) = (vec![Wanted::Number(1)], GetRules::default());
        bob.begin_move(Move::Get { wanted, words: None, rules }).await.unwrap()
    };
    let called = || bob.moves().unwrap()[0].what.to_string();
    drop(begin().await);
    assert_eq!(called(), "koala0001");
    // As programs wrote it that knew nothing of names.
    let record = town.path("bob").join("state/moves/1.json");
    let mut kept: Value = serde_json::from_slice(&fs::read(&record).unwrap()).unwrap();
    kept["what"]["get"].as_object_mut().unwrap().remove("names").unwrap();
    fs::write(&record, serde_json::to_vec(&kept).unwrap()).unwrap();
    assert!(called().ends_with(":11"), "{}", called());
    let moving = begin().await;
    assert_eq!((moving.number(), called()), (1, "koala0001".to_owned()));
    soon(moving.carry_on()).await.unwrap();
    assert!(bob.moves().unwrap().is_empty());
    stop(town, [bob, alice]).await;
}

#[tokio::test]
async fn a_file_that_is_named_with_its_folder_comes_once_in_it() {
    let town = Town::new().await;
    let alice = sharing(&town, "alice", files(&["koala0001", "koala0002"])).await;
    let bob = town.member("bob").await;
    let folder: Wanted = "alice:zoo".parse().unwrap();
    soon(bob.search(&Query::new("koala0001"))).await.unwrap();
    let both: [&[Wanted]; 3] = [
        &[folder.clone(), named("alice", 1)],
        &[named("alice", 1), folder.clone()],
        &[Wanted::Number(1), folder.clone(), folder],
    ];
    for (at, both) in both.into_iter().enumerate() {
        let out = town.path(&format!("out{at}"));
        let rules = GetRules { out: Some(out), ..GetRules::default() };
        let got = soon(bob.get(both, &rules)).await.unwrap();
        assert_eq!(Got::exit(&got), Exit::Done, "{got:?}");
        let mut came: Vec<_> = got.iter().map(|got| got.path.as_str()).collect();
        came.sort_unstable();
        assert_eq!(came, ["zoo/koala0001", "zoo/koala0002"], "{both:?}");
    }
    stop(town, [bob, alice]).await;
}

#[tokio::test]
async fn why_a_move_was_stopped_is_known_still_when_somebody_wants_to_pause_it() {
    let town = Town::new().await;
    let bob = town.member("bob").await;
    bob.logout().await.unwrap();
    let (wanted, rules) = (vec![named("alice", 1)], GetRules::default());
    let moving = bob.begin_move(Move::Get { wanted, words: None, rules }).await.unwrap();
    let number = moving.number();
    let failed = soon(moving.carry_on()).await.unwrap_err();
    let stopped = || MoveStanding::Stopped { why: Some(failed.to_string()) };
    assert_eq!(bob.moves().unwrap()[0].standing, stopped());
    let paused = bob.pause_move(number).await.unwrap_err();
    assert!(matches!(paused, Error::NotUnderWay(_)), "{paused}");
    assert_eq!(bob.moves().unwrap()[0].standing, stopped());
    assert!(matches!(bob.pause_move(number + 1).await, Err(Error::NoMove(_))));
    stop(town, [bob]).await;
}

#[tokio::test]
async fn who_could_not_go_online_is_not_said_to_be_there_after_the_next_login() {
    let town = Town::new().await;
    let (alice, bob) = (town.member("alice").await, town.member("bob").await);
    alice.logout().await.unwrap();
    let refused = soon(alice.go_online(false)).await.unwrap_err();
    assert!(matches!(refused, Error::Index(IndexError::LoggedOut(_))), "{refused}");
    alice.login(&town.index, &user("alice"), &password(PASSWORD)).await.unwrap();
    let is_online = async || {
        // Whatever the index is told in the beginning it is told by then.
        alice.account().await.unwrap();
        soon(bob.person(&user("alice"))).await.unwrap().value.person.online
    };
    for _ in 0..10 {
        assert!(!is_online().await);
    }
    alice.go_online(false).await.unwrap();
    assert!(is_online().await);
    stop(town, [alice, bob]).await;
}

async fn soon<T>(what: impl Future<Output = T>) -> T {
    // On the heap: what is tested is much for the stack of a thread of tests.
    tokio::time::timeout(std::time::Duration::from_secs(60), Box::pin(what))
        .await
        .expect("it hangs")
}
