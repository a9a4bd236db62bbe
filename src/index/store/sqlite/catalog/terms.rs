//! What the search is told of an entry, and asked for: words behind a scope, and marks.
//!
//! | term | stands in |
//! |---|---|
//! | `e.koala`, `17.koala` | the entries with this word that are for everyone; those of share 17 |
//! | `e=k1`, `17=k1` | entries of a kind |
//! | `e=o12` | entries of the owner with this account; the owner of share 17 is known |
//! | `e=c0123…`, `17=c0123…` | entries whose content's id begins so |
//! | `=w5` | all entries whose ids lie in the sixth window |
//!
//! No word holds a `.` or `=`, so nothing typed becomes a mark or leaves its scope.

use crate::index::store::AccountId;
use crate::index::store::prepared::OwnWords;
use crate::model::limits::ENTRY_WORDS;
use crate::model::{ContentId, FileKind, Word};
use std::fmt::{self, Display, Write};
use std::sync::Arc;

/// In which lists the words of an entry stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Scope {
    /// Those of all entries that are for everyone.
    Everyone,
    /// Those of a share that is for named people.
    Share(i64),
}

impl Scope {
    /// The scope of a share's entries.
    pub(super) fn of(share: i64, everyone: bool) -> Self {
        if everyone { Self::Everyone } else { Self::Share(share) }
    }

    /// The scope with this number.
    pub(super) fn numbered(number: i64) -> Self {
        if number == 0 { Self::Everyone } else { Self::Share(number) }
    }

    /// Its number in the table of words.
    pub(super) fn number(self) -> i64 {
        match self {
            Self::Everyone => 0,
            Self::Share(share) => share,
        }
    }
}

impl Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Everyone => f.write_str("e"),
            Self::Share(share) => write!(f, "{share}"),
        }
    }
}

/// What the search is told of the entries of one share, one after the other.
///
/// A word that stands in the name and in the folder is told twice, and counts once.
pub(super) struct Sheet<'w> {
    scope: String,
    owner: Option<String>,
    share: &'w [Word],
    tail: Tail<'w>,
    marks: Vec<Marks>,
    /// All terms of the entry that was written last.
    pub(super) text: String,
}

/// What all entries of one kind have in common, in one window.
struct Marks {
    kind: FileKind,
    window: Window,
    text: String,
}

/// What all entries of one folder have in common.
#[derive(Default)]
struct Tail<'w> {
    folder: Option<&'w Arc<[Word]>>,
    words: Vec<&'w Word>,
    text: String,
}

impl<'w> Sheet<'w> {
    /// For the entries of a share: its scope, its owner, and the words that all of them have from it.
    pub(super) fn new(scope: Scope, owner: AccountId, share: &'w [Word]) -> Self {
        let owner = (scope == Scope::Everyone).then(|| format!("{scope}={}", Mark::Owner(owner)));
        let (tail, marks, text) = (Tail::default(), Vec::new(), String::new());
        Self { scope: scope.to_string(), owner, share, tail, marks, text }
    }

    /// Writes what is told of an entry in place of what stood here. Gives its words besides those of
    /// its name: as many as there is room for.
    pub(super) fn write(
        &mut self,
        id: i64,
        own: &'w OwnWords,
        content: Option<&ContentId>,
    ) -> &[&'w Word] {
        let Self { scope, owner, share, tail, marks, text } = self;
        if !tail.folder.is_some_and(|folder| Arc::ptr_eq(folder, &own.folders)) {
            *tail = Tail::of(scope, share, &own.folders);
        }
        text.clear();
        own.name.iter().for_each(|word| put(text, scope, word));
        let room = ENTRY_WORDS.saturating_sub(own.name.len());
        let fitting = tail.words.get(..room).unwrap_or(&tail.words);
        match fitting.len() == tail.words.len() {
            true => text.push_str(&tail.text),
            false => fitting.iter().for_each(|word| put(text, scope, word)),
        }
        let (kind, window) = (own.kind, Window::of(id));
        match marks.iter().find(|marks| marks.kind == kind && marks.window == window) {
            Some(marks) => text.push_str(&marks.text),
            None => {
                let mut said = format!("{scope}={} {window}", Mark::Kind(kind));
                if let Some(owner) = owner {
                    said.extend([" ", owner.as_str()]);
                }
                text.push_str(&said);
                marks.retain(|marks| marks.window == window);
                marks.push(Marks { kind, window, text: said });
            }
        }
        if let Some(content) = content {
            text.extend([" ", scope.as_str(), "="]);
            // Writing to a text does not fail.
            let _ = write!(text, "{}", Mark::Content(*content));
        }
        fitting
    }
}

impl<'w> Tail<'w> {
    fn of(scope: &str, share: &'w [Word], folder: &'w Arc<[Word]>) -> Self {
        let mut tail = Self { folder: Some(folder), ..Self::default() };
        for word in share.iter().chain(folder.iter()) {
            if !tail.words.contains(&word) {
                tail.words.push(word);
                put(&mut tail.text, scope, word);
            }
        }
        tail
    }
}

fn put(text: &mut String, scope: &str, word: &Word) {
    for piece in [scope, ".", word.as_str(), " "] {
        text.push_str(piece);
    }
}

/// What is told of an entry besides its words, behind its scope.
#[derive(Debug, Clone, Copy)]
pub(super) enum Mark {
    Owner(AccountId),
    Kind(FileKind),
    Content(ContentId),
}

impl Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Owner(AccountId(account)) => write!(f, "o{account}"),
            Self::Kind(kind) => write!(f, "k{}", kind.number()),
            Self::Content(id) => {
                // The rest of the id is compared in the rows.
                let beginning = id.as_bytes().first_chunk().copied().unwrap_or_default();
                write!(f, "c{:016x}", u64::from_be_bytes(beginning))
            }
        }
    }
}

/// A range of ids that is searched in one go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Window(pub(super) i64);

impl Window {
    /// The one in which an id lies.
    pub(super) fn of(id: i64) -> Self {
        Self(id >> WINDOW_BITS)
    }

    /// Its first id.
    pub(super) fn first(self) -> i64 {
        self.0 << WINDOW_BITS
    }
}

impl Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "=w{}", self.0)
    }
}

/// Going through ten lists that have nothing in common takes some ten milliseconds in a window.
const WINDOW_BITS: u32 = 16;
