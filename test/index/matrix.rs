//! Every request that an index takes, tried by everybody who must not have it: a matrix made from
//! the table of kinds, so that a new kind cannot be forgotten.

use crate::catalog::{browse, entry, publish, search, share, share_out};
use crate::keys::NOW;
use crate::stage::{Caller, Ground, PASSWORD, password, resuming, user};
use waxwing::codec::{Blob, closed};
use waxwing::crypto::{SignedRotation, random};
use waxwing::index::store::Store;
use waxwing::model::{Content, EntryPath, SessionToken};
use waxwing::wire::index::PathSaid;
use waxwing::wire::index::{
    Account, AccountAsk, ChainAsk, ContactChange, Id16, KeysAsk, Listing, Locate, Login, Logout,
    Named, Online, PasswordChange, PeopleAsk, Reach, Resume, Rotate, SessionGrant, ShareChange,
    ShareEnd, Shares, SharesAsk, Watch,
};
use waxwing::wire::{
    Ask, Code, GetAsk, HeadAsk, Kind, LanesAsk, LeavesAsk, Message, Names, SendAsk, SentBy,
};

/// The requests that a person may send to an index.
fn kinds() -> Vec<Kind> {
    let of_index =
        |kind: &&Kind| kind.tag() >= Kind::Join.tag() && kind.sent_by() == SentBy::Dialler;
    let all = Kind::ALL.iter().filter(of_index);
    // Heads and leaves are told between people.
    let all = all.filter(|kind| !matches!(kind, Kind::HeadAsk | Kind::LeavesAsk));
    all.filter(|kind| kind.names() == Names::Request).copied().collect()
}

/// Kinds that need no session, but a password or a token.
const WITHOUT_SESSION: [Kind; 4] = [Kind::Join, Kind::Login, Kind::Resume, Kind::Rotate];

/// Whose rows are tried, and what of them is private.
struct Victim<'a> {
    name: &'a str,
    session: Id16,
}

async fn raw<A: Ask>(caller: &Caller, ask: A) -> Result<Vec<u8>, Code> {
    caller.ask(ask).await.map(|answer| answer.encode().to_vec())
}

/// Asks for one kind, in a way that would touch the victim's rows if it could.
async fn try_on(caller: &Caller, kind: Kind, victim: &Victim<'_>) -> Result<Vec<u8>, Code> {
    let named = || Named(user(victim.name));
    let request = random().into();
    let wrong = || password("wrong password");
    match kind {
        Kind::Join => raw(caller, crate::stage::joining(victim.name)).await,
        Kind::Login => raw(caller, Login { id: 0, user: named(), password: wrong() }).await,
        Kind::Resume => raw(caller, Resume { id: 0, token: SessionToken::random() }).await,
        Kind::Logout => raw(caller, Logout { id: 0, session: Some(victim.session) }).await,
        Kind::PasswordChange => {
            raw(caller, PasswordChange { id: 0, request, old: wrong(), new: wrong() }).await
        }
        Kind::Rotate => {
            let [old, new] = ["alice", "mallory"].map(crate::stage::identity);
            let rotation = SignedRotation::sign(old.signing(), new.signing(), NOW).unwrap();
            let rotation = Blob::new(closed::encode(&rotation)).unwrap();
            raw(caller, Rotate { id: 0, request, user: named(), password: wrong(), rotation }).await
        }
        Kind::ContactChange => raw(caller, ContactChange { id: 0, request, contact: None }).await,
        Kind::AccountAsk => raw(caller, AccountAsk { id: 0 }).await,
        Kind::KeysAsk => raw(caller, KeysAsk { id: 0, user: named(), number: None }).await,
        Kind::ChainAsk => raw(caller, ChainAsk { id: 0, from: 0 }).await,
        Kind::Online => raw(caller, Online { id: 0, port: Some(7777) }).await,
        Kind::PeopleAsk => raw(caller, PeopleAsk { id: 0, after: None, only: Some(named()) }).await,
        Kind::Watch => raw(caller, Watch { id: 0, on: true }).await,
        Kind::Reach => raw(caller, Reach { id: 0, user: named() }).await,
        Kind::ShareChange => {
            let share = share(SECRET, "secret", &[]);
            raw(caller, ShareChange::new(request, &share)).await
        }
        Kind::ShareEnd => raw(caller, ShareEnd { id: 0, share: [SECRET; 16].into() }).await,
        Kind::SharesAsk => raw(caller, SharesAsk { id: 0, after: None }).await,
        Kind::Publish => {
            raw(caller, publish(SECRET, 2, Some(1), &[entry("mallorys.txt", "x")])).await
        }
        Kind::Search => raw(caller, search("secret plan")).await,
        Kind::Browse => raw(caller, browse(victim.name)).await,
        Kind::Locate => {
            let plan = Content::of(b"the plan");
            let content = (*plan.id().as_bytes()).into();
            raw(caller, Locate { id: 0, content, size: plan.size() }).await
        }
        other => panic!("{other} is not tried on anybody: add it"),
    }
}

async fn private_of(caller: &Caller) -> Account {
    Account { id: 0, ..caller.ask(AccountAsk { id: 0 }).await.unwrap() }
}

/// The number of the share that is for its owner and Bob alone.
const SECRET: u8 = 77;

/// What the owner has in the catalog.
async fn catalog_of(caller: &Caller) -> (Shares, Listing) {
    let shares = caller.ask(SharesAsk { id: 0, after: None }).await.unwrap();
    let listing = caller.ask(browse("alice")).await.unwrap();
    (Shares { id: 0, ..shares }, Listing { id: 0, ..listing })
}

fn holds(bytes: &[u8], secret: &[u8]) -> bool {
    bytes.windows(secret.len()).any(|part| part == secret)
}

#[tokio::test]
async fn nobody_does_anything_before_a_session_was_granted() {
    let ground = Ground::new().await;
    let (alice, _) = ground.member("alice").await;
    let session = alice.ask(AccountAsk { id: 0 }).await.unwrap().sessions[0].session;
    let victim = Victim { name: "alice", session };
    let stranger = ground.dial("mallory").await;
    assert!(kinds().len() >= 14);
    for kind in kinds() {
        let refused = try_on(&stranger, kind, &victim).await.unwrap_err();
        let expected = match kind {
            Kind::Join => Code::NameTaken,
            Kind::Login | Kind::Rotate => Code::Credentials,
            _ => Code::NoSession,
        };
        assert_eq!(refused, expected, "{kind}");
    }
    assert_eq!(ground.index.online(), 0);
    ground.stop().await;
}

#[tokio::test]
async fn no_request_of_one_account_reads_changes_or_counts_anothers_private_rows() {
    let ground = Ground::new().await;
    let (alice, granted) = ground.member("alice").await;
    alice.ask(Online { id: 0, port: None }).await.unwrap();
    let session = alice.ask(AccountAsk { id: 0 }).await.unwrap().sessions[0].session;
    let victim = Victim { name: "alice", session };
    let (_bob, _) = ground.member("bob").await;
    let secret = share(SECRET, "secret plans", &["bob"]);
    share_out(&alice, &secret, &[entry("plan b.txt", "the plan")]).await;
    let (before, catalog) = (private_of(&alice).await, catalog_of(&alice).await);
    let (mallory, _) = ground.member("mallory").await;
    let hash = *granted.token.hash().as_bytes();
    for kind in kinds() {
        let answer = try_on(&mallory, kind, &victim).await.unwrap_or_default();
        let secrets = [&session[..], granted.token.expose(), &hash, PASSWORD.as_bytes(), b"$2b$"];
        for secret in secrets.into_iter().chain([&b"plan b.txt"[..], b"secret plans", &[1; 16]]) {
            assert!(!holds(&answer, secret), "{kind} shows what is private");
        }
        assert_eq!(private_of(&alice).await, before, "{kind} changed what is private");
        assert_eq!(catalog_of(&alice).await, catalog, "{kind} changed what is hers");
    }
    // Her own numbers tell her nothing of others either: one account, one session.
    let own = mallory.ask(AccountAsk { id: 0 }).await.unwrap();
    assert_eq!((own.user.as_str(), own.sessions.len()), ("mallory", 1));
    assert!(alice.resume(&granted).await.is_ok());
    assert!(ground.dial("alice").await.login("alice", PASSWORD).await.is_ok());
    ground.stop().await;
}

#[tokio::test]
async fn a_session_that_is_over_opens_nothing() {
    let ground = Ground::new().await;
    let (alice, granted): (_, SessionGrant) = ground.member("alice").await;
    let session = alice.ask(AccountAsk { id: 0 }).await.unwrap().sessions[0].session;
    let victim = Victim { name: "alice", session };
    // Over in the store, and this conversation has not heard of it.
    ground.index.store().end_sessions(&user("alice")).await.unwrap();
    for kind in kinds().into_iter().filter(|kind| !WITHOUT_SESSION.contains(kind)) {
        let caller = ground.dial("alice").await;
        caller.login("alice", PASSWORD).await.unwrap();
        caller.ask(Online { id: 0, port: None }).await.unwrap();
        ground.index.store().end_sessions(&user("alice")).await.unwrap();
        let refused = try_on(&caller, kind, &victim).await.unwrap_err();
        assert_eq!(refused, Code::NoSession, "{kind}");
        assert_eq!(ground.index.online(), 0, "{kind}: who asked is not online any more");
    }
    assert_eq!(alice.ask(resuming(&granted)).await.unwrap_err(), Code::NoSession);
    assert_eq!(ground.index.online(), 0);
    ground.stop().await;
}

#[tokio::test]
async fn what_belongs_between_peers_is_not_for_an_index() {
    let ground = Ground::new().await;
    let (alice, _) = ground.member("alice").await;
    let ask = SendAsk { id: 0, entries: 1, data_length: 1 };
    assert_eq!(alice.ask(ask).await.unwrap_err(), Code::NotAllowed);
    let ask = HeadAsk { id: 0, index: [0; 32], length: 0, hash: [0; 32] };
    assert_eq!(alice.ask(ask).await.unwrap_err(), Code::NotAllowed);
    let (challenge, share, wanted) = ([0; 32], [1; 16].into(), <_>::default());
    let ask = GetAsk { id: 0, challenge, share, wanted, more: true, waits: Some(true) };
    assert_eq!(alice.ask(ask).await.unwrap_err(), Code::NotAllowed);
    assert_eq!(
        alice.ask(LanesAsk { id: 0, stream: 1, count: 2 }).await.unwrap_err(),
        Code::NotAllowed
    );
    let (path, content) = (PathSaid(EntryPath::parse("a").unwrap()), Content::of(b"a"));
    let ask = LeavesAsk { id: 0, share: [1; 16].into(), path, content: content.into(), first: 0 };
    assert_eq!(alice.ask(ask).await.unwrap_err(), Code::NotAllowed);
    ground.stop().await;
}
