//! Asking SQL, and reading rows back into nouns.
//!
//! Texts say `$1`, `$2` and so on, as other engines do. SQLite takes these for names, which it counts
//! as they appear; so in every text they first appear in their order.

use super::error::Result;
use crate::crypto::{Fingerprint, PasswordHash, UnixTime};
use crate::index::store::{AccountId, SessionNumber};
use crate::model::{TokenHash, UserName};
use rusqlite::types::{FromSqlError, Type};
use rusqlite::{CachedStatement, Connection, OptionalExtension, Params, Row};
use std::ops::ControlFlow;

/// A connection, as the jobs use it: statements are prepared once, values are bound.
pub(super) trait Sql {
    /// Changes something; tells how many rows.
    fn run(&self, sql: &'static str, values: impl Params) -> Result<usize>;

    /// The first row, if there is one.
    fn one<T>(
        &self,
        sql: &'static str,
        values: impl Params,
        read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Option<T>>;

    /// All rows.
    fn all<T>(
        &self,
        sql: &'static str,
        values: impl Params,
        read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>>;

    /// One row after the other, until it is enough.
    fn each(
        &self,
        sql: &'static str,
        values: impl Params,
        take: impl FnMut(&Row<'_>) -> Result<ControlFlow<()>>,
    ) -> Result<()>;
}

impl Sql for Connection {
    fn run(&self, sql: &'static str, values: impl Params) -> Result<usize> {
        Ok(prepare(self, sql)?.execute(values)?)
    }

    fn one<T>(
        &self,
        sql: &'static str,
        values: impl Params,
        read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Option<T>> {
        Ok(prepare(self, sql)?.query_row(values, read).optional()?)
    }

    fn all<T>(
        &self,
        sql: &'static str,
        values: impl Params,
        read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>> {
        let mut statement = prepare(self, sql)?;
        let rows = statement.query_map(values, read)?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    fn each(
        &self,
        sql: &'static str,
        values: impl Params,
        mut take: impl FnMut(&Row<'_>) -> Result<ControlFlow<()>>,
    ) -> Result<()> {
        let mut statement = prepare(self, sql)?;
        let mut rows = statement.query(values)?;
        while let Some(row) = rows.next()? {
            if take(row)?.is_break() {
                break;
            }
        }
        Ok(())
    }
}

/// A statement that is prepared once and then kept.
pub(super) fn prepare<'c>(db: &'c Connection, sql: &'static str) -> Result<CachedStatement<'c>> {
    let statement = db.prepare_cached(sql)?;
    let named = |at: &usize| statement.parameter_name(*at) == Some(&format!("${at}"));
    debug_assert!((1..=statement.parameter_count()).all(|at| named(&at)), "{sql}");
    Ok(statement)
}

/// A time as it is stored. Nobody lives to see the difference.
pub(super) fn seconds(time: UnixTime) -> i64 {
    i64::try_from(time.0).unwrap_or(i64::MAX)
}

/// A count as it is stored.
pub(super) fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Columns as nouns. What does not fit its type is an error, and [`check`](super::check) finds it.
pub(super) trait Columns {
    fn account(&self, at: usize) -> rusqlite::Result<AccountId>;
    fn user(&self, at: usize) -> rusqlite::Result<UserName>;
    fn maybe_user(&self, at: usize) -> rusqlite::Result<Option<UserName>>;
    fn identity(&self, at: usize) -> rusqlite::Result<Fingerprint>;
    fn password(&self, at: usize) -> rusqlite::Result<PasswordHash>;
    fn token(&self, at: usize) -> rusqlite::Result<TokenHash>;
    fn session(&self, at: usize) -> rusqlite::Result<SessionNumber>;
    fn time(&self, at: usize) -> rusqlite::Result<UnixTime>;
    fn maybe_time(&self, at: usize) -> rusqlite::Result<Option<UnixTime>>;
    fn count(&self, at: usize) -> rusqlite::Result<u64>;
}

impl Columns for Row<'_> {
    fn account(&self, at: usize) -> rusqlite::Result<AccountId> {
        self.get(at).map(AccountId)
    }

    fn user(&self, at: usize) -> rusqlite::Result<UserName> {
        self.maybe_user(at)?.ok_or_else(|| unfit(at, Type::Null))
    }

    fn maybe_user(&self, at: usize) -> rusqlite::Result<Option<UserName>> {
        let text = self.get_ref(at)?.as_str_or_null()?;
        text.map(|text| text.parse().map_err(|_| unfit(at, Type::Text))).transpose()
    }

    fn identity(&self, at: usize) -> rusqlite::Result<Fingerprint> {
        self.get(at).map(Fingerprint::from_bytes)
    }

    fn password(&self, at: usize) -> rusqlite::Result<PasswordHash> {
        let text = self.get_ref(at)?.as_str()?;
        PasswordHash::from_stored(text).ok_or_else(|| unfit(at, Type::Text))
    }

    fn token(&self, at: usize) -> rusqlite::Result<TokenHash> {
        self.get(at).map(TokenHash::from_bytes)
    }

    fn session(&self, at: usize) -> rusqlite::Result<SessionNumber> {
        self.get(at).map(SessionNumber)
    }

    fn time(&self, at: usize) -> rusqlite::Result<UnixTime> {
        self.count(at).map(UnixTime)
    }

    fn maybe_time(&self, at: usize) -> rusqlite::Result<Option<UnixTime>> {
        let time: Option<i64> = self.get(at)?;
        Ok(time.map(|time| UnixTime(u64::try_from(time).unwrap_or_default())))
    }

    fn count(&self, at: usize) -> rusqlite::Result<u64> {
        self.get(at).map(|number: i64| u64::try_from(number).unwrap_or_default())
    }
}

/// What was read; nothing where a value is not what it must be. Texts come and go with the tables of
/// Unicode: what an older version took may be refused by the rules of this one, and is shown to nobody.
pub(super) fn readable<T>(read: rusqlite::Result<T>) -> rusqlite::Result<Option<T>> {
    match read {
        Ok(value) => Ok(Some(value)),
        Err(rusqlite::Error::FromSqlConversionFailure(..)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// For a column whose value is not what it must be.
pub(super) fn unfit(at: usize, found: Type) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(at, found, Box::new(FromSqlError::InvalidType))
}
