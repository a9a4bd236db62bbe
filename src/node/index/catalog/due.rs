//! What is to be done next of all that a program wants published.
//!
//! First comes what says who sees something. No two shares have the same name: who takes the name that
//! another one gives up waits for that; when all wait for each other, one of them is called by its id
//! for a moment. If the conversation ends then, the next one finds another name than is wished, and
//! changes it.

use super::upholding::Keeper;
use super::wishes::{Wish, Wishes};
use crate::model::{Name, ShareId};
use std::collections::BTreeMap;

/// What is to be done for a share.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Due {
    End,
    Change,
    /// A change that waits for the name of another share.
    Swap,
    Entries,
}

impl Keeper<'_> {
    /// What is to be done next.
    pub(super) fn next(&self) -> Option<(Due, ShareId, Wish)> {
        let wishes = self.shared.publishing.now();
        let open = wishes.of.iter().filter(|(id, wish)| self.is_open(id, wish));
        let due = open.map(|(id, wish)| (self.due(id, wish, &wishes), *id));
        let (due, id) = due.min()?;
        wishes.of.get(&id).map(|wish| (due, id, wish.clone()))
    }

    pub(super) fn is_open(&self, id: &ShareId, wish: &Wish) -> bool {
        self.settled.get(id).is_none_or(|settled| settled.number != wish.number)
    }

    fn due(&self, id: &ShareId, wish: &Wish, wishes: &Wishes) -> Due {
        let about = self.own(*id).map(|own| own.about);
        match &wish.aim {
            None => Due::End,
            Some(aim) if about == Some(aim.about) => Due::Entries,
            Some(aim) if self.gives_up(&aim.share.name, wishes) => Due::Swap,
            Some(_) => Due::Change,
        }
    }

    /// Whether the share that has this name is to have another one.
    fn gives_up(&self, name: &Name, wishes: &Wishes) -> bool {
        let mut own = self.shares.iter().flat_map(BTreeMap::values);
        let share = own.find(|own| own.name == *name);
        let wish = share.and_then(|share| wishes.of.get(&share.id).map(|wish| (&share.id, wish)));
        wish.is_some_and(|(id, wish)| wish.name() != Some(name) && self.may_change(id, wish))
    }

    /// Whether another share is to have this name.
    pub(super) fn is_wanted(&self, name: &Name) -> bool {
        let wishes = self.shared.publishing.now();
        let mut others = wishes.of.iter();
        others.any(|(id, wish)| wish.name() == Some(name) && self.may_change(id, wish))
    }

    fn may_change(&self, id: &ShareId, wish: &Wish) -> bool {
        self.is_open(id, wish) || self.settled.get(id).is_some_and(|settled| settled.is_nameless)
    }

    /// Nobody has this name any more: who was refused it may have it.
    pub(super) fn freed(&mut self, name: &Name) {
        let wishes = self.shared.publishing.now();
        let wants_it =
            |id: &ShareId| wishes.of.get(id).is_some_and(|wish| wish.name() == Some(name));
        self.settled.retain(|id, settled| !(settled.is_nameless && wants_it(id)));
    }
}
