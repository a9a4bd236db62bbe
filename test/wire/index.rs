//! What is special in the messages of the index: names, passwords, tokens, and what of a request
//! makes its repetition.

use crate::by_hand::{map, null, number, text};
use crate::index_maxima::too_long;
use crate::index_samples::{invited, name, password, token};
use crate::messages::fields;
use crate::people::{NOW, alice, bob};
use crate::samples::{Sample, small};
use waxwing::codec::{Blob, Error, Text};
use waxwing::crypto::{Label, PasswordProblem, SealingCertificate, SignedRotation, sha256};
use waxwing::model::directory::Documents;
use waxwing::model::{JoinToken, SessionToken};
use waxwing::wire::index::{
    Change, ContactChange, Id16, Join, Keys, Login, Online, PasswordChange, Reach, Resume, Rotate,
    SessionGrant, Watch,
};
use waxwing::wire::{Kind, Message};

#[test]
fn a_name_that_is_none_is_refused() {
    for good in ["ab", "0_", "a.-", &"z".repeat(32)] {
        assert_eq!(reach(good).unwrap().user, name(good));
    }
    let long = "z".repeat(33);
    let none = ["", "a", "Alice", "-a", "_a", ".a", "a b", "a\0", "ab\n", "älice", "a/b", &long];
    for none in none {
        assert!(reach(none).is_err(), "{none:?}");
    }
    assert_eq!(reach(&long), too_long("a text", 32));
}

#[test]
fn a_password_may_break_the_rule_and_is_told_so() {
    use PasswordProblem::{Nul, TooLong, TooShort};
    let read =
        |text: &str| login(text).unwrap().password.read().map(|read| read.expose().to_owned());
    let [most, more] = [71, 72].map(|length| "x".repeat(length));
    assert_eq!(read("opensesame"), Ok("opensesame".to_owned()));
    assert_eq!(read(&most), Ok(most));
    assert_eq!(read(&more), Err(TooLong));
    assert_eq!(read(&"x".repeat(256)), Err(TooLong));
    assert_eq!(read(""), Err(TooShort));
    assert_eq!(read("open\0sesame"), Err(Nul));
    assert_eq!(read("e\u{301}lephants"), Ok("\u{e9}lephants".to_owned()), "in one spelling");
    assert_eq!(login(&"x".repeat(257)), too_long("a text", 256));
}

#[test]
fn no_message_shows_a_token_or_a_password() {
    let (id, request, user) = (7, Id16::from([1; 16]), name("alice"));
    let password = || password("opensesame");
    let shown = [
        format!("{:?}", of(Kind::Join).again::<Join>()),
        format!("{:#?}", of(Kind::Login).again::<Login>()),
        format!("{:?}", PasswordChange { id, request, old: password(), new: password() }),
        format!("{:?}", of(Kind::Rotate).again::<Rotate>()),
        format!("{:?}", Resume { id, token: token() }),
        format!("{:#?}", SessionGrant { id, token: token(), user, lifetime: 1 }),
        format!("{:?} {:?}", invited(), invited().token()),
        format!("{:?} {:?}", token().hash(), invited().token().hash()),
    ];
    for shown in shown {
        assert!(shown.contains("hidden"), "{shown}");
        // As a text, as numbers, as hexadecimal digits.
        let told = ["opensesame", "111, 112, 101", "213, 213", "214, 214", "d5d5", "d6d6"];
        assert!(!told.iter().any(|told| shown.to_lowercase().contains(told)), "{shown}");
        let lines = shown.split_whitespace().collect::<String>();
        assert!(!["213,213", "214,214"].iter().any(|told| lines.contains(told)), "{shown}");
    }
}

#[test]
fn tokens_arrive_as_they_left() {
    assert_eq!(Resume::decode(&of(Kind::Resume).body).unwrap().token.expose(), &[0xd5; 32]);
    let join = of(Kind::Join).again::<Join>();
    assert_eq!(join.invitation.unwrap().token().expose(), &[0xd6; 16]);
}

#[test]
fn a_token_is_stored_as_a_hash_under_a_label_of_its_own() {
    let (session, join) = (token(), invited().token());
    assert_eq!(session.hash().as_bytes(), &sha256(Label::SessionToken, &[&[0xd5; 32]]));
    assert_eq!(join.hash().as_bytes(), &sha256(Label::JoinToken, &[&[0xd6; 16]]));
    assert_ne!(SessionToken::random().hash(), SessionToken::random().hash());
    assert_ne!(JoinToken::random().hash(), JoinToken::random().hash());
}

#[test]
fn byte_strings_of_a_fixed_length() {
    // A head of 16 or 32 bytes; of some kinds the second one as well.
    let cases: [(Kind, &[u8]); 27] = [
        (Kind::Join, &[0x50]),
        (Kind::PasswordChange, &[0x50]),
        (Kind::Rotate, &[0x50]),
        (Kind::ContactChange, &[0x50]),
        (Kind::Logout, &[0x50]),
        (Kind::Account, &[0x50]),
        (Kind::Account, &[0x58, 32]),
        (Kind::Resume, &[0x58, 32]),
        (Kind::SessionGrant, &[0x58, 32]),
        (Kind::ChainPart, &[0x58, 32]),
        (Kind::People, &[0x58, 32]),
        (Kind::News, &[0x58, 32]),
        (Kind::ShareChange, &[0x50]),
        (Kind::ShareEnd, &[0x50]),
        (Kind::SharesAsk, &[0x50]),
        (Kind::Shares, &[0x50]),
        (Kind::Shares, &[0x58, 32]),
        (Kind::Publish, &[0x50]),
        (Kind::Publish, &[0x58, 32]),
        (Kind::Results, &[0x50]),
        (Kind::Results, &[0x58, 32]),
        (Kind::Listing, &[0x50]),
        (Kind::Listing, &[0x58, 32]),
        (Kind::Locate, &[0x58, 32]),
        (Kind::Located, &[0x58, 32]),
        (Kind::GetAsk, &[0x50]),
        (Kind::GetAsk, &[0x58, 32]),
    ];
    for (kind, head) in cases {
        let Sample { body, again, .. } = of(kind);
        let places: Vec<_> = body.windows(head.len()).enumerate().collect();
        let places = places.into_iter().filter(|(_, at)| *at == head).map(|(at, _)| at);
        let places: Vec<_> = places.collect();
        assert!(!places.is_empty(), "{kind}");
        for at in places {
            let last = at + head.len() - 1;
            let (mut shorter, mut longer) = (body.to_vec(), body.to_vec());
            shorter[last] -= 1;
            shorter.remove(last + 1);
            longer[last] += 1;
            longer.insert(last + 1, 0);
            assert!(again(&shorter.into()).is_err(), "{kind} at {at}");
            assert!(again(&longer.into()).is_err(), "{kind} at {at}");
        }
    }
}

#[test]
fn a_port_beyond_its_type_is_refused() {
    let online = |port: u32| Online::decode(&map(&[number(7), number(port)]));
    assert_eq!(online(65_535).unwrap().port, Some(65_535));
    assert!(online(65_536).is_err());
    assert_eq!(Online::decode(&map(&[number(7), null()])).unwrap().port, None);
}

#[test]
fn a_truth_is_false_or_true() {
    let watch = |on: Vec<u8>| Watch::decode(&map(&[number(7), on])).map(|watch| watch.on);
    assert_eq!((watch(vec![0xf4]), watch(vec![0xf5])), (Ok(false), Ok(true)));
    for other in [number(0), number(1), null(), text("true")] {
        assert!(watch(other).is_err());
    }
}

#[test]
fn a_field_left_out_may_be_null() {
    let cases = [
        (Kind::Join, 4..6),
        (Kind::PeopleAsk, 1..3),
        (Kind::Account, 2..3),
        (Kind::Publish, 3..4),
        (Kind::Search, 2..6),
        (Kind::Search, 7..9),
        (Kind::Results, 5..6),
        (Kind::Browse, 2..5),
    ];
    for (kind, optional) in cases {
        let Sample { body, again, .. } = of(kind);
        let mut without = fields(&body);
        without.retain(|field| !optional.contains(&usize::from(field[0])));
        let mut nulls = fields(&body);
        for field in nulls.iter_mut().filter(|field| optional.contains(&usize::from(field[0]))) {
            *field = vec![field[0], 0xf6];
        }
        let left_out = [&[0xa0 + without.len() as u8], &without.concat()[..]].concat();
        let nulls = [&body[..1], &nulls.concat()[..]].concat();
        assert_eq!(again(&nulls.into()), again(&left_out.clone().into()), "{kind}");
        assert_eq!(again(&left_out.clone().into()), Ok(left_out.into()), "{kind}");
    }
}

#[test]
fn documents_travel_and_are_the_same() {
    let (alice, bob) = (alice(), bob());
    let now = NOW;
    let certificate =
        SealingCertificate::issue(alice.signing(), alice.sealing().wrapping_key(), 1, now).unwrap();
    let rotation = SignedRotation::sign(bob.signing(), alice.signing(), now).unwrap();
    let key = alice.signing().verifying_key().clone();
    for rotation in [None, Some(rotation)] {
        let documents = Documents { key: key.clone(), certificate: certificate.clone(), rotation };
        let said = Keys::new(5, &documents).unwrap();
        let heard = Keys::decode(&said.encode()).unwrap();
        assert_eq!((heard.number, heard.documents()), (5, Ok(documents)));
    }
}

#[test]
fn what_are_no_documents_is_refused() {
    let (alice, now) = (alice(), NOW);
    let wrapping = alice.sealing().wrapping_key();
    let certificate = SealingCertificate::issue(alice.signing(), wrapping, 1, now).unwrap();
    let key = alice.signing().verifying_key().clone();
    let good = Keys::new(5, &Documents { key, certificate, rotation: None }).unwrap();
    assert!(good.documents().is_ok());
    let cut = |blob: &[u8]| blob[..blob.len() - 1].to_vec();
    let wrong = [
        Keys { key: Blob::new(cut(&good.key)).unwrap(), ..good.clone() },
        Keys { key: Blob::new([1; 550]).unwrap(), ..good.clone() },
        Keys { certificate: Blob::new(cut(&good.certificate)).unwrap(), ..good.clone() },
        Keys { certificate: Blob::default(), ..good.clone() },
        Keys { rotation: Some(Blob::default()), ..good.clone() },
        Keys { rotation: Some(Blob::new(*b"abc").unwrap()), ..good },
    ];
    for keys in wrong {
        assert!(keys.documents().is_err(), "{keys:?}");
    }
}

#[test]
fn a_repetition_is_known_by_all_but_its_id_and_its_passwords() {
    let join = of(Kind::Join).again::<Join>();
    let again = Join { id: 9, password: password("another password"), ..join.clone() };
    assert_eq!(again.asked(), join.asked());
    assert_eq!(*join.number(), [1; 16]);
    let contact = Some(Text::new("room 8").unwrap());
    let others = [
        Join { request: Id16::from([2; 16]), ..join.clone() },
        Join { user: name("alicia"), ..join.clone() },
        Join { invitation: None, ..join.clone() },
        Join { contact: contact.clone(), ..join.clone() },
        Join { contact: None, ..join.clone() },
    ];
    for other in others {
        assert_ne!(other.asked(), join.asked(), "{other:?}");
    }
    let change = of(Kind::PasswordChange).again::<PasswordChange>();
    let (old, new) = (password("an old password"), password("a new password"));
    assert_eq!(PasswordChange { id: 9, old, new, ..change.clone() }.asked(), change.asked());
    assert_ne!(
        PasswordChange { request: [2; 16].into(), ..change.clone() }.asked(),
        change.asked()
    );
    let rotate = of(Kind::Rotate).again::<Rotate>();
    let again = Rotate { id: 9, password: password("another password"), ..rotate.clone() };
    assert_eq!(again.asked(), rotate.asked());
    let other = Rotate { rotation: Blob::new(*b"abc").unwrap(), ..rotate.clone() };
    assert_ne!(other.asked(), rotate.asked());
    let line = of(Kind::ContactChange).again::<ContactChange>();
    assert_eq!(ContactChange { id: 9, ..line.clone() }.asked(), line.asked());
    assert_ne!(ContactChange { contact, ..line.clone() }.asked(), line.asked());
    let numbers = [change.number(), rotate.number(), line.number()];
    assert_eq!(numbers.map(|number| *number), [[1; 16]; 3]);
    let all = [join.asked(), change.asked(), rotate.asked(), line.asked()];
    assert!((0..4).all(|at| !all[at + 1..].contains(&all[at])));
}

/// Whoever steals what an index stores shall not find a fast hash of a password there.
#[test]
fn what_is_stored_of_a_request_holds_no_password() {
    let join = of(Kind::Join).again::<Join>();
    let mut body = vec![0xa6, 0, 0];
    body.extend([&[1, 0x50][..], &[1; 16], b"\x02\x65alice", b"\x03\x60", &[4, 0x50]].concat());
    body.extend([&[0xd6; 16][..], b"\x05\x66room 7"].concat());
    assert_eq!(join.asked(), sha256(Label::IndexRequest, &[&[0x30], &body]));
    let change = of(Kind::PasswordChange).again::<PasswordChange>();
    let body = [&[0xa4, 0, 0, 1, 0x50][..], &[1; 16], &[2, 0x60, 3, 0x60]].concat();
    assert_eq!(change.asked(), sha256(Label::IndexRequest, &[&[0x36], &body]));
}

impl Sample {
    /// The message.
    fn again<M: Message>(&self) -> M {
        assert_eq!(self.kind, M::KIND);
        M::decode(&self.body).unwrap()
    }
}

fn of(kind: Kind) -> Sample {
    small().into_iter().find(|sample| sample.kind == kind).unwrap()
}

fn reach(user: &str) -> Result<Reach, Error> {
    Reach::decode(&map(&[number(7), text(user)]))
}

fn login(password: &str) -> Result<Login, Error> {
    Login::decode(&map(&[number(7), text("alice"), text(password)]))
}
