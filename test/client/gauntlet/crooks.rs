//! Those who are rude: Mallory and her friends, who have accounts like everybody and programs that are none of
//! ours.

use super::ground::{Ground, Online};
use super::senders::LISTENED_TO;
use crate::bad_offers::hostile;
use crate::eve::dial_as;
use crate::frames::{Stranger, client, connect};
use crate::keys::sealing_key;
use crate::raw_sender::Sender;
use crate::stage::person;
use crate::town::PASSWORD;
use futures_util::future::join_all;
use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use tokio::task::spawn_blocking;
use tokio_rustls::client::TlsStream;
use waxwing::crypto::{Identity, Password, SigningKey, UnixTime, random};
use waxwing::link::{ALPN, AskError, Conversation, Incoming};
use waxwing::model::SessionToken;
use waxwing::wire::index::{Browse, Join, Named, PasswordText, Resume};
use waxwing::wire::{Code, Role};

pub(super) struct Crooks {
    pub(super) runtime: Runtime,
    pub(super) mallory: Someone,
    /// Whoever offers too much that does not open is not listened to any more: so there are others.
    pub(super) friends: Vec<Someone>,
    /// Whom Bob has not verified.
    pub(super) newcomer: Someone,
    /// Who has no account.
    pub(super) nobody: Arc<Identity>,
    pub(super) bob: SocketAddr,
    pub(super) index: SocketAddr,
    /// Bob's share.
    pub(super) share: [u8; 16],
    /// Where Bob puts what they send.
    pub(super) inbox: PathBuf,
    bobs_log: PathBuf,
}

impl Crooks {
    /// They join, and Bob verifies most of them.
    pub(super) fn new(ground: &Ground<'_>, online: &Online) -> Self {
        let (runtime, index) = (Runtime::new().unwrap(), ground.town.index.address());
        let (mallory, mut friends, nobody) = runtime.block_on(async {
            let mallory = Someone::joined("mallory".to_owned(), person("mallory"), index).await;
            // One for every few offers that do not open, and one for wraps; the newcomer, and nobody.
            let count = hostile().len().div_ceil(LISTENED_TO) + 3;
            let mut made = join_all((0..count).map(|_| spawn_blocking(new_identity))).await;
            let (nobody, mut friends) = (made.pop().unwrap().unwrap(), Vec::new());
            // One after the other: of many at once, some would have to try again.
            for (number, made) in made.into_iter().enumerate() {
                let name = format!("friend{number}");
                friends.push(Someone::joined(name, made.unwrap(), index).await);
            }
            (mallory, friends, Arc::new(nobody))
        });
        let newcomer = friends.pop().unwrap();
        for someone in friends.iter().chain([&mallory]) {
            ground.bob.run(&["verify", &someone.name, "--yes"]).ok();
        }
        let share = runtime.block_on(mallory.share_of("bob"));
        let (inbox, bobs_log) = (ground.inbox(), ground.bob.path.join("state/client.log"));
        let bob = online.address;
        Self { runtime, mallory, friends, newcomer, nobody, bob, index, share, inbox, bobs_log }
    }

    /// What opens their sessions.
    pub(super) fn secrets(&self) -> Vec<Vec<u8>> {
        let all = self.friends.iter().chain([&self.mallory, &self.newcomer]);
        all.map(|someone| someone.token.expose().to_vec()).collect()
    }

    /// How many transfers Bob says that he has broken off.
    pub(super) fn broken_off(&self) -> usize {
        fs::read_to_string(&self.bobs_log).unwrap().matches("\"broken off\"").count()
    }
}

/// Somebody with an account.
pub(super) struct Someone {
    pub(super) identity: Arc<Identity>,
    pub(super) name: String,
    pub(super) token: SessionToken,
    /// In which they joined.
    pub(super) index: Conversation,
    _incoming: Incoming,
}

impl Someone {
    async fn joined(name: String, identity: Identity, at: SocketAddr) -> Self {
        let identity = Arc::new(identity);
        let (index, _incoming) = dial_as(Arc::clone(&identity), at).await;
        let (user, request) = (Named(name.parse().unwrap()), random().into());
        let password = PasswordText::new(&Password::new(PASSWORD).unwrap());
        let join = Join { id: 0, request, user, password, invitation: None, contact: None };
        let token = index.ask(join).await.unwrap().token;
        Self { identity, name, token, index, _incoming }
    }

    async fn share_of(&self, name: &str) -> [u8; 16] {
        let user = Named(name.parse().unwrap());
        let browse = Browse { id: 0, user, share: None, after: None, below: None };
        *self.index.ask(browse).await.unwrap().shares[0].share
    }

    /// What goes on with their session, with some bits turned around in its last byte.
    pub(super) fn resume(&self, id: u32, bits: u8) -> Resume {
        let mut token = *self.token.expose();
        token[31] ^= bits;
        Resume { id, token: SessionToken::take_from(&mut token) }
    }

    pub(super) async fn dials(&self, at: SocketAddr) -> (Conversation, Incoming) {
        dial_as(Arc::clone(&self.identity), at).await
    }

    /// Dials, proves who they are, and goes on with frames by hand.
    pub(super) async fn dials_by_hand(&self, at: SocketAddr) -> ByHand {
        let (tls, exporter) = tls(at).await;
        Stranger::greeted_as(tls, &self.identity, Role::Dialler, exporter).await
    }

    pub(super) fn sender(&self) -> Sender {
        Sender { identity: Arc::clone(&self.identity), now: UnixTime::now() }
    }
}

/// A conversation whose frames are made by hand.
pub(super) type ByHand = Stranger<TlsStream<TcpStream>>;

/// TLS to somebody, before a greeting.
pub(super) async fn tls(at: SocketAddr) -> (TlsStream<TcpStream>, [u8; 32]) {
    connect(client(&[ALPN]), TcpStream::connect(at).await.unwrap()).await.unwrap()
}

/// Why something was refused.
#[track_caller]
pub(super) fn refusal<T: std::fmt::Debug>(answer: Result<T, AskError>) -> Code {
    match answer {
        Err(AskError::Refused { code, .. }) => code,
        other => panic!("not refused: {other:?}"),
    }
}

/// Somebody new. What they open is of no matter.
fn new_identity() -> Identity {
    let signing = SigningKey::load(&SigningKey::generate().unwrap()).unwrap();
    Identity::new(signing, sealing_key("mallory-sealing"), UnixTime::now()).unwrap()
}
