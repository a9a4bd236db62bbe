//! What is one user's of this machine alone: folders of mode 0700, files of mode 0600, and locks.
//!
//! A person and an index keep keys, state and data alike, and their rooms have no door between them.
//! What the system says comes out as it is: each room says in its own words what could not be used.

use std::fs::{DirBuilder, File, Metadata, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::path::Path;

/// Why something is not taken for one user's alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exposed {
    /// It belongs to another user of the machine.
    OtherOwner,
    /// Others may reach it.
    OpenToOthers {
        /// Its mode.
        found: u32,
        /// The mode that it should have.
        wanted: u32,
    },
}

/// Refuses what other users of the machine own or may reach.
#[cfg(unix)]
pub(crate) fn check(about: &Metadata) -> Result<(), Exposed> {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    let found = about.permissions().mode() & 0o7777;
    if about.uid() != rustix::process::geteuid().as_raw() {
        return Err(Exposed::OtherOwner);
    }
    if found & 0o077 != 0 {
        let wanted = if about.is_dir() { FOLDER_MODE } else { FILE_MODE };
        return Err(Exposed::OpenToOthers { found, wanted });
    }
    Ok(())
}

/// Other systems keep a person's folders from other users by themselves.
#[cfg(not(unix))]
pub(crate) fn check(_: &Metadata) -> Result<(), Exposed> {
    Ok(())
}

/// Makes a folder where nothing is yet.
pub(crate) fn make_folder(path: &Path) -> io::Result<()> {
    #[cfg_attr(not(unix), allow(unused_mut, reason = "only unix folders have a mode"))]
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, FOLDER_MODE);
    builder.create(path)
}

/// The folder in which something is to be.
pub(crate) fn above(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// What is made in this way is for our eyes only.
pub(crate) fn only_ours(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, FILE_MODE);
    options
}

/// A file that is not there yet.
pub(crate) fn new_file(path: &Path) -> io::Result<File> {
    only_ours(File::options().write(true).create_new(true)).open(path)
}

/// Writes a file that is not there yet, and leaves nothing of it when that fails.
pub(crate) fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    write_new_with(path, |file| file.write_all(bytes))
}

/// The same of bytes that are made as they are written.
pub(crate) fn write_new_with(
    path: &Path,
    write: impl FnOnce(&mut File) -> io::Result<()>,
) -> io::Result<()> {
    let mut file = new_file(path)?;
    let written = write(&mut file).and_then(|()| file.sync_all());
    if written.is_err() {
        let _ = std::fs::remove_file(path);
    }
    written
}

/// Replaces a file of a folder, wholly or not at all: `.NAME.new` is written and gets the name.
pub(crate) fn replace(
    folder: &Path,
    name: &str,
    write: impl FnOnce(&mut File) -> io::Result<()>,
) -> io::Result<()> {
    let beside = folder.join(format!(".{name}.new"));
    // A crash may have left one; it was never read by anybody.
    let _ = std::fs::remove_file(&beside);
    write_new_with(&beside, write)?;
    std::fs::rename(&beside, folder.join(name))?;
    sync_folder(folder)
}

/// Sees that what was made or moved in a folder is there after a crash.
pub(crate) fn sync_folder(path: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(path)?.sync_all() } else { Ok(()) }
}

/// Why a lock is not had.
#[derive(Debug)]
pub(crate) enum Locked {
    /// Another program has it: the number of its process, if it could be read.
    By(Option<u32>),
    /// The system refused.
    Io(io::Error),
}

/// Takes the lock that this file is, and writes the number of our process there. It is ours until the
/// file is closed, or the program ends in any way.
pub(crate) fn lock(path: &Path) -> Result<File, Locked> {
    let mut options = File::options();
    options.read(true).write(true).create(true).truncate(false);
    let mut lock = only_ours(&mut options).open(path).map_err(Locked::Io)?;
    match lock.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Err(Locked::By(holder(&mut lock))),
        Err(TryLockError::Error(error)) => return Err(Locked::Io(error)),
    }
    let signed = lock.set_len(0).and_then(|()| writeln!(lock, "{}", std::process::id()));
    signed.map_err(Locked::Io)?;
    Ok(lock)
}

/// The number of the process that holds the lock, as it wrote it there.
fn holder(lock: &mut File) -> Option<u32> {
    let mut text = String::new();
    lock.take(16).read_to_string(&mut text).ok()?;
    text.trim_end().parse().ok()
}

#[cfg(unix)]
const FOLDER_MODE: u32 = 0o700;
#[cfg(unix)]
const FILE_MODE: u32 = 0o600;
