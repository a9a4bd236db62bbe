//! In which scopes somebody may search.
//!
//! Most people see few shares that are not for everyone. Who sees very many searches them in portions,
//! the newest first, so that no search has to look into all at once.

use super::super::error::Result;
use super::super::sql::{Columns, Sql, count};
use super::terms::Scope;
use crate::index::store::AccountId;
use rusqlite::{Row, params};
use std::cmp::Reverse;

// Also of entries that the search knows by the scope which their share had before.
pub(super) const OWN: &str = "SELECT id, owner FROM shares
    WHERE owner = $1 AND gone = 0 AND (everyone = 0 OR was_named = 1) AND id < $2 AND id >= $3
    ORDER BY id DESC LIMIT $4";
pub(super) const OPENED: &str = "SELECT id, owner FROM shares
    WHERE was_named = 1 AND everyone = 1 AND gone = 0 AND owner <> $1 AND id < $2 AND id >= $3
    ORDER BY id DESC LIMIT $4";
pub(super) const NAMED: &str = "SELECT s.id, s.owner FROM readers r JOIN shares s ON s.id = r.share
    WHERE r.account = $1 AND s.gone = 0 AND s.owner <> $1 AND r.share < $2 AND r.share >= $3
    ORDER BY r.share DESC LIMIT $4";

/// A portion of somebody's scopes.
pub(super) struct Scopes {
    /// Whether the scope of entries for everyone belongs to it.
    pub(super) everyone: bool,
    /// Shares for named people, with their owners, the newest first.
    pub(super) shares: Vec<(Scope, AccountId)>,
    /// The portion that comes next, if there is one.
    pub(super) next: Option<Portion>,
}

/// A portion: shares with smaller numbers than this one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Portion(pub(super) i64);

impl Portion {
    /// The first one, to which everyone's scope belongs, too.
    pub(super) const FIRST: Self = Self(i64::MAX);
}

impl Scopes {
    /// The scopes of a portion.
    pub(super) fn of(db: &impl Sql, asker: AccountId, portion: Portion) -> Result<Self> {
        Self::down_to(db, asker, portion, (0, MOST_TOGETHER))
    }

    /// Those of a portion that ends at this number, or sooner when they would be more than this.
    pub(super) fn down_to(
        db: &impl Sql,
        asker: AccountId,
        portion: Portion,
        (last, most): (i64, usize),
    ) -> Result<Self> {
        let mut shares = Vec::new();
        for sql in [OWN, OPENED, NAMED] {
            shares.extend(db.all(sql, params![asker.0, portion.0, last, count(most)], scope)?);
        }
        shares.sort_unstable_by_key(|(scope, _)| Reverse(*scope));
        // One that has just been opened may still have readers.
        shares.dedup_by_key(|(scope, _)| *scope);
        shares.truncate(most);
        let end = match shares.last() {
            Some((scope, _)) if shares.len() >= most => scope.number(),
            _ => last,
        };
        let next = (end > 0).then_some(Portion(end));
        Ok(Self { everyone: portion == Portion::FIRST, shares, next })
    }

    /// All of them.
    pub(super) fn all(&self) -> impl Iterator<Item = Scope> {
        let everyone = self.everyone.then_some(Scope::Everyone);
        everyone.into_iter().chain(self.shares.iter().map(|(scope, _)| *scope))
    }
}

fn scope(row: &Row<'_>) -> rusqlite::Result<(Scope, AccountId)> {
    Ok((Scope::Share(row.get(0)?), row.account(1)?))
}

/// At most so many shares are searched together.
pub(super) const MOST_TOGETHER: usize = 128;
