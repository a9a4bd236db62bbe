//! What can go wrong on the way to somebody, and what is tried again.

use crate::stage::{End, Ground, end, expect, side, side_with, soon};
use crate::stranger;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::net::TcpListener;
use tokio::time::Instant;
use waxwing::link::{ALPN, Backoff, Connect, Deadlines, Dialler, Error, Expected};
use waxwing::model::HostPort;
use waxwing::wire::{Code, Explanation, FrameError, Goodbye};

/// Sockets that do what the test says, and are counted.
#[derive(Clone)]
struct Road {
    tries: Arc<AtomicU32>,
    does: fn(u32) -> Meets,
    addresses: usize,
}

/// What a try meets.
enum Meets {
    Fails(io::ErrorKind),
    /// This program may open nothing more.
    NoDescriptor,
    /// Somewhere on the way, a byte of TLS became another.
    Altered,
    Nothing,
    Silence,
    Says(Code),
    Mallory,
    Cut,
}

impl Road {
    fn new(does: fn(u32) -> Meets) -> Self {
        Self { tries: Arc::default(), does, addresses: 1 }
    }

    fn dialler(&self) -> Dialler<Self> {
        Dialler::over(self.clone(), side("alice"))
    }

    /// Dials, and gives why it failed, how often it was tried, and what was told.
    async fn dial(&self) -> (Error, u32, Vec<(u32, String, Duration)>) {
        let mut told = Vec::new();
        let (dialler, host) = (self.dialler(), host());
        let dialled = dialler.dial_telling(&host, expect("bob"), |retry| {
            told.push((retry.failed, retry.why.to_string(), retry.pause));
        });
        let why = soon(dialled).await.expect_err("no way leads there");
        (why, self.tries.load(Ordering::Relaxed), told)
    }
}

fn host() -> HostPort {
    "192.0.2.9:7400".parse().unwrap()
}

impl Connect for Road {
    type Socket = DuplexStream;

    async fn resolve(&self, host: &HostPort) -> io::Result<Vec<SocketAddr>> {
        if self.addresses == 0 {
            return std::future::pending().await;
        }
        Ok(vec![host.to_socket_addr().unwrap(); self.addresses])
    }

    async fn connect(&self, _: SocketAddr) -> io::Result<DuplexStream> {
        let (near, far) = duplex(1 << 16);
        match (self.does)(self.tries.fetch_add(1, Ordering::Relaxed)) {
            Meets::Fails(kind) => return Err(kind.into()),
            Meets::NoDescriptor => return Err(io::Error::from_raw_os_error(24)),
            Meets::Altered => {
                tokio::spawn(async move {
                    let (mut far, mut hello) = (far, [0; 16]);
                    far.read_exact(&mut hello).await?;
                    // The other side says that it does not understand.
                    far.write_all(&[21, 3, 3, 0, 2, 2, 50]).await
                });
            }
            Meets::Nothing => return std::future::pending().await,
            Meets::Silence => {
                tokio::spawn(async move {
                    let _held = far;
                    std::future::pending::<()>().await
                });
            }
            Meets::Says(code) => {
                tokio::spawn(async move {
                    let (tls, _) = stranger::accept(stranger::server(&[ALPN], 1), far).await?;
                    let mut stranger = stranger::Stranger::new(tls);
                    stranger.next().await;
                    let text = Explanation::new("come back later");
                    stranger.say(&Goodbye { code, text }).await;
                    io::Result::Ok(())
                });
            }
            Meets::Cut => {
                tokio::spawn(async move {
                    let (tls, _) = stranger::accept(stranger::server(&[ALPN], 1), far).await?;
                    let mut stranger = stranger::Stranger::new(tls);
                    stranger.next().await;
                    stranger.send(&[0, 0, 1, 0, 1]).await;
                    stranger.into_io().shutdown().await
                });
            }
            Meets::Mallory => {
                tokio::spawn(async move {
                    let server = stranger::server(&[ALPN], 1);
                    let (tls, exporter) = stranger::accept(server, far).await.unwrap();
                    let mut stranger = stranger::Stranger::new(tls);
                    let theirs = stranger.next().await.unwrap();
                    stranger.say(&stranger::hello("mallory")).await;
                    let _ = (theirs, exporter, stranger.next().await);
                });
            }
        }
        Ok(near)
    }
}

#[tokio::test(start_paused = true)]
async fn what_may_pass_is_tried_three_times_and_each_new_try_is_told() {
    let begin = Instant::now();
    let road = Road::new(|_| Meets::Fails(io::ErrorKind::ConnectionRefused));
    let (why, tries, told) = road.dial().await;
    assert_eq!(why, Error::Line(io::ErrorKind::ConnectionRefused));
    assert_eq!(why.to_string(), "the connection failed: connection refused");
    assert_eq!(tries, 3);
    let failed: Vec<_> = told.iter().map(|(failed, ..)| *failed).collect();
    assert_eq!(failed, [1, 2]);
    assert!((500..=1000).contains(&told[0].2.as_millis()), "{told:?}");
    assert!((1000..=2000).contains(&told[1].2.as_millis()), "{told:?}");
    // The clock of the runtime counts in milliseconds.
    let pauses = told[0].2 + told[1].2;
    assert!(begin.elapsed().abs_diff(pauses) < Duration::from_millis(5));
    let (_, _, again) = road.dial().await;
    assert_ne!(told[0].2, again[0].2, "chance keeps apart who failed together");
}

#[tokio::test(start_paused = true)]
async fn who_is_busy_is_asked_again() {
    let (why, tries, told) = Road::new(|_| Meets::Says(Code::Busy)).dial().await;
    assert!(matches!(&why, Error::Refused { code: Code::Busy, .. }), "{why}");
    assert_eq!(tries, 3);
    assert!(told.iter().all(|(_, why, _)| why.ends_with("(come back later)")), "{told:?}");
}

#[tokio::test(start_paused = true)]
async fn who_refuses_for_good_is_not_asked_again() {
    let (why, tries, told) = Road::new(|_| Meets::Says(Code::NotAllowed)).dial().await;
    assert!(matches!(&why, Error::Refused { code: Code::NotAllowed, .. }), "{why}");
    assert_eq!((tries, told.len()), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn who_is_somebody_else_is_not_asked_again() {
    let (why, tries, told) = Road::new(|_| Meets::Mallory).dial().await;
    assert!(matches!(why, Error::Identity { .. }), "{why}");
    assert_eq!((tries, told.len()), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn a_handshake_that_was_altered_on_its_way_is_tried_again() {
    let (why, tries, told) = Road::new(|_| Meets::Altered).dial().await;
    assert!(matches!(&why, Error::Tls(_)), "{why}");
    assert_eq!((tries, told.len()), (3, 2));
    // And somebody else is refused at once all the same.
    let road = Road::new(|tries| if tries == 0 { Meets::Altered } else { Meets::Mallory });
    let (why, tries, _) = road.dial().await;
    assert!(matches!(why, Error::Identity { .. }), "{why}");
    assert_eq!(tries, 2);
}

#[tokio::test(start_paused = true)]
async fn a_program_that_may_open_nothing_more_says_so_and_tries_again() {
    let (why, tries, told) = Road::new(|_| Meets::NoDescriptor).dial().await;
    assert_eq!((why, tries), (Error::OutOfFiles, 3));
    assert_eq!(told[0].1, "too many files and connections are open here");
}

#[tokio::test(start_paused = true)]
async fn who_breaks_off_in_the_middle_of_a_word_is_asked_again() {
    let (why, tries, _) = Road::new(|_| Meets::Cut).dial().await;
    assert_eq!((why, tries), (Error::Frame(FrameError::Cut), 3));
}

#[tokio::test(start_paused = true)]
async fn addresses_are_tried_until_somebody_answers_and_who_answers_settles_it() {
    let road = Road {
        addresses: 3,
        ..Road::new(|tries| match tries {
            0 => Meets::Fails(io::ErrorKind::ConnectionRefused),
            _ => Meets::Mallory,
        })
    };
    let (why, tries, told) = road.dial().await;
    assert!(matches!(why, Error::Identity { .. }), "{why}");
    assert_eq!((tries, told.len()), (2, 0), "the third is not tried");
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_for_the_address_of_a_host_for_ever() {
    let begin = Instant::now();
    let (why, _, told) = Road { addresses: 0, ..Road::new(|_| Meets::Nothing) }.dial().await;
    assert_eq!((why, told.len()), (Error::Late("finding the host"), 2));
    assert!((15..19).contains(&begin.elapsed().as_secs()), "three times 5 seconds and pauses");
}

#[tokio::test(start_paused = true)]
async fn unreachable_silent_and_swallowing_hosts_are_told_apart() {
    let (why, ..) = Road::new(|_| Meets::Fails(io::ErrorKind::HostUnreachable)).dial().await;
    assert_eq!(why, Error::Line(io::ErrorKind::HostUnreachable));
    let begin = Instant::now();
    let (why, tries, _) = Road::new(|_| Meets::Nothing).dial().await;
    assert_eq!((why, tries), (Error::Late("connecting"), 3));
    assert!((15..19).contains(&begin.elapsed().as_secs()), "three times 5 seconds and pauses");
    let (why, ..) = Road::new(|_| Meets::Silence).dial().await;
    assert_eq!(why, Error::Late("the TLS handshake"));
}

#[tokio::test(start_paused = true)]
async fn the_first_try_that_succeeds_is_the_last() {
    // The third time somebody else is there, which is permanent: no fourth.
    let road = Road::new(|tries| match tries {
        0 => Meets::Fails(io::ErrorKind::ConnectionReset),
        1 => Meets::Says(Code::Busy),
        _ => Meets::Mallory,
    });
    let (why, tries, told) = road.dial().await;
    assert!(matches!(why, Error::Identity { .. }));
    assert_eq!((tries, told.len()), (3, 2));
}

#[tokio::test]
async fn a_port_that_nobody_listens_on_refuses() {
    let sockets = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = sockets.local_addr().unwrap();
    drop(sockets);
    let dialler = Dialler::new(side("alice")).with_backoff(Backoff::never());
    let why = soon(dialler.dial(&address.into(), expect("bob"))).await.unwrap_err();
    assert_eq!(why, Error::Line(io::ErrorKind::ConnectionRefused));
}

#[tokio::test]
async fn a_host_by_name_is_found_and_an_unknown_one_is_not() {
    let ground = Ground::new().await;
    let dialler = Dialler::new(side("alice")).with_backoff(Backoff::never());
    let by_name: HostPort = format!("localhost:{}", ground.address.port()).parse().unwrap();
    // Where localhost has an address of IPv6 first, nobody listens there, and the next one is tried.
    assert!(soon(dialler.dial(&by_name, expect("bob"))).await.is_ok());
    let unknown: HostPort = "no-such-host.invalid:7400".parse().unwrap();
    let why = soon(dialler.dial(&unknown, expect("bob"))).await.unwrap_err();
    assert!(matches!(why, Error::Host | Error::Late(_)), "{why}");
}

#[tokio::test]
async fn a_dialler_that_stops_says_goodbye_in_all_of_its_conversations() {
    let ground = Ground::new().await;
    let dialler = Dialler::new(side("alice"));
    let (one, _one) = dialler.dial(&ground.address.into(), expect("bob")).await.unwrap();
    let (other, _other) = dialler.dial(&ground.address.into(), Expected::Anyone).await.unwrap();
    soon(dialler.stop()).await;
    for conversation in [one, other] {
        let why = soon(conversation.ended()).await.to_string();
        assert!(why.starts_with("this side ended the conversation: this program stops"), "{why}");
    }
}

#[tokio::test(start_paused = true)]
async fn deadlines_are_settings() {
    let deadlines = Deadlines { proof: Duration::from_secs(2), ..Deadlines::default() };
    let (near, _far) = duplex(64);
    let begin = Instant::now();
    let alice = side_with("alice", deadlines);
    let late: Result<End, Error> =
        soon(end(near, &alice, waxwing::wire::Role::Dialler, expect("bob"))).await;
    assert_eq!(late.err(), Some(Error::Late("the greeting")));
    // Two seconds, and a farewell of five that nobody reads.
    assert!(begin.elapsed() <= Duration::from_secs(8));
}
