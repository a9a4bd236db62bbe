//! What the owner allows holds where the server runs.

use crate::orders::join;
use crate::stage::{Machine, Running, person};
use std::io::Read;
use std::net::TcpStream;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::runtime::Builder;
use tokio::time::timeout;
use waxwing::link::{Backoff, Conversation, Deadlines, Dialler, Error, Expected, Incoming, Side};
use waxwing::wire::{Features, Party};

/// Somebody who proves who they are, and does not log in.
async fn dial(server: &Running, name: &str) -> Result<(Conversation, Incoming), Error> {
    let identity = Arc::new(person(name));
    let side = Side::new(identity, Party::Person, Features::ALL, Deadlines::default()).unwrap();
    let dialler = Dialler::new(side).with_backoff(Backoff::never());
    let expected = Expected::Only(server.fingerprint());
    dialler.dial(&server.address().into(), expected).await
}

fn start(machine: &Machine, flags: &[&str]) -> Running {
    machine.start_with(&[&["--data", "data", "--listen", "127.0.0.1:0"], flags].concat())
}

#[test]
fn who_does_not_say_in_time_who_they_are_goes() {
    let machine = Machine::with_keys();
    let server = start(&machine, &["--handshake-timeout", "1"]);
    let mut silent = TcpStream::connect(server.address()).unwrap();
    silent.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let began = Instant::now();
    // Closed or reset: over, either way.
    let _ = silent.read(&mut [0]);
    // Ten seconds are usual.
    assert!(began.elapsed() < Duration::from_secs(8), "{:?}", began.elapsed());
    server.stop();
}

#[test]
fn who_does_not_log_in_in_time_goes() {
    let machine = Machine::with_keys();
    let server = start(&machine, &["--login-timeout", "1"]);
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let bob = join(&server, "bob", None).await;
        let (stranger, _incoming) = dial(&server, "mallory").await.unwrap();
        // A minute is usual.
        timeout(Duration::from_secs(20), stranger.ended()).await.expect("it ends");
        assert!(bob.conversation.ending().is_none());
    });
    server.stop();
}

#[test]
fn one_person_has_so_many_connections() {
    let machine = Machine::with_keys();
    let server = start(&machine, &["--connections-per-person", "1"]);
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let bob = join(&server, "bob", None).await;
        // Refused at once, or as soon as the proof is looked at.
        if let Ok((again, _incoming)) = dial(&server, "bob").await {
            timeout(Duration::from_secs(20), again.ended()).await.expect("it ends");
        }
        assert!(bob.conversation.ending().is_none());
        let (_mallory, _incoming) = dial(&server, "mallory").await.unwrap();
    });
    server.stop();
}
