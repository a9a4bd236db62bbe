//! Leaf lists: told to whoever may have a file, and taken from others only when they merge to its id.

use super::chosen::Choosing;
use super::shelf::Shelved;
use super::{Error, Sharer};
use crate::link::{Conversation, Request, Streams};
use crate::model::content::{Leaf, LeafList, of_file};
use crate::model::limits::LEAF_LIST;
use crate::model::{Content, EntryPath, ShareId, UserName};
use crate::peer::folder::UntilOver;
use crate::wire::index::PathSaid;
use crate::wire::{Code, ContentSaid, LeavesAsk, LeavesTold, Wanted};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::OnceCell;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

/// The last lists that were asked for. To make one, the whole file is read.
#[derive(Debug, Default)]
pub(super) struct LeafLists(Mutex<VecDeque<(Content, Slot)>>);

/// Several who ask for the same wait for one that is made.
type Slot = Arc<OnceCell<Arc<LeafList>>>;

impl Sharer {
    /// Answers a [`LeavesAsk`] of this person, by the name that they have on the index.
    pub async fn serve_leaves(&self, request: Request, asker: &UserName) -> Result<(), Error> {
        let told = match request.decode() {
            Ok(ask) => self.leaves_for(ask, asker, request.conversation()).await,
            Err(_) => Err(Code::Malformed),
        };
        match told {
            Ok(told) => request.answer(told).map_err(|_| Error::Stopped),
            Err(code) => {
                request.refuse(code, "");
                Err(Error::Declined(code))
            }
        }
    }

    async fn leaves_for(
        &self,
        ask: LeavesAsk,
        asker: &UserName,
        conversation: &Conversation,
    ) -> Result<LeavesTold, Code> {
        let who = conversation.proven().fingerprint();
        let turn = self.listing.begin(who, 0).ok_or(Code::Busy)?;
        let share = ShareId::from_bytes(*ask.share);
        let shelved = self.shelf.share_for(asker, share).ok_or(Code::NotFound)?;
        let content = ask.content.content().ok_or(Code::Malformed)?;
        let first = usize::try_from(ask.first).map_err(|_| Code::Malformed)?;
        let count = usize::try_from(content.leaf_count()).unwrap_or(usize::MAX);
        if count > LEAF_LIST || first >= count {
            return Err(Code::Malformed);
        }
        let (mut choosing, path) = (Choosing::new(Arc::clone(&shelved)), ask.path.0.clone());
        let wanted = Wanted { path: ask.path, content: Some(ask.content), parts: None };
        // It still is what was published.
        let look = move || {
            choosing.add(&[wanted])?;
            choosing.finish().map(drop)
        };
        let looked = spawn_blocking(look).await;
        looked.map_err(|_| Code::Internal)??;
        let (slot, conversation) = (self.lists.slot(content), conversation.clone());
        // Of a large file it takes longer than anybody waits for an answer. They find it the next time.
        let making = tokio::spawn(async move {
            let _turn = turn;
            let make = move || read(&shelved, &path, content, &conversation);
            let make = || async { spawn_blocking(make).await.map_err(|_| Code::Internal)? };
            slot.get_or_try_init(make).await.cloned()
        });
        let made = timeout(MAKING, making).await.map_err(|_| Code::Busy)?;
        let list = made.map_err(|_| Code::Internal)??;
        Ok(LeavesTold::new(list.leaves().get(first..).unwrap_or_default()))
    }

    /// Asks for the leaves of a content that somebody has at this place. All of them have to come in some
    /// minutes.
    pub(super) async fn ask_leaves(
        &self,
        streams: &Streams,
        place: (ShareId, &EntryPath),
        content: Content,
    ) -> Result<LeafList, Error> {
        let asked = timeout(LONGEST, self.ask_all_leaves(streams, place, content)).await;
        asked.unwrap_or(Err(Error::Silent))
    }

    async fn ask_all_leaves(
        &self,
        streams: &Streams,
        (share, path): (ShareId, &EntryPath),
        content: Content,
    ) -> Result<LeafList, Error> {
        let mut leaves: Vec<Leaf> = Vec::new();
        while (leaves.len() as u64) < content.leaf_count() {
            let said = ContentSaid::from(content);
            let first = u32::try_from(leaves.len()).unwrap_or(u32::MAX);
            let (share, path) = ((*share.as_bytes()).into(), PathSaid(path.clone()));
            let ask = LeavesAsk { id: 0, share, path, content: said, first };
            let before = leaves.len();
            leaves.extend(streams.conversation().ask(ask).await?.leaves());
            let is_full = leaves.len().saturating_sub(before) == LeavesTold::MOST;
            if !is_full && (leaves.len() as u64) < content.leaf_count() {
                return Err(Error::NotAsked("less of a list of parts than an answer holds"));
            }
        }
        let list = spawn_blocking(move || LeafList::verify(content, leaves)).await?;
        list.map_err(|_| Error::NotAsked("a list of parts that is not that of the file"))
    }
}

impl LeafLists {
    fn slot(&self, content: Content) -> Slot {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, slot)) = kept.iter().find(|(of, _)| *of == content) {
            return Arc::clone(slot);
        }
        let slot = Slot::default();
        kept.push_back((content, Arc::clone(&slot)));
        if kept.len() > KEPT {
            kept.pop_front();
        }
        slot
    }
}

/// Reads a file for its leaves, as long as somebody waits for them.
fn read(
    shelved: &Shelved,
    path: &EntryPath,
    content: Content,
    asker: &Conversation,
) -> Result<Arc<LeafList>, Code> {
    let shown = shelved.get(path).ok_or(Code::NotFound)?;
    let file = shelved.folder.open_unchanged(path, shown.stamp);
    let file = file.map_err(|_| Code::SourceChanged)?;
    let is_over = || asker.ending().is_some();
    let mut leaves = Vec::new();
    let file = UntilOver { file: &file, is_over: &is_over };
    let found = of_file(&file, content.size(), |leaf| leaves.push(leaf));
    match found {
        Ok(found) if found == content => {
            LeafList::verify(content, leaves).map(Arc::new).map_err(|_| Code::Internal)
        }
        _ => Err(Code::SourceChanged),
    }
}

/// So long all of a list may take, also where one has to be made.
const LONGEST: Duration = Duration::from_secs(180);
/// So long an answer waits for a list that is made; who asks may try others after less.
const MAKING: Duration = Duration::from_secs(20);
/// So many lists are kept: of the largest contents 64 MiB.
const KEPT: usize = 8;
