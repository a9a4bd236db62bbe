//! Lists, texts and byte strings of the index at their maximum, and one above.

use crate::by_hand::{bytes, list, map, no, number, text};
use crate::index_samples::{person, seen};
use crate::samples::largest;
use waxwing::codec::{Error, List, open};
use waxwing::wire::index::{Account, ChainPart, Keys, News, People, PersonSeen};
use waxwing::wire::{Kind, Message};

#[test]
fn lists_of_people_at_their_maximum_and_one_above() {
    let person = open::encode(&person_without_lists());
    let people = |count| People::decode(&map(&[number(7), list(&person, count), no()]));
    assert_eq!(people(64).unwrap().people.len(), 64);
    assert_eq!(people(65), too_long("a list", 64));
    let news = |changed, wanted| {
        let lists = [list(&person, changed), list(&person, wanted)];
        News::decode(&map(&[&[number(7)], &lists[..], &[no()]].concat())).map(|_| ())
    };
    assert_eq!((news(64, 64), news(0, 0)), (Ok(()), Ok(())));
    assert_eq!((news(65, 0), news(0, 65)), (too_long("a list", 64), too_long("a list", 64)));
    let address = minicbor::to_vec(seen("10.0.0.7:7400")).unwrap();
    let addresses = |count| {
        let person = map(&[text("bob"), bytes(&[1; 32]), no(), list(&address, count)]);
        People::decode(&map(&[number(7), list(&person, 1), no()])).map(|_| ())
    };
    assert_eq!((addresses(8), addresses(9)), (Ok(()), too_long("a list", 8)));
}

#[test]
fn an_account_at_its_maxima_and_one_above() {
    let session = map(&[bytes(&[1; 16]), number(1), number(2), no(), bytes(&[2; 32])]);
    let account = |contact: usize, sessions: usize| {
        let (contact, sessions) = (text(&"x".repeat(contact)), list(&session, sessions));
        Account::decode(&map(&[number(7), text("bob"), contact, number(1), sessions])).map(|_| ())
    };
    assert_eq!((account(128, 64), account(0, 0)), (Ok(()), Ok(())));
    assert_eq!(account(129, 0), too_long("a text", 128));
    assert_eq!(account(0, 65), too_long("a list", 64));
}

#[test]
fn the_key_directory_at_its_maxima_and_one_above() {
    let part = |count, length| {
        let entries = list(&bytes(&vec![1; length]), count);
        ChainPart::decode(&map(&[number(7), entries, number(1), bytes(&[2; 32])])).map(|_| ())
    };
    assert_eq!((part(256, 192), part(0, 0)), (Ok(()), Ok(())));
    assert_eq!(part(257, 0), too_long("a list", 256));
    assert_eq!(part(1, 193), too_long("a byte string", 192));
    let keys = |lengths: [usize; 3]| {
        let [key, certificate, rotation] = lengths.map(|length| bytes(&vec![1; length]));
        Keys::decode(&map(&[number(7), number(0), key, certificate, rotation])).map(|_| ())
    };
    assert_eq!((keys([550, 2048, 3072]), keys([0; 3])), (Ok(()), Ok(())));
    assert_eq!(keys([551, 0, 0]), too_long("a byte string", 550));
    assert_eq!(keys([0, 2049, 0]), too_long("a byte string", 2048));
    assert_eq!(keys([0, 0, 3073]), too_long("a byte string", 3072));
}

#[test]
fn the_largest_messages_leave_room_in_their_frames() {
    let long = [Kind::Account, Kind::Keys, Kind::ChainPart, Kind::People, Kind::News];
    let long = [&long[..], &[Kind::ShareChange, Kind::Shares, Kind::Search, Kind::Browse]].concat();
    for kind in long {
        let sample = largest().into_iter().find(|sample| sample.kind == kind).unwrap();
        let room = kind.max_length() - (sample.frame.len() - 4);
        assert!(room >= 8 * 1024, "{kind}: {room}");
    }
}

fn person_without_lists() -> PersonSeen {
    PersonSeen { addresses: List::default(), last_online: None, contact: None, ..person() }
}

pub(crate) fn too_long<T>(what: &'static str, max: usize) -> Result<T, Error> {
    Err(Error::TooLong { what, max })
}
