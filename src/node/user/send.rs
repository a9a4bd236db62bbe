//! Sending files to somebody who did not ask for them.

use super::User;
use super::reach::Reached;
use super::retries::Came;
use crate::crypto::random;
use crate::link::Backoff;
use crate::model::{EntryPath, Transfer, UserName, Work};
use crate::node::Error;
use crate::peer::{self, Files, LeftOut, Reply};
use crate::seal::SealError;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::spawn_blocking;
use tokio::time::{Instant, sleep};

/// What came of files that were sent.
#[derive(Debug)]
pub struct SentFiles {
    /// To whom; they have signed that they have what landed.
    pub to: UserName,
    /// Whether their words were compared.
    pub verified: bool,
    /// The files that they have now.
    pub landed: Vec<EntryPath>,
    /// Those in whose place they have another file.
    pub kept_out: Vec<EntryPath>,
    /// Those of which they had parts from an earlier try that do not fit; sent again, they go whole.
    pub unfit: Vec<EntryPath>,
    /// What of the folders could not be sent.
    pub left_out: Vec<LeftOut>,
    /// How many bytes there were.
    pub bytes: u64,
}

impl User {
    /// Offers files and folders to somebody, who has some minutes
    /// ([`Options::decision`](super::Options::decision)) to decide, and sends them. When that
    /// is cut off they are offered again, and what is there already does not go again; as long as something
    /// comes of it, however often.
    pub async fn send(&self, to: &UserName, paths: &[PathBuf]) -> Result<SentFiles, Error> {
        let came = Arc::new(Came::default());
        let begun = Instant::now();
        self.patiently(to, &came, || self.send_in_turn(to, paths, (&came, begun))).await
    }

    /// Waits while they take from as many others as they do at once, as long as they may decide.
    async fn send_in_turn(
        &self,
        to: &UserName,
        paths: &[PathBuf],
        (came, begun): (&Arc<Came>, Instant),
    ) -> Result<SentFiles, Error> {
        let mut refused = 0_u32;
        let name = paths.first().and_then(|path| path.file_name()).unwrap_or_default();
        let (name, with) = (name.to_string_lossy(), Some(to.as_str()));
        let transfer = Transfer { name: &name, total: 0, files: 1, with };
        loop {
            let why = match self.send_once(to, paths, came).await {
                Err(why) if why.is_busy() && begun.elapsed() < self.inner.options.decision => why,
                done => return done,
            };
            refused = refused.saturating_add(1);
            let pause = PAUSES.pause(refused, u32::from_be_bytes(random()));
            let Some(pause) = pause else { return Err(why) };
            let waiting = self.events().begin_transfer(Work::Waiting, &transfer);
            sleep(pause).await;
            waiting.complete();
        }
    }

    async fn send_once(
        &self,
        to: &UserName,
        paths: &[PathBuf],
        came: &Arc<Came>,
    ) -> Result<SentFiles, Error> {
        let named = paths.to_vec();
        let files = spawn_blocking(move || Files::open(&named)).await;
        let files = files.map_err(|_| Error::Stopped)??;
        let (bytes, left_out) = (files.manifest().data_length(), files.left_out().to_vec());
        let reached = self.reach(to).await?;
        let sent = self.send_to(&reached, files, came).await;
        let verified = reached.pinned.pin.verified.is_some();
        reached.close().await;
        let Reply { landed, kept_out, unfit, .. } = sent?;
        Ok(SentFiles { to: to.clone(), verified, landed, kept_out, unfit, left_out, bytes })
    }

    async fn send_to(
        &self,
        reached: &Reached,
        files: Files,
        came: &Arc<Came>,
    ) -> Result<Reply, Error> {
        let proven = reached.streams.conversation().proven();
        // An older sealing key than was seen may be one that somebody has stolen.
        let certificate = proven.certificate(self.now()).map_err(SealError::from);
        let epoch = certificate.map_err(peer::Error::from)?.epoch;
        if epoch < reached.pinned.pin.epoch {
            return Err(Error::OldCertificate(reached.pinned.user.clone()));
        }
        let streams = reached.streams.followed_by(Arc::clone(came) as Arc<_>);
        let sharer = self.sharer()?.with_person(&reached.pinned.user);
        let sent = sharer.send(&streams, files, self.inner.options.decision).await;
        sent.map_err(|error: peer::Error| error.into())
    }
}

/// Before it is offered again to somebody who takes from others.
const PAUSES: Backoff =
    Backoff { tries: u32::MAX, first: Duration::from_millis(250), longest: Duration::from_secs(5) };
