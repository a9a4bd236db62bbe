//! Two people share files: each a program with a home, over loopback.

use crate::town::{PASSWORD, Town, open, own_port, password, user};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;
use waxwing::model::{Audience, Content, Event, Events, Work};
use waxwing::node::index::Query;
use waxwing::node::{
    Config, Error, Exit, GetRules, Got, Instead, Move, Moved, Receive, User, Visit, Wanted,
};
use waxwing::peer::Landed;

/// Alice, who shares a folder and is online, and Bob, who is not.
struct Pair {
    town: Town,
    alice: User,
    bob: User,
}

impl Pair {
    async fn new() -> Self {
        Self::with(Config::default(), Audience::Everyone).await
    }

    async fn with(alices: Config, audience: Audience) -> Self {
        let town = Town::new().await;
        let bob = town.member("bob").await;
        for name in audience.named() {
            town.member(name.as_str()).await.close().await;
        }
        let alice = open(town.home("alice"), alices);
        alice.join(&town.index, &user("alice"), &password(PASSWORD), None).await.unwrap();
        let share = town.path("photos");
        write(&share.join("zoo/koala.jpg"), &bytes(3, 700_000));
        write(&share.join("zoo/empty.txt"), b"");
        write(&share.join("tree.jpg"), b"a tree");
        let folder = alice.add_share(&share, &["Australia".parse().unwrap()], audience).unwrap();
        alice.go_online(true).await.unwrap();
        let looked = alice.look_at(&folder).await.unwrap();
        assert_eq!(looked.published.unwrap().added, 3);
        assert_eq!((looked.preview.files, looked.preview.bytes), (3, 700_006));
        Self { town, alice, bob }
    }

    async fn get(&self, what: &str) -> Result<Vec<Got>, Error> {
        self.get_by(what, &GetRules::default()).await
    }

    async fn get_by(&self, what: &str, rules: &GetRules) -> Result<Vec<Got>, Error> {
        soon(self.bob.get(&[what.parse::<Wanted>().unwrap()], rules)).await
    }

    fn downloads(&self) -> PathBuf {
        self.town.path("bob/downloads")
    }

    async fn stop(self) {
        self.alice.close().await;
        self.bob.close().await;
        self.town.stop().await;
    }
}

#[tokio::test]
async fn what_is_searched_for_is_got_by_its_number_and_who_sent_it_is_known_later() {
    let pair = Pair::new().await;
    let (alice, bob) = (&pair.alice, &pair.bob);
    let online = alice.online().unwrap();
    assert!((7400..=7499).contains(&online.port) && online.is_local);
    let mut visits = alice.visits();
    let results = bob.search(&Query::new("koala australia photos")).await.unwrap().value;
    assert_eq!(results.found.len(), 1);
    let got = pair.get("1").await.unwrap();
    assert_eq!(Got::exit(&got), Exit::Done);
    let [file] = got.as_slice() else { panic!("{got:?}") };
    assert!(matches!(file.landed, Ok(Landed::New)), "{file:?}");
    assert_eq!(file.path.as_str(), "koala.jpg");
    let from = file.from.as_ref().unwrap();
    assert_eq!((from.user.as_str(), from.verified), ("alice", None));
    assert_eq!(from.fingerprint, alice.fingerprint());
    let here = pair.downloads().join("koala.jpg");
    assert_eq!(fs::read(&here).unwrap(), bytes(3, 700_000));
    let served = soon(visits.recv()).await.unwrap();
    let Visit::Served { to, files, bytes: 700_000 } = served else { panic!("{served:?}") };
    assert_eq!((to.as_str(), files[0].as_str()), ("bob", "zoo/koala.jpg"));

    // Once more there is nothing to do; another program of Bob's knows the number, too.
    let got = pair.get("1").await.unwrap();
    assert_eq!(Got::exit(&got), Exit::NothingToDo);
    let elsewhere = GetRules { out: Some(pair.town.path("out")), ..GetRules::default() };
    let again = open(pair.town.home("bob"), Config::default());
    assert_eq!(Got::exit(&again.get(&[Wanted::Number(1)], &elsewhere).await.unwrap()), Exit::Done);
    let none = again.get(&[Wanted::Number(2)], &elsewhere).await.unwrap_err();
    assert_eq!(none.advice().exit, Exit::NotFound);
    again.close().await;

    // Who sent it, also when the words are compared later, and not of a file that was changed.
    let proofs = bob.who_sent(&here).await.unwrap();
    assert_eq!(proofs[0].user, Some(user("alice")));
    assert_eq!((proofs[0].verified, proofs[0].sent.sender), (None, alice.fingerprint()));
    bob.mark_verified(&bob.verify_words(&user("alice")).await.unwrap()).unwrap();
    assert!(bob.who_sent(&here).await.unwrap()[0].verified.is_some());
    fs::write(&here, b"another koala").unwrap();
    assert!(matches!(bob.who_sent(&here).await.unwrap_err(), Error::NotAsSent { by: Some(_), .. }));

    // Another file is there now.
    let got = pair.get("1").await.unwrap();
    let why = got[0].landed.as_ref().unwrap_err();
    assert!(matches!(**why, Error::Landing { .. }), "{got:?}");
    assert_eq!(Got::exit(&got), Exit::Conflict);
    let over = GetRules { overwrite: true, ..GetRules::default() };
    let got = pair.get_by("1", &over).await.unwrap();
    assert!(matches!(got[0].landed, Ok(Landed::Replaced)), "{got:?}");
    assert!(got[0].from.as_ref().unwrap().verified.is_some());
    pair.stop().await;
}

#[tokio::test]
async fn files_folders_shares_contents_and_all_of_a_search_are_got() {
    let pair = Pair::new().await;
    let names = |got: Vec<Got>| {
        assert!(got.iter().all(|got| got.landed.is_ok()), "{got:?}");
        let mut names: Vec<_> = got.iter().map(|got| got.path.as_str().to_owned()).collect();
        names.sort();
        names
    };
    assert_eq!(names(pair.get("alice:photos/zoo/koala.jpg").await.unwrap()), ["koala.jpg"]);
    assert_eq!(
        names(pair.get("alice:photos/zoo/").await.unwrap()),
        ["zoo/empty.txt", "zoo/koala.jpg"]
    );
    let all = ["photos/tree.jpg", "photos/zoo/empty.txt", "photos/zoo/koala.jpg"];
    assert_eq!(names(pair.get("alice:photos").await.unwrap()), all);
    assert_eq!(fs::read(pair.downloads().join("photos/zoo/empty.txt")).unwrap(), b"");
    let out = |name: &str| GetRules { out: Some(pair.town.path(name)), ..GetRules::default() };
    let tree = Content::of(b"a tree");
    let named = Wanted::parse_content(&format!("{}:6", tree.id())).unwrap();
    assert_eq!(names(pair.bob.get(&[named], &out("by-id")).await.unwrap()), ["tree.jpg"]);
    let unsized_ = Wanted::parse_content(&tree.id().to_string()).unwrap();
    let error = pair.bob.get(std::slice::from_ref(&unsized_), &out("by-id-2")).await.unwrap_err();
    assert!(matches!(error, Error::SizeUnknown(_)), "{error}");
    let got = pair.bob.get_all(&Query::new("australia"), &out("all")).await.unwrap();
    assert_eq!(names(got), ["empty.txt", "koala.jpg", "tree.jpg"]);
    pair.bob.search(&Query::new("tree")).await.unwrap();
    assert_eq!(names(pair.bob.get(&[unsized_], &out("by-id-2")).await.unwrap()), ["tree.jpg"]);

    for (what, exit) in [
        ("alice:photos/nothing", Exit::NotFound),
        ("alice:nothing", Exit::NotFound),
        ("carol:photos", Exit::NotFound),
    ] {
        assert_eq!(pair.get(what).await.unwrap_err().advice().exit, exit, "{what}");
    }
    let nothing = pair.bob.get_all(&Query::new("wombat"), &GetRules::default()).await.unwrap_err();
    assert_eq!(nothing.advice().exit, Exit::NotFound);
    pair.stop().await;
}

#[tokio::test]
async fn of_what_is_in_the_way_each_becomes_what_is_said_and_what_nothing_is_said_of_is_told() {
    let pair = Pair::new().await;
    let names = ["tree.jpg", "zoo/empty.txt", "zoo/koala.jpg"];
    let own = |name: &str| pair.downloads().join("photos").join(name);
    for name in names {
        write(&own(name), b"bob's");
    }
    let what = Move::Get {
        wanted: vec!["alice:photos".parse().unwrap()],
        words: None,
        rules: GetRules::default(),
    };
    let mut asked = Vec::new();
    let moving = pair.bob.begin_move(what).await.unwrap();
    let mut decide = |clashes: &[waxwing::node::Clash]| {
        asked.extend(clashes.iter().map(|clash| clash.path.to_string()));
        Some(vec![Instead::Beside, Instead::Replace])
    };
    let moved = soon(moving.carry_on_deciding(&mut decide)).await.unwrap();
    let Moved::Got(got) = moved else { panic!("nothing is sent") };
    assert_eq!(asked, names.map(|name| format!("photos/{name}")));
    let landed = |name: &str| {
        let path = format!("photos/{name}");
        &got.iter().find(|got| got.path.as_str() == path).expect(name).landed
    };
    assert!(matches!(landed("tree (2).jpg"), Ok(Landed::New)), "{got:?}");
    assert!(matches!(landed("zoo/empty.txt"), Ok(Landed::Replaced)), "{got:?}");
    assert!(landed("zoo/koala.jpg").is_err(), "{got:?}");
    assert_eq!(fs::read(own("tree.jpg")).unwrap(), b"bob's");
    assert_eq!(fs::read(own("tree (2).jpg")).unwrap(), b"a tree");
    assert_eq!(fs::read(own("zoo/empty.txt")).unwrap(), b"");
    assert_eq!(fs::read(own("zoo/koala.jpg")).unwrap(), b"bob's");
    pair.stop().await;
}

#[tokio::test]
async fn of_a_folder_all_comes_but_what_has_changed_since_it_was_read() {
    let pair = Pair::new().await;
    write(&pair.town.path("photos/tree.jpg"), b"a felled tree");
    let got = pair.get("alice:photos").await.unwrap();
    assert_eq!(Got::exit(&got), Exit::Conflict, "{got:?}");
    let (came, failed): (Vec<_>, Vec<_>) = got.iter().partition(|got| got.landed.is_ok());
    let paths = |got: &[&Got]| got.iter().map(|got| got.path.to_string()).collect::<Vec<_>>();
    assert_eq!(paths(&failed), ["photos/tree.jpg"]);
    assert_eq!(came.len(), 2, "{came:?}");
    assert_eq!(fs::read(pair.downloads().join("photos/zoo/koala.jpg")).unwrap(), bytes(3, 700_000));
    pair.stop().await;
}

#[tokio::test]
async fn what_is_not_for_somebody_is_not_there_for_them() {
    let audience = Audience::people([user("mallory")]).unwrap();
    let pair = Pair::with(Config::default(), audience).await;
    let error = pair.get("alice:photos/tree.jpg").await.unwrap_err();
    assert_eq!(error.advice().exit, Exit::NotFound, "{error}");
    assert!(pair.bob.search(&Query::new("tree")).await.unwrap().value.found.is_empty());
    // Not even for who knows where it is: Alice herself decides, not the index.
    let [folder] = pair.alice.shares().unwrap().try_into().unwrap();
    assert_eq!(folder.share.audience.to_string(), "mallory");
    let results = pair.alice.search(&Query::new("tree")).await.unwrap().value;
    assert_eq!(results.found.len(), 1);
    let (from, to) = ("alice/state/results.json", "bob/state/results.json");
    fs::write(pair.town.path(to), fs::read(pair.town.path(from)).unwrap()).unwrap();
    let bob = open(pair.town.home("bob"), Config::default());
    let got = bob.get(&[Wanted::Number(1)], &GetRules::default()).await.unwrap();
    let error = got[0].landed.as_ref().unwrap_err();
    assert_eq!(error.advice().exit, Exit::NotFound, "{error}");
    bob.close().await;
    pair.stop().await;
}

#[tokio::test]
async fn from_whom_alone_something_comes_is_heeded_whatever_is_named() {
    let pair = Pair::new().await;
    pair.bob.search(&Query::new("koala")).await.unwrap();
    let from = |name| GetRules { from: Some(user(name)), ..GetRules::default() };
    for what in ["alice:photos/tree.jpg", "1"] {
        let error = pair.get_by(what, &from("mallory")).await.unwrap_err();
        assert!(matches!(&error, Error::NotFrom(whom) if *whom == user("mallory")), "{error}");
        let got = pair.get_by(what, &from("alice")).await.unwrap();
        assert_eq!(Got::exit(&got), Exit::Done, "{got:?}");
    }
    pair.stop().await;
}

#[tokio::test]
async fn nothing_comes_before_it_is_known_what_all_of_it_is() {
    let pair = Pair::new().await;
    let get = |words: &str| Move::Get {
        wanted: vec!["alice:photos/tree.jpg".parse().unwrap()],
        words: Some(words.to_owned()),
        rules: GetRules::default(),
    };
    let moving = pair.bob.begin_move(get("wombat")).await.unwrap();
    let error = soon(moving.carry_on()).await.unwrap_err();
    assert!(matches!(error, Error::NothingFound), "{error}");
    assert!(!pair.downloads().join("tree.jpg").exists());
    let moving = pair.bob.begin_move(get("koala")).await.unwrap();
    let Moved::Got(got) = soon(moving.carry_on()).await.unwrap() else { panic!() };
    assert_eq!((got.len(), Got::exit(&got)), (2, Exit::Done), "{got:?}");
    pair.stop().await;
}

#[tokio::test]
async fn an_audience_of_nobody_is_told_when_it_is_published() {
    let pair = Pair::new().await;
    write(&pair.town.path("letters/one.txt"), b"one");
    let audience = Audience::people([user("carol")]).unwrap();
    let folder = pair.alice.add_share(&pair.town.path("letters"), &[], audience).unwrap();
    let error = pair.alice.look_at(&folder).await.unwrap().published.unwrap_err();
    assert!(matches!(error, Error::NobodyInAudience(_)), "{error}");
    assert_eq!(error.advice().exit, Exit::NotFound);
    pair.stop().await;
}

#[tokio::test]
async fn who_is_away_cannot_be_reached_and_a_changed_key_stops_hard_on_both_sides() {
    let config = Config { port: Some(own_port()), ..Config::default() };
    let pair = Pair::with(config, Audience::Everyone).await;
    pair.get("alice:photos/tree.jpg").await.unwrap();
    pair.alice.go_offline().await;
    assert_eq!(pair.alice.online(), None);
    let elsewhere = GetRules { out: Some(pair.town.path("out")), ..GetRules::default() };
    let got = pair.get_by("alice:photos/tree.jpg", &elsewhere).await.unwrap();
    assert_eq!(Got::exit(&got), Exit::Unreachable, "{got:?}");

    // Bob's name goes to Mallory: whom Alice has met is not whom she meets.
    pair.alice.go_online(true).await.unwrap();
    let mut visits = pair.alice.visits();
    let mallory = open(pair.town.home_with_keys("mal", "mallory"), Config::default());
    let invitation = pair.town.invite("bob").await;
    mallory.join(&invitation, &user("bob"), &password(PASSWORD), None).await.unwrap();
    let got = mallory.get(&["alice:photos/tree.jpg".parse().unwrap()], &elsewhere).await.unwrap();
    assert!(got[0].landed.is_err(), "{got:?}");
    let Visit::TurnedAway { why, named: true } = soon(visits.recv()).await.unwrap() else {
        panic!("let in")
    };
    assert!(why.contains("bob has another key"), "{why}");
    assert!(!pair.town.path("out/tree.jpg").exists());
    // And the other way round.
    let error = pair.alice.send(&user("bob"), &[pair.town.path("photos")]).await.unwrap_err();
    assert!(matches!(error, Error::KeyChanged { .. }), "{error}");
    mallory.close().await;
    pair.stop().await;
}

#[tokio::test]
async fn files_are_sent_when_the_receiver_wants_them() {
    let pair = Pair::new().await;
    let (alice, bob) = (&pair.alice, &pair.bob);
    let paths = [pair.town.path("letter.txt")];
    write(&paths[0], b"dear alice");
    let (mut visits, her) = (alice.visits(), user("alice"));
    // She says yes.
    let (sent, ()) = soon(async {
        tokio::join!(bob.send(&her, &paths), async {
            let offered = visits.recv().await.unwrap();
            let Visit::Offered { from, number } = offered else { panic!("{offered:?}") };
            assert_eq!(from.as_str(), "bob");
            let [waiting] = alice.inbox().try_into().unwrap();
            assert_eq!((waiting.number, waiting.bytes), (number, 10));
            assert_eq!(waiting.entries[0].path().as_str(), "letter.txt");
            alice.decide(number, true).unwrap();
        })
    })
    .await;
    let sent = sent.unwrap();
    assert_eq!(sent.landed[0].as_str(), "letter.txt");
    let received = soon(visits.recv()).await.unwrap();
    let Visit::Received { from, landed, verified: false, .. } = received else {
        panic!("{received:?}")
    };
    assert_eq!((from.as_str(), landed[0].as_str()), ("bob", "letter.txt"));
    let here = pair.town.path("alice/downloads/letter.txt");
    assert_eq!(fs::read(&here).unwrap(), b"dear alice");
    assert_eq!(alice.who_sent(&here).await.unwrap()[0].user, Some(user("bob")));
    // She says no.
    let (sent, ()) = soon(async {
        tokio::join!(bob.send(&her, &paths), async {
            let Visit::Offered { number, .. } = visits.recv().await.unwrap() else { panic!() };
            alice.decide(number, false).unwrap();
            assert!(matches!(alice.decide(number, true), Err(Error::NoOffer(_))));
        })
    })
    .await;
    assert_eq!(sent.unwrap_err().advice().exit, Exit::NotAllowed);
    // Who declined is not told of a failure.
    let told = tokio::time::timeout(Duration::from_millis(100), visits.recv()).await;
    assert!(told.is_err(), "{told:?}");
    pair.stop().await;
}

#[tokio::test]
async fn without_asking_files_are_taken_from_verified_people_alone() {
    let verified = Config { receive: Receive::Verified, ..Config::default() };
    let pair = Pair::with(verified, Audience::Everyone).await;
    let (alice, bob) = (&pair.alice, &pair.bob);
    let paths = [pair.town.path("letter.txt")];
    write(&paths[0], b"dear alice");
    let error = soon(bob.send(&user("alice"), &paths)).await.unwrap_err();
    assert_eq!(error.advice().exit, Exit::NotAllowed, "{error}");
    alice.mark_verified(&alice.verify_words(&user("bob")).await.unwrap()).unwrap();
    assert_eq!(soon(bob.send(&user("alice"), &paths)).await.unwrap().landed.len(), 1);
    pair.stop().await;
}

#[tokio::test]
async fn what_was_kept_out_is_not_taken_for_what_is_in_its_place() {
    let verified = Config { receive: Receive::Verified, ..Config::default() };
    let pair = Pair::with(verified, Audience::Everyone).await;
    let (alice, bob) = (&pair.alice, &pair.bob);
    alice.mark_verified(&alice.verify_words(&user("bob")).await.unwrap()).unwrap();
    let hers = pair.town.path("alice/downloads/letter.txt");
    write(&hers, b"her own");
    let paths = ["letter.txt", "note.txt"].map(|name| pair.town.path(&format!("desk/{name}")));
    paths.iter().for_each(|path| write(path, b"dear alice"));
    let sent = soon(bob.send(&user("alice"), &paths)).await.unwrap();
    assert_eq!((sent.landed.len(), sent.kept_out.len()), (1, 1), "{sent:?}");
    let note = pair.town.path("alice/downloads/note.txt");
    assert_eq!(alice.who_sent(&note).await.unwrap().len(), 1);
    let error = alice.who_sent(&hers).await.unwrap_err();
    assert!(matches!(error, Error::NoReceipt(_)), "{error}");
    pair.stop().await;
}

#[tokio::test]
async fn shares_are_kept_looked_at_again_and_removed() {
    let pair = Pair::new().await;
    let share = pair.town.path("photos");
    let again = pair.alice.add_share(&share, &[], Audience::Everyone).unwrap_err();
    assert_eq!(again.advice().exit, Exit::NothingToDo);
    let other = pair.town.path("other/photos");
    fs::create_dir_all(&other).unwrap();
    let taken = pair.alice.add_share(&other, &[], Audience::Everyone).unwrap_err();
    assert_eq!(taken.advice().exit, Exit::Conflict);
    let missing = pair.alice.add_share(&pair.town.path("missing"), &[], Audience::Everyone);
    assert_eq!(missing.unwrap_err().advice().exit, Exit::NotFound);
    pair.alice.close().await;

    // The next program sends the difference alone, and serves on the same port.
    let (events, told) = Events::channel();
    let options = waxwing::node::Options { events, ..crate::town::options() };
    let protection = waxwing::crypto::key_file::Protection::NoneAsked;
    let home = pair.town.home("alice");
    let alice = User::open(home, Config::default(), protection, options).unwrap();
    fs::remove_file(share.join("tree.jpg")).unwrap();
    write(&share.join("new.txt"), b"new");
    let [folder] = alice.shares().unwrap().try_into().unwrap();
    alice.go_online(false).await.unwrap();
    let looked = alice.look_at(&folder).await.unwrap();
    let summary = looked.published.unwrap();
    assert_eq!((summary.added, summary.removed, summary.unchanged), (1, 1, 2));
    assert!(told.try_iter().any(|event| matches!(event, Event::Began { work: Work::Hashing, .. })));
    let got = pair.get("alice:photos/new.txt").await.unwrap();
    assert_eq!(Got::exit(&got), Exit::Done, "{got:?}");

    alice.remove_share(&folder.share.name).await.unwrap();
    assert!(alice.shares().unwrap().is_empty());
    let gone = alice.remove_share(&folder.share.name).await.unwrap_err();
    assert_eq!(gone.advice().exit, Exit::NotFound);
    assert!(pair.bob.search(&Query::new("koala")).await.unwrap().value.found.is_empty());
    alice.close().await;
    pair.stop().await;
}

fn write(path: &Path, bytes: &[u8]) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}

fn bytes(seed: u8, size: usize) -> Vec<u8> {
    (0..size).map(|at| (at as u8).wrapping_mul(31).wrapping_add(seed) ^ (at >> 8) as u8).collect()
}

async fn soon<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(60), what).await.expect("it takes too long")
}
