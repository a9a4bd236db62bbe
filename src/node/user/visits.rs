//! What others do here, as the person is told of it.

use super::User;
use crate::model::{EntryPath, UserName};
use crate::peer::{LandError, Received, ReceivedFile};
use std::path::PathBuf;
use tokio::sync::broadcast;

/// Something that somebody else did here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Visit {
    /// Somebody has fetched these files, and signed that they have them.
    Served {
        /// Who.
        to: UserName,
        /// The files.
        files: Vec<EntryPath>,
        /// How many bytes were sent.
        bytes: u64,
    },
    /// Somebody offers files: see [`User::inbox`].
    Offered {
        /// Who.
        from: UserName,
        /// The number of the offer.
        number: u64,
    },
    /// Somebody has sent files, and those that landed are here.
    Received {
        /// Who.
        from: UserName,
        /// Whether their words were compared.
        verified: bool,
        /// Where the files are.
        folder: PathBuf,
        /// The files.
        landed: Vec<EntryPath>,
        /// Those in whose place another file was.
        kept_out: Vec<EntryPath>,
        /// Those of which parts were here from an earlier try, that do not fit what came now.
        unfit: Vec<EntryPath>,
        /// Those that could not get their names, and why.
        failed: Vec<(EntryPath, String)>,
        /// Why no receipts of them are kept, if so.
        unkept: Option<String>,
    },
    /// Something did not come to its end.
    Failed {
        /// With whom.
        with: UserName,
        /// Why.
        why: String,
    },
    /// Somebody was told another key directory than we are, or more of it, or lies: see [`User::contradictions`].
    Contradicted {
        /// Who told it.
        by: UserName,
    },
    /// Somebody was turned away.
    TurnedAway {
        /// Why.
        why: String,
        /// Whether it is known who it was, by the key directory: then it may be a warning.
        named: bool,
    },
}

impl User {
    /// What others do here from now on.
    pub fn visits(&self) -> broadcast::Receiver<Visit> {
        self.inner.visits.subscribe()
    }

    /// Tells of it.
    pub(super) fn tell_visit(&self, visit: Visit) {
        // Nobody has to listen.
        let _ = self.inner.visits.send(visit);
    }
}

/// Who is there.
#[derive(Debug, Clone)]
pub(super) struct Visitor {
    pub(super) user: UserName,
    pub(super) verified: bool,
}

impl Visitor {
    pub(super) fn received(&self, received: Received) -> Visit {
        let (mut landed, mut kept_out) = (Vec::new(), Vec::new());
        let (mut unfit, mut failed) = (Vec::new(), Vec::new());
        for ReceivedFile { path, landed: came, .. } in received.files {
            match came {
                Ok(_) => landed.push(path),
                Err(LandError::Taken | LandError::InTheWay) => kept_out.push(path),
                Err(LandError::Kept) => unfit.push(path),
                Err(why @ (LandError::Disk(_) | LandError::Proof)) => {
                    failed.push((path, why.to_string()));
                }
            }
        }
        Visit::Received {
            from: self.user.clone(),
            verified: self.verified,
            folder: received.folder,
            landed,
            kept_out,
            unfit,
            failed,
            unkept: received.unkept.map(|why| why.to_string()),
        }
    }
}

/// So many visits are kept for who listens slowly.
pub(super) const VISITS_WAITING: usize = 256;
