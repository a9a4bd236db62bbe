//! Those who want of the index what it does not do, and say what is no word.

use super::act::{Act, act};
use super::crooks::{Crooks, refusal};
use crate::eve::STEERING;
use crate::raw_asks::get;
use minicbor::Encoder;
use std::time::{Duration, Instant};
use waxwing::codec::Text;
use waxwing::crypto::{Password, random};
use waxwing::link::AskError;
use waxwing::wire::index::{AccountAsk, ContactChange, Login, Named, PasswordText, Search};
use waxwing::wire::{Code, Failure, Kind, SendAsk};

pub(super) fn acts() -> Vec<Act> {
    vec![
        act("the index is asked for what people do", for_a_person),
        act("a wrong password", a_wrong_password),
        act("a token with a bit that is another", another_token),
        act("searches that are code, or match everything", searches),
        act("a search of ten thousand words", a_long_search),
        act("a contact line that steers terminals", a_steering_contact),
        act("a share with a name that steers terminals", a_steering_share),
        act("a login with a name that steers terminals", a_steering_login),
    ]
}

async fn for_a_person(crooks: &Crooks) {
    let index = &crooks.mallory.index;
    let ask = SendAsk { id: 0, entries: 1, data_length: 1 };
    assert_eq!(refusal(index.ask(ask).await), Code::NotAllowed);
    assert_eq!(refusal(index.ask(get(crooks.share, &["a"])).await), Code::NotAllowed);
}

async fn a_wrong_password(crooks: &Crooks) {
    let newcomer = &crooks.newcomer;
    let (index, _incoming) = newcomer.dials(crooks.index).await;
    let password = PasswordText::new(&Password::new(WRONG_PASSWORD).unwrap());
    let login = Login { id: 0, user: Named(newcomer.name.parse().unwrap()), password };
    assert_eq!(refusal(index.ask(login).await), Code::Credentials);
}

async fn another_token(crooks: &Crooks) {
    let (index, _incoming) = crooks.mallory.dials(crooks.index).await;
    assert_eq!(refusal(index.ask(crooks.mallory.resume(0, 1)).await), Code::NoSession);
    assert_eq!(refusal(index.ask(AccountAsk { id: 0 }).await), Code::NoSession);
    index.ask(crooks.mallory.resume(0, 0)).await.expect("it is the bit that was refused");
}

fn search(text: &str) -> Search {
    Search {
        id: 0,
        text: Text::new(text).unwrap(),
        owner: None,
        kind: None,
        smallest: None,
        largest: None,
        online: false,
        most: None,
        from: None,
    }
}

async fn searches(crooks: &Crooks) {
    for text in ["' OR 1=1--", "\"", "NEAR(", "*", "%_", "l*", "\u{200d}large", STEERING] {
        let begun = Instant::now();
        match crooks.mallory.index.ask(search(text)).await {
            Ok(found) => assert!(found.results.len() <= 100, "{text:?}"),
            Err(AskError::Refused { code: Code::Query, text: why }) => {
                let why = why.to_string().to_lowercase();
                assert!(!why.contains("sql") && !why.contains("fts"), "{text:?}: {why}");
            }
            Err(other) => panic!("{text:?}: {other:?}"),
        }
        assert!(begun.elapsed() < LONGEST, "{text:?} took {:?}", begun.elapsed());
    }
    let found = crooks.mallory.index.ask(search("large")).await.unwrap();
    assert_eq!(found.results.len(), 1, "it is the words that were refused");
}

async fn a_long_search(crooks: &Crooks) {
    let words: Vec<_> = (0..10_000).map(|n| n.to_string()).collect();
    let text = words.join(" ");
    is_malformed(crooks, Kind::Search, |body| {
        body.map(3).unwrap().u8(0).unwrap().u32(3).unwrap();
        body.u8(1).unwrap().str(&text).unwrap().u8(6).unwrap().bool(false).unwrap();
    })
    .await;
}

async fn a_steering_contact(crooks: &Crooks) {
    let contact = Some(Text::new(STEERING).unwrap());
    let change = ContactChange { id: 0, request: random().into(), contact };
    crooks.mallory.index.ask(change).await.expect("it is shown as text");
}

async fn a_steering_share(crooks: &Crooks) {
    is_malformed(crooks, Kind::ShareChange, |body| {
        body.map(7).unwrap().u8(0).unwrap().u32(3).unwrap();
        body.u8(1).unwrap().bytes(&[1; 16]).unwrap().u8(2).unwrap().bytes(&[1; 16]).unwrap();
        body.u8(3).unwrap().str(STEERING).unwrap().u8(4).unwrap().array(0).unwrap();
        body.u8(5).unwrap().bool(true).unwrap().u8(6).unwrap().array(0).unwrap();
    })
    .await;
}

async fn a_steering_login(crooks: &Crooks) {
    is_malformed(crooks, Kind::Login, |body| {
        body.map(3).unwrap().u8(0).unwrap().u32(3).unwrap();
        body.u8(1).unwrap().str(STEERING).unwrap().u8(2).unwrap().str(WRONG_PASSWORD).unwrap();
    })
    .await;
}

/// A request whose body no program of ours makes is refused, and the next one is answered.
async fn is_malformed(crooks: &Crooks, kind: Kind, write: impl FnOnce(&mut Encoder<&mut Vec<u8>>)) {
    let mut index = crooks.mallory.dials_by_hand(crooks.index).await;
    index.say(&crooks.mallory.resume(1, 0)).await;
    assert_eq!(index.next().await.unwrap().kind, Kind::SessionGrant);
    let mut body = Vec::new();
    write(&mut Encoder::new(&mut body));
    let length = u32::try_from(body.len() + 1).unwrap();
    index.send(&[&length.to_be_bytes()[..], &[kind.tag()], &body].concat()).await;
    let refused: Failure = index.next().await.unwrap().decode().unwrap();
    assert_eq!((refused.id, refused.code), (3, Code::Malformed));
    index.say(&AccountAsk { id: 5 }).await;
    assert_eq!(index.next().await.unwrap().kind, Kind::Account);
}

pub(super) const WRONG_PASSWORD: &str = "a secret that is wrong";
/// On a busy machine; a quarter of it is what an index takes.
const LONGEST: Duration = Duration::from_secs(2);
