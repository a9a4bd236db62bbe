//! A socket of which one byte was looked at, as if it had not been.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A socket whose first byte was read already, and is read again.
pub(super) struct Replayed<S> {
    first: Option<u8>,
    socket: S,
}

impl<S> Replayed<S> {
    pub(super) fn new(first: u8, socket: S) -> Self {
        Self { first: Some(first), socket }
    }
}

impl<S: Unpin + AsyncRead> AsyncRead for Replayed<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.first {
            Some(first) if buffer.remaining() > 0 => {
                buffer.put_slice(&[first]);
                self.first = None;
                Poll::Ready(Ok(()))
            }
            _ => Pin::new(&mut self.socket).poll_read(cx, buffer),
        }
    }
}

impl<S: Unpin + AsyncWrite> AsyncWrite for Replayed<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.socket).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.socket).poll_write_vectored(cx, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(cx)
    }
}
