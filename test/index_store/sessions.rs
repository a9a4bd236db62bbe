//! How sessions begin, last and end.

use crate::keys::NOW;
use crate::stage::{
    LIFETIME, Someone, days, join, keys, later, log_in, password, refused, session, token, user,
};
use waxwing::crypto::UnixTime;
use waxwing::index::store::{Asker, LoggingIn, Refusal, SessionNumber, Store};
use waxwing::model::limits::ACCOUNT_SESSIONS;

pub(crate) async fn a_session_belongs_to_an_identity(store: &impl Store) {
    let alice = join(store, "alice", 0, NOW).await;
    let bob = join(store, "bob", 1, NOW).await;
    let member = store.member(alice.asker, NOW).await.unwrap();
    assert_eq!(member, alice.granted.member);
    let stolen = Asker { identity: bob.asker.identity, ..alice.asker };
    refused(store.member(stolen, NOW).await, Refusal::OtherHands);
    refused(store.resume(stolen, keys(1).shown(NOW), NOW).await, Refusal::OtherHands);
    let unknown = Asker { session: token(), ..alice.asker };
    refused(store.member(unknown, NOW).await, Refusal::NoSession);
    let resumed = store.resume(alice.asker, keys(0).shown(NOW), NOW).await.unwrap();
    assert_eq!(resumed, alice.granted.member);
    // Keys of somebody else are not shown in one's name.
    let new = keys(1).epoch(2).shown(NOW);
    refused(store.resume(alice.asker, new, NOW).await, Refusal::OtherIdentity);
    refused(store.resume(alice.asker, keys(1).shown(NOW), NOW).await, Refusal::OtherIdentity);
}

pub(crate) async fn a_session_lasts_as_long_as_it_is_used(store: &impl Store) {
    let alice = join(store, "alice", 0, NOW).await;
    let lifetime = u64::from(LIFETIME);
    // Used shortly after, which is not worth writing down.
    store.member(alice.asker, later(299)).await.unwrap();
    assert_eq!(written(store, &alice, later(299)).await, NOW);
    refused(store.member(alice.asker, later(lifetime)).await, Refusal::NoSession);
    store.member(alice.asker, later(300)).await.unwrap();
    assert_eq!(written(store, &alice, later(300)).await, later(300));

    store.member(alice.asker, later(300 + lifetime - 1)).await.unwrap();
    let used = later(300 + lifetime - 1);
    assert_eq!(written(store, &alice, used).await, used);
    let shown = keys(0).shown(used);
    refused(
        store.resume(alice.asker, shown.clone(), used.plus(lifetime)).await,
        Refusal::NoSession,
    );
    // Going on with it is a use as well.
    let resumed = used.plus(lifetime - 1);
    store.resume(alice.asker, shown, resumed).await.unwrap();
    assert_eq!(written(store, &alice, resumed).await, resumed);
    refused(store.own_account(alice.asker, resumed.plus(lifetime)).await, Refusal::NoSession);
}

/// When the session was last used, according to the store.
async fn written(store: &impl Store, someone: &Someone, now: UnixTime) -> UnixTime {
    let own = store.own_account(someone.asker, now).await.unwrap();
    let number = someone.granted.member.session;
    let session = own.sessions.into_iter().find(|session| session.number == number).unwrap();
    assert_eq!(session.expires, session.used.plus(LIFETIME.into()));
    session.used
}

pub(crate) async fn one_session_too_many_ends_the_longest_unused(store: &impl Store) {
    let mut sessions = vec![join(store, "alice", 0, NOW).await];
    let bob = join(store, "bob", 1, NOW).await;
    for n in 1..ACCOUNT_SESSIONS {
        sessions.push(log_in(store, &sessions[0], later(n as u64)).await);
        assert_eq!(sessions[n].granted.ended, []);
    }
    // The first one is used, so the second is the one unused for longest.
    store.member(sessions[0].asker, later(400)).await.unwrap();
    let another = log_in(store, &sessions[0], later(401)).await;
    assert_eq!(another.granted.ended, [sessions[1].asker.session]);
    refused(store.member(sessions[1].asker, later(401)).await, Refusal::NoSession);
    for asker in [sessions[0].asker, sessions[2].asker, another.asker, bob.asker] {
        store.member(asker, later(401)).await.unwrap();
    }
    // What is over makes room, and is not spoken of.
    let over = days(1);
    let fresh = log_in(store, &sessions[0], over).await;
    assert_eq!(fresh.granted.ended, []);
    assert_eq!(store.own_account(fresh.asker, over).await.unwrap().sessions.len(), 1);
}

pub(crate) async fn who_logs_out_is_out(store: &impl Store) {
    let alice = join(store, "alice", 0, NOW).await;
    let other = log_in(store, &alice, NOW).await;
    let third = log_in(store, &alice, NOW).await;
    let bob = join(store, "bob", 1, NOW).await;
    let ended = store.log_out(alice.asker, None, NOW).await.unwrap();
    assert_eq!(ended, alice.asker.session);
    refused(store.member(alice.asker, NOW).await, Refusal::NoSession);
    refused(store.log_out(alice.asker, None, NOW).await, Refusal::NoSession);

    let third_number = third.granted.member.session;
    let ended = store.log_out(other.asker, Some(third_number), NOW).await.unwrap();
    assert_eq!(ended, third.asker.session);
    refused(store.member(third.asker, NOW).await, Refusal::NoSession);
    // Nobody ends what is not theirs, or not there.
    for number in [bob.granted.member.session, third_number, SessionNumber([0; 16])] {
        refused(store.log_out(other.asker, Some(number), NOW).await, Refusal::NotFound);
    }
    for asker in [other.asker, bob.asker] {
        store.member(asker, NOW).await.unwrap();
    }
}

pub(crate) async fn only_the_checked_password_and_identity_log_in(store: &impl Store) {
    let alice = join(store, "alice", 0, NOW).await;
    let bob = join(store, "bob", 1, NOW).await;
    let wrong = LoggingIn { password: password(9), ..alice.login(NOW) };
    refused(store.log_in(wrong, NOW).await, Refusal::PasswordChanged);
    let other = LoggingIn { shown: keys(2).shown(NOW), ..alice.login(NOW) };
    refused(store.log_in(other, NOW).await, Refusal::OtherIdentity);
    let bobs = LoggingIn { shown: keys(1).shown(NOW), ..alice.login(NOW) };
    refused(store.log_in(bobs, NOW).await, Refusal::OtherIdentity);

    let rehashed = LoggingIn { rehashed: Some(password(2)), ..alice.login(NOW) };
    store.log_in(rehashed, NOW).await.unwrap();
    let account = store.account(&user("alice")).await.unwrap().unwrap();
    assert_eq!(account.password, password(2));
    refused(store.log_in(alice.login(NOW), NOW).await, Refusal::PasswordChanged);
    let newer = LoggingIn { password: password(2), session: session(), ..alice.login(NOW) };
    store.log_in(newer, NOW).await.unwrap();
    assert_eq!(store.account(&user("bob")).await.unwrap().unwrap().password, password(1));

    store.close_account(&user("bob"), NOW).await.unwrap();
    refused(store.log_in(bob.login(NOW), NOW).await, Refusal::NotFound);
}
