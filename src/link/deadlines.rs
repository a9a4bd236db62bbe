//! Every time and size of a conversation, in one place, each a setting.

use std::time::Duration;

/// How long a conversation waits, and how much it holds.
///
/// ```
/// use std::time::Duration;
/// use waxwing::link::Deadlines;
///
/// let impatient = Deadlines { connect: Duration::from_secs(2), ..Deadlines::default() };
/// assert_eq!(impatient.tls, Duration::from_secs(10));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deadlines {
    /// For a connection to one address.
    pub connect: Duration,
    /// From the connection to the end of the TLS handshake, or, for a listener, of a lane's opening.
    pub tls: Duration,
    /// From there to both proofs.
    pub proof: Duration,
    /// For a turn at signing a proof, when many want one; a listener answers `busy` after it.
    pub signing: Duration,
    /// For the answer to a request.
    pub answer: Duration,
    /// After so long without a word from the other side, we ask whether it is there.
    pub ping: Duration,
    /// After so long without a word from the other side, it is gone.
    pub silence: Duration,
    /// A frame that has begun, or a write, moves on within this time.
    pub progress: Duration,
    /// By how many bytes it moves on, unless it ends.
    pub progress_bytes: u64,
    /// For a stream in which nothing moves, though it may.
    pub stalled: Duration,
    /// For a stream to move `crowded_bytes`, while others wait for what it holds.
    pub crowded: Duration,
    /// So little is no more than a trickle.
    pub crowded_bytes: u64,
    /// For a receiver to make what it got durable, and to say so.
    pub durable: Duration,
    /// For the last words of a conversation, and for the program to put its work down.
    pub farewell: Duration,
    /// Messages that wait to be sent; one more, and the other side does not read.
    pub control_queue: usize,
    /// Bytes of messages that wait to be sent; more, and the other side does not read.
    pub control_bytes: usize,
    /// Frames of bulk data that wait to be sent; who sends more waits.
    pub bulk_queue: usize,
    /// Frames of one stream that wait to be taken; more wait in the connection.
    pub stream_queue: usize,
    /// Requests of the other side that are not answered yet; more are refused as `busy`.
    pub requests: usize,
    /// Bytes of these requests; more are refused as well.
    pub request_bytes: usize,
}

impl Default for Deadlines {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self {
            connect: seconds(5),
            tls: seconds(10),
            proof: seconds(10),
            signing: seconds(3),
            answer: seconds(60),
            ping: seconds(30),
            silence: seconds(60),
            progress: seconds(30),
            progress_bytes: 4096,
            stalled: seconds(60),
            crowded: seconds(60),
            crowded_bytes: 1 << 20,
            durable: seconds(900),
            farewell: seconds(5),
            control_queue: 1024,
            control_bytes: 8 << 20,
            bulk_queue: 4,
            stream_queue: 8,
            requests: 64,
            request_bytes: 16 << 20,
        }
    }
}
