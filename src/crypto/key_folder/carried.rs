//! A person's keys in one file, to be carried to another machine.
//!
//! ```text
//! waxwing keys 1
//! fingerprint: 64 hex digits
//! certificate: the sealing certificate, in base 64
//! -----BEGIN ENCRYPTED PRIVATE KEY-----      the identity, as a key file
//! -----BEGIN ENCRYPTED PRIVATE KEY-----      the sealing key, as a key file
//! ```
//!
//! Decided against: what the person knows of others (pins), since nothing but the two keys can vouch
//! for itself. People are met anew on the other machine.

use super::{KeyFolder, KeyFolderError, Result, check_private, io_at};
use crate::codec::closed;
use crate::crypto::key_file::{self, KeyFileError, Protection};
use crate::crypto::private::{above, sync_folder, write_new};
use crate::crypto::{Error, Fingerprint, Identity, Signed, UnixTime};
use data_encoding::BASE64;
use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// Keys in one file. They are believed when they are opened, not before.
pub struct CarriedKeys {
    path: PathBuf,
    fingerprint: Fingerprint,
    certificate: Vec<u8>,
    signing: Zeroizing<String>,
    sealing: Zeroizing<String>,
    encrypted: bool,
}

impl CarriedKeys {
    /// Reads a file that [`KeyFolder::export`] wrote. One without a passphrase must be closed to
    /// others, as key files are.
    pub fn read(path: &Path) -> Result<Self> {
        let damaged = |reason| KeyFolderError::KeyFile { path: path.to_owned(), reason };
        let file = File::open(path).map_err(|source| io_at(path, source))?;
        let about = file.metadata().map_err(|source| io_at(path, source))?;
        // Room first: a text that grows leaves copies behind.
        let mut text = Zeroizing::new(String::with_capacity(MAX_CARRIED_BYTES));
        let most = u64::try_from(MAX_CARRIED_BYTES).unwrap_or_default();
        file.take(most).read_to_string(&mut text).map_err(|source| io_at(path, source))?;
        let parts = parse(&text).ok_or_else(|| damaged(KeyFileError::Malformed))?;
        let encrypted = key_file::is_encrypted(parts.signing).map_err(damaged)?;
        if !encrypted {
            check_private(path, &about)?;
        }
        Ok(Self {
            path: path.to_owned(),
            fingerprint: parts.fingerprint,
            certificate: parts.certificate,
            signing: parts.signing.to_owned().into(),
            sealing: parts.sealing.to_owned().into(),
            encrypted,
        })
    }

    /// Whether a passphrase is needed to open them.
    pub fn needs_passphrase(&self) -> bool {
        self.encrypted
    }
}

impl KeyFolder {
    /// Writes the keys here into one file that is not there yet, under the protection that they have
    /// here or another one.
    pub fn export(
        &self,
        to: &Path,
        here: Protection<'_>,
        there: Protection<'_>,
        now: UnixTime,
    ) -> Result<()> {
        let (identity, (signing, sealing)) = self.load(here, now)?;
        let text = |key| {
            key_file::encode(key, there)
                .map_err(|reason| KeyFolderError::KeyFile { path: to.to_owned(), reason })
        };
        let (signing, sealing) = (text(&signing)?, text(&sealing)?);
        let (fingerprint, certificate) =
            (identity.fingerprint(), BASE64.encode(&closed::encode(identity.certificate())));
        let mut all = Zeroizing::new(String::with_capacity(MAX_CARRIED_BYTES));
        all.push_str(&format!("{HEAD}{FINGERPRINT}{fingerprint}\n{CERTIFICATE}{certificate}\n"));
        all.push_str(&signing);
        all.push_str(&sealing);
        write_new(to, all.as_bytes()).map_err(|source| match source.kind() {
            std::io::ErrorKind::AlreadyExists => KeyFolderError::Exists(to.to_owned()),
            _ => io_at(to, source),
        })?;
        // Not every file system that is carried about can do this.
        let _ = sync_folder(above(to));
        Ok(())
    }

    /// Keeps keys here that were carried from another machine, under the protection that they had.
    pub fn import(
        &self,
        keys: &CarriedKeys,
        protection: Protection<'_>,
        now: UnixTime,
    ) -> Result<Identity> {
        if self.exists() {
            return Err(KeyFolderError::Exists(self.path.clone()));
        }
        let not_opened = |reason| KeyFolderError::KeyFile { path: keys.path.clone(), reason };
        let mismatch = |reason| KeyFolderError::Mismatch { path: keys.path.clone(), reason };
        let open = |text| key_file::decode(text, protection).map_err(not_opened);
        let (signing, sealing) = (open(&keys.signing)?, open(&keys.sealing)?);
        let certificate = closed::decode::<Signed<_>>(&keys.certificate)
            .map_err(|reason| mismatch(reason.into()))?;
        let identity = Identity::load(&signing, &sealing, certificate, now).map_err(mismatch)?;
        if identity.fingerprint() != keys.fingerprint {
            return Err(mismatch(Error::Statement("the signing key is another one")));
        }
        self.appear(&identity, (&signing, &sealing), protection)?;
        Ok(identity)
    }
}

impl fmt::Debug for CarriedKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CarriedKeys({} in {})", self.fingerprint, self.path.display())
    }
}

struct Parts<'a> {
    fingerprint: Fingerprint,
    certificate: Vec<u8>,
    signing: &'a str,
    sealing: &'a str,
}

fn parse(text: &str) -> Option<Parts<'_>> {
    let rest = text.strip_prefix(HEAD)?.strip_prefix(FINGERPRINT)?;
    let (fingerprint, rest) = rest.split_once('\n')?;
    let (certificate, keys) = rest.strip_prefix(CERTIFICATE)?.split_once('\n')?;
    let (signing, sealing) = keys.split_at_checked(keys.rfind(BEGIN)?)?;
    Some(Parts {
        fingerprint: fingerprint.parse().ok()?,
        certificate: BASE64.decode(certificate.as_bytes()).ok()?,
        signing,
        sealing,
    })
}

const HEAD: &str = "waxwing keys 1\n";
const FINGERPRINT: &str = "fingerprint: ";
const CERTIFICATE: &str = "certificate: ";
const BEGIN: &str = "-----BEGIN ";
/// Two keys of 4096 bits take less than half of it.
const MAX_CARRIED_BYTES: usize = 32 * 1024;
