//! What is said to an index, and section 15: the examples, computed anew.

use super::{alice, bob, hex, table};
use bytes::Bytes;
use std::time::Duration;
use waxwing::codec::{Blob, List, Text, Writer, closed};
use waxwing::crypto::{Label, Password, SealingCertificate, UnixTime, sha256};
use waxwing::index::Rules;
use waxwing::model::directory::{Chain, DirectoryEntry, DirectoryEvent, Documents, Head};
use waxwing::model::{Invitation, JoinToken, PeerAddress, SessionToken};
use waxwing::wire::index::{
    Account, AccountAsk, ChainAsk, ChainPart, Change, ContactChange, Done, Id16, Invited, Join,
    Keys, KeysAsk, Login, Logout, Named, News, Noted, Online, OnlineGrant, PasswordChange,
    PasswordText, People, PeopleAsk, PersonSeen, Reach, Resume, Rotate, SeenAddress, SessionGrant,
    SessionSeen, Watch,
};
use waxwing::wire::{Code, Kind, Message, Names};

#[test]
fn the_table_of_events_is_that_of_the_code() {
    let head = "| event | name | what happened | who has the name before | the identity |";
    let told: Vec<_> = table(head).iter().map(|row| [row[0].clone(), row[1].clone()]).collect();
    let code =
        DirectoryEvent::ALL.map(|event| [event.number().to_string(), event.name().to_owned()]);
    assert_eq!(told, code);
}

#[test]
fn the_table_of_rules_is_that_of_the_code() {
    let rules = Rules::default();
    let seconds = |time: Duration| time.as_secs();
    let code = [
        ("session lifetime", seconds(rules.session_lifetime)),
        ("online lifetime", seconds(rules.online_lifetime)),
        ("free tries", rules.free_tries.into()),
        ("longest wait", seconds(rules.longest_wait)),
        ("failed joins", rules.failed_joins.into()),
        ("open joins", rules.open_joins.into()),
        ("hashing queue", rules.hashing_queue as u64),
        ("hashing wait", seconds(rules.hashing_wait)),
        ("anonymous time", seconds(rules.anonymous_time)),
        ("anonymous of address", rules.anonymous_of_address as u64),
        ("anonymous", rules.anonymous as u64),
        ("news pause", seconds(rules.news_pause)),
    ];
    let code = code.map(|(name, value)| [name.to_owned(), value.to_string()]);
    let told = table("| rule | value | of |");
    let told: Vec<_> = told.iter().map(|row| [row[0].clone(), row[1].clone()]).collect();
    assert_eq!(told, code);
}

#[test]
fn what_is_refused_is_a_request_with_codes() {
    let rows = table("| request | codes |");
    assert!(rows.len() >= 11);
    for row in rows {
        let kind = Kind::ALL.iter().find(|kind| kind.name() == row[0]).unwrap();
        assert_eq!(kind.names(), Names::Request);
        let codes: Vec<_> = row[1].split('`').skip(1).step_by(2).collect();
        assert!(!codes.is_empty(), "{kind}");
        for code in codes {
            assert!(Code::all().any(|known| known.name() == code), "{kind}: {code}");
        }
    }
}

/// The examples of messages and of section 15.
pub(super) fn examples() -> Vec<(&'static str, String)> {
    [of_messages(), of_section_15()].concat()
}

fn of_section_15() -> Vec<(&'static str, String)> {
    let fingerprint = alice().fingerprint();
    let invitation = Invitation {
        at: "index.example:7311".parse().unwrap(),
        fingerprint,
        token: Some(join_token()),
    };
    let (_, join) = bodies().swap_remove(0);
    let join = Join::decode(&join).unwrap();
    let documents = documents();
    let joined = entry(0, Head::EMPTY, DirectoryEvent::Joined, 1_790_000_000);
    let closed = entry(1, joined.head(), DirectoryEvent::Closed, 1_790_003_600);
    let (first, second) = (closed::encode(&joined), closed::encode(&closed));
    let mut chain = Chain::default();
    chain.extend([&first[..], &second]).unwrap();
    assert_eq!(chain.head(), closed.head());
    let block = |bytes: &[u8]| [&(bytes.len() as u32).to_be_bytes()[..], bytes].concat();
    let key = block(documents.key.spki());
    let certificate = block(&closed::encode(&documents.certificate));
    let by_hand = sha256(Label::DirectoryDocuments, &[&key, &certificate, &[0; 4]]);
    assert_eq!(by_hand, documents.hash());
    vec![
        ("invitation", invitation.reveal()),
        ("stored of the session's token", hex(session_token().hash().as_bytes())),
        ("stored of the invitation's token", hex(join_token().hash().as_bytes())),
        ("asked", hex(&join.asked())),
        ("asked, the body that is hashed", hex(&body_without_passwords(&join))),
        ("length of the certificate block, with its length", certificate.len().to_string()),
        ("documents", hex(&documents.hash())),
        ("directory entry 0", hex(&first)),
        ("its hash, the head of length 1", hex(&joined.head().hash)),
        ("directory entry 1", hex(&second)),
        ("its hash, the head of length 2", hex(&closed.head().hash)),
    ]
}

fn body_without_passwords(join: &Join) -> Vec<u8> {
    let mut body = join.encode().to_vec();
    let at = body.windows(11).position(|at| at == b"\x6aopensesame").unwrap();
    body.splice(at..at + 11, [0x60]);
    body[2] = 0;
    assert_eq!(sha256(Label::IndexRequest, &[&[0x30], &body]), join.asked());
    body
}

fn entry(number: u64, before: Head, event: DirectoryEvent, time: u64) -> DirectoryEntry {
    DirectoryEntry {
        number,
        previous: before.hash,
        time: UnixTime(time),
        event,
        user: "alice".parse().unwrap(),
        identity: alice().fingerprint(),
        documents: documents().hash(),
    }
}

/// Alice's key and certificate; it is signed by nobody.
fn documents() -> Documents {
    let alice = alice();
    let certificate = SealingCertificate {
        identity: alice.fingerprint(),
        epoch: 1,
        not_after: UnixTime(1_800_000_000),
        key: alice.sealing().wrapping_key().clone(),
    };
    let mut signed = Writer::default();
    signed.block(&closed::encode(&certificate)).block(&[1; 384]);
    Documents {
        key: alice.signing().verifying_key().clone(),
        certificate: closed::decode(signed.as_bytes()).unwrap(),
        rotation: None,
    }
}

fn of_messages() -> Vec<(&'static str, String)> {
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
        body(&OnlineGrant { id, lifetime: 90, seen, wide: Some(true) }),
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
