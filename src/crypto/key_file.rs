//! Key files: a private key as text, PKCS#8 in PEM, as `openssl pkey` reads and writes it.
//!
//! With a passphrase the key is encrypted by PBES2: scrypt (N = 2^14, r = 8, p = 8) and
//! AES-256-CBC. What a file asks to be derived is read before anything is derived, so a planted
//! file costs no more than we allow. CBC does not notice changes: whoever opens a file must compare
//! the public key with the one expected, which [`super::key_folder`] does.

use super::{Passphrase, SecretDer, random};
use pkcs8::der::pem::PemLabel;
use pkcs8::der::{Decode, Encode};
use pkcs8::pkcs5::pbes2::{self, AES_256_CBC_OID, Kdf, ScryptParams};
use pkcs8::pkcs5::scrypt;
use pkcs8::{
    EncryptedPrivateKeyInfoOwned, EncryptedPrivateKeyInfoRef, LineEnding, PrivateKeyInfoRef,
    SecretDocument,
};
use zeroize::Zeroizing;

/// Whether a passphrase protects a file.
#[derive(Debug, Clone, Copy)]
pub enum Protection<'a> {
    /// Encrypted under this passphrase.
    Passphrase(&'a Passphrase),
    /// Not at all; only when the person asked for it in so many words.
    NoneAsked,
}

/// Why a key file was not opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyFileError {
    /// Not a PEM file with a private key in it.
    #[error("this is not a private key file, or it is damaged")]
    Malformed,
    /// Encrypted in a way that we do not read, or that would cost too much.
    #[error("the key file is encrypted in a way that is not accepted here")]
    Scheme,
    /// It is encrypted, and no passphrase was given.
    #[error("the key file needs its passphrase")]
    PassphraseNeeded,
    /// It is not encrypted, though a passphrase was given for it.
    #[error("the key file is not encrypted, so a passphrase cannot open it")]
    NotEncrypted,
    /// The passphrase does not open it.
    #[error("the passphrase does not open this key file")]
    WrongPassphrase,
    /// Writing failed in a library.
    #[error("the key cannot be written as a file")]
    NotWritten,
}

/// The text of a key file.
pub fn encode(
    key: &SecretDer,
    protection: Protection<'_>,
) -> Result<Zeroizing<String>, KeyFileError> {
    let (label, document) = match protection {
        Protection::NoneAsked => (PrivateKeyInfoRef::PEM_LABEL, key.expose().to_vec()),
        Protection::Passphrase(passphrase) => {
            (EncryptedPrivateKeyInfoRef::PEM_LABEL, encrypt(key, passphrase)?)
        }
    };
    SecretDocument::try_from(document)
        .and_then(|document| document.to_pem(label, LineEnding::LF))
        .map_err(|_| KeyFileError::NotWritten)
}

/// Whether a passphrase is needed to open the file; refuses one that no passphrase would open.
/// Nothing is derived.
pub fn is_encrypted(text: &str) -> Result<bool, KeyFileError> {
    let (encrypted, document) = parse(text)?;
    if encrypted {
        envelope(document.as_bytes())?;
    }
    Ok(encrypted)
}

/// The private key in a key file.
pub fn decode(text: &str, protection: Protection<'_>) -> Result<SecretDer, KeyFileError> {
    let (encrypted, document) = parse(text)?;
    match (encrypted, protection) {
        (false, Protection::NoneAsked) => Ok(SecretDer::new(document.as_bytes().to_vec())),
        (false, Protection::Passphrase(_)) => Err(KeyFileError::NotEncrypted),
        (true, Protection::NoneAsked) => Err(KeyFileError::PassphraseNeeded),
        (true, Protection::Passphrase(passphrase)) => decrypt(document.as_bytes(), passphrase),
    }
}

fn parse(text: &str) -> Result<(bool, SecretDocument), KeyFileError> {
    if text.len() > MAX_FILE_BYTES {
        return Err(KeyFileError::Malformed);
    }
    match SecretDocument::from_pem(text) {
        Ok((EncryptedPrivateKeyInfoRef::PEM_LABEL, document)) => Ok((true, document)),
        Ok((PrivateKeyInfoRef::PEM_LABEL, document)) => Ok((false, document)),
        _ => Err(KeyFileError::Malformed),
    }
}

fn encrypt(key: &SecretDer, passphrase: &Passphrase) -> Result<Vec<u8>, KeyFileError> {
    let not_written = |_| KeyFileError::NotWritten;
    let cost = scrypt::Params::new(LOG_N, u32::from(R), P).map_err(|_| KeyFileError::NotWritten)?;
    let scheme = pbes2::Parameters::generate_scrypt_aes256cbc(cost, &random::<16>(), random())
        .map_err(not_written)?;
    let sealed = scheme.encrypt(passphrase.expose(), key.expose()).map_err(not_written)?;
    let envelope = EncryptedPrivateKeyInfoOwned {
        encryption_algorithm: scheme.into(),
        encrypted_data: pkcs8::der::asn1::OctetString::new(sealed)
            .map_err(|_| KeyFileError::NotWritten)?,
    };
    envelope.to_der().map_err(|_| KeyFileError::NotWritten)
}

fn decrypt(document: &[u8], passphrase: &Passphrase) -> Result<SecretDer, KeyFileError> {
    let envelope = envelope(document)?;
    let opened = envelope
        .encryption_algorithm
        .decrypt(passphrase.expose(), envelope.encrypted_data.as_bytes())
        .map(SecretDer::new)
        .map_err(|_| KeyFileError::WrongPassphrase)?;
    // Under one wrong passphrase in 256, what comes out ends like a padding.
    match PrivateKeyInfoRef::try_from(opened.expose()) {
        Ok(_) => Ok(opened),
        Err(_) => Err(KeyFileError::WrongPassphrase),
    }
}

/// Reads how a key is encrypted, and refuses what we are not ready to derive.
fn envelope(document: &[u8]) -> Result<EncryptedPrivateKeyInfoRef<'_>, KeyFileError> {
    let envelope =
        EncryptedPrivateKeyInfoRef::from_der(document).map_err(|_| KeyFileError::Scheme)?;
    match envelope.encryption_algorithm.pbes2() {
        Some(scheme) if is_affordable(scheme) => Ok(envelope),
        _ => Err(KeyFileError::Scheme),
    }
}

/// Whether a file asks for scrypt and AES-256-CBC, at a cost that we are ready to pay.
fn is_affordable(scheme: &pbes2::Parameters) -> bool {
    let Kdf::Scrypt(scrypt) = &scheme.kdf else { return false };
    scheme.encryption.oid() == AES_256_CBC_OID && has_bounded_cost(scrypt)
}

fn has_bounded_cost(scrypt: &ScryptParams) -> bool {
    let n = scrypt.cost_parameter;
    n.is_power_of_two()
        && (1..=MAX_LOG_N).contains(&n.ilog2())
        && scrypt.block_size == R
        && (1..=MAX_P).contains(&scrypt.parallelization)
        && scrypt.key_length.is_none_or(|length| length == 32)
}

const MAX_FILE_BYTES: usize = 16 * 1024;
const LOG_N: u8 = 14;
const R: u16 = 8;
const P: u32 = 8;
const MAX_LOG_N: u32 = 17;
const MAX_P: u16 = 16;
