//! A bad line between two programs, on loopback: bytes come late, slowly, one by one, in lumps or altered,
//! stand still, or stop coming in every way in which connections end.
//!
//! A script says what becomes of each of the two ways; it may change while bytes travel, and counts for
//! what travels already. Nothing of what passes is understood here: lanes and channels are
//! connections, numbered as they come. What passes is kept if it is asked for.

use std::collections::BTreeMap;
use std::future::{Future, pending};
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{mpsc, watch};
use tokio::time::{sleep, sleep_until, timeout};

/// What becomes of bytes that go one way.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Way {
    /// They come so much later.
    pub(crate) delay: Duration,
    /// So many pass in a second.
    pub(crate) rate: Option<u64>,
    pub(crate) portions: Portions,
    /// One bit of this one, counted from 0 in each connection, is another.
    pub(crate) flip: Option<u64>,
    /// After so many of them in a connection, this happens.
    pub(crate) end: Option<(u64, End)>,
}

/// How many leave together.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) enum Portions {
    #[default]
    AsTheyCome,
    /// Each is written alone.
    Single,
    /// They wait for others, as long as some come.
    Lumps,
}

/// What may happen to a connection.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum End {
    /// Nothing moves this way, until the script says something else.
    Stall,
    /// Nothing more comes this way, and the receiver sees an end; the other way goes on.
    HalfClose,
    /// It is closed.
    Close,
    /// It is closed by a reset.
    Reset,
}

/// What becomes of connections.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Script {
    /// From who dialled.
    pub(crate) there: Way,
    /// To who dialled.
    pub(crate) back: Way,
    /// Other connections than these are left alone.
    pub(crate) of: Option<(usize, usize)>,
}

impl Script {
    /// The same for both ways.
    pub(crate) fn both(way: Way) -> Self {
        Self { there: way, back: way, of: None }
    }

    fn way(&self, connection: usize, direction: Direction) -> Way {
        match direction {
            _ if !self.of.is_none_or(|(from, to)| (from..to).contains(&connection)) => {
                Way::default()
            }
            Direction::There => self.there,
            Direction::Back => self.back,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Direction {
    There,
    Back,
}

/// What was seen of a connection.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seen {
    /// When it came.
    pub(crate) at: Instant,
    /// Bytes that passed.
    pub(crate) there: u64,
    pub(crate) back: u64,
    pub(crate) is_open: bool,
}

/// The line. Dropped, all of its connections are.
pub(crate) struct Proxy {
    pub(crate) address: SocketAddr,
    line: Arc<Line>,
    _runtime: Runtime,
}

struct Line {
    to: SocketAddr,
    script: watch::Sender<Script>,
    seen: Mutex<Vec<Seen>>,
    kept: Mutex<Option<Kept>>,
}

/// What has passed on each way of each connection.
type Kept = BTreeMap<(usize, Direction), Vec<u8>>;

impl Proxy {
    /// A line to this address, on which all passes.
    pub(crate) fn new(to: SocketAddr) -> Self {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let (script, seen, kept) = Default::default();
        let line = Arc::new(Line { to, script, seen, kept });
        let sockets = runtime.block_on(async {
            let socket = TcpSocket::new_v4().unwrap();
            // Little lies in the line: whoever sends soon feels what becomes of it.
            socket.set_recv_buffer_size(BUFFER).unwrap();
            socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
            socket.listen(64).unwrap()
        });
        let address = sockets.local_addr().unwrap();
        runtime.spawn(accept(sockets, Arc::clone(&line)));
        Self { address, line, _runtime: runtime }
    }

    /// This happens to the next so many connections, and then all is well.
    pub(crate) fn set_for(&self, connections: usize, script: Script) {
        let next = self.count();
        self.set(Script { of: Some((next, next + connections)), ..script });
    }

    /// From now on, this happens.
    pub(crate) fn set(&self, script: Script) {
        self.line.script.send_replace(script);
    }

    /// The connections so far.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.line.seen().clone()
    }

    pub(crate) fn count(&self) -> usize {
        self.line.seen().len()
    }

    /// From now on, what passes is kept.
    pub(crate) fn keep(&self) {
        self.line.kept().get_or_insert_default();
    }

    /// What has passed since then, on each way of each connection.
    pub(crate) fn kept(&self) -> Vec<Vec<u8>> {
        self.line.kept().iter().flat_map(BTreeMap::values).cloned().collect()
    }

    /// How many bytes passed in all.
    pub(crate) fn passed(&self) -> u64 {
        self.line.seen().iter().map(|seen| seen.there + seen.back).sum()
    }
}

async fn accept(sockets: TcpListener, line: Arc<Line>) {
    while let Ok((socket, _)) = sockets.accept().await {
        let (line, at) = (Arc::clone(&line), Instant::now());
        let number = line.seen().len();
        line.seen().push(Seen { at, there: 0, back: 0, is_open: true });
        tokio::spawn(async move {
            // Whoever is gone by now needs nothing.
            let _ = line.carry(number, socket).await;
            line.seen()[number].is_open = false;
        });
    }
}

impl Line {
    fn seen(&self) -> MutexGuard<'_, Vec<Seen>> {
        self.seen.lock().unwrap()
    }

    fn kept(&self) -> MutexGuard<'_, Option<Kept>> {
        self.kept.lock().unwrap()
    }

    async fn carry(&self, number: usize, mut dialler: TcpStream) -> io::Result<()> {
        let Ok(mut target) = self.connect().await else { return dialler.set_zero_linger() };
        dialler.set_nodelay(true)?;
        let ended = {
            let (from_dialler, to_dialler) = dialler.split();
            let (from_target, to_target) = target.split();
            let flow = |direction| Flow { line: self, number, direction, passed: 0 };
            let there = flow(Direction::There).carry(from_dialler, to_target);
            let back = flow(Direction::Back).carry(from_target, to_dialler);
            tokio::try_join!(there, back)
        };
        if ended == Err(End::Reset) {
            dialler.set_zero_linger()?;
            target.set_zero_linger()?;
        }
        Ok(())
    }

    async fn connect(&self) -> io::Result<TcpStream> {
        let socket = TcpSocket::new_v4()?;
        socket.set_recv_buffer_size(BUFFER)?;
        let socket = socket.connect(self.to).await?;
        socket.set_nodelay(true)?;
        Ok(socket)
    }
}

/// One way of a connection.
struct Flow<'a> {
    line: &'a Line,
    number: usize,
    direction: Direction,
    passed: u64,
}

impl Flow<'_> {
    /// Carries bytes until they end, or the connection does.
    async fn carry(mut self, from: ReadHalf<'_>, mut to: WriteHalf<'_>) -> Result<(), End> {
        let (came, mut portions) = mpsc::channel(IN_FLIGHT);
        let (line, number, direction) = (self.line, self.number, self.direction);
        let way = move || line.script.borrow().way(number, direction);
        let write = async {
            let ended = self.write(&mut portions, &mut to).await;
            if matches!(ended, Ok(()) | Err(End::HalfClose)) {
                // It may be closed by now.
                let _ = to.shutdown().await;
                while portions.recv().await.is_some() {}
                return Ok(());
            }
            ended
        };
        tokio::try_join!(read(from, came, way), write).map(|_| ())
    }

    async fn write(
        &mut self,
        portions: &mut mpsc::Receiver<(Instant, Vec<u8>)>,
        to: &mut WriteHalf<'_>,
    ) -> Result<(), End> {
        while let Some((came, mut bytes)) = self.unless_over(portions.recv()).await? {
            let due = came + self.way().delay;
            self.unless_over(sleep_until(due.into())).await?;
            let mut rest = &mut bytes[..];
            while !rest.is_empty() {
                self.unless_over(self.movement()).await?;
                let way = self.way();
                let (now, later) = rest.split_at_mut(way.count(self.passed, rest.len()));
                way.alter(self.passed, now);
                self.unless_over(to.write_all(now)).await?.map_err(|_| End::Reset)?;
                self.count(now);
                if let Some(rate) = way.rate {
                    let time = Duration::from_secs_f64(now.len() as f64 / rate as f64);
                    self.unless_over(sleep(time)).await?;
                }
                rest = later;
            }
        }
        Ok(())
    }

    fn count(&mut self, bytes: &[u8]) {
        self.passed += bytes.len() as u64;
        if let Some(kept) = self.line.kept().as_mut() {
            kept.entry((self.number, self.direction)).or_default().extend_from_slice(bytes);
        }
        let seen = &mut self.line.seen()[self.number];
        match self.direction {
            Direction::There => seen.there = self.passed,
            Direction::Back => seen.back = self.passed,
        }
    }

    fn way(&self) -> Way {
        self.line.script.borrow().way(self.number, self.direction)
    }

    /// What has happened here already, by the script of now.
    fn due(&self) -> Option<End> {
        self.way().end.filter(|(after, _)| *after <= self.passed).map(|(_, end)| end)
    }

    /// Waits until something may move.
    async fn movement(&self) {
        self.until(|due| (due != Some(End::Stall)).then_some(())).await;
    }

    async fn unless_over<T>(&self, next: impl Future<Output = T>) -> Result<T, End> {
        tokio::select! {
            biased;
            end = self.until(|due| due.filter(|due| *due != End::Stall)) => Err(end),
            next = next => Ok(next),
        }
    }

    /// Waits for what the script may say.
    async fn until<T>(&self, wanted: impl Fn(Option<End>) -> Option<T>) -> T {
        let mut script = self.line.script.subscribe();
        loop {
            if let Some(wanted) = wanted(self.due()) {
                return wanted;
            }
            if script.changed().await.is_err() {
                return pending().await;
            }
        }
    }
}

impl Way {
    /// How many of so many bytes may leave together.
    fn count(&self, passed: u64, most: usize) -> usize {
        let single = if self.portions == Portions::Single { 1 } else { u64::MAX };
        let until_end = self.end.map_or(u64::MAX, |(after, _)| after.saturating_sub(passed));
        let in_time = self.rate.map_or(u64::MAX, |rate| rate / 8);
        let most = u64::try_from(most).unwrap().min(single).min(in_time);
        // What is past an end that was set later goes on from here.
        let most = if until_end == 0 { most } else { most.min(until_end) };
        usize::try_from(most.max(1)).unwrap()
    }

    fn alter(&self, passed: u64, bytes: &mut [u8]) {
        let at = self.flip.and_then(|at| usize::try_from(at.checked_sub(passed)?).ok());
        if let Some(byte) = at.and_then(|at| bytes.get_mut(at)) {
            *byte ^= 0x10;
        }
    }
}

/// Reads until there is an end. Bytes that nobody takes yet stay where they are.
async fn read(
    mut from: ReadHalf<'_>,
    came: mpsc::Sender<(Instant, Vec<u8>)>,
    way: impl Fn() -> Way,
) -> Result<(), End> {
    loop {
        let Way { rate, portions, .. } = way();
        let most = rate.map_or(MOST, |rate| rate as usize / 8).clamp(1, MOST);
        let mut bytes = vec![0; most];
        let mut count = from.read(&mut bytes).await.map_err(|_| End::Reset)?;
        while portions == Portions::Lumps && (1..most).contains(&count) {
            match timeout(QUIET, from.read(&mut bytes[count..])).await {
                Ok(Ok(more)) if more > 0 => count += more,
                _ => break,
            }
        }
        bytes.truncate(count);
        if count == 0 || came.send((Instant::now(), bytes)).await.is_err() {
            return Ok(());
        }
    }
}

/// Portions that are under way.
const IN_FLIGHT: usize = 16;
/// The largest portion.
const MOST: usize = 1 << 16;
const BUFFER: u32 = 1 << 16;
/// So long is waited for more to put into one lump.
const QUIET: Duration = Duration::from_millis(30);
