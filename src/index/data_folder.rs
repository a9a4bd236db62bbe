//! Where an index keeps everything, and the lock by which one program has it to itself.
//!
//! ```text
//! DATA/            0700, ours
//!   keys/          the index's identity
//!   index.db       the database, with its companions
//!   lock           held by the program that works here, whose number it holds
//!   starting       the number again, of a server that does not hear verbs yet
//!   control        the socket through which verbs reach that program
//! ```

use crate::crypto::private::{self, Exposed, Locked};
use std::fs::{self, File};
use std::io;
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
    #[error("{}: {}{}", path.display(), what_is(.starts), named(.by))]
    InUse {
        /// The folder.
        path: PathBuf,
        /// The number of its process, if it could be read.
        by: Option<u32>,
        /// Whether it is a server that starts.
        starts: bool,
    },
}

fn what_is(starts: &bool) -> &'static str {
    match starts {
        true => "the server of this data is still starting",
        false => "another program works on this data",
    }
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

/// While this lasts, verbs are told that a server starts.
#[derive(Debug)]
pub struct Starting(PathBuf);

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
        let lock = private::lock(&path).map_err(|why| match why {
            Locked::By(by) => {
                FolderError::InUse { path: self.path.clone(), by, starts: self.starts(by) }
            }
            Locked::Io(source) => FolderError::Io { path, source },
        })?;
        // One that a server left that was ended meanwhile: nobody starts who does not have the lock.
        let _ = fs::remove_file(self.path.join(STARTING));
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

    /// Whether the program that has the folder is a server that starts. What one left that was killed meanwhile names
    /// another process.
    fn starts(&self, by: Option<u32>) -> bool {
        let named = fs::read_to_string(self.path.join(STARTING)).ok();
        by.is_some() && named.and_then(|text| text.trim_end().parse::<u32>().ok()) == by
    }

    fn check_private(&self, about: &fs::Metadata) -> Result<(), FolderError> {
        private::check(about).map_err(|why| match why {
            Exposed::OtherOwner => FolderError::OtherOwner(self.path.clone()),
            Exposed::OpenToOthers { found: mode, .. } => {
                FolderError::OpenToOthers { path: self.path.clone(), mode }
            }
        })
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

    /// A server begins to start here. That it cannot be told, on a disk that is full, keeps none from starting.
    pub fn starting(&self) -> Starting {
        let starting = Starting(self.folder.path.join(STARTING));
        let _ = private::write_new(&starting.0, format!("{}\n", std::process::id()).as_bytes());
        starting
    }
}

impl Drop for Starting {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

/// Folders on the way are made as usual; only the last one is private.
fn make_private(path: &Path) -> io::Result<()> {
    fs::create_dir_all(private::above(path))?;
    private::make_folder(path)
}

const STARTING: &str = "starting";
