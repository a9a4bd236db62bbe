//! A network that is made of a seed: pipes in memory, on which bytes are cut into portions, wait, stand
//! still, vanish or are altered. Its clock is tokio's, which the test has stopped.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, duplex, split};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep};
use waxwing::link::Connect;
use waxwing::model::HostPort;

/// Numbers that look random, the same ones each time.
#[derive(Debug, Clone)]
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) fn of(seed: u64) -> Self {
        // Seeds that are neighbours have nothing in common.
        let mixed = (seed + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mixed = (mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        Self((mixed ^ (mixed >> 32)) | 1)
    }

    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        // The upper bits are the better ones.
        (self.0 >> 20) % limit
    }

    pub(crate) fn one_of<T: Copy>(&mut self, all: &[T]) -> T {
        let at = self.below(all.len() as u64);
        all[usize::try_from(at).unwrap()]
    }
}

/// What a line does beside delivering late and in portions.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Fate {
    Clear,
    /// Nothing moves for so many seconds.
    Pause(u64),
    /// Both ways end.
    Cut,
    /// This way ends; the other goes on.
    HalfClose,
    /// Nothing that is sent this way comes, and it can be sent all the same.
    Swallow,
    /// Nothing that is sent this way is taken any more.
    Stuck,
    /// One bit is another.
    Flip,
}

/// A line as a seed makes it.
#[derive(Debug, Clone)]
pub(crate) struct Weather {
    /// How many bytes lie on the line.
    pub(crate) pipe: usize,
    /// How many travel together at most.
    pub(crate) portion: usize,
    /// A pause comes after about so many bytes, and is so many milliseconds at most.
    pub(crate) pause: (u64, u64),
    pub(crate) fate: Fate,
    /// Which way has that fate: from who dialled, or to them.
    pub(crate) is_there: bool,
    /// After how many bytes that way.
    pub(crate) after: u64,
    pub(crate) chance: Chance,
}

impl Weather {
    pub(crate) fn of(chance: &mut Chance) -> Self {
        const FATES: [Fate; 9] = [
            Fate::Clear,
            Fate::Clear,
            Fate::Pause(4),
            Fate::Pause(45),
            Fate::Cut,
            Fate::HalfClose,
            Fate::Swallow,
            Fate::Stuck,
            Fate::Flip,
        ];
        // Half of them in the greeting, where least is said and most can go wrong.
        let most = chance.one_of(&[4000, 30_000]);
        let after = chance.below(most);
        Self {
            pipe: chance.one_of(&[8, 100, 4096, 65_536]),
            portion: chance.one_of(&[1, 7, 100, 1500, 20_000]),
            pause: (chance.one_of(&[500, 5000]), chance.one_of(&[1, 30, 200])),
            fate: chance.one_of(&FATES),
            is_there: chance.below(2) == 0,
            after,
            chance: chance.clone(),
        }
    }

    /// Nothing is lost, and nobody has a reason to give up.
    pub(crate) fn is_fair(&self) -> bool {
        matches!(self.fate, Fate::Clear | Fate::Pause(4))
    }

    /// How long all that lies on the line needs at most.
    pub(crate) fn time_of_what_is_under_way(&self) -> Duration {
        let (bytes, most) = self.pause;
        Duration::from_millis(2 * self.pipe as u64 / bytes * most)
    }
}

/// Connects to somebody over one line.
#[derive(Clone)]
pub(crate) struct Network {
    pub(crate) weather: Weather,
    /// Where the other ends come out.
    pub(crate) knock: mpsc::Sender<DuplexStream>,
    /// When the line had its fate.
    pub(crate) struck: Arc<Mutex<Option<Instant>>>,
}

impl Connect for Network {
    type Socket = DuplexStream;

    async fn resolve(&self, _: &HostPort) -> io::Result<Vec<SocketAddr>> {
        Ok(vec!["192.0.2.2:1".parse().unwrap()])
    }

    async fn connect(&self, _: SocketAddr) -> io::Result<DuplexStream> {
        let pipe = self.weather.pipe;
        let ((near, here), (there, far)) = (duplex(pipe), duplex(pipe));
        tokio::spawn(self.clone().carry(here, there));
        let gone = |_| io::ErrorKind::ConnectionRefused;
        self.knock.send(far).await.map_err(gone)?;
        Ok(near)
    }
}

impl Network {
    async fn carry(self, here: DuplexStream, there: DuplexStream) {
        let ((from_here, to_here), (from_there, to_there)) = (split(here), split(there));
        // Whichever way is cut, both are.
        let _ = tokio::try_join!(
            self.pass(true, from_here, to_there),
            self.pass(false, from_there, to_here),
        );
    }

    /// Carries one way until it ends; an error, if both are to end.
    async fn pass(
        &self,
        is_there: bool,
        mut from: impl AsyncRead + Unpin,
        mut to: impl AsyncWrite + Unpin,
    ) -> io::Result<()> {
        let Weather { portion, pause, .. } = self.weather;
        let mut chance = self.weather.chance.clone();
        if is_there {
            chance.below(2);
        }
        let has_fate = is_there == self.weather.is_there;
        let (mut buffer, mut passed, mut until_pause) = (vec![0; portion], 0, 0);
        loop {
            let most = 1 + chance.below(portion as u64);
            let most = match self.weather.after.checked_sub(passed) {
                Some(left @ 1..) if has_fate => most.min(left),
                _ => most,
            };
            if has_fate && passed == self.weather.after {
                *self.struck.lock().unwrap() = Some(Instant::now());
                match self.weather.fate {
                    Fate::Clear | Fate::Flip => {}
                    Fate::Pause(seconds) => sleep(Duration::from_secs(seconds)).await,
                    Fate::Cut => return Err(io::ErrorKind::BrokenPipe.into()),
                    Fate::HalfClose => {
                        to.shutdown().await?;
                        return swallow(from).await;
                    }
                    Fate::Swallow => return swallow(from).await,
                    // The pipe stays, and nobody reads.
                    Fate::Stuck => return std::future::pending().await,
                }
            }
            let count = from.read(&mut buffer[..usize::try_from(most).unwrap()]).await?;
            if count == 0 {
                return to.shutdown().await;
            }
            if has_fate && passed == self.weather.after && self.weather.fate == Fate::Flip {
                buffer[0] ^= 1 << chance.below(8);
            }
            passed += count as u64;
            until_pause += count as u64;
            if until_pause >= pause.0 {
                until_pause = 0;
                sleep(Duration::from_millis(chance.below(pause.1 + 1))).await;
            }
            to.write_all(&buffer[..count]).await?;
        }
    }
}

/// Takes all that comes, and does nothing with it.
async fn swallow(mut from: impl AsyncRead + Unpin) -> io::Result<()> {
    let mut buffer = [0; 1024];
    while from.read(&mut buffer).await? > 0 {}
    // The other way may go on.
    Ok(())
}
