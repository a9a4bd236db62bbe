//! A whole session, from the first byte of TLS to the proof of delivery, that is cut off anywhere: files have
//! their names and all of their bytes, or no names; the next session brings them, and nothing half stays.

use crate::stage::{Stage, bytes_of, dial, fetch, side, soon, wanted};
use std::fs;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use waxwing::model::{Audience, Content};
use waxwing::peer::Files;

const FILES: [(&str, usize); 3] = [("empty", 0), ("five", 5), ("more", 3000)];
/// Sessions with one Bob, who takes so many of one person in a minute.
const WITH_ONE_BOB: usize = 50;

/// A line to Bob that passes so many bytes, counted both ways, and is cut.
struct Line {
    address: SocketAddr,
    passed: Arc<AtomicUsize>,
}

impl Line {
    async fn new(to: SocketAddr, most: usize) -> Self {
        let sockets = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, passed) = (sockets.local_addr().unwrap(), Arc::<AtomicUsize>::default());
        let count = Arc::clone(&passed);
        tokio::spawn(async move {
            let (mut near, _) = sockets.accept().await?;
            let mut far = TcpStream::connect(to).await?;
            let (mut there, mut back) = ([0; 4096], [0; 4096]);
            loop {
                let (bytes, to) = tokio::select! {
                    read = near.read(&mut there) => (&there[..read?], &mut far),
                    read = far.read(&mut back) => (&back[..read?], &mut near),
                };
                let left = most - count.load(Ordering::Relaxed);
                let passes = bytes.len().min(left);
                to.write_all(&bytes[..passes]).await?;
                count.fetch_add(passes, Ordering::Relaxed);
                if bytes.is_empty() || passes == left {
                    return std::io::Result::Ok(());
                }
            }
        });
        Self { address, passed }
    }
}

/// Which way the files go.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Way {
    Fetched,
    Sent,
}

impl Way {
    /// Where they come to.
    fn folder(self) -> &'static str {
        match self {
            Self::Fetched => "downloads",
            Self::Sent => "inbox",
        }
    }
}

async fn stage() -> Stage {
    let stage = Stage::new().await;
    for (seed, (name, size)) in (1..).zip(FILES) {
        stage.make(name, &bytes_of(seed, size));
    }
    stage.publish(Audience::Everyone);
    stage
}

/// One session over a line that passes so many bytes; gives how many went.
async fn session(stage: &Stage, way: Way, most: usize) -> usize {
    let line = Line::new(stage.address, most).await;
    let Ok(streams) = soon(dial(line.address, side("alice"))).await else { return most };
    match way {
        Way::Fetched => {
            let content = |(seed, size)| Content::of(&bytes_of(seed, size));
            let all = (1..).zip(FILES);
            let all = all.map(|(seed, (name, size))| wanted(name, Some(content((seed, size)))));
            let landing = stage.landing(Default::default());
            soon(fetch(&stage.alice, &streams, stage.share, all.collect(), &landing)).await;
        }
        Way::Sent => {
            let all = FILES.map(|(name, _)| stage.at("share").join(name));
            let files = Files::open(&all).unwrap();
            // Where it was cut, it fails; what has come is looked at.
            let _ = soon(stage.alice.send(&streams, files, Duration::from_secs(30))).await;
        }
    }
    drop(streams);
    settled(stage, way).await;
    line.passed.load(Ordering::Relaxed)
}

/// Waits until nobody is at work any more on what came.
async fn settled(stage: &Stage, way: Way) {
    let is_held = || {
        let entries = fs::read_dir(stage.at(way.folder())).into_iter().flatten().flatten();
        let mut locks = entries.filter_map(|entry| fs::File::open(entry.path().join("lock")).ok());
        locks.any(|lock| lock.try_lock().is_err())
    };
    let all_is_done = async {
        while is_held() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    soon(all_is_done).await;
}

/// What has a name, each with all of its bytes.
fn named(stage: &Stage, way: Way) -> Vec<String> {
    let all = stage.tree(way.folder()).into_iter();
    let named = all.filter(|(name, _)| !name.starts_with(".waxwing-"));
    let whole = |(name, bytes): (String, Option<Vec<u8>>)| {
        let original = fs::read(stage.at("share").join(&name));
        assert!(original.ok() == bytes, "{way:?}: {name} is not what was sent");
        name
    };
    named.map(whole).collect()
}

/// In the end nothing half stays. Who confirmed may be about to put its work down.
async fn nothing_is_left(stage: &Stage, way: Way, most: usize) {
    let left = || stage.names(way.folder()).into_iter().find(|name| name.starts_with(".waxwing-"));
    let until = Instant::now() + Duration::from_secs(20);
    while let Some(left) = left() {
        assert!(Instant::now() < until, "{way:?} at {most}: {left} is left");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

/// Cuts sessions after these numbers of bytes; gives after how many of them nothing had come, and all.
async fn cut_after(way: Way, cuts: impl Iterator<Item = usize>) -> (usize, usize) {
    let (mut nothing, mut all) = (0, 0);
    let cuts: Vec<_> = cuts.collect();
    for some in cuts.chunks(WITH_ONE_BOB) {
        let stage = stage().await;
        for most in some {
            session(&stage, way, *most).await;
            let came = named(&stage, way).len();
            nothing += usize::from(came == 0);
            all += usize::from(came == FILES.len());
            // And the next one, over a line that holds.
            session(&stage, way, usize::MAX).await;
            assert_eq!(named(&stage, way), FILES.map(|(name, _)| name), "{way:?} at {most}");
            nothing_is_left(&stage, way, *most).await;
            fs::remove_dir_all(stage.at(way.folder())).unwrap();
        }
    }
    (nothing, all)
}

/// How many bytes a session has that nobody cuts.
async fn length(way: Way) -> usize {
    session(&stage().await, way, usize::MAX).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_is_cut_anywhere_leaves_nothing_half() {
    for way in [Way::Fetched, Way::Sent] {
        let length = length(way).await;
        // At the beginning they are all alike.
        let cuts = (0..48).map(|cut| length / 4 + cut * (length * 3 / 4) / 48);
        let (nothing, all) = cut_after(way, cuts).await;
        println!(
            "{way:?}: of 48 sessions of {length} bytes, nothing came in {nothing}, all in {all}"
        );
        assert!(nothing > 0, "{way:?}: no session was cut");
    }
}

/// `STEP=1 cargo test --test peer -- --ignored --nocapture cut_at_every_byte`: an hour or two.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes long"]
async fn cut_at_every_byte() {
    let step = std::env::var("STEP").map_or(1, |step| step.parse().unwrap());
    for way in [Way::Fetched, Way::Sent] {
        let length = length(way).await;
        let (nothing, all) = cut_after(way, (0..length).step_by(step)).await;
        println!("{way:?}: {length} bytes; nothing came in {nothing} sessions, all in {all}");
    }
}
