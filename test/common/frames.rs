//! The other side without our library's conversation: frames by hand, TLS by rustls.

#![allow(dead_code, reason = "each file of tests uses some of these")]

use bytes::{Bytes, BytesMut};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, ClientConnection, DigitallySignedStruct, SignatureScheme};
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio_rustls::{TlsConnector, client};
use waxwing::codec::closed;
use waxwing::crypto::{Fingerprint, Identity};
use waxwing::wire::{
    Features, Frame, FrameDecoder, Goodbye, Hello, Message, Party, Proof, Role, Transcript, frame,
};

/// Speaks frames over anything.
pub(crate) struct Stranger<IO> {
    io: IO,
    came: BytesMut,
    decoder: FrameDecoder,
}

impl<IO: AsyncRead + AsyncWrite + Unpin> Stranger<IO> {
    pub(crate) fn new(io: IO) -> Self {
        Self { io, came: BytesMut::new(), decoder: FrameDecoder::new() }
    }

    /// A stranger who goes through the greeting as somebody.
    pub(crate) async fn greeted_as(io: IO, who: &Identity, role: Role, exporter: [u8; 32]) -> Self {
        let mut stranger = Self::new(io);
        let hello = hello_of(who);
        let theirs = match role {
            Role::Dialler => {
                stranger.say(&hello).await;
                stranger.next().await.expect("a hello")
            }
            Role::Listener => {
                let theirs = stranger.next().await.expect("a hello");
                stranger.say(&hello).await;
                theirs
            }
        };
        let transcript = transcript(role, &hello, &theirs, exporter);
        if role == Role::Listener {
            stranger.next().await.expect("a proof");
        }
        stranger.say(&proof_of(who, &transcript, role)).await;
        if role == Role::Dialler {
            stranger.next().await.expect("a proof");
        }
        stranger.decoder.open();
        stranger
    }

    pub(crate) async fn say<M: Message>(&mut self, message: &M) {
        self.send(&frame::encode(message)).await;
    }

    /// Who has closed already does not want to hear it.
    pub(crate) async fn send(&mut self, bytes: &[u8]) {
        let _ = self.io.write_all(bytes).await;
        let _ = self.io.flush().await;
    }

    /// The next frame; none when the other side has closed.
    pub(crate) async fn next(&mut self) -> Option<Frame> {
        loop {
            if let Some(frame) = self.decoder.decode(&mut self.came).expect("frames") {
                return Some(frame);
            }
            if self.io.read_buf(&mut self.came).await.unwrap_or_default() == 0 {
                return None;
            }
        }
    }

    /// The goodbye that comes next, perhaps behind other frames.
    pub(crate) async fn goodbye(&mut self) -> Option<Goodbye> {
        while let Some(frame) = self.next().await {
            if let Ok(goodbye) = frame.decode() {
                return Some(goodbye);
            }
        }
        None
    }

    pub(crate) fn into_io(self) -> IO {
        self.io
    }
}

pub(crate) fn hello_of(who: &Identity) -> Hello {
    Hello::new(Party::Person, who.fingerprint(), Features::ALL)
}

/// What both sign, from the hello that somebody with this role said and the frame that came.
pub(crate) fn transcript(
    role: Role,
    ours: &Hello,
    theirs: &Frame,
    exporter: [u8; 32],
) -> Transcript {
    let said = |hello: &Hello, body: Bytes| -> (Bytes, Fingerprint) { (body, hello.fingerprint()) };
    let their_hello: Hello = theirs.decode().unwrap();
    let ours = said(ours, ours.encode());
    let theirs = said(&their_hello, theirs.body.clone());
    let (dialler, listener) = match role {
        Role::Dialler => (ours, theirs),
        Role::Listener => (theirs, ours),
    };
    Transcript {
        dialler_hello: dialler.0,
        listener_hello: listener.0,
        dialler: dialler.1,
        listener: listener.1,
        exporter,
    }
}

pub(crate) fn proof_of(who: &Identity, transcript: &Transcript, role: Role) -> Proof {
    let certificate = closed::encode(who.certificate());
    transcript.prove(role, who.signing(), Some(&certificate)).unwrap()
}

/// A TLS client that offers these protocols and believes everybody.
pub(crate) fn client(protocols: &[&[u8]]) -> ClientConfig {
    let mut config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Believer))
        .with_no_client_auth();
    config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
    config
}

/// TLS as a client, and the exporter of the channel.
pub(crate) async fn connect<IO: AsyncRead + AsyncWrite + Unpin>(
    config: ClientConfig,
    io: IO,
) -> std::io::Result<(client::TlsStream<IO>, [u8; 32])> {
    connect_with(config, io, |_| {}).await
}

/// The same; this is done with what was begun before anything is agreed.
pub(crate) async fn connect_with<IO: AsyncRead + AsyncWrite + Unpin>(
    config: ClientConfig,
    io: IO,
    first: impl FnOnce(&mut ClientConnection),
) -> std::io::Result<(client::TlsStream<IO>, [u8; 32])> {
    let name = ServerName::try_from("stranger").unwrap();
    let stream = TlsConnector::from(Arc::new(config)).connect_with(name, io, first).await?;
    let exporter = stream.get_ref().1.export_keying_material([0; 32], LABEL, None).unwrap();
    Ok((stream, exporter))
}

/// The first words of such a client.
pub(crate) fn tls_hello(config: ClientConfig) -> Vec<u8> {
    let name = ServerName::try_from("stranger").unwrap();
    let mut client = ClientConnection::new(Arc::new(config), name).unwrap();
    let mut hello = Vec::new();
    client.write_tls(&mut hello).unwrap();
    hello
}

pub(crate) const LABEL: &[u8] = b"EXPORTER-waxwing-1";

#[derive(Debug)]
struct Believer;

impl ServerCertVerifier for Believer {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        default_provider().signature_verification_algorithms.supported_schemes()
    }
}
