//! Key files made by hand: under a passphrase as the programs write them, but at any cost.

use pkcs8::der::Encode;
use pkcs8::der::asn1::OctetString;
use pkcs8::pkcs5::pbes2::{EncryptionScheme, Kdf, Parameters, ScryptParams};
use pkcs8::{EncryptedPrivateKeyInfoOwned, LineEnding, SecretDocument};
use waxwing::crypto::SecretDer;

/// What a file asks for: scrypt at a cost that takes no time, with a salt that is always the same.
pub(crate) fn cheap() -> ScryptParams {
    let salt = [7; 16].as_slice().try_into().unwrap();
    let cost = 2;
    ScryptParams { salt, cost_parameter: cost, block_size: 8, parallelization: 1, key_length: None }
}

pub(crate) fn aes_256() -> EncryptionScheme {
    EncryptionScheme::Aes256Cbc { iv: [9; 16] }
}

/// A key file that says that its content was encrypted so.
pub(crate) fn envelope(scheme: Parameters, content: Vec<u8>) -> String {
    let encrypted_data = OctetString::new(content).unwrap();
    let envelope =
        EncryptedPrivateKeyInfoOwned { encryption_algorithm: scheme.into(), encrypted_data };
    let document = SecretDocument::try_from(envelope.to_der().unwrap()).unwrap();
    document.to_pem("ENCRYPTED PRIVATE KEY", LineEnding::LF).unwrap().to_string()
}

/// A key, truly encrypted under this passphrase.
pub(crate) fn encrypted(kdf: ScryptParams, key: &SecretDer, passphrase: &str) -> String {
    let scheme = Parameters { kdf: Kdf::Scrypt(kdf), encryption: aes_256() };
    let content = scheme.encrypt(passphrase, key.expose()).unwrap();
    envelope(scheme, content)
}
