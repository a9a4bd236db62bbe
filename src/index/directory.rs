//! The key directory, as it is shown.

use super::service::{Handle, Index};
use super::store::{ChainRead, Store};
use super::visitor::{Denial, Visitor};
use crate::codec::{Blob, List};
use crate::model::limits::CHAIN_PART;
use crate::wire::Code;
use crate::wire::index::{ChainAsk, ChainPart, Keys, KeysAsk};

impl<S: Store> Handle<KeysAsk> for Index<S> {
    async fn handle(&self, visitor: &mut Visitor, ask: KeysAsk) -> Result<Keys, Denial> {
        let (asker, now) = (visitor.asker()?, self.shared.now());
        let found = self.store.documents(asker, &ask.user, ask.number, now).await;
        let found = found.map_err(|error| self.storage(error))?;
        let (number, documents) = found.ok_or_else(|| Denial::new(Code::NotFound, ""))?;
        Keys::new(number, &documents).map_err(unfit)
    }
}

impl<S: Store> Handle<ChainAsk> for Index<S> {
    async fn handle(&self, visitor: &mut Visitor, ask: ChainAsk) -> Result<ChainPart, Denial> {
        let (asker, now) = (visitor.asker()?, self.shared.now());
        let read = self.store.chain(asker, ask.from, CHAIN_PART, now).await;
        let ChainRead { entries, head } = read.map_err(|error| self.storage(error))?;
        let entries: Result<Vec<_>, _> = entries.into_iter().map(Blob::new).collect();
        let entries = entries.and_then(List::new).map_err(unfit)?;
        Ok(ChainPart { id: 0, entries, length: head.length, hash: head.hash })
    }
}

/// Something stored is longer than it may be, which it was not when it was stored.
fn unfit(error: crate::codec::Error) -> Denial {
    Denial::new(Code::Internal, error.to_string())
}
