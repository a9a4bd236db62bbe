//! The folder of small state files: mode 0700, each file 0600, each written wholly or not at all.
//!
//! ```text
//! write:  .NAME.new (created new) ── sync ── rename to NAME ── sync the folder
//! change: the same, while `changing` is locked, so that two programs of one person do not
//!         write over each other
//! ```

use super::HomeError;
use crate::crypto::private::{self, Exposed, Locked, only_ours, sync_folder, write_new};
use std::fs::{self, File, TryLockError};
use std::io::{self, BufRead, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;
use zeroize::Zeroizing;

/// A private folder of small files.
#[derive(Debug, Clone)]
pub(in crate::node) struct StateFolder {
    path: PathBuf,
}

/// The lines of a file, as they are read.
pub(in crate::node) type Lines = io::Split<BufReader<io::Take<File>>>;

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
        let about = fs::metadata(&self.path).map_err(at(&self.path))?;
        check_private(&self.path, &about)?;
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
        let Some((file, room)) = self.open(name, most)? else { return Ok(None) };
        // Room is taken once: a secret that grows leaves copies behind.
        let mut bytes = Zeroizing::new(Vec::with_capacity(room));
        file.take(most).read_to_end(&mut bytes).map_err(at(&self.path.join(name)))?;
        Ok(Some(bytes))
    }

    /// The lines of such a file one by one, so that very many are not held twice, and how many bytes they have
    /// in all. Not for secrets: nothing wipes them.
    pub(in crate::node) fn lines(
        &self,
        name: &str,
        most: u64,
    ) -> Result<Option<(Lines, usize)>, HomeError> {
        let Some((file, length)) = self.open(name, most)? else { return Ok(None) };
        Ok(Some((BufReader::new(file.take(most)).split(b'\n'), length)))
    }

    /// The file, if there is one, and its length.
    fn open(&self, name: &str, most: u64) -> Result<Option<(File, usize)>, HomeError> {
        let path = self.path.join(name);
        let file = match File::open(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            file => file.map_err(at(&path))?,
        };
        let about = file.metadata().map_err(at(&path))?;
        check_private(&path, &about)?;
        if about.len() > most {
            return Err(HomeError::Damaged { path, why: "it is longer than it may be" });
        }
        Ok(Some((file, usize::try_from(about.len()).unwrap_or_default())))
    }

    /// Replaces the file.
    pub(in crate::node) fn write(&self, name: &str, bytes: &[u8]) -> Result<(), HomeError> {
        self.replace(name, |file| file.write_all(bytes))
    }

    /// The same of bytes that are made as they are written. Not for secrets: nothing wipes what waits.
    pub(in crate::node) fn write_as_made(
        &self,
        name: &str,
        make: impl FnOnce(&mut BufWriter<&mut File>) -> io::Result<()>,
    ) -> Result<(), HomeError> {
        self.replace(name, |file| {
            let mut file = BufWriter::new(file);
            make(&mut file).and_then(|()| file.flush())
        })
    }

    fn replace(
        &self,
        name: &str,
        write: impl FnOnce(&mut File) -> io::Result<()>,
    ) -> Result<(), HomeError> {
        private::replace(&self.path, name, write).map_err(at(&self.path.join(name)))
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
                only_ours(File::options().write(true).create(true).truncate(false)).open(&path)?;
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
            let mut file = only_ours(File::options().append(true).create(true)).open(&path)?;
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
        let open = only_ours(File::options().write(true).create(true).truncate(false)).open(&path);
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
        let lock = private::lock(&path).map_err(|why| match why {
            Locked::By(by) => HomeError::InUse { path: self.path.clone(), by },
            Locked::Io(source) => HomeError::Io { path, source },
        })?;
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
    let above = private::above(path);
    fs::create_dir_all(above).map_err(at(above))?;
    match private::make_folder(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(at(path)(error)),
        Ok(()) => {
            // One may have made it in a folder that one may not read.
            let _ = sync_folder(above);
            Ok(())
        }
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

fn at(path: &Path) -> impl FnOnce(io::Error) -> HomeError {
    move |source| HomeError::Io { path: path.to_owned(), source }
}

/// Refuses what other users of the machine own or may reach.
fn check_private(path: &Path, about: &fs::Metadata) -> Result<(), HomeError> {
    private::check(about).map_err(|why| match why {
        Exposed::OtherOwner => HomeError::OtherOwner(path.to_owned()),
        Exposed::OpenToOthers { found, wanted } => {
            HomeError::OpenToOthers { path: path.to_owned(), found, wanted }
        }
    })
}

/// No file takes so long to be written.
const LONGEST_WRITE: Duration = Duration::from_secs(3600);
