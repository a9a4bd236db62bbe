//! Messages of the index to try things on: of each kind a small one, and the largest that there is.

use crate::people::alice;
use crate::samples::{Sample, of};
use waxwing::codec::{Blob, List, Text};
use waxwing::crypto::{Fingerprint, Password};
use waxwing::model::limits::{
    ACCOUNT_SESSIONS, CERTIFICATE_BYTES, CHAIN_PART, CONTACT_BYTES, DIRECTORY_ENTRY_BYTES,
    KEY_BYTES, PASSWORD_TEXT_BYTES, PEOPLE_PAGE, PERSON_ADDRESSES, ROTATION_BYTES, USER_NAME_BYTES,
};
use waxwing::model::{JoinToken, PeerAddress, SessionToken};
use waxwing::wire::index::{
    Account, AccountAsk, ChainAsk, ChainPart, ContactChange, Done, Id16, Invited, Join, Keys,
    KeysAsk, Login, Logout, Named, News, Noted, Online, OnlineGrant, PasswordChange, PasswordText,
    People, PeopleAsk, PersonSeen, Reach, Resume, Rotate, SeenAddress, SessionGrant, SessionSeen,
    Watch,
};

/// One of each kind, none of them long, with all that is optional in it.
pub(crate) fn small() -> Vec<Sample> {
    let (id, request, session) = (7, Id16::from([1; 16]), Some(Id16::from([2; 16])));
    let (user, password) = (name("alice"), password("opensesame"));
    let contact = Some(Text::new("room 7").unwrap());
    let people = || List::new(vec![person()]).unwrap();
    vec![
        of(&Join {
            id,
            request,
            user: user.clone(),
            password: password.clone(),
            invitation: Some(invited()),
            contact: contact.clone(),
        }),
        of(&Login { id, user: user.clone(), password: password.clone() }),
        of(&Resume { id, token: token() }),
        of(&SessionGrant { id, token: token(), user: user.clone(), lifetime: 43_200 }),
        of(&Logout { id, session }),
        of(&Done { id }),
        of(&PasswordChange { id, request, old: password.clone(), new: password.clone() }),
        of(&Rotate { id, request, user: user.clone(), password, rotation: Blob::default() }),
        of(&ContactChange { id, request, contact: contact.clone() }),
        of(&AccountAsk { id }),
        of(&Account {
            id,
            user: user.clone(),
            contact,
            since: 1_800_000_000,
            sessions: List::new(vec![session_seen()]).unwrap(),
        }),
        of(&KeysAsk { id, user: user.clone(), number: Some(300) }),
        of(&Keys {
            id,
            number: 300,
            key: blob(),
            certificate: blob(),
            rotation: Some(Blob::default()),
        }),
        of(&ChainAsk { id, from: 1 }),
        of(&ChainPart { id, entries: List::new(vec![blob()]).unwrap(), length: 2, hash: [3; 32] }),
        of(&Online { id, port: Some(7400) }),
        of(&OnlineGrant { id, lifetime: 90, seen: Some(seen("10.0.0.7:7400")), wide: Some(true) }),
        of(&PeopleAsk { id, after: Some(user.clone()), only: Some(name("bob")) }),
        of(&People { id, people: people(), more: true }),
        of(&Watch { id, on: true }),
        of(&Reach { id, user }),
        of(&News { id, people: people(), wanted_by: people(), missed: false }),
        of(&Noted { id }),
    ]
}

/// The longest message of each kind.
pub(crate) fn largest() -> Vec<Sample> {
    let (id, number) = (u32::MAX, u64::MAX);
    let (request, session) = (Id16::from([0xff; 16]), Some(Id16::from([0xff; 16])));
    let user = name(&"z".repeat(USER_NAME_BYTES));
    let password = longest_password();
    let contact = Some(longest_contact());
    let key = Blob::new([4; KEY_BYTES]).unwrap();
    let certificate = Blob::new([5; CERTIFICATE_BYTES]).unwrap();
    let rotation = Blob::new([6; ROTATION_BYTES]).unwrap();
    let entry = Blob::new([7; DIRECTORY_ENTRY_BYTES]).unwrap();
    let people = || List::new(vec![largest_person(); PEOPLE_PAGE]).unwrap();
    vec![
        of(&Join {
            id,
            request,
            user: user.clone(),
            password: password.clone(),
            invitation: Some(invited()),
            contact: contact.clone(),
        }),
        of(&Login { id, user: user.clone(), password: password.clone() }),
        of(&Resume { id, token: token() }),
        of(&SessionGrant { id, token: token(), user: user.clone(), lifetime: u32::MAX }),
        of(&Logout { id, session }),
        of(&Done { id }),
        of(&PasswordChange { id, request, old: password.clone(), new: password.clone() }),
        of(&Rotate { id, request, user: user.clone(), password, rotation: rotation.clone() }),
        of(&ContactChange { id, request, contact: contact.clone() }),
        of(&AccountAsk { id }),
        of(&Account {
            id,
            user: user.clone(),
            contact,
            since: number,
            sessions: List::new(vec![largest_session(); ACCOUNT_SESSIONS]).unwrap(),
        }),
        of(&KeysAsk { id, user: user.clone(), number: Some(number) }),
        of(&Keys { id, number, key, certificate, rotation: Some(rotation) }),
        of(&ChainAsk { id, from: number }),
        of(&ChainPart {
            id,
            entries: List::new(vec![entry; CHAIN_PART]).unwrap(),
            length: number,
            hash: [0xff; 32],
        }),
        of(&Online { id, port: Some(u16::MAX) }),
        of(&OnlineGrant {
            id,
            lifetime: u32::MAX,
            seen: Some(largest_address()),
            wide: Some(true),
        }),
        of(&PeopleAsk { id, after: Some(user.clone()), only: Some(user.clone()) }),
        of(&People { id, people: people(), more: true }),
        of(&Watch { id, on: true }),
        of(&Reach { id, user }),
        of(&News { id, people: people(), wanted_by: people(), missed: true }),
        of(&Noted { id }),
    ]
}

fn blob<const MAX: usize>() -> Blob<MAX> {
    Blob::new(*b"abc").unwrap()
}

pub(crate) fn name(text: &str) -> Named {
    Named(text.parse().unwrap())
}

pub(crate) fn password(text: &str) -> PasswordText {
    PasswordText::new(&Password::new(text).unwrap())
}

/// No client of ours sends as much as one may send.
fn longest_password() -> PasswordText {
    let text = minicbor::to_vec("x".repeat(PASSWORD_TEXT_BYTES)).unwrap();
    waxwing::codec::open::decode(&text).unwrap()
}

fn longest_contact() -> Text<CONTACT_BYTES> {
    Text::new("x".repeat(CONTACT_BYTES)).unwrap()
}

pub(crate) fn token() -> SessionToken {
    SessionToken::take_from(&mut [0xd5; 32])
}

pub(crate) fn invited() -> Invited {
    Invited::by(&JoinToken::take_from(&mut [0xd6; 16]))
}

pub(crate) fn seen(address: &str) -> SeenAddress {
    SeenAddress::of(PeerAddress::new(address.parse().unwrap()).unwrap())
}

fn largest_address() -> SeenAddress {
    seen("[2001:db8::ffff]:65535")
}

pub(crate) fn person() -> PersonSeen {
    PersonSeen {
        user: name("bob"),
        identity: alice().fingerprint(),
        online: true,
        addresses: List::new(vec![seen("10.0.0.7:7400"), seen("127.0.0.1:7401")]).unwrap(),
        last_online: Some(1_800_000_000),
        contact: Some(Text::new("room 7").unwrap()),
    }
}

pub(crate) fn largest_person() -> PersonSeen {
    PersonSeen {
        user: name(&"z".repeat(USER_NAME_BYTES)),
        identity: Fingerprint::from_bytes([0xff; 32]),
        online: true,
        addresses: List::new(vec![largest_address(); PERSON_ADDRESSES]).unwrap(),
        last_online: Some(u64::MAX),
        contact: Some(longest_contact()),
    }
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

fn largest_session() -> SessionSeen {
    SessionSeen { began: u64::MAX, used: u64::MAX, ..session_seen() }
}
