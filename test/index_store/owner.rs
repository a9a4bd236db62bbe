//! What the index's owner sees and does, and the list of people.

use crate::keys::{DAY, NOW};
use crate::stage::{
    LIFETIME, invite, invited, join, keys, later, log_in, refused, request, token, user,
};
use waxwing::index::store::{AccountId, Figures, Invite, InviteNumber, Refusal, Store};
use waxwing::model::TokenHash;

pub(crate) async fn people_come_in_pages(store: &impl Store) {
    let mut asker = None;
    for (which, name) in ["dora", "alice", "carol", "bob", "0x"].into_iter().enumerate() {
        asker = Some(join(store, name, which, NOW).await.asker);
    }
    let asker = asker.unwrap();
    let page = async |after: Option<&str>, most| {
        let after = after.map(user);
        let page = store.people(asker, after.as_ref(), most, NOW).await.unwrap();
        page.into_iter().map(|person| person.user.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(page(None, 2).await, ["0x", "alice"]);
    assert_eq!(page(Some("alice"), 2).await, ["bob", "carol"]);
    assert_eq!(page(Some("carol"), 2).await, ["dora"]);
    // After a name that nobody has.
    assert_eq!(page(Some("bz"), 9).await, ["carol", "dora"]);
    assert_eq!(page(Some("zz"), 9).await, Vec::<String>::new());
    assert_eq!(page(None, 0).await, Vec::<String>::new());

    let alice = store.person(asker, &user("alice"), NOW).await.unwrap().unwrap();
    assert_eq!((alice.user.as_str(), alice.identity), ("alice", keys(1).fingerprint()));
    assert_eq!((alice.contact, alice.last_online), (None, None));
    assert_eq!(store.person(asker, &user("nobody"), NOW).await.unwrap(), None);
    let gone = AccountId(alice.account.0 + 1000);
    store.were_online(vec![(gone, NOW), (alice.account, later(7))]).await.unwrap();
    let alice = store.person(asker, &user("alice"), NOW).await.unwrap().unwrap();
    assert_eq!(alice.last_online, Some(later(7)));
    let others = store.people(asker, Some(&user("alice")), 9, NOW).await.unwrap();
    assert!(others.iter().all(|person| person.last_online.is_none()));
}

pub(crate) async fn users_and_their_sessions_are_listed(store: &impl Store) {
    let alice = join(store, "alice", 0, NOW).await;
    let second = log_in(store, &alice, later(100)).await;
    let bob = join(store, "bob", 1, later(50)).await;
    let users = store.users(None, 10, later(100)).await.unwrap();
    let told: Vec<_> = users.iter().map(|user| (user.user.as_str(), user.sessions)).collect();
    assert_eq!(told, [("alice", 2), ("bob", 1)]);
    assert_eq!(users[0].account, alice.granted.member.account);
    assert_eq!((users[1].since, users[1].identity), (later(50), keys(1).fingerprint()));
    let after = store.users(Some(&user("alice")), 10, later(100)).await.unwrap();
    assert_eq!(after, users[1..]);
    assert_eq!(store.users(None, 1, later(100)).await.unwrap(), users[..1]);

    let numbers = async |of: Option<&str>, most, now| {
        let of = of.map(user);
        let sessions = store.sessions(of.as_ref(), most, now).await.unwrap();
        sessions.into_iter().map(|session| session.number).collect::<Vec<_>>()
    };
    let [first, second, bob] = [&alice, &second, &bob].map(|who| who.granted.member.session);
    assert_eq!(numbers(None, 10, later(100)).await, [second, bob, first]);
    assert_eq!(numbers(None, 2, later(100)).await, [second, bob]);
    assert_eq!(numbers(Some("alice"), 10, later(100)).await, [second, first]);
    assert_eq!(numbers(Some("nobody"), 10, later(100)).await, []);
    let over = later(LIFETIME.into());
    assert_eq!(numbers(None, 10, over).await, [second, bob]);
    assert_eq!(store.users(None, 10, over).await.unwrap()[0].sessions, 1);
    let row = &store.sessions(Some(&user("bob")), 1, over).await.unwrap()[0];
    assert_eq!((row.user.as_str(), row.identity), ("bob", keys(1).fingerprint()));
    assert_eq!((row.began, row.used, row.expires), (later(50), later(50), over.plus(50)));
}

pub(crate) async fn invitations_are_listed_until_they_are_used(store: &impl Store) {
    let first = invite(store, None, NOW).await;
    invite(store, Some("bob"), later(1)).await;
    let rows = store.invitations(10, later(1)).await.unwrap();
    let told: Vec<_> = rows.iter().map(|row| (row.user.clone(), row.made)).collect();
    assert_eq!(told, [(Some(user("bob")), later(1)), (None, NOW)]);
    assert_eq!(rows[1].expires, later(DAY));
    assert_eq!(store.invitations(1, later(1)).await.unwrap(), rows[..1]);
    assert_eq!(store.invitations(10, later(DAY)).await.unwrap(), rows[..1]);
    // The same token does not become another invitation.
    let again = Invite { token: first, user: Some(user("eve")), made: NOW, expires: later(9) };
    refused(store.invite(again).await, Refusal::Reused);
    store.join(invited("alice", &keys(0), first, later(1)), later(1)).await.unwrap();
    assert_eq!(store.invitations(10, later(1)).await.unwrap(), rows[..1]);
}

pub(crate) async fn an_invitation_is_taken_back_by_its_number(store: &impl Store) {
    let first = invite(store, Some("alice"), NOW).await;
    let second = invite(store, None, later(1)).await;
    let rows = store.invitations(10, later(1)).await.unwrap();
    let numbers: Vec<_> = rows.iter().map(|row| row.number).collect();
    let beginning = |it: TokenHash| InviteNumber(*it.as_bytes().first_chunk().unwrap());
    assert_eq!(numbers, [second, first].map(beginning));
    assert_eq!(store.withdraw(numbers[1]).await.unwrap(), Some(user("alice")));
    assert_eq!(store.invitations(10, later(1)).await.unwrap(), rows[..1]);
    refused(store.join(invited("alice", &keys(0), first, NOW), NOW).await, Refusal::Invitation);
    refused(store.withdraw(numbers[1]).await, Refusal::NotFound);
    assert_eq!(store.withdraw(numbers[0]).await.unwrap(), None);
    assert_eq!(store.invitations(10, later(1)).await.unwrap(), []);
    // It is typed as it is shown.
    assert_eq!(numbers[0].to_string().parse::<InviteNumber>(), Ok(numbers[0]));
    for wrong in ["", "12", "00112233445", "0011223344556", "00112233445g"] {
        assert!(wrong.parse::<InviteNumber>().is_err(), "{wrong}");
    }
}

pub(crate) async fn accounts_are_closed_and_sessions_ended(store: &impl Store) {
    let alice = join(store, "alice", 0, NOW).await;
    let second = log_in(store, &alice, NOW).await;
    let bob = join(store, "bob", 1, NOW).await;
    let mut ended = store.end_sessions(&user("alice")).await.unwrap();
    ended.sort_by_key(|token| *token.as_bytes());
    assert_eq!(ended, [alice.asker.session, second.asker.session]);
    refused(store.member(alice.asker, NOW).await, Refusal::NoSession);
    assert_eq!(store.end_sessions(&user("alice")).await.unwrap(), []);
    refused(store.end_sessions(&user("nobody")).await, Refusal::NotFound);

    let third = log_in(store, &alice, NOW).await;
    let by = invite(store, Some("alice"), NOW).await;
    let general = invite(store, None, NOW).await;
    let ended = store.close_account(&user("alice"), NOW).await.unwrap();
    assert_eq!(ended, [third.asker.session]);
    refused(store.member(third.asker, NOW).await, Refusal::NoSession);
    assert_eq!(store.account(&user("alice")).await.unwrap(), None);
    assert_eq!(store.person(bob.asker, &user("alice"), NOW).await.unwrap(), None);
    refused(store.close_account(&user("alice"), NOW).await, Refusal::NotFound);
    // An invitation that named the account went with it.
    refused(store.join(invited("alice", &keys(0), by, NOW), NOW).await, Refusal::Invitation);
    store.join(invited("alice", &keys(0), general, NOW), NOW).await.unwrap();
    store.member(bob.asker, NOW).await.unwrap();
}

pub(crate) async fn the_index_is_of_the_first_who_claims_it(store: &impl Store) {
    let (first, second) = (keys(0).fingerprint(), keys(1).fingerprint());
    assert_eq!(store.claim(first, NOW).await.unwrap(), first);
    // Nobody knows it yet, nor by an invitation that is over.
    invite(store, None, NOW).await;
    assert_eq!(store.claim(second, later(DAY)).await.unwrap(), second);
    assert_eq!(store.claim(first, NOW).await.unwrap(), second, "somebody is invited");
    join(store, "alice", 2, NOW).await;
    assert_eq!(store.claim(first, later(DAY)).await.unwrap(), second, "somebody is there");
    assert_eq!(store.claim(second, later(DAY)).await.unwrap(), second);
}

pub(crate) async fn figures_count(store: &impl Store) {
    let empty = store.figures(NOW).await.unwrap();
    assert_eq!(Figures { bytes: 0, ..empty }, Figures::default());
    assert!(empty.bytes > 0);
    let alice = join(store, "alice", 0, NOW).await;
    log_in(store, &alice, later(10)).await;
    store.resume(alice.asker, keys(0).epoch(2).shown(NOW), NOW).await.unwrap();
    invite(store, None, NOW).await;
    let figures = store.figures(later(10)).await.unwrap();
    let directory = store.chain(alice.asker, 0, 1, later(10)).await.unwrap().head;
    assert_eq!(directory.length, 2);
    let counts = Figures { accounts: 1, sessions: 2, invitations: 1, ..Figures::default() };
    let expected = Figures { directory, ..counts };
    assert_eq!(Figures { bytes: 0, ..figures }, expected);
    let over = store.figures(later(LIFETIME.into())).await.unwrap();
    assert_eq!((over.sessions, over.invitations), (1, 1));
    assert_eq!(store.figures(later(DAY)).await.unwrap().invitations, 0);
}

pub(crate) async fn what_is_over_is_forgotten(store: &impl Store) {
    let alice = join(store, "alice", 0, NOW).await;
    let once = request(&keys(0));
    store.change_contact(alice.asker, once, None, later(10)).await.unwrap();
    let fresh = log_in(store, &alice, later(10)).await;
    let unused = invite(store, None, NOW).await;
    let lifetime = u64::from(LIFETIME);

    store.sweep(later(lifetime)).await.unwrap();
    // What was swept is gone for good: no clock brings it back.
    refused(store.member(alice.asker, NOW).await, Refusal::NoSession);
    store.member(fresh.asker, later(lifetime)).await.unwrap();
    assert!(store.was_done(&once).await.unwrap());
    let join = |by| store.join(invited("bob", &keys(1), by, NOW), NOW);
    store.sweep(later(DAY)).await.unwrap();
    refused(join(unused).await, Refusal::Invitation);
    assert!(store.was_done(&once).await.unwrap());
    store.sweep(later(DAY + 10)).await.unwrap();
    assert!(!store.was_done(&once).await.unwrap());
    let held = token();
    store.invite(Invite { token: held, user: None, made: NOW, expires: later(9) }).await.unwrap();
    store.sweep(later(8)).await.unwrap();
    join(held).await.unwrap();
}
