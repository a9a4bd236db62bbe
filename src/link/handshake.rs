//! Who the other side is, proven inside the channel: states as values, bytes in and bytes out.
//!
//! ```text
//! dialler    hello out ──▶ AwaitHello ──hello──▶ AwaitProof, our proof out ──proof──▶ Proven
//! listener                 AwaitHello ──hello──▶ AwaitProof, our hello out ──proof──▶ Proven, our proof out
//! ```
//!
//! The dialler proves first, and only to whom it expects; the listener proves only to somebody who
//! has proven themselves. Nothing but a goodbye is understood in between. A state takes the frame
//! that it is named after, and what is not known yet is not there.

use super::codec::Line;
use super::tls::Exporter;
use super::{Error, Side};
use crate::codec::closed;
use crate::crypto::{Fingerprint, SealingCertificate, Signed, UnixTime, Verified, VerifyingKey};
use crate::seal::Context;
use crate::wire::{
    Agreed, Explanation, Frame, Goodbye, Hello, Kind, Message, Party, Proof, Role, Transcript,
};
use bytes::Bytes;
use std::fmt;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;

/// Whom a side wants to speak with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// This identity and no other.
    Only(Fingerprint),
    /// Whoever proves to be somebody. The listener's choice; and a dialler's, when a person is
    /// then asked whether this is whom they meant.
    Anyone,
}

/// The other side's hello has not come.
pub struct AwaitHello {
    role: Role,
    ours: Hello,
    our_body: Bytes,
    expected: Expected,
    exporter: Exporter,
}

impl AwaitHello {
    /// Begins. The dialler sends `ours` now, the listener after it has read the dialler's.
    pub fn new(role: Role, ours: Hello, expected: Expected, exporter: Exporter) -> Self {
        let our_body = ours.encode();
        Self { role, ours, our_body, expected, exporter }
    }

    /// Takes the other side's hello.
    pub fn take(self, frame: &Frame) -> Result<AwaitProof, Error> {
        let theirs: Hello = message(frame)?;
        let found = theirs.fingerprint();
        match self.expected {
            Expected::Only(expected) if expected != found => {
                return Err(Error::Identity { expected, found });
            }
            _ => {}
        }
        let agreed = self.ours.agree(&theirs).ok_or(Error::Version)?;
        let party = theirs.party();
        let role = self.role;
        let transcript = self.transcript(&theirs, frame.body.clone());
        Ok(AwaitProof { role, transcript, agreed, party })
    }

    fn transcript(self, theirs: &Hello, their_body: Bytes) -> Transcript {
        let ours = (self.our_body, self.ours.fingerprint());
        let theirs = (their_body, theirs.fingerprint());
        let (dialler, listener) = match self.role {
            Role::Dialler => (ours, theirs),
            Role::Listener => (theirs, ours),
        };
        Transcript {
            dialler_hello: dialler.0,
            listener_hello: listener.0,
            dialler: dialler.1,
            listener: listener.1,
            exporter: self.exporter,
        }
    }
}

impl fmt::Debug for AwaitHello {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AwaitHello({:?} {})", self.role, self.ours.fingerprint())
    }
}

/// Both hellos are there; the other side's proof is not.
#[derive(Debug)]
pub struct AwaitProof {
    role: Role,
    transcript: Transcript,
    agreed: Agreed,
    party: Party,
}

impl AwaitProof {
    /// What both sides sign.
    pub fn transcript(&self) -> &Transcript {
        &self.transcript
    }

    /// Takes the other side's proof.
    pub fn take(self, frame: &Frame) -> Result<Proven, Error> {
        let proof: Proof = message(frame)?;
        let key = self.transcript.verify(self.role.other(), &proof).map_err(|_| Error::Proof)?;
        let certificate = proof.certificate().map(Box::from);
        let Self { role, agreed, party, transcript } = self;
        Ok(Proven { key, certificate, agreed, party, role, exporter: transcript.exporter })
    }
}

/// The other side, whose identity was proven on this very channel. Only the handshake makes one.
#[derive(Clone)]
pub struct Proven {
    key: VerifyingKey,
    certificate: Option<Box<[u8]>>,
    agreed: Agreed,
    party: Party,
    role: Role,
    exporter: Exporter,
}

impl Proven {
    /// Their key.
    pub fn key(&self) -> &VerifyingKey {
        &self.key
    }

    /// Who they are.
    pub fn fingerprint(&self) -> Fingerprint {
        self.key.fingerprint()
    }

    /// What they are.
    pub fn party(&self) -> Party {
        self.party
    }

    /// Version and features that both sides speak.
    pub fn agreed(&self) -> Agreed {
        self.agreed
    }

    /// Which end of the channel **we** are.
    pub fn role(&self) -> Role {
        self.role
    }

    /// What to seal for them with. It comes from the proven channel, and never from an index.
    pub fn certificate(
        &self,
        now: UnixTime,
    ) -> Result<Verified<SealingCertificate>, crate::crypto::Error> {
        self.signed_certificate()?.verify(&self.key, now)
    }

    /// The same as they signed it, to be shown to others.
    pub fn signed_certificate(&self) -> Result<Signed<SealingCertificate>, crate::crypto::Error> {
        let none = crate::crypto::Error::Statement("the other side showed no sealing certificate");
        Ok(closed::decode(self.certificate.as_deref().ok_or(none)?)?)
    }

    /// The context of a live stream in this conversation.
    pub fn context(&self, challenge: &[u8; 32]) -> Context {
        Context::live(challenge, &self.exporter)
    }
}

impl fmt::Debug for Proven {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Proven({:?} {})", self.party, self.fingerprint())
    }
}

/// The message that belongs here, or why there is none. A goodbye belongs everywhere.
fn message<M: Message>(frame: &Frame) -> Result<M, Error> {
    match frame.kind {
        Kind::Goodbye => {
            let Goodbye { code, text } = frame.decode()?;
            Err(Error::Refused { code, text })
        }
        kind if kind == M::KIND => Ok(frame.decode()?),
        _ => Err(Error::Unexpected),
    }
}

/// Both hellos and both proofs over a line, within the deadline. Whatever fails here is told to the
/// other side.
pub(super) async fn greet<IO: AsyncRead + AsyncWrite>(
    line: &mut Line<IO>,
    side: &Side,
    await_hello: AwaitHello,
) -> Result<Proven, Error> {
    let greeted = timeout(side.deadlines().proof, exchange(line, side, await_hello)).await;
    let greeted = greeted.unwrap_or(Err(Error::Late("the greeting")));
    match &greeted {
        Ok(_) => line.frames.decoder_mut().open(),
        Err(error) => refuse(line, side, error).await,
    }
    greeted
}

async fn exchange<IO: AsyncRead + AsyncWrite>(
    line: &mut Line<IO>,
    side: &Side,
    await_hello: AwaitHello,
) -> Result<Proven, Error> {
    let role = await_hello.role;
    let hello = await_hello.ours.clone();
    if role == Role::Dialler {
        line.out.say(&hello).await?;
        let await_proof = await_hello.take(&line.next().await?)?;
        line.out.send(side.prove(await_proof.transcript().clone(), role).await?).await?;
        return await_proof.take(&line.next().await?);
    }
    let await_proof = await_hello.take(&line.next().await?)?;
    line.out.say(&hello).await?;
    let transcript = await_proof.transcript().clone();
    let proven = await_proof.take(&line.next().await?)?;
    line.out.send(side.prove(transcript, role).await?).await?;
    Ok(proven)
}

/// Tells the other side why there will be no conversation, if it is there to be told.
pub(super) async fn refuse<IO: AsyncRead + AsyncWrite>(
    line: &mut Line<IO>,
    side: &Side,
    error: &Error,
) {
    let Some(code) = error.code() else { return };
    let goodbye = Goodbye { code, text: Explanation::new(&code.to_string()) };
    let farewell = async {
        line.out.say(&goodbye).await?;
        line.out.shut().await
    };
    // Who is not there any more need not be told.
    let _ = timeout(side.deadlines().farewell, farewell).await;
}
