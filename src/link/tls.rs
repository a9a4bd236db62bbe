//! The first layer of every conversation: TLS 1.3, and of it only what keeps others out.
//!
//! TLS hides and holds together; it names nobody. The listener's certificate is thrown away with
//! the process and says nothing, the dialler has none, and no session is resumed. Who speaks is
//! proven inside, over the channel's [`Exporter`], see `handshake.rs`.

use super::Error;
use crate::wire::EXPORTER_LABEL;
use rustls::client::Resumption;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::crypto::{CryptoProvider, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName, UnixTime};
use rustls::server::NoServerSessionStorage;
use rustls::{
    CertificateError, ClientConfig, ConnectionCommon, DigitallySignedStruct, ServerConfig,
    SignatureScheme,
};
use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::{TlsAcceptor, TlsConnector, client, server};

/// The one protocol that is spoken inside.
pub const ALPN: &[u8] = b"waxwing/1";

/// What TLS says when it fails.
pub use rustls::Error as TlsError;

/// What both ends of one TLS channel share, and no other channel has.
pub type Exporter = [u8; 32];

/// Both roles of TLS, ready to use.
#[derive(Clone)]
pub(super) struct Tls {
    connector: TlsConnector,
    acceptor: TlsAcceptor,
}

impl Tls {
    /// Makes a fresh key and certificate.
    pub(super) fn new() -> Result<Self, Error> {
        let provider = Arc::new(default_provider());
        Ok(Self {
            connector: TlsConnector::from(Arc::new(client_config(Arc::clone(&provider))?)),
            acceptor: TlsAcceptor::from(Arc::new(server_config(provider)?)),
        })
    }

    /// The dialler's side.
    pub(super) async fn dial<IO>(&self, io: IO) -> Result<(client::TlsStream<IO>, Exporter), Error>
    where
        IO: AsyncRead + AsyncWrite + Unpin,
    {
        // Nobody looks at the name, and it is not sent.
        let nobody = ServerName::IpAddress(IpAddr::V4(Ipv4Addr::LOCALHOST).into());
        let stream = self.connector.connect(nobody, io).await.map_err(reason)?;
        let exporter = agreed(stream.get_ref().1)?;
        Ok((stream, exporter))
    }

    /// The listener's side.
    pub(super) async fn accept<IO>(
        &self,
        io: IO,
    ) -> Result<(server::TlsStream<IO>, Exporter), Error>
    where
        IO: AsyncRead + AsyncWrite + Unpin,
    {
        let stream = self.acceptor.accept(io).await.map_err(reason)?;
        let exporter = agreed(stream.get_ref().1)?;
        Ok((stream, exporter))
    }
}

/// Checks what TLS itself lets pass: that the protocol was named at all. Gives the exporter.
fn agreed<Data>(connection: &ConnectionCommon<Data>) -> Result<Exporter, Error> {
    if connection.alpn_protocol() != Some(ALPN) {
        return Err(Error::Protocol);
    }
    Ok(connection.export_keying_material([0; 32], EXPORTER_LABEL.as_bytes(), None)?)
}

/// What TLS said, if it was TLS that failed and not the connection.
fn reason(error: io::Error) -> Error {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        Some(rustls::Error::AlertReceived(rustls::AlertDescription::NoApplicationProtocol))
        | Some(rustls::Error::NoApplicationProtocol) => Error::Protocol,
        Some(reason) => Error::Tls(reason.clone()),
        None => Error::Line(error.kind()),
    }
}

fn client_config(provider: Arc<CryptoProvider>) -> Result<ClientConfig, Error> {
    let verifier = Arc::new(AnyOneCertificate(Arc::clone(&provider)));
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(VERSIONS)?
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_no_client_auth();
    config.alpn_protocols = vec![ALPN.to_vec()];
    config.resumption = Resumption::disabled();
    config.enable_early_data = false;
    config.enable_sni = false;
    Ok(config)
}

fn server_config(provider: Arc<CryptoProvider>) -> Result<ServerConfig, Error> {
    let (certificate, key) = throw_away_certificate()?;
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(VERSIONS)?
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)?;
    config.alpn_protocols = vec![ALPN.to_vec()];
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    config.max_early_data_size = 0;
    Ok(config)
}

/// A key that lives as long as the process, in a certificate that TLS wants and nobody reads.
fn throw_away_certificate() -> Result<(CertificateDer<'static>, PrivateKeyDer<'static>), Error> {
    let made = rcgen::generate_simple_self_signed([String::from("waxwing")]);
    let made = made.map_err(|_| Error::Certificate)?;
    let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
    Ok((made.cert.der().clone(), key.into()))
}

/// Takes whatever one certificate there is, but never a handshake that its key did not sign:
/// without that check, anyone could stand in the middle without even a key of their own.
#[derive(Debug)]
struct AnyOneCertificate(Arc<CryptoProvider>);

impl ServerCertVerifier for AnyOneCertificate {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        match others {
            [] => Ok(ServerCertVerified::assertion()),
            _ => Err(rustls::Error::General("more than one certificate".to_owned())),
        }
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Err(CertificateError::BadSignature.into())
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

const VERSIONS: &[&rustls::SupportedProtocolVersion] = &[&rustls::version::TLS13];
