//! What these tests publish and ask for.

use crate::keys::NOW;
use crate::stage::{Someone, request, user};
use std::sync::Arc;
use waxwing::index::store::{
    AccountId, EntryRow, OwnShareRow, Part, Query, Result, ResultPage, Section, Shelf, Store,
};
use waxwing::model::limits::ENTRY_SIZE;
use waxwing::model::{
    Asked, Audience, Content, Entry, EntryPath, Keywords, Modified, Name, Share, ShareId, SyncId,
};

/// More than anybody has here.
pub(crate) const MANY: u64 = 1_000_000;

/// A share for these people, or for everyone when there are none, with the keyword `birds`.
pub(crate) fn share(number: u8, name: &str, people: &[&str]) -> Share {
    let audience = match people {
        [] => Audience::Everyone,
        people => Audience::people(people.iter().map(|name| user(name))).unwrap(),
    };
    let keywords = Keywords::new(["birds".parse().unwrap()]).unwrap();
    let (id, name) = (ShareId::from_bytes([number; 16]), Name::new(name).unwrap());
    Share { id, name, keywords, audience }
}

pub(crate) fn path(text: &str) -> EntryPath {
    EntryPath::parse(text).unwrap()
}

/// An entry whose content is another one at every path.
pub(crate) fn entry(name: &str) -> Entry {
    with(name, name)
}

pub(crate) fn entries(names: &[&str]) -> Vec<Entry> {
    names.iter().copied().map(entry).collect()
}

/// An entry with this content.
pub(crate) fn with(name: &str, content: &str) -> Entry {
    let modified = Modified::from_nanos(1_700_000_000_000_000_000);
    let entry = Entry::new(path(name), content.len() as u64, modified).unwrap();
    entry.with_content(Some(Content::of(content.as_bytes()).id()))
}

pub(crate) fn sync(number: u8) -> SyncId {
    SyncId::from_bytes([number; 16])
}

/// A number as letters, which make one word together with others.
pub(crate) fn letters(number: usize) -> String {
    let letter = |number: usize| char::from(b'a' + (number % 26) as u8);
    [number / 676, number / 26, number].map(letter).iter().collect()
}

/// A sync of one part.
pub(crate) fn whole(share: u8, number: u8, base: Option<u8>, names: &[&str]) -> Part {
    part(share, number, base, (0, true), names)
}

/// A part with this number, which may be the last one.
pub(crate) fn part(
    share: u8,
    number: u8,
    base: Option<u8>,
    (at, is_last): (u32, bool),
    names: &[&str],
) -> Part {
    Part {
        share: ShareId::from_bytes([share; 16]),
        sync: sync(number),
        base: base.map(sync),
        number: at,
        add: entries(names),
        remove: Vec::new(),
        is_last,
    }
}

pub(crate) fn without(part: Part, names: &[&str]) -> Part {
    Part { remove: names.iter().map(|name| path(name)).collect(), ..part }
}

pub(crate) async fn set(store: &impl Store, who: &Someone, share: &Share) -> Result<()> {
    store.set_share(who.asker, request(&who.keys), share.clone(), NOW).await
}

pub(crate) async fn take(store: &impl Store, who: &Someone, part: Part) -> Result<()> {
    store.publish(who.asker, part.into(), MANY, NOW).await
}

/// Publishes a new share in one go.
pub(crate) async fn share_out(store: &impl Store, who: &Someone, share: &Share, names: &[&str]) {
    set(store, who, share).await.unwrap();
    take(store, who, whole(share.id.as_bytes()[0], 1, None, names)).await.unwrap();
}

/// Until nothing is left to clear up, in small steps.
pub(crate) async fn tidy(store: &impl Store) {
    for step in 0.. {
        assert!(step < 100_000, "there is no end to it");
        if !store.tidy(50).await.unwrap() {
            return;
        }
    }
}

/// A search for words.
pub(crate) fn query(text: &str) -> Query {
    Query {
        asked: Some(Asked::parse(text).unwrap()),
        owner: None,
        kind: None,
        sizes: (0, ENTRY_SIZE),
        only_online: false,
        online: Arc::default(),
        most: 100,
        from: None,
    }
}

/// A search without words.
pub(crate) fn wordless() -> Query {
    Query { asked: None, ..query("x") }
}

pub(crate) fn online(accounts: impl IntoIterator<Item = AccountId>) -> Query {
    Query { only_online: true, online: Arc::new(accounts.into_iter().collect()), ..query("x") }
}

pub(crate) async fn search(store: &impl Store, who: &Someone, query: Query) -> ResultPage {
    store.search(who.asker, query, NOW).await.unwrap()
}

/// An entry as `owner:share/path`.
pub(crate) fn told(shelf: &Shelf, row: &EntryRow) -> String {
    let share = &shelf.shares[row.share];
    let owner = shelf.people.iter().find(|person| person.account == share.owner).unwrap();
    format!("{}:{}/{}", owner.user.as_str(), share.name.as_str(), row.entry.path())
}

/// All results of all pages, in order, the best source of each.
pub(crate) async fn results(store: &impl Store, who: &Someone, query: Query) -> Vec<String> {
    let (mut query, mut all) = (query, Vec::new());
    loop {
        let page = search(store, who, query.clone()).await;
        assert!(page.results.len() <= query.most);
        all.extend(page.results.iter().map(|row| told(&page.shelf, &row.sources[0])));
        if page.next.is_none() {
            return all;
        }
        query.from = page.next;
    }
}

/// Everything that is found by some words, sorted.
pub(crate) async fn found(store: &impl Store, who: &Someone, text: &str) -> Vec<String> {
    let mut found = results(store, who, query(text)).await;
    found.sort();
    found
}

/// What somebody may see of a person by browsing, in order.
pub(crate) async fn listed(store: &impl Store, who: &Someone, owner: &str) -> Vec<String> {
    listed_of(store, who, owner, Section::default()).await
}

/// The same, of a part of it.
pub(crate) async fn listed_of(
    store: &impl Store,
    who: &Someone,
    owner: &str,
    section: Section,
) -> Vec<String> {
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let (owner, section) = (user(owner), section.clone());
        let page = store.browse(who.asker, &owner, section, after, 3, NOW).await.unwrap();
        let Some(page) = page else { return all };
        let shelf = Shelf { people: vec![page.person], shares: page.shares };
        all.extend(page.entries.iter().map(|row| told(&shelf, row)));
        let last = page.entries.last().filter(|_| page.more);
        let Some(last) = last else { return all };
        after = Some((shelf.shares[last.share].name.clone(), last.entry.path().clone()));
    }
}

/// Who has a content, in order.
pub(crate) async fn holders(store: &impl Store, who: &Someone, content: &str) -> Vec<String> {
    let content = Content::of(content.as_bytes());
    let holders = store.locate(who.asker, content, Arc::default(), 64, NOW).await.unwrap();
    holders.sources.iter().map(|row| told(&holders.shelf, row)).collect()
}

pub(crate) async fn own(store: &impl Store, who: &Someone) -> Vec<OwnShareRow> {
    store.own_shares(who.asker, None, 1000, NOW).await.unwrap()
}
