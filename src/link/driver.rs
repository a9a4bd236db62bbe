//! What moves a conversation: a reader and a writer, joined in the one task of the connection.
//!
//! The reader hands frames on and watches the time; the writer empties the control queue before it
//! looks at the bulk. Neither waits for the other, so a full queue in one direction never stops the
//! other direction.

use super::codec::Line;
use super::conversation::{Shared, WeakConversation};
use super::ending::Ending;
use super::incoming::Request;
use super::reader::Reader;
use super::writer::Writer;
use bytes::Bytes;
use std::pin::pin;
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// The driver's ends of the queues.
pub(super) struct Queues {
    pub(super) control: mpsc::Receiver<Bytes>,
    pub(super) bulk: mpsc::Receiver<Bytes>,
    pub(super) requests: mpsc::Sender<Request>,
}

/// Moves one conversation.
pub(super) struct Driver<IO> {
    line: Line<IO>,
    shared: Arc<Shared>,
    handle: WeakConversation,
    queues: Queues,
}

impl<IO: AsyncRead + AsyncWrite> Driver<IO> {
    pub(super) fn new(
        line: Line<IO>,
        shared: Arc<Shared>,
        handle: WeakConversation,
        queues: Queues,
    ) -> Self {
        Self { line, shared, handle, queues }
    }

    /// Runs until the conversation is over and its last words are out.
    pub(super) async fn run(self, stop: CancellationToken) -> Ending {
        let Self { mut line, shared, handle, queues } = self;
        let Queues { control, bulk, requests } = queues;
        {
            let reader = Reader::new(&mut line.frames, &shared, &handle, requests);
            let mut reader = pin!(reader.read_until_the_end(stop));
            let writer = Writer::new(&mut line.out, &shared, control, bulk);
            let mut writer = pin!(writer.write_until_the_end());
            tokio::select! {
                () = &mut reader => writer.await,
                () = &mut writer => {}
            }
        }
        let ending = shared.why_it_ended();
        if ending.goodbye().is_some() {
            line.linger(shared.deadlines()).await;
        }
        ending
    }
}
