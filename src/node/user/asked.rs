//! What one person is asked for, while it comes portion by portion: of very many files, what came takes
//! no room any more.

use super::items::Item;
use crate::peer;

/// Each has the number of its place among all that were asked for. The last stands first: where what came
/// has stood, there is no room any more.
pub(super) struct Asked {
    items: Vec<Option<Item>>,
    count: usize,
}

impl Asked {
    pub(super) fn new(mut asked: Vec<Item>) -> Self {
        // Turned round where they are.
        asked.reverse();
        let items: Vec<_> = asked.into_iter().map(Some).collect();
        Self { count: items.len(), items }
    }

    pub(super) fn count(&self) -> usize {
        self.count
    }

    pub(super) fn wanted(&self, number: usize) -> Option<peer::Wanted> {
        self.items.get(self.at(number)?)?.as_ref()?.wanted()
    }

    pub(super) fn take(&mut self, number: usize) -> Option<Item> {
        let at = self.at(number)?;
        self.items.get_mut(at)?.take()
    }

    fn at(&self, number: usize) -> Option<usize> {
        self.count.checked_sub(number)?.checked_sub(1)
    }

    pub(super) fn make_small(&mut self) {
        while self.items.pop_if(|item| item.is_none()).is_some() {}
        self.items.shrink_to_fit();
    }

    pub(super) fn rest(self) -> impl Iterator<Item = Item> {
        self.items.into_iter().rev().flatten()
    }
}
