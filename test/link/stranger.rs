//! The people of these tests as strangers, who speak frames by hand; and TLS as a server.

use crate::frames::{LABEL, connect_with, hello_of, proof_of};
pub(crate) use crate::frames::{Stranger, client, connect, transcript};
use crate::stage::{EXPORTER, identity};
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{ClientConfig, ClientConnection, ServerConfig};
use std::io::Write as _;
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::{TlsAcceptor, client, server};
use waxwing::wire::{Frame, Hello, Message, Proof, Role, Transcript};

impl<IO: AsyncRead + AsyncWrite + Unpin> Stranger<IO> {
    /// A stranger who goes through the greeting as somebody.
    pub(crate) async fn greeted(io: IO, name: &'static str, role: Role) -> Self {
        Self::greeted_over(io, name, role, EXPORTER).await
    }

    pub(crate) async fn greeted_over(
        io: IO,
        name: &'static str,
        role: Role,
        exporter: [u8; 32],
    ) -> Self {
        Self::greeted_as(io, &identity(name), role, exporter).await
    }
}

pub(crate) fn hello(name: &'static str) -> Hello {
    hello_of(&identity(name))
}

pub(crate) fn proof(transcript: &Transcript, role: Role, name: &'static str) -> Proof {
    proof_of(&identity(name), transcript, role)
}

pub(crate) fn frame_of<M: Message>(message: &M) -> Frame {
    Frame { kind: M::KIND, body: message.encode() }
}

/// TLS as a client by somebody who has a ticket for this place, and says this before anything is agreed.
pub(crate) async fn connect_early<IO: AsyncRead + AsyncWrite + Unpin>(
    config: ClientConfig,
    io: IO,
    early: &[u8],
) -> std::io::Result<(client::TlsStream<IO>, [u8; 32])> {
    let say = |tls: &mut ClientConnection| {
        tls.early_data().expect("a ticket").write_all(early).unwrap();
    };
    connect_with(config, io, say).await
}

/// A TLS server with so many certificates in its chain.
pub(crate) fn server(protocols: &[&[u8]], certificates: usize) -> ServerConfig {
    let made = rcgen::generate_simple_self_signed([String::from("stranger")]).unwrap();
    let chain = vec![made.cert.der().clone(); certificates];
    let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
    let mut config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key.into())
        .unwrap();
    config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
    config
}

/// A TLS server that shows a certificate of which it has no key.
pub(crate) fn server_with_a_foreign_certificate() -> ServerConfig {
    let [shown, own] =
        [0; 2].map(|_| rcgen::generate_simple_self_signed([String::from("stranger")]).unwrap());
    let key = PrivatePkcs8KeyDer::from(own.signing_key.serialize_der()).into();
    let key = default_provider().key_provider.load_private_key(key).unwrap();
    let shown = CertifiedKey::new(vec![shown.cert.der().clone()], key);
    let mut config = server(&[waxwing::link::ALPN], 1);
    config.cert_resolver = Arc::new(SingleCertAndKey::from(shown));
    config
}

/// TLS as a server, and the exporter of the channel.
pub(crate) async fn accept<IO: AsyncRead + AsyncWrite + Unpin>(
    config: ServerConfig,
    io: IO,
) -> std::io::Result<(server::TlsStream<IO>, [u8; 32])> {
    let stream = TlsAcceptor::from(Arc::new(config)).accept(io).await?;
    let exporter = stream.get_ref().1.export_keying_material([0; 32], LABEL, None).unwrap();
    Ok((stream, exporter))
}
