//! Publishing: shares, and the differences of their entries.
//!
//! ```text
//! ShareChange                    a share is there, under this name, for these people
//! Publish 0, 1, 2 … last         one sync: nobody sees any of it before the last part is taken
//! ShareEnd                       it is gone
//! ```

use super::account::Done;
use super::asks;
use super::change::Change;
use super::entries::{EntrySaid, KeywordSaid, NameSaid, PathSaid};
use super::nouns::{Id16, Named};
use crate::codec::{Charge, List};
use crate::crypto::{Label, sha256};
use crate::model::limits::{AUDIENCE_PEOPLE, PUBLISH_ENTRIES, SHARE_KEYWORDS, SHARES_PAGE};
use crate::model::{Audience, Error, Keywords, Share, ShareId};
use crate::wire::Message;
use crate::wire::message::{checked_messages, numbered, open_messages};
use minicbor::bytes::ByteArray;
use minicbor::{Decode, Encode};

/// Makes a share, or changes its name, its keywords or its audience. That holds at once: who is not
/// in the audience any more sees nothing of it from then on.
#[derive(Encode, Decode, Debug, Clone, PartialEq, Eq)]
#[cbor(map, context_bound = "Charge")]
pub struct ShareChange {
    /// The request.
    #[n(0)]
    pub id: u32,
    /// Its number, the same when it is repeated.
    #[n(1)]
    pub request: Id16,
    /// The share.
    #[n(2)]
    pub share: Id16,
    /// Its name; no other share of the person has it.
    #[n(3)]
    pub name: NameSaid,
    /// Its keywords, in order, none twice.
    #[n(4)]
    pub keywords: List<KeywordSaid, SHARE_KEYWORDS>,
    /// Whether everyone may see its entries. It is always said: an audience of some later kind, which
    /// a program of today passes over, must not turn into everyone.
    #[n(5)]
    pub everyone: bool,
    /// Who may see them besides the owner, in order, none twice; nobody is named when everyone may.
    #[n(6)]
    pub people: List<Named, AUDIENCE_PEOPLE>,
}

impl ShareChange {
    /// The request that makes this share.
    pub fn new(request: Id16, share: &Share) -> Self {
        let keywords = share.keywords.iter().cloned().map(KeywordSaid).collect();
        let people = share.audience.named().cloned().map(Named).collect();
        Self {
            id: 0,
            request,
            share: (*share.id.as_bytes()).into(),
            name: NameSaid(share.name.clone()),
            // Neither is longer than its noun lets it be.
            keywords: List::new(keywords).unwrap_or_default(),
            everyone: share.audience == Audience::Everyone,
            people: List::new(people).unwrap_or_default(),
        }
    }

    /// The share that it makes.
    pub fn share(&self) -> Result<Share, Error> {
        Ok(Share {
            id: ShareId::from_bytes(*self.share),
            name: self.name.0.clone(),
            keywords: self.in_order()?,
            audience: self.audience()?,
        })
    }

    /// A hash of what is said of the share, by which its owner sees whether the index has the same.
    pub fn about(&self) -> [u8; 32] {
        let nameless = Self { id: 0, request: [0; 16].into(), ..self.clone() };
        sha256(Label::IndexRequest, &[&[Self::KIND.tag()], &Message::encode(&nameless)])
    }

    fn in_order(&self) -> Result<Keywords, Error> {
        let said = self.keywords.iter().map(|keyword| &keyword.0);
        let keywords = Keywords::new(said.clone().cloned())?;
        match keywords.iter().eq(said) {
            true => Ok(keywords),
            false => Err(Error::Keywords("stands there in order, and once")),
        }
    }

    fn audience(&self) -> Result<Audience, Error> {
        let said = self.people.iter().map(|name| &name.0);
        match self.everyone {
            true if said.len() == 0 => Ok(Audience::Everyone),
            true => Err(Error::Audience("is everyone, or people by their names")),
            false => {
                let audience = Audience::people(said.clone().cloned())?;
                let is_in_order = audience.named().eq(said);
                let why = Error::Audience("names people in order, and each once");
                is_in_order.then_some(audience).ok_or(why)
            }
        }
    }
}

impl Change for ShareChange {
    fn number(&self) -> Id16 {
        self.request
    }

    fn asked(&self) -> [u8; 32] {
        self.about()
    }
}

/// Publishes a share no longer: it and its entries are gone at once.
#[derive(Encode, Decode, Debug, Clone, PartialEq, Eq)]
#[cbor(map)]
pub struct ShareEnd {
    /// The request.
    #[n(0)]
    pub id: u32,
    /// The share. When there is none, nothing is refused: it is gone.
    #[n(1)]
    pub share: Id16,
}

/// Asks what the index has of one's own shares.
#[derive(Encode, Decode, Debug, Clone, PartialEq, Eq)]
#[cbor(map)]
pub struct SharesAsk {
    /// The request.
    #[n(0)]
    pub id: u32,
    /// Those whose ids come after this one; the first ones when there is none.
    #[n(1)]
    pub after: Option<Id16>,
}

/// One's own shares, in the order of their ids.
#[derive(Encode, Decode, Debug, Clone, PartialEq, Eq)]
#[cbor(map, context_bound = "Charge")]
pub struct Shares {
    /// The request.
    #[n(0)]
    pub id: u32,
    /// The shares.
    #[n(1)]
    pub shares: List<OwnShare, SHARES_PAGE>,
    /// Whether there are more after the last one.
    #[n(2)]
    pub more: bool,
}

impl Shares {
    fn hangs_together(&self) -> bool {
        // Behind nothing, nobody can go on.
        (!self.more || !self.shares.is_empty())
            && self.shares.is_sorted_by(|one, next| one.share < next.share)
    }
}

/// What the index has of a share of one's own.
#[derive(Encode, Decode, Debug, Clone, PartialEq, Eq)]
#[cbor(map, context_bound = "Charge")]
pub struct OwnShare {
    /// The share.
    #[n(0)]
    pub share: Id16,
    /// Its name.
    #[n(1)]
    pub name: NameSaid,
    /// See [`ShareChange::about`].
    #[n(2)]
    pub about: ByteArray<32>,
    /// The last sync whose last part was taken.
    #[n(3)]
    pub state: Option<Id16>,
    /// How many entries others see.
    #[n(4)]
    pub entries: u64,
    /// The sync that is not at its end, and the number of the part that it waits for.
    #[n(5)]
    pub under_way: Option<UnderWay>,
}

/// A sync that is not at its end.
#[derive(Encode, Decode, Debug, Clone, Copy, PartialEq, Eq)]
#[cbor(map)]
pub struct UnderWay {
    /// Which.
    #[n(0)]
    pub sync: Id16,
    /// The part that it waits for.
    #[n(1)]
    pub next: u32,
}

/// One part of a sync: a difference of a share.
///
/// It is known again by sync and part: repeated, it changes nothing a second time.
#[derive(Encode, Decode, Debug, Clone, PartialEq, Eq)]
#[cbor(map, context_bound = "Charge")]
pub struct Publish {
    /// The request.
    #[n(0)]
    pub id: u32,
    /// The share.
    #[n(1)]
    pub share: Id16,
    /// The sync.
    #[n(2)]
    pub sync: Id16,
    /// The sync that led to the state from which this one differs. None for a sync that begins from
    /// nothing: entries that it does not add are gone in the end.
    #[n(3)]
    pub base: Option<Id16>,
    /// The number of the part, from 0.
    #[n(4)]
    pub part: u32,
    /// Entries that come, or take the place of what their paths named.
    #[n(5)]
    pub add: List<EntrySaid, PUBLISH_ENTRIES>,
    /// Paths that go.
    #[n(6)]
    pub remove: List<PathSaid, PUBLISH_ENTRIES>,
    /// Whether this is the last part, with which all of it holds.
    #[n(7)]
    pub last: bool,
}

open_messages!(ShareChange, ShareEnd, SharesAsk, Publish);
checked_messages!(Shares);
numbered!(ShareChange, ShareEnd, SharesAsk, Shares, Publish);
asks!(
    ShareChange => Done,
    ShareEnd => Done,
    SharesAsk => Shares,
    Publish => Done
);
