//! Receiving: what others offer is shown to whoever decides, and taken in if they say so.

use super::fetching::{Settled, refusal};
use super::landing::{LandError, Landed, Landing, Rules, Standing, Target};
use super::telling::Telling;
use super::{Error, Sharer};
use crate::crypto::{Fingerprint, random};
use crate::link::{Decided, Offer, Receiving, Request, StreamError, Streams};
use crate::model::limits::ENTRY_SIZE;
use crate::model::{Content, Entry, EntryPath, Work};
use crate::seal::{Manifest, ManifestEntry, Refusal};
use crate::wire::{Code, SendAsk, SendGrant};
use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::task::spawn_blocking;

/// Who decides what is taken.
pub trait Policy: Send + Sync {
    /// Whether somebody may offer anything, before anything of it is looked at.
    fn may_offer(&self, sender: Fingerprint) -> bool;

    /// What to do with an offer. The sender waits, and may take it back: then this is dropped.
    fn decide(&self, proposal: Proposal) -> impl Future<Output = Decision> + Send;
}

/// What somebody offers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    /// Who.
    pub sender: Fingerprint,
    /// The files. What is said of them is not proven yet.
    pub entries: Vec<Entry>,
    /// How many bytes they have in all.
    pub data_length: u64,
}

/// What to do with an offer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Take it.
    Accept {
        /// Into this folder.
        into: PathBuf,
        /// What may be done there.
        rules: Rules,
    },
    /// Do not.
    Decline,
}

/// What was received.
#[derive(Debug)]
pub struct Received {
    /// Who sent it.
    pub sender: Fingerprint,
    /// Where it went.
    pub folder: PathBuf,
    /// What came of each file.
    pub files: Vec<ReceivedFile>,
    /// Why no receipts of them are kept, if so.
    pub unkept: Option<Error>,
}

/// What came of a file that was sent to us.
#[derive(Debug)]
pub struct ReceivedFile {
    /// Where it lies below the folder.
    pub path: EntryPath,
    /// What its bytes are.
    pub content: Content,
    /// Whether it has its name.
    pub landed: Result<Landed, LandError>,
}

impl Sharer {
    /// Answers a [`SendAsk`] of whoever is proven to be there.
    pub async fn receive(
        &self,
        request: Request,
        streams: &Streams,
        policy: &impl Policy,
    ) -> Result<Received, Error> {
        let sender = streams.conversation().proven().fingerprint();
        let ask: SendAsk = match request.decode() {
            Ok(ask) => ask,
            Err(error) => {
                request.refuse(Code::Malformed, "");
                return Err(error.into());
            }
        };
        // As many bytes as its manifest may have are held until it is decided on.
        let entries = usize::try_from(ask.entries).unwrap_or(usize::MAX);
        let max_manifest = Manifest::most_bytes(entries);
        let turn = self.receiving.begin(sender, max_manifest);
        let refused = match (policy.may_offer(sender), &turn) {
            (false, _) => Some(Code::NotAllowed),
            (true, None) => Some(Code::Busy),
            (true, Some(_)) => None,
        };
        if let Some(code) = refused {
            request.refuse(code, "");
            return Err(Error::Declined(code));
        }
        let offer = self.await_offer(request, streams, max_manifest).await;
        if let (Err(Error::Stream(StreamError::Sealed(Refusal::NotOpened))), Some(turn)) =
            (&offer, &turn)
        {
            turn.was_bad();
        }
        let mut offer = offer?;
        let proposal = propose(sender, offer.manifest())?;
        let decision = tokio::select! {
            decision = policy.decide(proposal) => decision,
            gone = offer.withdrawn() => return Err(gone.into()),
        };
        let Decision::Accept { into, rules } = decision else {
            offer.decline(Code::Declined, "");
            return Err(Error::Declined(Code::Declined));
        };
        self.accept(offer, (into, rules)).await
    }

    async fn await_offer(
        &self,
        request: Request,
        streams: &Streams,
        max_manifest: u64,
    ) -> Result<Offer, Error> {
        let (frames, challenge) = (request.open_stream().ok_or(Error::Stopped)?, random());
        request.answer(SendGrant { id: 0, challenge }).map_err(|_| Error::Stopped)?;
        let context = streams.conversation().proven().context(&challenge);
        let identity = Arc::clone(&self.identity);
        // Whether there is room is seen when it is known where it goes.
        let receiving = Receiving { identity, context, max_data: ENTRY_SIZE, max_manifest };
        Ok(streams.await_offer(frames, receiving).await?)
    }

    async fn accept(
        &self,
        offer: Offer,
        (folder, rules): (PathBuf, Rules),
    ) -> Result<Received, Error> {
        let into = folder.clone();
        let landing = match spawn_blocking(move || Landing::in_folder(&into, rules)).await? {
            Ok(landing) => landing,
            Err(error) => {
                offer.decline(refusal(&error), "");
                return Err(error);
            }
        };
        let targets: Vec<Target> = offer.manifest().entries().iter().map(target).collect();
        let paths: Vec<EntryPath> = targets.iter().map(|target| target.path.clone()).collect();
        let nothing_asked = vec![None; paths.len()];
        let telling = Telling::of_manifest(self, Work::Receiving, offer.manifest());
        let told = (Arc::clone(&telling), (0..paths.len()).collect());
        let begin = move || landing.begin(targets);
        let (arrived, batch) = self.take(offer, begin, told, Decided::Now).await?;
        let sender = arrived.stream().sender();
        let Settled { files, unkept } = self.land(arrived, batch, nothing_asked).await?;
        telling.end(true);
        let files = paths.into_iter().zip(files);
        let files = files.map(|(path, (content, landed))| ReceivedFile { path, content, landed });
        Ok(Received { sender, folder, files: files.collect(), unkept })
    }
}

fn propose(sender: Fingerprint, manifest: &Manifest) -> Result<Proposal, Error> {
    if !manifest.entries().iter().all(ManifestEntry::is_whole) {
        return Err(Error::NotAsked("of an entry, only parts"));
    }
    let entries = manifest.entries().iter().map(|listed| listed.entry.clone()).collect();
    Ok(Proposal { sender, entries, data_length: manifest.data_length() })
}

fn target(listed: &ManifestEntry) -> Target {
    Target { path: listed.entry.path().clone(), size: listed.entry.size(), content: None }
}

impl Proposal {
    /// The entries in whose place something else stands in this folder. Reads files of the same size.
    /// Blocks.
    pub fn standing_in(&self, landing: &Landing) -> std::io::Result<Vec<(EntryPath, Standing)>> {
        let mut taken = Vec::new();
        for entry in &self.entries {
            let content = entry.content().and_then(|id| Content::new(id, entry.size()).ok());
            let standing = landing.standing(entry.path(), content)?;
            if standing != Standing::Free {
                taken.push((entry.path().clone(), standing));
            }
        }
        Ok(taken)
    }
}
