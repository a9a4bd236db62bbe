//! From where somebody comes, as far as it counts: whoever has one address of IPv6 has its whole
//! network of 64 bits.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};

/// An address of IPv4, a network of IPv6, or a connection that has neither.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Origin(Option<IpAddr>);

impl Origin {
    pub(super) fn of(address: Option<SocketAddr>) -> Self {
        Self(address.map(|address| match address.ip().to_canonical() {
            IpAddr::V4(ip) => IpAddr::V4(ip),
            IpAddr::V6(ip) => {
                let [a, b, c, d, ..] = ip.segments();
                IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
            }
        }))
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(IpAddr::V4(ip)) => ip.fmt(f),
            Some(IpAddr::V6(ip)) => write!(f, "{ip}/64"),
            None => f.write_str("this process"),
        }
    }
}

/// An address for the log, or what stands for it.
pub(super) fn shown(from: Option<SocketAddr>, origin: Origin) -> String {
    from.map_or_else(|| origin.to_string(), |from| from.to_string())
}
