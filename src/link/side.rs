//! What one program brings to all of its conversations.

use super::flow::{Flow, Meter, Rates};
use super::tls::Tls;
use super::{Deadlines, Error};
use crate::codec::closed;
use crate::crypto::{Clock, Fingerprint, Identity, UnixTime};
use crate::wire::{Features, Hello, Party, Proof, Role, Transcript};
use bytes::Bytes;
use std::fmt;
use std::sync::Arc;
use std::thread::available_parallelism;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::spawn_blocking;
use tokio::time::timeout;

/// What one program brings to all of its conversations: its identity, what it is and can do, its
/// TLS, and how long it waits. Cheap to clone.
#[derive(Clone)]
pub struct Side(Arc<Inner>, Flows, Option<Clock>);

/// What comes and leaves, of all streams.
#[derive(Clone)]
struct Flows {
    up: Arc<Flow>,
    down: Arc<Flow>,
}

struct Inner {
    identity: Arc<Identity>,
    party: Party,
    features: Features,
    deadlines: Deadlines,
    tls: Tls,
    signing: Arc<Semaphore>,
}

impl Side {
    /// Makes ready to converse. An index shows no sealing certificate, since nobody seals for it.
    pub fn new(
        identity: Arc<Identity>,
        party: Party,
        features: Features,
        deadlines: Deadlines,
    ) -> Result<Self, Error> {
        let cores = available_parallelism().map_or(1, usize::from);
        let (tls, signing) = (Tls::new()?, Arc::new(Semaphore::new(cores)));
        let inner = Inner { identity, party, features, deadlines, tls, signing };
        Ok(Self(Arc::new(inner), Flows::new(Rates::default()), None))
    }

    /// By this clock it shows a certificate that holds, however long it runs; without one always the same.
    pub fn with_clock(self, clock: Clock) -> Self {
        Self(self.0, self.1, Some(clock))
    }

    /// No more than so much comes and leaves in its streams.
    pub fn with_rates(self, rates: Rates) -> Self {
        Self(self.0, Flows::new(rates), self.2)
    }

    /// For a stream that leaves.
    pub(super) fn meter_up(&self) -> Meter {
        Meter::of(&self.1.up)
    }

    /// For a stream that comes.
    pub(super) fn meter_down(&self) -> Meter {
        Meter::of(&self.1.down)
    }

    /// Who this side is.
    pub fn fingerprint(&self) -> Fingerprint {
        self.0.identity.fingerprint()
    }

    /// How long this side waits.
    pub fn deadlines(&self) -> &Deadlines {
        &self.0.deadlines
    }

    pub(super) fn tls(&self) -> &Tls {
        &self.0.tls
    }

    pub(super) fn hello(&self) -> Hello {
        Hello::new(self.0.party, self.0.identity.fingerprint(), self.0.features)
    }

    /// Proves who this side is: on a thread that may compute, with at most as many others as there
    /// are cores, so that no crowd of newcomers takes the machine from those who are in.
    pub(super) async fn prove(&self, transcript: Transcript, role: Role) -> Result<Bytes, Error> {
        let turn = timeout(self.0.deadlines.signing, self.turn()).await.map_err(|_| Error::Busy)?;
        let (inner, now) = (Arc::clone(&self.0), self.2.as_ref().map(|clock| clock()));
        let proof = compute(turn?, move || inner.proof(&transcript, role, now)).await;
        proof?.map_err(Error::Signing)
    }

    /// Does what a private key takes part in, when it is its turn.
    pub(super) async fn compute<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Error> {
        compute(self.turn().await?, work).await
    }

    async fn turn(&self) -> Result<OwnedSemaphorePermit, Error> {
        Arc::clone(&self.0.signing).acquire_owned().await.map_err(|_| Error::Stopping)
    }
}

async fn compute<T: Send + 'static>(
    turn: OwnedSemaphorePermit,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Error> {
    let done = spawn_blocking(move || {
        // The turn lasts as long as the work, even when nobody waits for it any more.
        let _turn = turn;
        work()
    });
    done.await.map_err(|_| Error::Stopping)
}

impl Inner {
    fn proof(
        &self,
        transcript: &Transcript,
        role: Role,
        now: Option<UnixTime>,
    ) -> Result<Bytes, crate::crypto::Error> {
        let certificate = match (self.party, now) {
            (Party::Index, _) => None,
            (Party::Person, None) => Some(closed::encode(self.identity.certificate())),
            (Party::Person, Some(now)) => Some(closed::encode(&self.identity.certificate_at(now)?)),
        };
        let signing = self.identity.signing();
        let proof: Proof = transcript.prove(role, signing, certificate.as_deref())?;
        Ok(crate::wire::frame::encode(&proof))
    }
}

impl Flows {
    fn new(Rates { up, down }: Rates) -> Self {
        Self { up: Flow::new(up), down: Flow::new(down) }
    }
}

impl fmt::Debug for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Side({:?} {})", self.0.party, self.0.identity.fingerprint())
    }
}
