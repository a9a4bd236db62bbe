//! Somebody in the middle: between two programs, with a TLS channel to each.

use crate::stage::{Ground, expect, side, soon};
use crate::stranger::{self, Stranger, hello};
use rustls::{CertificateError, ServerConfig};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::TcpListener;
use waxwing::link::{ALPN, Backoff, Dialler, Error, Notice, TlsError};
use waxwing::wire::{Code, Hello, Kind, Role};

/// Mallory accepts one connection for Bob; `then` does what she does with it.
async fn mallory<F: Future<Output = ()> + Send>(
    then: impl FnOnce(tokio::net::TcpStream) -> F + Send + 'static,
) -> std::net::SocketAddr {
    let sockets = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = sockets.local_addr().unwrap();
    tokio::spawn(async move { then(sockets.accept().await.unwrap().0).await });
    address
}

async fn alice_dials(address: std::net::SocketAddr) -> Error {
    let dialler = Dialler::new(side("alice")).with_backoff(Backoff::never());
    let dialled = dialler.dial(&address.into(), expect("bob")).await;
    dialled.expect_err("somebody is in the middle")
}

#[tokio::test]
async fn who_ends_tls_in_the_middle_and_passes_everything_on_fails_on_both_sides() {
    let ground = Ground::new().await;
    let bob = ground.connect().await;
    let middle = mallory(async move |alice| {
        let (mut alice, _) = stranger::accept(stranger::server(&[ALPN], 1), alice).await.unwrap();
        let (mut bob, _) = stranger::connect(stranger::client(&[ALPN]), bob).await.unwrap();
        let _ = copy_bidirectional(&mut alice, &mut bob).await;
    })
    .await;
    let why = soon(alice_dials(middle)).await;
    assert!(matches!(why, Error::Refused { code: Code::Proof, .. }), "{why}");
    let shown = "the proof of identity does not match this channel";
    assert!(why.to_string().contains(shown), "{why}");
    let told = ground.stop().await;
    let [Notice::Refused { why, .. }] = told.as_slice() else { panic!("{told:?}") };
    let shown = "the identity proof does not match this channel; is somebody in between?";
    assert_eq!(why.to_string(), shown);
}

#[tokio::test]
async fn who_swallows_the_refusal_and_proves_something_else_fails_with_the_dialler() {
    // Mallory says Bob's hello. She has a proof of Bob's from a channel of her own, but none from
    // this one; her own key is another.
    for prover in ["bob", "mallory"] {
        let middle = mallory(async move |alice| {
            let (tls, exporter) =
                stranger::accept(stranger::server(&[ALPN], 1), alice).await.unwrap();
            let mut alice = Stranger::new(tls);
            let theirs = alice.next().await.unwrap();
            alice.say(&hello("bob")).await;
            let elsewhere = if prover == "bob" { [5; 32] } else { exporter };
            let said = stranger::transcript(Role::Listener, &hello("bob"), &theirs, elsewhere);
            assert_eq!(alice.next().await.unwrap().kind, Kind::Proof);
            alice.say(&stranger::proof(&said, Role::Listener, prover)).await;
            assert_eq!(alice.goodbye().await.unwrap().code, Code::Proof);
        })
        .await;
        assert_eq!(soon(alice_dials(middle)).await, Error::Proof, "{prover}");
    }
}

/// What `SECURITY.md` tells: she learns whom she met before she fails, and from Alice nothing more.
#[tokio::test]
async fn who_answers_as_herself_learns_the_diallers_name_and_gets_no_proof() {
    let (tell, seen) = tokio::sync::oneshot::channel();
    let middle = mallory(async move |alice| {
        let (tls, _) = stranger::accept(stranger::server(&[ALPN], 1), alice).await.unwrap();
        let mut alice = Stranger::new(tls);
        let theirs: Hello = alice.next().await.unwrap().decode().unwrap();
        alice.say(&hello("mallory")).await;
        let next = alice.next().await.unwrap();
        tell.send((theirs.fingerprint(), next.kind)).unwrap();
    })
    .await;
    let why = soon(alice_dials(middle)).await;
    assert!(matches!(why, Error::Identity { .. }), "{why}");
    let alice = crate::stage::identity("alice").fingerprint();
    assert_eq!(soon(seen).await.unwrap(), (alice, Kind::Goodbye));
}

#[tokio::test]
async fn the_tls_handshake_itself_is_verified() {
    for (protocols, certificates) in [(&[ALPN][..], 2), (&[b"h2".as_slice()], 1), (&[], 1)] {
        let config = stranger::server(protocols, certificates);
        let why = refusal_of(config).await;
        match certificates {
            2 => assert!(matches!(&why, Error::Tls(_)), "{why}"),
            _ => assert_eq!(why, Error::Protocol),
        }
        // Whether there is another program, or the line alters what passes, it cannot be seen.
        assert_eq!(why.is_permanent(), certificates == 2, "{why}");
    }
}

#[tokio::test]
async fn a_certificate_of_another_key_than_the_one_that_signs_is_refused() {
    let why = refusal_of(stranger::server_with_a_foreign_certificate()).await;
    let bad = CertificateError::BadSignature;
    assert_eq!(why, Error::Tls(TlsError::InvalidCertificate(bad)));
    assert!(why.is_permanent(), "no accident makes that");
}

/// Why Alice does not speak with a server of TLS like this.
async fn refusal_of(config: ServerConfig) -> Error {
    let middle = mallory(async move |alice| {
        if let Ok((tls, _)) = stranger::accept(config, alice).await {
            // A hello must not come: nothing was agreed on.
            assert!(Stranger::new(tls).next().await.is_none());
        }
    })
    .await;
    soon(alice_dials(middle)).await
}

#[tokio::test]
async fn the_dialler_speaks_no_tls_1_2() {
    // A hello of TLS 1.2: random, no session, ECDHE-RSA-AES128-GCM-SHA256, no compression, and
    // nothing that names a later version.
    let body = [&[3, 3][..], &[7; 32], &[0, 0xc0, 0x2f, 0]].concat();
    let hello = [&[0x16, 3, 3, 0, 42, 2, 0, 0, 38][..], &body].concat();
    let middle = mallory(async move |mut alice| {
        alice.write_all(&hello).await.unwrap();
        // Until she closes.
        while alice.read(&mut [0; 1024]).await.unwrap_or_default() > 0 {}
    })
    .await;
    let why = soon(alice_dials(middle)).await;
    assert!(matches!(&why, Error::Tls(TlsError::PeerIncompatible(_))), "{why}");
}
