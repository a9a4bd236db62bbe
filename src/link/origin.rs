//! From where somebody comes, as far as it counts: whoever has one address of IPv6 has its whole
//! network of 64 bits.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

/// An address of IPv4, a network of IPv6, or a connection that has neither.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Origin(Option<IpAddr>);

impl Origin {
    pub(crate) fn of(address: Option<SocketAddr>) -> Self {
        Self(address.map(|address| network(address.ip())))
    }
}

impl From<IpAddr> for Origin {
    fn from(address: IpAddr) -> Self {
        Self(Some(network(address)))
    }
}

fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(ip) => IpAddr::V4(ip),
        IpAddr::V6(ip) => {
            let [a, b, c, d, ..] = ip.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    }
}
