//! A conversation with an index in which somebody is logged in.

use crate::crypto::Fingerprint;
use crate::link::{AskError, Conversation};
use crate::model::UserName;
use crate::wire::{Ask, Code};
use std::net::IpAddr;
use tokio_util::sync::CancellationToken;

/// Where the index was reached, by whose side addresses are seen; nowhere when somebody else speaks.
pub(in crate::node) type SeenFrom = Option<IpAddr>;

/// A conversation in which somebody is logged in.
pub(super) struct Live {
    pub(super) conversation: Conversation,
    pub(super) user: UserName,
    /// The identity that we proved.
    pub(super) identity: Fingerprint,
    /// Cancelled when the index has said that the session is over, or its owner ended it.
    pub(super) over: CancellationToken,
}

impl Live {
    /// Asks in this conversation. That the session is over is told to the standing task.
    pub(super) async fn ask<A: Ask>(&self, ask: A) -> Result<A::Answer, AskError> {
        let answer = self.conversation.ask(ask).await;
        if let Err(AskError::Refused { code: Code::NoSession, .. }) = answer {
            self.over.cancel();
        }
        answer
    }

    /// The address by which the index was reached.
    pub(super) fn index(&self) -> SeenFrom {
        self.conversation.other_end().map(|address| address.ip())
    }
}
