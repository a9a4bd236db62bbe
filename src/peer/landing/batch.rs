//! The entries of one stream, on their way to their names.

use super::naming::give_name;
use super::private::Private;
use super::{LandError, Landed, Rules, Target};
use crate::crypto::UnixTime;
use crate::link::Place;
use crate::model::EntryPath;
use crate::peer::disk::{self, Handles};
use crate::seal::EntryProof;
use cap_fs_ext::{FollowSymlinks, OpenOptionsFollowExt};
use cap_std::fs::{Dir, OpenOptions};
use std::collections::BTreeSet;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::{Arc, Weak};

/// A place for the entries of one stream. Dropped, what did not land is gone.
#[derive(Debug)]
pub struct Batch {
    to: Arc<Dir>,
    rules: Rules,
    targets: Vec<Target>,
    handles: Handles,
    private: Private,
}

impl Batch {
    pub(super) fn new(to: Arc<Dir>, rules: Rules, targets: Vec<Target>) -> io::Result<Self> {
        let private = Private::new(&to)?;
        Ok(Self { to, rules, targets, handles: Handles::default(), private })
    }

    /// The way in for a stream. It does not keep the batch: threads that carried a stream may outlive it
    /// for a moment, and what did not land is gone with its owner.
    pub fn door(self: &Arc<Self>) -> Arc<dyn Place> {
        Arc::new(Door(Arc::downgrade(self)))
    }

    /// Gives names to the files that are proven, and makes them durable. What each of them came to
    /// stands in the order of the proofs. Blocks.
    ///
    /// All files are written out before the first gets its name, and all folders before this returns.
    pub fn land(
        &self,
        proofs: &[EntryProof],
        now: UnixTime,
    ) -> io::Result<Vec<Result<Landed, LandError>>> {
        let ready: Vec<_> = proofs.iter().map(|proof| self.make_ready(proof, now)).collect();
        self.sync_files(proofs)?;
        let mut touched = BTreeSet::new();
        let land =
            |(proof, ready): (_, Result<_, _>)| ready.and_then(|()| self.name(proof, &mut touched));
        let landed = proofs.iter().zip(ready).map(land).collect();
        self.sync_folders(&touched)?;
        Ok(landed)
    }

    /// Gives a file the mode and the time that it will have.
    fn make_ready(&self, proof: &EntryProof, now: UnixTime) -> Result<(), LandError> {
        let (number, entry) = (proof.number(), proof.entry());
        let target = self.target(number).map_err(|_| LandError::Proof)?;
        if target.size != entry.size() {
            return Err(LandError::Proof);
        }
        let file = self.part(number)?;
        if file.metadata()?.len() != target.size {
            return Err(LandError::Proof);
        }
        let is_program = self.rules.programs && entry.is_executable();
        set_mode(&file, if is_program { 0o755 } else { 0o644 } & self.private.allowed)?;
        file.set_modified(entry.modified().clamped(now).to_system())?;
        Ok(())
    }

    fn name<'s>(
        &'s self,
        proof: &EntryProof,
        touched: &mut BTreeSet<&'s str>,
    ) -> Result<Landed, LandError> {
        let target = self.target(proof.number()).map_err(|_| LandError::Proof)?;
        let path = &target.path;
        let walked = disk::walk_making(&self.to, path, |folder| {
            touched.insert(folder);
        });
        let (folder, name) = walked.map_err(LandError::from_step)?;
        let part = (&self.private.dir, &*proof.number().to_string());
        let landed = give_name(part, (&folder, name), proof.content(), self.rules.overwrite)?;
        touched.insert(folder_of(path));
        Ok(landed)
    }

    fn target(&self, number: u32) -> io::Result<&Target> {
        let target = usize::try_from(number).ok().and_then(|number| self.targets.get(number));
        target.ok_or_else(|| io::ErrorKind::InvalidInput.into())
    }

    /// The file of an entry, made if nothing came for it yet.
    fn part(&self, number: u32) -> io::Result<Arc<File>> {
        self.handles.get(number, || self.open_part(number))
    }

    fn open_part(&self, number: u32) -> io::Result<File> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).follow(FollowSymlinks::No);
        #[cfg(unix)]
        cap_std::fs::OpenOptionsExt::mode(&mut options, 0o600);
        Ok(self.private.dir.open_with(number.to_string(), &options)?.into_std())
    }

    /// One call for all of them, where there is one: a thousand small files are one wait for the disk.
    fn sync_files(&self, proofs: &[EntryProof]) -> io::Result<()> {
        if proofs.len() > WORTH_ONE_SYNC && sync_all_at_once(&self.private.lock)? {
            return Ok(());
        }
        proofs.iter().try_for_each(|proof| match self.target(proof.number()) {
            Ok(_) => self.part(proof.number())?.sync_all(),
            Err(_) => Ok(()),
        })
    }

    fn sync_folders(&self, touched: &BTreeSet<&str>) -> io::Result<()> {
        if touched.len() > WORTH_ONE_SYNC && sync_all_at_once(&self.private.lock)? {
            return Ok(());
        }
        touched.iter().try_for_each(|folder| match EntryPath::parse(folder) {
            Ok(path) => {
                let (above, name) = disk::walk(&self.to, &path)?;
                disk::sync_folder(&cap_fs_ext::DirExt::open_dir_nofollow(&*above, name)?)
            }
            Err(_) => disk::sync_folder(&self.to),
        })
    }
}

impl Place for Batch {
    fn put(&self, entry: u32, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let target = self.target(entry)?;
        let end = offset.checked_add(bytes.len() as u64);
        if end.is_none_or(|end| end > target.size) {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        // Of many small files, none has to stay open.
        match bytes.len() as u64 == target.size {
            true => self.open_part(entry)?.write_all_at(bytes, offset),
            false => self.part(entry)?.write_all_at(bytes, offset),
        }
    }
}

struct Door(Weak<Batch>);

impl Place for Door {
    fn put(&self, entry: u32, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let batch = self.0.upgrade().ok_or(io::ErrorKind::BrokenPipe)?;
        batch.put(entry, offset, bytes)
    }
}

/// The folder that a file lies in; the destination itself is called nothing.
fn folder_of(path: &EntryPath) -> &str {
    path.as_str().rsplit_once('/').map_or("", |(folder, _)| folder)
}

#[cfg(unix)]
fn set_mode(file: &File, mode: u32) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(PermissionsExt::from_mode(mode))
}

#[cfg(not(unix))]
fn set_mode(_: &File, _: u32) -> io::Result<()> {
    Ok(())
}

/// Writes out all of a file's file system. What failed to be written since the file was opened is
/// told here too, so it is one that was opened before all others.
#[cfg(target_os = "linux")]
fn sync_all_at_once(file: &File) -> io::Result<bool> {
    rustix::fs::syncfs(file)?;
    Ok(true)
}

#[cfg(not(target_os = "linux"))]
fn sync_all_at_once(_: &File) -> io::Result<bool> {
    Ok(false)
}

/// So many waits for the disk are as bad as one for everything on it.
const WORTH_ONE_SYNC: usize = 16;
