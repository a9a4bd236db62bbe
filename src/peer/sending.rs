//! Sending: files that a person names are offered to somebody, who may say no.

use super::folder::{Scan, Scanned, ShareFolder};
use super::sharer::name_of;
use super::sources::{Listed, Sources};
use super::telling::{Telling, silently};
use super::{Error, LeftOut, Sharer};
use crate::crypto::Verified;
use crate::link::{Consent, Proven, Sending, StreamError, Streams};
use crate::model::{ByteRange, EntryPath, Ranges, Task, Transfer, Work};
use crate::seal::{Delivery, Manifest, ManifestEntry, SealError, Sealer};
use crate::wire::{BegunSaid, PartSaid, SendAsk, StreamAgain};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// Files to send, looked at and listed.
#[derive(Debug)]
pub struct Files {
    manifest: Manifest,
    sources: Sources<Listed>,
    left_out: Vec<LeftOut>,
}

/// What the receiver signed.
#[derive(Debug)]
pub struct Reply {
    /// The proof of delivery.
    pub delivery: Verified<Delivery>,
    /// The entries that landed.
    pub landed: Vec<EntryPath>,
    /// Those that did not: another file of that name is there.
    pub kept_out: Vec<EntryPath>,
    /// Those that did not though only parts were missing: what was there from an earlier try is of other
    /// files, and was thrown away. Sent again, they go whole.
    pub unfit: Vec<EntryPath>,
}

impl Files {
    /// Looks at files and folders; a folder goes with all that is in it, below its own name. Blocks.
    pub fn open(paths: &[PathBuf]) -> Result<Self, Error> {
        let (mut listed, mut sources, mut left_out) = (Vec::new(), Listed::default(), Vec::new());
        for path in paths {
            let at = |source| Error::Disk { path: path.clone(), source };
            let folder = Arc::new(ShareFolder::open(path).map_err(at)?);
            let Scan { files, left_out: left, .. } = folder.scan().map_err(at)?;
            left_out.extend(left);
            for file in files {
                let entry = Scanned { path: told(&folder, &file, path)?, ..file.clone() };
                listed.push(ManifestEntry::whole(entry.entry(None)?));
                sources.add(Arc::clone(&folder), file.path, file.stamp);
            }
        }
        if listed.is_empty() {
            return Err(Error::Nothing);
        }
        Ok(Self { manifest: Manifest::new(listed)?, sources: Sources::new(sources), left_out })
    }

    /// What is sent.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// What of the folders cannot be.
    pub fn left_out(&self) -> &[LeftOut] {
        &self.left_out
    }
}

/// The path under which a file is told: that below its folder, behind the folder's name.
fn told(folder: &ShareFolder, file: &Scanned, named: &Path) -> Result<EntryPath, Error> {
    if folder.is_one_file() {
        return Ok(file.path.clone());
    }
    let name = match folder.name() {
        Some(name) => name.as_str(),
        // Refused with its reason.
        None => named.file_name().and_then(|name| name.to_str()).unwrap_or_default(),
    };
    let names: Vec<&str> = std::iter::once(name).chain(file.path.components()).collect();
    Ok(EntryPath::of(&names)?)
}

impl Sharer {
    /// Offers files to whoever is proven to be there, who has so long to decide, and sends them.
    pub async fn send(
        &self,
        streams: &Streams,
        files: Files,
        patience: Duration,
    ) -> Result<Reply, Error> {
        let Files { manifest, sources, .. } = files;
        let conversation = streams.conversation();
        let (entries, data_length) = (manifest.count(), manifest.data_length());
        let paths: Vec<EntryPath> =
            manifest.entries().iter().map(|listed| listed.entry.path().clone()).collect();
        let waiting = self.wait_for(&paths);
        let ask = SendAsk { id: 0, entries, data_length };
        let (grant, frames) = conversation.ask_stream(ask).await?;
        let proven = conversation.proven();
        let sealer = self.seal(manifest, proven, proven.context(&grant.challenge)).await?;
        let telling = Telling::of_manifest(self, Work::Sending, sealer.manifest());
        let source = telling.source(sources, Some(waiting));
        let sending = Sending { sealer, source, consent: Consent::AfterManifest(patience) };
        let in_part = Arc::new(OnceLock::new());
        let again = self.sealing_again(proven, &telling, &in_part);
        let sent = streams.send_or_again(frames, sending, again, silently()).await?;
        telling.end(true);
        let in_part: &[u32] = in_part.get().map_or(&[], Vec::as_slice);
        let mut reply = Reply {
            delivery: sent.delivery,
            landed: Vec::new(),
            kept_out: Vec::new(),
            unfit: Vec::new(),
        };
        for (number, path) in (0..).zip(paths) {
            let has_landed = sent.landed.binary_search(&number).is_ok();
            let was_in_part = in_part.binary_search(&number).is_ok();
            match (has_landed, was_in_part) {
                (true, _) => reply.landed.push(path),
                (false, true) => reply.unfit.push(path),
                (false, false) => reply.kept_out.push(path),
            }
        }
        Ok(reply)
    }

    /// What makes the stream that carries only what the receiver does not have from an earlier try.
    fn sealing_again(
        &self,
        to: &Proven,
        telling: &Arc<Telling>,
        in_part: &Arc<OnceLock<Vec<u32>>>,
    ) -> impl FnOnce(&Manifest, &StreamAgain) -> Result<Sealer, StreamError> + Send + use<> {
        let (sharer, to, telling) = (self.clone(), to.clone(), Arc::clone(telling));
        let in_part = Arc::clone(in_part);
        move |manifest, asked| {
            let listed = begun(manifest, &asked.begun).ok_or(StreamError::Unexpected)?;
            let manifest = Manifest::new(listed).map_err(SealError::from)?;
            telling.carries(&manifest);
            // It begins again once.
            let _ = in_part.set(asked.begun.iter().map(|begun| begun.entry).collect());
            Ok(sharer.seal_now(manifest, &to, to.context(&asked.challenge))?)
        }
    }

    /// The other side decides.
    fn wait_for(&self, paths: &[EntryPath]) -> Task {
        let name = name_of(paths.len(), paths.first().map_or("", EntryPath::as_str));
        let files = u32::try_from(paths.len()).unwrap_or(u32::MAX);
        let transfer = Transfer { name: &name, total: 0, files, with: self.with.as_deref() };
        self.events.begin_transfer(Work::Waiting, &transfer)
    }
}

/// The entries of a manifest, with only what is missing of those that were begun. None when that cannot
/// be: an entry that is not there, or parts that it cannot have.
fn begun(manifest: &Manifest, begun: &[BegunSaid]) -> Option<Vec<ManifestEntry>> {
    let mut listed = manifest.entries().to_vec();
    for BegunSaid { entry, parts } in begun {
        let listed = listed.get_mut(usize::try_from(*entry).ok()?)?;
        let range = |part: &PartSaid| ByteRange { start: part.start.0, end: part.end.0 };
        listed.ranges = Ranges::new(listed.entry.size(), parts.iter().map(range).collect()).ok()?;
    }
    Some(listed)
}
