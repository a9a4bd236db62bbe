//! Who is there: conversations between two programs, over sockets, and the streams in them.
//!
//! A [`Side`] is what one program brings to all of its conversations. It dials with a [`Dialler`]
//! and waits with a [`Listener`]; either way it gets a [`Conversation`] with somebody who has
//! [`Proven`] who they are.
//!
//! ```text
//!  Dialler ──▶ TCP ──▶ TLS 1.3 ──▶ hellos, proofs ──▶ Conversation ◀── the same ◀── Listener
//!  backoff             tls.rs      handshake.rs       conversation.rs               counts
//! ```
//!
//! [`Streams`] sends and receives sealed streams in a conversation. Who asks with a
//! [`SendAsk`](crate::wire::SendAsk) sends what a [`Sending`] holds; the other awaits an [`Offer`],
//! looks at its manifest, accepts it into a [`Destination`] or declines it, and confirms what [`Arrived`] when
//! it is durable. Large streams travel on lanes beside the channel, plain TCP connections that a
//! [`LaneBook`] lets in at the listener's door; small ones, and whatever lanes lose, on the channel.
//!
//! ```text
//! Streams::send ── header, manifest ──▶ Streams::await_offer ─▶ Offer ─▶ accept ─▶ Arrived ─▶ confirm
//!        ▲                                                                                       │
//!        └────────────────────────────── the proof of delivery ──────────────────────────────────┘
//! ```
//!
//! Sockets, times and randomness come from outside: the socket as a [`Connect`] or [`Listen`], the
//! clock as tokio's, which tests pause. Every time and size is a setting, see [`Deadlines`].
//!
//! Decided against: certificates as identities (a key that signs certificates for TLS would sign in
//! two worlds, and a pinned certificate is no fingerprint), QUIC (the bulk travels on plain lanes,
//! and what remains gains nothing), and a task for each direction of a connection (ten thousand
//! idle ones would be twenty thousand).

mod backoff;
mod codec;
mod conversation;
mod counts;
mod deadlines;
mod dial;
mod driver;
mod ending;
mod flow;
pub mod handshake;
mod incoming;
mod lane;
mod listen;
#[cfg(unix)]
mod local;
mod origin;
mod place;
mod reader;
mod replayed;
mod side;
mod stream;
mod table;
mod tls;
mod turnstile;
mod watch;
mod writer;

pub use backoff::Backoff;
pub use conversation::{Begun, Conversation, converse};
pub use counts::{Admitted, ConnectionId, Counts, Full, Limits};
pub use deadlines::Deadlines;
pub use dial::{Connect, Dialler, Retry, Tcp};
pub use ending::{AskError, Ended, Ending};
pub use flow::Rates;
pub use handshake::{Expected, Proven};
pub use incoming::{Incoming, Request, StreamFrames};
pub use lane::LaneBook;
pub use listen::{LaneDoor, Listen, Listener, Notice, Service, Socket};
#[cfg(unix)]
pub use local::{LocalListener, find_local};
pub(crate) use origin::Origin;
pub use side::Side;
pub(crate) use stream::is_full;
pub use stream::{
    Arrived, Consent, Decided, Destination, Follower, Offer, Page, Receiving, Sending, Sent,
    StreamError, Streams, Wish, Word,
};
pub use tls::{ALPN, Exporter, TlsError};

use crate::crypto::Fingerprint;
use crate::wire::{Code, Explanation, FrameError};
use std::io;

/// Why there is no conversation.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The connection could not be made, or broke.
    #[error("the connection failed: {0}")]
    Line(io::ErrorKind),
    /// The system lets this program open nothing more.
    #[error("too many files and connections are open here")]
    OutOfFiles,
    /// Nobody knows an address of that host.
    #[error("the host has no address that is known")]
    Host,
    /// Something took longer than it may.
    #[error("{0} took longer than it may")]
    Late(&'static str),
    /// What came on a new connection begins neither a channel nor a lane.
    #[error("what came is not the beginning of a conversation")]
    NotOurs,
    /// TLS failed.
    #[error("TLS failed: {0}")]
    Tls(#[from] TlsError),
    /// TLS without our protocol in it.
    #[error("the other side speaks TLS, but not our protocol in it")]
    Protocol,
    /// The throw-away certificate could not be made.
    #[error("a certificate could not be made")]
    Certificate,
    /// Bytes that are no frames.
    #[error(transparent)]
    Frame(#[from] FrameError),
    /// A frame that is no message.
    #[error("a message is malformed: {0}")]
    Malformed(#[from] crate::codec::Error),
    /// A message that does not belong there.
    #[error("a message came that does not belong there")]
    Unexpected,
    /// The other side is somebody else.
    #[error("the other side says that it is {found}, and not {expected}")]
    Identity {
        /// Who was expected.
        expected: Fingerprint,
        /// Who is there, unproven.
        found: Fingerprint,
    },
    /// The other side did not prove, on this very channel, who it is.
    #[error("the identity proof does not match this channel; is somebody in between?")]
    Proof,
    /// No version in common.
    #[error("the two programs have no version of the protocol in common")]
    Version,
    /// Our own proof could not be made.
    #[error("our own proof could not be made: {0}")]
    Signing(crate::crypto::Error),
    /// Too many wait for a proof of ours.
    #[error("too many want to begin at once")]
    Busy,
    /// There are as many connections as there may be.
    #[error(transparent)]
    Full(#[from] Full),
    /// An unproven connection went, because a newcomer needed the place.
    #[error("it gave way to a newcomer")]
    GaveWay,
    /// This program stops.
    #[error("this program stops")]
    Stopping,
    /// The other side said why it does not want to.
    #[error("the other side refuses: {}", .code.said(.text))]
    Refused {
        /// Why.
        code: Code,
        /// The same in its words.
        text: Explanation,
    },
}

impl Error {
    /// Whether trying the same again is of no use.
    ///
    /// A line that alters a byte is noticed by TLS, by either side and in many words; none of them says
    /// who is there, and it may pass as a cut does. Somebody else is known by what is said inside, or by
    /// a handshake that the key of their own certificate did not sign: no accident makes that.
    pub fn is_permanent(&self) -> bool {
        match self {
            Self::Refused { code, .. } => code.is_permanent(),
            Self::Line(_) | Self::Host | Self::Late(_) | Self::Frame(FrameError::Cut) => false,
            Self::Tls(TlsError::InvalidCertificate(_) | TlsError::General(_)) => true,
            Self::Tls(_) | Self::Protocol | Self::OutOfFiles => false,
            Self::Busy | Self::Full(_) | Self::GaveWay => false,
            _ => true,
        }
    }

    /// What the other side is told, if it can be told anything.
    fn code(&self) -> Option<Code> {
        match self {
            Self::Late(_) => Some(Code::Slow),
            Self::Frame(FrameError::Cut) => None,
            Self::Frame(error) => Some((*error).into()),
            Self::Malformed(_) => Some(Code::Malformed),
            Self::Unexpected => Some(Code::Unexpected),
            Self::Identity { .. } => Some(Code::Identity),
            Self::Proof => Some(Code::Proof),
            Self::Version => Some(Code::Version),
            Self::Signing(_) => Some(Code::Internal),
            Self::Busy | Self::Full(_) => Some(Code::Busy),
            Self::Stopping => Some(Code::Stopping),
            _ => None,
        }
    }
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        if is_out_of_files(&error) { Self::OutOfFiles } else { Self::Line(error.kind()) }
    }
}

/// Whether the system lets this program, or all of them together, open nothing more: no file, and no
/// connection. Others close some, and then it goes on.
pub(crate) fn is_out_of_files(error: &io::Error) -> bool {
    // The standard library has no kind for it.
    let numbers: &[i32] = if cfg!(windows) { &[4, 10024] } else { &[23, 24] };
    error.raw_os_error().is_some_and(|number| numbers.contains(&number))
}
