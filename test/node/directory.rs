//! The key directory of an index that forgets, swaps, rewrites, and shows two people two chains.

use crate::keys::{NOW, sealing_key, signing_key};
use crate::ledger::Ledger;
use crate::stub::{
    Books, Stub, Turn, by, documents, identity, next_news, seen, setup, soon, until, until_here,
    user,
};
use std::sync::Arc;
use std::time::Duration;
use waxwing::codec::{Blob, List};
use waxwing::crypto::{SealingCertificate, SignedRotation};
use waxwing::model::directory::DirectoryEvent::{Closed, Joined, Replaced, Rotated, Sealing};
use waxwing::model::directory::{Agreement, Chain, ChainError, Documents, Head};
use waxwing::node::index::{Age, Error, IndexSession, Known, News, Setup, Status, Warnings};
use waxwing::wire::index::{ChainAsk, ChainPart, Keys, KeysAsk, News as NewsMessage};
use waxwing::wire::{Code, Kind};

/// Alice, whose session it is, and two others.
fn three(stub: &Stub) {
    let mut books = stub.books();
    books.enter(Joined, "bo", documents("bob"));
    books.enter(Joined, "mal", documents("mallory"));
}

#[tokio::test(start_paused = true)]
async fn keys_are_believed_by_a_chain_that_grows_by_increments() {
    let stub = Stub::new().await;
    three(&stub);
    let session = stub.session();
    let bo = soon(session.keys(&user("bo"))).await.unwrap();
    assert_eq!((bo.age, bo.value.step.number), (Age::Fresh, 1));
    assert_eq!(bo.value.key.fingerprint(), identity("bob").fingerprint());
    // Every entry was asked for once.
    let chain = Arc::new(std::sync::Mutex::new(Vec::new()));
    let from = Arc::clone(&chain);
    let noted = by(move |books, request| {
        from.lock().unwrap().push(request.decode::<ChainAsk>().unwrap().from);
        books.answer(request);
    });
    stub.always(Kind::ChainAsk, noted);
    // The same keys are not asked for again, but whether they are the same is.
    soon(session.keys(&user("bo"))).await.unwrap();
    assert_eq!(stub.asked(Kind::KeysAsk).len(), 1);
    let newer = with_epoch("bob", 2);
    stub.books().enter(Sealing, "bo", newer);
    let bo = soon(session.keys(&user("bo"))).await.unwrap().value;
    assert_eq!((bo.step.number, bo.certificate.epoch), (3, 2));
    for number in 4..9 {
        stub.books().enter(Sealing, "mal", with_epoch("mallory", number));
    }
    assert_eq!(soon(session.keys(&user("mal"))).await.unwrap().value.certificate.epoch, 8);
    assert_eq!(*chain.lock().unwrap(), [3, 3, 4, 6, 8]);
}

#[tokio::test(start_paused = true)]
async fn a_directory_that_grows_while_it_is_asked_for_is_no_alarm() {
    let stub = Stub::new().await;
    three(&stub);
    let mut epoch = 1;
    let growing = std::sync::Mutex::new(move |books: &mut Books| {
        epoch += 1;
        if epoch < 6 {
            books.enter(Sealing, "bo", with_epoch("bob", epoch));
        }
    });
    let growing = by(move |books, request| {
        books.answer(request);
        (growing.lock().unwrap())(books);
    });
    stub.always(Kind::ChainAsk, growing);
    let session = stub.session();
    let bo = soon(session.keys(&user("bo"))).await.unwrap().value;
    assert!(bo.certificate.epoch > 1);
}

#[tokio::test(start_paused = true)]
async fn of_many_who_ask_at_once_most_share_a_look() {
    let stub = Stub::new().await;
    three(&stub);
    let session = stub.session();
    soon(session.keys(&user("bo"))).await.unwrap();
    stub.books().enter(Closed, "mal", documents("mallory"));
    let before = stub.asked(Kind::ChainAsk).len();
    let asking: Vec<_> = (0..50)
        .map(|_| {
            let session = session.clone();
            tokio::spawn(async move { session.keys(&user("mal")).await })
        })
        .collect();
    for asked in asking {
        assert_eq!(soon(asked).await.unwrap().unwrap_err(), Error::Unknown);
    }
    // The first, and one for all who came while that was under way; each of two parts, the new and the end.
    let looks = stub.asked(Kind::ChainAsk).len() - before;
    assert!((1..=4).contains(&looks), "{looks}");
}

#[tokio::test(start_paused = true)]
async fn who_has_no_keys_is_unknown() {
    let stub = Stub::new().await;
    three(&stub);
    stub.books().enter(Closed, "mal", documents("mallory"));
    let session = stub.session();
    for name in ["nobody", "mal"] {
        assert_eq!(soon(session.keys(&user(name))).await.unwrap_err(), Error::Unknown);
    }
    // Not to show something is not to lie.
    stub.once(Kind::KeysAsk, Turn::Refuse(Code::NotFound));
    let refused = soon(session.keys(&user("bo"))).await.unwrap_err();
    assert!(matches!(refused, Error::Refused { code: Code::NotFound, .. }), "{refused}");
    assert!(soon(session.keys(&user("bo"))).await.is_ok());
}

/// What the index does, once it was honest, and what is said of it.
type Lie = (&'static str, fn(&Stub), &'static str);

#[tokio::test(start_paused = true)]
async fn a_lie_about_the_chain_is_an_alarm_until_the_person_decides() {
    let lies: [Lie; 12] = [
        ("forgets the last entry", |stub| rewrite(stub, &["alice", "bo"]), "shorter"),
        ("forgets all of them", |stub| stub.books().ledger = Ledger::new(), "shorter"),
        (
            "forgets one in the middle",
            |stub| rewrite(stub, &["alice", "mal"]),
            "its last entry is another one",
        ),
        (
            "swaps two",
            |stub| rewrite(stub, &["alice", "mal", "bo"]),
            "its last entry is another one",
        ),
        (
            "wrote anew, and went on",
            |stub| rewrite(stub, &["alice", "mal", "bo", "eve"]),
            "entry 3 of the key directory does not follow",
        ),
        (
            "has another head",
            |stub| part(stub, |part| part.hash[0] ^= 1),
            "its last entry is another one",
        ),
        (
            "has a head that is longer than what it shows",
            |stub| part(stub, |part| part.length += 1),
            "it is said to be longer than what is shown",
        ),
        (
            "shows more than its head",
            |stub| {
                stub.books().enter(Sealing, "bo", with_epoch("bob", 2));
                part(stub, |part| part.length -= 1);
            },
            "its last entry is another one",
        ),
        (
            "shows the beginning again",
            |stub| {
                stub.always(
                    Kind::ChainAsk,
                    by(|books, request| {
                        let part = books.chain(0);
                        request.answer(part).unwrap();
                    }),
                );
            },
            "entry 3 of the key directory does not follow",
        ),
        (
            "shows what is no entry",
            |stub| {
                part(stub, |part| {
                    part.entries = List::new(vec![Blob::new([7; 20]).unwrap()]).unwrap();
                });
            },
            "malformed",
        ),
        (
            "gives a name to two people",
            |stub| stub.books().enter(Joined, "bo", documents("mallory")),
            "a name is joined twice",
        ),
        (
            "gives an identity two names",
            |stub| stub.books().enter(Joined, "eve", documents("bob")),
            "an identity is used twice",
        ),
    ];
    for (name, lie, said) in lies {
        let stub = Stub::new().await;
        three(&stub);
        let session = stub.session();
        soon(session.keys(&user("bo"))).await.unwrap();
        lie(&stub);
        is_alarmed(&stub, &session, said, name).await;
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_is_kept_of_an_answer_that_does_not_fit() {
    let lies: [fn(&Stub); 2] = [
        // What comes before the entry that is none.
        |stub| stub.books().enter(Joined, "eve", documents("mallory")),
        // The entries, when only the head is wrong.
        |stub| part(stub, |part| part.hash[0] ^= 1),
    ];
    for lie in lies {
        let stub = Stub::new().await;
        three(&stub);
        let session = stub.session();
        soon(session.keys(&user("bo"))).await.unwrap();
        let before = session.known().head();
        stub.books().enter(Sealing, "bo", with_epoch("bob", 2));
        lie(&stub);
        let error = soon(session.keys(&user("bo"))).await.unwrap_err();
        assert!(matches!(error, Error::Alarm(_)), "{error}");
        assert_eq!(session.known().head(), before);
    }
}

#[tokio::test(start_paused = true)]
async fn a_lie_about_keys_is_an_alarm_until_the_person_decides() {
    let lies: [Lie; 6] = [
        ("shows the keys of another", |stub| keys(stub, |_| documents("mallory")), "another hash"),
        (
            "shows another certificate of the same person",
            |stub| keys(stub, |_| with_epoch("bob", 7)),
            "another hash",
        ),
        (
            "shows a certificate of another person",
            |stub| {
                keys(stub, |shown| Documents {
                    certificate: documents("mallory").certificate,
                    ..shown
                });
            },
            "another hash",
        ),
        (
            "shows what is no key",
            |stub| {
                stub.always(
                    Kind::KeysAsk,
                    by(|books, request| {
                        let key = Blob::new([1; 300]).unwrap();
                        let shown = Keys::new(1, &books.documents[1]).unwrap();
                        request.answer(Keys { key, ..shown }).unwrap();
                    }),
                );
            },
            "not an RSA public key",
        ),
        (
            "wrote another key into the entry",
            |stub| {
                let mut books = stub.books();
                let swapped = documents("mallory");
                let of_bo = identity("bob").fingerprint();
                books.ledger = Ledger::new();
                books.ledger.add(Joined, "alice", &documents("alice"));
                books.ledger.write(Joined, "bo", of_bo, swapped.hash());
                books.documents[1] = swapped;
            },
            "the key is of another identity",
        ),
        (
            "wrote a certificate into the entry that another key signed",
            |stub| {
                let certificate = documents("mallory").certificate;
                let mixed = Documents { certificate, ..documents("bob") };
                let mut books = stub.books();
                books.ledger = Ledger::new();
                books.ledger.add(Joined, "alice", &documents("alice"));
                books.ledger.add(Joined, "bo", &mixed);
                books.documents[1] = mixed;
            },
            "the signature does not verify",
        ),
    ];
    for (name, lie, said) in lies {
        let stub = Stub::new().await;
        three(&stub);
        lie(&stub);
        let session = stub.session();
        until_here(&session).await;
        is_alarmed(&stub, &session, said, name).await;
    }
}

#[tokio::test(start_paused = true)]
async fn an_older_certificate_that_still_holds_is_an_alarm() {
    let stub = Stub::new().await;
    three(&stub);
    let bo = user("bo");
    stub.books().enter(Sealing, "bo", with_epoch("bob", 3));
    let session = stub.session();
    assert_eq!(soon(session.keys(&bo)).await.unwrap().value.certificate.epoch, 3);
    stub.books().enter(Sealing, "bo", with_epoch("bob", 2));
    let older = ChainError::Documents("the certificate is older than the one before it");
    assert_eq!(soon(session.keys(&bo)).await.unwrap_err(), Error::Alarm(older));
}

#[tokio::test(start_paused = true)]
async fn a_certificate_of_an_earlier_entry_may_be_older() {
    let stub = Stub::new().await;
    stub.books().enter(Joined, "bo", documents("bob"));
    stub.books().enter(Rotated, "bo", rotated("bob", "mallory"));
    stub.books().enter(Sealing, "bo", with_epoch("mallory", 5));
    let session = stub.session();
    let bo = user("bo");
    assert_eq!(soon(session.keys(&bo)).await.unwrap().value.certificate.epoch, 5);
    let walked = soon(session.rotations(&bo, &identity("bob").fingerprint())).await.unwrap();
    assert_eq!(walked.map(|steps| steps.len()), Some(1));
    assert!(soon(session.keys(&bo)).await.is_ok());
}

/// The alarm is told, stays whatever the index does, and goes when the person decides.
async fn is_alarmed(stub: &Stub, session: &IndexSession, said: &str, name: &str) {
    let mut news = session.news();
    let error = soon(session.keys(&user("bo"))).await.unwrap_err();
    assert!(matches!(error, Error::Alarm(_)), "{name}: {error}");
    assert!(error.to_string().contains(said), "{name}: {error}");
    let News::Alarm(alarm) = next_news(&mut news).await else { panic!("{name}: no alarm") };
    assert_eq!(error, Error::Alarm(alarm), "{name}");
    // The rest goes on.
    assert!(soon(session.people()).await.is_ok(), "{name}");
    assert!(matches!(session.status(), Status::Here(_)), "{name}");
    // As if nothing had been.
    stub.honest();
    let asked = stub.books().asked.len();
    for user in [user("bo"), user("alice")] {
        assert_eq!(soon(session.keys(&user)).await.unwrap_err(), error, "{name}");
    }
    let other = Head { length: 1000, hash: [0; 32] };
    assert_eq!(soon(session.compare_heads(&other)).await, Err(error), "{name}");
    assert_eq!(stub.books().asked.len(), asked, "{name}");
    {
        let mut books = stub.books();
        books.ledger = Ledger::new();
        books.documents.clear();
        books.enter(Joined, "alice", documents("alice"));
        books.enter(Joined, "bo", documents("bob"));
    }
    soon(session.begin_directory_anew()).await;
    let bo = soon(session.keys(&user("bo"))).await.unwrap().value;
    assert_eq!(bo.key.fingerprint(), identity("bob").fingerprint(), "{name}");
}

#[tokio::test(start_paused = true)]
async fn a_chain_that_is_shorter_after_the_index_came_back_is_told_without_asking() {
    let mut stub = Stub::new().await;
    three(&stub);
    let session = stub.session();
    soon(session.keys(&user("bo"))).await.unwrap();
    let mut news = session.news();
    stub.go().await;
    until(&session, |status| matches!(status, Status::Away(_))).await;
    assert!(matches!(soon(session.keys(&user("bo"))).await.unwrap().age, Age::Cached { .. }));
    rewrite(&stub, &["alice", "bo"]);
    stub.come();
    let alarm = ChainError::Rewritten("it is shorter than it was");
    assert_eq!(next_news(&mut news).await, News::Alarm(alarm.clone()));
    // No keys, not those that were known either.
    stub.go().await;
    until(&session, |status| matches!(status, Status::Away(_))).await;
    assert_eq!(soon(session.keys(&user("bo"))).await.unwrap_err(), Error::Alarm(alarm));
}

#[tokio::test(start_paused = true)]
async fn a_chain_that_was_kept_finds_out_an_index_that_forgot_meanwhile() {
    let stub = Stub::new().await;
    three(&stub);
    let known = Known::default();
    let session = stub.session_with(Setup { known: known.clone(), ..setup() });
    soon(session.keys(&user("bo"))).await.unwrap();
    let kept = known.entries_from(0).concat();
    session.close().await;
    rewrite(&stub, &["alice", "bo"]);
    let (chain, taken) = Chain::read(&kept).unwrap();
    assert_eq!((taken, chain.head()), (kept.len(), known.head()));
    let session = stub.session_with(Setup { known: Known::new(chain), ..setup() });
    let error = soon(session.keys(&user("bo"))).await.unwrap_err();
    assert!(matches!(error, Error::Alarm(ChainError::Rewritten(_))), "{error}");
    // Who knows nothing cannot find it out.
    let session = stub.session();
    assert!(soon(session.keys(&user("bo"))).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn two_people_who_are_shown_two_chains_find_it_out_together() {
    let (one, two) = (Stub::new().await, Stub::new().await);
    three(&one);
    rewrite(&two, &["alice", "mal", "bo"]);
    let sessions = [&one, &two].map(|stub| {
        let known = Known::default();
        (stub.session_with(Setup { known: known.clone(), ..setup() }), known)
    });
    let [(first, first_known), (second, second_known)] = &sessions;
    for session in [first, second] {
        soon(session.keys(&user("bo"))).await.unwrap();
    }
    let told = second_known.head();
    assert_eq!(soon(first.compare_heads(&told)).await, Ok(Agreement::Forked));
    assert_eq!(soon(second.compare_heads(&first_known.head())).await, Ok(Agreement::Forked));
    assert_eq!(soon(first.compare_heads(&first_known.head())).await, Ok(Agreement::Same));
    // A stranger's word alone takes no keys away.
    assert!(soon(first.keys(&user("bo"))).await.is_ok());
    // One of the two goes on: the other never sees as much.
    two.books().enter(Sealing, "bo", with_epoch("bob", 2));
    soon(second.keys(&user("bo"))).await.unwrap();
    let told = second_known.head();
    assert_eq!(soon(first.compare_heads(&told)).await, Ok(Agreement::Behind));
    assert_eq!(soon(second.compare_heads(&first_known.head())).await, Ok(Agreement::Forked));
}

#[tokio::test(start_paused = true)]
async fn who_knows_less_catches_up_before_heads_are_compared() {
    let stub = Stub::new().await;
    three(&stub);
    let session = stub.session();
    soon(session.keys(&user("bo"))).await.unwrap();
    let before = stub.books().ledger.head;
    stub.books().enter(Sealing, "bo", with_epoch("bob", 2));
    let now = stub.books().ledger.head;
    assert_eq!(soon(session.compare_heads(&now)).await, Ok(Agreement::Same));
    assert_eq!(soon(session.compare_heads(&before)).await, Ok(Agreement::Ahead));
    let other = Head { hash: [0; 32], ..before };
    assert_eq!(soon(session.compare_heads(&other)).await, Ok(Agreement::Forked));
}

#[tokio::test(start_paused = true)]
async fn known_keys_are_not_answered_when_the_name_has_others() {
    let mut stub = Stub::new().await;
    three(&stub);
    let session = stub.session();
    for name in ["bo", "mal"] {
        soon(session.keys(&user(name))).await.unwrap();
    }
    stub.books().enter(Sealing, "bo", with_epoch("bob", 2));
    soon(session.keys(&user("mal"))).await.unwrap();
    stub.go().await;
    until(&session, |status| matches!(status, Status::Away(_))).await;
    assert!(matches!(soon(session.keys(&user("mal"))).await.unwrap().age, Age::Cached { .. }));
    assert!(matches!(soon(session.keys(&user("bo"))).await, Err(Error::Away(_))));
}

#[tokio::test(start_paused = true)]
async fn somebody_with_our_name_is_told() {
    let stub = Stub::new().await;
    stub.books().enter(Replaced, "alice", documents("mallory"));
    let session = stub.session();
    let mut news = session.news();
    let other = identity("mallory").fingerprint();
    assert_eq!(next_news(&mut news).await, News::NotOurs(Some(other)));
    assert_eq!(session.warnings().not_ours, Some(Some(other)));
}

#[tokio::test(start_paused = true)]
async fn a_name_that_is_lost_later_is_told_though_nobody_asks() {
    let stub = Stub::new().await;
    // The first look is refused, and so there is another one.
    stub.once(Kind::ChainAsk, Turn::Refuse(Code::NotAllowed));
    let session = stub.session();
    until_here(&session).await;
    soon(session.account()).await.unwrap();
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(session.known().head().length, 1);
    assert_eq!(session.warnings(), Warnings::default());
    let mut news = session.news();
    stub.books().enter(Closed, "alice", documents("alice"));
    assert_eq!(next_news(&mut news).await, News::NotOurs(None));
    // And that it came back, when the directory has grown.
    stub.books().enter(Joined, "alice", documents("alice"));
    assert!(soon(session.keys(&user("alice"))).await.is_ok());
    assert_eq!(session.warnings(), Warnings::default());
}

#[tokio::test(start_paused = true)]
async fn no_flood_of_news_hides_a_warning() {
    let stub = Stub::new().await;
    let session = stub.session();
    soon(session.keys(&user("alice"))).await.unwrap();
    let mut news = session.news();
    part(&stub, |part| part.hash[0] ^= 1);
    let error = soon(session.keys(&user("alice"))).await.unwrap_err();
    let index = stub.conversation();
    for _ in 0..5 {
        let people = (0..64).map(|n| seen(&format!("p{n}"), &[])).collect();
        let (people, wanted_by) = (List::new(people).unwrap(), List::new(Vec::new()).unwrap());
        let told = NewsMessage { id: 0, people, wanted_by, missed: false };
        soon(index.ask(told)).await.unwrap();
    }
    let alarm = session.warnings().alarm.unwrap();
    assert_eq!(error, Error::Alarm(alarm.clone()));
    assert_eq!(next_news(&mut news).await, News::Alarm(alarm.clone()));
    assert_eq!(next_news(&mut news).await, News::Missed);
    // Who asks later is told, too.
    assert_eq!(next_news(&mut session.news()).await, News::Alarm(alarm));
    soon(session.begin_directory_anew()).await;
    assert_eq!(session.warnings(), Warnings::default());
}

#[tokio::test(start_paused = true)]
async fn rotations_lead_from_the_known_identity_to_the_one_of_now() {
    let stub = Stub::new().await;
    stub.books().enter(Joined, "bo", documents("bob"));
    let rotated = rotated("bob", "mallory");
    stub.books().enter(Rotated, "bo", rotated.clone());
    let session = stub.session();
    let (bob, mallory) = (identity("bob").fingerprint(), identity("mallory").fingerprint());
    let bo = user("bo");
    let walked = soon(session.rotations(&bo, &bob)).await.unwrap().unwrap();
    let [binding] = walked.as_slice() else { panic!("{walked:?}") };
    assert_eq!(binding.rotation.as_ref().unwrap().signer(), bob);
    assert_eq!(binding.key.fingerprint(), mallory);
    let walked = soon(session.rotations(&bo, &mallory)).await.unwrap();
    assert_eq!(walked.map(|steps| steps.len()), Some(0));
    let walked = soon(session.rotations(&bo, &identity("alice").fingerprint())).await.unwrap();
    assert!(walked.is_none());
    // A rotation that the old key did not sign.
    let stub = Stub::new().await;
    stub.books().enter(Joined, "bo", documents("bob"));
    let forged = Documents { rotation: rotated_by("alice", "mallory"), ..rotated };
    stub.books().enter(Rotated, "bo", forged);
    let session = stub.session();
    let error = soon(session.rotations(&bo, &bob)).await.unwrap_err();
    assert!(matches!(error, Error::Alarm(ChainError::Signature(_))), "{error}");
}

/// Writes the directory anew: these names joined in this order.
fn rewrite(stub: &Stub, names: &[&str]) {
    let mut books = stub.books();
    (books.ledger, books.documents) = (Ledger::new(), Vec::new());
    for name in names {
        let shown = match *name {
            "alice" => documents("alice"),
            "bo" => documents("bob"),
            "mal" => documents("mallory"),
            _ => {
                // Somebody of whom nobody asks.
                let nobody = waxwing::crypto::Fingerprint::from_bytes([9; 32]);
                books.ledger.write(Joined, name, nobody, [0; 32]);
                continue;
            }
        };
        books.enter(Joined, name, shown);
    }
}

/// Changes what is shown of the chain.
fn part(stub: &Stub, change: fn(&mut ChainPart)) {
    let lie = by(move |books, request| {
        let mut part = books.chain(request.decode::<ChainAsk>().unwrap().from);
        change(&mut part);
        request.answer(part).unwrap();
    });
    stub.always(Kind::ChainAsk, lie);
}

/// Shows other keys than those of the entry.
fn keys(stub: &Stub, change: fn(Documents) -> Documents) {
    let lie = by(move |books, request| {
        let number = request.decode::<KeysAsk>().unwrap().number.unwrap();
        let shown = change(books.documents[number as usize].clone());
        request.answer(Keys::new(number, &shown).unwrap()).unwrap();
    });
    stub.always(Kind::KeysAsk, lie);
}

fn with_epoch(name: &'static str, epoch: u32) -> Documents {
    let sealing = sealing_key(&format!("{name}-sealing"));
    let signing = signing_key(&format!("{name}-signing"));
    let certificate =
        SealingCertificate::issue(&signing, sealing.wrapping_key(), epoch, NOW).unwrap();
    Documents { certificate, ..documents(name) }
}

fn rotated(from: &'static str, to: &'static str) -> Documents {
    Documents { rotation: rotated_by(from, to), ..documents(to) }
}

fn rotated_by(from: &'static str, to: &'static str) -> Option<SignedRotation> {
    SignedRotation::sign(identity(from).signing(), identity(to).signing(), NOW).ok()
}
