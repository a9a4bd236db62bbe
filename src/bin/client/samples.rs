//! Files to try things with that are too large to be kept with the sources. They are the same every time.

use std::fs::{self, File};
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

/// Writes a file of this length, whole or not at all: anything but zeros, which some file systems do
/// not store.
pub(crate) fn write(path: &Path, length: u64) -> io::Result<()> {
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else { return Ok(()) };
    fs::create_dir_all(folder)?;
    let part = folder.join(format!(".{}.part", name.to_string_lossy()));
    let mut out = BufWriter::with_capacity(1 << 20, File::create(&part)?);
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
    out.into_inner().map_err(io::Error::from)?;
    fs::rename(part, path)
}
