//! One direction of a conversation: what waits leaves, messages before bulk.

use super::Error;
use super::codec::{Load, Out};
use super::conversation::Shared;
use super::ending::Ending;
use crate::wire::{Code, frame};
use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncWrite, WriteHalf};
use tokio::sync::mpsc;
use tokio::time::sleep;

/// Writes.
pub(super) struct Writer<'a, IO> {
    out: &'a mut Out<WriteHalf<IO>>,
    shared: &'a Shared,
    control: mpsc::Receiver<Bytes>,
    bulk: mpsc::Receiver<Bytes>,
    /// The bulk that leaves next.
    chunk: Option<Bytes>,
}

impl<'a, IO: AsyncWrite> Writer<'a, IO> {
    pub(super) fn new(
        out: &'a mut Out<WriteHalf<IO>>,
        shared: &'a Shared,
        control: mpsc::Receiver<Bytes>,
        bulk: mpsc::Receiver<Bytes>,
    ) -> Self {
        Self { out, shared, control, bulk, chunk: None }
    }

    pub(super) async fn write_until_the_end(mut self) {
        let shared = self.shared;
        let too_late = async {
            shared.over().cancelled().await;
            sleep(shared.deadlines().farewell).await;
        };
        tokio::select! {
            () = self.write_all() => {}
            // Who does not listen any more misses nothing.
            () = too_late => {}
        }
    }

    async fn write_all(&mut self) {
        match self.write().await {
            // It may be gone.
            Ok(()) => self.say_goodbye().await.unwrap_or_default(),
            Err(error) => self.shared.end(Ending::of(&error)),
        }
    }

    /// Writes until the conversation is over.
    async fn write(&mut self) -> Result<(), Error> {
        let over = self.shared.over().clone();
        while !over.is_cancelled() {
            let Some((frames, load)) = self.waiting() else {
                self.out.flush().await?;
                self.wait().await?;
                continue;
            };
            self.out.write(frames, load).await?;
        }
        Ok(())
    }

    /// Waits for something to write.
    async fn wait(&mut self) -> Result<(), Error> {
        let message = tokio::select! {
            biased;
            () = self.shared.over().cancelled() => return Ok(()),
            message = self.control.recv() => message,
            chunk = self.bulk.recv() => {
                self.chunk = chunk;
                return Ok(());
            }
        };
        match message {
            Some(message) => {
                self.shared.left(message.len());
                self.out.write(message, Load::Words).await
            }
            // Nobody holds the conversation any more.
            None => {
                self.shared.end(Ending::ours(Code::Done));
                Ok(())
            }
        }
    }

    /// What waits to be written: messages before bulk, small ones together. Bulk is looked for first: by
    /// then, all that was said before it is here and leaves before it, such as a stream's header.
    fn waiting(&mut self) -> Option<(Bytes, Load)> {
        self.chunk = self.chunk.take().or_else(|| self.bulk.try_recv().ok());
        match self.message() {
            Some(first) => Some((self.batch(first), Load::Words)),
            None => self.chunk.take().map(|chunk| (chunk, Load::Bulk)),
        }
    }

    fn batch(&mut self, first: Bytes) -> Bytes {
        if first.len() >= BATCH_BYTES {
            return first;
        }
        let Some(second) = self.message() else { return first };
        let mut batch = BytesMut::with_capacity(BATCH_BYTES);
        batch.extend_from_slice(&first);
        batch.extend_from_slice(&second);
        while batch.len() < BATCH_BYTES {
            let Some(next) = self.message() else { break };
            batch.extend_from_slice(&next);
        }
        batch.freeze()
    }

    fn message(&mut self) -> Option<Bytes> {
        let message = self.control.try_recv().ok()?;
        self.shared.left(message.len());
        Some(message)
    }

    /// What was said before the end still leaves, and then why it is the end.
    async fn say_goodbye(&mut self) -> Result<(), Error> {
        let Some(goodbye) = self.shared.why_it_ended().goodbye() else {
            return self.out.shut().await;
        };
        while let Some(message) = self.message() {
            self.out.write(message, Load::Words).await?;
        }
        self.out.send(frame::encode(&goodbye)).await?;
        self.out.shut().await
    }
}

/// About one record of TLS.
const BATCH_BYTES: usize = 16 * 1024;
