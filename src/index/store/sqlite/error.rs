//! What goes wrong inside a job, before it is told in the words of the store.

use crate::index::store::{Refusal, StoreError};
use rusqlite::ErrorCode;

/// Why a job ended early.
#[derive(Debug)]
pub(super) enum Error {
    /// By the rules.
    Refused(Refusal),
    /// By the database.
    Sql(rusqlite::Error),
    /// Something else has to be done first.
    Busy,
    /// What room is left is kept for what makes some.
    Full,
    /// The database holds what it cannot hold, in words.
    Unsound(String),
}

pub(super) type Result<T> = std::result::Result<T, Error>;

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sql(error)
    }
}

/// In the store's words. The database's own hold no values, so nothing secret.
pub(super) fn told(error: Error) -> StoreError {
    match error {
        Error::Refused(refusal) => StoreError::Refused(refusal),
        Error::Busy => StoreError::Busy,
        Error::Full => StoreError::Full,
        Error::Unsound(words) => StoreError::Failed(words),
        Error::Sql(error) => match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => StoreError::Full,
            Some(ErrorCode::DatabaseBusy) => StoreError::Busy,
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                StoreError::Damaged(error.to_string())
            }
            _ => StoreError::Failed(error.to_string()),
        },
    }
}
