//! One person's keys give way to their next ones.
//!
//! ```text
//! keys ──▶ the former ones' place      the next ones are here already, whole
//! next ──▶ keys
//! ```
//!
//! No system moves two folders at once, so a crash can come in between. Then there are no keys and
//! the next ones wait beside: [`KeyFolder::finish_change`] does the second step.

use super::{KeyFolder, Result, io_at};
use crate::crypto::private::{make_folder, sync_folder};
use crate::crypto::random;
use data_encoding::HEXLOWER;
use std::fs;
use std::io;
use std::path::Path;

impl KeyFolder {
    /// Puts the keys of `next` here. Those that are here are kept at `former`, in a folder that only
    /// their owner can look into.
    pub fn change_to(&self, next: &Self, former: &Path) -> Result<()> {
        if let Some(folder) = former.parent() {
            match make_folder(folder) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                made => made.map_err(|source| io_at(folder, source))?,
            }
        }
        let _alone = self.alone()?;
        fs::rename(&self.path, former).map_err(|source| io_at(&self.path, source))?;
        if let Some(folder) = former.parent() {
            sync_folder(folder).map_err(|source| io_at(folder, source))?;
        }
        self.take(next)
    }

    /// Does what is left of a change that a crash broke off. Gives whether something was left.
    pub fn finish_change(&self, next: &Self) -> Result<bool> {
        if self.path.exists() || !next.exists() {
            return Ok(false);
        }
        self.take(next).map(|()| true)
    }

    /// Removes keys that nobody was told of: they are gone from their place at once.
    pub fn discard(&self) -> Result<()> {
        let (parent, prefix) = self.parent_and_prefix();
        let beside = parent.join(prefix + &HEXLOWER.encode(&random::<8>()));
        fs::rename(&self.path, &beside)
            .and_then(|()| fs::remove_dir_all(&beside))
            .and_then(|()| sync_folder(parent))
            .map_err(|source| io_at(&self.path, source))
    }

    fn take(&self, next: &Self) -> Result<()> {
        let (parent, _) = self.parent_and_prefix();
        fs::rename(&next.path, &self.path)
            .and_then(|()| sync_folder(parent))
            .map_err(|source| io_at(&next.path, source))
    }
}
