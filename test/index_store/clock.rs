//! Clocks that are set forward and back, by ten years.

use crate::keys::NOW;
use crate::stage::{
    LIFETIME, days, invite, invited, join, joining, keys, later, log_in, refused, request, session,
    whole_chain,
};
use waxwing::index::store::{Asker, Joining, LoggingIn, NewSession, Refusal, Store};

const TEN_YEARS: i64 = 3652;

pub(crate) async fn a_clock_set_forward_ends_what_lasts(store: &impl Store) {
    let alice = join(store, "alice", 0, NOW).await;
    let by = invite(store, None, NOW).await;
    let then = days(TEN_YEARS);
    refused(store.member(alice.asker, then).await, Refusal::NoSession);
    refused(store.join(invited("bob", &keys(1), by, then), then).await, Refusal::Invitation);
    store.sweep(then).await.unwrap();
    let back = log_in(store, &alice, then).await;
    store.member(back.asker, then).await.unwrap();
}

pub(crate) async fn a_clock_set_back_makes_nothing_last_longer(store: &impl Store) {
    // What was made while the clock was ten years ahead, by one person and another.
    let ahead = days(TEN_YEARS);
    let used = join(store, "alice", 0, ahead).await;
    let swept = join(store, "bob", 1, ahead).await;
    let by = invite(store, None, ahead).await;
    let once = request(&keys(1));
    store.change_contact(swept.asker, once, None, ahead).await.unwrap();
    store.were_online(vec![(swept.granted.member.account, ahead)]).await.unwrap();

    // A use writes the right time down, and the session lasts from then on.
    store.member(used.asker, NOW).await.unwrap();
    let lifetime = u64::from(LIFETIME);
    refused(store.member(used.asker, later(lifetime)).await, Refusal::NoSession);
    // So does sweeping for what is not used; until then it shows as used now.
    let rows = store.sessions(None, 10, NOW).await.unwrap();
    assert!(rows.iter().all(|row| row.used == NOW && row.began == NOW));
    assert!(rows.iter().all(|row| row.expires == later(lifetime)));
    store.member(swept.asker, ahead).await.unwrap();
    store.sweep(NOW).await.unwrap();
    store.person(swept.asker, &swept.granted.member.user, later(lifetime - 1)).await.unwrap();
    refused(store.member(swept.asker, later(lifetime)).await, Refusal::NoSession);
    let row = &store.users(None, 10, NOW).await.unwrap()[1];
    assert_eq!((row.since, row.last_online), (NOW, Some(NOW)));

    // An invitation holds for the day that it was made for.
    let tomorrow = days(1);
    refused(
        store.join(invited("carol", &keys(2), by, tomorrow), tomorrow).await,
        Refusal::Invitation,
    );
    let invitations = store.invitations(10, NOW).await.unwrap();
    assert_eq!((invitations[0].made, invitations[0].expires), (NOW, tomorrow));
    // And a request is remembered for a day.
    store.sweep(later(24 * 3600 - 1)).await.unwrap();
    assert!(store.was_done(&once).await.unwrap());
    store.sweep(tomorrow).await.unwrap();
    assert!(!store.was_done(&once).await.unwrap());
}

pub(crate) async fn a_clock_set_back_locks_nobody_out(store: &impl Store) {
    let ahead = days(TEN_YEARS);
    let alice = join(store, "alice", 0, ahead).await;
    // All changes of a day, ten years ahead.
    for epoch in 2..=16 {
        store.resume(alice.asker, keys(0).epoch(epoch).shown(ahead), ahead).await.unwrap();
    }
    let newer = keys(0).epoch(17);
    store.resume(alice.asker, newer.shown(NOW), NOW).await.unwrap();
    let mut again = join(store, "bob", 1, NOW).await;
    again = log_in(store, &again, NOW).await;
    refused(store.join(joining("alice", &keys(2), NOW), NOW).await, Refusal::NameTaken);
    // Times in the directory are what the index said, in whatever order.
    whole_chain(store, again.asker, NOW).await;
}

pub(crate) async fn known_keys_pass_with_any_clock_and_new_ones_have_to_hold(store: &impl Store) {
    let alice = join(store, "alice", 0, NOW).await;
    for then in [days(-TEN_YEARS), days(TEN_YEARS)] {
        let known = LoggingIn { shown: keys(0).shown_by(NOW, then), ..alice.login(then) };
        store.log_in(known, then).await.unwrap();
        let known = keys(0).shown_by(NOW, then);
        store.sweep(then).await.unwrap();
        let back = log_in(store, &alice, then).await;
        store.resume(back.asker, known, then).await.unwrap();
        let newer = keys(0).epoch(2).shown_by(NOW, then);
        let login = LoggingIn { shown: newer.clone(), ..alice.login(then) };
        refused(store.log_in(login, then).await, Refusal::Certificate);
        refused(store.resume(back.asker, newer, then).await, Refusal::Certificate);
        let bob = Joining { shown: keys(1).shown_by(NOW, then), ..joining("bob", &keys(1), then) };
        refused(store.join(bob, then).await, Refusal::Certificate);
    }
}

pub(crate) async fn a_short_session_lasts_while_it_is_used(store: &impl Store) {
    let session = NewSession { lifetime: 60, ..session() };
    let short = Joining { session, ..joining("alice", &keys(0), NOW) };
    let granted = store.join(short, NOW).await.unwrap();
    let asker = Asker { session: session.token, identity: keys(0).fingerprint() };
    assert_eq!(granted.member.lifetime, 60);
    for seconds in (20..600).step_by(20) {
        store.member(asker, later(seconds)).await.unwrap();
    }
    refused(store.member(asker, later(580 + 61)).await, Refusal::NoSession);
}
