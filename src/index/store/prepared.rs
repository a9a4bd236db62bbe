//! A part of a sync, made ready for whoever writes it: what takes time and needs no database.

use super::catalog::Part;
use crate::model::limits::ENTRY_WORDS;
use crate::model::{Entry, FileKind, Word, words_of};
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, LazyLock};

/// A part, with the words of its entries.
///
/// Making it of a [`Part`] takes the names apart. Nobody should wait for that on a thread that others
/// need.
#[derive(Debug)]
pub struct Prepared {
    pub(super) part: Part,
    /// Of each entry that comes.
    pub(super) words: Vec<OwnWords>,
    /// Of all of them.
    pub(super) counted: Vec<Counted>,
}

/// The words of an entry that stand in its path, and its kind.
#[derive(Debug)]
pub(super) struct OwnWords {
    /// Of its name.
    pub(super) name: Vec<Word>,
    /// The same with gaps between them.
    pub(super) name_text: String,
    /// Of its folders.
    pub(super) folders: Arc<[Word]>,
    pub(super) kind: FileKind,
}

/// A word with how many entries have it.
#[derive(Debug)]
pub(super) struct Counted {
    pub(super) word: Word,
    pub(super) key: WordKey,
    pub(super) entries: u64,
}

impl Counted {
    pub(super) fn new(word: Word, entries: u64) -> Self {
        let key = WordKey(KEYS.hash_one(&word));
        Self { word, key, entries }
    }
}

/// A number that stands for a word while this program runs. Two words get the same one by a chance of one in many
/// billions, and nobody can bring it about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct WordKey(pub(super) u64);

static KEYS: LazyLock<RandomState> = LazyLock::new(RandomState::new);

impl Prepared {
    /// The part.
    pub fn part(&self) -> &Part {
        &self.part
    }
}

impl From<Part> for Prepared {
    fn from(part: Part) -> Self {
        let mut reader = Reader::default();
        let words: Vec<_> = part.add.iter().map(|entry| reader.read(entry)).collect();
        let counted = count_words(&words);
        Self { part, words, counted }
    }
}

/// The words of entries, in order, each with how many entries have it; one in whose name and folder a word stands
/// counts twice.
pub(super) fn count_words<'w>(entries: impl IntoIterator<Item = &'w OwnWords>) -> Vec<Counted> {
    let mut counts: HashMap<&Word, u64> = HashMap::new();
    let mut count = |words: &'w [Word], entries: u64| {
        for word in words {
            let count = counts.entry(word).or_default();
            *count = count.saturating_add(entries);
        }
    };
    let (mut folders, mut in_them): (&[Word], u64) = (&[], 0);
    for entry in entries {
        count(&entry.name, 1);
        // Mostly the same as those of the last one.
        if entry.folders.as_ref() != folders {
            count(folders, std::mem::take(&mut in_them));
            folders = &entry.folders;
        }
        in_them = in_them.saturating_add(1);
    }
    count(folders, in_them);
    let mut counts: Vec<_> =
        counts.into_iter().map(|(word, count)| Counted::new(word.clone(), count)).collect();
    counts.sort_unstable_by(|one, other| one.word.cmp(&other.word));
    counts
}

/// Entries mostly come folder by folder, so a folder is taken apart once.
#[derive(Default)]
pub(super) struct Reader {
    folder: String,
    words: Arc<[Word]>,
}

impl Reader {
    pub(super) fn read(&mut self, entry: &Entry) -> OwnWords {
        let path = entry.path().as_str();
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        if folder != self.folder {
            folder.clone_into(&mut self.folder);
            // The innermost folder says most.
            let text: Vec<_> = folder.rsplit('/').collect();
            self.words = words_of(&text.join("/"), ENTRY_WORDS).into();
        }
        let folders = Arc::clone(&self.words);
        let (kind, name) = (FileKind::of(name), words_of(name, ENTRY_WORDS));
        let name_text = name.iter().map(Word::as_str).collect::<Vec<_>>().join(" ");
        OwnWords { name, name_text, folders, kind }
    }
}
