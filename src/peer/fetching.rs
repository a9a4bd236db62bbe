//! Fetching: entries of somebody's share are asked for, checked against what was asked, and landed.
//!
//! Many entries come as several streams, one after the other. What is here already is not asked for.

use super::asking::{AskTold, Asking};
use super::changed::forget_before;
use super::landing::{Batch, LandError, Landed, Landing, Look, Standing, Target};
use super::requests::{check, into_requests, missing, most_manifest, sought, without};
use super::sharer::name_of;
use super::telling::{Telling, silently, told_if_long};
use super::{Error, Sharer};
use crate::crypto::{Fingerprint, random};
use crate::link::{Arrived, AskError, Decided, Offer, Receiving, Streams, is_full};
use crate::model::{Content, EntryPath, ShareId, Transfer, Work, find_collision};
use crate::seal::{EntryProof, Manifest};
use crate::wire::{Code, Explanation};
use std::future::Future;
use std::io;
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
    /// How many parts of files came and are verified, whatever became of the rest.
    pub came: u64,
    /// Why not all that was wanted came.
    pub stopped: Option<Error>,
    /// Why no receipts were kept of some that came, if so.
    pub unkept: Option<Error>,
}

/// What came of some of what was wanted, as soon as it is known.
#[derive(Debug)]
pub struct Portion {
    /// What came of each of them.
    pub files: Vec<FetchedFile>,
    /// Those that do not come, each with the reason, where others do.
    pub refused: Vec<(Wanted, Error)>,
    /// Why no receipts were kept of those that came, if so.
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
        let (mut files, mut unkept, mut refused) = (Vec::new(), None, None);
        let mut keep = |portion: Portion| {
            files.extend(portion.files);
            unkept = portion.unkept.or(unkept.take());
            refused = refused.take().or(portion.refused.into_iter().next().map(|(_, why)| why));
        };
        let fetched = self.fetch_each(streams, (share, wanted), landing, &mut keep).await;
        let stopped = fetched.stopped.or(refused);
        Fetched { files, unkept, stopped, ..fetched }
    }

    /// The same, and what came of them is handed over portion by portion: of very many, nothing has to
    /// stay here.
    pub async fn fetch_each(
        &self,
        streams: &Streams,
        asked: (ShareId, Vec<Wanted>),
        landing: &Landing,
        each: &mut (dyn FnMut(Portion) + Send),
    ) -> Fetched {
        let sender = streams.conversation().proven().fingerprint();
        let files = Vec::new();
        let mut fetched = Fetched { sender, files, came: 0, stopped: None, unkept: None };
        let came = &mut fetched.came;
        fetched.stopped = self.fetch_all(streams, asked, landing, (came, each)).await.err();
        fetched
    }

    async fn fetch_all(
        &self,
        streams: &Streams,
        (share, wanted): (ShareId, Vec<Wanted>),
        landing: &Landing,
        (came, each): (&mut u64, &mut (dyn FnMut(Portion) + Send)),
    ) -> Result<(), Error> {
        let froms = find_collision(wanted.iter().map(|wanted| &wanted.path));
        let collision = froms.or_else(|| find_collision(wanted.iter().map(|wanted| &wanted.to)));
        if let Some(collision) = collision {
            return Err(Error::Together(collision.into()));
        }
        let looking = landing.clone();
        let count = wanted.len();
        let look = spawn_blocking(move || look_around(&looking, wanted));
        let (settled, missing) = self.told_if_long(Work::Looking, count, look).await?;
        each(Portion { files: settled, refused: Vec::new(), unkept: None });
        if missing.is_empty() {
            return Ok(());
        }
        let sizes = missing.iter().map(|wanted| wanted.content.map(|content| content.size()));
        let total = sizes.collect::<Option<Vec<u64>>>().unwrap_or_default();
        let total = total.into_iter().fold(0, u64::saturating_add);
        let names = missing.iter().map(|wanted| wanted.path.as_str());
        let telling = Telling::new(self, Work::Receiving, names, total);
        let (mut first, mut is_complete) = (0_usize, true);
        for asked in into_requests(missing) {
            let next = first.saturating_add(asked.len());
            let mut changes = 0_u32;
            let some = loop {
                let told = Told { telling: &telling, first };
                let some = self.fetch_some(streams, share, (&asked, told), landing).await;
                *came = telling.came();
                match some {
                    // Of many, the one that changed stays away when they are asked for again.
                    Err(why) if why.is_source_changed() && asked.len() > 1 && changes < CHANGES => {
                        changes = changes.saturating_add(1);
                    }
                    some => break some?,
                }
            };
            is_complete &= some.refused.is_empty();
            each(some);
            first = next;
        }
        telling.end(is_complete);
        Ok(())
    }

    /// Fetches as many as one request may ask for.
    async fn fetch_some(
        &self,
        streams: &Streams,
        share: ShareId,
        (wanted, told): (&[Wanted], Told<'_>),
        landing: &Landing,
    ) -> Result<Portion, Error> {
        let (conversation, challenge) = (streams.conversation(), random());
        let (looking, seeking) = (landing.clone(), sought(wanted));
        let count = wanted.len();
        let gather = async {
            let lists = self.lists_of_changed((streams, share), wanted, landing).await;
            spawn_blocking(move || looking.gather_changed(seeking, &lists).in_few_parts()).await
        };
        let gathered = self.told_if_long(Work::Looking, count, gather).await?;
        let missing = missing(wanted, &gathered);
        let granted = {
            let name = name_of(count, wanted.first().map_or("a file", |first| first.path.as_str()));
            let with = self.with.as_deref();
            let transfer = Transfer { name: &name, total: 0, files: 1, with };
            let told = AskTold::new(&self.events, transfer);
            let mut asking =
                Asking { wanted, missing: &missing, told: &told, may_wait: self.may_wait };
            told.follow(streams.get(share, challenge, &mut asking)).await
        };
        let (grant, frames) = match granted {
            Err(AskError::Refused {
                code: code @ (Code::NotFound | Code::SourceChanged),
                text,
            }) => {
                return Ok(none_of(wanted, code, &text));
            }
            granted => granted?,
        };
        let context = conversation.proven().context(&challenge);
        let identity = Arc::clone(&self.identity);
        let receiving = Receiving {
            identity,
            context,
            max_data: grant.data_length,
            max_manifest: most_manifest(wanted.len()),
        };
        let offer = streams.await_offer(frames, receiving);
        let offer = self.told_if_long(Work::Looking, count, offer).await?;
        let granted = without(&grant, wanted.len()).and_then(|without| {
            Ok((check(offer.manifest(), wanted, (&missing, &without))?, without))
        });
        let (order, without) = match granted {
            Ok(granted) => granted,
            Err(what) => {
                offer.decline(Code::Unexpected, "");
                return Err(Error::NotAsked(what));
            }
        };
        let (targets, now) = (offer.manifest().entries().iter().zip(&order), self.now());
        let targets = targets.filter_map(|(listed, at)| {
            let Wanted { to, content, .. } = wanted.get(*at)?.clone();
            let look = Some(Look::of(&listed.entry, now));
            let target = Target { path: to, size: listed.entry.size(), content, look };
            Some((u32::try_from(*at).ok()?, target))
        });
        let place = landing.clone();
        let targets = targets.collect::<Vec<_>>();
        let told = told.files(&order, offer.manifest());
        let begin = move || place.resume(targets, gathered);
        let (arrived, batch) = self.take(offer, begin, told, Decided::Before).await?;
        let refused = |(at, code): (usize, Code)| {
            let (wanted, text) = (wanted.get(at)?.clone(), Explanation::default());
            Some((wanted, Error::Refused { code, text }))
        };
        let refused = without.into_iter().filter_map(refused).collect();
        let wanted: Vec<Wanted> = order.iter().filter_map(|at| wanted.get(*at).cloned()).collect();
        let contents = wanted.iter().map(|wanted| wanted.content).collect();
        let Settled { files, unkept } = self.land(arrived, batch, contents).await?;
        let files = wanted.into_iter().zip(files).map(|(wanted, (content, landed))| FetchedFile {
            wanted,
            content: Some(content),
            landed,
        });
        let files: Vec<FetchedFile> = files.collect();
        forget_before(landing, &files).await;
        Ok(Portion { files, refused, unkept })
    }

    /// Takes a stream in, to its final record.
    pub(super) async fn take(
        &self,
        offer: Offer,
        begin: impl FnOnce() -> Result<Batch, Error> + Send + 'static,
        (telling, files): (Arc<Telling>, Vec<usize>),
        decided: Decided,
    ) -> Result<(Arrived, Arc<Batch>), Error> {
        let batch = match spawn_blocking(begin).await? {
            Ok(batch) => Arc::new(batch),
            Err(error) => {
                offer.decline(refusal(&error), "");
                return Err(error);
            }
        };
        let place = telling.place(batch.door(), files);
        match offer.accept(place, decided, silently()).await {
            Ok(arrived) => Ok((arrived, batch)),
            Err(error) => {
                let is_senders_fault = error.is_senders_fault();
                // Its files may be many.
                let end =
                    move || if is_senders_fault { batch.discard() } else { batch.break_off() };
                spawn_blocking(end).await?;
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
        let (sharer, now, count) = (self.clone(), self.now(), contents.len());
        let work = move || {
            let stream = arrived.stream();
            let numbers = 0..stream.manifest().count();
            let prove = |n| stream.proof(n).or_else(|| stream.proof_of_merged(n, batch.merger(n)?));
            let proven: Vec<Option<EntryProof>> = numbers.map(prove).collect();
            let is_asked = |(proof, asked): (&Option<EntryProof>, &Option<Content>)| {
                let content = proof.as_ref().map(EntryProof::content);
                asked.is_none_or(|asked| content.is_none_or(|content| content == asked))
            };
            if !proven.iter().zip(&contents).all(is_asked) {
                batch.discard();
                return Err(Error::NotAsked("a file has another content"));
            }
            let found: Vec<Option<Content>> =
                proven.iter().map(|proof| proof.as_ref().map(EntryProof::content)).collect();
            // Of very many files, each is held once.
            let mut durable: Vec<EntryProof> = proven.into_iter().flatten().collect();
            let landed = batch.land(&durable, now).map_err(crate::link::StreamError::Place)?;
            let mut each = landed.iter();
            durable.retain(|_| each.next().is_some_and(Result::is_ok));
            // The files are here, whether they can be proven later or not.
            let receipts = sharer.receipts.as_ref();
            let unkept = receipts.and_then(|it| it.keep(stream, &durable, now).err());
            // Should the sender not hear of it any more, the files have landed nevertheless.
            let _ = arrived.confirm(&durable, sharer.identity.signing(), now);
            let mut landed = landed.into_iter();
            let files = found.into_iter().zip(contents).map(|(found, asked)| match found {
                Some(content) => (content, landed.next().unwrap_or(Err(LandError::Proof))),
                // Parts are kept only of what is asked for by its content.
                None => (asked.unwrap_or_else(|| Content::of(&[])), Err(LandError::Kept)),
            });
            Ok(Settled { files: files.collect(), unkept })
        };
        self.told_if_long(Work::Landing, count, spawn_blocking(work)).await?
    }

    /// What takes longer than a moment with so many files is told.
    async fn told_if_long<T>(&self, work: Work, files: usize, doing: impl Future<Output = T>) -> T {
        let with = self.with.as_deref();
        let transfer = Transfer { name: &name_of(files, "a file"), total: 0, files: 1, with };
        told_if_long((&self.events, work), &transfer, doing).await
    }
}

/// Files of a transfer, from one of them on.
struct Told<'t> {
    telling: &'t Arc<Telling>,
    first: usize,
}

impl Told<'_> {
    /// Which of the files each entry is; from now on their sizes are known, and what is here of them.
    fn files(self, order: &[usize], manifest: &Manifest) -> (Arc<Telling>, Vec<usize>) {
        let files: Vec<usize> = order.iter().map(|at| self.first.saturating_add(*at)).collect();
        if files.len() == self.telling.count() {
            let sizes = manifest.entries().iter().map(|listed| listed.entry.size());
            self.telling.total(sizes.fold(0, u64::saturating_add));
        }
        for (file, listed) in files.iter().zip(manifest.entries()) {
            let size = listed.entry.size();
            self.telling.size(*file, size);
            self.telling.advance(*file, size.saturating_sub(listed.ranges.length()));
        }
        (Arc::clone(self.telling), files)
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

/// Whether nobody may write there: trying again changes nothing.
fn is_closed(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem)
}

/// None of what was asked for can be had.
fn none_of(wanted: &[Wanted], code: Code, text: &Explanation) -> Portion {
    let why = || Error::Refused { code, text: text.clone() };
    let refused = wanted.iter().map(|wanted| (wanted.clone(), why())).collect();
    Portion { files: Vec::new(), refused, unkept: None }
}

/// So often what changes in the middle of a stream is left out of the next one.
const CHANGES: u32 = 10;

/// What the sender is told.
pub(super) fn refusal(error: &Error) -> Code {
    match error {
        Error::NoSpace { .. } => Code::NoSpace,
        Error::Disk { source, .. } if is_full(source) => Code::NoSpace,
        Error::Disk { source, .. } if is_closed(source) => Code::NotAllowed,
        Error::Together(_) | Error::NotAsked(_) => Code::Unexpected,
        _ => Code::Internal,
    }
}
