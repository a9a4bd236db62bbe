//! What is found, and in which order.

use super::stage::{
    found, holders, letters, online, part, query, results, search, set, share, share_out, take,
    told, whole, with, wordless,
};
use crate::keys::NOW;
use crate::stage::{Someone, join, user};
use std::sync::Arc;
use waxwing::index::store::{AccountId, Part, Query, Store};
use waxwing::model::{Asked, Entry, FileKind, Modified};

async fn two(store: &impl Store) -> (Someone, Someone) {
    (join(store, "alice", 0, NOW).await, join(store, "bob", 1, NOW).await)
}

pub(crate) async fn entries_are_found_by_their_words(store: &impl Store) {
    let (alice, bob) = two(store).await;
    let names = ["Trees/KoalaNest_2024-final.PDF", "Trees/Größe.txt", "東京タワー.jpg", "emu.mp3"];
    share_out(store, &alice, &share(1, "Wild things", &[]), &names).await;
    for (text, places) in [
        ("koala", vec![0]),
        ("koalanest", vec![0]),
        ("KoalaNest 2024 FINAL pdf", vec![0]),
        ("nest trees", vec![0]),
        ("trees", vec![0, 1]),
        ("GROSSE", vec![1]),
        ("tre* gro*", vec![1]),
        ("東京", vec![2]),
        ("京タ", vec![2]),
        ("wild things birds", vec![0, 1, 2, 3]),
        ("wil*", vec![0, 1, 2, 3]),
        ("emu mp*", vec![3]),
        ("mp3", vec![3]),
        ("emus", vec![]),
        ("oala", vec![]),
        ("koala emu", vec![]),
        ("koal", vec![]),
        ("e", vec![]),
        ("o1", vec![]),
    ] {
        let mut all: Vec<_> =
            places.iter().map(|at| format!("alice:Wild things/{}", names[*at])).collect();
        all.sort();
        assert_eq!(found(store, &bob, text).await, all, "{text}");
    }
}

pub(crate) async fn filters_narrow_a_search(store: &impl Store) {
    let (alice, bob) = two(store).await;
    let sized = |name: &str, size: usize| with(name, &"x".repeat(size));
    let add = vec![sized("a koala.jpg", 10), sized("b koala.txt", 20), sized("c koala.png", 30)];
    set(store, &alice, &share(1, "one", &[])).await.unwrap();
    take(store, &alice, Part { add, ..whole(1, 1, None, &[]) }).await.unwrap();
    share_out(store, &bob, &share(1, "two", &["alice"]), &["koala of bob.jpg"]).await;
    let (a, b, c) = ("alice:one/a koala.jpg", "alice:one/b koala.txt", "alice:one/c koala.png");
    let d = "bob:two/koala of bob.jpg";
    let account = |who: &Someone| who.granted.member.account;
    let crowd = (1000..1100).map(AccountId);
    let koala = || query("koala").asked;
    let of = |name: &str| Some(user(name));
    let searches: [(Query, &[&str]); 16] = [
        (query("koala"), &[a, b, c, d]),
        (Query { owner: of("alice"), ..query("koala") }, &[a, b, c]),
        (Query { owner: of("bob"), ..query("koala") }, &[d]),
        (Query { owner: of("bob"), ..wordless() }, &[d]),
        (Query { owner: of("alice"), ..wordless() }, &[a, b, c]),
        (Query { owner: of("nobody"), ..query("koala") }, &[]),
        (Query { kind: Some(FileKind::Image), ..query("koala") }, &[a, c, d]),
        (Query { kind: Some(FileKind::Document), ..wordless() }, &[b]),
        (Query { kind: Some(FileKind::Image), owner: of("bob"), ..wordless() }, &[d]),
        (Query { kind: Some(FileKind::Video), ..wordless() }, &[]),
        (Query { sizes: (20, 30), ..query("koala") }, &[b, c]),
        (Query { sizes: (30, 20), ..query("koala") }, &[]),
        (Query { asked: koala(), ..online([]) }, &[]),
        (Query { asked: koala(), ..online([account(&bob)]) }, &[d]),
        (Query { asked: koala(), ..online(crowd.chain([account(&alice)])) }, &[a, b, c]),
        (Query { asked: koala(), owner: of("alice"), ..online([account(&bob)]) }, &[]),
    ];
    for (query, expected) in searches {
        let mut found = results(store, &alice, query.clone()).await;
        found.sort();
        assert_eq!(found, expected, "{query:?}");
    }
}

pub(crate) async fn the_best_comes_first(store: &impl Store) {
    let (alice, bob) = two(store).await;
    let at = |name: &str, seconds: u64| {
        let modified = Modified::from_nanos((1_700_000_000 + seconds) * 1_000_000_000);
        Entry::new(super::stage::path(name), 1, modified).unwrap()
    };
    let add = vec![
        at("koala/of the zoo.jpg", 900),
        at("koala.jpg", 100),
        at("koala of the zoo.jpg", 500),
        at("koala of the new zoo.jpg", 800),
        at("koala 2.jpg", 200),
        at("koala 3.jpg", 300),
        at("koalas.jpg", 950),
    ];
    set(store, &alice, &share(1, "s", &[])).await.unwrap();
    take(store, &alice, Part { add, ..whole(1, 1, None, &[]) }).await.unwrap();
    let order = |query| async {
        let found = results(store, &bob, query).await;
        found.into_iter().map(|name| name["alice:s/".len()..].to_owned()).collect::<Vec<_>>()
    };
    let exact = [
        "koala.jpg",
        "koala 3.jpg",
        "koala 2.jpg",
        "koala of the zoo.jpg",
        "koala of the new zoo.jpg",
        "koala/of the zoo.jpg",
    ];
    assert_eq!(order(query("koala")).await, exact);
    // The same in small pages.
    for most in 1..4 {
        assert_eq!(order(Query { most, ..query("koala") }).await, exact);
    }
    let (names, folders) = exact.split_at(5);
    let prefix = [names, &["koalas.jpg"], folders].concat();
    assert_eq!(order(query("koala*")).await, prefix);
    let zoo = ["koala of the zoo.jpg", "koala of the new zoo.jpg", "koala/of the zoo.jpg"];
    assert_eq!(order(query("zoo koala")).await, zoo);
}

pub(crate) async fn one_content_is_one_result_with_its_sources(store: &impl Store) {
    let (alice, bob) = two(store).await;
    let carol = join(store, "carol", 2, NOW).await;
    let people = [(&alice, "alice"), (&bob, "bob"), (&carol, "carol")];
    for (who, name) in people {
        set(store, who, &share(1, "s", &[])).await.unwrap();
        let add = vec![with(&format!("{name} koala.jpg"), "same"), with(name, "same but longer")];
        take(store, who, Part { add, ..whole(1, 1, None, &[]) }).await.unwrap();
    }
    // The same bytes under a name without the word, and some that only Carol sees.
    set(store, &alice, &share(2, "t", &[])).await.unwrap();
    let add = vec![with("emu.jpg", "same")];
    take(store, &alice, Part { add: add.clone(), ..whole(2, 1, None, &[]) }).await.unwrap();
    set(store, &alice, &share(3, "u", &["carol"])).await.unwrap();
    take(store, &alice, Part { add, ..whole(3, 1, None, &[]) }).await.unwrap();
    let online = Arc::new([bob.granted.member.account].into());
    let asked = Query { online, ..query("koala") };
    for (who, count) in [(&bob, 4), (&carol, 5)] {
        let page = search(store, who, asked.clone()).await;
        assert_eq!(page.results.len(), 1);
        let sources: Vec<_> =
            page.results[0].sources.iter().map(|row| told(&page.shelf, row)).collect();
        assert_eq!((sources.len(), page.results[0].others), (count, 0));
        // The best, then who is online; then the newest.
        let newest = if count == 5 { "alice:u/emu.jpg" } else { "alice:t/emu.jpg" };
        assert_eq!(sources[..3], ["carol:s/carol koala.jpg", "bob:s/bob koala.jpg", newest]);
        assert_eq!(page.shelf.people.len(), 3);
        assert_eq!(holders(store, who, "same").await.len(), count);
    }
    // Of very many, some are told, and the rest is counted.
    let add = (0..30).map(|n| with(&format!("{n}"), "same")).collect();
    take(store, &bob, Part { add, ..whole(1, 2, Some(1), &[]) }).await.unwrap();
    let page = search(store, &bob, asked).await;
    assert_eq!((page.results[0].sources.len(), page.results[0].others), (8, 26));
    let content = waxwing::model::Content::of(b"same");
    let holders = store.locate(bob.asker, content, Arc::default(), 5, NOW).await.unwrap();
    assert_eq!((holders.sources.len(), holders.others), (5, 29));
    let longer = waxwing::model::Content::new(content.id(), 5).unwrap();
    let holders = store.locate(bob.asker, longer, Arc::default(), 5, NOW).await.unwrap();
    assert!(holders.sources.is_empty(), "the size belongs to the name");
}

pub(crate) async fn words_that_nothing_has_are_told(store: &impl Store) {
    let (alice, bob) = two(store).await;
    share_out(store, &alice, &share(1, "s", &[]), &["koala.jpg", "emu.jpg"]).await;
    share_out(store, &alice, &share(2, "hidden", &["alice"]), &["wombat.jpg"]).await;
    for (text, nothing) in [
        ("koala wombat emu platypus", vec![1, 3]),
        ("wom* jpg", vec![0]),
        ("koala emu", vec![]),
        ("hidden", vec![0]),
        ("koala", vec![]),
    ] {
        let page = search(store, &bob, query(text)).await;
        assert_eq!(page.nothing, nothing, "{text}");
    }
    // Filters are not words.
    let filtered = Query { kind: Some(FileKind::Video), ..query("koala") };
    assert!(search(store, &bob, filtered).await.nothing.is_empty());
    assert_eq!(search(store, &alice, query("wombat emu")).await.nothing, [0; 0]);
}

pub(crate) async fn a_prefix_stands_for_all_words_that_begin_so(store: &impl Store) {
    let (alice, bob) = two(store).await;
    // Very many words of Alice's, each of them frequent, and one of Bob's that comes behind them.
    let many: Vec<_> = (0..300).map(|n| format!("ko{}/{n}.jpg", letters(n))).collect();
    let again = many.iter().map(|name| format!("again/{name}"));
    let all: Vec<_> = many.iter().cloned().chain(again).collect();
    let names: Vec<_> = all.iter().map(String::as_str).collect();
    share_out(store, &alice, &share(1, "s", &[]), &names).await;
    share_out(store, &bob, &share(1, "t", &[]), &["kozy.jpg", "koz 1.txt"]).await;
    // Words that Bob may not see, and words of entries that are not there yet.
    share_out(store, &alice, &share(2, "u", &["alice"]), &["koala 1", "koala 2"]).await;
    set(store, &alice, &share(3, "v", &[])).await.unwrap();
    take(store, &alice, part(3, 1, None, (0, false), &["koyo 1", "koyo 2"])).await.unwrap();
    assert_eq!(found(store, &bob, "ko*").await.len(), 602);
    assert_eq!(found(store, &alice, "ko*").await.len(), 604);
    assert_eq!(found(store, &bob, "koz*").await, ["bob:t/koz 1.txt", "bob:t/kozy.jpg"]);
    assert_eq!(found(store, &bob, "ko* jpg").await.len(), 601);
    assert_eq!(found(store, &bob, "ko* again").await.len(), 300);
    assert_eq!(found(store, &bob, "koy*").await.len(), 0);
}

pub(crate) async fn what_comes_later_does_not_disturb(store: &impl Store) {
    let (alice, bob) = two(store).await;
    let names: Vec<_> = (0..10).map(|n| format!("koala {n}.jpg")).collect();
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    share_out(store, &alice, &share(1, "s", &[]), &names).await;
    let first = search(store, &bob, Query { most: 4, ..query("koala") }).await;
    take(store, &alice, whole(1, 2, Some(1), &["koala.jpg"])).await.unwrap();
    take(store, &alice, part(1, 3, Some(2), (0, false), &["koala 9.txt"])).await.unwrap();
    let rest = Query { from: first.next, ..query("koala") };
    assert_eq!(results(store, &bob, rest).await.len(), 6);
    assert_eq!(found(store, &bob, "koala").await.len(), 11);
    // Each result tells where to go on behind it.
    let behind = first.results[1].here.clone();
    let rest = Query { from: Some(behind), ..query("koala") };
    assert_eq!(results(store, &bob, rest).await.len(), 8);
}

pub(crate) async fn a_search_asks_in_the_words_of_the_one_reader(store: &impl Store) {
    let (alice, bob) = two(store).await;
    share_out(store, &alice, &share(1, "s", &[]), &["O'Brien's MyTrip2024.jpg"]).await;
    for text in ["obriens", "brien", "mytrip", "my trip 2024", "MyTrip2024", "trip*", "mytri*"] {
        let asked = Some(Asked::parse(text).unwrap());
        let found = results(store, &bob, Query { asked, ..wordless() }).await;
        assert_eq!(found.len(), 1, "{text}");
    }
}
