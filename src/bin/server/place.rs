//! Where others find this server.

use crate::failures;
use crate::settings::Config;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use waxwing::model::HostPort;
use waxwing::ui::Failure;

/// What invitations say: the host that was set, else the address that is listened on, else, when that
/// is any, the one by which this machine sends.
pub(crate) fn advertised(config: &Config, listens_on: SocketAddr) -> Result<HostPort, Failure> {
    let (ip, port) = (listens_on.ip(), listens_on.port());
    let at = match &config.host {
        Some(host) => format!("{host}:{port}"),
        None if ip.is_unspecified() => SocketAddr::new(outgoing(ip), port).to_string(),
        None => listens_on.to_string(),
    };
    at.parse().map_err(|error| failures::invitation(&error))
}

/// The address of the default route, or loopback when there is none. A server on all IPv6 addresses
/// hears IPv4 as well.
fn outgoing(any: IpAddr) -> IpAddr {
    let sixth = any.is_ipv6().then(|| way_to((Ipv6Addr::UNSPECIFIED.into(), NOBODY_6.into())));
    let found = sixth.and_then(Result::ok);
    let found = found.or_else(|| way_to((Ipv4Addr::UNSPECIFIED.into(), NOBODY_4.into())).ok());
    found.unwrap_or(Ipv4Addr::LOCALHOST.into())
}

/// From which address this machine would send there. Nothing is sent: connecting a datagram socket
/// only asks the system for the way.
fn way_to((any, nobody): (IpAddr, IpAddr)) -> io::Result<IpAddr> {
    let socket = UdpSocket::bind((any, 0))?;
    socket.connect((nobody, 9))?;
    socket.local_addr().map(|address| address.ip())
}

/// Addresses that are kept for documents, so that nobody has them.
const NOBODY_4: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);
const NOBODY_6: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1);
