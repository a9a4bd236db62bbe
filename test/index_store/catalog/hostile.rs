//! Searches that are not meant well.

use super::stage::{MANY, entry, part, query, results, search, set, share, share_out, wordless};
use crate::keys::NOW;
use crate::stage::join;
use std::time::{Duration, Instant};
use waxwing::index::store::{Part, Place, Query, Sqlite, Store};
use waxwing::model::{Asked, FileKind};

/// Whatever is typed: a search that is refused, or one that finds what it finds.
pub(crate) async fn any_text_is_searched_for_or_refused(store: &impl Store) {
    let alice = join(store, "alice", 0, NOW).await;
    let names = ["koala OR emu.jpg", "NEAR.txt", "e=o1 'quoted' AND.pdf", "17.koala.jpg"];
    share_out(store, &alice, &share(1, "s", &[]), &names).await;
    let mut texts: Vec<String> = [
        "\"koala\" OR \"emu\"",
        "koala AND NOT emu",
        "NEAR(koala emu, 10)",
        "koala) OR (emu",
        "\"\"\"",
        "' OR 1=1; DROP TABLE entries; --",
        "words : koala",
        "{words} : koala",
        "- {rowid}: koala",
        "^koala",
        "koala + emu",
        "koa*la*",
        "* ** ***",
        "e.koala",
        "e=o1",
        "=w0",
        "17.koala",
        "\u{202e}alaok\u{0}\u{7}\u{1b}[31m",
        "ko\u{ad}al\u{200d}a",
        "\u{feff}",
        "ﬁ ＫＯＡＬＡ ǅ ß İ",
        "%_koala?[a-z]",
        "\\\"koala\\\"",
        "$1 ?1 :a @b",
        "koala\nemu\r\njpg",
        "0x00 1e5 NULL rowid rank",
    ]
    .map(str::to_owned)
    .to_vec();
    texts.push("koala ".repeat(1_000_000));
    texts.push("a".repeat(10_000_000));
    texts.push("*".repeat(1_000_000));
    texts.push((0..10_000).map(|n| format!("word{n} ")).collect());
    texts.push("(".repeat(100_000));
    texts.push("\"".repeat(100_001));
    texts.push((0..32).map(|n| char::from(n as u8).to_string() + "koala").collect());
    for text in &texts {
        let Ok(asked) = Asked::parse(text) else { continue };
        let shown: String = text.chars().take(30).collect();
        for kind in [None, Some(FileKind::Image)] {
            let query = Query { asked: Some(asked.clone()), kind, ..wordless() };
            let page = store.search(alice.asker, query, NOW).await;
            assert!(page.unwrap_or_else(|error| panic!("{shown}: {error}")).results.len() <= 100);
        }
    }
    assert_eq!(results(store, &alice, query("AND quoted e o1")).await.len(), 1);
    assert_eq!(results(store, &alice, query("or near")).await.len(), 0);
    assert_eq!(results(store, &alice, query("koala")).await.len(), 2);
}

/// A search for whatever begins so, ten times, in names that all begin so.
const BOMBS: [&str; 5] = [
    "a* b* c* d* e* f* g* h* k* 1*",
    "a*",
    "jpg s birds a* txt",
    "jpg txt pdf",
    "a b c d e f g h k nothing*",
];

/// A catalog in which many words are frequent, and none of the kinds is everywhere.
async fn crowded(entries: usize) -> (Sqlite, crate::stage::Someone) {
    let store = Sqlite::open(Place::Memory).unwrap();
    let alice = join(&store, "alice", 0, NOW).await;
    set(&store, &alice, &share(1, "s", &[])).await.unwrap();
    let ends = ["jpg", "txt", "pdf"];
    let name = |n: usize| {
        let words: Vec<_> = "abcdefghk".chars().map(|c| format!("{c}{}", n % 97)).collect();
        entry(&format!("{} {n}.{}", words.join(" "), ends[n % 3]))
    };
    let parts = entries.div_ceil(2000);
    for number in 0..parts {
        let add = (number * 2000..entries.min((number + 1) * 2000)).map(name).collect();
        let part = part(1, 1, None, (number as u32, number + 1 == parts), &[]);
        store.publish(alice.asker, Part { add, ..part }, MANY, NOW).await.unwrap();
    }
    (store, alice)
}

async fn slowest(store: &Sqlite, who: &crate::stage::Someone) -> Duration {
    let mut slowest = Duration::ZERO;
    for text in BOMBS {
        let begin = Instant::now();
        let page = search(store, who, query(text)).await;
        slowest = slowest.max(begin.elapsed());
        crate::stage::say(&format!("{text}: {} in {:.1?}", page.results.len(), begin.elapsed()));
    }
    slowest
}

#[tokio::test]
async fn bombs_end_in_time() {
    let (store, alice) = crowded(20_000).await;
    // A quarter of a second, and room for a busy machine.
    assert!(slowest(&store, &alice).await < Duration::from_secs(2));
}

#[tokio::test]
#[ignore = "takes a minute: a million entries"]
async fn bombs_end_in_time_in_a_large_catalog() {
    let (store, alice) = crowded(1_000_000).await;
    while store.tidy(10_000).await.unwrap() {}
    assert!(slowest(&store, &alice).await < Duration::from_millis(500));
}
