//! The few identities that everybody shares, and the tokens that tell them apart.

use crate::keys::{NOW, sealing_key, signing_key};
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, OnceLock};
use tokio::net::{TcpSocket, TcpStream};
use waxwing::crypto::{Identity, Password};
use waxwing::link::{Backoff, Connect, Conversation, Deadlines, Dialler, Expected, Incoming, Side};
use waxwing::model::{HostPort, SessionToken};
use waxwing::wire::index::{Login, Named, PasswordText};
use waxwing::wire::{Features, Party};

/// How many identities there are besides the index's.
pub(crate) const SHARED: usize = 4;

pub(crate) fn identity(number: usize) -> Arc<Identity> {
    const KEYS: [[&str; 2]; SHARED + 1] = [
        ["alice-signing", "alice-sealing"],
        ["bob-signing", "bob-sealing"],
        ["mallory-signing", "mallory-sealing"],
        ["alice-sealing", "bob-sealing"],
        ["large", "alice-sealing"],
    ];
    static PEOPLE: [OnceLock<Arc<Identity>>; SHARED + 1] = [const { OnceLock::new() }; SHARED + 1];
    let [signing, sealing] = KEYS[number];
    let make = || Identity::new(signing_key(signing), sealing_key(sealing), NOW).unwrap();
    Arc::clone(PEOPLE[number].get_or_init(|| Arc::new(make())))
}

pub(crate) fn index_identity() -> Arc<Identity> {
    identity(SHARED)
}

/// The token of a peer's session; both processes know it.
pub(crate) fn token(of: &str, number: usize) -> SessionToken {
    let mut bytes = [0; 32];
    let text = format!("{of} {number}");
    bytes[..text.len()].copy_from_slice(text.as_bytes());
    SessionToken::take_from(&mut bytes)
}

/// Sockets of loopback, each from an address of its own.
pub(crate) struct From(pub(crate) usize);

impl Connect for From {
    type Socket = TcpStream;

    async fn resolve(&self, host: &HostPort) -> io::Result<Vec<SocketAddr>> {
        Ok(host.to_socket_addr().into_iter().collect())
    }

    async fn connect(&self, to: SocketAddr) -> io::Result<TcpStream> {
        let [.., high, low] = u32::try_from(self.0 + 256).unwrap().to_be_bytes();
        let socket = TcpSocket::new_v4()?;
        socket.bind((Ipv4Addr::new(127, 1, high, low), 0).into())?;
        let socket = socket.connect(to).await?;
        socket.set_nodelay(true)?;
        Ok(socket)
    }
}

/// A side for each identity, since each makes a certificate.
pub(crate) fn side(number: usize) -> Side {
    let identity = identity(number);
    Side::new(identity, Party::Person, Features::ALL, Deadlines::default()).unwrap()
}

pub(crate) async fn dial(side: &Side, from: usize, to: SocketAddr) -> (Conversation, Incoming) {
    let dialler = Dialler::over(From(from), side.clone()).with_backoff(Backoff::never());
    let expected = Expected::Only(index_identity().fingerprint());
    dialler.dial(&to.into(), expected).await.expect("a conversation")
}

pub(crate) fn login(name: &str) -> Login {
    let password = PasswordText::new(&Password::new("a wrong password").unwrap());
    Login { id: 0, user: Named(name.parse().unwrap()), password }
}
