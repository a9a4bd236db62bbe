//! What the two people of the story have: what lies in `test/user1` and `test/user2`, and a long film.

use std::fs;
use std::io;
use std::path::Path;

macro_rules! files {
    ($folder:literal: $($path:literal),* $(,)?) => {
        &[$(($path, include_bytes!(concat!("../../../../test/", $folder, "/share/", $path)))),*]
    };
}

/// Files below a share.
type Files = &'static [(&'static str, &'static [u8])];

pub(super) const ALICE: Files = files!("user1":
    "animals/koala.ppm",
    "animals/koala notes.txt",
    "animals/Käuzchen und 梟 🦉.txt",
    "borders/empty.dat",
    "borders/one byte.dat",
    "recipes/pancakes.md",
);
pub(super) const BOB: Files = files!("user2":
    "animals/waxwing.txt",
    "recipes/bread.md",
);

/// Puts files down.
pub(super) fn put(files: Files, folder: &Path) -> io::Result<()> {
    for (path, bytes) in files {
        let path = folder.join(path);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(path, bytes)?;
    }
    Ok(())
}

/// A file that is long enough for somebody to be interrupted.
pub(super) const FILM_BYTES: u64 = 192 << 20;
