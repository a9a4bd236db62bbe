//! Sending: files that a person names are offered to somebody, who may say no.

use super::folder::{Scan, Scanned, ShareFolder, Stamp};
use super::sharer::name_of;
use super::sources::{Listed, Listing, Sources};
use super::telling::{Telling, silently};
use super::{Error, LeftOut, Sharer};
use crate::crypto::Verified;
use crate::link::{Consent, Proven, Sending, StreamError, Streams};
use crate::model::{ByteRange, Entry, EntryPath, Ranges, Task, Transfer, Work};
use crate::seal::{Delivery, Manifest, ManifestEntry, SealError, Sealer};
use crate::wire::{BegunSaid, SendAsk, StreamAgain};
use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// Files to send, looked at and listed.
#[derive(Debug)]
pub struct Files {
    manifest: Arc<Manifest>,
    sources: Sources<Named>,
    left_out: Vec<LeftOut>,
}

/// Where the files of a manifest are. Of very many, their paths stand there alone.
#[derive(Debug)]
struct Named {
    manifest: Arc<Manifest>,
    stamps: Vec<Stamp>,
    /// With each folder, how many files there are up to its last.
    folders: Vec<(usize, ShareFolder)>,
}

impl Listing for Named {
    fn file(&self, number: usize) -> Option<Listed<'_>> {
        let folder = self.folders.partition_point(|(end, _)| *end <= number);
        let (_, folder) = self.folders.get(folder)?;
        let told = self.manifest.entries().get(number)?.entry.path();
        let path = match folder.is_one_file() {
            true => Cow::Borrowed(told),
            false => Cow::Owned(told.inside()?),
        };
        Some((folder, path, self.stamps.get(number)?))
    }
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
        let (mut listed, mut stamps, mut folders) = (Vec::new(), Vec::new(), Vec::new());
        let mut left_out = Vec::new();
        for path in paths {
            let at = |source| Error::Disk { path: path.clone(), source };
            let folder = ShareFolder::open(path).map_err(at)?;
            let Scan { files, left_out: left, .. } = folder.scan().map_err(at)?;
            left_out.extend(left);
            listed.reserve_exact(files.len());
            stamps.reserve_exact(files.len());
            for file in files {
                let entry = Entry::new(told(&folder, &file, path)?, file.size, file.modified)?;
                listed.push(ManifestEntry::whole(entry.executable(file.executable)));
                stamps.push(file.stamp);
            }
            folders.push((listed.len(), folder));
        }
        if listed.is_empty() {
            return Err(Error::Nothing);
        }
        let manifest = Arc::new(Manifest::new(listed)?);
        let sources = Sources::new(Named { manifest: Arc::clone(&manifest), stamps, folders });
        Ok(Self { manifest, sources, left_out })
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
        let (conversation, proven) = (streams.conversation(), streams.conversation().proven());
        // Nobody is asked for what could not be sealed for them.
        proven.certificate(self.now()).map_err(SealError::from)?;
        let (entries, data_length) = (manifest.count(), manifest.data_length());
        let waiting = self.wait_for(&manifest);
        let ask = SendAsk { id: 0, entries, data_length };
        let (grant, frames) = conversation.ask_stream(ask).await?;
        let context = proven.context(&grant.challenge);
        let sealer = self.seal(Arc::clone(&manifest), proven, context).await?;
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
        for (number, listed) in (0..).zip(manifest.entries()) {
            let path = listed.entry.path().clone();
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
    fn wait_for(&self, manifest: &Manifest) -> Task {
        let (files, first) = (manifest.entries().len(), manifest.entries().first());
        let name = name_of(files, first.map_or("", |listed| listed.entry.path().as_str()));
        let (files, with) = (manifest.count(), self.with.as_deref());
        self.events.begin_transfer(Work::Waiting, &Transfer { name: &name, total: 0, files, with })
    }
}

/// The entries of a manifest, with only what is missing of those that were begun. None when that cannot
/// be: an entry that is not there, or parts that it cannot have.
fn begun(manifest: &Manifest, begun: &[BegunSaid]) -> Option<Vec<ManifestEntry>> {
    let mut listed = manifest.entries().to_vec();
    for BegunSaid { entry, parts } in begun {
        let listed = listed.get_mut(usize::try_from(*entry).ok()?)?;
        let parts = parts.iter().map(ByteRange::from).collect();
        listed.ranges = Ranges::new(listed.entry.size(), parts).ok()?;
    }
    Some(listed)
}
