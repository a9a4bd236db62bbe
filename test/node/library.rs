//! What others share on the index by hand, and how it is found: the words are looked for as they
//! stand.

use crate::stub::{seen, user};
use std::collections::HashMap;
use waxwing::codec::{List, Text};
use waxwing::link::{Ended, Request};
use waxwing::model::{Content, Entry, Name};
use waxwing::wire::index::{
    Browse, EntrySaid, EntrySeen, Found, Listing, Locate, Located, NameSaid, Named, PersonSeen,
    Results, Search, ShareSeen,
};
use waxwing::wire::{Code, Kind};

pub(crate) struct Library {
    pub(crate) rows: Vec<Row>,
    /// How many results or entries go into one answer.
    pub(crate) page: usize,
    /// How far searches came, by conversation and number.
    positions: HashMap<(usize, u32), Option<usize>>,
}

/// An entry of somebody, at whose address one knows whether they are online.
#[derive(Clone)]
pub(crate) struct Row {
    pub(crate) owner: PersonSeen,
    pub(crate) share: String,
    pub(crate) entry: Entry,
}

pub(crate) fn row(owner: &str, addresses: &[&str], share: &str, entry: Entry) -> Row {
    Row { owner: seen(owner, addresses), share: share.to_owned(), entry }
}

impl Default for Library {
    fn default() -> Self {
        Self { rows: Vec::new(), page: 3, positions: HashMap::new() }
    }
}

impl Library {
    pub(crate) fn answer(&mut self, request: Request, conversation: usize) -> Result<(), Ended> {
        match request.kind() {
            Kind::Search => match self.search(&request.decode().unwrap(), conversation) {
                Some(results) => request.answer(results),
                None => refuse(request),
            },
            Kind::Browse => match self.browse(&request.decode().unwrap()) {
                Some(listing) => request.answer(listing),
                None => refuse(request),
            },
            _ => {
                let ask: Locate = request.decode().unwrap();
                let is_it = |row: &&Row| {
                    let content = row.entry.content();
                    content.is_some_and(|id| *id.as_bytes() == *ask.content)
                        && row.entry.size() == ask.size
                };
                let rows: Vec<_> = self.rows.iter().filter(is_it).collect();
                if rows.is_empty() {
                    return refuse(request);
                }
                let (people, shares) = tables(&rows);
                let sources = rows.iter().map(|row| said(row, &shares)).collect();
                let (people, shares) = (List::new(people).unwrap(), List::new(shares).unwrap());
                let sources = List::new(sources).unwrap();
                request.answer(Located { id: 0, people, shares, sources, others: 0 })
            }
        }
    }

    /// Knows no longer how far any search came.
    pub(crate) fn forget(&mut self) {
        for place in self.positions.values_mut() {
            *place = None;
        }
    }

    /// One result each content, or each entry without one. Positions are rows.
    fn search(&mut self, ask: &Search, conversation: usize) -> Option<Results> {
        let from = match ask.from {
            None => 0,
            Some(number) => (*self.positions.get(&(conversation, number))?)?,
        };
        let words: Vec<_> = ask.text.split_whitespace().collect();
        let has = |row: &Row, word: &str| row.entry.path().file_name().contains(word);
        let is_found = |row: &&Row| {
            words.iter().all(|word| has(row, word))
                && ask.owner.as_ref().is_none_or(|owner| *owner == row.owner.user)
        };
        let found: Vec<_> = self.rows.iter().filter(is_found).collect();
        let content = |row: &Row| row.entry.content().map(|id| (id, row.entry.size()));
        let is_first = |at: &usize| {
            content(found[*at])
                .is_none_or(|it| !found[..*at].iter().any(|o| content(o) == Some(it)))
        };
        let most = self.page.min(ask.most.map_or(100, usize::from));
        let mut heads = (from..found.len()).filter(is_first);
        let page: Vec<_> = heads.by_ref().take(most).collect();
        let more = heads.next();
        let group = |head: &usize| -> Vec<&Row> {
            match content(found[*head]) {
                None => vec![found[*head]],
                some => found[*head..].iter().filter(|row| content(row) == some).copied().collect(),
            }
        };
        let groups: Vec<Vec<&Row>> = page.iter().map(group).collect();
        let (people, shares) = tables(&groups.concat());
        let results = groups.iter().map(|rows| {
            let sources = rows.iter().map(|row| said(row, &shares)).collect();
            Found { sources: List::new(sources).unwrap(), others: 0 }
        });
        let results = List::new(results.collect()).unwrap();
        let nothing = words.iter().filter(|word| !self.rows.iter().any(|row| has(row, word)));
        let nothing = nothing.map(|word| Text::new(*word).unwrap()).collect();
        let (people, shares) = (List::new(people).unwrap(), List::new(shares).unwrap());
        let nothing = List::new(nothing).unwrap();
        let next = more.map(|row| {
            let number = self.positions.keys().filter(|(at, _)| *at == conversation).count() as u32;
            self.positions.insert((conversation, number), Some(row));
            number
        });
        Some(Results { id: 0, people, shares, results, nothing, next })
    }

    pub(crate) fn browse(&self, ask: &Browse) -> Option<Listing> {
        let is_it = |row: &&Row| {
            row.owner.user == ask.user
                && ask.below.as_ref().is_none_or(|it| row.entry.path().is_within(&it.0))
                && ask.share.as_ref().is_none_or(|it| it.0.as_str() == row.share)
        };
        let mut rows: Vec<_> = self.rows.iter().filter(is_it).collect();
        rows.sort_by_key(|row| (row.share.clone(), row.entry.path().clone()));
        let person = rows.first()?.owner.clone();
        if let Some(behind) = &ask.after {
            let behind = (behind.share.0.as_str(), &behind.path.0);
            rows.retain(|row| (row.share.as_str(), row.entry.path()) > behind);
        }
        let more = rows.len() > self.page;
        rows.truncate(self.page);
        let (_, shares) = tables(&rows);
        let entries = List::new(rows.iter().map(|row| said(row, &shares)).collect()).unwrap();
        Some(Listing { id: 0, person, shares: List::new(shares).unwrap(), entries, more })
    }
}

fn refuse(request: Request) -> Result<(), Ended> {
    request.refuse(Code::NotFound, "");
    Ok(())
}

/// Each person and each share once.
pub(crate) fn tables(rows: &[&Row]) -> (Vec<PersonSeen>, Vec<ShareSeen>) {
    let mut people: Vec<_> = rows.iter().map(|row| row.owner.clone()).collect();
    people.sort_by(|one, other| one.user.0.cmp(&other.user.0));
    people.dedup_by(|one, other| one.user == other.user);
    let mut shares: Vec<ShareSeen> = Vec::new();
    for row in rows {
        let share = share_of(row);
        if !shares.contains(&share) {
            shares.push(share);
        }
    }
    (people, shares)
}

pub(crate) fn share_of(row: &Row) -> ShareSeen {
    let content = Content::of(format!("{}:{}", row.owner.user.as_str(), row.share).as_bytes());
    let id: [u8; 16] = *content.id().as_bytes().first_chunk().unwrap();
    ShareSeen {
        user: Named(user(row.owner.user.as_str())),
        share: id.into(),
        name: NameSaid(Name::new(&row.share).unwrap()),
        keywords: List::default(),
    }
}

pub(crate) fn said(row: &Row, shares: &[ShareSeen]) -> EntrySeen {
    let share = shares.iter().position(|share| *share == share_of(row)).unwrap();
    EntrySeen { share: share as u16, entry: EntrySaid::from(&row.entry) }
}
