//! The catalog as its clients meet it: publishing, searching, browsing, locating; and what a
//! stranger learns of what is not for them, which is nothing.

use crate::stage::{Caller, Ground, PASSWORD, user};
use waxwing::codec::{List, Text};
use waxwing::index::Rules;
use waxwing::model::{
    Audience, Content, Entry, EntryPath, Keyword, Keywords, Modified, Name, Share, ShareId,
};
use waxwing::wire::index::{
    Browse, EntrySaid, Listing, Locate, Located, Logout, NameSaid, Named, Online, PathSaid,
    Publish, Results, Search, ShareChange, ShareEnd, Shares, SharesAsk, Watch,
};
use waxwing::wire::{Code, Message};

/// A share whose id says its number.
pub(crate) fn share(number: u8, name: &str, people: &[&str]) -> Share {
    let audience = match people {
        [] => Audience::Everyone,
        people => Audience::people(people.iter().map(|name| user(name))).unwrap(),
    };
    let keywords = Keywords::new(["birds".parse::<Keyword>().unwrap()]).unwrap();
    let name = Name::new(name).unwrap();
    Share { id: ShareId::from_bytes([number; 16]), name, keywords, audience }
}

pub(crate) fn entry(path: &str, content: &str) -> Entry {
    let modified = Modified::from_nanos(1_700_000_000_000_000_000);
    let entry = Entry::new(EntryPath::parse(path).unwrap(), content.len() as u64, modified);
    entry.unwrap().with_content(Some(Content::of(content.as_bytes()).id()))
}

/// A search for a text and nothing else.
pub(crate) fn search(text: &str) -> Search {
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

/// A sync of one part.
pub(crate) fn publish(share: u8, sync: u8, base: Option<u8>, entries: &[Entry]) -> Publish {
    Publish {
        id: 0,
        share: [share; 16].into(),
        sync: [sync; 16].into(),
        base: base.map(|base| [base; 16].into()),
        part: 0,
        add: List::new(entries.iter().map(EntrySaid::from).collect()).unwrap(),
        remove: List::default(),
        last: true,
    }
}

pub(crate) fn browse(name: &str) -> Browse {
    Browse { id: 0, user: Named(user(name)), share: None, after: None, below: None }
}

fn locate(content: &str) -> Locate {
    let content = Content::of(content.as_bytes());
    Locate { id: 0, content: (*content.id().as_bytes()).into(), size: content.size() }
}

pub(crate) async fn share_out(caller: &Caller, share: &Share, entries: &[Entry]) {
    let number = share.id.as_bytes()[0];
    caller.ask(ShareChange::new([number; 16].into(), share)).await.unwrap();
    caller.ask(publish(number, 1, None, entries)).await.unwrap();
}

/// The paths of the results, each as `owner:share/path`, all sources of one result together.
fn found(results: &Results) -> Vec<Vec<String>> {
    let told = |source: &waxwing::wire::index::EntrySeen| {
        let share = &results.shares[usize::from(source.share)];
        assert!(results.people.iter().any(|person| person.user == share.user));
        let name = share.name.0.as_str();
        format!("{}:{name}/{}", share.user.as_str(), source.entry.path.0)
    };
    results.results.iter().map(|result| result.sources.iter().map(told).collect()).collect()
}

fn listed(listing: &Listing) -> Vec<String> {
    let told = |seen: &waxwing::wire::index::EntrySeen| {
        let share = &listing.shares[usize::from(seen.share)];
        format!("{}/{}", share.name.0.as_str(), seen.entry.path.0)
    };
    listing.entries.iter().map(told).collect()
}

#[tokio::test]
async fn what_is_published_is_found_browsed_and_located() {
    let ground = Ground::new().await;
    let (alice, _) = ground.member("alice").await;
    let (bob, _) = ground.member("bob").await;
    let entries = [entry("koala/tree-01.jpg", "one"), entry("koala/Nest.txt", "two")];
    share_out(&alice, &share(1, "photos", &[]), &entries).await;
    share_out(&bob, &share(1, "mine", &[]), &[entry("copy.jpg", "one")]).await;
    alice.ask(Online { id: 0, port: Some(7400) }).await.unwrap();
    // By its folder, its name, the share's name and the given keyword.
    for text in ["koala tree", "TREE jpg 01", "photos tree", "birds tre*"] {
        let results = bob.ask(search(text)).await.unwrap();
        let sources = &found(&results)[0];
        assert_eq!(sources[0], "alice:photos/koala/tree-01.jpg", "{text}");
        assert!(sources.contains(&"bob:mine/copy.jpg".into()), "{text}: the same content");
        assert!(results.people.iter().any(|person| person.online && person.addresses.len() == 1));
    }
    let listing = bob.ask(browse("alice")).await.unwrap();
    assert_eq!(listed(&listing), ["photos/koala/Nest.txt", "photos/koala/tree-01.jpg"]);
    assert_eq!(listing.shares[0].keywords[0].0.as_str(), "birds");
    let located: Located = bob.ask(locate("one")).await.unwrap();
    assert_eq!((located.sources.len(), located.people.len(), located.others), (2, 2, 0));
    let first = &located.shares[usize::from(located.sources[0].share)];
    assert_eq!(first.user.as_str(), "alice", "who is online comes first");
    let results = bob.ask(search("koala, koala \"PlatyPus\" AND wom*")).await.unwrap();
    let nothing: Vec<_> = results.nothing.iter().map(|word| word.to_string()).collect();
    assert_eq!((results.results.len(), nothing.join(" ")), (0, "PlatyPus AND wom*".to_owned()));
    let only = Search { online: true, ..search("jpg") };
    assert_eq!(found(&bob.ask(only).await.unwrap()).len(), 1);
    ground.stop().await;
}

#[tokio::test]
async fn what_is_asked_for_at_once_is_done_in_order_though_parts_are_read_ahead() {
    let ground = Ground::new().await;
    let (alice, _) = ground.member("alice").await;
    let photos = share(1, "photos", &[]);
    alice.ask(ShareChange::new([1; 16].into(), &photos)).await.unwrap();
    let part =
        |part, last, name| Publish { part, last, ..publish(1, 1, None, &[entry(name, name)]) };
    let own = || alice.ask(SharesAsk { id: 0, after: None });
    let (first, between, too_early, second, third, after) = tokio::join!(
        alice.ask(part(0, false, "one.txt")),
        own(),
        alice.ask(part(2, true, "three.txt")),
        alice.ask(part(1, false, "two.txt")),
        alice.ask(part(2, true, "three.txt")),
        own(),
    );
    let answers = [first, too_early, second, third].map(|answer| answer.err());
    assert_eq!(answers, [None, Some(Code::Base), None, None]);
    let (between, after) = (between.unwrap(), after.unwrap());
    let under_way = between.shares[0].under_way.as_ref().unwrap();
    assert_eq!((under_way.next, between.shares[0].entries), (1, 0));
    assert_eq!((after.shares[0].entries, after.shares[0].under_way.is_none()), (3, true));
    // What a session that is over sent ahead is not taken.
    let four = publish(1, 2, Some(1), &[entry("four.txt", "4")]);
    let out = alice.ask(Logout { id: 0, session: None });
    let (left, late) = tokio::join!(out, alice.conversation.ask(four));
    assert!(left.is_ok() && late.is_err());
    let alice = ground.dial("alice").await;
    alice.login("alice", PASSWORD).await.unwrap();
    let still = alice.ask(SharesAsk { id: 0, after: None }).await.unwrap();
    assert_eq!(still.shares, after.shares);
    ground.stop().await;
}

#[tokio::test]
async fn a_difference_follows_on_a_state_and_a_share_that_ends_is_gone() {
    let ground = Ground::new().await;
    let (alice, _) = ground.member("alice").await;
    let (bob, _) = ground.member("bob").await;
    let photos = share(1, "photos", &[]);
    share_out(&alice, &photos, &[entry("one.txt", "1"), entry("two.txt", "2")]).await;
    let own = alice.ask(SharesAsk { id: 0, after: None }).await.unwrap();
    let change = ShareChange::new([1; 16].into(), &photos);
    let shown = (own.shares[0].about, own.shares[0].entries, own.shares[0].state);
    assert_eq!(shown, (change.about().into(), 2, Some([1; 16].into())));
    // Lost answers are asked for again, and nothing happens a second time.
    alice.ask(change).await.unwrap();
    alice.ask(publish(1, 1, None, &[entry("one.txt", "1")])).await.unwrap();
    let mut difference = publish(1, 2, Some(1), &[entry("three.txt", "3")]);
    difference.remove = List::new(vec![PathSaid(EntryPath::parse("one.txt").unwrap())]).unwrap();
    alice.ask(difference.clone()).await.unwrap();
    alice.ask(difference).await.unwrap();
    assert_eq!(
        listed(&bob.ask(browse("alice")).await.unwrap()),
        ["photos/three.txt", "photos/two.txt"]
    );
    let stale = publish(1, 3, Some(1), &[entry("four.txt", "4")]);
    assert_eq!(alice.ask(stale).await.unwrap_err(), Code::Base);
    assert_eq!(bob.ask(search("four")).await.unwrap().results.len(), 0);
    alice.ask(ShareEnd { id: 0, share: [1; 16].into() }).await.unwrap();
    assert_eq!(bob.ask(search("txt")).await.unwrap().results.len(), 0);
    assert_eq!(bob.ask(locate("2")).await.unwrap_err(), Code::NotFound);
    ground.stop().await;
}

#[tokio::test]
async fn pages_go_on_by_a_number_that_holds_in_its_conversation() {
    let ground = Ground::new().await;
    let (alice, granted) = ground.member("alice").await;
    let all: Vec<_> = (0..250).map(|n| entry(&format!("koala {n}.txt"), &n.to_string())).collect();
    share_out(&alice, &share(1, "photos", &[]), &all).await;
    let (mut seen, mut from) = (Vec::new(), None);
    loop {
        let page = alice.ask(Search { from, ..search("koala") }).await.unwrap();
        assert!(page.results.len() <= 100);
        seen.extend(found(&page).concat());
        from = page.next;
        if from.is_none() {
            break;
        }
    }
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 250);
    let next = alice.ask(search("koala")).await.unwrap().next;
    let other = ground.dial("alice").await;
    other.resume(&granted).await.unwrap();
    let elsewhere = other.ask(Search { from: next, ..search("koala") }).await;
    assert_eq!(elsewhere.unwrap_err(), Code::NotFound);
    let another = alice.ask(Search { from: next, ..search("koal*") }).await;
    assert_eq!(another.unwrap_err(), Code::NotFound, "it is a number of another search");
    ground.stop().await;
}

#[tokio::test]
async fn the_last_places_of_searches_are_remembered() {
    let ground = Ground::new().await;
    let (alice, _) = ground.member("alice").await;
    let all: Vec<_> = (0..11_000).map(|n| entry(&format!("koala {n}"), &n.to_string())).collect();
    let photos = ShareChange::new([1; 16].into(), &share(1, "photos", &[]));
    alice.ask(photos).await.unwrap();
    let parts: Vec<_> = all.chunks(2000).collect();
    for (part, add) in (0..).zip(&parts) {
        let last = part as usize + 1 == parts.len();
        alice.ask(Publish { part, last, ..publish(1, 1, None, add) }).await.unwrap();
    }
    let page = async |from| alice.ask(Search { from, ..search("koala") }).await;
    let (mut numbers, mut from, mut seen) = (Vec::new(), None, 0);
    loop {
        let shown = page(from).await.unwrap();
        seen += shown.results.len();
        from = shown.next;
        if from.is_none() {
            break;
        }
        numbers.push(from);
        if numbers.len() == 20 {
            assert_eq!(page(numbers[3]).await.unwrap_err(), Code::NotFound, "the last 16");
        }
    }
    assert_eq!((seen, numbers.len()), (10_000, 99), "a search gives so many, and ends");
    // Behind so many results, the last two.
    let known: Vec<_> = numbers.iter().rev().take(4).copied().collect();
    assert_eq!(page(known[2]).await.unwrap_err(), Code::NotFound);
    let again = page(known[1]).await.unwrap();
    assert_eq!(again.results.len(), 100);
    ground.stop().await;
}

#[tokio::test]
async fn what_cannot_be_searched_or_published_is_refused_by_its_own_code() {
    let rules = Rules { entries_of_person: 3, ..crate::stage::rules() };
    let ground = Ground::with(rules).await;
    let (alice, _) = ground.member("alice").await;
    for text in ["", " ", "-- \"' *", "a b c d e f g h i j k"] {
        assert_eq!(alice.ask(search(text)).await.unwrap_err(), Code::Query, "{text}");
    }
    assert_eq!(
        alice.ask(Search { kind: Some(200), ..search("a") }).await.unwrap_err(),
        Code::Query
    );
    // Without a word, but with an owner.
    alice.ask(Search { owner: Some(Named(user("alice"))), ..search("") }).await.unwrap();
    for text in
        ["\"koala\" OR", "a NOT b", "NEAR(x, y)", "x' OR 1=1 --", "\u{202e}koala\u{0}", "{e}:x"]
    {
        alice.ask(search(text)).await.unwrap();
    }
    let unknown = alice.ask(publish(9, 1, None, &[entry("a", "a")])).await;
    assert_eq!(unknown.unwrap_err(), Code::NotFound);
    let nobody = ShareChange::new([1; 16].into(), &share(1, "photos", &["nobody"]));
    assert_eq!(alice.ask(nobody).await.unwrap_err(), Code::NotFound);
    share_out(&alice, &share(1, "photos", &[]), &[entry("a", "a")]).await;
    let twice = ShareChange::new([2; 16].into(), &share(2, "photos", &[]));
    assert_eq!(alice.ask(twice).await.unwrap_err(), Code::NameTaken);
    let four: Vec<_> = (0..4).map(|n| entry(&n.to_string(), "x")).collect();
    assert_eq!(alice.ask(publish(1, 2, Some(1), &four)).await.unwrap_err(), Code::Quota);
    assert_eq!(alice.ask(search("photos")).await.unwrap().results.len(), 1, "nothing has changed");
    ground.stop().await;
}

/// What somebody for whom Alice's share is not meant gets to see of the whole catalog, as bytes.
async fn all_that_mallory_sees(hides: bool) -> Vec<Vec<u8>> {
    let ground = Ground::new().await;
    let (alice, _) = ground.member("alice").await;
    let (bob, _) = ground.member("bob").await;
    let (mallory, _) = ground.member("mallory").await;
    mallory.ask(Watch { id: 0, on: true }).await.unwrap();
    let entries = |of: &str, from: usize| -> Vec<_> {
        let named = |n: usize| entry(&format!("koala/{of} {n}.txt"), &format!("{of} {n}"));
        (from..from + 100).map(named).collect()
    };
    // In turns, so that hidden rows would lie between the others on every page.
    let (open, hidden) = (share(1, "open", &[]), share(2, "hidden", &["bob"]));
    share_out(&bob, &share(1, "bobs", &[]), &entries("shown", 1000)).await;
    share_out(&alice, &open, &entries("shown", 0)).await;
    if hides {
        share_out(&alice, &hidden, &entries("secret", 0)).await;
        alice.ask(publish(2, 2, Some(1), &entries("shown", 0))).await.unwrap();
    }
    share_out(&bob, &share(2, "more", &[]), &entries("shown", 2000)).await;
    if hides {
        alice.ask(publish(2, 3, Some(2), &entries("secret", 100))).await.unwrap();
        assert_eq!(bob.ask(search("secret hidden")).await.unwrap().results.len(), 100);
        assert_eq!(alice.ask(search("secret hidden")).await.unwrap().results.len(), 100);
    }
    let mut seen = Vec::new();
    let mut see = |answer: Result<Vec<u8>, Code>| {
        seen.push(answer.unwrap_or_else(|code| code.number().to_be_bytes().to_vec()));
    };
    let raw = |answer: Results| answer.encode().to_vec();
    for text in ["secret", "secret koala", "hidden", "secr*", "s*", "koala secret shown", "birds"] {
        see(mallory.ask(search(text)).await.map(raw));
    }
    let mut from = None;
    loop {
        let page = mallory.ask(Search { from, most: Some(30), ..search("koala") }).await.unwrap();
        from = page.next;
        see(Ok(raw(page)));
        if from.is_none() {
            break;
        }
    }
    let owner = Some(Named(user("alice")));
    see(mallory.ask(Search { owner, ..search("") }).await.map(raw));
    see(mallory.ask(browse("alice")).await.map(|listing: Listing| listing.encode().to_vec()));
    for name in ["hidden", "nothing"] {
        let share = Some(NameSaid(Name::new(name).unwrap()));
        see(mallory.ask(Browse { share, ..browse("alice") }).await.map(|it| it.encode().to_vec()));
    }
    for content in ["secret 7", "shown 7", "shown 1007"] {
        see(mallory.ask(locate(content)).await.map(|located| located.encode().to_vec()));
    }
    // What she tries on the share itself, and what is hers afterwards.
    see(mallory.ask(publish(2, 4, Some(3), &[entry("x", "x")])).await.map(|_| Vec::new()));
    see(mallory.ask(ShareEnd { id: 0, share: [2; 16].into() }).await.map(|_| Vec::new()));
    let change = ShareChange::new([9; 16].into(), &share(2, "hidden", &[]));
    see(mallory.ask(change).await.map(|_| Vec::new()));
    see(mallory.ask(publish(2, 4, Some(3), &[entry("x", "x")])).await.map(|_| Vec::new()));
    let own: Result<Shares, _> = mallory.ask(SharesAsk { id: 0, after: None }).await;
    see(own.map(|own| own.encode().to_vec()));
    if hides {
        let still = bob.ask(search("secret hidden")).await.unwrap();
        assert_eq!(still.results.len(), 100, "she changed what is not hers");
    }
    // News come as requests: there are none, whatever is published.
    let mut mallory = mallory;
    let pushed =
        tokio::time::timeout(std::time::Duration::from_millis(50), mallory.incoming.next());
    assert!(pushed.await.is_err(), "something was pushed");
    ground.stop().await;
    seen
}

#[tokio::test]
async fn a_stranger_sees_the_same_bytes_whether_something_is_hidden_or_not() {
    let (with, without) = (all_that_mallory_sees(true).await, all_that_mallory_sees(false).await);
    assert_eq!(with.len(), without.len());
    for (number, (with, without)) in with.iter().zip(&without).enumerate() {
        assert_eq!(with, without, "answer {number}");
    }
}

#[tokio::test]
async fn who_leaves_the_audience_sees_nothing_from_then_on() {
    let ground = Ground::new().await;
    let (alice, _) = ground.member("alice").await;
    let (bob, _) = ground.member("bob").await;
    let (_carol, _) = ground.member("carol").await;
    let all = [entry("plan.txt", "plan")];
    share_out(&alice, &share(1, "plans", &[]), &all).await;
    let change = |number: u8, people: &[&str]| {
        ShareChange::new([number; 16].into(), &share(1, "plans", people))
    };
    let sees = async |who: &Caller| {
        let found = who.ask(search("plan")).await.unwrap().results.len() == 1;
        let located = who.ask(locate("plan")).await.is_ok();
        let listed = who.ask(browse("alice")).await.unwrap().entries.len() == 1;
        assert!(found == located && located == listed, "one sees it everywhere or nowhere");
        found
    };
    assert!(sees(&bob).await);
    for (number, people) in [(2, &["carol"][..]), (3, &["carol", "bob"]), (4, &["carol"])] {
        alice.ask(change(number, people)).await.unwrap();
        assert_eq!(sees(&bob).await, people.contains(&"bob"), "{people:?}");
        assert!(sees(&alice).await);
        // And the same when everything behind it was cleared up.
        while waxwing::index::store::Store::tidy(ground.index.store(), 1000).await.unwrap() {}
        assert_eq!(sees(&bob).await, people.contains(&"bob"), "{people:?}");
    }
    alice.ask(change(5, &[])).await.unwrap();
    while waxwing::index::store::Store::tidy(ground.index.store(), 1000).await.unwrap() {}
    assert!(sees(&bob).await);
    ground.stop().await;
}
