//! Pages stay right while entries come and go.

use super::stage::{
    entries, entry, found, letters, part, path, query, search, set, share, sync, take, tidy, told,
    whole, with,
};
use crate::is_well;
use crate::keys::NOW;
use crate::stage::{Someone, join};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use waxwing::index::store::{Bounds, Part, Place, Query, Sqlite, Store};
use waxwing::model::limits::SEARCH_RESULTS;
use waxwing::model::{Content, ContentId, FileKind, ShareId};

/// Numbers that look random.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % most
    }
}

/// One share, and what is in it by name, with its content.
struct Model<'a, S> {
    store: &'a S,
    who: &'a Someone,
    share: u8,
    state: u8,
    entries: BTreeMap<String, String>,
}

impl<S: Store> Model<'_, S> {
    /// Publishes a change. Says whether what stays is the same rows as before.
    async fn change(&mut self, dice: &mut Dice) -> bool {
        let kept: Vec<_> = self.entries.keys().cloned().collect();
        let remove: Vec<_> = kept.into_iter().filter(|_| dice.below(8) == 0).collect();
        remove.iter().for_each(|name| drop(self.entries.remove(name)));
        let mut add = Vec::new();
        for _ in 0..dice.below(6) {
            // In all there are more words that begin so than are asked for at once.
            let (n, share) = (letters(dice.below(40)), self.share);
            let name = format!("koala kob{n} kow{n} koy{n} wob{n} wow{n} {share}.jpg");
            let content = format!("content {}", dice.below(30));
            self.entries.insert(name.clone(), content.clone());
            add.push(with(&name, &content));
        }
        let (base, number) = (Some(sync(self.state)), self.state + 1);
        let remove = remove.iter().map(|name| path(name)).collect();
        let part = whole(self.share, number, None, &[]);
        self.state = number;
        // At once, in parts, or all of it anew.
        let how = dice.below(4);
        match how {
            0 | 1 => take(self.store, self.who, Part { base, add, remove, ..part }).await.unwrap(),
            2 => {
                let first = Part { base, remove, is_last: false, ..part.clone() };
                take(self.store, self.who, first).await.unwrap();
                take(self.store, self.who, Part { base, number: 1, add, ..part }).await.unwrap();
            }
            _ => {
                let add = self.entries.iter().map(|(name, content)| with(name, content)).collect();
                take(self.store, self.who, Part { add, ..part }).await.unwrap();
            }
        }
        how < 3
    }

    /// All that is there: by name, with the content.
    fn all(&self) -> impl Iterator<Item = (String, ContentId)> {
        let owner = if self.share == 2 { "bob" } else { "alice" };
        let named = move |name: &str| format!("{owner}:s{}/{name}", self.share);
        let id = |content: &str| Content::of(content.as_bytes()).id();
        self.entries.iter().map(move |(name, content)| (named(name), id(content)))
    }
}

type All = BTreeSet<(String, ContentId)>;

fn all<S: Store>(models: &[Model<'_, S>]) -> All {
    models.iter().flat_map(Model::all).collect()
}

/// Reads all pages while others publish. What is there all the time is given; no content is given
/// twice; and nothing is given that was not there.
async fn read_while_it_changes(bounds: &Bounds, seed: u64) {
    let store = Sqlite::open_with(Place::Memory, bounds).unwrap();
    let (alice, bob) = (join(&store, "alice", 0, NOW).await, join(&store, "bob", 1, NOW).await);
    let (mut dice, mut models) = (Dice(seed), Vec::new());
    for (who, number, people) in [(&alice, 1, &[][..]), (&bob, 2, &[]), (&alice, 3, &["bob"])] {
        set(&store, who, &share(number, &format!("s{number}"), people)).await.unwrap();
        take(&store, who, whole(number, 1, None, &[])).await.unwrap();
        let entries = BTreeMap::new();
        models.push(Model { store: &store, who, share: number, state: 1, entries });
    }
    for _ in 0..15 {
        let which = dice.below(3);
        models[which].change(&mut dice).await;
    }
    let mut always = all(&models);
    let text = ["koala jpg", "ko* jpg", "ko* s*", "jpg wo* ko*"][seed as usize % 4];
    let (mut given, mut query) = (Vec::new(), Query { most: 3, ..query(text) });
    for step in 0.. {
        assert!(step < 1000, "there is no end to it");
        let page = search(&store, &bob, query.clone()).await;
        let now = all(&models);
        for row in &page.results {
            let content = row.sources[0].entry.content().unwrap();
            let sources = row.sources.iter().map(|row| (told(&page.shelf, row), content));
            assert!(sources.into_iter().all(|source| now.contains(&source)), "seed {seed}");
            given.push(content);
        }
        query.from = page.next;
        if query.from.is_none() {
            break;
        }
        if step < 12 {
            let which = dice.below(3);
            let owner = models[which].all().map(|(name, _)| name).collect::<BTreeSet<_>>();
            let stays = models[which].change(&mut dice).await;
            let now = all(&models);
            always = always.intersection(&now).cloned().collect();
            if !stays {
                always.retain(|(name, _)| !owner.contains(name));
            }
        }
        if dice.below(2) == 0 {
            store.tidy(20).await.unwrap();
        }
    }
    let contents = |all: &All| all.iter().map(|(_, content)| *content).collect::<BTreeSet<_>>();
    let times = |content: &ContentId| given.iter().filter(|given| *given == content).count();
    for content in contents(&always) {
        assert_ne!(times(&content), 0, "seed {seed}: it was there all the time");
    }
    assert!(given.iter().all(|content| times(content) == 1), "seed {seed}: it is given once");
    is_well(&store).await;
    tidy(&store).await;
    is_well(&store).await;
    let last = found(&store, &bob, "koala jpg").await;
    assert_eq!(last.len(), contents(&all(&models)).len(), "seed {seed}");
}

#[tokio::test]
async fn pages_stay_right_while_entries_come_and_go() {
    for seed in 0..30 {
        let bounds = Bounds { candidates: 1 + seed as usize % 9, ..Bounds::default() };
        read_while_it_changes(&bounds, seed).await;
    }
}

#[tokio::test]
async fn a_search_without_time_comes_to_its_end_in_many_pages() {
    for candidates in [1, 3, 1000] {
        let bounds = Bounds { candidates, search_time: Duration::ZERO, ..Bounds::default() };
        let store = Sqlite::open_with(Place::Memory, &bounds).unwrap();
        let alice = join(&store, "alice", 0, NOW).await;
        set(&store, &alice, &share(1, "s", &[])).await.unwrap();
        let names: Vec<_> = (0..40).map(|n| format!("{} koala.jpg", n)).collect();
        let names: Vec<_> = names.iter().map(String::as_str).collect();
        let mut add = entries(&names);
        add.extend(
            (0..5).map(|n| with(&format!("{n} koala twice.jpg"), &format!("{n} koala.jpg"))),
        );
        take(&store, &alice, Part { add, ..whole(1, 1, None, &[]) }).await.unwrap();
        assert_eq!(found(&store, &alice, "koala").await.len(), 40);
        assert_eq!(found(&store, &alice, "koa* jp*").await.len(), 40);
    }
}

#[tokio::test]
async fn pages_go_on_in_a_share_that_is_ended_and_in_one_that_is_opened() {
    let bounds = Bounds { candidates: 4, ..Bounds::default() };
    let store = Sqlite::open_with(Place::Memory, &bounds).unwrap();
    let (alice, bob) = (join(&store, "alice", 0, NOW).await, join(&store, "bob", 1, NOW).await);
    for (number, people) in [(1, &["bob"][..]), (2, &[]), (3, &["alice"])] {
        let names: Vec<_> = (0..6).map(|n| format!("koala {number} {n}")).collect();
        let names: Vec<_> = names.iter().map(String::as_str).collect();
        set(&store, &alice, &share(number, &format!("s{number}"), people)).await.unwrap();
        take(&store, &alice, whole(number, 1, None, &names)).await.unwrap();
    }
    let first = search(&store, &bob, Query { most: 3, ..query("koala") }).await;
    assert_eq!((first.results.len(), first.shelf.shares.len()), (3, 1));
    store.end_share(alice.asker, ShareId::from_bytes([1; 16]), NOW).await.unwrap();
    set(&store, &alice, &share(3, "s3", &[])).await.unwrap();
    let mut rest =
        super::stage::results(&store, &bob, Query { from: first.next, ..query("koala") }).await;
    rest.retain(|name| name.contains("s2/"));
    let before = first.results.iter().map(|row| told(&first.shelf, &row.sources[0]));
    rest.extend(before);
    rest.sort();
    rest.dedup();
    assert_eq!(rest.iter().filter(|name| name.contains("s2/")).count(), 6);
}

#[tokio::test]
async fn what_stands_in_very_many_shares_is_given_once() {
    for (search_time, texts) in [(250, &["koala", "koal*", "jp* koal*"][..]), (0, &["jp* koal*"])] {
        let search_time = Duration::from_millis(search_time);
        let bounds = Bounds { search_time, ..Bounds::default() };
        let store = Sqlite::open_with(Place::Memory, &bounds).unwrap();
        let (alice, bob) = (join(&store, "alice", 0, NOW).await, join(&store, "bob", 1, NOW).await);
        for number in 0..140 {
            let share = share(number, &format!("s{number}"), &["bob"]);
            set(&store, &alice, &share).await.unwrap();
            let add = match number % 2 {
                0 => with("koala.jpg", "the same"),
                _ => with(&format!("koala {number}.jpg"), &number.to_string()),
            };
            take(&store, &alice, Part { add: vec![add], ..whole(number, 1, None, &[]) })
                .await
                .unwrap();
        }
        for text in texts {
            assert_eq!(found(&store, &bob, text).await.len(), 71, "{text}");
            assert_eq!(found(&store, &alice, text).await.len(), 71, "{text}");
        }
    }
}

/// A search that has come some way, and what it gives from there on.
async fn go_on(store: &Sqlite, who: &Someone, first: Query, pages: usize) -> (Query, usize) {
    let (mut query, mut given) = (first, 0);
    for _ in 0..pages {
        let page = search(store, who, query.clone()).await;
        given += page.results.len();
        query.from = page.next;
        assert!(query.from.is_some());
    }
    (query, given)
}

#[tokio::test]
async fn shares_that_go_do_not_move_others_past_a_search() {
    let bounds = Bounds { candidates: 4, ..Bounds::default() };
    let store = Sqlite::open_with(Place::Memory, &bounds).unwrap();
    let (alice, bob) = (join(&store, "alice", 0, NOW).await, join(&store, "bob", 1, NOW).await);
    for number in 0..140 {
        set(&store, &alice, &share(number, &format!("s{number}"), &["bob"])).await.unwrap();
    }
    // The shares that are looked at last have the newest entries.
    for number in (0..140).rev() {
        let name = format!("koala {number}");
        take(&store, &alice, whole(number, 1, None, &[&name])).await.unwrap();
    }
    let (query, given) = go_on(&store, &bob, Query { most: 8, ..query("koala") }, 6).await;
    for number in 130..140 {
        let share = ShareId::from_bytes([number; 16]);
        store.end_share(alice.asker, share, NOW).await.unwrap();
    }
    let rest = super::stage::results(&store, &bob, query).await;
    assert_eq!(given + rest.len(), 130);
}

#[tokio::test]
async fn words_that_go_do_not_move_others_past_a_search() {
    let bounds = Bounds { candidates: 4, ..Bounds::default() };
    let store = Sqlite::open_with(Place::Memory, &bounds).unwrap();
    let (alice, bob) = (join(&store, "alice", 0, NOW).await, join(&store, "bob", 1, NOW).await);
    for (number, kind, count) in [(1, "ka", 1500), (2, "ko", 100)] {
        let names: Vec<_> = (0..count).map(|n| format!("{kind}{}", letters(n))).collect();
        let names: Vec<_> = names.iter().map(String::as_str).collect();
        set(&store, &alice, &share(number, &format!("s{number}"), &[])).await.unwrap();
        take(&store, &alice, whole(number, 1, None, &names)).await.unwrap();
    }
    let (query, given) = go_on(&store, &bob, Query { most: 8, ..query("k*") }, 3).await;
    assert_eq!(given, 24);
    store.end_share(alice.asker, ShareId::from_bytes([1; 16]), NOW).await.unwrap();
    tidy(&store).await;
    let rest = super::stage::results(&store, &bob, query).await;
    assert_eq!(rest.len(), 100);
}

/// Whoever asks for a page once more gets the same one.
#[tokio::test]
async fn an_answer_that_was_lost_is_given_again() {
    let store = Sqlite::open(Place::Memory).unwrap();
    let alice = join(&store, "alice", 0, NOW).await;
    let names: Vec<_> = (0..200).map(|n| format!("koala ko{}.jpg", letters(n))).collect();
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    set(&store, &alice, &share(1, "s", &[])).await.unwrap();
    take(&store, &alice, whole(1, 1, None, &names)).await.unwrap();
    let (mut query, mut pages) = (Query { most: 30, ..query("ko*") }, 0);
    loop {
        let page = search(&store, &alice, query.clone()).await;
        let again = search(&store, &alice, query.clone()).await;
        assert_eq!((&page.shelf, page.nothing), (&again.shelf, again.nothing));
        let paths = |page: &[waxwing::index::store::ResultRow]| -> Vec<_> {
            page.iter().map(|row| row.sources[0].entry.path().clone()).collect()
        };
        assert_eq!(paths(&page.results), paths(&again.results));
        pages += 1;
        query.from = page.next;
        if query.from.is_none() {
            break;
        }
    }
    assert!(pages >= 7);
}

#[tokio::test]
async fn a_search_gives_so_many_results_and_no_more() {
    let store = Sqlite::open(Place::Memory).unwrap();
    let alice = join(&store, "alice", 0, NOW).await;
    set(&store, &alice, &share(1, "s", &[])).await.unwrap();
    for number in 0..6 {
        let add = (0..2000).map(|n| entry(&format!("koala {number} {n}.jpg"))).collect();
        let part = part(1, 1, None, (number, number == 5), &[]);
        take(&store, &alice, Part { add, ..part }).await.unwrap();
    }
    assert_eq!(found(&store, &alice, "koala").await.len(), SEARCH_RESULTS);
    assert_eq!(found(&store, &alice, "koala 3").await.len(), 2005);
}

#[tokio::test]
async fn words_that_nothing_has_are_told_when_it_is_known() {
    let bounds = Bounds { search_time: Duration::ZERO, candidates: 1, ..Bounds::default() };
    let store = Sqlite::open_with(Place::Memory, &bounds).unwrap();
    let (alice, bob) = (join(&store, "alice", 0, NOW).await, join(&store, "bob", 1, NOW).await);
    let names: Vec<_> = (0..100).map(|n| format!("koala ko{}.jpg", letters(n))).collect();
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    set(&store, &alice, &share(1, "s", &[])).await.unwrap();
    take(&store, &alice, whole(1, 1, None, &names)).await.unwrap();
    set(&store, &alice, &share(2, "hidden", &[])).await.unwrap();
    take(&store, &alice, part(2, 1, None, (0, false), &["wombat emu", "wombat"])).await.unwrap();
    for (text, filter, nothing) in [
        ("wombat koala ko* platypus", None, vec![0, 3]),
        ("wom* ko* emu", None, vec![0, 2]),
        ("platypus", None, vec![0]),
        ("ko* koala", Some(FileKind::Video), vec![]),
    ] {
        let (mut query, mut pages) = (Query { kind: filter, ..query(text) }, 0);
        let last = loop {
            let page = search(&store, &bob, query.clone()).await;
            assert!(page.results.is_empty() && pages < 1000);
            query.from = page.next;
            if query.from.is_none() {
                break page.nothing;
            }
            assert!(page.nothing.is_empty());
            pages += 1;
        };
        assert_eq!(last, nothing, "{text}");
        assert!(pages > 0 || text == "platypus", "{text} takes several pages");
    }
}
