//! Asking the catalog: searching, browsing, locating.
//!
//! What may be seen is decided by the store, inside its questions. Here answers are put into frames,
//! with who is online, and how far a search came is kept: its numbers would tell how much others
//! hide.

use super::answers;
use super::positions::Question;
use super::service::{Handle, Index};
use super::shelf::Owners;
use super::store::{PersonRow, Query, Section, Store};
use super::turns::Doing;
use super::visitor::{Denial, Visitor};
use crate::model::Asked;
use crate::model::limits::{ENTRY_SIZE, LISTING_PAGE, LOCATE_SOURCES, RESULTS_PAGE};
use crate::model::{Content, ContentId, FileKind};
use crate::wire::Code;
use crate::wire::index::{Browse, Listing, Locate, Located, Results, Search};

impl<S: Store> Handle<Search> for Index<S> {
    async fn handle(&self, visitor: &mut Visitor, ask: Search) -> Result<Results, Denial> {
        let (asker, now) = (visitor.asker()?, self.shared.now());
        let question = Question::of(&ask);
        let query = self.query(visitor, &question, ask)?;
        let asked = query.asked.clone();
        let _turn = self.shared.take_turn(Doing::Searching, visitor.seat()?.member.account)?;
        let page = self.store.search(asker, query, now).await;
        let page = page.map_err(|error| self.storage(error))?;
        let owners = self.seen(&page.shelf.people);
        let (results, next) = answers::results(owners, &page, asked.as_ref())?;
        let next = next.and_then(|position| visitor.keep_position(question, position));
        Ok(Results { next, ..results })
    }
}

impl<S: Store> Handle<Browse> for Index<S> {
    async fn handle(&self, visitor: &mut Visitor, ask: Browse) -> Result<Listing, Denial> {
        let (asker, now) = (visitor.asker()?, self.shared.now());
        let section =
            Section { share: ask.share.map(|name| name.0), below: ask.below.map(|path| path.0) };
        let after = ask.after.map(|behind| (behind.share.0, behind.path.0));
        let _turn = self.shared.take_turn(Doing::Searching, visitor.seat()?.member.account)?;
        let page = self.store.browse(asker, &ask.user, section, after, LISTING_PAGE, now).await;
        let page = page.map_err(|error| self.storage(error))?;
        let page =
            page.ok_or_else(|| Denial::new(Code::NotFound, "there is nothing of that name"))?;
        let person = self.shared.presence().seen(&page.person);
        answers::listing(person, &page)
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
        answers::located(self.seen(&holders.shelf.people), &holders)
    }
}

impl<S: Store> Index<S> {
    /// These people, as others see them now. Nothing else is done while the others wait.
    fn seen(&self, people: &[PersonRow]) -> Owners {
        let presence = self.shared.presence();
        people.iter().map(|row| (row.account, presence.seen(row))).collect()
    }

    fn query(&self, visitor: &Visitor, question: &Question, ask: Search) -> Result<Query, Denial> {
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
            Some(number) => Some(visitor.position(question, number)?),
        };
        let sizes = (ask.smallest.unwrap_or(0), ask.largest.unwrap_or(ENTRY_SIZE));
        let most = ask.most.map_or(RESULTS_PAGE, usize::from).clamp(1, RESULTS_PAGE);
        let online = self.shared.presence().online();
        Ok(Query { asked, owner, kind, sizes, only_online: ask.online, online, most, from })
    }
}
