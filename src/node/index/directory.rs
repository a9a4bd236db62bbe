//! The key directory: brought up to date and held against what was known.

use super::Error;
use super::live::Live;
use super::state::Shared;
use crate::crypto::Fingerprint;
use crate::model::directory::{Agreement, Binding, Chain, ChainError, Head, Step};
use crate::model::{UnixTime, UserName};
use crate::wire::index::{ChainAsk, ChainPart, KeysAsk, Named};
use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// The chain as far as it is known, and the keys that were believed by it.
#[derive(Default)]
pub(super) struct Directory {
    /// Held while the chain grows, so that two do not ask for the same entries; the number of the last look
    /// that came to its end.
    growing: tokio::sync::Mutex<u64>,
    /// How many looks were begun.
    begun: AtomicU64,
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    chain: Chain,
    alarm: Option<ChainError>,
    believed: HashMap<UserName, (Binding, UnixTime)>,
    epochs: Epochs,
}

/// The highest epoch of each identity among the bindings that were believed, and the entry that it was
/// first seen at. No more of them than the chain has identities. Not kept from one run to the next: it
/// would be a row of identity, entry and epoch for each, beside the entries of the chain.
#[derive(Default)]
struct Epochs(HashMap<Fingerprint, (u32, u64)>);

impl Epochs {
    /// Epochs never go down from one entry to a later one: who shows an older certificate, though it
    /// holds, would have people seal for a key that may be lost.
    fn take(&mut self, binding: &Binding) -> Result<(), ChainError> {
        let seen = (binding.certificate.epoch, binding.step.number);
        let known = self.0.entry(binding.step.identity).or_insert(seen);
        let (low, high) = if seen.1 < known.1 { (seen, *known) } else { (*known, seen) };
        if high.0 < low.0 {
            return Err(ChainError::Documents("the certificate is older than the one before it"));
        }
        if seen.0 > known.0 || seen.0 == known.0 && seen.1 < known.1 {
            *known = seen;
        }
        Ok(())
    }
}

impl Directory {
    pub(super) fn new(chain: Chain) -> Self {
        let inner = Inner { chain, ..Inner::default() };
        Self { inner: Mutex::new(inner), ..Self::default() }
    }

    pub(super) fn with_chain<T>(&self, look: impl FnOnce(&Chain) -> T) -> T {
        look(&self.inner().chain)
    }

    /// Keys that were believed before, if the name has them still, as far as is known.
    pub(super) fn believed(&self, user: &UserName) -> Option<(Binding, UnixTime)> {
        let inner = self.inner();
        let (binding, since) = inner.believed.get(user)?;
        let is_current = inner.chain.current(user) == Some(binding.step);
        (is_current && inner.alarm.is_none()).then(|| (binding.clone(), *since))
    }

    /// The same for who has an identity.
    pub(super) fn believed_holder(&self, identity: &Fingerprint) -> Option<(Binding, UnixTime)> {
        let owner = self.with_chain(|chain| chain.owner(identity).cloned());
        self.believed(&owner?).filter(|(binding, _)| binding.step.identity == *identity)
    }

    pub(super) fn alarm(&self) -> Option<ChainError> {
        self.inner().alarm.clone()
    }

    /// Forgets everything, the alarm too, and begins with what the index shows next.
    pub(super) async fn begin_anew(&self) {
        let mut looked = self.growing.lock().await;
        *self.inner() = Inner::default();
        *looked = 0;
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes all that is new in the directory. One look does for all who came before it was begun: a crowd of
/// strangers at the door is two looks, and not one each.
pub(super) async fn catch_up(shared: &Shared, until: Instant) -> Result<(), Error> {
    let directory = shared.known.directory();
    let before = directory.begun.load(Ordering::SeqCst);
    let mut looked = directory.growing.lock().await;
    if *looked > before && directory.alarm().is_none() {
        return Ok(());
    }
    let this = directory.begun.fetch_add(1, Ordering::SeqCst).saturating_add(1);
    loop {
        let inner = || directory.inner();
        if let Some(alarm) = inner().alarm.clone() {
            return Err(Error::Alarm(alarm));
        }
        let from = inner().chain.head().length;
        let (part, live) = shared.ask_where(ChainAsk { id: 0, from }, until).await?;
        let taken = take(&mut inner().chain, &part);
        if taken.map_err(|error| raise(shared, error))? == Agreement::Same {
            look_at_own_name(shared, &live);
            *looked = this;
            return Ok(());
        }
    }
}

/// Takes a part of the chain, or nothing of it if it does not fit; gives how the index's head stands
/// to ours then: the same, or it is longer and there is more to ask for.
fn take(chain: &mut Chain, part: &ChainPart) -> Result<Agreement, ChainError> {
    let rewritten = |what| Err(ChainError::Rewritten(what));
    let before = chain.head().length;
    let entries = part.entries.iter().map(|entry| &**entry);
    chain.extend_if(entries, |chain| match chain.compare(&part.head()) {
        Agreement::Same => Ok(Agreement::Same),
        Agreement::Ahead => rewritten("it is shorter than it was"),
        Agreement::Forked => rewritten("its last entry is another one"),
        Agreement::Behind if chain.head().length == before => {
            rewritten("it is said to be longer than what is shown")
        }
        Agreement::Behind => Ok(Agreement::Behind),
    })
}

/// The keys of somebody, believed by the chain as it is now.
pub(super) async fn keys(
    shared: &Shared,
    user: &UserName,
    until: Instant,
) -> Result<Binding, Error> {
    catch_up(shared, until).await?;
    let directory = shared.known.directory();
    let step = directory.with_chain(|chain| chain.current(user)).ok_or(Error::Unknown)?;
    if let Some((binding, _)) = directory.believed(user) {
        return Ok(binding);
    }
    let binding = keys_at(shared, user, step, until).await?;
    let mut inner = directory.inner();
    if inner.believed.len() >= BELIEVED {
        inner.believed.clear();
    }
    inner.believed.insert(user.clone(), (binding.clone(), shared.now()));
    Ok(binding)
}

/// Who has an identity now, believed by the chain as it is now; nobody when it was given away.
pub(super) async fn holder(
    shared: &Shared,
    identity: &Fingerprint,
    until: Instant,
) -> Result<Option<Binding>, Error> {
    catch_up(shared, until).await?;
    let owner = shared.known.directory().with_chain(|chain| chain.owner(identity).cloned());
    let Some(user) = owner else { return Ok(None) };
    match keys(shared, &user, until).await {
        Ok(binding) => Ok(Some(binding).filter(|binding| binding.step.identity == *identity)),
        Err(Error::Unknown) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The rotations that led from an identity to the one that somebody has now; nothing when something
/// else led there.
pub(super) async fn rotations(
    shared: &Shared,
    user: &UserName,
    since: &Fingerprint,
    until: Instant,
) -> Result<Option<Vec<Binding>>, Error> {
    catch_up(shared, until).await?;
    let steps = shared.known.directory().with_chain(|chain| chain.rotations_since(user, since));
    let Some(steps) = steps else { return Ok(None) };
    let mut rotations = Vec::new();
    for step in steps {
        rotations.push(keys_at(shared, user, step, until).await?);
    }
    Ok(Some(rotations))
}

/// The keys that an entry of somebody stands for.
async fn keys_at(
    shared: &Shared,
    user: &UserName,
    step: Step,
    until: Instant,
) -> Result<Binding, Error> {
    let ask = KeysAsk { id: 0, user: Named(user.clone()), number: Some(step.number) };
    let keys = shared.ask(ask, until).await?;
    let believed = keys.documents().map_err(ChainError::from).and_then(|documents| {
        let mut inner = shared.known.directory().inner();
        let binding = inner.chain.binding_at(user, &step, &documents)?;
        inner.epochs.take(&binding)?;
        Ok(binding)
    });
    believed.map_err(|error| match error {
        // The directory was begun anew meanwhile.
        ChainError::Unknown => Error::Unknown,
        error => raise(shared, error),
    })
}

/// How what somebody else was told stands to the directory that we are shown.
pub(super) async fn compare(
    shared: &Shared,
    theirs: &Head,
    until: Instant,
) -> Result<Agreement, Error> {
    let compared = || shared.known.directory().with_chain(|chain| chain.compare(theirs));
    if compared() == Agreement::Behind {
        catch_up(shared, until).await?;
    }
    Ok(compared())
}

/// Brings the directory up to date when a conversation has begun, and again and again: so we learn
/// when our own name is not ours any more, though nobody asks for keys.
pub(super) async fn look(shared: &Shared) -> Infallible {
    loop {
        let pause = match catch_up(shared, shared.until()).await {
            Ok(()) | Err(Error::Alarm(_)) => LOOK,
            Err(_) => LOOK_AGAIN,
        };
        sleep(pause).await;
    }
}

/// Whether the name in whose session we are is bound to the identity that we are.
fn look_at_own_name(shared: &Shared, live: &Live) {
    let now = shared.known.directory().with_chain(|chain| chain.current(&live.user));
    let identity = now.map(|step| step.identity);
    shared.warn(|warnings| {
        warnings.not_ours = (identity != Some(live.identity)).then_some(identity);
    });
}

/// Nothing that this index says of keys is believed from now on.
fn raise(shared: &Shared, error: ChainError) -> Error {
    let alarm = shared.known.directory().inner().alarm.get_or_insert(error).clone();
    shared.warn(|warnings| warnings.alarm = Some(alarm.clone()));
    Error::Alarm(alarm)
}

/// The pauses between looks at the directory, when nothing else makes one look; and after one that
/// failed.
const LOOK: Duration = Duration::from_secs(600);
const LOOK_AGAIN: Duration = Duration::from_secs(30);

/// The most people whose keys are remembered.
const BELIEVED: usize = 1000;
