//! Searching, page by page.
//!
//! An index knows how far a search came only in the conversation in which it was asked. In another
//! one the search begins again, and what was given already is left out: so a program may take its
//! time, whatever becomes of the connection.

use super::super::live::Live;
use super::super::state::Shared;
use super::super::{Error, IndexSession, Seen};
use super::found::{Found, FoundKey, Shelf};
use super::query::Query;
use crate::model::Foreign;
use crate::model::limits::RESULTS_PAGE;
use crate::wire::Code;
use crate::wire::index;
use std::collections::HashSet;
use std::sync::{Arc, Weak};
use tokio::time::Instant;

/// What a search found, the best first.
#[derive(Debug, Clone)]
pub struct Findings {
    /// The results, [`Query::most`] of them when there are so many. None may be there though there is
    /// [`Findings::more`]: then the index has looked long and found nothing yet.
    pub results: Vec<Found>,
    /// When nothing was found: the words of which there is nothing by themselves.
    pub nothing: Vec<Foreign>,
    /// With what [`IndexSession::more`] goes on; nothing when these are all.
    pub more: Option<More>,
}

/// How far a search came.
#[derive(Debug, Clone)]
pub struct More {
    query: Query,
    at: At,
    given: HashSet<FoundKey>,
    /// On how many pages in a row there was nothing new.
    idle: usize,
}

/// Where the next page begins.
#[derive(Debug, Clone)]
pub(super) enum At {
    Beginning,
    /// By the index's number, in this conversation.
    Behind(Weak<Live>, u32),
    End,
}

impl At {
    /// The number in this conversation.
    pub(super) fn number(&self, live: &Arc<Live>) -> Option<u32> {
        match self {
            Self::Behind(known, number) if known.as_ptr() == Arc::as_ptr(live) => Some(*number),
            _ => None,
        }
    }
}

impl Findings {
    /// They take no more memory than this.
    pub(super) fn weight(&self) -> usize {
        self.results.iter().map(Found::weight).fold(0, usize::saturating_add)
    }
}

impl IndexSession {
    /// Searches what others share with one, and one's own.
    ///
    /// While the index is away, the same search is answered as it was answered last, if that is still
    /// known: the last 64 are kept, or as many as fit into a few megabytes.
    ///
    /// ```no_run
    /// use waxwing::node::index::{Error, IndexSession, Query};
    ///
    /// # async fn search(session: &IndexSession) -> Result<(), Error> {
    /// let findings = session.search(&Query::new("koal* tree")).await?.value;
    /// for found in &findings.results {
    ///     if let Some(best) = found.sources.first() {
    ///         println!("{}:{}/{}", best.owner.user, best.share.name, best.entry.path());
    ///     }
    /// }
    /// if let Some(mut more) = findings.more {
    ///     let next = session.more(&mut more).await?;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn search(&self, query: &Query) -> Result<Seen<Findings>, Error> {
        query.check()?;
        let shared = self.shared();
        let search = async {
            let mut more = More::new(query.clone());
            let (results, nothing) = more.gather(shared, shared.until()).await?;
            let more = Some(more).filter(|more| !more.is_over());
            let findings = Findings { results, nothing, more };
            shared.known.searches().keep(query, &findings, shared.now());
            Ok(findings)
        };
        self.read(search, || shared.known.searches().get(query)).await
    }

    /// The next results of a search, at most [`Query::most`], none of which was given before. None
    /// when there are no more, or when the index has looked long and found none yet:
    /// [`More::is_over`] tells. After an error it goes on from the same place.
    pub async fn more(&self, more: &mut More) -> Result<Vec<Found>, Error> {
        let shared = self.shared();
        // Whoever waits no longer has been given nothing.
        let mut next = more.clone();
        let (results, _) = next.gather(shared, shared.until()).await?;
        *more = next;
        Ok(results)
    }
}

impl More {
    fn new(query: Query) -> Self {
        let query = Query { most: query.most.max(1), ..query };
        Self { query, at: At::Beginning, given: HashSet::new(), idle: 0 }
    }

    /// Whether there are no more results.
    pub fn is_over(&self) -> bool {
        matches!(self.at, At::End)
    }

    /// The next results, and the words of which there is nothing.
    async fn gather(
        &mut self,
        shared: &Shared,
        until: Instant,
    ) -> Result<(Vec<Found>, Vec<Foreign>), Error> {
        let (mut results, mut nothing) = (Vec::new(), Vec::new());
        // What was given is gone through again when the search begins anew.
        let again = self.given.len().checked_div(self.query.most).unwrap_or_default();
        for _ in 0..PAGES.saturating_add(again) {
            let missing = self.query.most.saturating_sub(results.len()).min(RESULTS_PAGE);
            if missing == 0 || self.is_over() {
                break;
            }
            match self.page(shared, missing, until).await {
                Ok((found, words)) => {
                    self.idle = if found.is_empty() { self.idle.saturating_add(1) } else { 0 };
                    if self.idle > IDLE.saturating_add(self.given.len()) {
                        return Err(Error::Nonsense("it goes on searching and finds nothing"));
                    }
                    results.extend(found);
                    nothing = words;
                }
                // What there is is not lost; the error comes again with the next.
                Err(_) if !results.is_empty() => break,
                Err(error) => return Err(error),
            }
        }
        let nothing = if results.is_empty() && self.is_over() { nothing } else { Vec::new() };
        Ok((results, nothing))
    }

    /// What is new on the next page.
    async fn page(
        &mut self,
        shared: &Shared,
        most: usize,
        until: Instant,
    ) -> Result<(Vec<Found>, Vec<Foreign>), Error> {
        let ask = |live: &Arc<Live>| self.query.ask(&self.at, live, most);
        let (page, live) = match shared.ask_in(ask, until).await {
            // The index has forgotten how far the search came.
            Err(error) if error.is(Code::NotFound) && !matches!(self.at, At::Beginning) => {
                self.at = At::Beginning;
                return Ok(Default::default());
            }
            answered => answered?,
        };
        let shelf = Shelf::new(&page.people, &page.shares, live.index());
        let results = self.take(&page, &shelf, &live, most)?;
        shelf.remember_people(shared);
        let nothing = page.nothing.iter().map(|word| Foreign::new(word)).collect();
        Ok((results, nothing))
    }

    fn take(
        &mut self,
        page: &index::Results,
        shelf: &Shelf,
        live: &Arc<Live>,
        most: usize,
    ) -> Result<Vec<Found>, Error> {
        if page.results.len() > most {
            return Err(Error::Nonsense("it found more than was asked for"));
        }
        let results = page.results.iter().map(|it| shelf.found(&it.sources, it.others));
        let mut results: Vec<_> = results.collect::<Result<_, _>>()?;
        if !results.iter().all(|found| self.query.admits(found)) {
            return Err(Error::Nonsense("it found what was not asked for"));
        }
        results.retain(|found| found.key().is_some_and(|key| self.given.insert(key)));
        self.at = match page.next {
            Some(number) if self.given.len() < GIVEN => At::Behind(Arc::downgrade(live), number),
            _ => At::End,
        };
        Ok(results)
    }
}

/// So many pages one call looks at: the index may find nothing on some of them.
const PAGES: usize = 64;

/// So many results one search gives in all.
const GIVEN: usize = 10_000;

/// More pages in a row without anything new, beside those of what was given, are a search without end: for
/// what is rare, an index has looked through millions of entries by then.
const IDLE: usize = 4096;
