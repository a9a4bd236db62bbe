//! The messages of the catalog, and what section 15 says of it: the examples, computed anew.

use super::{bob, hex, table};
use bytes::Bytes;
use waxwing::codec::{List, Text};
use waxwing::crypto::{Label, sha256};
use waxwing::model::limits::ENTRY_WORDS;
use waxwing::model::{
    Asked, AskedWord, Audience, EntryPath, FileKind, Keyword, Keywords, Name, Share, ShareId, Term,
    words_of,
};
use waxwing::wire::index::{
    Behind, Browse, EntrySaid, EntrySeen, Found, Id16, KeywordSaid, Listing, Locate, Located,
    NameSaid, Named, OwnShare, PathSaid, PersonSeen, Publish, Results, Search, ShareChange,
    ShareEnd, ShareSeen, Shares, SharesAsk, SizeSaid, UnderWay,
};
use waxwing::wire::{Kind, Message};

#[test]
fn the_table_of_kinds_of_files_is_that_of_the_code() {
    let told: Vec<_> = table("| number | kind of file | for example |")
        .into_iter()
        .map(|row| [row[0].clone(), row[1].clone()])
        .collect();
    let code = FileKind::ALL.map(|kind| [kind.number().to_string(), kind.name().to_owned()]);
    assert_eq!(told, code);
    for row in table("| number | kind of file | for example |") {
        for name in row[2].split('`').skip(1).step_by(2) {
            assert_eq!(FileKind::of(name).name(), row[1], "{name}");
        }
    }
}

/// What people write, and the words that come of it; and what they ask for.
#[test]
fn texts_are_taken_apart_as_the_tables_say() {
    let written = |text: &str| {
        let words = words_of(text, ENTRY_WORDS);
        let words: Vec<_> = words.iter().map(|word| format!("`{}`", word.as_str())).collect();
        words.join(" ")
    };
    holds_row_by_row("| written | words |", written);
    let asked = |text: &str| {
        let asked = Asked::parse(text).unwrap();
        asked.words().iter().map(ways).collect::<Vec<_>>().join("; ")
    };
    holds_row_by_row("| asked | finds what has |", asked);
}

/// That each row has what the code makes of its text.
fn holds_row_by_row(head: &str, made_of: impl Fn(&str) -> String) {
    let told = table(head);
    assert!(told.len() >= 5, "{head}");
    let code = told.iter().map(|row| [row[0].clone(), made_of(row[0].trim_matches('`'))]);
    let code: Vec<_> = code.collect();
    let lines: String = code.iter().map(|row| format!("| {} |\n", row.join(" | "))).collect();
    assert!(told == code, "should stand in protocol.md under {head}\n{lines}");
}

/// In which ways a word is found.
fn ways(word: &AskedWord) -> String {
    let term = |term: &Term| match term {
        Term::Exact(word) => format!("`{}`", word.as_str()),
        Term::Prefix(word) => format!("`{}`…", word.as_str()),
    };
    let way = |terms: &Vec<Term>| terms.iter().map(term).collect::<Vec<_>>().join(" and ");
    word.alternatives().iter().map(way).collect::<Vec<_>>().join(", or ")
}

/// The examples of messages and of section 15.
pub(super) fn examples() -> Vec<(&'static str, String)> {
    let names = [
        "share change",
        "share end",
        "shares ask",
        "shares",
        "publish",
        "search",
        "results",
        "browse",
        "listing",
        "locate",
        "located",
    ];
    let bodies = bodies().into_iter().map(|(_, body)| hex(&body));
    let change = share_change();
    let body = nameless(&change);
    let about = [("about, the body that is hashed", hex(&body)), ("about", hex(&change.about()))];
    names.into_iter().zip(bodies).chain(about).collect()
}

/// The body of the change in which neither id nor request says anything.
fn nameless(change: &ShareChange) -> Vec<u8> {
    let mut body = change.encode().to_vec();
    body[2] = 0;
    body[5..21].fill(0);
    assert_eq!(sha256(Label::IndexRequest, &[&[0x50], &body]), change.about());
    body
}

/// The messages of the examples, one of each kind.
pub(super) fn bodies() -> Vec<(Kind, Bytes)> {
    fn body<M: Message>(message: &M) -> (Kind, Bytes) {
        (M::KIND, message.encode())
    }
    let (id, share, photos) = (3, Id16::from([7; 16]), || file_name("photos"));
    let user = || Named("bob".parse().unwrap());
    let content = [5; 32].into();
    let publish = Publish {
        id,
        share,
        sync: [9; 16].into(),
        base: Some([8; 16].into()),
        part: 0,
        add: listed(entry()),
        remove: listed(PathSaid(EntryPath::parse("old.jpg").unwrap())),
        last: true,
    };
    let search = Search {
        id,
        text: Text::new("koala tre*").unwrap(),
        owner: Some(user()),
        kind: Some(FileKind::Image.number()),
        smallest: Some(1),
        largest: Some(1_000_000),
        online: true,
        most: Some(20),
        from: Some(0),
    };
    let results = Results {
        id,
        people: listed(person()),
        shares: listed(share_seen()),
        results: listed(Found { sources: listed(placed()), others: 0 }),
        nothing: listed(Text::new("tre*").unwrap()),
        next: Some(1),
    };
    let after = Some(Behind { share: photos(), path: path() });
    let listing = Listing {
        id,
        person: person(),
        shares: listed(share_seen()),
        entries: listed(placed()),
        more: false,
    };
    let located = Located {
        id,
        people: listed(person()),
        shares: listed(share_seen()),
        sources: listed(placed()),
        others: 0,
    };
    vec![
        body(&share_change()),
        body(&ShareEnd { id, share }),
        body(&SharesAsk { id, after: Some(share) }),
        body(&Shares { id, shares: listed(own_share()), more: false }),
        body(&publish),
        body(&search),
        body(&results),
        body(&Browse {
            id,
            user: user(),
            share: Some(photos()),
            after,
            below: Some(PathSaid(EntryPath::parse("koala").unwrap())),
        }),
        body(&listing),
        body(&Locate { id, content, size: 5 }),
        body(&located),
    ]
}

fn share_change() -> ShareChange {
    let share = Share {
        id: ShareId::from_bytes([7; 16]),
        name: file_name("photos").0,
        keywords: Keywords::new(["birds".parse::<Keyword>().unwrap()]).unwrap(),
        audience: Audience::people(["alice".parse().unwrap()]).unwrap(),
    };
    ShareChange { id: 3, ..ShareChange::new([1; 16].into(), &share) }
}

fn own_share() -> OwnShare {
    OwnShare {
        share: [7; 16].into(),
        name: file_name("photos"),
        about: share_change().about().into(),
        state: Some([8; 16].into()),
        entries: 1,
        under_way: Some(UnderWay { sync: [9; 16].into(), next: 1 }),
    }
}

fn entry() -> EntrySaid {
    EntrySaid {
        path: path(),
        size: SizeSaid(5),
        modified: 1_700_000_000_000_000_000,
        executable: Some(true),
        content: Some([5; 32].into()),
    }
}

fn path() -> PathSaid {
    PathSaid(EntryPath::parse("koala/tree.jpg").unwrap())
}

fn placed() -> EntrySeen {
    EntrySeen { share: 0, entry: entry() }
}

fn share_seen() -> ShareSeen {
    ShareSeen {
        user: Named("bob".parse().unwrap()),
        share: [7; 16].into(),
        name: file_name("photos"),
        keywords: listed(KeywordSaid("birds".parse().unwrap())),
    }
}

/// Bob, who is not online.
fn person() -> PersonSeen {
    PersonSeen {
        user: Named("bob".parse().unwrap()),
        identity: bob().fingerprint(),
        online: false,
        addresses: List::default(),
        last_online: Some(1_800_000_000),
        contact: Some(Text::new("room 7").unwrap()),
    }
}

fn file_name(text: &str) -> NameSaid {
    NameSaid(Name::new(text).unwrap())
}

fn listed<T, const MAX: usize>(item: T) -> List<T, MAX> {
    List::new(vec![item]).unwrap()
}
