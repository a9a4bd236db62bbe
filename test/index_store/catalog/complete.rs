//! A search finds all that has its words: compared with a reader that looks at every entry.

use super::stage::{found, letters, part, set, share, take};
use crate::keys::NOW;
use crate::stage::join;
use std::collections::BTreeSet;
use std::time::Duration;
use waxwing::index::store::{Bounds, Place, Sqlite};
use waxwing::model::limits::ENTRY_WORDS;
use waxwing::model::{Asked, Match, words_of};

/// Names of words that begin with the same few letters, and a folder for every third.
fn names(share: usize) -> Vec<String> {
    let word = |n: usize| letters(n % 1009 * 17);
    let name = |n: usize| {
        let n = n * 7 + share * 331;
        let (one, two) = (word(n), word(n * n));
        match n % 3 {
            0 => format!("{}/{one}{two} {one}.jpg", word(n + 5)),
            1 => format!("{one} {two}{n}.txt"),
            _ => format!("my{}Trip{} {one}.jpg", n % 10, n % 100),
        }
    };
    (0..120).map(name).collect()
}

/// Whether an entry has all words that were asked for.
fn has(name: &str, share: &str, asked: &Asked) -> bool {
    let text = format!("{name}\n{share}\nbirds");
    let words = words_of(&text, ENTRY_WORDS);
    let words = words.iter().map(|word| word.as_str());
    asked.words().iter().all(|asked| asked.matches(words.clone()) != Match::Nowhere)
}

#[tokio::test]
async fn all_that_has_the_words_is_found_on_some_page() {
    let texts = [
        "a*",
        "aa*",
        "b* a*",
        "a* b* c*",
        "jpg a*",
        "a* txt",
        "s* a* b*",
        "bird* m*",
        "my1*",
        "my1Trip2*",
        "my* trip* a*",
        "t* a* b* c*",
        "a* nothing",
        "1* a*",
        "ad* ae*",
        "a* a",
        "birds jpg",
        "s1* a*",
        "1* 2*",
        "m* t* j* s* b* a* 1* 2* 3* 4*",
    ];
    for search_time in [Duration::from_millis(250), Duration::ZERO] {
        let bounds = Bounds { search_time, candidates: 50, ..Bounds::default() };
        let store = Sqlite::open_with(Place::Memory, &bounds).unwrap();
        let (alice, bob) = (join(&store, "alice", 0, NOW).await, join(&store, "bob", 1, NOW).await);
        let mut all = Vec::new();
        for (number, people) in [&[][..], &["bob"], &[], &["bob"], &["alice"]].iter().enumerate() {
            let (called, names) = (format!("s{number}"), names(number));
            let id = number as u8;
            set(&store, &alice, &share(id, &called, people)).await.unwrap();
            let list: Vec<_> = names.iter().map(String::as_str).collect();
            take(&store, &alice, part(id, 1, None, (0, true), &list)).await.unwrap();
            if *people != ["alice"] {
                all.extend(names.into_iter().map(|name| (called.clone(), name)));
            }
        }
        for text in texts {
            let asked = Asked::parse(text).unwrap();
            let fitting = all.iter().filter(|(share, name)| has(name, share, &asked));
            // The content of an entry is its path's, so one that stands in two shares is found once.
            let expected: BTreeSet<_> = fitting.map(|(_, name)| name.as_str()).collect();
            let found = found(&store, &bob, text).await;
            let path = |told: &'_ String| told.split_once('/').unwrap().1.to_owned();
            let mut found: Vec<_> = found.iter().map(path).collect();
            found.sort();
            assert!(found.iter().eq(&expected), "{text}: {found:?}, {expected:?}");
        }
    }
}
