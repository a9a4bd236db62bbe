//! Fetching: entries of somebody's share are asked for, checked against what was asked, and landed.
//!
//! Many entries come as several streams, one after the other. What is here already is not asked for.

use super::landing::{Batch, LandError, Landed, Landing, Standing, Target};
use super::sharer::name_of;
use super::{Error, Sharer};
use crate::codec::List;
use crate::crypto::{Fingerprint, random};
use crate::link::{Arrived, Decided, Offer, Receiving, Streams};
use crate::model::limits::{FRAME_CATALOG, GET_ENTRIES};
use crate::model::{Content, EntryPath, ShareId, Work, find_collision};
use crate::seal::{EntryProof, Manifest};
use crate::wire::index::{PathSaid, SizeSaid};
use crate::wire::{self, Code, ContentSaid, GetAsk};
use std::collections::HashMap;
use std::sync::Arc;
use tokio::task::spawn_blocking;

/// An entry that is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Where it lies below its share.
    pub path: EntryPath,
    /// The content that it is wanted for, if no other will do.
    pub content: Option<Content>,
    /// Where it goes, below the destination.
    pub to: EntryPath,
}

/// What came of what was wanted.
#[derive(Debug)]
pub struct Fetched {
    /// Who sent it, and signed that they did.
    pub sender: Fingerprint,
    /// The entries of which is known what came of them: all, unless it was stopped.
    pub files: Vec<FetchedFile>,
    /// Why not all that was wanted came.
    pub stopped: Option<Error>,
    /// Why no receipts were kept of some that came, if so.
    pub unkept: Option<Error>,
}

/// What came of a stream: of each of its entries, and why no receipts are kept, if so.
pub(super) struct Settled {
    pub(super) files: Vec<(Content, Result<Landed, LandError>)>,
    pub(super) unkept: Option<Error>,
}

/// What came of one entry.
#[derive(Debug)]
pub struct FetchedFile {
    /// What was wanted.
    pub wanted: Wanted,
    /// What its bytes are.
    pub content: Option<Content>,
    /// Whether it has its name.
    pub landed: Result<Landed, LandError>,
}

impl Sharer {
    /// Fetches entries of a share of whoever is proven to be there.
    pub async fn fetch(
        &self,
        streams: &Streams,
        share: ShareId,
        wanted: Vec<Wanted>,
        landing: &Landing,
    ) -> Fetched {
        let sender = streams.conversation().proven().fingerprint();
        let files = Vec::with_capacity(wanted.len());
        let mut fetched = Fetched { sender, files, stopped: None, unkept: None };
        fetched.stopped = self.fetch_all(streams, share, wanted, landing, &mut fetched).await.err();
        fetched
    }

    async fn fetch_all(
        &self,
        streams: &Streams,
        share: ShareId,
        wanted: Vec<Wanted>,
        landing: &Landing,
        fetched: &mut Fetched,
    ) -> Result<(), Error> {
        let froms = find_collision(wanted.iter().map(|wanted| &wanted.path));
        let collision = froms.or_else(|| find_collision(wanted.iter().map(|wanted| &wanted.to)));
        if let Some(collision) = collision {
            return Err(Error::Together(collision.into()));
        }
        let looking = landing.clone();
        let (settled, missing) = spawn_blocking(move || look_around(&looking, wanted)).await?;
        fetched.files.extend(settled);
        for asked in into_requests(missing) {
            let (files, unkept) = self.fetch_some(streams, share, asked, landing).await?;
            fetched.files.extend(files);
            fetched.unkept = unkept.or(fetched.unkept.take());
        }
        Ok(())
    }

    /// Fetches as many as one request may ask for.
    async fn fetch_some(
        &self,
        streams: &Streams,
        share: ShareId,
        wanted: Vec<Wanted>,
        landing: &Landing,
    ) -> Result<(Vec<FetchedFile>, Option<Error>), Error> {
        let (conversation, challenge) = (streams.conversation(), random());
        let ask = request(share, challenge, &wanted)?;
        let (grant, frames) = conversation.ask_stream(ask).await?;
        let context = conversation.proven().context(&challenge);
        let identity = Arc::clone(&self.identity);
        let receiving = Receiving { identity, context, max_data: grant.data_length };
        let offer = streams.await_offer(frames, receiving).await?;
        let order = match check(offer.manifest(), &wanted) {
            Ok(order) => order,
            Err(what) => {
                offer.decline(Code::Unexpected, "");
                return Err(Error::NotAsked(what));
            }
        };
        let targets = offer.manifest().entries().iter().zip(&order);
        let targets = targets.filter_map(|(listed, at)| {
            let path = wanted.get(*at)?.to.clone();
            Some(Target { path, size: listed.entry.size() })
        });
        let targets = targets.collect();
        let (arrived, batch) = self.take(offer, targets, landing, Decided::Before).await?;
        let wanted: Vec<Wanted> = order.iter().filter_map(|at| wanted.get(*at).cloned()).collect();
        let contents = wanted.iter().map(|wanted| wanted.content).collect();
        let Settled { files, unkept } = self.land(arrived, batch, contents).await?;
        let files = wanted.into_iter().zip(files).map(|(wanted, (content, landed))| FetchedFile {
            wanted,
            content: Some(content),
            landed,
        });
        Ok((files.collect(), unkept))
    }

    /// Takes a stream in, to its final record.
    pub(super) async fn take(
        &self,
        offer: Offer,
        targets: Vec<Target>,
        landing: &Landing,
        decided: Decided,
    ) -> Result<(Arrived, Arc<Batch>), Error> {
        let into = landing.clone();
        let first = targets.first().map(|target| target.path.as_str().to_owned());
        let name = name_of(targets.len(), first.as_deref().unwrap_or_default());
        let batch = match spawn_blocking(move || into.begin(targets)).await? {
            Ok(batch) => Arc::new(batch),
            Err(error) => {
                offer.decline(refusal(&error), "");
                return Err(error);
            }
        };
        let task = self.events.begin(Work::Receiving, &name, offer.manifest().data_length());
        match offer.accept(batch.door(), decided, task).await {
            Ok(arrived) => Ok((arrived, batch)),
            Err(error) => {
                // Its files may be many.
                spawn_blocking(move || drop(batch)).await?;
                Err(error.into())
            }
        }
    }

    /// Gives what arrived its names, keeps receipts, and confirms what landed.
    ///
    /// Of entries for which a content was asked, none lands unless all have it: who sends another
    /// under its name and signs that is not to be believed in the rest either.
    pub(super) async fn land(
        &self,
        mut arrived: Arrived,
        batch: Arc<Batch>,
        contents: Vec<Option<Content>>,
    ) -> Result<Settled, Error> {
        let (sharer, now) = (self.clone(), self.now());
        let work = move || {
            let stream = arrived.stream();
            let numbers = 0..stream.manifest().count();
            let proofs: Vec<EntryProof> = numbers.filter_map(|n| stream.proof(n)).collect();
            let is_asked = |(proof, asked): (&EntryProof, &Option<Content>)| {
                asked.is_none_or(|asked| asked == proof.content())
            };
            if !proofs.iter().zip(&contents).all(is_asked) {
                return Err(Error::NotAsked("a file has another content"));
            }
            let landed = batch.land(&proofs, now).map_err(crate::link::StreamError::Place)?;
            let durable: Vec<EntryProof> = proofs
                .iter()
                .zip(&landed)
                .filter(|(_, landed)| landed.is_ok())
                .map(|(proof, _)| proof.clone())
                .collect();
            // The files are here, whether they can be proven later or not.
            let receipts = sharer.receipts.as_ref();
            let unkept = receipts.and_then(|it| it.keep(stream, &durable, now).err());
            // Should the sender not hear of it any more, the files have landed nevertheless.
            let _ = arrived.confirm(&durable, sharer.identity.signing(), now);
            let files = proofs.iter().map(EntryProof::content).zip(landed).collect();
            Ok(Settled { files, unkept })
        };
        spawn_blocking(work).await?
    }
}

/// What has to be asked for, and what need not: what is here already, or has no place.
fn look_around(landing: &Landing, wanted: Vec<Wanted>) -> (Vec<FetchedFile>, Vec<Wanted>) {
    let (mut settled, mut missing) = (Vec::new(), Vec::new());
    for wanted in wanted {
        let landed = match landing.standing(&wanted.to, wanted.content) {
            Ok(Standing::Same) => Ok(Landed::Already),
            Ok(Standing::InTheWay) => Err(LandError::InTheWay),
            // Where no content is named, it may yet be the same.
            Ok(Standing::Other) if wanted.content.is_some() && !landing.rules().overwrite => {
                Err(LandError::Taken)
            }
            Err(error) => Err(LandError::Disk(error)),
            Ok(Standing::Other | Standing::Free) => {
                missing.push(wanted);
                continue;
            }
        };
        let content = wanted.content;
        settled.push(FetchedFile { wanted, content, landed });
    }
    (settled, missing)
}

/// As many in each as a request may have, in entries and in bytes.
fn into_requests(wanted: Vec<Wanted>) -> Vec<Vec<Wanted>> {
    let most = match wanted.iter().all(|wanted| wanted.content.is_some()) {
        true => GET_ENTRIES,
        false => BARE_ENTRIES,
    };
    let (mut requests, mut room) = (Vec::<Vec<Wanted>>::new(), 0_usize);
    for wanted in wanted {
        let bytes = PathSaid::most_bytes(&wanted.path).saturating_add(WANTED_BYTES);
        match requests.last_mut().filter(|request| request.len() < most && bytes <= room) {
            Some(request) => request.push(wanted),
            None => {
                requests.push(vec![wanted]);
                room = FRAME_CATALOG.saturating_sub(REQUEST_BYTES);
            }
        }
        room = room.saturating_sub(bytes);
    }
    requests
}

fn request(share: ShareId, challenge: [u8; 32], wanted: &[Wanted]) -> Result<GetAsk, Error> {
    let said = |wanted: &Wanted| wire::Wanted {
        path: PathSaid(wanted.path.clone()),
        content: wanted.content.map(|content| ContentSaid {
            id: (*content.id().as_bytes()).into(),
            size: SizeSaid(content.size()),
        }),
    };
    let wanted = List::new(wanted.iter().map(said).collect())?;
    Ok(GetAsk { id: 0, challenge, share: (*share.as_bytes()).into(), wanted })
}

/// For each entry of a manifest, which of those wanted it is. All of them come, whole, and no others.
fn check(manifest: &Manifest, wanted: &[Wanted]) -> Result<Vec<usize>, &'static str> {
    if manifest.entries().len() != wanted.len() {
        return Err("not as many entries as were asked for");
    }
    let by_path: HashMap<&EntryPath, (usize, &Wanted)> =
        wanted.iter().enumerate().map(|(at, wanted)| (&wanted.path, (at, wanted))).collect();
    // A manifest has no path twice: as many as were asked for, each of them asked for, are all.
    let found = manifest.entries().iter().map(|listed| {
        let entry = &listed.entry;
        let (at, wanted) = by_path.get(entry.path()).ok_or("an entry was not asked for")?;
        if !listed.is_whole() {
            return Err("of an entry, only parts");
        }
        let is_it = |content: Content| {
            entry.size() == content.size() && entry.content().is_none_or(|id| id == content.id())
        };
        if wanted.content.is_some_and(|content| !is_it(content)) {
            return Err("an entry has another content");
        }
        Ok(*at)
    });
    found.collect()
}

/// What the sender is told.
pub(super) fn refusal(error: &Error) -> Code {
    match error {
        Error::NoSpace { .. } => Code::NoSpace,
        Error::Together(_) | Error::NotAsked(_) => Code::Unexpected,
        _ => Code::Internal,
    }
}

/// Who decodes a request reserves no more than some times its length and a little: of short paths without
/// contents, it does not take as many as of others.
const BARE_ENTRIES: usize = 900;
/// A wanted entry beside its path: numbers of fields, an id, a size.
const WANTED_BYTES: usize = 64;
/// A request beside what is wanted.
const REQUEST_BYTES: usize = 128;
