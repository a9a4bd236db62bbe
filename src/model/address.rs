//! Where an index or a peer is, and the invitation that names an index and its key.

use super::Error;
use super::limits::HOST_BYTES;
use super::token::TokenHash;
use crate::crypto::{Fingerprint, Label, Secret};
use data_encoding::HEXLOWER_PERMISSIVE;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::FromStr;

/// A host, by name or number, and a port: `index.example:7311`, `10.0.0.7:7311`, `[::1]:7311`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct HostPort {
    host: Host,
    port: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Host {
    Name(Box<str>),
    Number(IpAddr),
}

impl HostPort {
    /// The port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The host as a resolver takes it, without brackets.
    pub fn host(&self) -> String {
        match &self.host {
            Host::Name(name) => name.to_string(),
            Host::Number(number) => number.to_string(),
        }
    }

    /// The address, when the host is a number and nothing has to be resolved.
    pub fn to_socket_addr(&self) -> Option<SocketAddr> {
        match &self.host {
            Host::Name(_) => None,
            Host::Number(number) => Some(SocketAddr::new(*number, self.port)),
        }
    }
}

impl FromStr for HostPort {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let wrong = |reason| Error::Address { text: text.to_owned(), reason };
        let (host, port) = text.rsplit_once(':').ok_or(wrong("the port is missing"))?;
        let port = parse_port(port).ok_or(wrong("a port is a number from 1 to 65535"))?;
        let host = parse_host(host).ok_or(wrong("the host is neither a name nor a number"))?;
        Ok(Self { host, port })
    }
}

impl From<SocketAddr> for HostPort {
    fn from(address: SocketAddr) -> Self {
        Self { host: Host::Number(address.ip().to_canonical()), port: address.port() }
    }
}

impl fmt::Display for HostPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.host {
            Host::Name(name) => write!(f, "{name}:{}", self.port),
            Host::Number(number) => SocketAddr::new(*number, self.port).fmt(f),
        }
    }
}

/// Digits only: the standard parser would take a plus sign as well.
fn parse_port(text: &str) -> Option<u16> {
    let digits = (1..=5).contains(&text.len()) && text.bytes().all(|c| c.is_ascii_digit());
    text.parse().ok().filter(|port| digits && *port != 0)
}

fn parse_host(text: &str) -> Option<Host> {
    if let Some(inner) = text.strip_prefix('[') {
        let number: Ipv6Addr = inner.strip_suffix(']')?.parse().ok()?;
        return Some(Host::Number(IpAddr::V6(number)));
    }
    match text.parse::<Ipv4Addr>() {
        Ok(number) => Some(Host::Number(IpAddr::V4(number))),
        Err(_) => is_host_name(text).then(|| Host::Name(text.to_ascii_lowercase().into())),
    }
}

/// A name as resolvers take it. One that ends in a number is refused: some would read it as an
/// address of another form.
fn is_host_name(text: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'-' || c == b'_')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    text.len() <= HOST_BYTES && text.split('.').all(label) && !ends_in_number(text)
}

/// In decimal or, as `0x7f000001`, in hexadecimal digits.
fn ends_in_number(text: &str) -> bool {
    let last = text.rsplit('.').next().unwrap_or_default();
    let hexadecimal = last.strip_prefix("0x").or(last.strip_prefix("0X"));
    last.bytes().all(|c| c.is_ascii_digit())
        || hexadecimal.is_some_and(|digits| digits.bytes().all(|c| c.is_ascii_hexdigit()))
}

/// Where a peer can be dialled: an address of one machine, and a port that needs no privilege.
///
/// An index hands these out, so it could point peers at anything; what is dialled is first held
/// against these rules, and nothing but the beginning of a conversation is sent there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PeerAddress(SocketAddr);

impl PeerAddress {
    /// The lowest port of a peer.
    pub const MIN_PORT: u16 = 1024;

    /// Takes an address that a peer can have.
    pub fn new(address: SocketAddr) -> Result<Self, Error> {
        let ip = address.ip().to_canonical();
        let reason = if address.port() < Self::MIN_PORT {
            "a peer's port is from 1024 to 65535"
        } else if ip.is_unspecified() || ip.is_multicast() || is_broadcast(ip) {
            "it is not the address of one machine"
        } else {
            return Ok(Self(SocketAddr::new(ip, address.port())));
        };
        Err(Error::Address { text: address.to_string(), reason })
    }

    /// The address to dial.
    pub fn socket_addr(self) -> SocketAddr {
        self.0
    }

    /// Whether it is on this machine.
    pub fn is_loopback(self) -> bool {
        self.0.ip().is_loopback()
    }
}

impl fmt::Display for PeerAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The whole of 0.0.0.0/8 means "here" to some systems, and 255.255.255.255 everyone.
fn is_broadcast(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.is_broadcast() || ip.octets().first() == Some(&0),
        IpAddr::V6(_) => false,
    }
}

/// What names an index: where it is, whose key it must have, and, once, the right to join.
///
/// ```text
/// waxwing://HOST:PORT#FINGERPRINT
/// waxwing://HOST:PORT#FINGERPRINT.TOKEN
/// ```
///
/// The fingerprint stands behind a `#` and the token behind a dot, so that no shell needs quotes
/// around it.
#[derive(Debug)]
pub struct Invitation {
    /// Where the index listens.
    pub at: HostPort,
    /// The identity that it must prove.
    pub fingerprint: Fingerprint,
    /// What makes a new account possible, if it is such an invitation.
    pub token: Option<JoinToken>,
}

impl Invitation {
    /// What each begins with.
    pub const SCHEME: &str = "waxwing://";

    /// The whole link, with the token in it: for the person who is invited, and for no log.
    pub fn reveal(&self) -> String {
        match &self.token {
            None => self.to_string(),
            Some(token) => format!("{}#{}.{}", self.link(), self.fingerprint, token.reveal()),
        }
    }

    fn link(&self) -> String {
        format!("{}{}", Self::SCHEME, self.at)
    }
}

impl FromStr for Invitation {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let rest =
            text.strip_prefix(Self::SCHEME).ok_or(Error::Invitation("waxwing:// is missing"))?;
        let (at, secret) =
            rest.split_once('#').ok_or(Error::Invitation("the # and what follows are missing"))?;
        let (fingerprint, token) = match secret.split_once('.') {
            None => (secret, None),
            Some((fingerprint, token)) => (fingerprint, Some(token.parse()?)),
        };
        let fingerprint = fingerprint
            .parse()
            .map_err(|_| Error::Invitation("a fingerprint has 64 hexadecimal digits"))?;
        Ok(Self { at: at.parse()?, fingerprint, token })
    }
}

/// Shows no token; [`Invitation::reveal`] does.
impl fmt::Display for Invitation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hidden = if self.token.is_some() { ".(hidden)" } else { "" };
        write!(f, "{}#{}{hidden}", self.link(), self.fingerprint)
    }
}

/// What an invitation holds besides the index: the right to join, once.
pub struct JoinToken(Secret<16>);

impl JoinToken {
    /// A fresh token.
    pub fn random() -> Self {
        Self(Secret::random())
    }

    /// The token's bytes.
    pub fn expose(&self) -> &[u8; 16] {
        self.0.expose()
    }

    /// The token with these bytes; the source is wiped.
    pub fn take_from(bytes: &mut [u8; 16]) -> Self {
        Self(Secret::take_from(bytes))
    }

    /// What an index stores of it.
    pub fn hash(&self) -> TokenHash {
        TokenHash::of(Label::JoinToken, self.expose())
    }

    fn reveal(&self) -> String {
        HEXLOWER_PERMISSIVE.encode(self.expose())
    }
}

impl FromStr for JoinToken {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let mut token = [0; 16];
        let decoded = match text.len() {
            32 => HEXLOWER_PERMISSIVE.decode_mut(text.as_bytes(), &mut token).is_ok(),
            _ => false,
        };
        let token = Secret::take_from(&mut token);
        let wrong = Error::Invitation("a join token has 32 hexadecimal digits");
        if decoded { Ok(Self(token)) } else { Err(wrong) }
    }
}

impl fmt::Debug for JoinToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JoinToken(hidden)")
    }
}

/// How a person names an index: with its key, or without, which asks them before it is trusted.
#[derive(Debug)]
pub enum IndexAddress {
    /// With its key.
    Invited(Invitation),
    /// Only where it is.
    Bare(HostPort),
}

impl FromStr for IndexAddress {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        // What has a `#`, or a fingerprint in it, was meant as an invitation. Were it refused as a bare address, the reason
        // would show it whole, the token with it.
        let digits = |part: &str| part.len() >= 64 && part.bytes().all(|c| c.is_ascii_hexdigit());
        let has_key = text.split(|c: char| !c.is_ascii_alphanumeric()).any(digits);
        if text.starts_with(Invitation::SCHEME) || text.contains('#') || has_key {
            text.parse().map(Self::Invited)
        } else {
            text.parse().map(Self::Bare)
        }
    }
}
