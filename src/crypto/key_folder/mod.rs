//! A person's keys on disk: a folder of mode 0700 with four files of mode 0600.
//!
//! ```text
//! signing.key   the identity, as a key file
//! sealing.key   the sealing key, as a key file
//! sealing.cert  the current sealing certificate
//! fingerprint   the identity's fingerprint, in hex
//! ```
//!
//! CBC does not notice changes, so a key file is believed only when its public half is the one that
//! `fingerprint` and `sealing.cert` name. Files that others may read are refused: a secret that was
//! open to others is not one any more.
//!
//! [`CarriedKeys`] are the same keys in one file, for another machine.

mod carried;
mod change;

pub use carried::CarriedKeys;

use super::key_file::{self, KeyFileError, Protection};
use super::private::{self, Exposed, sync_folder};
use super::{
    Error, Fingerprint, Identity, SealingKey, SecretDer, Signed, SigningKey, UnixTime, random,
};
use crate::codec::closed;
use data_encoding::HEXLOWER;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

/// Why a folder of keys was not opened or written.
#[derive(Debug, thiserror::Error)]
pub enum KeyFolderError {
    /// The system refused.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file that was asked for.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Something is there already, and keys are never replaced by accident.
    #[error("{}: keys or other files are here already, and keys never replace anything", .0.display())]
    Exists(PathBuf),
    /// Others may read it.
    #[error("{}: others may read this; its mode must be {wanted:o}, not {found:o}", path.display())]
    OpenToOthers {
        /// The file or folder.
        path: PathBuf,
        /// Its mode.
        found: u32,
        /// The mode that it should have.
        wanted: u32,
    },
    /// It belongs to another user of the machine.
    #[error("{}: this belongs to another user of this machine", .0.display())]
    OtherOwner(PathBuf),
    /// The key file does not open.
    #[error("{}: {reason}", path.display())]
    KeyFile {
        /// The key file.
        path: PathBuf,
        /// Why.
        reason: KeyFileError,
    },
    /// The keys open, but they are not the ones that belong here.
    #[error("{}: the keys here do not belong together: {reason}", path.display())]
    Mismatch {
        /// The folder.
        path: PathBuf,
        /// Why.
        reason: Error,
    },
    /// Keys could not be made.
    #[error("keys could not be made: {0}")]
    NotMade(Error),
}

type Result<T> = std::result::Result<T, KeyFolderError>;

/// A folder that holds, or will hold, one person's keys.
#[derive(Debug, Clone)]
pub struct KeyFolder {
    path: PathBuf,
}

/// The keys of a person that are nowhere yet: whoever is asked for a passphrase need not wait for
/// them.
#[derive(Debug)]
pub struct NewKeys {
    signing: SecretDer,
    sealing: SecretDer,
}

impl NewKeys {
    /// Makes them, which takes some seconds.
    pub fn make() -> Result<Self> {
        let (signing, sealing) = make_pair().map_err(KeyFolderError::NotMade)?;
        Ok(Self { signing, sealing })
    }

    /// The person that they are of.
    pub fn identity(&self, now: UnixTime) -> Result<Identity> {
        join(&self.signing, &self.sealing, now).map_err(KeyFolderError::NotMade)
    }
}

impl KeyFolder {
    /// The folder at `path`; nothing is touched yet.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// Whether keys are here.
    pub fn exists(&self) -> bool {
        self.file(SIGNING_KEY).exists()
    }

    /// Whether a passphrase is needed to open the keys.
    pub fn needs_passphrase(&self) -> Result<bool> {
        let path = self.file(SIGNING_KEY);
        let text = self.read_text(SIGNING_KEY)?;
        key_file::is_encrypted(&text).map_err(|reason| KeyFolderError::KeyFile { path, reason })
    }

    /// The fingerprint of the identity here, which no passphrase hides.
    pub fn fingerprint(&self) -> Result<Fingerprint> {
        let text = self.read_text(FINGERPRINT)?;
        text.trim_end().parse().map_err(|reason| self.mismatch(reason))
    }

    /// Makes a person's keys and writes them here. Takes some seconds.
    ///
    /// The folder appears whole or not at all: it is made beside its place and then moved there,
    /// which the system refuses when anything but an empty folder is there already.
    pub fn create(&self, protection: Protection<'_>, now: UnixTime) -> Result<Identity> {
        if self.exists() {
            return Err(KeyFolderError::Exists(self.path.clone()));
        }
        self.keep(&NewKeys::make()?, protection, now)
    }

    /// Writes keys here that were made before.
    pub fn keep(
        &self,
        keys: &NewKeys,
        protection: Protection<'_>,
        now: UnixTime,
    ) -> Result<Identity> {
        if self.exists() {
            return Err(KeyFolderError::Exists(self.path.clone()));
        }
        let identity = keys.identity(now)?;
        self.appear(&identity, (&keys.signing, &keys.sealing), protection)?;
        Ok(identity)
    }

    /// Opens the keys here.
    pub fn open(&self, protection: Protection<'_>, now: UnixTime) -> Result<Identity> {
        self.load(protection, now).map(|(identity, _)| identity)
    }

    /// The keys here, and what they are made of.
    fn load(
        &self,
        protection: Protection<'_>,
        now: UnixTime,
    ) -> Result<(Identity, (SecretDer, SecretDer))> {
        let about = fs::metadata(&self.path).map_err(|source| io_at(&self.path, source))?;
        check_private(&self.path, &about)?;
        let (parent, prefix) = self.parent_and_prefix();
        sweep(parent, &prefix);
        let (signing, sealing) = self.read_keys(protection);
        let (signing, sealing) = (signing?, sealing?);
        let certificate = closed::decode::<Signed<_>>(&self.read(SEALING_CERT)?)
            .map_err(|reason| self.mismatch(reason.into()))?;
        let issued = closed::encode(&certificate);
        let identity = Identity::load(&signing, &sealing, certificate, now)
            .map_err(|reason| self.mismatch(reason))?;
        if identity.fingerprint() != self.fingerprint()? {
            return Err(self.mismatch(Error::Statement("the signing key is another one")));
        }
        if closed::encode(identity.certificate()) != issued {
            // Where it cannot be kept, it is issued again the next time.
            let _ = self.renew(&identity);
        }
        Ok((identity, (signing, sealing)))
    }

    /// Keeps a certificate that was issued again, in the place of the one before. One at a time: another program
    /// may do the same, or put other keys here.
    fn renew(&self, identity: &Identity) -> Result<()> {
        let _alone = self.alone()?;
        if identity.fingerprint() != self.fingerprint()? {
            return Ok(());
        }
        self.replace(SEALING_CERT, &closed::encode(identity.certificate()))
    }

    /// Waits until nobody else changes what is in this folder, or moves it.
    fn alone(&self) -> Result<File> {
        let path = self.file(FINGERPRINT);
        let alone = File::open(&path).and_then(|file| file.lock().map(|()| file));
        alone.map_err(|source| io_at(&path, source))
    }

    /// Both at once, where that can be: with a passphrase each takes some tenths of a second.
    fn read_keys(&self, protection: Protection<'_>) -> (Result<SecretDer>, Result<SecretDer>) {
        let read = |name| self.read_key(name, protection);
        both(|| read(SIGNING_KEY), || read(SEALING_KEY))
    }

    /// Writes keys beside their place, and moves them there.
    fn appear(
        &self,
        identity: &Identity,
        keys: (&SecretDer, &SecretDer),
        protection: Protection<'_>,
    ) -> Result<()> {
        let beside = self.make_folder_beside()?;
        let written =
            beside.write_all(identity, keys, protection).and_then(|()| self.move_here(&beside));
        if written.is_err() {
            let _ = fs::remove_dir_all(&beside.path);
        }
        written
    }

    fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    fn mismatch(&self, reason: Error) -> KeyFolderError {
        KeyFolderError::Mismatch { path: self.path.clone(), reason }
    }

    /// A new, private, empty folder in the same place; those that a crash left are swept away.
    fn make_folder_beside(&self) -> Result<Self> {
        let (parent, prefix) = self.parent_and_prefix();
        fs::create_dir_all(parent).map_err(|source| io_at(parent, source))?;
        sweep(parent, &prefix);
        let path = parent.join(prefix + &HEXLOWER.encode(&random::<8>()));
        private::make_folder(&path).map_err(|source| io_at(&path, source))?;
        Ok(Self { path })
    }

    fn parent_and_prefix(&self) -> (&Path, String) {
        let name = self.path.file_name().unwrap_or_default().to_string_lossy();
        (private::above(&self.path), format!(".{name}.new-"))
    }

    fn write_all(
        &self,
        identity: &Identity,
        (signing, sealing): (&SecretDer, &SecretDer),
        protection: Protection<'_>,
    ) -> Result<()> {
        self.write_key(SIGNING_KEY, signing, protection)?;
        self.write_key(SEALING_KEY, sealing, protection)?;
        self.write(SEALING_CERT, &closed::encode(identity.certificate()))?;
        self.write(FINGERPRINT, format!("{}\n", identity.fingerprint()).as_bytes())?;
        sync_folder(&self.path).map_err(|source| io_at(&self.path, source))
    }

    fn move_here(&self, beside: &Self) -> Result<()> {
        let (parent, _) = self.parent_and_prefix();
        fs::rename(&beside.path, &self.path).map_err(|source| match source.kind() {
            io::ErrorKind::DirectoryNotEmpty
            | io::ErrorKind::AlreadyExists
            | io::ErrorKind::NotADirectory => KeyFolderError::Exists(self.path.clone()),
            _ => io_at(&self.path, source),
        })?;
        sync_folder(parent).map_err(|source| io_at(parent, source))
    }

    fn write_key(&self, name: &str, key: &SecretDer, protection: Protection<'_>) -> Result<()> {
        let text = key_file::encode(key, protection)
            .map_err(|reason| KeyFolderError::KeyFile { path: self.file(name), reason })?;
        self.write(name, text.as_bytes())
    }

    fn read_key(&self, name: &str, protection: Protection<'_>) -> Result<SecretDer> {
        key_file::decode(&self.read_text(name)?, protection)
            .map_err(|reason| KeyFolderError::KeyFile { path: self.file(name), reason })
    }

    fn read_text(&self, name: &str) -> Result<zeroize::Zeroizing<String>> {
        let not_text = |_| io_at(&self.file(name), io::ErrorKind::InvalidData.into());
        let bytes = self.read(name)?;
        std::str::from_utf8(&bytes).map(|text| text.to_owned().into()).map_err(not_text)
    }

    fn read(&self, name: &str) -> Result<zeroize::Zeroizing<Vec<u8>>> {
        let path = self.file(name);
        let file = File::open(&path).map_err(|source| io_at(&path, source))?;
        check_private(&path, &file.metadata().map_err(|e| io_at(&path, e))?)?;
        let mut bytes = zeroize::Zeroizing::new(Vec::with_capacity(MAX_FILE_BYTES));
        file.take(MAX_FILE_BYTES as u64)
            .read_to_end(&mut bytes)
            .map_err(|source| io_at(&path, source))?;
        Ok(bytes)
    }

    fn write(&self, name: &str, bytes: &[u8]) -> Result<()> {
        let path = self.file(name);
        private::write_new(&path, bytes).map_err(|source| io_at(&path, source))
    }

    /// Replaces a file, wholly or not at all.
    fn replace(&self, name: &str, bytes: &[u8]) -> Result<()> {
        private::replace(&self.path, name, |file| file.write_all(bytes))
            .map_err(|source| io_at(&self.file(name), source))
    }
}

fn make_pair() -> std::result::Result<(SecretDer, SecretDer), Error> {
    let (signing, sealing) = both(SigningKey::generate, SealingKey::generate);
    Ok((signing?, sealing?))
}

/// Does two things at once, where the system has a thread for that.
fn both<A, B: Send>(one: impl FnOnce() -> A, other: impl Fn() -> B + Sync) -> (A, B) {
    let (one, done) = thread::scope(|scope| {
        let begun = thread::Builder::new().spawn_scoped(scope, &other).ok();
        (one(), begun.and_then(|begun| begun.join().ok()))
    });
    (one, done.unwrap_or_else(other))
}

fn join(
    signing: &SecretDer,
    sealing: &SecretDer,
    now: UnixTime,
) -> std::result::Result<Identity, Error> {
    Identity::new(SigningKey::load(signing)?, SealingKey::load(sealing)?, now)
}

fn io_at(path: &Path, source: io::Error) -> KeyFolderError {
    KeyFolderError::Io { path: path.to_owned(), source }
}

/// Removes folders that a crash kept from being moved to their place. Not young ones: somebody may
/// be at work in them. Whatever cannot be removed does no harm.
fn sweep(parent: &Path, prefix: &str) {
    let entries = fs::read_dir(parent).into_iter().flatten().flatten();
    for entry in entries.filter(|entry| is_left_over(entry, prefix)) {
        let _ = fs::remove_dir_all(entry.path());
    }
}

fn is_left_over(entry: &fs::DirEntry, prefix: &str) -> bool {
    let name = entry.file_name().to_string_lossy().into_owned();
    let number = name.strip_prefix(prefix).unwrap_or_default();
    let is_ours = number.len() == 16 && number.bytes().all(|c| c.is_ascii_hexdigit());
    let about = entry.metadata().ok().filter(|about| is_ours && about.is_dir());
    let age = about.and_then(|about| about.modified().ok()?.elapsed().ok());
    age.is_some_and(|age| age > WORK_TAKES_AT_MOST)
}

/// Refuses what other users of the machine own or may reach.
fn check_private(path: &Path, about: &fs::Metadata) -> Result<()> {
    private::check(about).map_err(|why| match why {
        Exposed::OtherOwner => KeyFolderError::OtherOwner(path.to_owned()),
        Exposed::OpenToOthers { found, wanted } => {
            KeyFolderError::OpenToOthers { path: path.to_owned(), found, wanted }
        }
    })
}

const WORK_TAKES_AT_MOST: Duration = Duration::from_secs(3600);
const SIGNING_KEY: &str = "signing.key";
const SEALING_KEY: &str = "sealing.key";
const SEALING_CERT: &str = "sealing.cert";
const FINGERPRINT: &str = "fingerprint";
const MAX_FILE_BYTES: usize = 16 * 1024;
