//! What the store found, as it travels: no more than one frame holds, and how to go on behind it.
//!
//! Here lists are cut, so that what points to what stays true; a list that is too long all the same is
//! a fault of ours, and no answer.

use super::shelf::{Owners, Shelving};
use super::store::{Holders, ListingPage, Position, ResultPage, ResultRow};
use super::visitor::Denial;
use crate::codec::{List, Text};
use crate::model::Asked;
use crate::model::limits::{
    ASKED_WORDS, LISTING_PAGE, LOCATE_SOURCES, RESULT_SOURCES, RESULTS_PAGE,
};
use crate::wire::Code;
use crate::wire::index::{EntrySeen, Found, Listing, Located, PersonSeen, Results};

/// A page of results, without its `next`; and behind what that would go on.
pub(super) fn results(
    owners: Owners,
    page: &ResultPage,
    asked: Option<&Asked>,
) -> Result<(Results, Option<Position>), Denial> {
    let mut shelving = Shelving::new(owners, &page.shelf.shares);
    let rows = page.results.iter().take(RESULTS_PAGE);
    let results: Vec<_> = rows.map_while(|row| shelving.result(row)).collect::<Result<_, _>>()?;
    let next = match results.len() < page.results.len() {
        // What does not fit into the answer comes with the next one.
        true => page.results.iter().take(results.len()).next_back().map(|row| row.here.clone()),
        false => page.next.clone(),
    };
    let words = asked.map_or(&[][..], |asked| asked.words());
    let nothing = page.nothing.iter().filter_map(|at| words.get(*at)).take(ASKED_WORDS);
    let nothing = nothing.filter_map(|word| Text::new(word.to_string()).ok()).collect();
    let (people, shares) = shelving.into_tables();
    let (people, shares) = (whole(people)?, whole(shares)?);
    let (results, nothing) = (whole(results)?, whole(nothing)?);
    Ok((Results { id: 0, people, shares, results, nothing, next: None }, next))
}

/// A page of entries.
pub(super) fn listing(person: PersonSeen, page: &ListingPage) -> Result<Listing, Denial> {
    let owners = Owners::from([(page.person.account, person.clone())]);
    let mut shelving = Shelving::new(owners, &page.shares);
    let rows = page.entries.iter().take(LISTING_PAGE);
    let entries: Vec<_> = rows.map_while(|row| shelving.entry(row)).collect();
    let more = page.more || entries.len() < page.entries.len();
    let (_, shares) = shelving.into_tables();
    Ok(Listing { id: 0, person, shares: whole(shares)?, entries: whole(entries)?, more })
}

/// Who has a content.
pub(super) fn located(owners: Owners, holders: &Holders) -> Result<Located, Denial> {
    let mut shelving = Shelving::new(owners, &holders.shelf.shares);
    let rows = holders.sources.iter().take(LOCATE_SOURCES);
    let sources: Vec<_> = rows.map_while(|row| shelving.entry(row)).collect();
    let others = others(&holders.sources, &sources, holders.others);
    let (people, shares) = shelving.into_tables();
    let (people, shares) = (whole(people)?, whole(shares)?);
    Ok(Located { id: 0, people, shares, sources: whole(sources)?, others })
}

impl Shelving<'_> {
    /// A result, if its first source still fits; of the others those that do.
    fn result(&mut self, row: &ResultRow) -> Option<Result<Found, Denial>> {
        let rows = row.sources.iter().take(RESULT_SOURCES);
        let sources: Vec<_> = rows.map_while(|source| self.entry(source)).collect();
        let others = others(&row.sources, &sources, row.others);
        let found = |sources| Ok(Found { sources: whole(sources)?, others });
        (!sources.is_empty()).then(|| found(sources))
    }
}

/// How many there are besides those that are shown.
fn others<T>(rows: &[T], shown: &[EntrySeen], others: u32) -> u32 {
    let left_out = rows.len().saturating_sub(shown.len());
    others.saturating_add(u32::try_from(left_out).unwrap_or(u32::MAX))
}

fn whole<T, const MAX: usize>(items: Vec<T>) -> Result<List<T, MAX>, Denial> {
    List::new(items).map_err(|error| Denial::new(Code::Internal, error.to_string()))
}

#[cfg(test)]
#[path = "../../test/unit/answers.rs"]
mod tests;
