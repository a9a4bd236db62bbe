//! Searches that are not meant well.

use super::stage::{query, results, share, share_out, wordless};
use crate::keys::NOW;
use crate::stage::join;
use waxwing::index::store::{Query, Store};
use waxwing::model::{Asked, FileKind};

/// Whatever is typed: a search that is refused, or one that finds what it finds.
pub(crate) async fn any_text_is_searched_for_or_refused(store: &impl Store) {
    let alice = join(store, "alice", 0, NOW).await;
    let names = ["koala OR emu.jpg", "NEAR.txt", "e=o1 'quoted' AND.pdf", "17.koala.jpg"];
    share_out(store, &alice, &share(1, "s", &[]), &names).await;
    for text in &texts() {
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

/// What somebody may type who means no good, or pastes what they did not mean to.
pub(super) fn texts() -> Vec<String> {
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
    texts
}
