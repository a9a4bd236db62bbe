//! Where a move waits because others are served first, by what is told of its tasks.

use crate::model::{Event, TaskId, Work};
use std::collections::BTreeMap;

/// A place among those whom somebody serves one after the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waits {
    /// Who serves them.
    pub at: String,
    /// The how manieth one is.
    pub place: u32,
    /// How many wait.
    pub of: u32,
}

/// Tasks that wait for somebody, and where they stand.
#[derive(Debug, Default)]
pub(super) struct Waiting(BTreeMap<TaskId, (String, Option<(u32, u32)>)>);

impl Waiting {
    pub(super) fn take(&mut self, event: &Event) {
        match event {
            Event::Began { task, work: Work::Waiting, with: Some(with), .. } => {
                drop(self.0.insert(*task, (with.to_string(), None)));
            }
            Event::Placed { task, place, of } => {
                let waits = self.0.get_mut(task);
                waits.into_iter().for_each(|waits| waits.1 = Some((*place, *of)));
            }
            Event::Ended { task, .. } => drop(self.0.remove(task)),
            _ => {}
        }
    }

    /// The best place, where there are several.
    pub(super) fn first(&self) -> Option<Waits> {
        let places = self.0.values().filter_map(|(at, place)| Some((place.as_ref()?, at)));
        let (&(place, of), at) = places.min()?;
        Some(Waits { at: at.clone(), place, of })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Events, Transfer};

    #[test]
    fn the_best_place_is_known_as_long_as_somebody_is_waited_for() {
        let (events, told) = Events::channel();
        let at = |with| {
            let transfer = Transfer { name: "film", total: 0, files: 1, with: Some(with) };
            events.begin_transfer(Work::Waiting, &transfer)
        };
        let (bob, carol) = (at("bob"), at("carol"));
        let mut waiting = Waiting::default();
        let mut now = || {
            told.try_iter().for_each(|event| waiting.take(&event));
            waiting.first().map(|waits| (waits.at, waits.place, waits.of))
        };
        assert_eq!(now(), None);
        bob.place(3, 4);
        carol.place(2, 9);
        assert_eq!(now(), Some(("carol".to_owned(), 2, 9)));
        carol.complete();
        assert_eq!(now(), Some(("bob".to_owned(), 3, 4)));
        bob.complete();
        assert_eq!(now(), None);
    }
}
