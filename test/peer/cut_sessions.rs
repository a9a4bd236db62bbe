//! A whole session, from the first byte of TLS to the proof of delivery, that is cut off anywhere: files have
//! their names and all of their bytes, or no names; the next session brings them, and nothing half stays.

use crate::stage::{Answered, Stage, bytes_of, dial, fetch, side, soon, wanted};
use std::fs;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use waxwing::link::Streams;
use waxwing::model::{Audience, Content};
use waxwing::peer::Files;
use waxwing::wire::Code;

const FILES: [(&str, usize); 3] = [("empty", 0), ("five", 5), ("more", 3000)];
/// Sessions with one Bob, who takes so many of one person in a minute.
const WITH_ONE_BOB: usize = 50;
/// All that Bob is at between them: the conversation with which his stage began.
const ONE_CONVERSATION: usize = 1;

/// A line to Bob that passes so many bytes, counted both ways, and is cut.
struct Line {
    address: SocketAddr,
    passed: Arc<AtomicUsize>,
    /// Until Bob has closed his end, too.
    carrying: JoinHandle<io::Result<()>>,
}

impl Line {
    async fn new(to: SocketAddr, most: usize) -> Self {
        let sockets = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, passed) = (sockets.local_addr().unwrap(), Arc::<AtomicUsize>::default());
        let count = Arc::clone(&passed);
        let carrying = tokio::spawn(async move {
            let (mut near, _) = sockets.accept().await?;
            let mut far = TcpStream::connect(to).await?;
            let carried = carry((&mut near, &mut far), &count, most).await;
            drop(near);
            // It may be closed by now.
            far.shutdown().await.ok();
            while far.read(&mut [0_u8; 4096]).await? > 0 {}
            carried
        });
        Self { address, passed, carrying }
    }
}

async fn carry(
    (near, far): (&mut TcpStream, &mut TcpStream),
    count: &AtomicUsize,
    most: usize,
) -> io::Result<()> {
    let (mut there, mut back) = ([0_u8; 4096], [0_u8; 4096]);
    loop {
        let (bytes, to) = tokio::select! {
            read = near.read(&mut there) => (&there[..read?], &mut *far),
            read = far.read(&mut back) => (&back[..read?], &mut *near),
        };
        let left = most - count.load(Ordering::Relaxed);
        let passes = bytes.len().min(left);
        to.write_all(&bytes[..passes]).await?;
        count.fetch_add(passes, Ordering::Relaxed);
        if bytes.is_empty() || passes == left {
            return Ok(());
        }
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
    let mut stage = Stage::new().await;
    for (seed, (name, size)) in (1..).zip(FILES) {
        stage.make(name, &bytes_of(seed, size));
    }
    stage.publish(Audience::Everyone);
    stage.is_at(ONE_CONVERSATION).await;
    stage
}

/// What is known of a session.
#[derive(Debug)]
struct Session {
    /// How many bytes went.
    passed: usize,
    /// What came of it, as Alice was told.
    _told: String,
    /// And what Bob did.
    _answered: Vec<Answered>,
}

/// One session over a line that passes so many bytes. Whatever came of it, all is put down when it is over.
async fn session(stage: &mut Stage, way: Way, most: usize) -> Session {
    let line = Line::new(stage.address, most).await;
    let _told = match soon(dial(line.address, side("alice"))).await {
        Ok(streams) => {
            let told = transfer(stage, way, &streams).await;
            streams.conversation().end(Code::Done, "");
            told
        }
        Err(why) => format!("{why:?}"),
    };
    soon(line.carrying).await.unwrap().ok();
    let _answered = stage.is_at(ONE_CONVERSATION).await;
    settled(stage, way).await;
    Session { passed: line.passed.load(Ordering::Relaxed), _told, _answered }
}

/// All files, as far as the line carries them. Gives what was told of it.
async fn transfer(stage: &Stage, way: Way, streams: &Streams) -> String {
    match way {
        Way::Fetched => {
            let content = |(seed, size)| Content::of(&bytes_of(seed, size));
            let all = (1..).zip(FILES);
            let all = all.map(|(seed, (name, size))| wanted(name, Some(content((seed, size)))));
            let landing = stage.landing(Default::default());
            let fetch = fetch(&stage.alice, streams, stage.share, all.collect(), &landing);
            format!("{:?}", soon(fetch).await)
        }
        Way::Sent => {
            let all = FILES.map(|(name, _)| stage.at("share").join(name));
            let files = Files::open(&all).unwrap();
            // Where it was cut, it fails; what has come is looked at.
            let sent = stage.alice.send(streams, files, Duration::from_secs(30));
            format!("{:?}", soon(sent).await)
        }
    }
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
        let mut stage = stage().await;
        for most in some {
            let cut = session(&mut stage, way, *most).await;
            let came = named(&stage, way).len();
            nothing += usize::from(came == 0);
            all += usize::from(came == FILES.len());
            // And the next one, over a line that holds.
            let next = session(&mut stage, way, usize::MAX).await;
            let names = FILES.map(|(name, _)| name);
            assert_eq!(named(&stage, way), names, "{way:?} at {most}: {cut:?}, and then {next:?}");
            nothing_is_left(&stage, way, *most).await;
            fs::remove_dir_all(stage.at(way.folder())).unwrap();
        }
    }
    (nothing, all)
}

/// How many bytes a session has that nobody cuts.
async fn length(way: Way) -> usize {
    session(&mut stage().await, way, usize::MAX).await.passed
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
