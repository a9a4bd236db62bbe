//! Requests, one after the other; and of parts of a sync what can be done while those before are still
//! being answered.
//!
//! That is the half of the work: a part is decoded and its names are taken apart while the store writes
//! the one before. No more than one of a conversation waits like this, and only of who is logged in; and all
//! conversations together read no more at once than leaves a core to those who search.

use super::catalog::prepared;
use super::store::Prepared;
use super::visitor::Denial;
use crate::link::{Incoming, Request};
use crate::wire::Kind;
use std::future::pending;
use std::panic::resume_unwind;
use std::sync::Arc;
use tokio::sync::Semaphore;
use tokio::task::{JoinError, spawn_blocking};
use tokio_util::task::AbortOnDropHandle;

/// A request, with what is made ready of it.
pub(super) struct Next {
    pub(super) request: Request,
    /// Of a part of a sync that a member sends.
    pub(super) part: Option<Result<Prepared, Denial>>,
}

/// The requests of one conversation.
pub(super) struct Ahead {
    incoming: Incoming,
    readers: Arc<Semaphore>,
    next: Option<Coming>,
}

enum Coming {
    AsItIs(Request),
    BeingRead(AbortOnDropHandle<Next>),
}

impl Ahead {
    /// With `readers` those of all conversations take turns.
    pub(super) fn new(incoming: Incoming, readers: Arc<Semaphore>) -> Self {
        Self { incoming, readers, next: None }
    }

    /// The next request; none when the conversation is over. Nothing is lost when this is given up. While
    /// parts of a sync are being taken, only another part comes: what else there is, and that there is
    /// nothing more, is said behind them.
    pub(super) async fn next(&mut self, of_member: bool, only_parts: bool) -> Option<Next> {
        if self.next.is_none() {
            let request = self.incoming.next().await;
            self.next = request.map(|request| Coming::new(request, of_member, &self.readers));
        }
        match &mut self.next {
            Some(Coming::BeingRead(next)) => {
                let next = next.await;
                self.next = None;
                match next.map_err(JoinError::try_into_panic) {
                    Ok(next) => Some(next),
                    // As if it were read here.
                    Err(Ok(panic)) => resume_unwind(panic),
                    // The runtime is going down.
                    Err(Err(_)) => None,
                }
            }
            _ if only_parts => pending().await,
            next => match next.take() {
                Some(Coming::AsItIs(request)) => Some(Next { request, part: None }),
                _ => None,
            },
        }
    }
}

impl Coming {
    fn new(request: Request, of_member: bool, readers: &Arc<Semaphore>) -> Self {
        if !of_member || request.kind() != Kind::Publish {
            return Self::AsItIs(request);
        }
        let readers = Arc::clone(readers);
        Self::BeingRead(AbortOnDropHandle::new(tokio::spawn(async move {
            // It is never closed.
            let _turn = readers.acquire().await;
            let read = spawn_blocking(move || {
                let part = Some(prepared(&request));
                Next { request, part }
            });
            match read.await.map_err(JoinError::try_into_panic) {
                Ok(next) => next,
                Err(Ok(panic)) => resume_unwind(panic),
                // The runtime is going down.
                Err(Err(_)) => pending().await,
            }
        })))
    }
}
