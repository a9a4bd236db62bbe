//! The proof of identity: each side signs everything that both said so far, and the channel itself.
//!
//! ```text
//! role u8   block(dialler's hello)   block(listener's hello)
//! dialler's fingerprint[32]   listener's fingerprint[32]   TLS exporter[32]
//! ```
//!
//! Somebody in between has two channels with two exporters, and so a proof made for one does not
//! hold on the other. The hellos are the bodies as they travelled: nothing is encoded again.

use super::code::Code;
use super::hello::Role;
use super::message::open_messages;
use crate::codec::{Blob, Charge, Writer};
use crate::crypto::{Error, Fingerprint, Label, Signature, SigningKey, VerifyingKey};
use crate::crypto::{MAX_MODULUS_BYTES, MAX_SPKI_BYTES};
use crate::model::limits::CERTIFICATE_BYTES;
use bytes::Bytes;
use minicbor::{Decode, Encode};
use std::fmt;

/// The label of the TLS exporter from which both sides draw 32 bytes, with an empty context.
pub const EXPORTER_LABEL: &str = "EXPORTER-waxwing-1";

/// What a side shows to prove who it is.
#[derive(Encode, Decode, Debug, Clone, PartialEq, Eq)]
#[cbor(map, context_bound = "Charge")]
pub struct Proof {
    #[n(0)]
    key: Blob<MAX_SPKI_BYTES>,
    #[n(1)]
    certificate: Option<Blob<CERTIFICATE_BYTES>>,
    #[n(2)]
    signature: Blob<MAX_MODULUS_BYTES>,
}

impl Proof {
    /// The bytes of the side's signed sealing certificate, which nobody has verified yet; an index
    /// has none.
    pub fn certificate(&self) -> Option<&[u8]> {
        self.certificate.as_deref()
    }
}

/// All that the two sides said and share before their proofs.
#[derive(Clone, PartialEq, Eq)]
pub struct Transcript {
    /// The body of the dialler's hello.
    pub dialler_hello: Bytes,
    /// The body of the listener's hello.
    pub listener_hello: Bytes,
    /// Whom the dialler's hello names.
    pub dialler: Fingerprint,
    /// Whom the listener's hello names.
    pub listener: Fingerprint,
    /// What the channel's two ends, and nobody else, draw from it.
    pub exporter: [u8; 32],
}

impl Transcript {
    /// The bytes that a side signs, without their label.
    pub fn bytes(&self, role: Role) -> Vec<u8> {
        let mut out = Writer::default();
        out.u8(role.byte()).block(&self.dialler_hello).block(&self.listener_hello);
        out.value(&self.dialler).value(&self.listener).raw(&self.exporter);
        out.into_bytes()
    }

    /// Proves that this side is who its hello said.
    pub fn prove(
        &self,
        role: Role,
        key: &SigningKey,
        certificate: Option<&[u8]>,
    ) -> Result<Proof, Error> {
        let signature = key.sign(label(role), &[&self.bytes(role)])?;
        Ok(Proof {
            key: Blob::new(key.verifying_key().spki())?,
            certificate: certificate.map(Blob::new).transpose()?,
            signature: Blob::new(signature.as_bytes())?,
        })
    }

    /// Checks that the side with this role is who its hello said, and gives its key.
    pub fn verify(&self, role: Role, proof: &Proof) -> Result<VerifyingKey, Code> {
        let key = VerifyingKey::from_spki(&proof.key).map_err(|_| Code::Proof)?;
        if key.fingerprint() != self.claimed(role) {
            return Err(Code::Proof);
        }
        let signature = Signature::from_bytes(&proof.signature).map_err(|_| Code::Proof)?;
        key.verify(label(role), &[&self.bytes(role)], &signature).map_err(|_| Code::Proof)?;
        Ok(key)
    }

    fn claimed(&self, role: Role) -> Fingerprint {
        match role {
            Role::Dialler => self.dialler,
            Role::Listener => self.listener,
        }
    }
}

impl fmt::Debug for Transcript {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Transcript({} and {})", self.dialler, self.listener)
    }
}

fn label(role: Role) -> Label {
    match role {
        Role::Dialler => Label::DiallerProof,
        Role::Listener => Label::ListenerProof,
    }
}

open_messages!(Proof);
