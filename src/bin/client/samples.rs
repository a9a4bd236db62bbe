//! Files to try things with that are too large to be kept with the sources. They are the same every time.

use std::fs::{self, File};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::Path;

/// A byte more than a chunk holds, and a film of some megabytes whose end is on no border.
const SAMPLES: [(&str, u64); 2] =
    [("borders/a chunk and a byte.dat", 256 * 1024 + 1), ("films/film.bin", (6 << 20) + 5)];

/// Puts them into a folder, where nothing is in their place.
pub(crate) fn put(folder: &Path) -> io::Result<()> {
    for (name, length) in SAMPLES {
        let path = folder.join(name);
        if fs::symlink_metadata(&path).is_err_and(|error| error.kind() == ErrorKind::NotFound) {
            write(&path, length)?;
        }
    }
    Ok(())
}

/// Writes a file of this length, whole or not at all.
pub(crate) fn write(path: &Path, length: u64) -> io::Result<()> {
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else { return Ok(()) };
    fs::create_dir_all(folder)?;
    let head = format!(".{}.", name.to_string_lossy());
    sweep(folder, &head);
    let number = RandomState::new().build_hasher().finish();
    let part = folder.join(format!("{head}{number:016x}{TAIL}"));
    let file = File::create_new(&part)?;
    // While it is locked nobody sweeps it away; not every file system can do that.
    let _ = file.lock();
    let written = fill(&file, length).and_then(|()| fs::rename(&part, path));
    if written.is_err() {
        let _ = fs::remove_file(&part);
    }
    written
}

/// Removes what programs left that were ended at it.
fn sweep(folder: &Path, head: &str) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let number = name.strip_prefix(head).and_then(|rest| rest.strip_suffix(TAIL));
        let is_ours =
            number.is_some_and(|it| it.len() == 16 && u64::from_str_radix(it, 16).is_ok());
        if is_ours && File::open(entry.path()).is_ok_and(|file| file.try_lock().is_ok()) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// Anything but zeros, which some file systems do not store.
fn fill(file: &File, length: u64) -> io::Result<()> {
    let mut out = BufWriter::with_capacity(1 << 20, file);
    let (mut number, mut left) = (0x9e37_79b9_7f4a_7c15_u64, length);
    while left > 0 {
        number ^= number << 13;
        number ^= number >> 7;
        number ^= number << 17;
        let bytes = number.to_le_bytes();
        let wanted = bytes.get(..usize::try_from(left).unwrap_or(bytes.len())).unwrap_or(&bytes);
        out.write_all(wanted)?;
        left = left.saturating_sub(wanted.len() as u64);
    }
    out.flush()
}

const TAIL: &str = ".part";
