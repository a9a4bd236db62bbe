//! Going through a catalog, stretch by stretch.
//!
//! ```text
//! for each portion of the shares that the asker may see, everyone's with the first
//!   for each portion of the words that begin as the opened word does
//!     down from the newest entry
//! ```
//!
//! A stretch says where its portions end, and what looks at it again keeps to that: what comes into
//! them meanwhile takes no place. Where that is too much for one portion, it ends sooner, and the next
//! one begins there, again with the newest entry. So nothing is passed by; what is met again was given
//! already, and whoever asks knows that.

use super::super::error::Result;
use super::ask::Plan;
use super::plan::{Wanted, opened, plan, together};
use super::rows::Rows;
use super::scan::{Clock, scan};
use super::scopes::{Portion, Scopes};
use super::seen::{self, Candidate};
use crate::index::store::{AccountId, Spot};
use crate::model::AskedWord;
use rusqlite::Connection;
use std::cell::RefCell;
use std::ops::ControlFlow;

/// What lies at a place.
pub(super) struct Stretch<'q> {
    db: &'q Connection,
    asker: AccountId,
    pub(super) scopes: Scopes,
    plan: Option<Plan>,
    in_rows: Vec<&'q AskedWord>,
    /// Where it is, with the ends of its portions.
    pub(super) spot: Spot,
    rows: RefCell<Rows>,
}

/// Where to begin with a search for these words among what came before an entry of this number.
pub(super) fn begin(
    db: &Connection,
    asker: AccountId,
    words: &[AskedWord],
    top: i64,
) -> Result<Spot> {
    let scopes = Scopes::down_to(db, asker, Portion::FIRST, (0, together(words)))?;
    Ok(anew(top, opened(db, &scopes, words)?))
}

/// The first place, with a word to open.
pub(super) fn anew(top: i64, opened: usize) -> Spot {
    let Portion(shares) = Portion::FIRST;
    Spot { top, shares, down_to: 0, opened, after: None, up_to: None, below: top }
}

impl<'q> Stretch<'q> {
    pub(super) fn new(
        db: &'q Connection,
        asker: AccountId,
        wanted: &Wanted<'q>,
        mut spot: Spot,
    ) -> Result<Self> {
        let most = together(wanted.words);
        let scopes = Scopes::down_to(db, asker, Portion(spot.shares), (spot.down_to, most))?;
        let planned = plan(db, &scopes, wanted, &spot)?;
        spot.down_to = scopes.next.map_or(0, |Portion(next)| next);
        spot.up_to = planned.up_to;
        let (plan, in_rows) = (planned.plan, planned.in_rows);
        Ok(Self { db, asker, scopes, plan, in_rows, spot, rows: RefCell::default() })
    }

    /// Takes the entries that the asker may see, the newest first, until told to stop or time has run
    /// out. Gives the id from which on all were taken; 0 when there are no more.
    pub(super) fn go(
        &self,
        clock: &Clock,
        mut take: impl FnMut(Candidate) -> ControlFlow<()>,
    ) -> Result<i64> {
        let Some(plan) = &self.plan else { return Ok(0) };
        scan(self.db, plan, (0, self.spot.below), Some(clock), |id| {
            let flow = match self.candidate(id)? {
                Some(candidate) => take(candidate),
                None => ControlFlow::Continue(()),
            };
            Ok(if clock.has_run_out() { ControlFlow::Break(()) } else { flow })
        })
    }

    fn candidate(&self, id: i64) -> Result<Option<Candidate>> {
        let Some(candidate) = seen::candidate(self.db, id, self.asker)? else { return Ok(None) };
        let mut rows = self.rows.borrow_mut();
        let is_it = rows.have(self.db, self.asker, &candidate, &self.in_rows)?;
        Ok(is_it.then_some(candidate))
    }

    /// Where to go on when all from this id on were taken.
    pub(super) fn behind(&self, id: i64) -> Option<Spot> {
        let spot = self.spot.clone();
        if id > 0 {
            return Some(Spot { below: id, ..spot });
        }
        let anew = Spot { below: spot.top, up_to: None, ..spot };
        if self.spot.up_to.is_some() {
            return Some(Spot { after: self.spot.up_to.clone(), ..anew });
        }
        let Portion(shares) = self.scopes.next?;
        Some(Spot { shares, down_to: 0, after: None, ..anew })
    }
}
