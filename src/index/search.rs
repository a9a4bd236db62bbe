//! Asking the catalog: searching, browsing, locating.
//!
//! What may be seen is decided by the store, inside its questions. Here answers are put into frames,
//! with who is online, and how far a search came is kept: its numbers would tell how much others
//! hide.

use super::service::{Handle, Index};
use super::shelf::Shelving;
use super::store::{Query, ResultRow, Store};
use super::turns::Doing;
use super::visitor::{Denial, Visitor};
use crate::codec::{List, Text};
use crate::model::Asked;
use crate::model::limits::{ENTRY_SIZE, LISTING_PAGE, LOCATE_SOURCES, RESULTS_PAGE};
use crate::model::{Content, ContentId, FileKind};
use crate::wire::Code;
use crate::wire::index::{Browse, EntrySeen, Found, Listing, Locate, Located, Results, Search};

impl<S: Store> Handle<Search> for Index<S> {
    async fn handle(&self, visitor: &mut Visitor, ask: Search) -> Result<Results, Denial> {
        let (asker, now) = (visitor.asker()?, self.shared.now());
        let query = self.query(visitor, ask)?;
        let asked = query.asked.clone();
        let _turn = self.shared.take_turn(Doing::Searching, visitor.seat()?.member.account)?;
        let page = self.store.search(asker, query, now).await;
        let page = page.map_err(|error| self.storage(error))?;
        let presence = self.shared.presence();
        let mut shelving = Shelving::new(&presence, &page.shelf);
        let results: Vec<_> = page.results.iter().map_while(|row| shelving.result(row)).collect();
        let next = match results.len() < page.results.len() {
            // What does not fit into the answer comes with the next one.
            true => page.results.iter().take(results.len()).next_back().map(|row| row.here.clone()),
            false => page.next,
        };
        let (people, shares) = shelving.into_tables();
        drop(presence);
        let words = asked.as_ref().map_or(&[][..], |asked| asked.words());
        let nothing = page.nothing.iter().filter_map(|at| words.get(*at));
        let nothing = nothing.filter_map(|word| Text::new(word.to_string()).ok()).collect();
        Ok(Results {
            id: 0,
            people: fitting(people),
            shares: fitting(shares),
            results: fitting(results),
            nothing: fitting(nothing),
            next: next.and_then(|position| visitor.keep_position(position)),
        })
    }
}

impl<S: Store> Handle<Browse> for Index<S> {
    async fn handle(&self, visitor: &mut Visitor, ask: Browse) -> Result<Listing, Denial> {
        let (asker, now) = (visitor.asker()?, self.shared.now());
        let share = ask.share.as_ref().map(|name| &name.0);
        let after = ask.after.map(|behind| (behind.share.0, behind.path.0));
        let _turn = self.shared.take_turn(Doing::Searching, visitor.seat()?.member.account)?;
        let page = self.store.browse(asker, &ask.user, share, after, LISTING_PAGE, now).await;
        let page = page.map_err(|error| self.storage(error))?;
        let page =
            page.ok_or_else(|| Denial::new(Code::NotFound, "there is nothing of that name"))?;
        let presence = self.shared.presence();
        let person = presence.seen(&page.person);
        let people = [page.person];
        let mut shelving = Shelving::over(&presence, &people, &page.shares);
        let entries: Vec<_> = page.entries.iter().map_while(|row| shelving.entry(row)).collect();
        let more = page.more || entries.len() < page.entries.len();
        let (_, shares) = shelving.into_tables();
        drop(presence);
        Ok(Listing { id: 0, person, shares: fitting(shares), entries: fitting(entries), more })
    }
}

impl<S: Store> Handle<Locate> for Index<S> {
    async fn handle(&self, visitor: &mut Visitor, ask: Locate) -> Result<Located, Denial> {
        let (asker, now) = (visitor.asker()?, self.shared.now());
        let nobody = || Denial::new(Code::NotFound, "nobody shares this content with you");
        let id = ContentId::from_bytes(*ask.content);
        let content = Content::new(id, ask.size).map_err(|_| nobody())?;
        let online = self.shared.presence().online();
        let _turn = self.shared.take_turn(Doing::Searching, visitor.seat()?.member.account)?;
        let holders = self.store.locate(asker, content, online, LOCATE_SOURCES, now).await;
        let holders = holders.map_err(|error| self.storage(error))?;
        if holders.sources.is_empty() {
            return Err(nobody());
        }
        let presence = self.shared.presence();
        let mut shelving = Shelving::new(&presence, &holders.shelf);
        let sources: Vec<_> = holders.sources.iter().map_while(|row| shelving.entry(row)).collect();
        let others = others(&holders.sources, &sources, holders.others);
        let (people, shares) = shelving.into_tables();
        drop(presence);
        let (people, shares) = (fitting(people), fitting(shares));
        Ok(Located { id: 0, people, shares, sources: fitting(sources), others })
    }
}

impl<S: Store> Index<S> {
    fn query(&self, visitor: &Visitor, ask: Search) -> Result<Query, Denial> {
        let refused = |words: &str| Denial::new(Code::Query, words);
        let kind = ask.kind.map(FileKind::from_number);
        let kind = kind.map(|kind| kind.ok_or_else(|| refused("there is no such kind of file")));
        let (kind, owner) = (kind.transpose()?, ask.owner.map(|owner| owner.0));
        let may_be_wordless = owner.is_some() || kind.is_some();
        let asked = match ask.text.trim().is_empty() && may_be_wordless {
            true => None,
            false => Some(Asked::parse(&ask.text).map_err(|error| refused(&error.to_string()))?),
        };
        let from = match ask.from {
            None => None,
            Some(number) => Some(visitor.position(number)?),
        };
        let sizes = (ask.smallest.unwrap_or(0), ask.largest.unwrap_or(ENTRY_SIZE));
        let most = ask.most.map_or(RESULTS_PAGE, usize::from).clamp(1, RESULTS_PAGE);
        let online = self.shared.presence().online();
        Ok(Query { asked, owner, kind, sizes, only_online: ask.online, online, most, from })
    }
}

impl Shelving<'_> {
    /// A result, if its first source still fits; of the others those that do.
    fn result(&mut self, row: &ResultRow) -> Option<Found> {
        let sources: Vec<_> = row.sources.iter().map_while(|source| self.entry(source)).collect();
        let others = others(&row.sources, &sources, row.others);
        (!sources.is_empty()).then(|| Found { sources: fitting(sources), others })
    }
}

/// How many there are besides those that are shown.
fn others<T>(rows: &[T], shown: &[EntrySeen], others: u32) -> u32 {
    let left_out = rows.len().saturating_sub(shown.len());
    others.saturating_add(u32::try_from(left_out).unwrap_or(u32::MAX))
}

/// A list of what was taken from lists of the same length at most.
fn fitting<T, const MAX: usize>(items: Vec<T>) -> List<T, MAX> {
    List::new(items).unwrap_or_default()
}
