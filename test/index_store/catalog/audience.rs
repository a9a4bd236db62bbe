//! Who sees what, in every way in which something can be seen.

use super::stage::{
    found, holders, listed, listed_of, query, results, search, set, share, share_out, take, tidy,
    told, whole, wordless,
};
use crate::is_well;
use crate::keys::NOW;
use crate::stage::{Someone, join, refused, user};
use std::sync::Arc;
use waxwing::index::store::{Query, Refusal, Section, Store};
use waxwing::model::{EntryPath, FileKind, Name};

/// Whether somebody sees Alice's `name`, published in `share`. It is so everywhere or nowhere.
async fn sees(store: &impl Store, who: &Someone, share: &str, name: &str) -> bool {
    let one = format!("alice:{share}/{name}");
    let owner = Some(user("alice"));
    let searches = [
        query(name),
        query(&format!("{}*", &name[..3])),
        query("birds"),
        query(share),
        Query { owner: owner.clone(), ..query(name) },
        Query { owner, ..wordless() },
        Query { kind: Some(FileKind::Image), ..wordless() },
        Query { kind: Some(FileKind::Image), ..query(name) },
    ];
    let mut ways = Vec::new();
    for query in searches {
        ways.push(results(store, who, query).await.contains(&one));
    }
    ways.push(listed(store, who, "alice").await.contains(&one));
    ways.push(holders(store, who, name).await.contains(&one));
    let section = Section { share: Some(Name::new(share).unwrap()), below: None };
    let browsed = store.browse(who.asker, &user("alice"), section, None, 10, NOW).await;
    ways.push(browsed.unwrap().is_some());
    assert!(ways.iter().all(|way| *way == ways[0]), "{one}: {ways:?}");
    ways[0]
}

pub(crate) async fn a_folder_is_listed_alone(store: &impl Store) {
    let alice = join(store, "alice", 0, NOW).await;
    let bob = join(store, "bob", 1, NOW).await;
    let inside = ["a/b/c", "a/b/d/e", "a/b/f", "a/b/g", "a/b/\u{10fffd}"];
    let beside = ["a/a", "a/b c/x", "a/b!", "a/b.txt", "a/b-x/y", "a/bc", "a/b0/c", "b/a/b/c", "c"];
    share_out(store, &alice, &share(1, "open", &[]), &[&inside[..], &beside].concat()).await;
    share_out(store, &alice, &share(2, "other", &[]), &["a/b", "a/b.txt", "a/x"]).await;
    share_out(store, &alice, &share(3, "secret", &["alice"]), &["a/b/secret"]).await;
    let listed = async |share: Option<&str>, below: &str| {
        let share = share.map(|share| Name::new(share).unwrap());
        let section = Section { share, below: Some(EntryPath::parse(below).unwrap()) };
        listed_of(store, &bob, "alice", section).await
    };
    let of = |share: &str, names: &[&str]| -> Vec<String> {
        names.iter().map(|name| format!("alice:{share}/{name}")).collect()
    };
    assert_eq!(listed(Some("open"), "a/b").await, of("open", &inside));
    assert_eq!(listed(Some("open"), "a/b/c").await, of("open", &["a/b/c"]));
    assert_eq!(listed(Some("open"), "a").await.len(), inside.len() + beside.len() - 2);
    assert_eq!(listed(None, "a/b").await, [of("open", &inside), of("other", &["a/b"])].concat());
    for nothing in ["d", "a/b/c/d", "A/B"] {
        assert!(listed(Some("open"), nothing).await.is_empty(), "{nothing}");
    }
    assert!(listed(Some("secret"), "a").await.is_empty());
}

pub(crate) async fn who_is_meant_sees_it_and_nobody_else(store: &impl Store) {
    let alice = join(store, "alice", 0, NOW).await;
    let bob = join(store, "bob", 1, NOW).await;
    let mallory = join(store, "mallory", 2, NOW).await;
    share_out(store, &alice, &share(1, "open", &[]), &["emu.jpg"]).await;
    share_out(store, &alice, &share(2, "named", &["bob"]), &["koala.jpg"]).await;
    share_out(store, &alice, &share(3, "own", &["alice"]), &["wombat.jpg"]).await;
    share_out(store, &mallory, &share(2, "named", &["mallory"]), &["trap.jpg"]).await;
    for who in [&alice, &bob, &mallory] {
        let sees = [
            sees(store, who, "open", "emu.jpg").await,
            sees(store, who, "named", "koala.jpg").await,
            sees(store, who, "own", "wombat.jpg").await,
        ];
        let expected = match who.asker {
            asker if asker == alice.asker => [true; 3],
            asker if asker == bob.asker => [true, true, false],
            _ => [true, false, false],
        };
        assert_eq!(sees, expected);
    }
    // Mallory tries Alice's share by its id.
    refused(take(store, &mallory, whole(3, 1, None, &["x"])).await, Refusal::NotFound);
    store.end_share(mallory.asker, share(3, "own", &[]).id, NOW).await.unwrap();
    assert!(sees(store, &alice, "own", "wombat.jpg").await);
}

pub(crate) async fn an_audience_that_changes_holds_at_once(store: &impl Store) {
    let alice = join(store, "alice", 0, NOW).await;
    let bob = join(store, "bob", 1, NOW).await;
    let carol = join(store, "carol", 2, NOW).await;
    share_out(store, &alice, &share(1, "plans", &[]), &["koala.jpg"]).await;
    // Every change from each audience to each other one, cleared up and not.
    let audiences: [&[&str]; 4] = [&[], &["bob"], &["carol"], &["bob", "carol"]];
    let walk = [0, 1, 0, 2, 0, 3, 1, 2, 1, 3, 2, 0, 1, 0, 0, 3, 0];
    for tidies in [false, true] {
        for to in walk {
            let people = audiences[to];
            set(store, &alice, &share(1, "plans", people)).await.unwrap();
            for step in 0..=u8::from(tidies) {
                for (who, name) in [(&alice, "alice"), (&bob, "bob"), (&carol, "carol")] {
                    let meant = people.is_empty() || name == "alice" || people.contains(&name);
                    let sees = sees(store, who, "plans", "koala.jpg").await;
                    assert_eq!(sees, meant, "{people:?} {name} {step} {tidies}");
                }
                is_well(store).await;
                if tidies {
                    tidy(store).await;
                }
            }
        }
        tidy(store).await;
        is_well(store).await;
    }
}

pub(crate) async fn a_share_changes_while_it_is_published(store: &impl Store) {
    use super::stage::part;
    let alice = join(store, "alice", 0, NOW).await;
    let bob = join(store, "bob", 1, NOW).await;
    share_out(store, &alice, &share(1, "plans", &[]), &["koala.jpg"]).await;
    take(store, &alice, part(1, 2, Some(1), (0, false), &["emu.jpg"])).await.unwrap();
    set(store, &alice, &share(1, "secret", &["alice"])).await.unwrap();
    take(store, &alice, part(1, 2, Some(1), (1, false), &["owl.jpg"])).await.unwrap();
    assert!(!sees(store, &bob, "secret", "koala.jpg").await);
    take(store, &alice, part(1, 2, Some(1), (2, true), &[])).await.unwrap();
    for _ in 0..2 {
        assert!(!sees(store, &bob, "secret", "emu.jpg").await);
        assert_eq!(listed(store, &alice, "alice").await.len(), 3);
        tidy(store).await;
        is_well(store).await;
    }
    set(store, &alice, &share(1, "secret", &["bob"])).await.unwrap();
    for name in ["koala.jpg", "emu.jpg", "owl.jpg"] {
        assert!(sees(store, &bob, "secret", name).await);
    }
}

pub(crate) async fn a_share_is_found_by_what_it_is_called_now(store: &impl Store) {
    let alice = join(store, "alice", 0, NOW).await;
    let bob = join(store, "bob", 1, NOW).await;
    for people in [&[][..], &["bob"]] {
        set(store, &alice, &share(1, "plans", people)).await.unwrap();
        take(store, &alice, whole(1, 1, None, &["emu.jpg", "koala.jpg"])).await.unwrap();
        tidy(store).await;
        let named = share(1, "pictures", people);
        let keywords = waxwing::model::Keywords::new(["marsupials".parse().unwrap()]).unwrap();
        set(store, &alice, &waxwing::model::Share { keywords, ..named }).await.unwrap();
        assert_eq!(listed(store, &bob, "alice").await[0], "alice:pictures/emu.jpg", "at once");
        tidy(store).await;
        for (text, count) in
            [("plans", 0), ("birds", 0), ("pictures emu", 1), ("marsup*", 2), ("jpg", 2)]
        {
            assert_eq!(found(store, &bob, text).await.len(), count, "{text}");
        }
        is_well(store).await;
        let page = search(store, &bob, query("koala")).await;
        assert_eq!(page.shelf.shares[0].keywords.iter().next().unwrap().as_str(), "marsupials");
    }
}

/// A crowd of shares for one person, more than are searched at once.
pub(crate) async fn who_sees_very_many_shares_finds_everything(store: &impl Store) {
    let alice = join(store, "alice", 0, NOW).await;
    let bob = join(store, "bob", 1, NOW).await;
    for number in 0..200 {
        let named = share(number, &format!("share {number}"), &["bob"]);
        set(store, &alice, &named).await.unwrap();
        let name = format!("koala {number}.jpg");
        take(store, &alice, whole(number, 1, None, &[name.as_str()])).await.unwrap();
    }
    share_out(store, &bob, &share(1, "open", &[]), &["koala 1.jpg", "koala 500.jpg"]).await;
    share_out(store, &bob, &share(2, "own", &["alice"]), &["koala 501.jpg"]).await;
    // One content is for everyone and in a share that is searched later.
    assert_eq!(found(store, &bob, "koala").await.len(), 202);
    let owner = Query { owner: Some(user("alice")), ..query("koal* jpg") };
    assert_eq!(results(store, &bob, owner).await.len(), 200);
    assert_eq!(found(store, &bob, "koala 3").await, ["alice:share 3/koala 3.jpg"]);
    assert_eq!(holders(store, &bob, "koala 3.jpg").await, ["alice:share 3/koala 3.jpg"]);
    assert_eq!(holders(store, &bob, "koala 1.jpg").await.len(), 2);
    assert_eq!(found(store, &alice, "koala").await.len(), 202);
    let page = search(store, &bob, query("koala platypus")).await;
    assert_eq!((page.nothing, page.next.is_none()), (vec![1], true));
    let online = Arc::new([alice.granted.member.account].into());
    let page = search(store, &bob, Query { only_online: true, online, ..query("koala 7") }).await;
    assert_eq!(told(&page.shelf, &page.results[0].sources[0]), "alice:share 7/koala 7.jpg");
}
