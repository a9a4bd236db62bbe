//! The file that is sent, where it goes, and what reads and writes them.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;
use tempfile::TempDir;
use waxwing::crypto::{Keystream, Secret};
use waxwing::link::Destination;
use waxwing::model::content::of_file;
use waxwing::model::{ContentId, Entry, EntryPath, Modified};
use waxwing::seal::{ManifestEntry, Source};

/// What all ways of sending read and write at once.
pub(crate) const PIECE: usize = 256 * 1024;

/// A folder with a file that nothing can guess or squeeze, and room for its copy.
pub(crate) struct Files {
    folder: TempDir,
    size: u64,
}

impl Files {
    pub(crate) fn new(size: u64) -> Self {
        let files = Self { folder: folder_for(2 * size), size };
        let source = File::create(source_in(files.path())).expect("a new file");
        let (noise, mut piece) = (Keystream::new(&Secret::random(), [0; 16]), vec![0; PIECE]);
        for offset in (0..size).step_by(PIECE) {
            noise.apply(offset, &mut piece).expect("a position");
            source.write_all_at(&piece, offset).expect("room for the file");
        }
        println!("{} MiB from a file to a file in {}", size >> 20, files.path().display());
        files
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    pub(crate) fn id(&self) -> ContentId {
        of_file(&open_source(self.path()), self.size, |_| ()).expect("reads").id()
    }

    /// Ends the program unless what arrived is what was sent.
    pub(crate) fn verify(&self) {
        let arrived = File::open(target_in(self.path())).expect("a file arrived");
        let arrived = of_file(&arrived, self.size, |_| ()).expect("reads").id();
        assert_eq!(arrived, self.id(), "another file arrived");
    }

    /// Makes room for the next copy.
    pub(crate) fn clear(&self) {
        fs::remove_file(target_in(self.path())).expect("a file arrived");
    }
}

pub(crate) fn open_source(folder: &Path) -> File {
    File::open(source_in(folder)).expect("the file to send")
}

pub(crate) fn create_target(folder: &Path) -> File {
    File::create_new(target_in(folder)).expect("a new file")
}

fn source_in(folder: &Path) -> PathBuf {
    folder.join("source")
}

fn target_in(folder: &Path) -> PathBuf {
    folder.join("target")
}

/// In memory if there is room, so that no disk is measured.
pub(crate) fn folder_for(bytes: u64) -> TempDir {
    let memory = Path::new("/dev/shm");
    let room = free(memory).is_some_and(|free| free > bytes + bytes / 4);
    if !room {
        println!("/dev/shm has no room for {} MiB: a disk is measured", bytes >> 20);
    }
    let folder = if room { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    folder.expect("a folder")
}

/// The free bytes there, as the system's own tool tells them.
pub(crate) fn free(folder: &Path) -> Option<u64> {
    let told = Command::new("df").arg("-Pk").arg(folder).output().ok()?;
    let told = String::from_utf8(told.stdout).ok()?;
    let kib: u64 = told.lines().nth(1)?.split_whitespace().nth(3)?.parse().ok()?;
    Some(kib * 1024)
}

/// A file as the only entry of a stream, read.
pub(crate) struct ReadFile {
    file: File,
    size: u64,
    modified: SystemTime,
}

impl ReadFile {
    pub(crate) fn new(file: File) -> io::Result<Self> {
        let looked = file.metadata()?;
        Ok(Self { size: looked.len(), modified: looked.modified()?, file })
    }

    pub(crate) fn listed(&self, id: Option<ContentId>) -> ManifestEntry {
        let path = EntryPath::parse("file").expect("a path");
        let modified = Modified::from_system(self.modified);
        let entry = Entry::new(path, self.size, modified).expect("an entry");
        ManifestEntry::whole(entry.with_content(id))
    }
}

impl Source for ReadFile {
    fn read(&self, _: u32, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        self.file.read_exact_at(buffer, offset)
    }

    fn is_unchanged(&self, _: u32) -> io::Result<bool> {
        let looked = self.file.metadata()?;
        Ok((looked.len(), looked.modified()?) == (self.size, self.modified))
    }
}

/// A file as the only entry of a stream, written.
pub(crate) struct WrittenFile(pub(crate) File);

impl Destination for WrittenFile {
    fn put(&self, _: u32, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.0.write_all_at(bytes, offset)
    }
}
