//! What a lane runs over.

use std::fmt;
use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::time::Duration;

/// Anything that reads and writes, and blocks meanwhile.
pub(in crate::link) trait Pipe: Read + Write + Send {}

impl<T: Read + Write + Send> Pipe for T {}

/// A connection that is open as a lane.
pub(in crate::link) struct Lane {
    pub(super) pipe: Box<dyn Pipe>,
    pub(super) cut: Cut,
}

/// Ends a lane from another thread, even one that waits in the middle of a read or a write.
pub(super) type Cut = Arc<dyn Fn() + Send + Sync>;

impl Lane {
    /// A lane over a TCP connection. A write that does not go on for so long is an error.
    pub(super) fn over_tcp(socket: TcpStream, progress: Duration) -> io::Result<Self> {
        socket.set_nonblocking(false)?;
        socket.set_read_timeout(None)?;
        socket.set_write_timeout(Some(progress))?;
        // Chunks are large: waiting to fill a packet gains nothing.
        socket.set_nodelay(true)?;
        let other = socket.try_clone()?;
        // It may be closed already, which is what is wanted.
        let cut = move || drop(other.shutdown(Shutdown::Both));
        Ok(Self { pipe: Box::new(socket), cut: Arc::new(cut) })
    }
}

impl fmt::Debug for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Lane")
    }
}
