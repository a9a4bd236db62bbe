//! What a search gave already, so that none of it comes again on a later page.

use crate::model::Content;
use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

/// Results that were given, as a mark of eight bytes each.
///
/// The marks depend on numbers that nobody knows: whoever says that an entry has some content, and
/// chooses its id, cannot make it look like another one that is then left out.
#[derive(Debug, Clone, Default)]
pub(super) struct Given {
    secret: RandomState,
    marks: Arc<[u64]>,
    /// So many of the marks; the others belong to results behind these.
    count: usize,
}

impl Given {
    /// The mark of a result: of its content, or of the entry when that is not known.
    pub(super) fn mark(&self, content: Option<Content>, entry: i64) -> u64 {
        match content {
            Some(content) => self.secret.hash_one((content.id().as_bytes(), content.size())),
            None => self.secret.hash_one(entry),
        }
    }

    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// How many marks are kept in memory for it.
    pub(super) fn kept(&self) -> usize {
        self.marks.len()
    }

    pub(super) fn marks(&self) -> HashSet<u64> {
        self.marks.iter().take(self.count).copied().collect()
    }

    /// With more behind them.
    pub(super) fn and(&self, more: &[u64]) -> Self {
        let marks: Arc<[u64]> = self.marks.iter().take(self.count).chain(more).copied().collect();
        Self { secret: self.secret.clone(), count: marks.len(), marks }
    }

    /// The first so many of them.
    pub(super) fn first(&self, count: usize) -> Self {
        Self { count: count.min(self.count), ..self.clone() }
    }
}
