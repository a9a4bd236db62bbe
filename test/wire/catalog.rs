//! What is special in the messages of the catalog: names, paths and keywords in their one spelling,
//! whose a thing is, and what of a share its owner compares.

use crate::by_hand::{bytes, list, map, no, null, number, text};
use crate::catalog_samples::{entry, file_name, keyword, listed, share_seen};
use crate::index_samples::{name, person};
use waxwing::codec::{Error, List, open};
use waxwing::crypto::{Label, sha256};
use waxwing::model::{Audience, ContentId, Keywords, Modified, Share, ShareId};
use waxwing::wire::Message;
use waxwing::wire::index::{
    Browse, Change, EntrySaid, EntrySeen, Found, Listing, Located, OwnShare, PathSaid, PersonSeen,
    Results, ShareChange, ShareSeen, Shares, SizeSaid,
};

const NOT_ONE: Error = Error::Invalid("not a message of this kind");
const NOT_TOGETHER: Error = Error::Invalid("its parts do not fit together");

#[test]
fn a_path_is_a_list_of_names() {
    let path = |names: &[&str]| path_of(&names.iter().map(|name| text(name)).collect::<Vec<_>>());
    assert_eq!(path(&["a", "b.jpg"]), Ok("a/b.jpg".to_owned()));
    let deep = vec!["a"; 64];
    assert_eq!(path(&deep), Ok(deep.join("/")));
    let long = "x".repeat(255);
    let most = [&long, &long, &long, &long[..254], "a"];
    assert_eq!(path(&most), Ok(most.join("/")), "1024 bytes");
    assert_eq!(path(&[&long, &long, &long, &long, "a"]), Err(NOT_ONE), "1025 bytes");
    assert_eq!(path(&["a"; 65]), Err(NOT_ONE));
    let none: [&[&str]; 9] = [
        &[],
        &[""],
        &["a", ".."],
        &["a/b"],
        &["a", "b\\c"],
        &["CON"],
        &["e\u{301}"],
        &["a\u{202e}"],
        &[&"x".repeat(256)],
    ];
    for names in none {
        assert_eq!(path(names), Err(NOT_ONE), "{names:?}");
    }
    assert_eq!(path_of(&[number(1)]), Err(NOT_ONE));
    assert_eq!(path_of(&[bytes(b"a")]), Err(NOT_ONE));
}

#[test]
fn a_keyword_has_one_spelling() {
    let said = |keyword: &str| {
        let share = map(&[text("bob"), bytes(&[2; 16]), text("photos"), list(&text(keyword), 1)]);
        let listing = [number(7), open::encode(&person()), list(&share, 1), list(&[], 0), no()];
        Listing::decode(&map(&listing)).map(|listing| listing.shares[0].keywords[0].0.to_string())
    };
    let most = "x".repeat(128);
    for good in ["a", "7", "two words", "\u{e9}t\u{e9}", "❤\u{fe0f} birds", &most] {
        assert_eq!(said(good), Ok(good.to_owned()));
    }
    let more = "x".repeat(129);
    for none in ["", " ", "-", "❤", " a", "a ", "e\u{301}", "a\u{0}", "a\u{202e}", "a\u{ad}", &more]
    {
        assert_eq!(said(none), Err(NOT_ONE), "{none:?}");
    }
}

#[test]
fn a_name_of_a_share_is_a_name_of_a_file() {
    let browse = |share: Vec<u8>| {
        Browse::decode(&map(&[number(7), text("bob"), share])).map(|browse| browse.share)
    };
    assert_eq!(browse(text("photos")), Ok(Some(file_name("photos"))));
    assert_eq!(browse(null()), Ok(None));
    for none in ["", "..", "a/b", "aux.txt", ".waxwing-x", "a ", &"x".repeat(256)] {
        assert_eq!(browse(text(none)), Err(NOT_ONE), "{none:?}");
    }
}

#[test]
fn an_entry_has_a_size_that_files_have_and_a_time_from_1980_on() {
    let said = |size: u64, modified: u64| EntrySaid { size: SizeSaid(size), modified, ..entry() };
    let again = |said: EntrySaid| open::decode::<EntrySaid>(&open::encode(&said));
    assert!(again(said(1 << 44, 0)).is_ok());
    let large = Err(Error::Invalid("a file larger than any may be"));
    assert_eq!(again(said((1 << 44) + 1, 0)), large);
    assert_eq!(again(said(u64::MAX, 0)), large);
    let early = said(5, 0).into_entry().unwrap();
    assert_eq!(early.modified(), Modified::from_nanos(0));
    assert_eq!(early.modified().as_nanos(), 315_532_800_000_000_000);
    let entry = again(entry()).unwrap().into_entry().unwrap();
    assert!(entry.is_executable());
    assert_eq!(entry.content(), Some(ContentId::from_bytes([5; 32])));
    assert_eq!(EntrySaid::from(&entry), crate::catalog_samples::entry());
    // Whether it may be run is not said when it may not.
    let plain = entry.executable(false).with_content(None);
    let body = open::encode(&EntrySaid::from(&plain));
    assert_eq!(body[0], 0xa3, "three fields");
    assert_eq!(open::decode::<EntrySaid>(&body).unwrap().into_entry(), Ok(plain));
}

#[test]
fn a_share_comes_back_whole() {
    for audience in [Audience::Everyone, people(&["bob"]), people(&["bob", "carol", "alice"])] {
        let share = share(audience);
        let change = ShareChange::new([1; 16].into(), &share);
        let heard = ShareChange::decode(&change.encode()).unwrap();
        assert_eq!((heard.share(), &heard), (Ok(share), &change));
    }
}

/// What a reader does not know, or what was forgotten, must not show a share to everyone.
#[test]
fn nobody_is_everyone_unless_it_is_said() {
    let good = ShareChange::new([1; 16].into(), &share(people(&["alice", "bob"])));
    let named = |names: &[&str]| List::new(names.iter().map(|each| name(each)).collect()).unwrap();
    let words =
        |words: &[&str]| List::new(words.iter().map(|each| keyword(each)).collect()).unwrap();
    assert!(good.share().is_ok());
    let wrong = [
        ShareChange { people: named(&[]), ..good.clone() },
        ShareChange { everyone: true, ..good.clone() },
        ShareChange { people: named(&["bob", "alice"]), ..good.clone() },
        ShareChange { people: named(&["alice", "alice"]), ..good.clone() },
        ShareChange { keywords: words(&["b", "a"]), ..good.clone() },
        ShareChange { keywords: words(&["a", "a"]), ..good.clone() },
    ];
    for change in wrong {
        assert!(change.share().is_err(), "{change:?}");
        assert_eq!(ShareChange::decode(&change.encode()), Ok(change), "well-formed");
    }
    let everyone = ShareChange { everyone: true, people: named(&[]), ..good };
    assert_eq!(everyone.share().map(|share| share.audience), Ok(Audience::Everyone));
}

#[test]
fn what_is_said_of_a_share_is_known_by_all_but_id_and_request() {
    let said = ShareChange::new([1; 16].into(), &share(people(&["bob"])));
    let again = ShareChange { id: 9, request: [2; 16].into(), ..said.clone() };
    assert_eq!((again.about(), said.asked()), (said.about(), said.about()));
    assert_ne!(again.number(), said.number());
    let others = [
        ShareChange { share: [9; 16].into(), ..said.clone() },
        ShareChange { name: file_name("pictures"), ..said.clone() },
        ShareChange { keywords: List::default(), ..said.clone() },
        ShareChange { people: listed(&[name("carol")]), ..said.clone() },
        ShareChange { everyone: true, people: List::default(), ..said.clone() },
    ];
    for other in others {
        assert_ne!(other.about(), said.about(), "{other:?}");
    }
    let fields = [&[0xa7, 0, 0, 1, 0x50][..], &[0; 16], &[2, 0x50], &[7; 16], b"\x03\x66photos"];
    let body =
        [&fields.concat()[..], b"\x04\x81\x65birds", &[5, 0xf4], b"\x06\x81\x63bob"].concat();
    assert_eq!(said.about(), sha256(Label::IndexRequest, &[&[0x50], &body]));
}

#[test]
fn an_entry_points_to_a_share_and_a_share_to_a_person() {
    let (bobs, carols) = (share_seen(), of_carol());
    let listing = |shares: &[&ShareSeen], at: u16, more: bool| {
        let shares = shares.iter().map(|share| (*share).clone()).collect();
        let (shares, entries) = (List::new(shares).unwrap(), listed(&[seen(at)]));
        again(&Listing { id: 7, person: person(), shares, entries, more })
    };
    let good = listing(&[&bobs, &bobs], 1, true).unwrap();
    assert_eq!((&good.person, &good.shares[1]), (&person(), &bobs));
    assert_eq!(listing(&[&bobs, &bobs], 2, true), Err(NOT_TOGETHER));
    assert_eq!(listing(&[&bobs], 1, false).unwrap_err(), NOT_TOGETHER, "a share that is not there");
    assert_eq!(listing(&[&carols], 0, false).unwrap_err(), NOT_TOGETHER, "another person's");
    let nothing = Listing { entries: List::default(), ..good.clone() };
    assert_eq!(again(&nothing), Err(NOT_TOGETHER), "more, and nothing to go on from");
    let nothing = Listing { more: false, ..nothing };
    assert_eq!(again(&nothing).as_ref(), Ok(&nothing));
}

#[test]
fn sources_point_to_shares_of_people_who_stand_there_once() {
    let good = results(&["bob", "carol"], &[&[0, 1], &[1]]);
    let read = again(&good).unwrap();
    assert_eq!(read, good);
    let wrong = [
        results(&["bob", "carol"], &[&[0], &[]]),
        results(&["bob", "carol"], &[&[0], &[2]]),
        results(&["bob"], &[&[0], &[1]]),
        results(&["carol", "bob"], &[&[0], &[1]]),
        results(&["bob", "bob", "carol"], &[&[0], &[1]]),
    ];
    for results in wrong {
        assert_eq!(again(&results), Err(NOT_TOGETHER), "{results:?}");
    }
    assert!(again(&results(&[], &[])).is_ok(), "nothing was found");
    assert!(again(&results(&["bob"], &[])).is_ok(), "people of whom nothing is told");
}

#[test]
fn whoever_has_a_content_is_told_in_the_same_way() {
    let (people, shares) = ([called("bob"), called("carol")], [share_seen(), of_carol()]);
    let located = |sources: &[u16]| {
        let sources = List::new(sources.iter().copied().map(seen).collect()).unwrap();
        Located { id: 7, people: listed(&people), shares: listed(&shares), sources, others: 0 }
    };
    assert_eq!(again(&located(&[1, 0])), Ok(located(&[1, 0])));
    let unsorted = Located { people: listed(&[called("carol"), called("bob")]), ..located(&[0]) };
    for wrong in [located(&[]), located(&[2]), located(&[0, 2]), unsorted] {
        assert_eq!(again(&wrong), Err(NOT_TOGETHER), "{wrong:?}");
    }
}

#[test]
fn own_shares_come_in_the_order_of_their_ids() {
    let share = |number: u8| OwnShare {
        share: [number; 16].into(),
        name: file_name("photos"),
        about: [4; 32].into(),
        state: None,
        entries: 0,
        under_way: None,
    };
    let shares = |numbers: &[u8], more| {
        let shares = numbers.iter().map(|number| share(*number)).collect();
        again(&Shares { id: 7, shares: List::new(shares).unwrap(), more }).map(|_| ())
    };
    assert_eq!((shares(&[1, 2, 255], true), shares(&[], false)), (Ok(()), Ok(())));
    for (wrong, more) in [(&[2, 1][..], false), (&[1, 1], false), (&[], true)] {
        assert_eq!(shares(wrong, more), Err(NOT_TOGETHER), "{wrong:?}");
    }
}

fn path_of(names: &[Vec<u8>]) -> Result<String, Error> {
    let names = [&[0x98, names.len() as u8][..], &names.concat()].concat();
    open::decode::<PathSaid>(&names).map(|path| path.0.to_string())
}

/// A message, written and read.
fn again<M: Message>(message: &M) -> Result<M, Error> {
    M::decode(&message.encode())
}

fn share(audience: Audience) -> Share {
    Share {
        id: ShareId::from_bytes([7; 16]),
        name: file_name("photos").0,
        keywords: Keywords::new([keyword("birds").0]).unwrap(),
        audience,
    }
}

fn people(names: &[&str]) -> Audience {
    Audience::people(names.iter().map(|name| name.parse().unwrap())).unwrap()
}

/// Results with these sources, of a share of each of Bob and Carol.
fn results(people: &[&str], sources: &[&[u16]]) -> Results {
    let found = |sources: &&[u16]| Found {
        sources: List::new(sources.iter().copied().map(seen).collect()).unwrap(),
        others: 0,
    };
    Results {
        id: 7,
        people: List::new(people.iter().map(|name| called(name)).collect()).unwrap(),
        shares: listed(&[share_seen(), of_carol()]),
        results: List::new(sources.iter().map(found).collect()).unwrap(),
        nothing: List::default(),
        next: None,
    }
}

fn seen(share: u16) -> EntrySeen {
    EntrySeen { share, entry: entry() }
}

fn called(user: &str) -> PersonSeen {
    PersonSeen { user: name(user), ..person() }
}

fn of_carol() -> ShareSeen {
    ShareSeen { user: name("carol"), ..share_seen() }
}
