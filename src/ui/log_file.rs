//! A log file that does not grow without end.

use crate::crypto::private::only_ours;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// A log file, and those before it: `server.log`, `server.log.1` and so on, the highest number the
/// oldest. Only its owner may read it.
#[derive(Debug)]
pub struct LogFile {
    path: PathBuf,
    file: File,
    bytes: u64,
    most: u64,
    files: u32,
}

impl LogFile {
    /// At most so many bytes in a file.
    pub const BYTES: u64 = 10 << 20;
    /// At most so many files.
    pub const FILES: u32 = 5;

    /// Opens a file to write on at its end, of the usual size.
    pub fn open(path: impl Into<PathBuf>) -> io::Result<Self> {
        Self::open_sized(path, Self::BYTES, Self::FILES)
    }

    /// Opens a file of at most so many bytes, of at most so many files.
    pub fn open_sized(path: impl Into<PathBuf>, most: u64, files: u32) -> io::Result<Self> {
        let path = path.into();
        let file = append(&path)?;
        let about = file.metadata()?;
        // A device or a pipe is nothing to rename.
        let most = if about.is_file() { most } else { u64::MAX };
        Ok(Self { path, file, bytes: about.len(), most, files })
    }

    /// Writes a line; before it, the next file begins if this one would become too long.
    pub fn write(&mut self, line: &str) -> io::Result<()> {
        let more = u64::try_from(line.len()).unwrap_or(u64::MAX).saturating_add(1);
        if self.bytes > 0 && self.bytes.saturating_add(more) > self.most {
            self.begin_next()?;
        }
        self.file.write_all(format!("{line}\n").as_bytes())?;
        self.bytes = self.bytes.saturating_add(more);
        Ok(())
    }

    fn begin_next(&mut self) -> io::Result<()> {
        if !self.is_current()? {
            self.file = append(&self.path)?;
            self.bytes = self.file.metadata()?.len();
            return Ok(());
        }
        for number in (1..self.files).rev() {
            let (from, to) = (self.numbered(number.saturating_sub(1)), self.numbered(number));
            match fs::rename(from, to) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        if self.files <= 1 {
            fs::remove_file(&self.path)?;
        }
        self.file = append(&self.path)?;
        self.bytes = 0;
        Ok(())
    }

    /// Whether no other program that writes it has begun the next one.
    #[cfg(unix)]
    fn is_current(&self) -> io::Result<bool> {
        use std::os::unix::fs::MetadataExt;
        let number = |about: fs::Metadata| (about.dev(), about.ino());
        match fs::metadata(&self.path) {
            Ok(about) => Ok(number(about) == number(self.file.metadata()?)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    #[cfg(not(unix))]
    fn is_current(&self) -> io::Result<bool> {
        Ok(true)
    }

    fn numbered(&self, number: u32) -> PathBuf {
        if number == 0 {
            return self.path.clone();
        }
        let mut name = OsString::from(&self.path);
        name.push(format!(".{number}"));
        name.into()
    }
}

fn append(path: &Path) -> io::Result<File> {
    let file = only_ours(File::options().append(true).create(true)).open(path)?;
    #[cfg(unix)]
    if file.metadata()?.is_file() {
        file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    }
    Ok(file)
}
