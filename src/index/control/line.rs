//! What goes over the socket, whatever the socket is.

use crate::crypto::UnixTime;
use crate::index::admin::{Desk, Fault, FaultKind, Order, Report};
use futures_util::StreamExt;
use serde::{Deserialize, Serialize};
use std::io;
use std::pin::pin;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, split};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{interval, timeout};
use tokio_util::codec::{FramedRead, LinesCodec, LinesCodecError};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Why an order was not carried out by the server that runs.
#[derive(Debug, thiserror::Error)]
pub enum OrderError {
    /// None runs.
    #[error("no server runs on this data")]
    NotRunning,
    /// It cannot be reached, or went away.
    #[error("the running server cannot be reached: {0}")]
    Line(#[from] io::Error),
    /// It stopped before it was done.
    #[error("the server stopped before it was done")]
    Stopped,
    /// It says nothing.
    #[error("the running server does not answer")]
    Silent,
    /// It speaks in another way.
    #[error(
        "the running server speaks in another way than this program; are they of two versions?"
    )]
    Strange,
    /// It would not, or could not.
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// A line of an answer.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Answer {
    Report(Report),
    Done,
    Failed(Fault),
}

/// The server's end of one connection, until `stop`; but work that was begun goes on to its end,
/// whether its reader is there or not, as one of `tasks`.
pub(super) async fn answer(
    socket: impl AsyncRead + AsyncWrite,
    (desk, clock): (Desk, fn() -> UnixTime),
    tasks: &TaskTracker,
    stop: &CancellationToken,
) -> Result<(), OrderError> {
    let (from, to) = split(socket);
    let mut lines = FramedRead::new(from, LinesCodec::new_with_max_length(LONGEST_LINE));
    let mut to = pin!(to);
    let line = stop.run_until_cancelled(timeout(ORDER_COMES, lines.next())).await;
    let line = line.ok_or(OrderError::Stopped)?.map_err(|_| OrderError::Silent)?;
    let Some(line) = line else { return Ok(()) };
    let order = line.ok().and_then(|line| understood(&line));
    let done = match order {
        Some(order) => {
            let ends_early = !order.is_work();
            let (reports, coming) = mpsc::channel(REPORTS_WAITING);
            let now = clock();
            let work = tasks.spawn(async move { desk.carry_out(order, now, &reports).await });
            let passed = pass_on(work, coming, &mut to);
            if ends_early {
                stop.run_until_cancelled(passed).await.ok_or(OrderError::Stopped)??
            } else {
                passed.await?
            }
        }
        None => Err(Fault::new(FaultKind::Failed, "the running server does not know this order")),
    };
    say(&mut to, &done.map_or_else(Answer::Failed, |()| Answer::Done)).await
}

/// An order of which every word is known: half of one may be the opposite of what was meant.
fn understood(line: &str) -> Option<Order> {
    let said: serde_json::Value = serde_json::from_str(line).ok()?;
    let order = Order::deserialize(&said).ok()?;
    serde_json::to_value(&order).is_ok_and(|known| known == said).then_some(order)
}

/// Passes on what an order reports, and how it ended.
async fn pass_on(
    mut work: JoinHandle<Result<(), Fault>>,
    mut coming: mpsc::Receiver<Report>,
    to: &mut (impl AsyncWrite + Unpin),
) -> Result<Result<(), Fault>, OrderError> {
    let mut signs = interval(SIGN_OF_LIFE);
    let done = loop {
        tokio::select! {
            biased;
            Some(report) = coming.recv() => say(to, &Answer::Report(report)).await?,
            done = &mut work => break done.map_err(|_| OrderError::Stopped)?,
            _ = signs.tick() => write(to, b"\n").await?,
        }
    };
    while let Ok(report) = coming.try_recv() {
        say(to, &Answer::Report(report)).await?;
    }
    Ok(done)
}

/// The verb's end.
pub(super) async fn ask_over(
    socket: impl AsyncRead + AsyncWrite,
    order: &Order,
    mut report: impl FnMut(Report),
) -> Result<(), OrderError> {
    let (from, to) = split(socket);
    let mut lines = FramedRead::new(from, LinesCodec::new_with_max_length(LONGEST_LINE));
    say(&mut pin!(to), order).await?;
    loop {
        let line = timeout(SILENCE, lines.next()).await.map_err(|_| OrderError::Silent)?;
        let line = line.ok_or(OrderError::Stopped)?.map_err(|error| match error {
            LinesCodecError::Io(error) => OrderError::Line(error),
            LinesCodecError::MaxLineLengthExceeded => OrderError::Strange,
        })?;
        if line.is_empty() {
            continue;
        }
        match serde_json::from_str(&line).map_err(|_| OrderError::Strange)? {
            Answer::Report(told) => report(told),
            Answer::Done => return Ok(()),
            Answer::Failed(fault) => return Err(fault.into()),
        }
    }
}

async fn say(to: &mut (impl AsyncWrite + Unpin), what: &impl Serialize) -> Result<(), OrderError> {
    let mut line = serde_json::to_vec(what).map_err(io::Error::from)?;
    line.push(b'\n');
    write(to, &line).await
}

async fn write(to: &mut (impl AsyncWrite + Unpin), bytes: &[u8]) -> Result<(), OrderError> {
    timeout(IS_READ, to.write_all(bytes)).await.map_err(|_| OrderError::Silent)??;
    Ok(())
}

/// The longest line either way.
const LONGEST_LINE: usize = 64 * 1024;
/// Within this time the order is there.
const ORDER_COMES: Duration = Duration::from_secs(5);
/// Within this time what was written is read.
const IS_READ: Duration = Duration::from_secs(30);
/// How often a server at work says that it is.
const SIGN_OF_LIFE: Duration = Duration::from_secs(5);
/// After such a silence nobody is there.
const SILENCE: Duration = Duration::from_secs(30);
/// How many reports may wait for their reader.
const REPORTS_WAITING: usize = 64;
