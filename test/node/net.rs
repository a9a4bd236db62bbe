//! A network of one place: whoever dials reaches whoever listens there now.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf, copy_bidirectional, duplex};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use waxwing::link::{Connect, Listen};
use waxwing::model::HostPort;

/// Where the index is.
pub(crate) const INDEX: &str = "192.0.2.7:7311";

#[derive(Clone, Default)]
pub(crate) struct Net(Arc<Mutex<Wires>>);

#[derive(Default)]
struct Wires {
    to: Option<mpsc::Sender<DuplexStream>>,
    tries: Vec<tokio::time::Instant>,
    cut: CancellationToken,
    /// After how many bytes to the index all lines break.
    allowance: Option<usize>,
}

impl Net {
    /// Somebody listens from now on, and nobody else.
    pub(crate) fn listen(&self) -> Door {
        let (to, door) = mpsc::channel(64);
        self.0.lock().unwrap().to = Some(to);
        Door(door)
    }

    /// Nobody listens any more.
    pub(crate) fn close(&self) {
        self.0.lock().unwrap().to = None;
    }

    /// All lines break, without a word.
    pub(crate) fn cut(&self) {
        std::mem::take(&mut self.0.lock().unwrap().cut).cancel();
    }

    /// They break when so many more bytes were sent to the index.
    pub(crate) fn cut_after(&self, bytes: usize) {
        self.0.lock().unwrap().allowance = Some(bytes);
    }

    fn spend(&self, bytes: usize) {
        let mut wires = self.0.lock().unwrap();
        let Some(left) = wires.allowance else { return };
        wires.allowance = left.checked_sub(bytes);
        if wires.allowance.is_none() {
            std::mem::take(&mut wires.cut).cancel();
        }
    }

    /// When somebody dialled.
    pub(crate) fn tries(&self) -> Vec<tokio::time::Instant> {
        self.0.lock().unwrap().tries.clone()
    }
}

impl Connect for Net {
    type Socket = DuplexStream;

    async fn resolve(&self, host: &HostPort) -> io::Result<Vec<SocketAddr>> {
        assert_eq!(host.to_string(), INDEX);
        Ok(vec![host.to_socket_addr().unwrap()])
    }

    async fn connect(&self, _: SocketAddr) -> io::Result<DuplexStream> {
        let (to, cut) = {
            let mut wires = self.0.lock().unwrap();
            wires.tries.push(tokio::time::Instant::now());
            (wires.to.clone(), wires.cut.clone())
        };
        let (near, one) = duplex(1 << 16);
        let mut one = Counted(one, self.clone());
        let (mut other, far) = duplex(1 << 16);
        let refused = || io::Error::from(io::ErrorKind::ConnectionRefused);
        to.ok_or_else(refused)?.send(far).await.map_err(|_| refused())?;
        tokio::spawn(async move {
            // What has not passed when it is cut passes no more.
            tokio::select! {
                biased;
                () = cut.cancelled() => {}
                _ = copy_bidirectional(&mut one, &mut other) => {}
            }
        });
        Ok(near)
    }
}

/// A line whose bytes are counted.
struct Counted(DuplexStream, Net);

impl AsyncRead for Counted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let read = Pin::new(&mut self.0).poll_read(cx, buf);
        self.1.spend(buf.filled().len() - before);
        read
    }
}

impl AsyncWrite for Counted {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

pub(crate) struct Door(mpsc::Receiver<DuplexStream>);

impl Listen for Door {
    type Socket = DuplexStream;

    async fn accept(&mut self) -> io::Result<(DuplexStream, SocketAddr)> {
        match self.0.recv().await {
            Some(socket) => Ok((socket, "192.0.2.1:5000".parse().unwrap())),
            None => std::future::pending().await,
        }
    }
}
