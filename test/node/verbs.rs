//! What a person's program does with the index alone: joining, coming back, people, keys, searching.

use crate::keys::{sealing_key, signing_key};
use crate::town::{PASSWORD, Town, open, options, password, user};
use std::fs;
use std::sync::Arc;
use waxwing::crypto::key_file::Protection;
use waxwing::crypto::{Identity, SignedRotation, UnixTime};
use waxwing::link::{Deadlines, Side, Tcp};
use waxwing::model::{Audience, IndexAddress};
use waxwing::node::index::{self, IndexSession, LoggedOut, Setup};
use waxwing::node::{Config, Error, Exit, Home, HomeError, Standing, User};
use waxwing::wire::{Code, Features, Party};

const SECOND: &str = "the second password";

#[tokio::test]
async fn who_has_joined_is_known_again_by_the_next_program() {
    let town = Town::new().await;
    let alice = town.newcomer("alice");
    assert!(matches!(alice.people().await.unwrap_err(), Error::NoIndex));
    assert_eq!(alice.whoami().unwrap().index.map(|index| index.to_string()), None);
    alice.join(&town.index, &user("alice"), &password(PASSWORD), Some("room 7")).await.unwrap();
    let settings = fs::read_to_string(town.path("alice/waxwing.toml")).unwrap();
    assert!(settings.contains("user = \"alice\""), "{settings}");
    alice.close().await;
    drop(alice);

    let again = open(town.home("alice"), Config::default());
    let me = again.whoami().unwrap();
    assert_eq!(me.user, Some(user("alice")));
    assert_eq!(me.index.unwrap().to_string(), town.index.to_string());
    let account = again.account().await.unwrap();
    assert_eq!(account.contact.unwrap().to_string(), "room 7");
    assert_eq!(account.sessions.len(), 1, "the session was gone on with");
    again.set_contact(None).await.unwrap();
    assert_eq!(again.account().await.unwrap().contact, None);

    again.logout().await.unwrap();
    assert!(!town.path("alice/state/token").exists());
    let error = again.people().await.unwrap_err();
    assert!(matches!(error, Error::Index(index::Error::LoggedOut(LoggedOut::Over))), "{error}");
    assert_eq!(error.advice().exit, Exit::NotAllowed);
    let index = again.index().unwrap();
    let wrong = again.login(&index, &user("alice"), &password(SECOND)).await.unwrap_err();
    assert!(
        matches!(wrong, Error::Index(index::Error::Refused { code: Code::Credentials, .. })),
        "{wrong}"
    );
    let shown = format!("{wrong} {wrong:?} {:?} {again:?}", wrong.advice());
    assert!(!shown.contains(SECOND), "{shown}");
    again.login(&index, &user("alice"), &password(PASSWORD)).await.unwrap();
    again.change_password(&password(PASSWORD), &password(SECOND)).await.unwrap();
    again.close().await;
    let third = open(town.home("alice"), Config::default());
    third.people().await.unwrap();
    third.close().await;
    town.stop().await;
}

#[tokio::test]
async fn a_home_belongs_to_one_index_whose_key_is_asked_for_once() {
    let town = Town::new().await;
    let bare =
        || Config { index: Some(IndexAddress::Bare(town.index.at.clone())), ..Config::default() };
    let alice = open(town.home("alice"), bare());
    assert!(matches!(alice.people().await.unwrap_err(), Error::UntrustedIndex(_)));
    let answers = alice.who_answers(&town.index.at).await.unwrap();
    assert_eq!(answers, town.index.fingerprint);
    alice.join(&town.index, &user("alice"), &password(PASSWORD), None).await.unwrap();
    alice.close().await;
    let alice = open(town.home("alice"), bare());
    assert_eq!(alice.people().await.unwrap().value.len(), 1);
    alice.close().await;

    // Another index, by an invitation and at the same address.
    let other = Town::new().await;
    let mut named = other.index.to_string();
    named.replace_range(named.len() - 64.., &alice.fingerprint().to_string());
    let named = named.parse().unwrap();
    let error = alice.login(&named, &user("alice"), &password(PASSWORD)).await.unwrap_err();
    assert!(matches!(error, Error::OtherIndex { .. }), "{error}");
    assert_eq!(error.advice().exit, Exit::Verification);
    other.stop().await;

    // Somebody who is no index.
    let nobody = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = nobody.local_addr().unwrap();
    drop(nobody);
    let error = alice.who_answers(&at.into()).await.unwrap_err();
    assert_eq!(error.advice().exit, Exit::Unreachable, "{error}");
    town.stop().await;
}

#[tokio::test]
async fn people_are_pinned_and_verified_and_a_changed_key_is_a_hard_stop() {
    let town = Town::new().await;
    let (alice, bob) = (town.member("alice").await, town.member("bob").await);
    let standing =
        async |who: &User, name: &str| who.person(&user(name)).await.unwrap().value.standing;
    assert_eq!(standing(&alice, "alice").await, Standing::Oneself);
    assert_eq!(standing(&alice, "bob").await, Standing::Unmet);
    assert!(matches!(alice.person(&user("carol")).await.unwrap_err(), Error::Nobody(_)));
    assert!(matches!(alice.meet(&user("carol")).await.unwrap_err(), Error::Nobody(_)));

    assert!(alice.meet(&user("bob")).await.unwrap().first);
    assert!(!alice.meet(&user("bob")).await.unwrap().first);
    assert_eq!(standing(&alice, "bob").await, Standing::Unverified);
    let words = alice.verify_words(&user("bob")).await.unwrap();
    assert_eq!(words.words, bob.verify_words(&user("alice")).await.unwrap().words);
    assert!(matches!(alice.verify_words(&user("alice")).await.unwrap_err(), Error::Oneself));
    alice.mark_verified(&words).unwrap();
    assert!(matches!(standing(&alice, "bob").await, Standing::Verified(_)));
    let same = alice.trust(&user("bob"), &bob.fingerprint()).await.unwrap_err();
    assert_eq!(same.advice().exit, Exit::NothingToDo);
    bob.close().await;

    // The index's owner gives the name away.
    let mallory = open(town.home_with_keys("mal", "mallory"), Config::default());
    let invitation = town.invite("bob").await;
    mallory.join(&invitation, &user("bob"), &password(SECOND), None).await.unwrap();
    assert_eq!(standing(&alice, "bob").await, Standing::Changed);
    for _ in 0..2 {
        let error = alice.meet(&user("bob")).await.unwrap_err();
        let Error::KeyChanged { found, verified: true, .. } = &error else { panic!("{error}") };
        assert_eq!(*found, mallory.fingerprint());
        assert_eq!(error.advice().exit, Exit::Verification);
        assert!(error.advice().hint.unwrap().contains("trust bob --replace"));
    }
    assert!(matches!(alice.verify_words(&user("bob")).await, Err(Error::KeyChanged { .. })));
    assert!(matches!(alice.mark_verified(&words), Ok(())), "the pinned key is the old one still");
    let wrong = alice.trust(&user("bob"), &alice.fingerprint()).await.unwrap_err();
    assert!(matches!(wrong, Error::NotTheKey { .. }), "{wrong}");
    alice.trust(&user("bob"), &mallory.fingerprint()).await.unwrap();
    assert_eq!(alice.meet(&user("bob")).await.unwrap().pin.verified, None);
    assert!(matches!(alice.mark_verified(&words), Err(Error::KeyChanged { .. })));
    alice.close().await;
    mallory.close().await;
    town.stop().await;
}

#[tokio::test]
async fn a_rotation_is_followed_from_a_verified_key_alone() {
    let town = Town::new().await;
    let (alice, bob) = (town.member("alice").await, town.member("bob").await);
    // The same person at another home, who has compared no words there.
    let careless = open(town.home_with_keys("careless", "alice"), Config::default());
    careless.login(&town.index, &user("alice"), &password(PASSWORD)).await.unwrap();
    alice.mark_verified(&alice.verify_words(&user("bob")).await.unwrap()).unwrap();
    careless.meet(&user("bob")).await.unwrap();
    let old = bob.fingerprint();
    bob.close().await;

    let (before, after) = (key_owner("bob"), key_owner("mallory"));
    let session = IndexSession::begin(Tcp, side(&before), &town.index, Setup::default());
    session.login(&user("bob"), &password(PASSWORD)).await.unwrap();
    let rotation =
        SignedRotation::sign(before.signing(), after.signing(), UnixTime::now()).unwrap();
    let (name, text) = (user("bob"), password(PASSWORD));
    session.rotate(side(&after), &name, &text, &rotation).await.unwrap();
    session.close().await;

    let followed = alice.meet(&user("bob")).await.unwrap();
    assert_eq!(followed.rotated_from, Some(old));
    assert_eq!(followed.pin.fingerprint, after.fingerprint());
    assert!(followed.pin.verified.is_some());
    assert_eq!(alice.meet(&user("bob")).await.unwrap().rotated_from, None);
    let error = careless.meet(&user("bob")).await.unwrap_err();
    assert!(matches!(error, Error::KeyChanged { verified: false, .. }), "{error}");
    alice.close().await;
    careless.close().await;
    town.stop().await;
}

#[tokio::test]
async fn an_index_that_is_away_is_said_to_be_soon() {
    let mut town = Town::new().await;
    let alice = town.member("alice").await;
    alice.close().await;
    town.close().await;
    let alice = open(town.home("alice"), Config::default());
    let error = alice.people().await.unwrap_err();
    assert!(matches!(error, Error::Index(index::Error::Away(_))), "{error}");
    let advice = error.advice();
    assert_eq!(advice.exit, Exit::Unreachable);
    assert!(advice.hint.unwrap().contains("is it running"), "{error}");
    alice.close().await;
}

#[tokio::test]
async fn the_chain_is_kept_and_an_index_that_forgets_is_found_out_by_the_next_program() {
    let town = Town::new().await;
    let (alice, bob) = (town.member("alice").await, town.member("bob").await);
    alice.meet(&user("bob")).await.unwrap();
    alice.close().await;
    bob.close().await;
    let chain = town.path("alice/state/chain");
    let kept = fs::read(&chain).unwrap();
    let again = open(town.home("alice"), Config::default());
    again.meet(&user("bob")).await.unwrap();
    again.close().await;
    assert_eq!(fs::read(&chain).unwrap(), kept, "nothing was new");

    // Another index with the same key has another directory.
    let text = fs::read_to_string(town.path("alice/state/index.json")).unwrap();
    let other = Town::new().await;
    let (old, new) = (town.index.at.to_string(), other.index.at.to_string());
    fs::write(town.path("alice/state/index.json"), text.replace(&old, &new)).unwrap();
    let again = open(town.home("alice"), Config::default());
    let index = again.index().unwrap();
    let joined = again.join(&index, &user("alice"), &password(PASSWORD), None).await;
    joined.unwrap();
    let error = again.meet(&user("bob")).await.unwrap_err();
    assert!(matches!(error, Error::Index(index::Error::Alarm(_))), "{error}");
    again.begin_directory_anew().await.unwrap();
    assert!(matches!(again.meet(&user("bob")).await.unwrap_err(), Error::Nobody(_)));
    again.close().await;
    let again = open(town.home("alice"), Config::default());
    assert!(matches!(again.meet(&user("bob")).await.unwrap_err(), Error::Nobody(_)));
    again.close().await;
    other.stop().await;
    town.stop().await;
}

#[tokio::test]
async fn two_programs_of_one_person_write_over_nothing() {
    let town = Town::new().await;
    let (alice, bob, mallory) =
        (town.member("alice").await, town.member("bob").await, town.member("mallory").await);
    let other = open(town.home("alice"), Config::default());
    other.people().await.unwrap();
    let (bo, mal) = (user("bob"), user("mallory"));
    let (one, two) = tokio::join!(alice.meet(&bo), other.meet(&mal));
    assert!(one.unwrap().first && two.unwrap().first);
    assert!(alice.pin(&bo).unwrap().is_some() && alice.pin(&mal).unwrap().is_some());
    // One session ends; the other's token is not removed.
    let index = other.index().unwrap();
    other.login(&index, &user("alice"), &password(PASSWORD)).await.unwrap();
    let token = fs::read(town.path("alice/state/token")).unwrap();
    alice.logout().await.unwrap();
    assert_eq!(fs::read(town.path("alice/state/token")).unwrap(), token);
    for person in [alice, other, bob, mallory] {
        person.close().await;
    }
    let again = open(town.home("alice"), Config::default());
    again.people().await.unwrap();
    again.close().await;
    town.stop().await;
}

#[test]
fn keys_are_made_once_and_opened_with_their_passphrase() {
    let folder = tempfile::tempdir().unwrap();
    let home = || Home::in_folder(folder.path().join("alice"));
    let open = |protection| User::open(home(), Config::default(), protection, options());
    assert!(matches!(open(Protection::NoneAsked), Err(Error::NoKeys(_))));
    let passphrase = waxwing::crypto::Passphrase::new("open sesame").unwrap();
    let protection = Protection::Passphrase(&passphrase);
    let made = User::create(home(), Config::default(), protection, options()).unwrap();
    let keys = made.keys().unwrap();
    assert!(keys.protected && keys.epoch == 1 && keys.until > UnixTime::now());
    assert_eq!(open(protection).unwrap().fingerprint(), keys.fingerprint);
    let error = open(Protection::NoneAsked).unwrap_err();
    assert_eq!(error.advice().exit, Exit::NotAllowed, "{error}");
    let twice = User::create(home(), Config::default(), protection, options()).unwrap_err();
    assert_eq!(twice.advice().exit, Exit::Conflict);
    fs::write(folder.path().join("alice/state/pins.json"), "[{}]").unwrap();
    fs::set_permissions(
        folder.path().join("alice/state/pins.json"),
        std::os::unix::fs::PermissionsExt::from_mode(0o600),
    )
    .unwrap();
    let error = made.pin(&user("bob")).unwrap_err();
    assert!(matches!(error, Error::Home(HomeError::Damaged { .. })), "{error}");
}

#[tokio::test]
async fn while_it_cannot_be_read_which_shares_are_over_none_is_removed() {
    let folder = tempfile::tempdir().unwrap();
    let (home, zoo) = (Home::in_folder(folder.path().join("alice")), folder.path().join("zoo"));
    fs::create_dir(&zoo).unwrap();
    let me = User::create(home, Config::default(), Protection::NoneAsked, options()).unwrap();
    let name = me.add_share(&zoo, &[], Audience::Everyone).unwrap().share.name;
    let over = folder.path().join("alice/state/ended.json");
    for damaged in ["[{}]", "[", r#"[{"id":"00","name":"zoo"}]"#] {
        fs::write(&over, damaged).unwrap();
        let private = std::os::unix::fs::PermissionsExt::from_mode(0o600);
        fs::set_permissions(&over, private).unwrap();
        let error = me.remove_share(&name).await.unwrap_err();
        assert!(matches!(error, Error::Home(HomeError::Damaged { .. })), "{error}");
        assert_eq!(me.shares().unwrap().len(), 1);
    }
    fs::remove_file(&over).unwrap();
    me.remove_share(&name).await.unwrap();
    assert_eq!(me.shares().unwrap().len(), 0);
}

fn key_owner(name: &str) -> Arc<Identity> {
    let (signing, sealing) = (format!("{name}-signing"), format!("{name}-sealing"));
    let now = UnixTime::now();
    Arc::new(Identity::new(signing_key(&signing), sealing_key(&sealing), now).unwrap())
}

fn side(of: &Arc<Identity>) -> Side {
    Side::new(Arc::clone(of), Party::Person, Features::ALL, Deadlines::default()).unwrap()
}
