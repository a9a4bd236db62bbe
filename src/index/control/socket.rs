//! The socket itself.

use super::line::{OrderError, answer, ask_over};
use crate::crypto::UnixTime;
use crate::index::admin::{Desk, Order, Report};
use crate::index::data_folder::{DataFolder, Held};
use crate::link::{LocalListener, find_local};
use std::io;
use std::sync::Arc;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// A running server's end: orders come in here. Gone from the folder when it is dropped.
#[derive(Debug)]
pub struct Door(LocalListener);

impl Door {
    /// Opens it.
    pub fn open(held: &Held) -> io::Result<Self> {
        LocalListener::open(held.folder().path(), DataFolder::SOCKET).map(Self)
    }

    /// Carries orders out until `stop`.
    pub async fn serve(self, desk: Desk, clock: fn() -> UnixTime, stop: CancellationToken) {
        let (tasks, places) = (TaskTracker::new(), Arc::new(Semaphore::new(AT_ONCE)));
        while let Some(Ok(place)) =
            stop.run_until_cancelled(Arc::clone(&places).acquire_owned()).await
        {
            let Some(socket) = stop.run_until_cancelled(self.0.accept()).await else { break };
            let (desk, stop, work) = (desk.clone(), stop.clone(), tasks.clone());
            tasks.spawn(async move {
                let _place = place;
                // Whoever asked is told what went wrong, if anybody can be.
                let _ = answer(socket, (desk, clock), &work, &stop).await;
            });
        }
        tasks.close();
        tasks.wait().await;
    }
}

/// Has the server that runs on this data carry out an order.
pub async fn ask(
    folder: &DataFolder,
    order: &Order,
    report: impl FnMut(Report),
) -> Result<(), OrderError> {
    let socket = find_local(folder.path(), DataFolder::SOCKET).await?;
    ask_over(socket.ok_or(OrderError::NotRunning)?, order, report).await
}

/// How many orders are carried out at once.
const AT_ONCE: usize = 16;
