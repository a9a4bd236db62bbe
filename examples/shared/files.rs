//! Files as a stream's source, and a folder as its sink.

use crate::home::about;
use std::error::Error;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use waxwing::link::Destination;
use waxwing::model::content::ReadAt;
use waxwing::model::{Entry, EntryPath, Modified};
use waxwing::seal::{Manifest, ManifestEntry, Sink, Source};

/// Open files, and what each was like when it was listed.
pub(crate) struct Files(Vec<(File, fs::Metadata)>);

pub(crate) fn open_sources(
    paths: &[PathBuf],
) -> Result<(Files, Vec<ManifestEntry>), Box<dyn Error>> {
    let (mut files, mut listed) = (Vec::new(), Vec::new());
    for path in paths {
        // Asked before it is opened: opening a pipe waits for somebody to write into it.
        if !fs::metadata(path).map_err(about(path))?.is_file() {
            return Err(format!("{}: not a regular file", path.display()).into());
        }
        let file = File::open(path).map_err(about(path))?;
        let metadata = file.metadata().map_err(about(path))?;
        let name = path.file_name().and_then(|name| name.to_str());
        let name = name.ok_or_else(|| about(path)("its name is not in UTF-8"))?;
        let modified = Modified::from_system(metadata.modified()?);
        let entry = Entry::new(EntryPath::parse(name)?, metadata.len(), modified)?;
        if listed.iter().any(|other: &ManifestEntry| other.entry.path() == entry.path()) {
            let path = path.display();
            return Err(format!("{path}: another file of this name is named before it").into());
        }
        listed.push(ManifestEntry::whole(entry));
        files.push((file, metadata));
    }
    Ok((Files(files), listed))
}

impl Folder {
    pub(crate) fn at(path: PathBuf) -> Self {
        Self { path, files: Vec::new() }
    }

    fn unproven(&self) -> PathBuf {
        self.path.with_extension("part")
    }

    /// Gives the folder its name, in the place of one that was there before.
    pub(crate) fn publish(&self) -> Result<(), String> {
        remove(&self.path).map_err(about(&self.path))?;
        fs::rename(self.unproven(), &self.path).map_err(about(&self.path))
    }
}

fn remove(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

impl Source for Files {
    fn read(&self, entry: u32, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        ReadAt::read_exact_at(&self.0[entry as usize].0, buffer, offset)
    }

    fn is_unchanged(&self, entry: u32) -> io::Result<bool> {
        let (file, before) = &self.0[entry as usize];
        let now = file.metadata()?;
        Ok(now.len() == before.len() && now.modified()? == before.modified()?)
    }
}

/// A folder that files are written to, each created new. It has a private name until everything in
/// it is proven.
pub(crate) struct Folder {
    pub(crate) path: PathBuf,
    files: Vec<File>,
}

impl Sink for Folder {
    fn begin(&mut self, manifest: &Manifest) -> io::Result<()> {
        remove(&self.unproven())?;
        fs::create_dir_all(self.unproven())?;
        let path = |listed: &ManifestEntry| self.unproven().join(listed.entry.path().to_relative());
        self.files = manifest
            .entries()
            .iter()
            .map(|e| File::create_new(path(e)))
            .collect::<Result<_, _>>()?;
        Ok(())
    }

    fn write(&mut self, entry: u32, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.put(entry, offset, bytes)
    }
}

impl Destination for Folder {
    fn put(&self, entry: u32, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let written = self.files[entry as usize].write_all_at(bytes, offset);
        written.map_err(|error| io::Error::other(about(&self.path)(error)))
    }
}

impl Drop for Folder {
    /// What is not proven is of no use, and may fill a disk.
    fn drop(&mut self) {
        let _ = remove(&self.unproven());
    }
}
