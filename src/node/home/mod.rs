//! Where a person keeps everything: their home.
//!
//! ```text
//! HOME/                a folder, or the platform's folders for settings and for data
//!   waxwing.toml       settings: where the index is, who one is, what is shared
//!   keys/              0700  the identity
//!   keys.next/         0700  the identity that is to be, while keys are being changed
//!   keys.former/       0700  the identities that one had before, each in a folder of its name
//!   state/             0700  what the program remembers, each file 0600
//!     lock             held by the one program that shares from here
//!     changing         locked while anything below is changed
//!     index.json       the index that this home belongs to, and one's name there
//!     token            opens the session on it
//!     chain            its key directory, as far as it is known
//!     pins.json        whose key is whose, and whose words were compared
//!     people.json      where people whose keys are pinned could be reached last
//!     shares.json      what is shared, and with whom
//!     ended.json       what was shared, and of which the index does not know yet that it is over
//!     results.json     the numbered results of the last search
//!     moves/           what was begun to be got or sent, and is not done
//!     got              what was got from others, where that is shared again
//!     heads.json       what others were told of the key directory
//!     hashes-…         what the bytes of a share's files are called
//!     look-…           what a share was like when it was last looked at
//!     rotation         from the identity to the next one, signed by both
//!     port             the port on which others were listened for last
//!     receipts/        who sent what
//!     client.log, open, offered, history       of the program: its log, its socket for other programs
//!                      of this home, what was asked once, and what was typed
//!   downloads/         what was fetched, when the home is a folder
//! ```
//!
//! One home belongs to one index: what is remembered of people and of the key directory would mean
//! something else on another.

mod config;
mod files;
pub(in crate::node) mod kept;

pub use config::{Config, Receive};
pub use files::HomeLock;
pub(in crate::node) use files::{Lines, StateFolder};

use crate::crypto::Fingerprint;
use crate::crypto::key_folder::KeyFolder;
use crate::model::{HostPort, Invitation, UserName};
use crate::node::Error;
use std::io;
use std::path::{Path, PathBuf};

/// Why a home is not used.
#[derive(Debug, thiserror::Error)]
pub enum HomeError {
    /// The system refused.
    #[error("{}: {source}", path.display())]
    Io {
        /// What was asked for.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// There is no folder for a person's data on this system.
    #[error("this system says no folder for a person's data")]
    NoPlatform,
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
    /// A file is not as it was written.
    #[error("{}: this file is damaged: {why}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: &'static str,
    },
    /// Another program shares from it.
    #[error("{}: another program shares from this home{}", path.display(), named(.by))]
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

/// A person's home: paths only, until something of it is made or opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Home {
    settings: PathBuf,
    data: PathBuf,
    downloads: Option<PathBuf>,
}

impl Home {
    /// The name of the file of settings, by which a folder is seen to be a home.
    pub const SETTINGS: &'static str = "waxwing.toml";

    /// The home in this folder.
    pub fn in_folder(path: impl Into<PathBuf>) -> Self {
        let data = path.into();
        let (settings, downloads) = (data.join(Self::SETTINGS), Some(data.join("downloads")));
        Self { settings, data, downloads }
    }

    /// The home in the folders that the platform has for settings and for data.
    pub fn in_folders(settings: &Path, data: &Path) -> Self {
        let (settings, data) = (settings.join("waxwing"), data.join("waxwing"));
        Self { settings: settings.join(Self::SETTINGS), data, downloads: None }
    }

    /// The folder that was named, else the one at or above the current one that holds a file of
    /// settings, else the platform's folders.
    pub fn find(named: Option<&Path>, current: &Path) -> Result<Self, HomeError> {
        let above = || current.ancestors().find(|folder| folder.join(Self::SETTINGS).is_file());
        match named.or_else(above) {
            Some(folder) => Ok(Self::in_folder(folder)),
            None => Self::of_platform(),
        }
    }

    fn of_platform() -> Result<Self, HomeError> {
        use etcetera::BaseStrategy;
        let folders = etcetera::choose_base_strategy().map_err(|_| HomeError::NoPlatform)?;
        Ok(Self::in_folders(&folders.config_dir(), &folders.data_dir()))
    }

    /// The folder of keys, state and downloads.
    pub fn path(&self) -> &Path {
        &self.data
    }

    /// The file of settings; it need not be there.
    pub fn settings(&self) -> &Path {
        &self.settings
    }

    /// The folder of the keys.
    pub fn keys(&self) -> KeyFolder {
        KeyFolder::at(self.key_path())
    }

    /// The folder of the keys that are to be, while one changes them.
    pub fn next_keys(&self) -> KeyFolder {
        KeyFolder::at(self.data.join("keys.next"))
    }

    /// Where keys are kept that one had before.
    pub fn former_keys(&self, of: &Fingerprint) -> PathBuf {
        self.data.join("keys.former").join(of.to_string())
    }

    /// Finishes a change of keys that a crash broke off when all that was left to do was to put the
    /// next ones in their place.
    pub fn settle(&self) -> Result<(), Error> {
        let (keys, next) = (self.keys(), self.next_keys());
        if keys.exists() || !next.exists() {
            return Ok(());
        }
        // Another program may be between its two steps: it is waited for, and looked again.
        self.state().make()?;
        let _changing = self.state().changing()?;
        keys.finish_change(&next)?;
        Ok(())
    }

    /// The folder of what the program remembers.
    pub fn state_path(&self) -> PathBuf {
        self.data.join("state")
    }

    /// Where fetched files go when nobody says: nowhere of its own, unless the home is a folder.
    pub fn downloads(&self) -> Option<&Path> {
        self.downloads.as_deref()
    }

    /// All of its places, by what they are.
    pub fn places(&self) -> Vec<(&'static str, PathBuf)> {
        let own = [
            ("home", self.data.clone()),
            ("settings", self.settings.clone()),
            ("keys", self.key_path()),
            ("state", self.state_path()),
        ];
        let downloads = self.downloads.clone().map(|path| ("downloads", path));
        own.into_iter().chain(downloads).collect()
    }

    /// Makes its folders, where they are not there.
    pub fn make(&self) -> Result<(), HomeError> {
        files::make_private(&self.data)?;
        self.state().make()
    }

    /// Makes the folder for downloads, where the home has one.
    pub fn make_downloads(&self) -> Result<(), HomeError> {
        self.downloads.as_deref().map_or(Ok(()), files::make_private)
    }

    /// Writes a file of settings with an index and a name, if there is none. Gives whether there was
    /// none.
    pub fn write_settings(&self, index: &HostPort, user: &UserName) -> Result<bool, HomeError> {
        if let Some(folder) = self.settings.parent() {
            files::make_private(folder)?;
        }
        let text = format!(
            "# The settings of one person; `client --help` names all of them.\n\
             index = \"{index}\"\nuser = \"{user}\"\n"
        );
        files::write_if_none(&self.settings, text.as_bytes())
    }

    /// Has the settings name another index, if they name this one. What else stands there stays.
    pub(in crate::node) fn follow(&self, from: &HostPort, to: &HostPort) -> Result<(), HomeError> {
        let line = |at| format!("index = \"{at}\"");
        let (from, to) = (line(from), line(to));
        files::change_lines(&self.settings, |it| (it.trim() == from).then(|| to.clone()))
    }

    /// The index that it belongs to, if it belongs to one yet.
    pub fn index(&self) -> Result<Option<Invitation>, HomeError> {
        let ours = kept::Belonging::read(&self.state())?;
        Ok(ours.map(|ours| ours.invitation()))
    }

    /// Takes the home for a program that shares, unless another one has it.
    pub fn lock(&self) -> Result<HomeLock, HomeError> {
        self.state().make()?;
        self.state().hold("lock")
    }

    pub(in crate::node) fn state(&self) -> StateFolder {
        StateFolder::at(self.state_path())
    }

    pub(in crate::node) fn key_path(&self) -> PathBuf {
        self.data.join("keys")
    }
}
