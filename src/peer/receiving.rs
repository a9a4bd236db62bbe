//! Receiving: what others offer is shown to whoever decides, and taken in if they say so.

use super::arriving::{Settled, refusal};
use super::landing::{Gathered, Head, LandError, Landed, Landing, Rules, Targets};
use super::requests::most_manifest;
use super::telling::Telling;
use super::turns::Turn;
use super::{Error, Sharer};
use crate::codec::List;
use crate::crypto::{Fingerprint, random};
use crate::link::{Decided, Offer, Receiving, Request, StreamError, Streams};
use crate::model::limits::{AGAIN_ENTRIES, ENTRY_SIZE, FRAME_CATALOG};
use crate::model::{Content, Entry, EntryPath, Ranges, Work, given_back};
use crate::seal::{Manifest, ManifestEntry, Refusal};
use crate::wire::{BegunSaid, Code, PartSaid, Room, SendAsk, SendGrant};
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
            Err(_) => {
                request.refuse(Code::Malformed, "");
                return Err(Error::Declined(Code::Malformed));
            }
        };
        // As many bytes as its manifest may have are held until it is decided on.
        let entries = usize::try_from(ask.entries).unwrap_or(usize::MAX);
        let max_manifest = Manifest::most_bytes(entries);
        let turn = match policy.may_offer(sender) {
            true => self.receiving.begin(sender, max_manifest).ok_or(Code::Busy),
            false => Err(Code::NotAllowed),
        };
        let mut turn = match turn {
            Ok(turn) => turn,
            Err(code) => {
                request.refuse(code, "");
                return Err(Error::Declined(code));
            }
        };
        let room = (&mut turn, max_manifest);
        let received = self.take_offer((request, sender), streams, policy, room).await;
        // Whether it was the first header, or the one with which the stream began again.
        let is_bad =
            |why: &Error| matches!(why, Error::Stream(StreamError::Sealed(Refusal::NotOpened)));
        if received.as_ref().is_err_and(is_bad) {
            turn.was_bad();
        }
        received
    }

    async fn take_offer(
        &self,
        (request, sender): (Request, Fingerprint),
        streams: &Streams,
        policy: &impl Policy,
        (turn, max_manifest): (&mut Turn, u64),
    ) -> Result<Received, Error> {
        let mut offer = self.await_offer(request, streams, max_manifest).await?;
        // Mostly it is far shorter than it might be, and others have the room. Who decides sees a copy.
        turn.settle_at(offer.manifest().memory().saturating_mul(2));
        let proposal = propose(sender, offer.manifest())?;
        let decision = tokio::select! {
            decision = policy.decide(proposal) => decision,
            gone = offer.withdrawn() => return Err(gone.into()),
        };
        let Decision::Accept { into, rules } = decision else {
            offer.decline(Code::Declined, "");
            return Err(Error::Declined(Code::Declined));
        };
        self.accept(offer, streams, (into, rules)).await
    }

    async fn await_offer(
        &self,
        request: Request,
        streams: &Streams,
        max_manifest: u64,
    ) -> Result<Offer, Error> {
        let (frames, challenge) = (request.open_stream().ok_or(Error::Stopped)?, random());
        request.answer(SendGrant { id: 0, challenge }).map_err(|_| Error::Stopped)?;
        let receiving = self.expecting(streams, &challenge, max_manifest);
        Ok(streams.await_offer(frames, receiving).await?)
    }

    /// A stream for this challenge. Whether there is room is seen when it is known where it goes.
    fn expecting(&self, streams: &Streams, challenge: &[u8; 32], max_manifest: u64) -> Receiving {
        let context = streams.conversation().proven().context(challenge);
        let identity = Arc::clone(&self.identity);
        Receiving { identity, context, max_data: ENTRY_SIZE, max_manifest }
    }

    /// Has only that sent of which nothing is here from an earlier try.
    async fn without_what_is_here(
        &self,
        offer: Offer,
        streams: &Streams,
        gathered: &Gathered,
    ) -> Result<Offer, Error> {
        let begun = begun(gathered);
        if begun.is_empty() {
            return Ok(offer);
        }
        let (mut expected, challenge) = (offer.manifest().entries().to_vec(), random());
        for (number, missing) in &begun {
            if let Some(listed) =
                usize::try_from(*number).ok().and_then(|number| expected.get_mut(number))
            {
                listed.ranges = missing.clone();
            }
        }
        let receiving = self.expecting(streams, &challenge, most_manifest(expected.len()));
        let begun = List::new(begun.iter().map(begun_said).collect::<Result<_, _>>()?)?;
        let offer = offer.again(challenge, begun, receiving).await?;
        if offer.manifest().entries() != expected {
            offer.decline(Code::Unexpected, "");
            return Err(Error::NotAsked("not what was offered before"));
        }
        Ok(offer)
    }

    async fn accept(
        &self,
        offer: Offer,
        streams: &Streams,
        (folder, rules): (PathBuf, Rules),
    ) -> Result<Received, Error> {
        let sender = streams.conversation().proven().fingerprint();
        let sought = Head::Offered { sender, manifest: Arc::clone(offer.manifest()) };
        let into = folder.clone();
        let gather = move || {
            let landing = Landing::in_folder(&into, rules)?;
            let gathered = landing.gather(sought).in_few_parts();
            Ok((landing, gathered))
        };
        let (landing, gathered) = match spawn_blocking(gather).await? {
            Ok(found) => found,
            Err(error) => {
                offer.decline(refusal(&error), "");
                return Err(error);
            }
        };
        let offer = self.without_what_is_here(offer, streams, &gathered).await?;
        let manifest = Arc::clone(offer.manifest());
        let telling = Telling::of_manifest(self, Work::Receiving, &manifest);
        let told = (Arc::clone(&telling), (0..manifest.entries().len()).collect());
        let targets = Targets::Offered { manifest: Arc::clone(&manifest), now: self.now() };
        let begin = move || landing.resume(targets, gathered);
        let (arrived, batch) = self.take(offer, begin, told, Decided::Now).await?;
        let Settled { files, unkept } = self.land(arrived, batch, Vec::new()).await?;
        telling.end(true);
        drop(telling);
        // Of very many files, nobody else has their names by now.
        let entries = given_back(Arc::unwrap_or_clone(manifest).into_entries());
        let mut received = Vec::with_capacity(files.len());
        received.extend(entries.zip(files).map(|(listed, (content, landed))| ReceivedFile {
            path: listed.entry.into_path(),
            content,
            landed,
        }));
        Ok(Received { sender, folder, files: received, unkept })
    }
}

fn propose(sender: Fingerprint, manifest: &Manifest) -> Result<Proposal, Error> {
    if !manifest.entries().iter().all(ManifestEntry::is_whole) {
        return Err(Error::NotAsked("of an entry, only parts"));
    }
    let entries = manifest.entries().iter().map(|listed| listed.entry.clone()).collect();
    Ok(Proposal { sender, entries, data_length: manifest.data_length() })
}

/// Of which entries something is here: as many as one message tells. Of others, all comes again.
fn begun(gathered: &Gathered) -> Vec<(u32, Ranges)> {
    let mut room = Room::new(FRAME_CATALOG, AGAIN_BYTES);
    let mut begun = gathered.begun();
    let bytes = |ranges: &Ranges| ranges.as_slice().len().saturating_mul(24).saturating_add(16);
    let fits = begun.iter().take_while(|(_, ranges)| room.take(bytes(ranges)));
    let count = fits.take(AGAIN_ENTRIES).count();
    begun.truncate(count);
    begun
}

fn begun_said((entry, missing): &(u32, Ranges)) -> Result<BegunSaid, crate::codec::Error> {
    let parts = List::new(missing.as_slice().iter().map(PartSaid::from).collect())?;
    Ok(BegunSaid { entry: *entry, parts })
}

/// A word that a stream is to begin again, beside the entries of which something is here.
const AGAIN_BYTES: usize = 64;
