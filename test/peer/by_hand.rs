//! Alice, who sends Bob by hand what is on the stage.

use crate::keys::NOW;
use crate::raw_sender::Sender;
pub(crate) use crate::sent_by_hand::ByHand;
use crate::stage::{Stage, identity};
use waxwing::seal::Manifest;

pub(crate) fn alice() -> Sender {
    Sender { identity: identity("alice"), now: NOW }
}

impl ByHand {
    /// A file `a` of so many sevens, up to the record of the manifest.
    pub(crate) async fn offering(stage: &Stage, size: u64) -> Self {
        Self::offering_to(stage.streams.conversation(), alice(), size).await
    }

    /// All of this, likewise.
    pub(crate) async fn offering_all(stage: &Stage, manifest: Manifest) -> Self {
        Self::offering_all_to(stage.streams.conversation(), alice(), manifest).await
    }
}
