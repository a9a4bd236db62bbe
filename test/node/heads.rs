//! What people tell each other of the key directory: an index with two faces is found out, liars are
//! named, and nobody is stopped.

use crate::keys::{sealing_key, signing_key};
use crate::town::{PASSWORD, Town, open, password, user};
use std::fs;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use waxwing::crypto::{Identity, UnixTime};
use waxwing::link::{
    AskError, Backoff, Conversation, Dialler, Expected, Incoming, Listener, Side, Tcp,
};
use waxwing::model::directory::Head;
use waxwing::model::{Audience, IndexAddress};
use waxwing::node::{Config, GetRules, Got, User, Visit};
use waxwing::peer::Landed;
use waxwing::wire::{Code, Features, HeadAsk, HeadTold, Kind, Party};

/// Alice, who shares a photo and is online; and Bob, who has joined.
async fn pair(town: &Town) -> (User, User) {
    let bob = town.member("bob").await;
    let alice = town.member("alice").await;
    let photos = town.path("photos");
    fs::create_dir_all(&photos).unwrap();
    fs::write(photos.join("tree.jpg"), b"a tree").unwrap();
    let folder = alice.add_share(&photos, &[], Audience::Everyone).unwrap();
    alice.go_online(true).await.unwrap();
    alice.look_at(&folder).await.unwrap();
    (alice, bob)
}

/// Bob, who talks with that index.
fn bob_of(town: &Town, index: &Town) -> User {
    let index = IndexAddress::Invited(index.index.to_string().parse().unwrap());
    open(town.home("bob"), Config { index: Some(index), ..Config::default() })
}

fn at(alice: &User) -> SocketAddr {
    ([127, 0, 0, 1], alice.online().unwrap().port).into()
}

async fn get_tree(bob: &User, at: SocketAddr) -> Vec<Got> {
    let rules = GetRules { at: Some(at.into()), ..GetRules::default() };
    soon(bob.get(&["alice:photos/tree.jpg".parse().unwrap()], &rules)).await.unwrap()
}

async fn soon<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(60), what).await.expect("it hangs")
}

/// Who contradicts somebody.
fn told_by(me: &User) -> Vec<String> {
    me.contradictions().unwrap().iter().map(|told| told.by.to_string()).collect()
}

async fn until_told(me: &User) {
    let told = async {
        while told_by(me).is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    soon(told).await;
}

fn raw_side(name: &str, features: Features) -> Side {
    let (signing, sealing) = (format!("{name}-signing"), format!("{name}-sealing"));
    let identity = Identity::new(signing_key(&signing), sealing_key(&sealing), UnixTime::now());
    Side::new(Arc::new(identity.unwrap()), Party::Person, features, Default::default()).unwrap()
}

/// Bob without a program of ours, who has dialled Alice.
async fn raw_bob(alice: &User) -> (Conversation, Incoming) {
    let dialler = Dialler::over(Tcp, raw_side("bob", Features::ALL)).with_backoff(Backoff::never());
    let expected = Expected::Only(alice.fingerprint());
    soon(dialler.dial(&at(alice).into(), expected)).await.unwrap()
}

/// What Alice answers to the first ask of a conversation.
async fn tell(alice: &User, ask: HeadAsk) -> Result<HeadTold, AskError> {
    let (conversation, _incoming) = raw_bob(alice).await;
    soon(conversation.ask(ask)).await
}

fn ask(town: &Town, length: u64, hash: u8) -> HeadAsk {
    HeadAsk { id: 0, index: *town.index.fingerprint.as_bytes(), length, hash: [hash; 32] }
}

fn code(answer: Result<HeadTold, AskError>) -> Code {
    match answer {
        Err(AskError::Refused { code, .. }) => code,
        other => panic!("not refused: {other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_that_shows_two_people_two_chains_is_noticed_by_a_transfer_between_them() {
    let town = Town::in_a_file().await;
    let (alice, bob) = pair(&town).await;
    bob.meet(&user("alice")).await.unwrap();
    let got = get_tree(&bob, at(&alice)).await;
    assert!(matches!(got[0].landed, Ok(Landed::New)), "{got:?}");
    assert!(told_by(&alice).is_empty() && told_by(&bob).is_empty());
    bob.close().await;

    // From now on each of them is shown an entry that the other is not.
    let twin = town.twin().await;
    let mallory = town.newcomer("mallory");
    mallory.join(&town.index, &user("carol"), &password(PASSWORD), None).await.unwrap();
    let other = open(twin.home("mallory"), Config::default());
    tokio::time::sleep(Duration::from_millis(1100)).await;
    other.join(&twin.index, &user("carol"), &password(PASSWORD), None).await.unwrap();
    alice.meet(&user("carol")).await.unwrap();
    let bob = bob_of(&town, &twin);
    bob.meet(&user("carol")).await.unwrap();
    fs::remove_file(town.path("bob/downloads/tree.jpg")).unwrap();
    let mut visits = alice.visits();
    let got = get_tree(&bob, at(&alice)).await;
    assert!(matches!(got[0].landed, Ok(Landed::New)), "it stops nothing: {got:?}");
    let contradicted =
        async { while !matches!(visits.recv().await.unwrap(), Visit::Contradicted { .. }) {} };
    soon(contradicted).await;
    assert_eq!(told_by(&alice), ["bob"]);
    until_told(&bob).await;
    assert_eq!(told_by(&bob), ["alice"]);
    assert_eq!((bob.new_contradictions().len(), bob.new_contradictions().len()), (1, 0));

    // It is kept, and gone with the directory when the person says so.
    bob.close().await;
    let bob = bob_of(&town, &twin);
    assert_eq!(told_by(&bob), ["alice"]);
    bob.begin_directory_anew().await.unwrap();
    assert_eq!(told_by(&bob), [""; 0]);
    for person in [alice, bob, mallory, other] {
        person.close().await;
    }
    twin.stop().await;
    town.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_liars_head_is_an_alarm_with_their_name_and_garbage_is_refused() {
    let town = Town::new().await;
    let (alice, bob) = pair(&town).await;
    assert_eq!(code(tell(&alice, ask(&town, 0, 7)).await), Code::Malformed);
    assert_eq!(code(tell(&alice, ask(&town, u64::MAX, 7)).await), Code::Malformed);
    let elsewhere = HeadAsk { index: [7; 32], ..ask(&town, 1, 7) };
    assert_eq!(code(tell(&alice, elsewhere).await), Code::NotFound);
    assert_eq!(told_by(&alice), [""; 0]);

    // What is true is none; its answer is Alice's own head.
    let told = tell(&alice, ask(&town, 0, 0)).await.unwrap();
    assert_eq!(told.length, 2);
    let same = HeadAsk { hash: told.hash, ..ask(&town, 2, 0) };
    let told = Head { length: 2, hash: told.hash };
    assert_eq!(tell(&alice, same).await.unwrap().head(), told);
    assert_eq!(told_by(&alice), [""; 0]);

    tell(&alice, ask(&town, 1, 7)).await.unwrap();
    tell(&alice, ask(&town, 0, 0)).await.unwrap();
    until_told(&alice).await;
    assert_eq!(told_by(&alice), ["bob"]);
    assert!(get_tree(&bob, at(&alice)).await[0].landed.is_ok(), "it stops nothing");
    for person in [alice, bob] {
        person.close().await;
    }
    town.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_tells_heads_in_a_loop_is_heard_once_in_a_conversation_and_once_in_an_hour() {
    let town = Town::new().await;
    let (alice, bob) = pair(&town).await;
    let mut visits = alice.visits();
    let (conversation, _incoming) = raw_bob(&alice).await;
    soon(conversation.ask(ask(&town, 1, 7))).await.unwrap();
    for hash in 8..12 {
        let again = soon(conversation.ask(ask(&town, 1, hash))).await;
        assert_eq!(code(again), Code::Unexpected);
    }
    until_told(&alice).await;
    let kept = || fs::read(town.path("alice/state/heads.json")).unwrap();
    let before = kept();
    for (length, hash) in [(1, 8), (9, 9), (2, 10)] {
        tell(&alice, ask(&town, length, hash)).await.unwrap();
    }
    // Going offline waits for all that is under way.
    alice.go_offline().await;
    assert_eq!(kept(), before);
    let told = std::iter::from_fn(|| visits.try_recv().ok());
    let told = told.filter(|visit| matches!(visit, Visit::Contradicted { .. }));
    assert_eq!((told.count(), alice.new_contradictions().len()), (1, 1));
    for person in [alice, bob] {
        person.close().await;
    }
    town.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_that_is_longer_than_what_the_index_shows_is_told_and_kept() {
    let town = Town::new().await;
    let (alice, bob) = pair(&town).await;
    tell(&alice, ask(&town, 3, 7)).await.unwrap();
    until_told(&alice).await;
    let told = alice.contradictions().unwrap();
    assert_eq!((told[0].by.as_str(), told[0].is_longer, told[0].head.length), ("bob", true, 3));
    // Going offline waits for all that is under way.
    alice.go_offline().await;
    assert_eq!(alice.new_contradictions(), told);
    alice.close().await;
    let alice = open(town.home("alice"), Config::default());
    assert_eq!(alice.contradictions().unwrap(), told);
    for person in [alice, bob] {
        person.close().await;
    }
    town.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_knows_nothing_of_heads_is_not_told() {
    let town = Town::new().await;
    let (alice, bob) = pair(&town).await;
    alice.close().await;
    for (features, is_told) in [(Features::default(), false), (Features::ALL, true)] {
        let asked: Arc<Mutex<Vec<Kind>>> = Arc::default();
        let sockets = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (at, stop) = (sockets.local_addr().unwrap(), CancellationToken::new());
        let noted = Arc::clone(&asked);
        let service = move |_: Conversation, mut incoming: Incoming| {
            let noted = Arc::clone(&noted);
            async move {
                while let Some(request) = incoming.next().await {
                    noted.lock().unwrap().push(request.kind());
                    request.refuse(Code::NotFound, "");
                }
            }
        };
        let listener = Listener::new(sockets, raw_side("alice", features));
        let serving = tokio::spawn(listener.run(service, stop.clone()));
        assert!(get_tree(&bob, at).await[0].landed.is_err());
        let asked = asked.lock().unwrap().clone();
        assert!(asked.contains(&Kind::GetAsk), "{asked:?}");
        assert_eq!(asked.contains(&Kind::HeadAsk), is_told, "{asked:?}");
        stop.cancel();
        serving.await.unwrap();
    }
    assert_eq!(told_by(&bob), [""; 0]);
    bob.close().await;
    town.stop().await;
}
