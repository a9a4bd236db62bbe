//! Who sent what: the receipts of the files that came here.

use super::User;
use crate::crypto::UnixTime;
use crate::model::UserName;
use crate::node::Error;
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
    /// Who sent the bytes of this file, the latest first. [`Error::NoReceipt`] when nobody did, as far
    /// as receipts say: also when the file was changed since.
    pub async fn who_sent(&self, file: &Path) -> Result<Vec<SentBy>, Error> {
        let (receipts, path) = (self.receipts()?, file.to_owned());
        let found = spawn_blocking(move || receipts.of_file(&path)).await;
        let (_, sent) = found.map_err(|_| Error::Stopped)??;
        if sent.is_empty() {
            return Err(Error::NoReceipt(file.to_owned()));
        }
        let pins = self.pins()?;
        let proofs = sent.into_iter().map(|sent| {
            let known = pins.signer(&sent.sender);
            let user = known.map(|(user, _)| user.clone());
            let verified = known.and_then(|(_, pin)| pin.verified);
            SentBy { sent, user, verified }
        });
        Ok(proofs.collect())
    }

    /// The folder of receipts.
    pub(super) fn receipts(&self) -> Result<Receipts, Error> {
        let folder = self.0.state.inside("receipts");
        folder.make()?;
        let path: PathBuf = folder.path().to_owned();
        Ok(Receipts::in_folder(&path)?)
    }
}
