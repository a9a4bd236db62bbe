//! Asking a source for a part: one that waits there is no part's, until it is its turn.

use super::job::Claim;
use super::plan::Next;
use super::{Source, Spread};
use crate::link::{AskError, Page, StreamFrames, Wish};
use crate::model::Transfer;
use crate::peer::Error;
use crate::peer::asking::AskTold;
use crate::peer::requests::pages;
use crate::peer::wanted::Wanted;
use crate::wire::{GetGrant, GetWait};

/// A part that is asked for.
struct PartWish<'s, 't> {
    spread: &'s Spread,
    source: &'s Source,
    told: &'t AskTold<'t>,
    claim: Option<Claim<'s>>,
    waits: bool,
}

impl Wish for PartWish<'_, '_> {
    type Pages = std::vec::IntoIter<Page>;

    /// The part that was claimed, or now another one.
    fn pages(&mut self) -> Self::Pages {
        let spread = self.spread;
        if std::mem::take(&mut self.waits) {
            spread.0.plan().set_here(self.source.number, true);
            let next = spread.0.plan().next(self.source.number, spread.0.now());
            if let Next::Fetch { job, run, is_taken_over } = next {
                self.claim = Some(Claim::new(spread, (job, run), is_taken_over));
            }
        }
        let Some(Ok(missing)) = self.claim.as_ref().map(Claim::missing) else {
            return Vec::new().into_iter();
        };
        let page: Vec<_> = pages(&[spread.wanted(self.source)], &[Some(missing)]).collect();
        page.into_iter()
    }

    fn waits(&mut self, place: GetWait) {
        self.told.waits(place);
        self.waits = true;
        self.spread.0.plan().set_here(self.source.number, false);
        // Others fetch it meanwhile.
        self.claim = None;
    }
}

impl Spread {
    /// Asks for what was claimed. None when there is nothing to be done when it is our turn, or all is here
    /// before.
    pub(super) async fn ask<'s>(
        &'s self,
        source: &'s Source,
        claim: Claim<'s>,
        challenge: [u8; 32],
    ) -> Result<Option<(Claim<'s>, (GetGrant, StreamFrames))>, Error> {
        let name = self.0.to.as_str();
        let transfer = Transfer { name, total: 0, files: 1, with: Some(&source.name) };
        let told = AskTold::new(&self.0.sharer.events, transfer);
        let claim = Some(claim);
        let mut wish = PartWish { spread: self, source, told: &told, claim, waits: false };
        let asked = tokio::select! {
            asked = source.streams.get(source.share, challenge, &mut wish) => asked,
            () = self.over() => return Ok(None),
        };
        self.0.plan().set_here(source.number, true);
        match (asked, wish.claim.take(), wish.waits) {
            (Ok(granted), Some(claim), _) => Ok(Some((claim, granted))),
            // At our turn, all was others' already.
            (Err(AskError::Refused { .. }), None, false) => Ok(None),
            (Err(why), _, _) => Err(why.into()),
            (Ok(_), None, _) => Err(Error::Stopped),
        }
    }

    pub(super) fn wanted(&self, source: &Source) -> Wanted {
        let (path, to) = (source.path.clone(), self.0.to.clone());
        Wanted { path, content: Some(self.0.content), most: self.0.content.size(), to }
    }
}
