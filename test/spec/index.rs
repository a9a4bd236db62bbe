//! What is said to an index, and section 15: the examples, computed anew.

use super::{alice, bob, hex};
use bytes::Bytes;
use waxwing::codec::{Blob, List, Text};
use waxwing::crypto::Password;
use waxwing::model::{JoinToken, PeerAddress, SessionToken};
use waxwing::wire::index::{
    Account, AccountAsk, ChainAsk, ChainPart, ContactChange, Done, Id16, Invited, Join, Keys,
    KeysAsk, Login, Logout, Named, News, Noted, Online, OnlineGrant, PasswordChange, PasswordText,
    People, PeopleAsk, PersonSeen, Reach, Resume, Rotate, SeenAddress, SessionGrant, SessionSeen,
    Watch,
};
use waxwing::wire::{Kind, Message};

/// The examples of messages.
pub(super) fn examples() -> Vec<(&'static str, String)> {
    let names = [
        "join",
        "login",
        "resume",
        "session grant",
        "logout",
        "done",
        "password change",
        "rotate",
        "contact change",
        "account ask",
        "account",
        "keys ask",
        "keys",
        "chain ask",
        "chain part",
        "online",
        "online grant",
        "people ask",
        "people",
        "watch",
        "reach",
        "news",
        "noted",
    ];
    let bodies = bodies().into_iter().map(|(_, body)| hex(&body));
    names.into_iter().zip(bodies).collect()
}

/// The messages of the examples, one of each kind.
pub(super) fn bodies() -> Vec<(Kind, Bytes)> {
    fn body<M: Message>(message: &M) -> (Kind, Bytes) {
        (M::KIND, message.encode())
    }
    let (id, user, contact) = (3, name("alice"), Some(Text::new("room 7").unwrap()));
    let (request, session) = (Id16::from([1; 16]), Id16::from([2; 16]));
    let (old, new) = (password("opensesame"), password("closesesame"));
    let join = Join {
        id,
        request,
        user: user.clone(),
        password: old.clone(),
        invitation: Some(Invited::by(&join_token())),
        contact: contact.clone(),
    };
    let account = Account {
        id,
        user: user.clone(),
        contact: contact.clone(),
        since: 1_800_000_000,
        sessions: List::new(vec![session_seen()]).unwrap(),
    };
    let keys = Keys { id, number: 1, key: abc(), certificate: abc(), rotation: Some(abc()) };
    let chain_part =
        ChainPart { id, entries: List::new(vec![abc()]).unwrap(), length: 2, hash: [4; 32] };
    let seen = Some(address("10.0.0.7:7400"));
    let people = List::new(vec![person()]).unwrap();
    let after = Some(name("bob"));
    let news = News { id: 2, people: people.clone(), wanted_by: List::default(), missed: false };
    vec![
        body(&join),
        body(&Login { id, user: user.clone(), password: old.clone() }),
        body(&Resume { id, token: session_token() }),
        body(&SessionGrant { id, token: session_token(), user: user.clone(), lifetime: 43_200 }),
        body(&Logout { id, session: Some(session) }),
        body(&Done { id }),
        body(&PasswordChange { id, request, old: old.clone(), new }),
        body(&Rotate { id, request, user: user.clone(), password: old, rotation: abc() }),
        body(&ContactChange { id, request, contact }),
        body(&AccountAsk { id }),
        body(&account),
        body(&KeysAsk { id, user: user.clone(), number: Some(1) }),
        body(&keys),
        body(&ChainAsk { id, from: 1 }),
        body(&chain_part),
        body(&Online { id, port: Some(7400) }),
        body(&OnlineGrant { id, lifetime: 90, seen }),
        body(&PeopleAsk { id, after, only: Some(user.clone()) }),
        body(&People { id, people, more: false }),
        body(&Watch { id, on: true }),
        body(&Reach { id, user }),
        body(&news),
        body(&Noted { id: 2 }),
    ]
}

fn session_seen() -> SessionSeen {
    SessionSeen {
        session: Id16::from([2; 16]),
        began: 1_800_000_000,
        used: 1_800_000_600,
        is_this: true,
        identity: alice().fingerprint(),
    }
}

/// Who is seen at two addresses, the second of them on the index's own machine.
fn person() -> PersonSeen {
    let addresses = vec![address("10.0.0.7:7400"), address("127.0.0.1:7401")];
    PersonSeen {
        user: name("bob"),
        identity: bob().fingerprint(),
        online: true,
        addresses: List::new(addresses).unwrap(),
        last_online: Some(1_800_000_000),
        contact: Some(Text::new("room 7").unwrap()),
    }
}

fn name(text: &str) -> Named {
    Named(text.parse().unwrap())
}

fn password(text: &str) -> PasswordText {
    PasswordText::new(&Password::new(text).unwrap())
}

fn address(text: &str) -> SeenAddress {
    SeenAddress::of(PeerAddress::new(text.parse().unwrap()).unwrap())
}

/// What no reader would take for keys or entries.
fn abc<const MAX: usize>() -> Blob<MAX> {
    Blob::new(*b"abc").unwrap()
}

fn session_token() -> SessionToken {
    SessionToken::take_from(&mut std::array::from_fn(|at| at as u8))
}

fn join_token() -> JoinToken {
    JoinToken::take_from(&mut std::array::from_fn(|at| 16 + at as u8))
}
