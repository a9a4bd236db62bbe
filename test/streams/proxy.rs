//! Whoever sits on the line: a proxy between the two that knows lanes from channels, counts, and
//! does to each lane what its rule says.

use std::collections::{HashMap, HashSet};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::watch;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use waxwing::crypto::random;

pub(crate) const HEAD: usize = 40;

/// What becomes of a lane. Chunks are counted from 0, on each lane anew.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Rule {
    Pass,
    /// Closed after so many bytes of chunks.
    Cut(usize),
    /// The same, by a reset.
    Reset(usize),
    /// Open, but nothing moves after so many chunks.
    Stall(usize),
    /// A pause before each chunk.
    Slow(Duration),
    /// The first bytes one by one, then in odd portions.
    Drip,
    /// One bit of this byte, counted from the head, of this chunk is another.
    Alter(usize, usize),
    /// This chunk changes places with the next.
    Swap(usize),
    /// This chunk comes twice.
    Double(usize),
    /// This chunk does not come.
    Drop(usize),
    /// Nothing moves before so many lanes were seen.
    Await(usize),
    /// Taken, and never answered.
    Swallow,
    /// Answered by somebody who does not know the ticket.
    Guess,
    /// Answered with the dialler's own MAC.
    Reflect,
    /// Somebody without the ticket takes the lane's id before the dialler does.
    Steal,
    /// When the lane is open, somebody sends its opening again.
    Repeat,
}

/// What the proxy saw.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// The openings of lanes.
    pub(crate) openings: Vec<[u8; 56]>,
    /// How many bytes of chunks each lane brought to its end.
    pub(crate) carried: Vec<usize>,
    pub(crate) channel_bytes: usize,
    /// The tags of each chunk.
    pub(crate) tags: HashMap<u32, HashSet<Vec<u8>>>,
    /// What strangers at the listener's door were answered.
    pub(crate) answered: Vec<Vec<u8>>,
    /// How much diallers said to whoever answered in the listener's place.
    pub(crate) told_strangers: Vec<usize>,
}

impl Seen {
    pub(crate) fn lanes(&self) -> usize {
        self.openings.len()
    }

    pub(crate) fn lane_bytes(&self) -> usize {
        self.carried.iter().sum()
    }
}

pub(crate) struct Proxy {
    pub(crate) address: SocketAddr,
    line: Arc<Line>,
}

struct Line {
    to: SocketAddr,
    pause: Duration,
    rule: Box<dyn Fn(usize) -> Rule + Send + Sync>,
    seen: watch::Sender<Seen>,
    cut: CancellationToken,
}

impl Proxy {
    /// A proxy before this address; the rule of a lane depends on how many came before it.
    pub(crate) fn new(
        to: SocketAddr,
        rule: impl Fn(usize) -> Rule + Send + Sync + 'static,
    ) -> Self {
        Self::with_pauses(to, Duration::ZERO, rule)
    }

    /// The same, with a pause after every 64 KiB on a channel.
    pub(crate) fn with_pauses(
        to: SocketAddr,
        pause: Duration,
        rule: impl Fn(usize) -> Rule + Send + Sync + 'static,
    ) -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        // Little lies in the proxy: whoever sends soon feels what becomes of it.
        socket.set_recv_buffer_size(BUFFER).unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let sockets = socket.listen(64).unwrap();
        let address = sockets.local_addr().unwrap();
        let (seen, cut) = (watch::Sender::default(), CancellationToken::new());
        let line = Arc::new(Line { to, pause, rule: Box::new(rule), seen, cut });
        tokio::spawn(accept(sockets, Arc::clone(&line)));
        Self { address, line }
    }

    /// What was seen so far.
    pub(crate) fn seen(&self) -> watch::Ref<'_, Seen> {
        self.line.seen.borrow()
    }

    /// Waits until this was seen.
    pub(crate) async fn until(&self, what: impl FnMut(&Seen) -> bool) {
        self.line.seen.subscribe().wait_for(what).await.unwrap();
    }

    /// Cuts every connection, channels too, and takes no other.
    pub(crate) fn cut_all(&self) {
        self.line.cut.cancel();
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.line.cut.cancel();
    }
}

/// Opens a lane with these bytes, and reads what comes until it is closed.
pub(crate) async fn knock(at: SocketAddr, opening: &[u8]) -> Vec<u8> {
    let mut socket = TcpStream::connect(at).await.unwrap();
    socket.write_all(opening).await.unwrap();
    let mut answer = Vec::new();
    // A reset is an end as well.
    let _ = socket.read_to_end(&mut answer).await;
    answer
}

async fn accept(sockets: TcpListener, line: Arc<Line>) {
    while let Some(Ok((socket, _))) = line.cut.run_until_cancelled(sockets.accept()).await {
        let line = Arc::clone(&line);
        tokio::spawn(async move {
            // However a connection ends, both of its halves are closed.
            line.cut.run_until_cancelled(line.carry(socket)).await;
        });
    }
}

impl Line {
    async fn carry(&self, socket: TcpStream) -> io::Result<()> {
        socket.set_nodelay(true)?;
        let mut first = [0];
        socket.peek(&mut first).await?;
        match first {
            [0x57] => self.carry_lane(socket).await,
            _ => self.carry_channel(socket).await,
        }
    }

    async fn connect(&self) -> io::Result<TcpStream> {
        let socket = TcpSocket::new_v4()?;
        socket.set_recv_buffer_size(BUFFER)?;
        let socket = socket.connect(self.to).await?;
        socket.set_nodelay(true)?;
        Ok(socket)
    }

    async fn carry_channel(&self, dialler: TcpStream) -> io::Result<()> {
        let (mut from_dialler, mut to_dialler) = dialler.into_split();
        let (mut from_listener, mut to_listener) = self.connect().await?.into_split();
        tokio::select! {
            end = self.pass_on(&mut from_dialler, &mut to_listener) => end,
            end = self.pass_on(&mut from_listener, &mut to_dialler) => end,
        }
    }

    async fn pass_on(
        &self,
        from: &mut (impl AsyncRead + Unpin),
        to: &mut (impl AsyncWrite + Unpin),
    ) -> io::Result<()> {
        let (mut buffer, mut since_pause) = (vec![0; 1 << 16], 0);
        loop {
            let count = from.read(&mut buffer).await?;
            if count == 0 {
                return Ok(());
            }
            to.write_all(&buffer[..count]).await?;
            self.seen.send_modify(|seen| seen.channel_bytes += count);
            since_pause += count;
            if !self.pause.is_zero() && since_pause >= buffer.len() {
                since_pause = 0;
                sleep(self.pause).await;
            }
        }
    }

    async fn carry_lane(&self, mut dialler: TcpStream) -> io::Result<()> {
        let mut opening = [0; 56];
        dialler.read_exact(&mut opening).await?;
        let mut number = 0;
        self.seen.send_modify(|seen| {
            number = seen.lanes();
            seen.openings.push(opening);
            seen.carried.push(0);
        });
        let rule = (self.rule)(number);
        match rule {
            Rule::Swallow => return std::future::pending().await,
            Rule::Guess => return self.answer_falsely(dialler, &random::<32>()).await,
            Rule::Reflect => return self.answer_falsely(dialler, &opening[24..]).await,
            Rule::Steal => {
                let mut stolen = opening;
                stolen[24..].copy_from_slice(&random::<32>());
                self.knock(&stolen).await;
            }
            _ => {}
        }
        let mut listener = self.connect().await?;
        listener.write_all(&opening).await?;
        let mut answer = [0; 32];
        listener.read_exact(&mut answer).await?;
        dialler.write_all(&answer).await?;
        if matches!(rule, Rule::Repeat) {
            self.knock(&opening).await;
        }
        let ended = {
            let (mut from_dialler, mut to_dialler) = dialler.split();
            let (mut from_listener, mut to_listener) = listener.split();
            tokio::select! {
                end = self.carry_chunks(number, rule, &mut from_dialler, &mut to_listener) => end,
                end = self.carry_chunks(number, rule, &mut from_listener, &mut to_dialler) => end,
            }
        };
        if matches!(rule, Rule::Reset(_)) {
            dialler.set_zero_linger()?;
            listener.set_zero_linger()?;
        }
        ended
    }

    async fn knock(&self, opening: &[u8]) {
        let answer = knock(self.to, opening).await;
        self.seen.send_modify(|seen| seen.answered.push(answer));
    }

    async fn answer_falsely(&self, mut dialler: TcpStream, mac: &[u8]) -> io::Result<()> {
        dialler.write_all(mac).await?;
        let mut told = Vec::new();
        let _ = dialler.read_to_end(&mut told).await;
        self.seen.send_modify(|seen| seen.told_strangers.push(told.len()));
        Ok(())
    }

    async fn carry_chunks(
        &self,
        lane: usize,
        rule: Rule,
        from: &mut (impl AsyncRead + Unpin),
        to: &mut (impl AsyncWrite + Unpin),
    ) -> io::Result<()> {
        let (mut sent, mut swapped) = (0, Vec::new());
        for nth in 0.. {
            let mut chunk = self.read_chunk(from).await?;
            match rule {
                Rule::Cut(most) | Rule::Reset(most) if sent + chunk.len() > most => {
                    to.write_all(&chunk[..most - sent]).await?;
                    return Ok(());
                }
                Rule::Stall(after) if nth == after => return std::future::pending().await,
                Rule::Slow(pause) => sleep(pause).await,
                Rule::Drip => {
                    drip(&chunk, to).await?;
                    chunk.clear();
                }
                Rule::Alter(which, byte) if nth == which => chunk[byte] ^= 0x10,
                Rule::Swap(which) if nth == which => swapped = std::mem::take(&mut chunk),
                Rule::Swap(_) => chunk.append(&mut swapped),
                Rule::Double(which) if nth == which => chunk.extend_from_within(..),
                Rule::Drop(which) if nth == which => continue,
                Rule::Await(lanes) => {
                    self.seen.subscribe().wait_for(|seen| seen.lanes() >= lanes).await.unwrap();
                }
                _ => {}
            }
            to.write_all(&chunk).await?;
            sent += chunk.len();
            self.seen.send_modify(|seen| seen.carried[lane] += chunk.len());
        }
        Ok(())
    }

    async fn read_chunk(&self, from: &mut (impl AsyncRead + Unpin)) -> io::Result<Vec<u8>> {
        let mut chunk = vec![0; HEAD];
        from.read_exact(&mut chunk).await?;
        let number = |at: usize| u32::from_be_bytes(chunk[at..at + 4].try_into().unwrap());
        let (index, length, tag) = (number(0), number(4), chunk[8..].to_vec());
        self.seen.send_modify(|seen| {
            seen.tags.entry(index).or_default().insert(tag);
        });
        chunk.resize(HEAD + length as usize, 0);
        from.read_exact(&mut chunk[HEAD..]).await?;
        Ok(chunk)
    }
}

async fn drip(chunk: &[u8], to: &mut (impl AsyncWrite + Unpin)) -> io::Result<()> {
    let (first, rest) = chunk.split_at(HEAD + 3);
    for bytes in first.chunks(1).chain(rest.chunks(7777)) {
        to.write_all(bytes).await?;
    }
    Ok(())
}

const BUFFER: u32 = 1 << 16;
