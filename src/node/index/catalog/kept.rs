//! The last searches, for as long as the index is away.

use super::query::Query;
use super::search::Findings;
use crate::model::UnixTime;
use std::collections::VecDeque;

/// The last searches and what they found.
#[derive(Default)]
pub(in super::super) struct Searches {
    /// The last one first.
    kept: VecDeque<Kept>,
}

struct Kept {
    query: Query,
    findings: Findings,
    since: UnixTime,
    weight: usize,
}

impl Searches {
    /// Keeps what was found; the oldest give way when there are too many or they take too much.
    pub(super) fn keep(&mut self, query: &Query, findings: &Findings, since: UnixTime) {
        self.kept.retain(|kept| kept.query != *query);
        let weight = findings.weight();
        let (query, findings) = (query.clone(), findings.clone());
        self.kept.push_front(Kept { query, findings, since, weight });
        let mut weights = 0_usize;
        let fits = self.kept.iter().take(KEPT).take_while(|kept| {
            weights = weights.saturating_add(kept.weight);
            weights <= KEPT_BYTES
        });
        let fits = fits.count();
        self.kept.truncate(fits);
    }

    pub(super) fn get(&self, query: &Query) -> Option<(Findings, UnixTime)> {
        let kept = self.kept.iter().find(|kept| kept.query == *query)?;
        Some((kept.findings.clone(), kept.since))
    }
}

const KEPT: usize = 64;
const KEPT_BYTES: usize = 8 << 20;
