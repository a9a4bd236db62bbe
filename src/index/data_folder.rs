//! Where an index keeps everything, and the lock by which one program has it to itself.
//!
//! ```text
//! DATA/            0700, ours
//!   keys/          the index's identity
//!   index.db       the database, with its companions
//!   lock           held by the program that works here, whose number it holds
//!   control        the socket through which verbs reach that program
//! ```

use std::fs::{self, File, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};

/// Why a folder is not taken.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// The system refused.
    #[error("{}: {source}", path.display())]
    Io {
        /// What was asked for.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// There is nothing.
    #[error("{}: there is no index here", .0.display())]
    Missing(PathBuf),
    /// It is something else.
    #[error("{}: this is not a folder", .0.display())]
    NotAFolder(PathBuf),
    /// It belongs to another user of the machine.
    #[error("{}: this folder belongs to another user of this machine", .0.display())]
    OtherOwner(PathBuf),
    /// Others may look inside.
    #[error("{}: other users of this machine may look into this folder (mode {mode:o})", path.display())]
    OpenToOthers {
        /// The folder.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// Another program works here.
    #[error("{}: another program works on this data{}", path.display(), named(.by))]
    InUse {
        /// The folder.
        path: PathBuf,
        /// The number of its process, if it could be read.
        by: Option<u32>,
    },
}

fn named(process: &Option<u32>) -> String {
    process.map(|number| format!(", process {number}")).unwrap_or_default()
}

/// A folder in which an index keeps everything.
#[derive(Debug, Clone)]
pub struct DataFolder {
    path: PathBuf,
}

/// The folder while it is ours alone: until this is dropped, or the program ends in any way.
#[derive(Debug)]
pub struct Held {
    folder: DataFolder,
    _lock: File,
}

impl DataFolder {
    /// The folder at `path`; nothing is touched yet.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// Makes the folder if it is not there.
    pub fn make(&self) -> Result<(), FolderError> {
        match fs::symlink_metadata(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                make_private(&self.path).map_err(|source| self.io(source))
            }
            _ => Ok(()),
        }
    }

    /// Whether the folder is there, ours, and closed to others.
    pub fn check(&self) -> Result<(), FolderError> {
        let about = fs::metadata(&self.path).map_err(|source| match source.kind() {
            io::ErrorKind::NotFound => FolderError::Missing(self.path.clone()),
            _ => self.io(source),
        })?;
        if !about.is_dir() {
            return Err(FolderError::NotAFolder(self.path.clone()));
        }
        self.check_private(&about)
    }

    /// Takes the folder, unless another program has it.
    pub fn hold(&self) -> Result<Held, FolderError> {
        self.check()?;
        let path = self.path.join("lock");
        let at = |source| FolderError::Io { path: path.clone(), source };
        let mut lock = open_lock(&path).map_err(at)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(FolderError::InUse { path: self.path.clone(), by: holder(&mut lock) });
            }
            Err(TryLockError::Error(source)) => return Err(at(source)),
        }
        sign(&mut lock).map_err(at)?;
        Ok(Held { folder: self.clone(), _lock: lock })
    }

    /// The folder's path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where the keys are.
    pub fn keys(&self) -> PathBuf {
        self.path.join("keys")
    }

    /// Where the database is.
    pub fn database(&self) -> PathBuf {
        self.path.join("index.db")
    }

    /// The name of the control socket.
    pub(super) const SOCKET: &'static str = "control";

    #[cfg(unix)]
    fn check_private(&self, about: &fs::Metadata) -> Result<(), FolderError> {
        use std::os::unix::fs::{MetadataExt, PermissionsExt};
        let mode = about.permissions().mode() & 0o7777;
        if about.uid() != rustix::process::geteuid().as_raw() {
            return Err(FolderError::OtherOwner(self.path.clone()));
        }
        if mode & 0o077 != 0 {
            return Err(FolderError::OpenToOthers { path: self.path.clone(), mode });
        }
        Ok(())
    }

    /// Other systems keep a person's folders from other users by themselves.
    #[cfg(not(unix))]
    fn check_private(&self, _: &fs::Metadata) -> Result<(), FolderError> {
        Ok(())
    }

    fn io(&self, source: io::Error) -> FolderError {
        FolderError::Io { path: self.path.clone(), source }
    }
}

impl Held {
    /// The folder.
    pub fn folder(&self) -> &DataFolder {
        &self.folder
    }
}

/// Folders on the way are made as usual; only the last one is private.
fn make_private(path: &Path) -> io::Result<()> {
    if let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        fs::create_dir_all(parent)?;
    }
    #[cfg_attr(not(unix), allow(unused_mut, reason = "only unix folders have a mode"))]
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

fn open_lock(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// The number of the process that holds the lock, as it wrote it there.
fn holder(lock: &mut File) -> Option<u32> {
    let mut text = String::new();
    lock.take(16).read_to_string(&mut text).ok()?;
    text.trim_end().parse().ok()
}

fn sign(lock: &mut File) -> io::Result<()> {
    lock.set_len(0)?;
    lock.rewind()?;
    lock.write_all(format!("{}\n", std::process::id()).as_bytes())
}
