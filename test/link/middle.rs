//! A man in the middle who ends TLS on both sides.

use crate::stage::{Ground, expect, side, soon};
use crate::stranger;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use waxwing::link::{ALPN, Backoff, Dialler, Error, Notice};
use waxwing::wire::Code;

/// He passes on every word, and reads them all; but the proofs are of another channel.
#[tokio::test]
async fn whoever_ends_tls_in_between_is_found_out() {
    let ground = Ground::new().await;
    let middle = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (at, bob) = (middle.local_addr().unwrap(), ground.address);
    let relay = tokio::spawn(async move {
        let (socket, _) = middle.accept().await.unwrap();
        let (mut near, _) = stranger::accept(stranger::server(&[ALPN], 1), socket).await.unwrap();
        let socket = TcpStream::connect(bob).await.unwrap();
        let (mut far, _) = stranger::connect(stranger::client(&[ALPN]), socket).await.unwrap();
        copy_bidirectional(&mut near, &mut far).await.ok();
    });
    let dialler = Dialler::new(side("alice")).with_backoff(Backoff::never());
    let error = soon(dialler.dial(&at.into(), expect("bob"), |_| ())).await.unwrap_err();
    assert!(matches!(error, Error::Refused { code: Code::Proof, .. }), "{error:?}");
    soon(relay).await.unwrap();
    let told = ground.stop().await;
    let found = |notice: &Notice| matches!(notice, Notice::Refused { why: Error::Proof, .. });
    assert!(told.iter().any(found), "{told:?}");
}
