//! Being online: on which port others are listened for, and how they find it.

use super::User;
use super::host::Host;
use crate::link::{LaneBook, Limits, Listener, Rates, Streams};
use crate::model::{Invitation, PeerAddress};
use crate::node::home::HomeLock;
use crate::node::home::kept::Belonging;
use crate::node::index::Granted;
use crate::node::{Error, HomeError, index};
use crate::peer::{Allowance, Landing, Rules, Sharer, Shelf};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, MutexGuard, PoisonError};
use tokio::net::TcpListener;
use tokio::task::spawn_blocking;
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

/// How one is online.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Online {
    /// The port on which others are listened for.
    pub port: u16,
    /// Where others are told to dial, as the index sees it; nothing when it could not be told yet.
    pub address: Option<PeerAddress>,
    /// Whether only programs on this machine can dial it.
    pub is_local: bool,
}

/// Being online, as long as this is held.
pub(super) struct Presence {
    _lock: HomeLock,
    online: Online,
    stop: CancellationToken,
    _stops: DropGuard,
    tasks: TaskTracker,
    /// Those who get or send something.
    visiting: TaskTracker,
}

impl User {
    /// Is online from now on: listens for others, serves what is shared, and takes what is sent as the
    /// policy says. With `may_ask`, offers wait in the [inbox](User::inbox) for the person; without,
    /// nobody can be asked, and what would have to be asked is declined.
    ///
    /// What is shared is not looked at by this: [`User::look_at`] does, and serves it from then on.
    pub async fn go_online(&self, may_ask: bool) -> Result<Online, Error> {
        if let Some(presence) = &*self.presence() {
            return Ok(presence.online);
        }
        let (session, sharer) = (self.session()?, self.sharer()?);
        let lock = self.home().lock()?;
        self.sweep_downloads().await;
        let is_local = is_local(&self.index()?);
        let sockets = self.listen(is_local).await?;
        let port = sockets.local_addr().map_err(crate::link::Error::from)?.port();
        // Later is early enough: the wish stays. Who dials meanwhile waits a moment.
        let Granted { address, wide } =
            match self.wait(&session, session.go_online(Some(port))).await {
                Err(Error::Index(index::Error::Away(_) | index::Error::Late)) => Granted::default(),
                // A wish that stayed would tell others a port on which nobody listens.
                granted => granted.inspect_err(|_| session.go_offline())?,
            };
        let widened = widened(sockets, is_local, wide, port).await;
        let (sockets, is_local) = widened.inspect_err(|_| session.go_offline())?;
        let book = Arc::new(LaneBook::new(self.inner.options.deadlines.progress));
        let listener = Listener::new(sockets, self.inner.side.clone());
        let listener = listener.with_lanes(Arc::clone(&book) as Arc<_>).with_limits(LIMITS);
        let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
        let visiting = TaskTracker::new();
        let (seen, counted) = (tasks.clone(), visiting.clone());
        let host = Host { user: self.clone(), sharer, may_ask, tasks: seen, visiting: counted };
        let service = move |conversation, incoming| {
            let (host, streams) = (host.clone(), Streams::new(conversation, Some(book.clone())));
            async move { host.welcome(streams, incoming).await }
        };
        tasks.spawn(listener.run(service, stop.clone()));
        let (online, _stops) = (Online { port, address, is_local }, stop.clone().drop_guard());
        *self.presence() = Some(Presence { _lock: lock, online, stop, _stops, tasks, visiting });
        Ok(online)
    }

    /// What a killed program left half-way in the folder for downloads goes.
    async fn sweep_downloads(&self) {
        let folder = self.downloads();
        let swept = spawn_blocking(move || {
            folder.is_dir().then(|| Landing::in_folder(&folder, Rules::default()))
        });
        // What cannot be swept is told when files are to land there.
        let _ = swept.await;
    }

    /// How one is online, if one is.
    pub fn online(&self) -> Option<Online> {
        self.presence().as_ref().map(|presence| presence.online)
    }

    /// Is online no longer. What is on its way is cut off.
    pub async fn go_offline(&self) {
        self.watching().take();
        let presence = self.presence().take();
        if let Some(Presence { stop, tasks, .. }) = presence {
            if let Ok(session) = self.session() {
                session.go_offline();
            }
            stop.cancel();
            tasks.close();
            // Whoever asks the person waits no longer.
            self.offers().clear();
            tasks.wait().await;
        }
    }

    /// How many times others get or send something right now, also those who wait for a decision.
    pub fn visits_under_way(&self) -> usize {
        self.presence().as_ref().map_or(0, |presence| presence.visiting.len())
    }

    /// What one brings to all transfers. There is a name once one has joined.
    pub(super) fn sharer(&self) -> Result<Sharer, Error> {
        let mut slot = self.inner.sharer.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(sharer) = &*slot {
            return Ok(sharer.clone().with_events(self.events().clone()));
        }
        let ours = Belonging::read(&self.inner.state)?.ok_or(Error::NoIndex)?;
        let clock = Arc::clone(&self.inner.options.clock);
        let sharer = Sharer::new(Arc::clone(&self.inner.identity), Shelf::new(ours.user))
            .with_clock(move || clock())
            .with_events(self.events().clone())
            .with_allowance(self.allowance())
            .with_receipts(self.receipts()?);
        Ok(slot.insert(sharer).clone())
    }

    /// So that none that leaves is so slow that it looks as if it stood still, fewer leave at once.
    fn allowance(&self) -> Allowance {
        let options = &self.inner.options;
        let each = options.rates.up.and_then(|up| u32::try_from(up / Rates::EACH).ok());
        options.serving.at_most(each.unwrap_or(u32::MAX))
    }

    /// The port of last time, else the first free one of those that peers have.
    async fn listen(&self, is_local: bool) -> Result<TcpListener, Error> {
        let last = self.kept_port()?;
        let ports = match self.inner.config.port {
            Some(port) => port..=port,
            None => PORTS,
        };
        let usual = PORTS.contains(&last.unwrap_or_default()) && self.inner.config.port.is_none();
        for port in last.filter(|_| usual).into_iter().chain(ports.clone()) {
            if let Some(sockets) = bind(is_local, port).await {
                self.keep_port(port)?;
                return Ok(sockets);
            }
        }
        Err(Error::NoPort { first: *ports.start(), last: *ports.end() })
    }

    fn kept_port(&self) -> Result<Option<u16>, HomeError> {
        let text = self.inner.state.read(PORT, 16)?;
        let text = text.and_then(|text| String::from_utf8(text.to_vec()).ok());
        Ok(text.and_then(|text| text.trim_end().parse().ok()))
    }

    fn keep_port(&self, port: u16) -> Result<(), HomeError> {
        if self.kept_port()? == Some(port) {
            return Ok(());
        }
        let _changing = self.inner.state.changing()?;
        self.inner.state.write(PORT, format!("{port}\n").as_bytes())
    }

    fn presence(&self) -> MutexGuard<'_, Option<Presence>> {
        self.inner.presence.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether an index is on this machine, so that only programs here can know of a peer.
fn is_local(index: &Invitation) -> bool {
    match index.at.to_socket_addr() {
        Some(address) => address.ip().is_loopback(),
        None => index.at.host() == "localhost",
    }
}

/// An index on this machine that others reach from elsewhere tells them that one is there, too: so one is
/// to be reached from there.
async fn widened(
    sockets: TcpListener,
    is_local: bool,
    wide: bool,
    port: u16,
) -> Result<(TcpListener, bool), Error> {
    if !(is_local && wide) {
        return Ok((sockets, is_local));
    }
    drop(sockets);
    match bind(false, port).await {
        Some(sockets) => Ok((sockets, false)),
        None => Err(Error::NoPort { first: port, last: port }),
    }
}

/// Listens on all interfaces, IPv4 as well where IPv6 is there, or on loopback alone.
async fn bind(is_local: bool, port: u16) -> Option<TcpListener> {
    let any: [IpAddr; 2] = match is_local {
        true => [Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()],
        false => [Ipv6Addr::UNSPECIFIED.into(), Ipv4Addr::UNSPECIFIED.into()],
    };
    for ip in any {
        match TcpListener::bind(SocketAddr::new(ip, port)).await {
            Ok(sockets) => return Some(sockets),
            // Another program has it, and would get what is meant for us.
            Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => return None,
            Err(_) => {}
        }
    }
    None
}

/// The ports on which peers listen.
const PORTS: std::ops::RangeInclusive<u16> = 7400..=7499;
const PORT: &str = "port";
/// Of whom one person is visited at once. What each may have waiting is bounded too.
const LIMITS: Limits = Limits { unproven_of_address: 32, unproven: 64, of_identity: 16, all: 512 };
