//! In which scopes somebody may search.
//!
//! Most people see few shares that are not for everyone. Who sees very many searches them in portions,
//! the newest first, so that no search has to look into all at once. A content that stands in several
//! portions comes in each, with the sources of that portion.

use super::super::error::Result;
use super::super::sql::{Columns, Sql, count};
use super::terms::Scope;
use crate::index::store::AccountId;
use rusqlite::{Row, params};

// Also of entries that the search knows by the scope which their share had before.
pub(super) const OWN: &str = "SELECT id, owner FROM shares
    WHERE owner = $1 AND gone = 0 AND (everyone = 0 OR was_named = 1)";
pub(super) const OPENED: &str = "SELECT id, owner FROM shares
    WHERE was_named = 1 AND everyone = 1 AND gone = 0 AND owner <> $1 LIMIT $2";
pub(super) const NAMED: &str = "SELECT s.id, s.owner FROM readers r JOIN shares s ON s.id = r.share
    WHERE r.account = $1 AND r.share < $2 AND s.gone = 0 AND s.owner <> $1
    ORDER BY r.share DESC LIMIT $3";

/// A portion of somebody's scopes.
pub(super) struct Scopes {
    /// Whether the scope of entries for everyone belongs to it.
    pub(super) everyone: bool,
    /// Shares for named people, with their owners.
    pub(super) shares: Vec<(Scope, AccountId)>,
    /// The portion that comes next, if there is one.
    pub(super) next: Option<Portion>,
}

/// A portion: shares with smaller numbers than this one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Portion(pub(super) i64);

impl Portion {
    /// The first one, which holds everyone's scope and all of one's own, too.
    pub(super) const FIRST: Self = Self(i64::MAX);
}

impl Scopes {
    /// The scopes of a portion.
    pub(super) fn of(db: &impl Sql, asker: AccountId, portion: Portion) -> Result<Self> {
        let everyone = portion == Portion::FIRST;
        let most = count(TOGETHER);
        let named = params![asker.0, portion.0, most];
        let mut shares = db.all(NAMED, named, scope)?;
        let next = match shares.last() {
            Some((scope, _)) if shares.len() >= TOGETHER => Some(Portion(scope.number())),
            _ => None,
        };
        if everyone {
            shares.extend(db.all(OWN, params![asker.0], scope)?);
            shares.extend(db.all(OPENED, params![asker.0, most], scope)?);
        }
        Ok(Self { everyone, shares, next })
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

const TOGETHER: usize = 128;
