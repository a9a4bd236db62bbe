//! Sharing what one gets, if the person wants it: with everyone, or with people that they name.
//!
//! It is a share like others, of the folder for downloads, but only of files that were got since it was
//! wanted and are what they were: neither what others sent unasked, nor what lay there before. Whom it was
//! shared with by its owner counts no more then: who gets it may share it, and the person is told so.

use super::User;
use super::got::Got;
use crate::node::got_files::GotFiles;
use crate::node::{Error, SharedFolder};
use crate::peer::Landed;
use std::path::{Path, PathBuf};

impl User {
    /// Sees to it that what one gets is shared as the person wants it, or no more. Gives the share, if it is
    /// new.
    pub async fn see_to_shared_downloads(&self) -> Result<Option<SharedFolder>, Error> {
        let wanted = self.config().share_downloads.clone().zip(self.own_downloads());
        let there = self.shares()?.into_iter().find(|folder| folder.only_got);
        if let Some(there) = there {
            let is_it = wanted.as_ref().is_some_and(|(audience, path)| {
                (audience, path) == (&there.share.audience, &there.path)
            });
            if is_it {
                return Ok(None);
            }
            // For others than before, or elsewhere.
            self.remove_share(&there.share.name).await?;
        }
        let Some((audience, path)) = wanted else { return Ok(None) };
        if Some(path.as_path()) == self.home().downloads() {
            self.home().make_downloads()?;
        }
        match self.add_share_of(&path, &[], audience, true) {
            // All of it is shared already, as the person said.
            Err(Error::SharedAlready(_)) => Ok(None),
            added => added.map(Some),
        }
    }

    /// What was got there is shared, if the person wants that.
    pub(super) fn note_got(&self, folder: &Path, got: &[Got]) -> Result<(), Error> {
        let is_shared = self.config().share_downloads.is_some()
            && self
                .own_downloads()
                .is_some_and(|own| Ok(own) == std::path::absolute(folder).map_err(drop));
        if !is_shared {
            return Ok(());
        }
        let is_new = |got: &&Got| matches!(got.landed, Ok(Landed::New | Landed::Replaced));
        let new = got.iter().filter(is_new);
        Ok(GotFiles::add(&self.inner.state, new.filter_map(|got| Some((&got.path, got.content?))))?)
    }

    /// The folder for downloads, if one was set or the home has one: the current one is not meant.
    fn own_downloads(&self) -> Option<PathBuf> {
        let set = self.config().downloads.as_deref().or(self.home().downloads())?;
        std::path::absolute(set).ok()
    }
}
