//! Backups, and how one is put in the place of the data.

use super::open::{OpenError, create_private};
use crate::index::store::{self, StoreError};
use std::path::{Path, PathBuf};

/// Writes a database to a new file.
pub(super) fn write(_from: &Path, to: &Path) -> store::Result<()> {
    create_private(to).map_err(|error| StoreError::Failed(error.to_string()))?;
    Err(StoreError::Failed("not written yet".into()))
}

/// Puts a backup in the place of the data, once it was checked wholly. Data that is there is moved
/// aside, and where to is told.
pub fn restore(_backup: &Path, data: &Path) -> Result<Option<PathBuf>, OpenError> {
    Err(OpenError::Missing(data.to_owned()))
}

/// Where a backup is copied to before it takes its place.
pub(super) fn restoring(data: &Path) -> PathBuf {
    beside(data, ".restoring")
}

fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    name.into()
}
