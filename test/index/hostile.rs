//! Requests that are malformed, too many, repeated or out of order, and what the owner reads of them.

use crate::stage::{Caller, Ground, PASSWORD, joining, soon, user};
use bytes::Bytes;
use waxwing::codec::Error;
use waxwing::index::Happening;
use waxwing::link::AskError;
use waxwing::wire::index::{AccountAsk, Login, Named, SessionGrant};
use waxwing::wire::{Ask, Code, Kind, Message, Numbered};

/// A login whose body is anything behind its id.
#[derive(Clone)]
struct Anything {
    id: u32,
    fields: Vec<(u8, Vec<u8>)>,
}

impl Message for Anything {
    const KIND: Kind = Kind::Login;

    fn write(&self, out: &mut Vec<u8>) {
        out.push(0xa0 | (self.fields.len() as u8 + 1));
        out.push(0);
        minicbor::encode(self.id, &mut *out).unwrap();
        for (key, value) in &self.fields {
            out.push(*key);
            out.extend_from_slice(value);
        }
    }

    fn decode(_: &Bytes) -> Result<Self, Error> {
        Err(Error::Invalid("only sent"))
    }
}

impl Numbered for Anything {
    fn id(&self) -> u32 {
        self.id
    }

    fn set_id(&mut self, id: u32) {
        self.id = id;
    }
}

impl Ask for Anything {
    type Answer = SessionGrant;
}

fn text(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    minicbor::encode(text, &mut bytes).unwrap();
    bytes
}

fn refusals(ground: &Ground) -> Vec<(String, u64)> {
    let complaint = |fact: &Happening| match fact {
        Happening::Refused(complaint) => Some((complaint.what.clone(), complaint.times)),
        _ => None,
    };
    ground.told().iter().filter_map(complaint).collect()
}

#[tokio::test]
async fn malformed_requests_are_refused_one_by_one_and_told_once() {
    let ground = Ground::new().await;
    let (alice, _) = ground.member("alice").await;
    let good = text("correct horse");
    let bodies = [
        vec![],
        vec![(1, text("alice"))],
        vec![(1, text("Alice")), (2, good.clone())],
        vec![(1, text("al ice")), (2, good.clone())],
        vec![(1, text("' OR 1=1--")), (2, good.clone())],
        vec![(1, text(&"a".repeat(33))), (2, good.clone())],
        vec![(1, vec![7]), (2, good.clone())],
        vec![(1, text("alice")), (2, text(&"x".repeat(257)))],
        vec![(1, text("alice")), (2, vec![0xf6])],
        vec![(1, vec![0x41, 0x61]), (2, good.clone())],
    ];
    for fields in bodies {
        let refused = alice.ask(Anything { id: 0, fields: fields.clone() }).await.unwrap_err();
        assert_eq!(refused, Code::Malformed, "{fields:?}");
    }
    // What newer programs add is skipped.
    let newer = vec![(1, text("alice")), (2, text(PASSWORD)), (9, text("what is this"))];
    assert!(alice.ask(Anything { id: 0, fields: newer }).await.is_ok());
    assert_eq!(refusals(&ground), [("Login".to_owned(), 1)], "ten of them are one line");
    assert!(alice.ask(AccountAsk { id: 0 }).await.is_ok());
    ground.stop().await;
}

#[tokio::test]
async fn logs_hold_no_password_and_no_token() {
    let ground = Ground::new().await;
    let (alice, granted) = ground.member("alice").await;
    let mallory = ground.dial("mallory").await;
    let invitation = ground.invite(Some("mallory")).await;
    let _ = mallory.login("alice", "a secret that is wrong").await;
    let _ = mallory.resume(&granted).await;
    mallory.join_invited("mallory", &invitation).await.unwrap();
    let log = ground.lines().join("\n") + &format!("{:?}", ground.told());
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    for secret in [hex(granted.token.expose()), hex(invitation.expose())] {
        assert!(!log.contains(&secret));
        assert!(!log.contains(&hex(granted.token.hash().as_bytes())));
    }
    for secret in [PASSWORD, "a secret that is wrong", "$2b$"] {
        assert!(!log.contains(secret), "{log}");
    }
    assert!(log.contains("refused Login from 127.0.0.1:"), "{log}");
    drop(alice);
    ground.stop().await;
}

#[tokio::test]
async fn a_login_and_what_needs_it_may_be_said_in_one_breath() {
    let ground = Ground::new().await;
    drop(ground.member("alice").await);
    let again = ground.dial("alice").await;
    let password = crate::stage::password(PASSWORD);
    let login = Login { id: 0, user: Named(user("alice")), password };
    let (login, account) =
        tokio::join!(again.conversation.ask(login), again.conversation.ask(AccountAsk { id: 0 }));
    assert!(login.is_ok() && account.is_ok());
    // The other way round it is too early.
    let third = ground.dial("alice").await;
    let password = crate::stage::password(PASSWORD);
    let login = Login { id: 0, user: Named(user("alice")), password };
    let (account, login) =
        tokio::join!(third.conversation.ask(AccountAsk { id: 0 }), third.conversation.ask(login));
    assert!(matches!(account, Err(AskError::Refused { code: Code::NoSession, .. })));
    assert!(login.is_ok());
    ground.stop().await;
}

#[tokio::test]
async fn who_asks_for_too_much_at_once_is_told_so_and_slows_nobody() {
    let ground = Ground::at_cost(crate::stage::rules(), 10).await;
    let (alice, _) = ground.member("alice").await;
    let flood = ground.dial("mallory").await;
    let many = (0..200).map(|_| async { flood.conversation.ask(AccountAsk { id: 0 }).await });
    let login = flood.login("nobody", "correct horse");
    let (answers, slow) =
        soon(async { tokio::join!(futures_util::future::join_all(many), login) }).await;
    assert!(slow.is_err());
    let code = |answer: &Result<_, AskError>| match answer {
        Err(AskError::Refused { code, .. }) => *code,
        _ => panic!("nobody is logged in"),
    };
    let codes: Vec<_> = answers.iter().map(code).collect();
    assert!(codes.iter().all(|code| matches!(code, Code::NoSession | Code::Busy)), "{codes:?}");
    assert!(alice.ask(AccountAsk { id: 0 }).await.is_ok());
    ground.stop().await;
}

#[tokio::test]
async fn another_index_is_not_served() {
    use std::sync::Arc;
    use waxwing::link::{Backoff, Deadlines, Dialler, Expected, Side};
    use waxwing::wire::{Features, Party};
    let ground = Ground::new().await;
    let identity = crate::stage::identity("bob");
    let side =
        Side::new(Arc::clone(&identity), Party::Index, Features::default(), Deadlines::default());
    let dialler = Dialler::new(side.unwrap()).with_backoff(Backoff::never());
    let dialled = soon(dialler.dial(&ground.address.into(), Expected::Anyone)).await;
    let (conversation, incoming) = dialled.unwrap();
    let caller = Caller { conversation, incoming };
    soon(caller.conversation.ended()).await;
    assert!(caller.conversation.ask(joining("bob")).await.is_err());
    ground.stop().await;
}

#[tokio::test]
async fn a_conversation_in_which_nobody_logs_in_ends() {
    use waxwing::link::Ending;
    // Alice has joined long before that, on a busy machine too.
    let time = std::time::Duration::from_secs(2);
    let rules = waxwing::index::Rules { anonymous_time: time, ..crate::stage::rules() };
    let ground = Ground::with(rules).await;
    let (alice, _) = ground.member("alice").await;
    let stranger = ground.dial("mallory").await;
    let ending = soon(stranger.conversation.ended()).await;
    assert!(matches!(ending, Ending::Theirs { code: Code::NoSession, .. }), "{ending:?}");
    assert!(alice.ask(AccountAsk { id: 0 }).await.is_ok(), "who is logged in stays");
    // Who logs out has the same time to log in again.
    alice.ask(waxwing::wire::index::Logout { id: 0, session: None }).await.unwrap();
    soon(alice.conversation.ended()).await;
    ground.stop().await;
}

#[tokio::test]
async fn the_oldest_who_is_not_logged_in_gives_way_to_a_newcomer() {
    let rules = waxwing::index::Rules { anonymous: 3, ..crate::stage::rules() };
    let ground = Ground::with(rules).await;
    let (alice, _) = ground.member("alice").await;
    let oldest = ground.dial("mallory").await;
    // Who was heard has a place.
    assert_eq!(oldest.ask(AccountAsk { id: 0 }).await.unwrap_err(), Code::NoSession);
    let mut others = Vec::new();
    for name in ["bob", "carol", "dave"] {
        let other = ground.dial(name).await;
        assert_eq!(other.ask(AccountAsk { id: 0 }).await.unwrap_err(), Code::NoSession);
        others.push(other);
    }
    soon(oldest.conversation.ended()).await;
    assert!(others.iter().all(|other| other.conversation.ending().is_none()));
    assert!(alice.ask(AccountAsk { id: 0 }).await.is_ok());
    ground.stop().await;
}
