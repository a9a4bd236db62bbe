//! What others were told of the key directory: an index that shows two people two chains is found out
//! by the first two of them that meet.
//!
//! A head that is longer than our own chain is remembered, and the index asked for more, once for all
//! that wait. If it is longer still, the index keeps something from us. Whoever told a head that
//! contradicts ours may lie: so it is always said who it was, and what they tell in the next hour
//! changes nothing. It stops nothing: with people whose keys are pinned one goes on without the index.

use super::User;
use super::visits::Visit;
use crate::crypto::UnixTime;
use crate::link::{Conversation, Request};
use crate::model::UserName;
use crate::model::directory::{Agreement, Head};
use crate::node::home::kept;
use crate::node::index::IndexSession;
use crate::node::{Error, HomeError};
use crate::wire::{Code, Feature, HeadAsk, HeadTold};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::{MutexGuard, PoisonError};

/// Somebody was told another key directory than we are, or more of it, or says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contradiction {
    /// Who told it.
    pub by: UserName,
    /// What they told: how many entries, and the hash of the last.
    pub head: Head,
    /// Whether it is longer than all that the index shows us. Else it is another chain.
    pub is_longer: bool,
    /// When it was found.
    pub at: UnixTime,
}

/// What others have told, as it is kept: of each the longest head that cannot be compared yet, and the
/// last that contradicts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Told {
    ahead: BTreeMap<String, Said>,
    contradicting: BTreeMap<String, Said>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Said {
    length: u64,
    hash: [u8; 32],
    at: u64,
    /// Whether the index, asked after this was told, did not have so many.
    #[serde(default)]
    is_longer: bool,
}

impl User {
    /// Tells somebody who was dialled how far one knows the directory, and hears it from them.
    pub(super) async fn exchange_heads(&self, who: UserName, conversation: Conversation) {
        let agreed = conversation.proven().agreed();
        if !agreed.features.has(Feature::Heads) {
            return;
        }
        let Ok((index, head)) = self.on_disk(Self::own_head).await else { return };
        let ask = HeadAsk { id: 0, index, length: head.length, hash: head.hash };
        // Who is on another index, or goes, tells nothing.
        if let Ok(told) = conversation.ask(ask).await {
            // What cannot be kept is told again.
            let _ = self.heard_head(&who, told.head()).await;
        }
    }

    /// Answers somebody who dialled.
    pub(super) async fn answer_head(&self, request: Request, who: &UserName) -> Result<(), Error> {
        let Ok(ask) = request.decode::<HeadAsk>() else {
            request.refuse(Code::Malformed, "");
            return Ok(());
        };
        match self.on_disk(Self::own_head).await {
            Ok((index, Head { length, hash })) if index == ask.index => {
                // Who does not wait for it any more need not know.
                let _ = request.answer(HeadTold { id: 0, length, hash });
                self.heard_head(who, ask.head()).await
            }
            _ => {
                request.refuse(Code::NotFound, "");
                Ok(())
            }
        }
    }

    /// Those who were told another directory than we are, or say so. None of them is proven right.
    pub fn contradictions(&self) -> Result<Vec<Contradiction>, Error> {
        self.look_at_heads(&BTreeMap::new())?;
        let told = self.told_heads()?;
        Ok(told.contradicting.iter().filter_map(|(by, said)| said.by(by)).collect())
    }

    /// Those of them that were found since this was last asked.
    pub fn new_contradictions(&self) -> Vec<Contradiction> {
        // What cannot be read is told by `contradictions`.
        let _ = self.look_at_heads(&BTreeMap::new());
        std::mem::take(&mut *self.found_heads())
    }

    /// Nothing of what others told counts any more.
    pub(super) fn forget_heads(&self) -> Result<(), HomeError> {
        let _changing = self.inner.state.changing()?;
        self.inner.state.remove(HEADS)
    }

    fn own_head(&self) -> Result<([u8; 32], Head), Error> {
        let (index, session) = (self.index()?, self.session()?);
        Ok((*index.fingerprint.as_bytes(), session.known().head()))
    }

    /// A longer one is remembered before our chain grows: that may take its time.
    async fn heard_head(&self, by: &UserName, head: Head) -> Result<(), Error> {
        let session = self.session()?;
        let (by, said) = (by.to_string(), Said::of(head));
        match session.known().compare(&head) {
            Agreement::Same | Agreement::Ahead => Ok(()),
            Agreement::Forked => self.on_disk(move |me| me.raise(vec![(by, said)])).await,
            Agreement::Behind => match self.on_disk(move |me| me.remember(&by, said)).await? {
                true => self.catch_up_with_heads(&session).await,
                false => Ok(()),
            },
        }
    }

    /// Asks the index for what others know more than we do. What is told meanwhile waits: strangers
    /// do not make us ask twice at once.
    async fn catch_up_with_heads(&self, session: &IndexSession) -> Result<(), Error> {
        let Ok(_turn) = self.inner.comparing.try_lock() else { return Ok(()) };
        let ahead = self.on_disk(|me| Ok(me.told_heads()?.ahead)).await?;
        let Some(longest) = ahead.values().max_by_key(|said| said.length) else { return Ok(()) };
        self.wait(session, session.compare_heads(&longest.head())).await?;
        self.on_disk(move |me| me.look_at_heads(&ahead)).await
    }

    /// Whether it is kept until it can be compared.
    fn remember(&self, by: &str, mut said: Said) -> Result<bool, Error> {
        said.at = self.now().0;
        let mut is_kept = false;
        self.change_heads(|told| is_kept = told.remember(by, said))?;
        Ok(is_kept)
    }

    /// Compares what is remembered, as far as our chain reaches by now. Of some it is known that the
    /// index was asked for more after they were told.
    fn look_at_heads(&self, asked_for: &BTreeMap<String, Said>) -> Result<(), Error> {
        if self.told_heads()?.ahead.is_empty() {
            return Ok(());
        }
        let (session, mut found) = (self.session()?, Vec::new());
        self.change_heads(|told| {
            told.ahead.retain(|by, said| {
                let agreement = session.known().compare(&said.head());
                let is_longer = agreement == Agreement::Behind;
                let is_withheld = is_longer && asked_for.get(by) == Some(said);
                if is_withheld || agreement == Agreement::Forked {
                    found.push((by.clone(), Said { is_longer, ..said.clone() }));
                }
                is_longer && !is_withheld
            });
        })?;
        self.raise(found)
    }

    /// Keeps and tells contradictions, of each person at most one in an hour.
    fn raise(&self, mut found: Vec<(String, Said)>) -> Result<(), Error> {
        let now = self.now().0;
        found.iter_mut().for_each(|(_, said)| said.at = now);
        self.change_heads(|told| found.retain(|(by, said)| told.contradict(by, said)))?;
        for contradiction in found.iter().filter_map(|(by, said)| said.by(by)) {
            self.tell_visit(Visit::Contradicted { by: contradiction.by.clone() });
            let mut waiting = self.found_heads();
            if waiting.len() < MOST {
                waiting.push(contradiction);
            }
        }
        Ok(())
    }

    fn found_heads(&self) -> MutexGuard<'_, Vec<Contradiction>> {
        self.inner.contradictions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn told_heads(&self) -> Result<Told, HomeError> {
        Ok(kept::read_json(&self.inner.state, HEADS)?.unwrap_or_default())
    }

    fn change_heads(&self, change: impl FnOnce(&mut Told)) -> Result<(), HomeError> {
        let _changing = self.inner.state.changing()?;
        let before = self.told_heads()?;
        let mut told = before.clone();
        change(&mut told);
        match told == before {
            true => Ok(()),
            false => kept::write_json(&self.inner.state, HEADS, &told),
        }
    }
}

impl Said {
    fn of(Head { length, hash }: Head) -> Self {
        Self { length, hash, at: 0, is_longer: false }
    }

    fn head(&self) -> Head {
        Head { length: self.length, hash: self.hash }
    }

    fn by(&self, name: &str) -> Option<Contradiction> {
        let (head, is_longer, at) = (self.head(), self.is_longer, UnixTime(self.at));
        Some(Contradiction { by: name.parse().ok()?, head, is_longer, at })
    }
}

impl Told {
    /// Keeps the longest head of each that cannot be compared yet, and gives whether there is one.
    fn remember(&mut self, by: &str, said: Said) -> bool {
        if self.is_quiet(by, said.at) {
            return false;
        }
        if let Some(before) = self.ahead.get_mut(by) {
            if before.length < said.length {
                *before = said;
            }
            return true;
        }
        self.make_room();
        self.ahead.insert(by.to_owned(), said);
        true
    }

    /// The oldest head gives way to a newcomer's, of those who contradict last: who fills the
    /// table does not keep others from being heard.
    fn make_room(&mut self) {
        let Self { ahead, contradicting } = self;
        let worth = |(by, said): &(&String, &Said)| (contradicting.contains_key(*by), said.at);
        if ahead.len() >= MOST
            && let Some(by) = ahead.iter().min_by_key(worth).map(|(by, _)| by.clone())
        {
            ahead.remove(&by);
        }
    }

    /// Keeps a contradiction, and gives whether it is to be told. Where as many contradict as are kept,
    /// one more is not worth another's place.
    fn contradict(&mut self, by: &str, said: &Said) -> bool {
        let (is_known, has_room) =
            (self.contradicting.contains_key(by), self.contradicting.len() < MOST);
        let is_told = !self.is_quiet(by, said.at) && (is_known || has_room);
        if is_told {
            self.contradicting.insert(by.to_owned(), said.clone());
        }
        is_told
    }

    /// Whether it was told just now that somebody contradicts.
    fn is_quiet(&self, by: &str, now: u64) -> bool {
        self.contradicting.get(by).is_some_and(|said| said.at.abs_diff(now) < QUIET)
    }
}

const HEADS: &str = "heads.json";
/// Of so many people something is kept.
const MOST: usize = 64;
/// Of one person a contradiction is told once in so many seconds.
const QUIET: u64 = 3600;
