//! Lines as they are: far, slow, torn, or in single bytes. The programs are real, with their usual settings; what
//! lies between them is a line that the test makes poor.

use crate::town::{Home, Town};
use std::fs;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep, sleep_until};

/// What is poor about a line.
#[derive(Debug, Clone, Copy)]
struct Poor {
    /// How long a byte is under way.
    delay: Duration,
    /// Bytes a second, of each connection and way.
    rate: Option<u64>,
    /// Each byte goes alone.
    single: bool,
    /// When so many bytes have passed, nothing moves for so long, once.
    gap: Option<(u64, Duration)>,
    /// Each time when so many bytes have passed, all connections are reset; so often.
    resets: Option<(u64, u64)>,
}

/// A line to somebody.
struct Line {
    to: SocketAddr,
    poor: Poor,
    passed: AtomicU64,
    /// Until when nothing moves, if there was a gap.
    still: Mutex<Option<Instant>>,
    /// How often connections were reset.
    resets: watch::Sender<u64>,
}

impl Line {
    /// Gives where it begins.
    async fn begin(to: SocketAddr, poor: Poor) -> SocketAddr {
        let sockets = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = sockets.local_addr().unwrap();
        let (passed, still, resets) = (AtomicU64::new(0), Mutex::new(None), watch::Sender::new(0));
        let line = Arc::new(Self { to, poor, passed, still, resets });
        tokio::spawn(async move {
            while let Ok((near, _)) = sockets.accept().await {
                let line = Arc::clone(&line);
                tokio::spawn(async move { line.carry(near).await });
            }
        });
        at
    }

    async fn carry(&self, mut near: TcpStream) -> io::Result<()> {
        let mut far = TcpStream::connect(self.to).await?;
        near.set_nodelay(true)?;
        far.set_nodelay(true)?;
        let mut resets = self.resets.subscribe();
        let is_reset = {
            let (from_near, to_near) = near.split();
            let (from_far, to_far) = far.split();
            tokio::select! {
                _ = resets.changed() => true,
                _ = async { tokio::join!(self.pass(from_near, to_far), self.pass(from_far, to_near)) } => false,
            }
        };
        if is_reset {
            near.set_zero_linger()?;
            far.set_zero_linger()?;
        }
        Ok(())
    }

    /// Passes on what comes, as the line is.
    async fn pass(&self, mut from: ReadHalf<'_>, mut to: WriteHalf<'_>) -> io::Result<()> {
        let (put, mut under_way) = mpsc::channel::<(Instant, Vec<u8>)>(UNDER_WAY);
        let reads = async move {
            let mut bytes = [0; PORTION];
            while let Ok(count @ 1..) = from.read(&mut bytes).await {
                if put.send((Instant::now(), bytes[..count].to_vec())).await.is_err() {
                    return;
                }
            }
        };
        let writes = async {
            while let Some((came, bytes)) = under_way.recv().await {
                sleep_until(came + self.poor.delay).await;
                let portion = match (self.poor.single, self.poor.rate) {
                    (true, _) => 1,
                    (_, Some(_)) => 256,
                    _ => PORTION,
                };
                for piece in bytes.chunks(portion) {
                    self.wait_in_gap().await;
                    to.write_all(piece).await?;
                    if let Some(rate) = self.poor.rate {
                        sleep(Duration::from_secs(1) * piece.len() as u32 / rate as u32).await;
                    }
                    self.has_passed(piece.len() as u64);
                }
            }
            to.shutdown().await
        };
        tokio::join!(reads, writes).1
    }

    async fn wait_in_gap(&self) {
        let still = *self.still.lock().unwrap();
        if let Some(until) = still {
            sleep_until(until).await;
        }
    }

    fn has_passed(&self, bytes: u64) {
        let passed = self.passed.fetch_add(bytes, Ordering::Relaxed) + bytes;
        if let Some((after, gap)) = self.poor.gap
            && passed > after
        {
            self.still.lock().unwrap().get_or_insert_with(|| Instant::now() + gap);
        }
        if let Some((after, times)) = self.poor.resets {
            let due = (passed / after).min(times);
            self.resets.send_if_modified(|done| {
                let is_due = due > *done;
                *done = due.max(*done);
                is_due
            });
        }
    }
}

/// Gets a file of this size from Bob over each line, all at once; each comes by itself.
fn all_come_over(lines: &[(&str, usize, Poor)]) {
    let town = Town::new();
    let (bob, mallory) = (town.joined("bob"), town.joined("mallory"));
    for (number, (name, size, _)) in lines.iter().enumerate() {
        let bytes: Vec<u8> = (0..*size).map(|at| (at * (number + 3) % 251) as u8).collect();
        bob.write(&format!("zoo/{name}"), &bytes);
    }
    bob.run(&["share", "add", bob.path.join("zoo").to_str().unwrap()]).ok();
    let serving = bob.serve();
    let to = serving.first["address"].as_str().unwrap().parse().unwrap();
    let runtime = Runtime::new().unwrap();
    thread::scope(|scope| {
        for (name, _, poor) in lines {
            let at = runtime.block_on(Line::begin(to, *poor));
            let mallory = &mallory;
            scope.spawn(move || comes_over(mallory, name, at));
        }
    });
    for (name, ..) in lines {
        let came = fs::read(mallory.path.join("out").join(name).join(name)).unwrap();
        assert!(came == fs::read(bob.path.join("zoo").join(name)).unwrap(), "{name}");
    }
}

#[allow(clippy::print_stdout, reason = "figures are read by people")]
fn comes_over(mallory: &Home<'_>, name: &str, at: SocketAddr) {
    let (what, at) = (format!("bob:zoo/{name}"), at.to_string());
    let out = mallory.path.join("out").join(name);
    let get = ["get", &what, "--from", "bob", "--at", &at, "--out", out.to_str().unwrap(), "-v"];
    let begin = Instant::now();
    let done = mallory.command(&get).output().unwrap();
    let said = String::from_utf8_lossy(&done.stderr);
    println!("{name}: {:?}, {}\n{said}", begin.elapsed(), done.status);
    assert!(done.status.success(), "{name}: {said}");
    // Nothing half is left beside it.
    assert_eq!(fs::read_dir(out).unwrap().count(), 1, "{name}");
}

/// Two seconds there and back.
const FAR: Poor =
    Poor { delay: Duration::from_secs(1), rate: None, single: false, gap: None, resets: None };
const NEAR: Poor = Poor { delay: Duration::ZERO, ..FAR };

#[test]
fn poor_lines_bring_everything_in_the_end() {
    let gap = Some((8 * MIB as u64, Duration::from_secs(12)));
    all_come_over(&[
        ("far", 300_000, FAR),
        ("slow", 24_000, Poor { rate: Some(8000), ..NEAR }),
        ("single", 60_000, Poor { single: true, ..NEAR }),
        ("torn", 24 * MIB, Poor { gap, ..NEAR }),
        ("reset", 24 * MIB, Poor { resets: Some((7 * MIB as u64, 2)), ..NEAR }),
    ]);
}

/// `cargo test --test client -- --ignored --nocapture the_poorest_lines`
#[test]
#[ignore = "takes minutes"]
fn the_poorest_lines() {
    let gap = Some((8 * MIB as u64, Duration::from_secs(35)));
    all_come_over(&[
        ("far and large", 24 * MIB, FAR),
        ("slow", 6000, Poor { rate: Some(1000), ..NEAR }),
        ("torn", 24 * MIB, Poor { gap, ..NEAR }),
        ("far and torn", 24 * MIB, Poor { gap, ..FAR }),
    ]);
}

const MIB: usize = 1 << 20;
const PORTION: usize = 16 << 10;
/// Portions under way at once, of each connection and way.
const UNDER_WAY: usize = 256;
