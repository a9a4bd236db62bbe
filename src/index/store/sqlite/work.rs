//! A job on its way through a queue: what is to be done with a connection, and who waits for it.

use super::error::{Result, told};
use crate::index::store::{self, StoreError};
use rusqlite::Connection;
use std::panic::{AssertUnwindSafe, catch_unwind};
use tokio::sync::oneshot::Sender;

/// A job of any kind.
pub(super) trait Work: Send {
    /// Does it. What it answers is kept until it is sure that it stands.
    fn run(&mut self, db: &Connection) -> store::Result<()>;

    /// Whether anybody still waits for the answer.
    fn is_awaited(&self) -> bool;

    /// Answers: what the job said, if what it did stands; else why it does not.
    fn answer(self: Box<Self>, fate: store::Result<()>);
}

/// A job that answers with a `T`.
pub(super) struct Task<T, F> {
    work: Option<F>,
    said: store::Result<T>,
    waiting: Sender<store::Result<T>>,
}

impl<T, F> Task<T, F>
where
    T: Send + 'static,
    F: FnOnce(&Connection) -> Result<T> + Send + 'static,
{
    pub(super) fn boxed(work: F, waiting: Sender<store::Result<T>>) -> Box<dyn Work> {
        let said = Err(StoreError::Failed("the job was not begun".into()));
        Box::new(Self { work: Some(work), said, waiting })
    }
}

impl<T, F> Work for Task<T, F>
where
    T: Send + 'static,
    F: FnOnce(&Connection) -> Result<T> + Send + 'static,
{
    fn run(&mut self, db: &Connection) -> store::Result<()> {
        let Some(work) = self.work.take() else { return Ok(()) };
        // What a panic leaves half done is rolled back, and the connection guards itself.
        let done = catch_unwind(AssertUnwindSafe(|| work(db)));
        self.said = done
            .map_err(|_| StoreError::Failed("a job of the store panicked".into()))
            .and_then(|done| done.map_err(told));
        self.said.as_ref().map(|_| ()).map_err(Clone::clone)
    }

    fn is_awaited(&self) -> bool {
        !self.waiting.is_closed()
    }

    fn answer(self: Box<Self>, fate: store::Result<()>) {
        let _ = self.waiting.send(fate.and(self.said));
    }
}
