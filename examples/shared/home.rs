//! The folder that the example works in, one run at a time.

use std::error::Error;
use std::fmt::Display;
use std::fs::{self, File, TryLockError};
use std::io;
use std::io::{BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use waxwing::crypto::key_file::Protection;
use waxwing::crypto::key_folder::KeyFolder;
use waxwing::crypto::{Identity, UnixTime};

/// A folder that is this run's until it ends.
pub(crate) struct Home {
    path: PathBuf,
    _lock: File,
}

/// Says which file an error is about.
pub(crate) fn about<E: Display>(path: &Path) -> impl FnOnce(E) -> String {
    move |error| format!("{}: {error}", path.display())
}

/// Removes what a run left that was broken off.
fn sweep(path: &Path) -> Result<(), Box<dyn Error>> {
    for entry in fs::read_dir(path).map_err(about(path))? {
        let path = entry.map_err(about(path))?.path();
        let removed = match path.extension().is_some_and(|end| end == "part") {
            true if path.is_dir() => fs::remove_dir_all(&path),
            true => fs::remove_file(&path),
            false => Ok(()),
        };
        removed.map_err(about(&path))?;
    }
    Ok(())
}

impl Home {
    pub(crate) fn open(path: &str) -> Result<Self, Box<dyn Error>> {
        let path = PathBuf::from(path);
        fs::create_dir_all(&path).map_err(about(&path))?;
        let lock_path = path.join("lock");
        let lock = File::create(&lock_path).map_err(about(&lock_path))?;
        match lock.try_lock() {
            Ok(()) => {
                sweep(&path)?;
                Ok(Self { path, _lock: lock })
            }
            Err(TryLockError::WouldBlock) => {
                let path = path.display();
                Err(format!("{path} is in use by another run: wait until it ends").into())
            }
            Err(TryLockError::Error(error)) => Err(about(&lock_path)(error).into()),
        }
    }

    pub(crate) fn join(&self, name: impl AsRef<Path>) -> PathBuf {
        self.path.join(name)
    }

    /// A person's keys, made at first use. No passphrase: this is an example.
    pub(crate) fn person(&self, name: &str, now: UnixTime) -> Result<Identity, Box<dyn Error>> {
        let keys = KeyFolder::at(self.join(name));
        let path = self.join(name);
        let again = |error| format!("{error}\n(to begin anew, remove {})", path.display());
        if !path.exists() {
            println!("making keys for {name} ...");
            return Ok(keys.create(Protection::NoneAsked, now)?);
        }
        Ok(keys.open(Protection::NoneAsked, now).map_err(again)?)
    }

    /// Writes a file under a private name, and gives it its own when it is whole.
    pub(crate) fn write<T>(
        &self,
        name: impl AsRef<Path>,
        fill: impl FnOnce(&mut dyn Write) -> Result<T, Box<dyn Error>>,
    ) -> Result<T, Box<dyn Error>> {
        let path = self.join(name);
        let unfinished = path.with_extension("part");
        fs::create_dir_all(path.parent().unwrap_or(&self.path)).map_err(about(&path))?;
        let mut out = BufWriter::new(File::create(&unfinished).map_err(about(&unfinished))?);
        let filled = fill(&mut out).and_then(|it| {
            out.flush()?;
            Ok(it)
        });
        drop(out);
        match filled {
            Ok(it) => {
                fs::rename(&unfinished, &path).map_err(about(&path))?;
                Ok(it)
            }
            Err(error) => {
                // What is unfinished is of no use, and may be in the way of a full disk.
                let _ = fs::remove_file(&unfinished);
                // Other errors name the file that they are about.
                let is_of_the_system = error.is::<io::Error>();
                Err(if is_of_the_system { about(&path)(error).into() } else { error })
            }
        }
    }

    /// Removes a folder of an earlier run.
    pub(crate) fn remove(&self, name: &str) -> Result<(), String> {
        let path = self.join(name);
        if path.exists() { fs::remove_dir_all(&path).map_err(about(&path)) } else { Ok(()) }
    }

    pub(crate) fn read(&self, name: &str) -> Result<BufReader<File>, Box<dyn Error>> {
        let path = self.join(name);
        Ok(BufReader::new(File::open(&path).map_err(about(&path))?))
    }
}
