//! Secrets: the cryptography of the whole crate, with one opinion and no parameters.
//!
//! A person is two RSA keys. The [`SigningKey`] is their identity, named by its [`Fingerprint`];
//! the [`SealingKey`] only unwraps what others sealed for them, and is named by a
//! [`SealingCertificate`] that the signing key signed. [`Identity`] holds both, and
//! [`key_folder`] keeps it on disk.
//!
//! | what | with |
//! |---|---|
//! | signatures | RSASSA-PSS, SHA-256, salt of 32 bytes: [`SigningKey`], [`VerifyingKey`], [`Verified`] |
//! | wrapping a secret for one person | RSAES-OAEP, SHA-256, always with a label: [`WrappingKey`], [`SealingKey`] |
//! | bulk data | AES-256-CTR at any position, BLAKE3 keyed tags: [`Keystream`], [`TagKey`] |
//! | every other hash | SHA-256 behind a [`Label`] |
//! | login passwords | bcrypt: [`Password`], [`PasswordHasher`] |
//! | keys at rest | PKCS#8 under PBES2 with scrypt: [`key_file`], [`Passphrase`] |
//!
//! Private RSA operations run in `aws-lc-rs`, in constant time; the `rsa` crate generates keys,
//! reads and writes them, and does the public operations. Both stand in `raw_rsa.rs` and nowhere else.
//! PKCS#1 v1.5 appears nowhere.
//!
//! [`Keystream`], [`TagKey`] and [`SealingKey::unwrap_secret`] are bare tools, public for those who
//! measure them and hold them against other programs. Files are sealed by [`crate::seal`], which
//! alone guards them: there nobody chooses a nonce, and nothing is unwrapped before a signature.
//!
//! Decided against: a choice of algorithms (a suite number in what is sealed names them all, and
//! another suite is another format), and traits over back ends (two libraries that a test holds
//! against each other are enough).

mod certificate;
mod cipher;
mod fingerprint;
mod identity;
pub mod key_file;
pub mod key_folder;
mod keys;
mod labels;
mod password;
pub(crate) mod private;
mod raw_rsa;
mod secret;
mod signed;
mod tag;
mod words;

pub use certificate::{Clock, Rotation, SealingCertificate, SignedRotation, UnixTime};
pub use cipher::Keystream;
pub use fingerprint::{Fingerprint, SealingKeyId};
pub use identity::Identity;
pub use keys::{SealingKey, SigningKey, VerifyingKey, WrappingKey};
pub use labels::{Label, sha256};
pub(crate) use labels::{entry_leaf, id_node};
pub use password::{Password, PasswordHash, PasswordHasher, PasswordProblem};
pub(crate) use raw_rsa::{MAX_MODULUS_BYTES, MAX_SPKI_BYTES};
pub use secret::{Passphrase, Secret, SecretDer, fill_random, random};
pub use signed::{Signature, Signed, Statement, Verified};
pub use tag::{Tag, TagKey, Ticket};
pub use words::pair_words;

/// Why a cryptographic operation was refused.
///
/// What a foreign ciphertext was refused for is never told apart: [`Error::Unwrap`] is the one
/// answer to every failure of that kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A public key that is not exactly what we accept.
    #[error("not an RSA public key of 3072 or 4096 bits with exponent 65537 in its one DER form")]
    PublicKey,
    /// A private key that does not load, or is not of a size that we accept.
    #[error("not an RSA private key of 3072 or 4096 bits")]
    PrivateKey,
    /// A computation that a library refused.
    #[error("the computation was refused; is the key large enough for it?")]
    Operation,
    /// A signature that does not verify.
    #[error("the signature does not verify")]
    Signature,
    /// A wrapped secret that does not open.
    #[error("the sealed secret does not open with this key")]
    Unwrap,
    /// A signed statement that says something impossible.
    #[error("{0}")]
    Statement(&'static str),
    /// A signed statement with a layout that we do not know.
    #[error("a signed statement is malformed: {0}")]
    Layout(#[from] crate::codec::Error),
    /// A position beyond what a keystream has.
    #[error("a position beyond the end of the keystream")]
    Position,
    /// A text that does not name a fingerprint.
    #[error("a fingerprint has 64 hexadecimal digits")]
    Fingerprint,
}
