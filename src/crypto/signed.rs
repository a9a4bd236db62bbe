//! Statements: closed layouts that somebody signed, and the receipt that a signature was checked.
//!
//! A foreign statement is a [`Signed`]; the only way to its fields is [`Signed::verify`], which
//! gives a [`Verified`]. Functions that act on a statement take a `Verified`, so the check cannot
//! be forgotten. The bytes verified are the bytes received: nothing is encoded again.

use super::raw_rsa::MAX_MODULUS_BYTES;
use super::{Error, Fingerprint, Label, SigningKey, UnixTime, VerifyingKey};
use crate::codec::{self, Closed, Reader, Writer, closed};
use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;

/// Something that a person can sign.
pub trait Statement: Closed {
    /// The label under which it is signed, used for no other statement.
    const LABEL: Label;

    /// What must hold of it besides the signature: who may say it, and when.
    fn holds(&self, signer: &VerifyingKey, now: UnixTime) -> Result<(), Error>;
}

/// A statement as it travels: its bytes and a signature, not yet believed.
pub struct Signed<T> {
    body: Vec<u8>,
    signature: Signature,
    statement: PhantomData<fn() -> T>,
}

impl<T: Statement> Signed<T> {
    /// Signs a statement.
    pub fn sign(statement: &T, key: &SigningKey) -> Result<Self, Error> {
        let body = closed::encode(statement);
        let signature = key.sign(T::LABEL, &[&body])?;
        Ok(Self { body, signature, statement: PhantomData })
    }

    /// Checks signature, layout and what else must hold, in this order.
    pub fn verify(&self, signer: &VerifyingKey, now: UnixTime) -> Result<Verified<T>, Error> {
        signer.verify(T::LABEL, &[&self.body], &self.signature)?;
        let statement: T = closed::decode(&self.body)?;
        statement.holds(signer, now)?;
        Ok(Verified { statement, signer: signer.fingerprint() })
    }
}

impl<T> Signed<T> {
    /// The signature, not yet checked.
    pub fn signature(&self) -> &Signature {
        &self.signature
    }

    /// The signed bytes.
    pub fn body(&self) -> &[u8] {
        &self.body
    }
}

impl<T> Clone for Signed<T> {
    fn clone(&self) -> Self {
        let (body, signature) = (self.body.clone(), self.signature.clone());
        Self { body, signature, statement: PhantomData }
    }
}

impl<T> PartialEq for Signed<T> {
    fn eq(&self, other: &Self) -> bool {
        self.body == other.body && self.signature == other.signature
    }
}

impl<T> Eq for Signed<T> {}

impl<T> fmt::Debug for Signed<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signed({} bytes, not verified)", self.body.len())
    }
}

impl<T> Closed for Signed<T> {
    fn write(&self, out: &mut Writer) {
        out.block(&self.body).value(&self.signature);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, codec::Error> {
        let body = input.block("a signed statement", MAX_STATEMENT_BYTES)?.to_vec();
        Ok(Self { body, signature: Signature::read(input)?, statement: PhantomData })
    }
}

/// A statement whose signature was checked. Only the verifier makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified<T> {
    statement: T,
    signer: Fingerprint,
}

impl<T> Verified<T> {
    /// For statements with more than one signature, which check them all themselves.
    pub(super) fn after_own_checks(statement: T, signer: Fingerprint) -> Self {
        Self { statement, signer }
    }

    /// Who signed it.
    pub fn signer(&self) -> Fingerprint {
        self.signer
    }

    /// The statement itself.
    pub fn into_inner(self) -> T {
        self.statement
    }
}

impl<T> Deref for Verified<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.statement
    }
}

/// An RSASSA-PSS signature: as long as its key's modulus.
#[derive(Clone, PartialEq, Eq)]
pub struct Signature(Vec<u8>);

impl Signature {
    pub(super) fn new(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// A foreign signature, of any length that one can have.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        if bytes.len() > MAX_MODULUS_BYTES {
            return Err(Error::Signature);
        }
        Ok(Self(bytes.to_vec()))
    }

    /// The signature's bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signature({} bytes)", self.0.len())
    }
}

impl Closed for Signature {
    fn write(&self, out: &mut Writer) {
        out.block(&self.0);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, codec::Error> {
        input.block("a signature", MAX_MODULUS_BYTES).map(|bytes| Self(bytes.to_vec()))
    }
}

/// The longest statement, a sealing certificate, has room many times over.
const MAX_STATEMENT_BYTES: usize = 4096;
