//! What a lane runs over.

use std::fmt;
use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::time::Duration;

/// Anything that reads and writes, and blocks meanwhile.
pub trait Pipe: Read + Write + Send {}

impl<T: Read + Write + Send> Pipe for T {}

/// A connection that is open as a lane.
pub struct Lane {
    pub(super) pipe: Box<dyn Pipe>,
    pub(super) cut: Cut,
}

/// Ends a lane from another thread, even one that waits in the middle of a read or a write.
pub(super) type Cut = Arc<dyn Fn() + Send + Sync>;

impl Lane {
    /// A lane over anything; `cut` makes whoever waits for it stop waiting.
    pub fn new(pipe: impl Pipe + 'static, cut: impl Fn() + Send + Sync + 'static) -> Self {
        Self { pipe: Box::new(pipe), cut: Arc::new(cut) }
    }

    /// A lane over a TCP connection. A write that does not go on for so long is an error.
    pub fn over_tcp(socket: TcpStream, progress: Duration) -> io::Result<Self> {
        socket.set_nonblocking(false)?;
        socket.set_read_timeout(None)?;
        socket.set_write_timeout(Some(progress))?;
        // Chunks are large: waiting to fill a packet gains nothing.
        socket.set_nodelay(true)?;
        let other = socket.try_clone()?;
        // It may be closed already, which is what is wanted.
        Ok(Self::new(socket, move || drop(other.shutdown(Shutdown::Both))))
    }
}

impl fmt::Debug for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Lane")
    }
}
