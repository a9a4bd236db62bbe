//! Being online: listening for others, serving what is shared, and taking what is sent.
//!
//! ```text
//! listener ─▶ who is it? ─▶ their key is the pinned one ─▶ GetAsk:  served from the shelf
//!             (directory)                                  SendAsk: the person's policy
//! ```

use super::User;
use super::inbox::Offers;
use super::trust::Pinned;
use crate::link::{Conversation, Incoming, LaneBook, Limits, Listener, Rates, Request, Streams};
use crate::model::{EntryPath, Invitation, PeerAddress, UserName};
use crate::node::home::HomeLock;
use crate::node::home::kept::Belonging;
use crate::node::index::Granted;
use crate::node::{Error, HomeError, index};
use crate::peer::{
    Allowance, LandError, Landing, Received, ReceivedFile, Rules, Served, Sharer, Shelf,
};
use crate::wire::{Code, Kind, Party};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::broadcast;
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

/// Something that somebody else did here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Visit {
    /// Somebody has fetched these files, and signed that they have them.
    Served {
        /// Who.
        to: UserName,
        /// The files.
        files: Vec<EntryPath>,
        /// How many bytes were sent.
        bytes: u64,
    },
    /// Somebody offers files: see [`User::inbox`].
    Offered {
        /// Who.
        from: UserName,
        /// The number of the offer.
        number: u64,
    },
    /// Somebody has sent files, and those that landed are here.
    Received {
        /// Who.
        from: UserName,
        /// Whether their words were compared.
        verified: bool,
        /// Where the files are.
        folder: PathBuf,
        /// The files.
        landed: Vec<EntryPath>,
        /// Those in whose place another file was.
        kept_out: Vec<EntryPath>,
        /// Those of which parts were here from an earlier try, that do not fit what came now.
        unfit: Vec<EntryPath>,
        /// Why no receipts of them are kept, if so.
        unkept: Option<String>,
    },
    /// Something did not come to its end.
    Failed {
        /// With whom.
        with: UserName,
        /// Why.
        why: String,
    },
    /// Somebody was told another key directory than we are, or more of it, or lies: see [`User::contradictions`].
    Contradicted {
        /// Who told it.
        by: UserName,
    },
    /// Somebody was turned away.
    TurnedAway {
        /// Why.
        why: String,
    },
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
                granted => granted?,
            };
        let widened = widened(sockets, is_local, wide, port).await;
        let (sockets, is_local) = widened.inspect_err(|_| session.go_offline())?;
        let book = Arc::new(LaneBook::new(Duration::from_secs(30)));
        let listener = Listener::new(sockets, self.0.side.clone());
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

    /// What others do here from now on.
    pub fn visits(&self) -> broadcast::Receiver<Visit> {
        self.0.visits.subscribe()
    }

    /// What one brings to all transfers. There is a name once one has joined.
    pub(super) fn sharer(&self) -> Result<Sharer, Error> {
        let mut slot = self.0.sharer.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(sharer) = &*slot {
            return Ok(sharer.clone().with_events(self.events().clone()));
        }
        let ours = Belonging::read(&self.0.state)?.ok_or(Error::NoIndex)?;
        let sharer = Sharer::new(Arc::clone(&self.0.identity), Shelf::new(ours.user))
            .with_events(self.events().clone())
            .with_allowance(self.allowance())
            .with_receipts(self.receipts()?);
        Ok(slot.insert(sharer).clone())
    }

    /// So that none that leaves is so slow that it looks as if it stood still, fewer leave at once.
    fn allowance(&self) -> Allowance {
        let options = &self.0.options;
        let each = options.rates.up.and_then(|up| u32::try_from(up / Rates::EACH).ok());
        options.serving.at_most(each.unwrap_or(u32::MAX))
    }

    /// The port of last time, else the first free one of those that peers have.
    async fn listen(&self, is_local: bool) -> Result<TcpListener, Error> {
        let last = self.kept_port()?;
        let ports = match self.0.config.port {
            Some(port) => port..=port,
            None => PORTS,
        };
        let usual = PORTS.contains(&last.unwrap_or_default()) && self.0.config.port.is_none();
        for port in last.filter(|_| usual).into_iter().chain(ports.clone()) {
            if let Some(sockets) = bind(is_local, port).await {
                self.keep_port(port)?;
                return Ok(sockets);
            }
        }
        Err(Error::NoPort { first: *ports.start(), last: *ports.end() })
    }

    fn kept_port(&self) -> Result<Option<u16>, HomeError> {
        let text = self.0.state.read(PORT, 16)?;
        let text = text.and_then(|text| String::from_utf8(text.to_vec()).ok());
        Ok(text.and_then(|text| text.trim_end().parse().ok()))
    }

    fn keep_port(&self, port: u16) -> Result<(), HomeError> {
        if self.kept_port()? == Some(port) {
            return Ok(());
        }
        let _changing = self.0.state.changing()?;
        self.0.state.write(PORT, format!("{port}\n").as_bytes())
    }

    fn presence(&self) -> MutexGuard<'_, Option<Presence>> {
        self.0.presence.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Who welcomes others.
#[derive(Clone)]
struct Host {
    user: User,
    sharer: Sharer,
    may_ask: bool,
    tasks: TaskTracker,
    visiting: TaskTracker,
}

impl Host {
    async fn welcome(&self, streams: Streams, mut incoming: Incoming) {
        let who = match self.who_is_there(streams.conversation()).await {
            Ok(who) => who,
            Err(why) => {
                let said = match &why {
                    Error::Index(error) if error.is_away() => {
                        "the index is away, and without it you are not known here"
                    }
                    _ => "you are not known here",
                };
                streams.conversation().end(Code::NotAllowed, said);
                return self.tell(Visit::TurnedAway { why: why.to_string() });
            }
        };
        let mut has_told_head = false;
        while let Some(request) = streams.next_request(&mut incoming).await {
            // Each costs us work on the disk, and a question to the index.
            if request.kind() == Kind::HeadAsk && std::mem::replace(&mut has_told_head, true) {
                request.refuse(Code::Unexpected, "");
                continue;
            }
            let (host, streams, who) = (self.clone(), streams.clone(), who.clone());
            self.tasks.spawn(async move { host.answer(request, &streams, who).await });
        }
    }

    /// The name that a proven identity has by the key directory, if it is the one that is pinned.
    async fn who_is_there(&self, conversation: &Conversation) -> Result<Visitor, Error> {
        let proven = conversation.proven();
        if proven.party() != Party::Person {
            return Err(Error::NotAPerson);
        }
        let fingerprint = proven.fingerprint();
        let user = self.user.name_of(&fingerprint).await?;
        match self.user.meet(&user).await {
            Ok(Pinned { pin, .. }) if pin.fingerprint == fingerprint => {
                Ok(Visitor { user, verified: pin.verified.is_some() })
            }
            Ok(_) => Err(Error::Nobody(user)),
            // Whom the key directory names, and who was not met yet, is met when the index is back.
            Err(Error::Index(error)) if error.is_away() && self.user.pin(&user)?.is_none() => {
                Ok(Visitor { user, verified: false })
            }
            Err(error) => Err(error),
        }
    }

    async fn answer(&self, request: Request, streams: &Streams, who: Visitor) {
        let is_visit = matches!(request.kind(), Kind::GetAsk | Kind::SendAsk);
        let _visit = is_visit.then(|| self.visiting.token());
        let done = match request.kind() {
            Kind::GetAsk => {
                let served = self.sharer.serve_get(request, streams, &who.user).await;
                served.map(|Served { landed: files, bytes }| Visit::Served {
                    to: who.user.clone(),
                    files,
                    bytes,
                })
            }
            Kind::SendAsk => {
                let policy = Offers::new(&self.user, &who, self.may_ask);
                let received =
                    self.sharer.with_person(&who.user).receive(request, streams, &policy).await;
                received.map(|received| who.received(received))
            }
            Kind::Browse => {
                // Who asks for what is not for them is told so.
                let _ = self.sharer.show(request, &who.user);
                return;
            }
            Kind::HeadAsk => {
                // What cannot be kept is told again.
                let _ = self.user.answer_head(request, &who.user).await;
                return;
            }
            Kind::LeavesAsk => {
                // Who may not have them knows.
                let _ = self.sharer.serve_leaves(request, &who.user).await;
                return;
            }
            _ => return request.refuse(Code::NotAllowed, "people share files with each other"),
        };
        // Who declined knows.
        if let Err(crate::peer::Error::Declined(Code::Declined)) = done {
            return;
        }
        let failed =
            |why: crate::peer::Error| Visit::Failed { with: who.user, why: why.to_string() };
        self.tell(done.unwrap_or_else(failed));
    }

    fn tell(&self, visit: Visit) {
        // Nobody has to listen.
        let _ = self.user.0.visits.send(visit);
    }
}

/// Who is there.
#[derive(Debug, Clone)]
pub(super) struct Visitor {
    pub(super) user: UserName,
    pub(super) verified: bool,
}

impl Visitor {
    fn received(&self, received: Received) -> Visit {
        let (landed, others): (Vec<_>, Vec<_>) =
            received.files.into_iter().partition(|file| file.landed.is_ok());
        let is_unfit = |file: &ReceivedFile| matches!(file.landed, Err(LandError::Kept));
        let (unfit, kept_out): (Vec<_>, Vec<_>) = others.into_iter().partition(is_unfit);
        let paths =
            |files: Vec<ReceivedFile>| files.into_iter().map(|file| file.path).collect::<Vec<_>>();
        Visit::Received {
            from: self.user.clone(),
            verified: self.verified,
            folder: received.folder,
            landed: paths(landed),
            kept_out: paths(kept_out),
            unfit: paths(unfit),
            unkept: received.unkept.map(|why| why.to_string()),
        }
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
/// So many visits are kept for who listens slowly.
pub(super) const VISITS_WAITING: usize = 256;
