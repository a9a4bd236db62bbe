//! What becomes of wishes when the index refuses something, or does not answer.

use super::super::Error;
use super::super::live::Live;
use super::upholding::{Keeper, Step};
use super::wishes::Wish;
use crate::crypto::random;
use crate::link::{AskError, Backoff};
use crate::model::ShareId;
use crate::wire::{Ask, Code};
use std::time::Duration;

/// Why something was of no use.
pub(super) enum Hitch {
    /// What the index did is not known.
    Lost,
    /// It passes.
    Passing(Error),
    /// The index has something else than we think.
    Base(Error),
    Permanent(Error),
}

impl Keeper<'_> {
    pub(super) fn hitched(&mut self, id: ShareId, wish: &Wish, hitch: Hitch) -> Step {
        match hitch {
            Hitch::Permanent(error) => {
                self.settle(id, wish, Err(error));
                return Step::Next;
            }
            Hitch::Lost => self.shares = None,
            Hitch::Passing(error) => self.shared.publishing.hinder(id, error),
            Hitch::Base(error) => return self.begin_anew(id, wish, error),
        }
        self.pause()
    }

    /// The index is asked what it has, and gets all of the share. If it never lets a sync come to its
    /// end, that has one.
    fn begin_anew(&mut self, id: ShareId, wish: &Wish, error: Error) -> Step {
        self.shares = None;
        self.shared.known.forget_published(id);
        self.shared.publishing.keep_sync(id, None);
        let times = self.anew.entry(id).or_default();
        *times = times.saturating_add(1);
        match pause_after(*times, TIMES_ANEW) {
            Some(pause) => {
                self.shared.publishing.hinder(id, error);
                Step::Pause(pause)
            }
            None => {
                self.anew.remove(&id);
                self.settle(id, wish, Err(error));
                Step::Next
            }
        }
    }

    /// The index does not say what it has: nothing comes of any wish.
    pub(super) fn no_survey(&mut self, hitch: Hitch) -> Step {
        let wishes = self.shared.publishing.now();
        let open = wishes.of.iter().filter(|(id, wish)| self.is_open(id, wish));
        let open: Vec<_> = open.map(|(id, wish)| (*id, wish.number)).collect();
        drop(wishes);
        match hitch {
            Hitch::Lost => {}
            Hitch::Passing(error) => {
                for (id, _) in open {
                    self.shared.publishing.hinder(id, error.clone());
                }
            }
            Hitch::Permanent(error) | Hitch::Base(error) => {
                for (id, number) in open {
                    self.tell(id, number, Err(error.clone()));
                }
                return Step::Pause(LONG);
            }
        }
        self.pause()
    }

    /// Longer each time.
    fn pause(&mut self) -> Step {
        self.failed = self.failed.saturating_add(1);
        Step::Pause(pause_after(self.failed, u32::MAX).unwrap_or(LONGEST))
    }
}

pub(super) async fn ask<A: Ask>(live: &Live, ask: A) -> Result<A::Answer, Hitch> {
    live.ask(ask).await.map_err(|error| match error {
        AskError::Refused { code: Code::NoSession, .. } => Hitch::Lost,
        AskError::Refused { code, text } => {
            let refused = Error::Refused { code, text };
            match code {
                Code::Base => Hitch::Base(refused),
                code if code.is_permanent() => Hitch::Permanent(refused),
                _ => Hitch::Passing(refused),
            }
        }
        // The session comes back, in another conversation.
        AskError::Ended(_) | AskError::Late => Hitch::Lost,
    })
}

/// The pause after it was of no use so often; none when it was too often.
fn pause_after(failed: u32, tries: u32) -> Option<Duration> {
    let backoff = Backoff { tries, first: FIRST, longest: LONGEST };
    backoff.pause(failed, u32::from_be_bytes(random()))
}

/// The pauses after what was of no use.
const FIRST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(60);

/// So often a share is begun anew before that is of no use in this conversation.
const TIMES_ANEW: u32 = 6;

/// The pause before an index is asked again that does not say what it has.
const LONG: Duration = Duration::from_secs(600);
