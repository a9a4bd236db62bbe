//! What changes something happens once, whatever is lost on the way.

use crate::stub::{PASSWORD, Stub, Turn, log_in, password, soon, until, until_here, user};
use crate::stub::{identity, without_token};
use waxwing::node::index::{Error, LoggedOut, Status};
use waxwing::wire::{Code, Kind};

const NEW: &str = "another password";

#[tokio::test(start_paused = true)]
async fn a_change_whose_answer_was_lost_is_repeated_under_its_number() {
    for turn in [Turn::HangUp, Turn::Lose] {
        let stub = Stub::new().await;
        let session = stub.session();
        stub.once(Kind::ContactChange, turn.clone());
        stub.once(Kind::ContactChange, turn);
        soon(session.set_contact(Some("room 8"))).await.unwrap();
        let asked = stub.asked(Kind::ContactChange);
        assert_eq!(asked.iter().map(|asked| asked.conversation).collect::<Vec<_>>(), [1, 2, 3]);
        assert!(asked.iter().all(|one| one.request == asked[0].request));
        assert_eq!(stub.books().contact.as_deref(), Some("room 8"));
        // The next change is another one.
        soon(session.set_contact(None)).await.unwrap();
        let asked = stub.asked(Kind::ContactChange);
        assert_ne!(asked[3].request, asked[0].request);
        assert_eq!(stub.books().contact, None);
    }
}

#[tokio::test(start_paused = true)]
async fn joining_is_repeated_under_its_number_and_as_the_same_identity() {
    for turn in [Turn::HangUp, Turn::Lose] {
        let stub = Stub::new().await;
        let session = stub.session_with(without_token());
        stub.once(Kind::Join, turn);
        soon(session.join(&user("ann"), &password(PASSWORD), None, None)).await.unwrap();
        let asked = stub.asked(Kind::Join);
        assert_eq!(asked.len(), 2);
        assert!(asked[0].request.is_some() && asked[0].request == asked[1].request);
        assert!(asked.iter().all(|asked| asked.by == identity("alice").fingerprint()));
        assert_eq!(session.status(), Status::Here(user("ann")));
    }
}

#[tokio::test(start_paused = true)]
async fn a_change_that_is_never_answered_says_so() {
    let stub = Stub::new().await;
    let session = stub.session();
    stub.always(Kind::ContactChange, Turn::Silent);
    assert_eq!(soon(session.set_contact(Some("room 8"))).await, Err(Error::Late));
    // Also when the index was asked, and is away now.
    let mut stub = Stub::new().await;
    let session = stub.session();
    stub.always(Kind::ContactChange, Turn::Silent);
    let asking = tokio::spawn({
        let session = session.clone();
        async move { session.set_contact(Some("room 8")).await }
    });
    while stub.asked(Kind::ContactChange).is_empty() {
        tokio::task::yield_now().await;
    }
    stub.go().await;
    assert_eq!(soon(asking).await.unwrap(), Err(Error::Late));
}

#[tokio::test(start_paused = true)]
async fn what_passes_is_repeated_and_what_does_not_is_told() {
    let stub = Stub::new().await;
    let session = stub.session();
    stub.once(Kind::ContactChange, Turn::Refuse(Code::Storage));
    soon(session.set_contact(Some("room 8"))).await.unwrap();
    let asked = stub.asked(Kind::ContactChange);
    assert_eq!((asked.len(), asked[0].request), (2, asked[1].request));
    for (code, times) in [(Code::Storage, 3), (Code::Throttled, 1), (Code::NotAllowed, 1)] {
        let before = stub.asked(Kind::ContactChange).len();
        stub.always(Kind::ContactChange, Turn::Refuse(code));
        let refused = soon(session.set_contact(Some("room 8"))).await.unwrap_err();
        let Error::Refused { code: told, text } = refused else { panic!("{refused}") };
        assert_eq!((told, text.to_string()), (code, "by order of the test".to_owned()));
        assert_eq!(stub.asked(Kind::ContactChange).len() - before, times, "{code}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_password_is_changed_and_its_session_goes_on() {
    let mut stub = Stub::new().await;
    let session = stub.session();
    soon(session.change_password(&password(PASSWORD), &password(NEW))).await.unwrap();
    assert_eq!((stub.books().password.as_str(), stub.net.tries().len()), (NEW, 1));
    // The token is the new one.
    stub.go().await;
    until(&session, |status| matches!(status, Status::Away(_))).await;
    stub.come();
    until_here(&session).await;
    stub.once(Kind::PasswordChange, Turn::Refuse(Code::Credentials));
    let refused = soon(session.change_password(&password(PASSWORD), &password(NEW))).await;
    assert!(matches!(refused, Err(Error::Refused { code: Code::Credentials, .. })));
    assert!(matches!(session.status(), Status::Here(_)));
}

#[tokio::test(start_paused = true)]
async fn a_password_change_that_was_not_done_is_repeated_under_its_number() {
    let stub = Stub::new().await;
    let session = stub.session();
    stub.once(Kind::PasswordChange, Turn::HangUp);
    soon(session.change_password(&password(PASSWORD), &password(NEW))).await.unwrap();
    let asked = stub.asked(Kind::PasswordChange);
    assert_eq!((asked.len(), asked[0].request), (2, asked[1].request));
    assert!(stub.asked(Kind::Login).is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_password_change_whose_answer_was_lost_is_known_by_the_new_password() {
    let stub = Stub::new().await;
    let session = stub.session();
    stub.once(Kind::PasswordChange, Turn::Lose);
    soon(session.change_password(&password(PASSWORD), &password(NEW))).await.unwrap();
    assert_eq!(stub.asked(Kind::PasswordChange).len(), 1);
    assert_eq!(stub.asked(Kind::Login).len(), 1);
    assert!(matches!(session.status(), Status::Here(_)));
    // When the session ended for another reason, the new password is not it.
    stub.once(Kind::PasswordChange, Turn::Goodbye(Code::NoSession));
    stub.books().token = None;
    let changed = soon(session.change_password(&password(NEW), &password(PASSWORD))).await;
    assert_eq!(changed, Err(Error::LoggedOut(LoggedOut::Over)));
    log_in(&session, "alice", NEW).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn another_session_that_is_over_already_may_be_ended() {
    let stub = Stub::new().await;
    let session = stub.session();
    soon(session.end_session([5; 16])).await.unwrap();
    stub.once(Kind::Logout, Turn::Refuse(Code::NotFound));
    soon(session.end_session([5; 16])).await.unwrap();
    assert!(matches!(session.status(), Status::Here(_)));
}
