//! The catalog of the index by hand: what Alice published, as an honest index keeps it.

use std::collections::BTreeMap;
use waxwing::codec::List;
use waxwing::link::{Ended, Request};
use waxwing::model::EntryPath;
use waxwing::wire::index::{
    Done, EntrySaid, Id16, OwnShare, Publish, ShareChange, ShareEnd, Shares, SharesAsk, UnderWay,
};
use waxwing::wire::{Code, Kind};

#[derive(Default, Clone)]
pub(crate) struct Shelves {
    pub(crate) shares: BTreeMap<[u8; 16], Shelf>,
    /// What was published, part by part, taken or not.
    pub(crate) parts: Vec<Told>,
}

/// A share.
#[derive(Clone)]
pub(crate) struct Shelf {
    pub(crate) change: ShareChange,
    pub(crate) state: Option<Id16>,
    pub(crate) entries: BTreeMap<EntryPath, EntrySaid>,
    pub(crate) stage: Option<Stage>,
}

/// A sync that is not at its end.
#[derive(Clone)]
pub(crate) struct Stage {
    pub(crate) sync: Id16,
    pub(crate) next: u32,
    entries: BTreeMap<EntryPath, EntrySaid>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) sync: [u8; 16],
    pub(crate) base: Option<[u8; 16]>,
    pub(crate) part: u32,
    pub(crate) add: usize,
    pub(crate) remove: usize,
    pub(crate) last: bool,
}

impl Shelves {
    /// The only share that there is.
    pub(crate) fn only(&mut self) -> &mut Shelf {
        assert_eq!(self.shares.len(), 1);
        self.shares.values_mut().next().unwrap()
    }

    /// What the shares are called.
    pub(crate) fn names(&self) -> Vec<String> {
        self.shares.values().map(|shelf| shelf.change.name.0.to_string()).collect()
    }

    /// What was published, as sync, part and base: each id by the how manyth it was.
    pub(crate) fn story(&self) -> Vec<(usize, u32, Option<usize>)> {
        let mut syncs = Vec::new();
        let mut number = |id: [u8; 16]| {
            syncs.iter().position(|known| *known == id).unwrap_or_else(|| {
                syncs.push(id);
                syncs.len() - 1
            })
        };
        let told = self.parts.iter();
        told.map(|told| (number(told.sync), told.part, told.base.map(&mut number))).collect()
    }

    pub(crate) fn answer(&mut self, request: Request) -> Result<(), Ended> {
        let done = Done { id: 0 };
        match request.kind() {
            Kind::ShareChange => {
                let change: ShareChange = request.decode().unwrap();
                let (id, state, entries, stage) = (*change.share, None, BTreeMap::new(), None);
                let mut others = self.shares.iter().filter(|(other, _)| **other != id);
                if others.any(|(_, shelf)| shelf.change.name == change.name) {
                    request.refuse(Code::NameTaken, "");
                    return Ok(());
                }
                let new = Shelf { change: change.clone(), state, entries, stage };
                self.shares.entry(id).or_insert(new).change = change;
                request.answer(done)
            }
            Kind::ShareEnd => {
                let end: ShareEnd = request.decode().unwrap();
                self.shares.remove(&*end.share);
                request.answer(done)
            }
            Kind::SharesAsk => {
                let ask: SharesAsk = request.decode().unwrap();
                request.answer(self.page(&ask))
            }
            _ => {
                let part: Publish = request.decode().unwrap();
                match self.publish(part) {
                    Ok(()) => request.answer(done),
                    Err(code) => {
                        request.refuse(code, "");
                        Ok(())
                    }
                }
            }
        }
    }

    /// Two on a page.
    fn page(&self, ask: &SharesAsk) -> Shares {
        let after = ask.after.map(|after| *after);
        let shares = self.shares.iter().filter(|(id, _)| after.is_none_or(|after| **id > after));
        let mut shares: Vec<_> = shares.map(|(id, shelf)| shelf.said(id)).collect();
        let more = shares.len() > 2;
        shares.truncate(2);
        Shares { id: 0, shares: List::new(shares).unwrap(), more }
    }

    pub(crate) fn publish(&mut self, part: Publish) -> Result<(), Code> {
        self.parts.push(Told {
            sync: *part.sync,
            base: part.base.map(|base| *base),
            part: part.part,
            add: part.add.len(),
            remove: part.remove.len(),
            last: part.last,
        });
        let shelf = self.shares.get_mut(&*part.share).ok_or(Code::NotFound)?;
        let stage = shelf.stage.take().filter(|stage| stage.sync == part.sync);
        if shelf.state == Some(part.sync) {
            return Ok(());
        }
        if part.base.is_some() && part.base != shelf.state {
            return Err(Code::Base);
        }
        let mut stage = match stage {
            Some(stage) => stage,
            None if part.part > 0 => return Err(Code::Base),
            None => {
                let entries = part.base.map(|_| shelf.entries.clone()).unwrap_or_default();
                Stage { sync: part.sync, next: 0, entries }
            }
        };
        if part.part > stage.next {
            shelf.stage = Some(stage);
            return Err(Code::Base);
        }
        if part.part == stage.next {
            for path in part.remove.iter() {
                assert!(stage.entries.remove(&path.0).is_some(), "it was never there");
            }
            let add = part.add.iter().map(|entry| (entry.path.0.clone(), entry.clone()));
            stage.entries.extend(add);
            stage.next += 1;
        }
        if part.last {
            (shelf.entries, shelf.state) = (stage.entries, Some(stage.sync));
        } else {
            shelf.stage = Some(stage);
        }
        Ok(())
    }
}

impl Shelf {
    pub(crate) fn paths(&self) -> Vec<&str> {
        self.entries.keys().map(EntryPath::file_name).collect()
    }

    fn said(&self, id: &[u8; 16]) -> OwnShare {
        let under_way = |stage: &Stage| UnderWay { sync: stage.sync, next: stage.next };
        OwnShare {
            share: (*id).into(),
            name: self.change.name.clone(),
            about: self.change.about().into(),
            state: self.state,
            entries: self.entries.len() as u64,
            under_way: self.stage.as_ref().map(under_way),
        }
    }
}
