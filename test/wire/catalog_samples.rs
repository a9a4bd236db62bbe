//! Messages of the catalog to try things on: of each kind a small one, and the largest that there is.

use crate::index_samples::{largest_person, name, person};
use crate::samples::{Sample, of};
use waxwing::codec::{List, Text};
use waxwing::model::limits::{
    ASKED_WORDS, AUDIENCE_PEOPLE, ENTRY_SIZE, FRAME_CATALOG, KEYWORD_BYTES, NAME_BYTES, PATH_BYTES,
    RESULT_SOURCES, SEARCH_BYTES, SHARE_KEYWORDS, SHARES_PAGE, USER_NAME_BYTES,
};
use waxwing::model::{EntryPath, Keyword, Name};
use waxwing::wire::Message;
use waxwing::wire::index::{
    Behind, Browse, EntrySaid, EntrySeen, Found, Id16, KeywordSaid, Listing, Locate, Located,
    NameSaid, Named, OwnShare, PathSaid, PersonSeen, Publish, Results, Search, ShareChange,
    ShareEnd, ShareSeen, Shares, SharesAsk, SizeSaid, UnderWay,
};

/// One of each kind, none of them long, with all that is optional in it.
pub(crate) fn small() -> Vec<Sample> {
    let (id, request, share) = (7, Id16::from([1; 16]), Id16::from([2; 16]));
    let sync = Some(Id16::from([3; 16]));
    let (bob, photos) = ([person()], [share_seen()]);
    let source = [EntrySeen { share: 0, entry: entry() }];
    let results = listed(&[Found { sources: listed(&source), others: 300 }]);
    vec![
        of(&ShareChange {
            id,
            request,
            share,
            name: file_name("photos"),
            keywords: listed(&[keyword("birds")]),
            everyone: false,
            people: listed(&[name("bob")]),
        }),
        of(&ShareEnd { id, share }),
        of(&SharesAsk { id, after: Some(share) }),
        of(&Shares { id, shares: listed(&[own_share()]), more: true }),
        of(&Publish {
            id,
            share,
            sync: [3; 16].into(),
            base: sync,
            part: 1,
            add: listed(&[entry()]),
            remove: listed(&[path("old/tree.jpg")]),
            last: true,
        }),
        of(&search("koala tree*")),
        of(&Results {
            id,
            people: listed(&bob),
            shares: listed(&photos),
            results,
            nothing: listed(&[Text::new("tree*").unwrap()]),
            next: Some(1),
        }),
        of(&Browse {
            id,
            user: name("bob"),
            share: Some(file_name("photos")),
            after: Some(Behind { share: file_name("photos"), path: path("tree.jpg") }),
            below: Some(path("tree.jpg")),
        }),
        of(&Listing {
            id,
            person: person(),
            shares: listed(&photos),
            entries: listed(&source),
            more: true,
        }),
        of(&Locate { id, content: [5; 32].into(), size: 300 }),
        of(&Located {
            id,
            people: listed(&bob),
            shares: listed(&photos),
            sources: listed(&source),
            others: 300,
        }),
    ]
}

/// The longest message of each kind. Of entries, there are as many of the longest as find room.
pub(crate) fn largest() -> Vec<Sample> {
    let (id, number, bytes) = (u32::MAX, u64::MAX, Id16::from([0xff; 16]));
    vec![
        of(&largest_share_change()),
        of(&ShareEnd { id, share: bytes }),
        of(&SharesAsk { id, after: Some(bytes) }),
        of(&Shares {
            id,
            shares: List::new((0..SHARES_PAGE).map(largest_own_share).collect()).unwrap(),
            more: true,
        }),
        of(&publish_of(full(|count| publish_of(count).encode()))),
        of(&Search {
            id,
            text: Text::new("x".repeat(SEARCH_BYTES)).unwrap(),
            owner: Some(largest_name(0)),
            kind: Some(u8::MAX),
            smallest: Some(number),
            largest: Some(number),
            online: true,
            most: Some(u16::MAX),
            from: Some(u32::MAX),
        }),
        of(&results_of(full(|count| results_of(count).encode()))),
        of(&Browse {
            id,
            user: largest_name(0),
            share: Some(largest_file_name()),
            after: Some(Behind { share: largest_file_name(), path: largest_path() }),
            below: Some(largest_path()),
        }),
        of(&listing_of(full(|count| listing_of(count).encode()))),
        of(&Locate { id, content: [0xff; 32].into(), size: number }),
        of(&located_of(full(|count| located_of(count).encode()).min(64))),
    ]
}

/// How many of its entries a message has room for, and some bytes besides for newer programs.
fn full(encoded: impl Fn(usize) -> bytes::Bytes) -> usize {
    let (one, two) = (encoded(1).len(), encoded(2).len());
    let room = FRAME_CATALOG - 1 - 1024 - one;
    1 + room / (two - one + 4)
}

fn publish_of(count: usize) -> Publish {
    let all = Id16::from([0xff; 16]);
    Publish {
        id: u32::MAX,
        share: all,
        sync: all,
        base: Some(all),
        part: u32::MAX,
        add: List::new(vec![largest_entry(); count]).unwrap(),
        remove: List::new(vec![largest_path()]).unwrap(),
        last: true,
    }
}

/// Each entry in a share of its own, of a person of their own.
fn results_of(count: usize) -> Results {
    let sources: Vec<_> = (0..count).map(largest_source).collect();
    let results = sources.chunks(RESULT_SOURCES);
    let found = |sources: &[EntrySeen]| Found { sources: listed(sources), others: u32::MAX };
    Results {
        id: u32::MAX,
        people: List::new((0..count).map(largest_owner).collect()).unwrap(),
        shares: List::new((0..count).map(largest_share).collect()).unwrap(),
        results: List::new(results.map(found).collect()).unwrap(),
        nothing: List::new(vec![Text::new("x".repeat(70)).unwrap(); ASKED_WORDS]).unwrap(),
        next: Some(u32::MAX),
    }
}

/// Each entry in the share of the greatest number.
fn listing_of(count: usize) -> Listing {
    let owned = |at| ShareSeen { user: largest_name(0), ..largest_share(at) };
    let seen = |_| EntrySeen { share: 19, entry: largest_entry() };
    Listing {
        id: u32::MAX,
        person: largest_owner(0),
        shares: List::new((0..20).map(owned).collect()).unwrap(),
        entries: List::new((0..count).map(seen).collect()).unwrap(),
        more: true,
    }
}

fn located_of(count: usize) -> Located {
    Located {
        id: u32::MAX,
        people: List::new((0..count).map(largest_owner).collect()).unwrap(),
        shares: List::new((0..count).map(largest_share).collect()).unwrap(),
        sources: List::new((0..count).map(largest_source).collect()).unwrap(),
        others: u32::MAX,
    }
}

fn largest_share_change() -> ShareChange {
    ShareChange {
        id: u32::MAX,
        request: [0xff; 16].into(),
        share: [0xff; 16].into(),
        name: largest_file_name(),
        keywords: largest_keywords(),
        everyone: false,
        people: List::new((0..AUDIENCE_PEOPLE).map(largest_name).collect()).unwrap(),
    }
}

fn own_share() -> OwnShare {
    OwnShare {
        share: [2; 16].into(),
        name: file_name("photos"),
        about: [4; 32].into(),
        state: Some([3; 16].into()),
        entries: 300,
        under_way: Some(UnderWay { sync: [6; 16].into(), next: 1 }),
    }
}

fn largest_own_share(number: usize) -> OwnShare {
    OwnShare {
        share: [number as u8; 16].into(),
        name: largest_file_name(),
        about: [0xff; 32].into(),
        state: Some([0xff; 16].into()),
        entries: u64::MAX,
        under_way: Some(UnderWay { sync: [0xff; 16].into(), next: u32::MAX }),
    }
}

/// A search in which something is said of everything.
pub(crate) fn search(text: &str) -> Search {
    Search {
        id: 7,
        text: Text::new(text).unwrap(),
        owner: Some(name("bob")),
        kind: Some(1),
        smallest: Some(300),
        largest: Some(70_000),
        online: true,
        most: Some(20),
        from: Some(1),
    }
}

pub(crate) fn entry() -> EntrySaid {
    EntrySaid {
        path: path("koala/tree.jpg"),
        size: SizeSaid(300),
        modified: 1_700_000_000_000_000_000,
        executable: Some(true),
        content: Some([5; 32].into()),
    }
}

fn largest_entry() -> EntrySaid {
    EntrySaid {
        path: largest_path(),
        size: SizeSaid(ENTRY_SIZE),
        modified: u64::MAX,
        executable: Some(true),
        content: Some([0xff; 32].into()),
    }
}

fn largest_source(number: usize) -> EntrySeen {
    EntrySeen { share: number as u16, entry: largest_entry() }
}

/// Bob's share.
pub(crate) fn share_seen() -> ShareSeen {
    ShareSeen {
        user: name("bob"),
        share: [2; 16].into(),
        name: file_name("photos"),
        keywords: listed(&[keyword("birds")]),
    }
}

fn largest_share(number: usize) -> ShareSeen {
    ShareSeen {
        user: largest_name(number),
        share: [number as u8; 16].into(),
        name: largest_file_name(),
        keywords: largest_keywords(),
    }
}

fn largest_owner(number: usize) -> PersonSeen {
    PersonSeen { user: largest_name(number), ..largest_person() }
}

/// Names of the greatest length, ascending with their numbers.
pub(crate) fn largest_name(number: usize) -> Named {
    name(&format!("{number:04}{}", "z".repeat(USER_NAME_BYTES - 4)))
}

fn largest_keywords() -> List<KeywordSaid, SHARE_KEYWORDS> {
    let text = |number: usize| format!("{number:02}{}", "x".repeat(KEYWORD_BYTES - 2));
    List::new((0..SHARE_KEYWORDS).map(|number| keyword(&text(number))).collect()).unwrap()
}

fn largest_file_name() -> NameSaid {
    file_name(&"x".repeat(NAME_BYTES))
}

/// Names of 24 bytes have a head of two: none of 1024 bytes takes more in a message.
pub(crate) fn largest_path() -> PathSaid {
    path(&vec!["x".repeat(24); (PATH_BYTES + 1) / 25].join("/"))
}

pub(crate) fn listed<T: Clone, const MAX: usize>(items: &[T]) -> List<T, MAX> {
    List::new(items.to_vec()).unwrap()
}

pub(crate) fn keyword(text: &str) -> KeywordSaid {
    KeywordSaid(text.parse::<Keyword>().unwrap())
}

pub(crate) fn file_name(text: &str) -> NameSaid {
    NameSaid(Name::new(text).unwrap())
}

pub(crate) fn path(text: &str) -> PathSaid {
    PathSaid(EntryPath::parse(text).unwrap())
}
