//! The people of these tests, and what they ask for.

use crate::keys::{DAY, NOW, secret_der, wrapping_key};
use std::sync::{Arc, LazyLock};
use waxwing::crypto::{
    Fingerprint, PasswordHash, SealingCertificate, SignedRotation, SigningKey, UnixTime,
};
use waxwing::index::store::{
    Asker, Granted, Invite, Joining, LoggingIn, NewSession, Refusal, RequestKey, Result, Rotating,
    SessionNumber, Shown, Store, StoreError,
};
use waxwing::model::directory::{Chain, Step};
use waxwing::model::{TokenHash, UserName};

/// How long a session lasts here.
pub(crate) const LIFETIME: u32 = 12 * 3600;

/// Identities of these tests. Any key of the folder can sign, so all of them do.
static KEYS: LazyLock<Vec<Arc<SigningKey>>> = LazyLock::new(|| {
    let names = ["alice-signing", "bob-signing", "mallory-signing", "large"];
    let more = ["alice-sealing", "bob-sealing", "mallory-sealing"];
    let load = |name: &&str| Arc::new(SigningKey::load(&secret_der(name)).unwrap());
    names.iter().chain(&more).map(load).collect()
});

/// How many identities there are.
pub(crate) const IDENTITIES: usize = 7;

/// An identity with a sealing key in an epoch.
#[derive(Clone)]
pub(crate) struct Keys {
    signing: Arc<SigningKey>,
    sealing: &'static str,
    epoch: u32,
}

/// One of the identities, its sealing key the first one.
pub(crate) fn keys(which: usize) -> Keys {
    let own = ["alice-sealing", "bob-sealing", "mallory-sealing"];
    // No identity seals with its own key.
    Keys { signing: Arc::clone(&KEYS[which]), sealing: own[(which + 1) % 3], epoch: 1 }
}

impl Keys {
    pub(crate) fn fingerprint(&self) -> Fingerprint {
        self.signing.fingerprint()
    }

    /// With another sealing key.
    pub(crate) fn sealing(mut self, name: &'static str, epoch: u32) -> Self {
        (self.sealing, self.epoch) = (name, epoch);
        self
    }

    pub(crate) fn epoch(mut self, epoch: u32) -> Self {
        self.epoch = epoch;
        self
    }

    pub(crate) fn shown(&self, now: UnixTime) -> Shown {
        self.shown_by(now, now)
    }

    /// Issued by one clock and looked at by another.
    pub(crate) fn shown_by(&self, issued: UnixTime, now: UnixTime) -> Shown {
        let sealing = wrapping_key(self.sealing);
        let signed =
            SealingCertificate::issue(&self.signing, &sealing, self.epoch, issued).unwrap();
        Shown::new(self.signing.verifying_key().clone(), signed, now).unwrap()
    }
}

/// A time some days after (or before) the usual one.
pub(crate) fn days(days: i64) -> UnixTime {
    UnixTime(NOW.0.checked_add_signed(days * DAY as i64).unwrap())
}

/// A time some seconds after the usual one.
pub(crate) fn later(seconds: u64) -> UnixTime {
    NOW.plus(seconds)
}

pub(crate) fn user(name: &str) -> UserName {
    name.parse().unwrap()
}

/// A stored password; each number is another one.
pub(crate) fn password(number: u8) -> PasswordHash {
    PasswordHash::from_stored(&format!("$2b$04${:053}", number)).unwrap()
}

/// Bytes that no other call gives.
pub(crate) fn unique<const N: usize>() -> [u8; N] {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let mut bytes = [0; N];
    bytes[..8].copy_from_slice(&NEXT.fetch_add(1, Ordering::Relaxed).to_le_bytes());
    bytes
}

pub(crate) fn token() -> TokenHash {
    TokenHash::from_bytes(unique())
}

pub(crate) fn session() -> NewSession {
    NewSession { token: token(), number: SessionNumber(unique()), lifetime: LIFETIME }
}

/// A request of an identity, with a number that no other has.
pub(crate) fn request(keys: &Keys) -> RequestKey {
    RequestKey { identity: keys.fingerprint(), number: unique(), asked: [1; 32] }
}

/// An open joining with password 1.
pub(crate) fn joining(name: &str, keys: &Keys, now: UnixTime) -> Joining {
    Joining {
        request: request(keys),
        user: user(name),
        password: password(1),
        contact: None,
        invitation: None,
        is_open: true,
        shown: keys.shown(now),
        session: session(),
    }
}

/// The same by an invitation.
pub(crate) fn invited(name: &str, keys: &Keys, by: TokenHash, now: UnixTime) -> Joining {
    Joining { invitation: Some(by), is_open: false, ..joining(name, keys, now) }
}

/// A rotation with password 1.
pub(crate) fn rotating(granted: &Granted, old: &Keys, new: &Keys, now: UnixTime) -> Rotating {
    let rotation = SignedRotation::sign(&old.signing, &new.signing, now).unwrap();
    Rotating {
        request: request(new),
        account: granted.member.account,
        password: password(1),
        old: old.fingerprint(),
        shown: new.shown(now).rotated(rotation, &old.fingerprint()).unwrap(),
        session: session(),
    }
}

/// An invitation for a day, for somebody or for anybody.
pub(crate) async fn invite(store: &impl Store, name: Option<&str>, now: UnixTime) -> TokenHash {
    let token = token();
    let expires = now.plus(DAY);
    store.invite(Invite { token, user: name.map(user), made: now, expires }).await.unwrap();
    token
}

/// Somebody who is logged in.
pub(crate) struct Someone {
    pub(crate) keys: Keys,
    pub(crate) granted: Granted,
    pub(crate) asker: Asker,
}

impl Someone {
    pub(crate) fn new(keys: &Keys, session: NewSession, granted: Granted) -> Self {
        let asker = Asker { session: session.token, identity: keys.fingerprint() };
        Self { keys: keys.clone(), granted, asker }
    }

    pub(crate) fn login(&self, now: UnixTime) -> LoggingIn {
        LoggingIn {
            account: self.granted.member.account,
            password: password(1),
            rehashed: None,
            shown: self.keys.shown(now),
            session: session(),
        }
    }
}

/// Joins openly with one of the identities.
pub(crate) async fn join(store: &impl Store, name: &str, which: usize, now: UnixTime) -> Someone {
    let joining = joining(name, &keys(which), now);
    let session = joining.session;
    let granted = store.join(joining, now).await.unwrap();
    Someone::new(&keys(which), session, granted)
}

/// Begins another session.
pub(crate) async fn log_in(store: &impl Store, someone: &Someone, now: UnixTime) -> Someone {
    let login = someone.login(now);
    let session = login.session;
    let granted = store.log_in(login, now).await.unwrap();
    Someone::new(&someone.keys, session, granted)
}

/// A line for whoever runs or reads this program.
#[allow(clippy::print_stdout, reason = "figures are read by people, and acknowledgements by tests")]
pub(crate) fn say(line: &str) {
    println!("{line}");
}

/// That something was refused for this reason.
#[track_caller]
pub(crate) fn refused<T: std::fmt::Debug>(answer: Result<T>, why: Refusal) {
    assert_eq!(answer.unwrap_err(), StoreError::Refused(why));
}

/// All that a chain says of a name, the first first.
pub(crate) fn steps(chain: &Chain, name: &str) -> Vec<Step> {
    let mut steps: Vec<_> = chain.steps(&user(name)).collect();
    steps.reverse();
    steps
}

/// The chain of all that a store holds; it must follow every rule.
pub(crate) async fn whole_chain(store: &impl Store, asker: Asker, now: UnixTime) -> Chain {
    let mut chain = Chain::default();
    loop {
        let from = chain.head().length;
        let part = store.chain(asker, from, 3, now).await.unwrap();
        chain.extend(part.entries.iter().map(Vec::as_slice)).unwrap();
        if part.entries.is_empty() {
            assert_eq!(chain.head(), part.head);
            return chain;
        }
    }
}
