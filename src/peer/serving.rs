//! Serving: who asks for entries of a share, and may have them, is sent them.
//!
//! What is not there and what is not for the asker is answered alike. A file that is not any more what
//! was published is not sent: its owner has to look at it again first.

use super::shelf::Shelved;
use super::sources::Sources;
use super::telling::{Telling, silently};
use super::{Error, Sharer};
use crate::link::{Consent, Request, Sending, StreamError, Streams};
use crate::model::{ByteRange, Content, EntryPath, Ranges, UserName, Work};
use crate::seal::{Manifest, ManifestEntry};
use crate::wire::{Code, ContentSaid, GetAsk, GetGrant, PartSaid, Wanted};
use std::io;
use std::sync::Arc;
use tokio::task::spawn_blocking;

/// What was served.
#[derive(Debug)]
pub struct Served {
    /// The entries that the receiver signed to have.
    pub landed: Vec<EntryPath>,
    /// How many bytes were sent.
    pub bytes: u64,
}

impl Sharer {
    /// Answers a [`GetAsk`] of this person: whoever is proven to be there, by the name that they have
    /// on the index.
    pub async fn serve_get(
        &self,
        request: Request,
        streams: &Streams,
        asker: &UserName,
    ) -> Result<Served, Error> {
        let ask: GetAsk = match request.decode() {
            Ok(ask) => ask,
            Err(error) => {
                request.refuse(Code::Malformed, "");
                return Err(error.into());
            }
        };
        let proven = streams.conversation().proven();
        let bytes = Manifest::most_bytes(ask.wanted.len());
        let Some(_turn) = self.serving.begin(proven.fingerprint(), bytes) else {
            return Err(refuse(request, Code::Busy));
        };
        let challenge = ask.challenge;
        let (manifest, sources) = match self.look_up(ask, asker.clone()).await {
            Ok(found) => found,
            Err(code) => return Err(refuse(request, code)),
        };
        let paths: Vec<EntryPath> = manifest.entries().iter().map(path_of).collect();
        let sealer = match self.seal(manifest, proven, proven.context(&challenge)).await {
            Ok(sealer) => sealer,
            Err(error) => {
                request.refuse(Code::Internal, "");
                return Err(error);
            }
        };
        let bytes = sealer.manifest().data_length();
        let frames = request.open_stream().ok_or(Error::Stopped)?;
        let entries = sealer.manifest().count();
        let granted = request.answer(GetGrant { id: 0, entries, data_length: bytes });
        granted.map_err(|_| Error::Stopped)?;
        let telling =
            Telling::of_manifest(&self.with_person(asker), Work::Sending, sealer.manifest());
        let source = telling.source(sources, None);
        let sending = Sending { sealer, source, consent: Consent::Given };
        let sent = streams.send(frames, sending, silently()).await?;
        telling.end(true);
        let landed =
            sent.landed.iter().filter_map(|number| paths.get(usize::try_from(*number).ok()?));
        Ok(Served { landed: landed.cloned().collect(), bytes })
    }

    async fn look_up(&self, ask: GetAsk, asker: UserName) -> Result<(Manifest, Sources), Code> {
        let share = crate::model::ShareId::from_bytes(*ask.share);
        let shelved = self.shelf.share_for(&asker, share).ok_or(Code::NotFound)?;
        let looked = spawn_blocking(move || look_at(&shelved, &ask.wanted)).await;
        looked.map_err(|_| Code::Internal)?
    }
}

/// The entries as they were published, if they still are what they were.
pub(super) fn look_at(shelved: &Shelved, wanted: &[Wanted]) -> Result<(Manifest, Sources), Code> {
    let (mut listed, mut sources) = (Vec::with_capacity(wanted.len()), Sources::default());
    for wanted in wanted {
        let published = shelved.get(&wanted.path.0).ok_or(Code::NotFound)?;
        let entry = &published.entry;
        let content = entry.content().and_then(|id| Content::new(id, entry.size()).ok());
        if wanted.content.as_ref().is_some_and(|wanted| content != content_of(wanted)) {
            return Err(Code::SourceChanged);
        }
        let path = entry.path().clone();
        sources.add(Arc::clone(&shelved.folder), path, published.stamp);
        let ranges = ranges_of(wanted, entry.size()).ok_or(Code::Malformed)?;
        listed.push(ManifestEntry { entry: entry.clone(), ranges });
    }
    let manifest = Manifest::new(listed).map_err(|_| Code::Malformed)?;
    match sources.are_unchanged() {
        Ok(true) => Ok((manifest, sources)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(Code::NotFound),
        Ok(false) | Err(_) => Err(Code::SourceChanged),
    }
}

/// All of an entry, or the parts that are wanted of the content that it is known to have.
fn ranges_of(wanted: &Wanted, size: u64) -> Option<Ranges> {
    let Some(parts) = &wanted.parts else { return Some(Ranges::whole(size)) };
    let range = |part: &PartSaid| ByteRange { start: part.start.0, end: part.end.0 };
    wanted.content.as_ref()?;
    Ranges::new(size, parts.iter().map(range).collect()).ok()
}

fn content_of(said: &ContentSaid) -> Option<Content> {
    let id = crate::model::ContentId::from_bytes(*said.id);
    Content::new(id, said.size.0).ok()
}

fn path_of(listed: &ManifestEntry) -> EntryPath {
    listed.entry.path().clone()
}

fn refuse(request: Request, code: Code) -> Error {
    request.refuse(code, "");
    Error::Declined(code)
}

impl Error {
    /// Whether a file was not any more what it was listed as.
    pub fn is_source_changed(&self) -> bool {
        use crate::seal::SealError::SourceChanged;
        matches!(
            self,
            Self::Declined(Code::SourceChanged)
                | Self::Refused { code: Code::SourceChanged, .. }
                | Self::Stream(StreamError::Seal(SourceChanged { .. }))
        )
    }
}
