//! Dialling a lane: to the very address that the channel reached.

use super::pipe::Lane;
use crate::crypto::Ticket;
use crate::link::Deadlines;
use crate::wire::{LaneId, LaneOpening, Role};
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// Dials, shows the ticket's MAC and demands the listener's. Blocks.
pub(in crate::link) fn dial(
    address: SocketAddr,
    id: LaneId,
    ticket: &Ticket,
    deadlines: &Deadlines,
) -> io::Result<Lane> {
    let mut socket = TcpStream::connect_timeout(&address, deadlines.connect)?;
    socket.set_write_timeout(Some(OPENING))?;
    socket.set_read_timeout(Some(OPENING))?;
    socket.write_all(&LaneOpening::new(id, ticket).to_bytes())?;
    let mut answer = [0; LaneOpening::ANSWER_BYTES];
    socket.read_exact(&mut answer)?;
    // Compared in constant time: the MAC is a secret until it was shown.
    if id.mac(ticket, Role::Listener) != crate::crypto::Tag::from_bytes(answer) {
        return Err(io::ErrorKind::PermissionDenied.into());
    }
    Lane::over_tcp(socket, deadlines.progress)
}

const OPENING: Duration = Duration::from_secs(2);
