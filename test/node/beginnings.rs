//! How a session begins, and why it does not.

use crate::net::INDEX;
use crate::stub::{
    PASSWORD, Stub, Turn, by, identity, invitation, log_in, password, setup, side, soon, until,
    until_here, user, without_token,
};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::time::Instant;
use waxwing::crypto::{SignedRotation, UnixTime};
use waxwing::link::{self, AskError, Backoff, Dialler, Ending, Expected, Listen};
use waxwing::model::{Invitation, JoinToken, SessionToken};
use waxwing::node::index::{Error, IndexSession, LoggedOut, Setup, Status, Trouble, who_answers};
use waxwing::wire::index::{Join, Named, SessionGrant};
use waxwing::wire::{Code, Kind, Party};

#[tokio::test(start_paused = true)]
async fn a_kept_token_is_enough() {
    let stub = Stub::new().await;
    let session = stub.session();
    until_here(&session).await;
    assert_eq!(session.status(), Status::Here(user("alice")));
    let account = session.account().await.unwrap();
    assert_eq!((account.user.as_str(), account.since), ("alice", UnixTime(1_600_000_000)));
    assert_eq!(account.sessions[0].number, [9; 16]);
    assert!(account.sessions[0].is_this);
    assert_eq!(stub.asked(Kind::Resume).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn without_a_token_somebody_has_to_log_in() {
    let stub = Stub::new().await;
    let (setup, kept) = keeping(without_token());
    let session = stub.session_with(setup);
    assert_eq!(soon(session.people()).await.unwrap_err(), Error::LoggedOut(LoggedOut::NotYet));
    assert_eq!(session.status(), Status::LoggedOut(LoggedOut::NotYet));
    // Nothing is dialled for that.
    assert!(stub.net.tries().is_empty());
    log_in(&session, "alice", PASSWORD).await.unwrap();
    assert_eq!(session.status(), Status::Here(user("alice")));
    assert!(soon(session.people()).await.is_ok());
    assert_eq!(*kept.lock().unwrap(), [stub.books().token]);
}

#[tokio::test(start_paused = true)]
async fn joining_takes_the_invitation_and_the_contact_along() {
    let stub = Stub::new().await;
    let session = stub.session_with(without_token());
    let token: JoinToken = "c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1".parse().unwrap();
    let taken = by(|books, request| {
        let join: Join = request.decode().unwrap();
        assert_eq!(join.invitation.as_ref().unwrap().token().expose(), &[0xc1; 16]);
        assert_eq!(join.contact.as_deref(), Some("room 7"));
        books.answer(request);
    });
    stub.once(Kind::Join, taken);
    let (ann, password) = (user("ann"), password(PASSWORD));
    let joined = session.join(&ann, &password, Some(&token), Some("room 7"));
    soon(joined).await.unwrap();
    assert_eq!(session.status(), Status::Here(ann.clone()));
    let too_long = "x".repeat(129);
    let refused = session.join(&ann, &password, None, Some(&too_long));
    assert!(matches!(soon(refused).await, Err(Error::TooLong(_))));
}

#[tokio::test(start_paused = true)]
async fn a_wrong_password_is_told_and_the_next_one_tried() {
    let stub = Stub::new().await;
    let session = stub.session_with(without_token());
    let refused = log_in(&session, "alice", "a wrong password").await.unwrap_err();
    assert!(matches!(refused, Error::Refused { code: Code::Credentials, .. }), "{refused}");
    assert_eq!(session.status(), Status::LoggedOut(LoggedOut::NotYet));
    log_in(&session, "alice", PASSWORD).await.unwrap();
    // Trying in vain as somebody else leaves the session as it was.
    let refused = log_in(&session, "bob", PASSWORD).await.unwrap_err();
    assert!(matches!(refused, Error::Refused { code: Code::Credentials, .. }), "{refused}");
    until_here(&session).await;
    assert_eq!(session.status(), Status::Here(user("alice")));
    assert_eq!(stub.asked(Kind::Resume).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn who_tried_too_often_is_told_at_once_and_who_is_busy_is_asked_again() {
    let stub = Stub::new().await;
    let session = stub.session_with(without_token());
    stub.once(Kind::Login, Turn::Refuse(Code::Throttled));
    let refused = log_in(&session, "alice", PASSWORD).await.unwrap_err();
    assert!(matches!(refused, Error::Refused { code: Code::Throttled, .. }), "{refused}");
    assert_eq!(stub.asked(Kind::Login).len(), 1);
    stub.once(Kind::Login, Turn::Refuse(Code::Busy));
    log_in(&session, "alice", PASSWORD).await.unwrap();
    assert_eq!(stub.asked(Kind::Login).len(), 3);
    // One that stays busy says so in the end.
    stub.always(Kind::Login, Turn::Refuse(Code::Busy));
    let refused = log_in(&session, "alice", PASSWORD).await.unwrap_err();
    assert!(matches!(refused, Error::Refused { code: Code::Busy, .. }), "{refused}");
    // And then the session that there was goes on.
    until_here(&session).await;
}

#[tokio::test(start_paused = true)]
async fn an_expired_token_needs_the_password_and_is_forgotten() {
    let stub = Stub::new().await;
    stub.books().token = None;
    let (setup, kept) = keeping(setup());
    let session = stub.session_with(setup);
    assert_eq!(soon(session.people()).await.unwrap_err(), Error::LoggedOut(LoggedOut::Over));
    assert_eq!(*kept.lock().unwrap(), [None]);
    log_in(&session, "alice", PASSWORD).await.unwrap();
    assert_eq!(*kept.lock().unwrap(), [None, stub.books().token]);
    assert!(soon(session.people()).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_token_of_another_identity_is_not_forgotten_but_told() {
    let stub = Stub::new().await;
    stub.always(Kind::Resume, Turn::Refuse(Code::OtherIdentity));
    let (setup, kept) = keeping(setup());
    let session = stub.session_with(setup);
    match soon(session.people()).await.unwrap_err() {
        Error::LoggedOut(LoggedOut::Refused { code, .. }) => assert_eq!(code, Code::OtherIdentity),
        other => panic!("{other}"),
    }
    assert!(kept.lock().unwrap().is_empty());
    assert_eq!(stub.asked(Kind::Resume).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn another_key_than_the_invitations_is_told_and_seldom_tried_again() {
    let stub = Stub::new().await;
    let fingerprint = identity("mallory").fingerprint();
    let other = Invitation { fingerprint, ..invitation() };
    let session = IndexSession::begin(stub.net.clone(), side("alice"), &other, setup());
    let status = until(&session, |status| matches!(status, Status::Away(_))).await;
    let Status::Away(Trouble::Link(link::Error::Identity { expected, found })) = status else {
        panic!("{status:?}");
    };
    assert_eq!((expected, found), (fingerprint, identity("bob").fingerprint()));
    // Nothing was said, and nothing is asked.
    let refused = log_in(&session, "alice", PASSWORD).await.unwrap_err();
    assert!(matches!(refused, Error::Away(_)), "{refused}");
    let tries = stub.net.tries().len();
    tokio::time::sleep(Duration::from_secs(300)).await;
    let tries = stub.net.tries().len() - tries;
    assert!((9..=21).contains(&tries), "{tries}");
    assert!(stub.books().asked.is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_anybody_on_the_way_can_say_ends_nothing() {
    // No TLS; TLS's own refusal; and nothing but a hang-up.
    for said in [&b"HTTP/1.1 302 Found\r\n\r\n"[..], &[21, 3, 3, 0, 2, 2, 40], &[]] {
        let mut stub = Stub::away();
        let mut door = stub.net.listen();
        let session = stub.session();
        let (mut socket, _) = soon(door.accept()).await.unwrap();
        socket.write_all(said).await.unwrap();
        drop(socket);
        until(&session, |status| matches!(status, Status::Away(Trouble::Link(_)))).await;
        stub.come();
        until_here(&session).await;
        assert_eq!(stub.net.tries().len(), 2);
    }
    // Somebody else on its port.
    let mut stub = Stub::away();
    stub.come_as("mallory", Party::Index);
    let session = stub.session();
    until(&session, |status| matches!(status, Status::Away(Trouble::Link(_)))).await;
    stub.go().await;
    stub.come();
    until_here(&session).await;
}

#[tokio::test(start_paused = true)]
async fn a_goodbye_for_good_while_a_session_begins_is_one() {
    let stub = Stub::new().await;
    stub.always(Kind::Resume, Turn::Goodbye(Code::NotAllowed));
    let session = stub.session();
    let status = until(&session, |status| matches!(status, Status::Stopped(_))).await;
    let theirs = |ending: &Ending| matches!(ending, Ending::Theirs { code: Code::NotAllowed, .. });
    assert!(matches!(&status, Status::Stopped(Trouble::Ended(e)) if theirs(e)), "{status:?}");
    assert_eq!(stub.net.tries().len(), 1);
    // That a session took too long to begin is none.
    let stub = Stub::new().await;
    stub.once(Kind::Login, Turn::Goodbye(Code::NoSession));
    let session = stub.session_with(without_token());
    log_in(&session, "alice", PASSWORD).await.unwrap();
    assert_eq!(stub.asked(Kind::Login).len(), 2);
}

#[tokio::test(start_paused = true)]
async fn an_index_that_lets_us_in_as_somebody_else_is_left() {
    let mut stub = Stub::new().await;
    let session = stub.session();
    until_here(&session).await;
    stub.go().await;
    stub.books().user = "bea".to_owned();
    stub.come();
    let stopped = Status::Stopped(Trouble::OtherName(user("bea")));
    assert_eq!(until(&session, |status| matches!(status, Status::Stopped(_))).await, stopped);
    // The same when it is asked for a name.
    let stub = Stub::new().await;
    let other = by(|_, request| {
        let token = SessionToken::take_from(&mut [1; 32]);
        let grant = SessionGrant { id: 0, token, user: Named(user("bea")), lifetime: 3600 };
        request.answer(grant).unwrap();
    });
    stub.once(Kind::Login, other);
    let (setup, kept) = keeping(without_token());
    let session = stub.session_with(setup);
    let error = log_in(&session, "alice", PASSWORD).await.unwrap_err();
    assert_eq!(error, Error::Stopped(Trouble::OtherName(user("bea"))));
    assert!(kept.lock().unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_person_is_no_index() {
    let mut stub = Stub::away();
    stub.come_as("bob", Party::Person);
    let session = stub.session();
    let status = until(&session, |status| matches!(status, Status::Stopped(_))).await;
    assert_eq!(status, Status::Stopped(Trouble::NotAnIndex));
    assert!(stub.books().asked.is_empty());
    let dialler = Dialler::over(stub.net.clone(), side("alice"));
    let at = INDEX.parse().unwrap();
    assert_eq!(soon(who_answers(&dialler, &at, Expected::Anyone)).await, Err(Trouble::NotAnIndex));
}

#[tokio::test(start_paused = true)]
async fn who_answers_is_told_before_anything_is_said() {
    let mut stub = Stub::new().await;
    let dialler = Dialler::over(stub.net.clone(), side("alice")).with_backoff(Backoff::never());
    let at = INDEX.parse().unwrap();
    let answers = soon(who_answers(&dialler, &at, Expected::Anyone)).await;
    assert_eq!(answers, Ok(identity("bob").fingerprint()));
    assert!(stub.books().asked.is_empty());
    stub.go().await;
    assert!(matches!(
        soon(who_answers(&dialler, &at, Expected::Anyone)).await,
        Err(Trouble::Link(_))
    ));
}

#[tokio::test(start_paused = true)]
async fn an_index_that_takes_us_in_and_says_nothing_is_left() {
    let stub = Stub::new().await;
    stub.always(Kind::Resume, Turn::Silent);
    let session = stub.session();
    let begun = Instant::now();
    let status = until(&session, |status| matches!(status, Status::Away(_))).await;
    assert_eq!(status, Status::Away(Trouble::Ask(AskError::Late)));
    assert_eq!(begun.elapsed().as_secs(), 30);
    stub.honest();
    until_here(&session).await;
}

#[tokio::test(start_paused = true)]
async fn logging_out_ends_the_session_on_both_sides() {
    let stub = Stub::new().await;
    let (setup, kept) = keeping(setup());
    let session = stub.session_with(setup);
    soon(session.logout()).await.unwrap();
    assert_eq!(session.status(), Status::LoggedOut(LoggedOut::Over));
    assert_eq!((stub.books().token, kept.lock().unwrap().as_slice()), (None, [None].as_slice()));
    // When the answer is lost, the session is over all the same.
    log_in(&session, "alice", PASSWORD).await.unwrap();
    stub.once(Kind::Logout, Turn::Lose);
    soon(session.logout()).await.unwrap();
    assert_eq!(session.status(), Status::LoggedOut(LoggedOut::Over));
    assert_eq!(stub.asked(Kind::Logout).len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_rotation_dials_with_the_new_identity_and_stays_with_it() {
    let mut stub = Stub::new().await;
    let session = stub.session();
    until_here(&session).await;
    let (old, new) = (identity("alice"), identity("mallory"));
    let rotation = SignedRotation::sign(old.signing(), new.signing(), UnixTime(1)).unwrap();
    stub.once(Kind::Rotate, Turn::HangUp);
    let (alice, password) = (user("alice"), password(PASSWORD));
    soon(session.rotate(side("mallory"), &alice, &password, &rotation)).await.unwrap();
    let asked = stub.asked(Kind::Rotate);
    assert_eq!(asked.len(), 2);
    assert_eq!(asked[0].request, asked[1].request);
    assert!(asked.iter().all(|asked| asked.by == new.fingerprint()));
    stub.go().await;
    until(&session, |status| matches!(status, Status::Away(_))).await;
    stub.come();
    until_here(&session).await;
    assert_eq!(stub.asked(Kind::Resume).last().unwrap().by, new.fingerprint());
    // One that is refused leaves everything as it was.
    let back = SignedRotation::sign(new.signing(), old.signing(), UnixTime(2)).unwrap();
    stub.once(Kind::Rotate, Turn::Refuse(Code::OtherIdentity));
    let rotate = session.rotate(side("alice"), &alice, &password, &back);
    assert!(matches!(soon(rotate).await, Err(Error::Refused { code: Code::OtherIdentity, .. })));
    until_here(&session).await;
    assert_eq!(stub.asked(Kind::Resume).last().unwrap().by, new.fingerprint());
}

#[tokio::test(start_paused = true)]
async fn an_ended_session_says_goodbye_and_is_over() {
    let stub = Stub::new().await;
    let session = stub.session();
    until_here(&session).await;
    let there = stub.conversation();
    session.close().await;
    let ending = soon(there.ended()).await;
    assert!(matches!(ending, Ending::Theirs { code: Code::Done | Code::Stopping, .. }), "{ending}");
    assert_eq!(session.status(), Status::Stopped(Trouble::Closed));
    assert_eq!(soon(session.people()).await.unwrap_err(), Error::Stopped(Trouble::Closed));
    let mut news = session.news();
    drop(session);
    assert!(soon(news.next()).await.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_session_goes_on_as_long_as_a_handle_is_held() {
    let stub = Stub::new().await;
    let session = stub.session();
    let other = session.clone();
    until_here(&session).await;
    let there = stub.conversation();
    drop(session);
    soon(other.account()).await.unwrap();
    assert!(there.ending().is_none());
    drop(other);
    soon(there.ended()).await;
}

#[tokio::test(start_paused = true)]
async fn who_gives_up_logging_in_is_not_logged_in_later() {
    let mut stub = Stub::away();
    let session = stub.session_with(Setup { patience: Duration::from_secs(5), ..without_token() });
    let refused = log_in(&session, "alice", PASSWORD).await.unwrap_err();
    assert!(matches!(refused, Error::Away(Trouble::Link(_))), "{refused}");
    stub.come();
    until(&session, |status| matches!(status, Status::LoggedOut(_))).await;
    tokio::time::sleep(Duration::from_secs(300)).await;
    assert_eq!(session.status(), Status::LoggedOut(LoggedOut::NotYet));
    assert!(stub.asked(Kind::Login).is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_was_given_up_while_it_was_dialled_is_not_asked() {
    let mut stub = Stub::away();
    let session = stub.session_with(Setup { patience: Duration::from_secs(5), ..without_token() });
    let asking = tokio::spawn({
        let session = session.clone();
        async move { log_in(&session, "alice", PASSWORD).await }
    });
    until(&session, |status| matches!(status, Status::Away(_))).await;
    // Somebody takes the connection, and says nothing yet.
    let door = stub.net.listen();
    let refused = soon(asking).await.unwrap().unwrap_err();
    assert!(matches!(refused, Error::Away(_)), "{refused}");
    assert_eq!(stub.net.tries().len(), 2);
    stub.serve(door, "bob", Party::Index);
    until(&session, |status| matches!(status, Status::LoggedOut(_))).await;
    assert!(stub.asked(Kind::Login).is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_may_have_happened_is_not_said_to_be_refused() {
    let stub = Stub::new().await;
    let session = stub.session_with(without_token());
    stub.once(Kind::Login, Turn::Lose);
    stub.always(Kind::Login, Turn::Refuse(Code::Busy));
    assert_eq!(log_in(&session, "alice", PASSWORD).await, Err(Error::Late));
    let stub = Stub::new().await;
    let session = stub.session();
    stub.once(Kind::ContactChange, Turn::Lose);
    stub.always(Kind::ContactChange, Turn::Refuse(Code::Storage));
    assert_eq!(soon(session.set_contact(Some("room 8"))).await, Err(Error::Late));
}

#[tokio::test(start_paused = true)]
async fn a_rotation_that_was_not_answered_is_repeated_under_its_number() {
    let stub = Stub::new().await;
    let session = stub.session();
    let (old, new) = (identity("alice"), identity("mallory"));
    let rotation = SignedRotation::sign(old.signing(), new.signing(), UnixTime(1)).unwrap();
    let other = SignedRotation::sign(old.signing(), new.signing(), UnixTime(2)).unwrap();
    let (alice, password) = (user("alice"), password(PASSWORD));
    stub.once(Kind::Rotate, Turn::Silent);
    let rotate = |rotation| session.rotate(side("mallory"), &alice, &password, rotation);
    assert_eq!(soon(rotate(&rotation)).await, Err(Error::Late));
    soon(rotate(&rotation)).await.unwrap();
    soon(rotate(&other)).await.unwrap();
    let asked = stub.asked(Kind::Rotate);
    assert!(asked.iter().all(|asked| asked.by == new.fingerprint()));
    assert_eq!(asked[0].request, asked[1].request);
    assert_ne!(asked[1].request, asked[2].request);
}

/// What was kept of the token, each time.
type Kept = Arc<Mutex<Vec<Option<[u8; 32]>>>>;

fn keeping(setup: Setup) -> (Setup, Kept) {
    let kept = Kept::default();
    let to = Arc::clone(&kept);
    let keep_token = move |token: Option<&SessionToken>| {
        to.lock().unwrap().push(token.map(|token| *token.expose()));
    };
    (Setup { keep_token: Box::new(keep_token), ..setup }, kept)
}
