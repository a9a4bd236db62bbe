//! Who comes to the port and is not one of us: other protocols, other TLS, noise, lanes.

use crate::keys::skipped;
use crate::stage::{Ground, ask, grant_everything, soon};
use crate::stranger::{self, Stranger};
use rustls::ClientConfig;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::process::{Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWrite, AsyncWriteExt, duplex};
use tokio::task::spawn_blocking;
use tokio::time::{Duration, Instant};
use waxwing::link::{ALPN, Deadlines, Error, LaneDoor, Notice};
use waxwing::wire::{LaneOpening, Role, SendGrant, frame};

/// Keeps what came through the door.
#[derive(Debug, Clone, Default)]
pub(crate) struct Lanes(Arc<Mutex<Vec<[u8; LaneOpening::BYTES]>>>);

impl<S: AsyncWrite + Send + Unpin + 'static> LaneDoor<S> for Lanes {
    fn enter(&self, mut socket: S, opening: [u8; LaneOpening::BYTES], _: SocketAddr) {
        self.0.lock().unwrap().push(opening);
        tokio::spawn(async move { socket.write_all(b"welcome").await });
    }
}

/// Waits for the one refusal.
async fn refusal(ground: &Ground) -> Error {
    let begin = Instant::now();
    while begin.elapsed() < Duration::from_secs(60) {
        if let Some(Notice::Refused { why, .. }) = ground.notices().pop() {
            return why;
        }
        tokio::task::yield_now().await;
    }
    panic!("nobody was refused");
}

async fn still_serves(ground: &Ground) {
    let (conversation, _incoming) = soon(ground.dial()).await.unwrap();
    soon(conversation.ask(ask())).await.unwrap();
}

#[tokio::test]
async fn what_is_no_tls_is_closed_at_once() {
    let ground = Ground::new().await;
    let noise: Vec<u8> =
        (0..1 << 20).map(|n: u32| (n.wrapping_mul(2_654_435_761) >> 24) as u8 | 0x80).collect();
    for words in [
        b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".as_slice(),
        b"SSH-2.0-OpenSSH_9.6\r\n",
        &noise,
        b"WAXLANE1 without a door",
    ] {
        let mut socket = ground.connect().await;
        // Whoever is closed on may not be able to send it all.
        let _ = socket.write_all(words).await;
        let mut answer = Vec::new();
        // Reset or closed, and nothing said.
        let _ = soon(socket.read_to_end(&mut answer)).await;
        assert_eq!(answer, b"");
        assert_eq!(refusal(&ground).await, Error::NotOurs);
    }
    still_serves(&ground).await;
}

#[tokio::test]
async fn noise_behind_the_first_byte_of_tls_is_closed_at_once() {
    let ground = Ground::new().await;
    let noise: Vec<u8> =
        (0..1 << 20).map(|n: u32| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let mut socket = ground.connect().await;
    let _ = socket.write_all(&[&[0x16], noise.as_slice()].concat()).await;
    let _ = soon(socket.read_to_end(&mut Vec::new())).await;
    assert!(matches!(refusal(&ground).await, Error::Tls(_)));
    still_serves(&ground).await;
}

#[tokio::test]
async fn without_our_protocol_in_it_tls_is_refused() {
    let ground = Ground::new().await;
    let wrong = stranger::connect(stranger::client(&[b"h2"]), ground.connect().await).await;
    assert!(wrong.is_err());
    assert_eq!(refusal(&ground).await, Error::Protocol);
    // TLS itself does not mind; we do.
    let silent = stranger::connect(stranger::client(&[]), ground.connect().await).await;
    let mut silent = silent.unwrap().0;
    let _ = soon(silent.read_to_end(&mut Vec::new())).await;
    assert_eq!(refusal(&ground).await, Error::Protocol);
}

/// What becomes of OpenSSL's own client with these flags; nothing where it is not installed, except in CI,
/// where no proof may vanish.
async fn openssl(ground: &Ground, flags: &'static [&'static str]) -> Option<Output> {
    let at = ground.address.to_string();
    let run = move || {
        Command::new("openssl")
            .args(["s_client", "-connect", &at, "-alpn", "waxwing/1"])
            .args(flags)
            .stdin(Stdio::null())
            .output()
    };
    match soon(spawn_blocking(run)).await.unwrap() {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            assert!(std::env::var_os("CI").is_none(), "these proofs need openssl");
            skipped("openssl is not installed");
            None
        }
        output => Some(output.unwrap()),
    }
}

#[tokio::test]
async fn tls_1_2_is_refused() {
    let ground = Ground::new().await;
    let Some(output) = openssl(&ground, &["-tls1_2"]).await else { return };
    assert!(!output.status.success());
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("alert"), "{said}");
    assert!(matches!(refusal(&ground).await, Error::Tls(_)));
    still_serves(&ground).await;
}

#[tokio::test]
async fn openssl_gets_tls_1_3_with_a_hybrid_free_fallback_and_no_ticket() {
    let ground = Ground::new().await;
    let Some(output) = openssl(&ground, &["-tls1_3", "-msg"]).await else { return };
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.contains("ALPN protocol: waxwing/1"), "{said}");
    assert!(said.contains("TLSv1.3"), "{said}");
    assert!(!said.contains("NewSessionTicket"), "{said}");
}

#[tokio::test]
async fn no_session_is_resumed_and_nothing_is_sent_early() {
    let ground = Ground::new().await;
    let mut config = stranger::client(&[ALPN]);
    config.enable_early_data = true;
    for _ in 0..2 {
        let (tls, exporter) =
            stranger::connect(config.clone(), ground.connect().await).await.unwrap();
        let kind = tls.get_ref().1.handshake_kind();
        assert_eq!(kind, Some(rustls::HandshakeKind::Full));
        assert!(!tls.get_ref().1.is_early_data_accepted());
        let mut stranger = Stranger::greeted_over(tls, "alice", Role::Dialler, exporter).await;
        stranger.say(&waxwing::wire::SendAsk { id: 1, ..ask() }).await;
        let granted: SendGrant = soon(stranger.next()).await.unwrap().decode().unwrap();
        assert_eq!(granted.id, 1);
        // All that the listener sent has been read by now, and no ticket was among it.
        assert_eq!(stranger.into_io().get_ref().1.tls13_tickets_received(), 0);
    }
}

/// A client who was at another listener, one that takes what is said early, and has a ticket from there.
async fn with_a_ticket() -> ClientConfig {
    let (mut config, mut server) = (stranger::client(&[ALPN]), stranger::server(&[ALPN], 1));
    config.enable_early_data = true;
    server.max_early_data_size = 1 << 14;
    let (near, far) = duplex(1 << 16);
    // What is remembered of it is shared with the copies of this configuration.
    let both = (stranger::connect(config.clone(), near), stranger::accept(server, far));
    let (client, server) = soon(async { tokio::join!(both.0, both.1) }).await;
    let (mut client, mut server) = (client.unwrap().0, server.unwrap().0);
    server.shutdown().await.unwrap();
    soon(client.read_to_end(&mut Vec::new())).await.unwrap();
    assert!(client.get_ref().1.tls13_tickets_received() > 0);
    config
}

#[tokio::test]
async fn what_is_said_early_with_a_ticket_is_never_heard() {
    let (ground, config) = (Ground::new().await, with_a_ticket().await);
    // Were it heard, it would be the first hello, and Alice's one too many.
    let early = frame::encode(&stranger::hello("mallory"));
    let connected = stranger::connect_early(config, ground.connect().await, &early);
    let (tls, exporter) = soon(connected).await.unwrap();
    assert_eq!(tls.get_ref().1.handshake_kind(), Some(rustls::HandshakeKind::Full));
    assert!(!tls.get_ref().1.is_early_data_accepted());
    let greeted = Stranger::greeted_over(tls, "alice", Role::Dialler, exporter);
    let mut stranger = soon(greeted).await;
    stranger.say(&waxwing::wire::SendAsk { id: 1, ..ask() }).await;
    let granted: SendGrant = soon(stranger.next()).await.unwrap().decode().unwrap();
    assert_eq!(granted.id, 1);
}

#[tokio::test]
async fn a_client_hello_in_records_of_one_byte_is_understood() {
    let ground = Ground::new().await;
    let (near, far) = duplex(1 << 16);
    let mut socket = ground.connect().await;
    socket.set_nodelay(true).unwrap();
    let between = tokio::spawn(async move {
        let (mut read, mut write) = tokio::io::split(far);
        let mut record = [0; 5];
        read.read_exact(&mut record).await.unwrap();
        let length = usize::from(u16::from_be_bytes([record[3], record[4]]));
        let mut hello = vec![0; length];
        read.read_exact(&mut hello).await.unwrap();
        for byte in hello {
            socket.write_all(&[record[0], record[1], record[2], 0, 1, byte]).await.unwrap();
        }
        let (mut from, mut to) = socket.split();
        let (there, back) =
            (tokio::io::copy(&mut read, &mut to), tokio::io::copy(&mut from, &mut write));
        tokio::select! { _ = there => {}, _ = back => {} }
    });
    // Whether it is understood or refused, it is so at once.
    let begun = soon(stranger::connect(stranger::client(&[ALPN]), near)).await;
    if let Ok((tls, exporter)) = begun {
        let mut stranger =
            soon(Stranger::greeted_over(tls, "alice", Role::Dialler, exporter)).await;
        stranger.say(&waxwing::wire::SendAsk { id: 1, ..ask() }).await;
        assert!(soon(stranger.next()).await.is_some());
    } else {
        assert!(matches!(refusal(&ground).await, Error::Tls(_)));
    }
    between.abort();
    still_serves(&ground).await;
}

#[tokio::test]
async fn a_lane_goes_through_its_door_untouched() {
    let lanes = Lanes::default();
    let door = Arc::new(lanes.clone());
    let ground =
        Ground::with(Deadlines::default(), |listener| listener.with_lanes(door), grant_everything)
            .await;
    let mut opening = *b"WAXLANE1................--------------------------------";
    let mut socket = ground.connect().await;
    for byte in opening.chunks(7) {
        socket.write_all(byte).await.unwrap();
    }
    let mut answer = Vec::new();
    soon(socket.read_to_end(&mut answer)).await.unwrap();
    assert_eq!(answer, b"welcome");
    assert_eq!(*lanes.0.lock().unwrap(), [opening]);
    // What follows the opening is the lane's.
    opening[55] = b'!';
    let mut socket = ground.connect().await;
    socket.write_all(&[opening.as_slice(), b"chunks"].concat()).await.unwrap();
    let _ = soon(socket.read_to_end(&mut answer)).await;
    assert_eq!(lanes.0.lock().unwrap().len(), 2);
    assert!(ground.stop().await.is_empty(), "a lane is neither refused nor a conversation");
}
