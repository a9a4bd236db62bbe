//! Asking the catalog: searching, browsing a person, locating a content.
//!
//! Every answer names each person and each share once, and its entries point to them; one in which
//! they point to nothing is refused. It ends where the frame is full, and says how to go on.

use super::asks;
use super::entries::{EntrySeen, NameSaid, PathSaid, ShareSeen, are_in_order, are_owned};
use super::nouns::Named;
use super::presence::PersonSeen;
use crate::codec::{Charge, List, Text};
use crate::model::limits::{
    ASKED_WORDS, LISTING_PAGE, LOCATE_SOURCES, RESULT_SOURCES, RESULTS_PAGE, SEARCH_BYTES,
};
use crate::wire::message::{checked_messages, numbered, open_messages};
use minicbor::bytes::ByteArray;
use minicbor::{Decode, Encode};

/// Searches the catalog for entries that one may see.
#[derive(Encode, Decode, Debug, Clone, PartialEq, Eq)]
#[cbor(map, context_bound = "Charge")]
pub struct Search {
    /// The request.
    #[n(0)]
    pub id: u32,
    /// The words, all of which an entry must have; a `*` behind one finds those that begin so.
    #[n(1)]
    pub text: Text<SEARCH_BYTES>,
    /// Entries of this person alone.
    #[n(2)]
    pub owner: Option<Named>,
    /// Entries of this kind alone.
    #[n(3)]
    pub kind: Option<u8>,
    /// No smaller entries.
    #[n(4)]
    pub smallest: Option<u64>,
    /// No larger entries.
    #[n(5)]
    pub largest: Option<u64>,
    /// Entries of people who are online alone.
    #[n(6)]
    pub online: bool,
    /// How many results one wants at most; as many as there may be when nothing is said.
    #[n(7)]
    pub most: Option<u16>,
    /// Goes on behind an earlier answer to the same search in this conversation.
    #[n(8)]
    pub from: Option<u32>,
}

/// What a search found, the best first.
#[derive(Encode, Decode, Debug, Clone, PartialEq, Eq)]
#[cbor(map, context_bound = "Charge")]
pub struct Results {
    /// The request.
    #[n(0)]
    pub id: u32,
    /// The owners of the entries, by name.
    #[n(1)]
    pub people: List<PersonSeen, { RESULTS_PAGE * RESULT_SOURCES }>,
    /// The shares of the entries.
    #[n(2)]
    pub shares: List<ShareSeen, { RESULTS_PAGE * RESULT_SOURCES }>,
    /// The results.
    #[n(3)]
    pub results: List<Found, RESULTS_PAGE>,
    /// At the end of a search that found nothing at all: the words of which there is nothing by
    /// themselves, as they were typed. Who asks need not know how the index takes a text apart.
    #[n(4)]
    pub nothing: List<Text<SEARCH_BYTES>, ASKED_WORDS>,
    /// With what to go on. There may be more behind an answer without any results.
    #[n(5)]
    pub next: Option<u32>,
}

impl Results {
    fn hangs_together(&self) -> bool {
        let sources = self.results.iter().flat_map(|found| found.sources.iter());
        are_in_order(&self.people)
            && self.results.iter().all(|found| !found.sources.is_empty())
            && are_owned(sources, &self.people, &self.shares)
    }
}

/// One result: an entry, and all others with the same content.
#[derive(Encode, Decode, Debug, Clone, PartialEq, Eq)]
#[cbor(map, context_bound = "Charge")]
pub struct Found {
    /// The entry that fits best, and then others, those of people who are online first; at least one.
    #[n(0)]
    pub sources: List<EntrySeen, RESULT_SOURCES>,
    /// How many more there are; a number of at least this, when there are very many.
    #[n(1)]
    pub others: u32,
}

/// Asks for the entries of a person that one may see.
#[derive(Encode, Decode, Debug, Clone, PartialEq, Eq)]
#[cbor(map, context_bound = "Charge")]
pub struct Browse {
    /// The request.
    #[n(0)]
    pub id: u32,
    /// Whose.
    #[n(1)]
    pub user: Named,
    /// Of the share of this name alone.
    #[n(2)]
    pub share: Option<NameSaid>,
    /// Those that come behind this entry; the first ones when there is none.
    #[n(3)]
    pub after: Option<Behind>,
    /// The entry of this path alone, and those of the folder of this path.
    #[n(4)]
    pub below: Option<PathSaid>,
}

/// An entry behind which a listing goes on.
#[derive(Encode, Decode, Debug, Clone, PartialEq, Eq)]
#[cbor(map, context_bound = "Charge")]
pub struct Behind {
    /// The name of its share.
    #[n(0)]
    pub share: NameSaid,
    /// Its path.
    #[n(1)]
    pub path: PathSaid,
}

/// Entries of a person, by the names of their shares and then by their paths.
#[derive(Encode, Decode, Debug, Clone, PartialEq, Eq)]
#[cbor(map, context_bound = "Charge")]
pub struct Listing {
    /// The request.
    #[n(0)]
    pub id: u32,
    /// The person.
    #[n(1)]
    pub person: PersonSeen,
    /// The shares of the entries.
    #[n(2)]
    pub shares: List<ShareSeen, LISTING_PAGE>,
    /// The entries.
    #[n(3)]
    pub entries: List<EntrySeen, LISTING_PAGE>,
    /// Whether there are more behind the last one.
    #[n(4)]
    pub more: bool,
}

impl Listing {
    fn hangs_together(&self) -> bool {
        // Behind nothing, nobody can go on.
        (!self.more || !self.entries.is_empty())
            && are_owned(self.entries.iter(), std::slice::from_ref(&self.person), &self.shares)
    }
}

/// Asks who has a content.
#[derive(Encode, Decode, Debug, Clone, PartialEq, Eq)]
#[cbor(map)]
pub struct Locate {
    /// The request.
    #[n(0)]
    pub id: u32,
    /// The content's id.
    #[n(1)]
    pub content: ByteArray<32>,
    /// Its size.
    #[n(2)]
    pub size: u64,
}

/// Who has a content.
#[derive(Encode, Decode, Debug, Clone, PartialEq, Eq)]
#[cbor(map, context_bound = "Charge")]
pub struct Located {
    /// The request.
    #[n(0)]
    pub id: u32,
    /// The owners of the entries, by name.
    #[n(1)]
    pub people: List<PersonSeen, LOCATE_SOURCES>,
    /// The shares of the entries.
    #[n(2)]
    pub shares: List<ShareSeen, LOCATE_SOURCES>,
    /// The entries, those of people who are online first; at least one.
    #[n(3)]
    pub sources: List<EntrySeen, LOCATE_SOURCES>,
    /// How many more there are; a number of at least this, when there are very many.
    #[n(4)]
    pub others: u32,
}

impl Located {
    fn hangs_together(&self) -> bool {
        are_in_order(&self.people)
            && !self.sources.is_empty()
            && are_owned(self.sources.iter(), &self.people, &self.shares)
    }
}

open_messages!(Search, Browse, Locate);
checked_messages!(Results, Listing, Located);
numbered!(Search, Results, Browse, Listing, Locate, Located);
asks!(
    Search => Results,
    Browse => Listing,
    Locate => Located
);
