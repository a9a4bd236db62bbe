//! Who sent what: the receipts of the files that came here.

use super::User;
use crate::crypto::UnixTime;
use crate::model::UserName;
use crate::node::Error;
use crate::node::pins::Pins;
use crate::peer::Receipts;
use crate::seal::SentFile;
use std::path::{Path, PathBuf};
use tokio::task::spawn_blocking;

/// A proof of who sent a file. It holds without the index, and whatever becomes of it.
#[derive(Debug)]
pub struct SentBy {
    /// What was signed, and by which identity.
    pub sent: SentFile,
    /// Whose identity that is, as far as is known here.
    pub user: Option<UserName>,
    /// When the words of that identity were compared; none when nobody did.
    pub verified: Option<UnixTime>,
}

impl User {
    /// Who sent the bytes of this file, the latest first. [`Error::NotAsSent`] when nobody did, as far
    /// as receipts say, and somebody has sent others under its name; else [`Error::NoReceipt`].
    pub async fn who_sent(&self, file: &Path) -> Result<Vec<SentBy>, Error> {
        let (receipts, path) = (self.receipts()?, file.to_owned());
        let found = spawn_blocking(move || receipts.of_file(&path)).await;
        let (_, sent) = found.map_err(|_| Error::Stopped)??;
        let pins = self.pins()?;
        if sent.is_empty() {
            return Err(self.other_content(&pins, file).await?);
        }
        let proofs = sent.into_iter().map(|sent| {
            let known = pins.signer(&sent.sender);
            let user = known.map(|(user, _)| user.clone());
            let verified = known.and_then(|(_, pin)| pin.verified);
            SentBy { sent, user, verified }
        });
        Ok(proofs.collect())
    }

    /// Nobody has sent the bytes of this file: has somebody sent others under its name?
    async fn other_content(&self, pins: &Pins, file: &Path) -> Result<Error, Error> {
        let nobody = Error::NoReceipt(file.to_owned());
        let Some(name) = file.file_name().and_then(|name| name.to_str()) else { return Ok(nobody) };
        let (receipts, name) = (self.receipts()?, name.to_owned());
        let sent = spawn_blocking(move || receipts.of_name(&name)).await;
        let sent = sent.map_err(|_| Error::Stopped)??;
        let Some(latest) = sent.first() else { return Ok(nobody) };
        let by = pins.signer(&latest.sender).map(|(user, _)| user.clone());
        Ok(Error::NotAsSent { path: file.to_owned(), by })
    }

    /// The folder of receipts.
    pub(super) fn receipts(&self) -> Result<Receipts, Error> {
        let folder = self.inner.state.inside("receipts");
        folder.make()?;
        let path: PathBuf = folder.path().to_owned();
        Ok(Receipts::in_folder(&path)?)
    }
}
