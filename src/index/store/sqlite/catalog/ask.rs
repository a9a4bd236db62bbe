//! Lists of words as the search is asked for them, put together.

use super::terms::{Scope, Window};

/// What to ask for.
#[derive(Debug)]
pub(super) struct Plan {
    /// In the words of the search, with [`HERE`] before whatever must be there together.
    pub(super) text: String,
    /// About how many steps through its lists it may take.
    pub(super) steps: u64,
}

impl Plan {
    /// The text that asks for all entries.
    pub(super) fn everywhere(&self) -> String {
        self.text.replace(HERE, "")
    }

    /// The text that asks for those in a window.
    ///
    /// Lists that must have an entry in common are gone through until they do, before any other list
    /// is looked at. So each such group is held to the window by itself.
    pub(super) fn within(&self, window: Window) -> String {
        self.text.replace(HERE, &format!("\"{window}\" AND "))
    }
}

/// Lists that are gone through together.
pub(super) struct Ask {
    pub(super) text: String,
    /// How many entries the rarest one has.
    pub(super) rarest: u64,
    /// How many lists there are.
    pub(super) lists: u64,
}

impl Ask {
    /// What finds nothing.
    pub(super) const NONE: Self = Self { text: String::new(), rarest: 0, lists: 0 };
    /// What finds all.
    pub(super) const ALL: Self = Self { text: String::new(), rarest: u64::MAX, lists: 0 };

    pub(super) fn word(scope: Scope, word: &str, entries: u64) -> Self {
        Self { text: format!("\"{scope}.{word}\""), rarest: entries, lists: 1 }
    }

    pub(super) fn or(&mut self, other: &Self) {
        self.join(" OR ", other);
        self.rarest = self.rarest.saturating_add(other.rarest);
    }

    pub(super) fn and(&mut self, other: &Self) {
        self.join(" AND ", other);
        self.rarest = self.rarest.min(other.rarest);
    }

    /// The same, which can be held to a window.
    pub(super) fn here(self) -> Self {
        Self { text: format!("{HERE}{}", self.text), ..self }
    }

    fn join(&mut self, by: &str, other: &Self) {
        if !self.text.is_empty() {
            self.text.push_str(by);
        }
        self.text.push_str(&format!("({})", other.text));
        self.lists = self.lists.saturating_add(other.lists);
    }

    /// The lists are gone through together, and each goes on where another one is.
    pub(super) fn steps(&self) -> u64 {
        self.rarest.saturating_mul(self.lists.max(1))
    }
}

/// What stands where a window may be asked for: no word, and no mark.
const HERE: &str = "\"=\" AND ";
