//! The folder of small state files: mode 0700, each file 0600, each written wholly or not at all.
//!
//! ```text
//! write:  .NAME.new (created new) ── sync ── rename to NAME ── sync the folder
//! change: the same, while `changing` is locked, so that two programs of one person do not
//!         write over each other
//! ```

use super::HomeError;
use std::fs::{self, File, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;
use zeroize::Zeroizing;

/// A private folder of small files.
#[derive(Debug, Clone)]
pub(in crate::node) struct StateFolder {
    path: PathBuf,
}

/// Held while state is changed. Two at once in one program wait for each other, too.
pub(in crate::node) struct Changing(File);

/// The home while one program shares from it, or another thing that one has at a time: until this is
/// dropped, or the program ends in any way.
#[derive(Debug)]
pub struct HomeLock(#[allow(dead_code, reason = "the open file is the lock")] File);

impl StateFolder {
    pub(in crate::node) fn at(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// Makes the folder if it is not there, and sees that it is closed to others.
    pub(in crate::node) fn make(&self) -> Result<(), HomeError> {
        make_private(&self.path)?;
        check_private(&self.path, FOLDER_MODE)?;
        self.sweep();
        Ok(())
    }

    /// Removes what programs that were killed have left of what they wrote.
    fn sweep(&self) {
        let is_left = |name: &String| name.starts_with('.') && name.ends_with(".new");
        for name in self.names().unwrap_or_default().into_iter().filter(is_left) {
            let path = self.path.join(name);
            let age = fs::symlink_metadata(&path).and_then(|about| about.modified());
            let age = age.map(|written| written.elapsed().unwrap_or_default());
            if age.is_ok_and(|age| age > LONGEST_WRITE) {
                // It harms nobody.
                let _ = fs::remove_file(&path);
            }
        }
    }

    /// A folder inside it.
    pub(in crate::node) fn inside(&self, name: &str) -> Self {
        Self::at(self.path.join(name))
    }

    pub(in crate::node) fn path(&self) -> &Path {
        &self.path
    }

    /// The file's bytes, if there is one; a file of more than so many bytes is none of ours.
    pub(in crate::node) fn read(
        &self,
        name: &str,
        most: u64,
    ) -> Result<Option<Zeroizing<Vec<u8>>>, HomeError> {
        let path = self.path.join(name);
        let file = match File::open(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            file => file.map_err(at(&path))?,
        };
        let about = file.metadata().map_err(at(&path))?;
        check_metadata(&path, &about, FILE_MODE)?;
        if about.len() > most {
            return Err(HomeError::Damaged { path, why: "it is longer than it may be" });
        }
        // Room is taken once: a secret that grows leaves copies behind.
        let room = usize::try_from(about.len()).unwrap_or_default();
        let mut bytes = Zeroizing::new(Vec::with_capacity(room));
        file.take(most).read_to_end(&mut bytes).map_err(at(&path))?;
        Ok(Some(bytes))
    }

    /// Replaces the file.
    pub(in crate::node) fn write(&self, name: &str, bytes: &[u8]) -> Result<(), HomeError> {
        let (path, beside) = (self.path.join(name), self.path.join(format!(".{name}.new")));
        // A crash may have left one; it was never read by anybody.
        let _ = fs::remove_file(&beside);
        let written = write_new(&beside, bytes).and_then(|()| fs::rename(&beside, &path));
        written.and_then(|()| sync_folder(&self.path)).map_err(at(&path))
    }

    /// Makes the file this long, and writes these bytes behind.
    pub(in crate::node) fn write_from(
        &self,
        name: &str,
        length: u64,
        bytes: &[u8],
    ) -> Result<(), HomeError> {
        let path = self.path.join(name);
        let write = || {
            let mut file =
                private(File::options().write(true).create(true).truncate(false)).open(&path)?;
            file.set_len(length)?;
            file.seek(SeekFrom::Start(length))?;
            file.write_all(bytes)?;
            file.sync_data()
        };
        write().map_err(at(&path))
    }

    /// Writes these bytes behind what is there, whatever that is.
    pub(in crate::node) fn append(&self, name: &str, bytes: &[u8]) -> Result<(), HomeError> {
        let path = self.path.join(name);
        let write = || {
            let mut file = private(File::options().append(true).create(true)).open(&path)?;
            file.write_all(bytes)?;
            file.sync_data()
        };
        write().map_err(at(&path))
    }

    /// Removes the file, if there is one.
    pub(in crate::node) fn remove(&self, name: &str) -> Result<(), HomeError> {
        let path = self.path.join(name);
        match fs::remove_file(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            removed => removed.and_then(|()| sync_folder(&self.path)).map_err(at(&path)),
        }
    }

    /// Waits until nobody else changes state here.
    pub(in crate::node) fn changing(&self) -> Result<Changing, HomeError> {
        let path = self.path.join("changing");
        let open = private(File::options().write(true).create(true).truncate(false)).open(&path);
        let file = open.map_err(at(&path))?;
        file.lock().map_err(at(&path))?;
        Ok(Changing(file))
    }

    /// The names of the files in it; none when it is not there.
    pub(in crate::node) fn names(&self) -> Result<Vec<String>, HomeError> {
        let entries = match fs::read_dir(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(at(&self.path))?,
        };
        let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        Ok(names.collect())
    }

    /// Whether a program has what this file stands for.
    pub(in crate::node) fn is_held(&self, name: &str) -> bool {
        let file = File::open(self.path.join(name));
        file.is_ok_and(|file| matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)))
    }

    /// Takes what this file stands for, unless another program has it.
    pub(in crate::node) fn hold(&self, name: &str) -> Result<HomeLock, HomeError> {
        let path = self.path.join(name);
        let open = private(File::options().read(true).write(true).create(true).truncate(false))
            .open(&path);
        let mut lock = open.map_err(at(&path))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(HomeError::InUse { path: self.path.clone(), by: holder(&mut lock) });
            }
            Err(TryLockError::Error(source)) => return Err(HomeError::Io { path, source }),
        }
        let signed = lock.set_len(0).and_then(|()| writeln!(lock, "{}", std::process::id()));
        signed.map_err(at(&path))?;
        Ok(HomeLock(lock))
    }
}

impl Drop for Changing {
    fn drop(&mut self) {
        // Closing the file unlocks it as well.
        let _ = self.0.unlock();
    }
}

/// Makes a folder that others cannot look into, if nothing is there. Folders on the way are made as
/// usual.
pub(super) fn make_private(path: &Path) -> Result<(), HomeError> {
    if let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        fs::create_dir_all(parent).map_err(at(parent))?;
    }
    #[cfg_attr(not(unix), allow(unused_mut, reason = "only unix folders have a mode"))]
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, FOLDER_MODE);
    match builder.create(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        made => made.map_err(at(path)),
    }
}

/// Writes a file that is not there yet. Gives whether it was not.
pub(super) fn write_if_none(path: &Path, bytes: &[u8]) -> Result<bool, HomeError> {
    match write_new(path, bytes) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        written => written.map(|()| true).map_err(at(path)),
    }
}

/// Writes some lines of a file of the person anew, if it is there.
pub(super) fn change_lines(
    path: &Path,
    change: impl Fn(&str) -> Option<String>,
) -> Result<(), HomeError> {
    let text = match fs::read_to_string(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        text => text.map_err(at(path))?,
    };
    let lines = text.split_inclusive('\n').map(|line| match change(line) {
        Some(changed) => changed + if line.ends_with('\n') { "\n" } else { "" },
        None => line.to_owned(),
    });
    let changed: String = lines.collect();
    if changed == text {
        return Ok(());
    }
    let beside = path.with_extension("toml.new");
    // A crash may have left one; it was never read by anybody.
    let _ = fs::remove_file(&beside);
    let written = write_new(&beside, changed.as_bytes());
    written.and_then(|()| fs::rename(&beside, path)).map_err(at(path))
}

/// Whether others can reach what is there; nothing is wrong with what is not there.
pub(super) fn check_private(path: &Path, wanted: u32) -> Result<(), HomeError> {
    match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        about => check_metadata(path, &about.map_err(at(path))?, wanted),
    }
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> HomeError {
    move |source| HomeError::Io { path: path.to_owned(), source }
}

fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = private(File::options().write(true).create_new(true)).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

fn private(options: &mut fs::OpenOptions) -> &mut fs::OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, FILE_MODE);
    options
}

/// The number of the process that holds the lock, as it wrote it there.
fn holder(lock: &mut File) -> Option<u32> {
    let mut text = String::new();
    lock.take(16).read_to_string(&mut text).ok()?;
    text.trim_end().parse().ok()
}

fn sync_folder(path: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(path)?.sync_all() } else { Ok(()) }
}

/// Refuses what other users of the machine own or may reach.
#[cfg(unix)]
fn check_metadata(path: &Path, about: &fs::Metadata, wanted: u32) -> Result<(), HomeError> {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    let found = about.permissions().mode() & 0o7777;
    if about.uid() != rustix::process::geteuid().as_raw() {
        return Err(HomeError::OtherOwner(path.to_owned()));
    }
    if found & 0o077 != 0 {
        return Err(HomeError::OpenToOthers { path: path.to_owned(), found, wanted });
    }
    Ok(())
}

/// Other systems keep a person's folders from other users by themselves.
#[cfg(not(unix))]
fn check_metadata(_: &Path, _: &fs::Metadata, _: u32) -> Result<(), HomeError> {
    Ok(())
}

pub(super) const FOLDER_MODE: u32 = 0o700;
const FILE_MODE: u32 = 0o600;
/// No file takes so long to be written.
const LONGEST_WRITE: Duration = Duration::from_secs(3600);
