//! Handshakes: from nothing to a conversation in which both sides are proven, beside a bare TLS
//! handshake of the same kind and beside the private key operations that the proofs need.
//!
//! Both sides run in this process, so a handshake's cost is that of both together.

use crate::common::{operations, per_second, ratio};
use crate::people::{Listening, dial, dialler, identity};
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio_rustls::rustls::client::Resumption;
use tokio_rustls::rustls::crypto::aws_lc_rs::default_provider;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer, ServerName};
use tokio_rustls::rustls::version::TLS13;
use tokio_rustls::rustls::{ClientConfig, RootCertStore, ServerConfig};
use tokio_rustls::{TlsAcceptor, TlsConnector};
use waxwing::crypto::Label;

const SEQUENTIAL: usize = 100;
const TOGETHER: usize = 8;
const ROUNDS: usize = 5;

pub(crate) fn measure() {
    Runtime::new().expect("a runtime").block_on(async {
        let bare = Bare::new().await;
        let ours = Ours::new().await;
        for at_once in [1, TOGETHER] {
            let mut rounds = Vec::new();
            for _ in 0..ROUNDS {
                let tls = rate(at_once, || bare.handshake()).await;
                rounds.push((tls, rate(at_once, || ours.handshake()).await));
            }
            print(at_once, rounds);
        }
    });
}

fn print(at_once: usize, mut rounds: Vec<(f64, f64)>) {
    rounds.sort_by(|a, b| f64::total_cmp(&(a.1 / a.0), &(b.1 / b.0)));
    let (tls, ours) = rounds[rounds.len() / 2];
    operations(&format!("bare TLS handshakes, {at_once} at once"), tls);
    operations(&format!("proven handshakes, {at_once} at once"), ours);
    ratio(&format!("handshakes_vs_bare_tls_{at_once}_at_once"), ours / tls, ">0.1");
    let bound = 1.0 / (1.0 / tls + proofs(at_once));
    ratio(&format!("handshakes_vs_their_primitives_{at_once}_at_once"), ours / bound, ">0.7");
}

/// The seconds that the two proofs of a handshake take by themselves: each is signed, and each is
/// verified. Those of several handshakes share the cores.
fn proofs(at_once: usize) -> f64 {
    let alice = identity("alice");
    let signing = alice.signing();
    let signature = signing.sign(Label::SealingCertificate, &[b"statement"]).expect("signs");
    let sign = per_second(|| {
        signing.sign(Label::SealingCertificate, &[b"statement"]).expect("signs");
    });
    let verifying = signing.verifying_key();
    let verify = per_second(|| {
        verifying.verify(Label::SealingCertificate, &[b"statement"], &signature).expect("verifies");
    });
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    (2.0 / sign + 2.0 / verify) / at_once.min(cores) as f64
}

/// Handshakes per second, with so many under way at once.
async fn rate<H>(at_once: usize, handshake: impl Fn() -> H) -> f64
where
    H: Future<Output = ()> + Send + 'static,
{
    let start = Instant::now();
    let (mut left, mut under_way) = (SEQUENTIAL, tokio::task::JoinSet::new());
    while left > 0 || !under_way.is_empty() {
        if left > 0 && under_way.len() < at_once {
            under_way.spawn(handshake());
            left -= 1;
        } else if let Some(ended) = under_way.join_next().await {
            ended.expect("a handshake");
        }
    }
    SEQUENTIAL as f64 / start.elapsed().as_secs_f64()
}

/// Our handshakes; each conversation is dropped when it has begun.
struct Ours {
    dialler: Arc<waxwing::link::Dialler>,
    address: SocketAddr,
}

impl Ours {
    async fn new() -> Self {
        let mut listening = Listening::new(&identity("bob")).await;
        let address = listening.address;
        tokio::spawn(async move {
            loop {
                drop(listening.next().await);
            }
        });
        Self { dialler: Arc::new(dialler(&identity("alice"))), address }
    }

    fn handshake(&self) -> impl Future<Output = ()> + Send + 'static {
        let (dialler, address) = (Arc::clone(&self.dialler), self.address);
        async move { drop(dial(&dialler, address).await) }
    }
}

/// TLS 1.3 as the crate sets it up, with nothing inside but a byte that says it is done.
struct Bare {
    connector: TlsConnector,
    address: SocketAddr,
}

impl Bare {
    async fn new() -> Self {
        let made = rcgen::generate_simple_self_signed(["waxwing".to_owned()]).expect("made");
        let certificate = made.cert.der().clone();
        let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
        let sockets = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = sockets.local_addr().expect("bound");
        let mut server = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_protocol_versions(&[&TLS13])
            .expect("TLS 1.3")
            .with_no_client_auth()
            .with_single_cert(vec![certificate.clone()], key.into())
            .expect("a certificate");
        server.send_tls13_tickets = 0;
        tokio::spawn(accept(sockets, TlsAcceptor::from(Arc::new(server))));
        Self { connector: connector(certificate), address }
    }

    fn handshake(&self) -> impl Future<Output = ()> + Send + 'static {
        let (connector, address) = (self.connector.clone(), self.address);
        async move {
            let socket = TcpStream::connect(address).await.expect("connects");
            socket.set_nodelay(true).expect("a socket");
            let name = ServerName::try_from("waxwing").expect("a name");
            let mut tls = connector.connect(name, socket).await.expect("TLS");
            assert_eq!(tls.read_u8().await.expect("a byte"), 1);
        }
    }
}

fn connector(certificate: CertificateDer<'static>) -> TlsConnector {
    let mut known = RootCertStore::empty();
    known.add(certificate).expect("a certificate");
    let mut client = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_protocol_versions(&[&TLS13])
        .expect("TLS 1.3")
        .with_root_certificates(known)
        .with_no_client_auth();
    client.resumption = Resumption::disabled();
    TlsConnector::from(Arc::new(client))
}

async fn accept(sockets: TcpListener, acceptor: TlsAcceptor) {
    while let Ok((socket, _)) = sockets.accept().await {
        let acceptor = acceptor.clone();
        tokio::spawn(async move {
            socket.set_nodelay(true).expect("a socket");
            let mut tls = acceptor.accept(socket).await.expect("TLS");
            tls.write_u8(1).await.expect("writes");
            tls.flush().await.expect("writes");
        });
    }
}
