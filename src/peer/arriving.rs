//! Taking a stream in, whether it was asked for or offered, up to the names of its files.

use super::landing::{Batch, LandError, Landed};
use super::telling::{Telling, silently};
use super::{Error, Sharer};
use crate::link::{Arrived, Decided, Offer, StreamError, is_full, is_out_of_files};
use crate::model::{Content, Work};
use crate::seal::EntryProof;
use crate::wire::Code;
use std::borrow::Cow;
use std::io;
use std::sync::Arc;
use tokio::task::spawn_blocking;

/// What came of a stream: of each of its entries, and why no receipts are kept, if so.
pub(super) struct Settled {
    pub(super) files: Vec<(Content, Result<Landed, LandError>)>,
    pub(super) unkept: Option<Error>,
}

impl Sharer {
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

    /// Gives what arrived its names, keeps receipts, and confirms what landed. `contents` are those for
    /// which the entries were asked, if they were.
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
        let count = arrived.stream().manifest().entries().len();
        let work = move || {
            let proofs = match proven(&arrived, &batch, &contents) {
                Ok(proofs) => proofs,
                Err(error) => {
                    batch.discard();
                    arrived.fail(Some(Code::Unexpected));
                    return Err(error);
                }
            };
            let receipts = sharer.receipts.as_ref().filter(|_| !proofs.is_empty());
            let mut early = None;
            // Whoever is killed in between has no file without its receipt. The files get their names, whether
            // they can be proven later or not.
            let keep = || {
                let stream = arrived.stream();
                early = receipts.map(|it| (it, it.keep_early(stream, &proofs, now)));
            };
            let landed = match batch.land_after(&proofs, now, keep).map_err(StreamError::Place) {
                Ok(landed) => landed,
                Err(error) => {
                    arrived.fail(error.code());
                    return Err(error.into());
                }
            };
            let durable = durable(&proofs, &landed);
            let kept =
                early.map_or(Ok(()), |(receipts, kept)| match durable.len() == proofs.len() {
                    true => kept.map(drop),
                    false => receipts.keep_only(&kept?, arrived.stream(), &durable, now),
                });
            let unkept = kept.err().filter(|_| !durable.is_empty());
            // Should the sender not hear of it any more, the files have landed nevertheless.
            let _ = arrived.confirm(&durable, sharer.identity.signing(), now);
            drop(durable);
            let mut came = proofs.into_iter().zip(landed).peekable();
            let files = (0..count).map(|at| {
                let is_it =
                    |(proof, _): &(EntryProof, _)| usize::try_from(proof.number()) == Ok(at);
                match came.next_if(is_it) {
                    Some((proof, landed)) => (proof.content(), landed),
                    // Parts are kept only of what is asked for by its content.
                    None => (
                        asked(&contents, at).unwrap_or_else(|| Content::of(&[])),
                        Err(LandError::Kept),
                    ),
                }
            });
            Ok(Settled { files: files.collect(), unkept })
        };
        self.told_if_long(Work::Landing, count, spawn_blocking(work)).await?
    }
}

/// The proofs of all entries that are there, in their order. Fails if one is not what was asked for.
fn proven(
    arrived: &Arrived,
    batch: &Batch,
    contents: &[Option<Content>],
) -> Result<Vec<EntryProof>, Error> {
    let stream = arrived.stream();
    let mut proofs = Vec::with_capacity(stream.manifest().entries().len());
    for (number, at) in (0..stream.manifest().count()).zip(0..) {
        let whole = stream.proof(number);
        let proof = whole.or_else(|| stream.proof_of_merged(number, batch.merger(number)?));
        let Some(proof) = proof else { continue };
        if asked(contents, at).is_some_and(|asked| asked != proof.content()) {
            return Err(Error::NotAsked("a file has another content"));
        }
        proofs.push(proof);
    }
    Ok(proofs)
}

/// Those that landed: mostly all.
fn durable<'p>(
    proofs: &'p [EntryProof],
    landed: &[Result<Landed, LandError>],
) -> Cow<'p, [EntryProof]> {
    if landed.iter().all(Result::is_ok) {
        return Cow::Borrowed(proofs);
    }
    let landed = proofs.iter().zip(landed).filter(|(_, landed)| landed.is_ok());
    landed.map(|(proof, _)| proof.clone()).collect()
}

fn asked(contents: &[Option<Content>], at: usize) -> Option<Content> {
    contents.get(at).copied().flatten()
}

/// What the sender is told.
pub(super) fn refusal(error: &Error) -> Code {
    match error {
        Error::NoSpace { .. } => Code::NoSpace,
        Error::Disk { source, .. } if is_full(source) => Code::NoSpace,
        Error::Disk { source, .. } if is_closed(source) => Code::NotAllowed,
        Error::Disk { source, .. } if is_out_of_files(source) => Code::Busy,
        Error::Together(_) | Error::NotAsked(_) => Code::Unexpected,
        _ => Code::Internal,
    }
}

/// Whether nobody may write there: trying again changes nothing.
fn is_closed(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem)
}
