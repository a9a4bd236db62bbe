//! Where the system has no such sockets: no running server is reached.

use super::line::OrderError;
use crate::crypto::UnixTime;
use crate::index::admin::{Desk, Order, Report};
use crate::index::data_folder::{DataFolder, Held};
use std::io;
use tokio_util::sync::CancellationToken;

/// Would be a running server's end.
#[derive(Debug)]
pub struct Door(());

impl Door {
    /// Cannot be opened here.
    pub fn open(_: &Held) -> io::Result<Self> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Waits for `stop`.
    pub async fn serve(self, _: Desk, _: fn() -> UnixTime, stop: CancellationToken) {
        stop.cancelled().await;
    }
}

/// Finds no server.
pub async fn ask(_: &DataFolder, _: &Order, _: impl FnMut(Report)) -> Result<(), OrderError> {
    Err(OrderError::NotRunning)
}
