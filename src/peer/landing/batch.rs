//! The entries of one stream, on their way to their names.

use super::gathered::Gathered;
use super::journal::{Head, Held, Lost, Parts};
use super::keeper::{self, Keeper, WORTH_ONE_SYNC};
use super::naming::give_name;
use super::private::Private;
use super::reading::{Pieced, Reading, parts_of};
use super::rebase;
use super::staying::Outcome;
use super::targets::{Aim, Targets};
use super::{LandError, Landed, Look, Rules, is_no_folder};
use crate::crypto::UnixTime;
use crate::link::{Destination, Word};
use crate::model::content::{LeafList, PieceMerger};
use crate::model::{EntryPath, Ranges};
use crate::peer::disk::{self, Handles, Walker};
use crate::seal::{EntryProof, Passed, VerifiedSegment};
use cap_fs_ext::{FollowSymlinks, OpenOptionsFollowExt};
use cap_std::fs::{Dir, OpenOptions};
use std::collections::BTreeSet;
use std::fs::File;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

/// A place for the entries of one stream. Dropped, what did not land is gone.
#[derive(Debug)]
pub struct Batch {
    to: Arc<Dir>,
    rules: Rules,
    targets: Targets,
    /// Those that came in one piece and look as they will.
    ready: Vec<AtomicBool>,
    handles: Handles,
    /// Who writes a chunk of a large file: one at a time, since most chunks of a stream that come at once are of
    /// one file, into which the system lets one thread. Who waits for that there may keep a core busy.
    writing: Mutex<()>,
    private: Arc<Private>,
    keeper: Mutex<Option<Keeper>>,
    /// Of what parts are kept.
    head: Arc<Head>,
    /// The numbers of the parts that are worth keeping, in order.
    kept: Vec<u32>,
    /// How long the journal was when it began: what it says of earlier tries.
    earlier: AtomicU64,
    /// Of entries that are pieced together, what there is.
    pieced: Arc<Pieced>,
    /// What was here before is read meanwhile.
    reading: Option<Reading>,
}

impl Batch {
    pub(super) fn new(
        to: Arc<Dir>,
        rules: Rules,
        targets: Targets,
        gathered: Gathered,
    ) -> io::Result<Self> {
        let Gathered { private, pieced, reading, head } = gathered;
        let private = match private {
            Some(private) => private,
            None => Arc::new(Private::new(&to)?),
        };
        let (handles, ready) =
            (Handles::default(), (0..targets.count()).map(|_| false.into()).collect());
        let mut kept: Vec<u32> = head.iter().map(|sought| sought.slot).collect();
        kept.sort_unstable();
        let head = Arc::new(head);
        let keeper = (!kept.is_empty()).then(|| Keeper::start(&private, Arc::clone(&head)));
        let (keeper, earlier) = (Mutex::new(keeper), AtomicU64::new(keeper::length(&private)));
        Ok(Self {
            to,
            rules,
            targets,
            ready,
            handles,
            writing: Mutex::default(),
            private,
            keeper,
            head,
            kept,
            earlier,
            pieced,
            reading,
        })
    }

    /// What came now is worth nothing: its sender is not to be believed. What was here before stays, in
    /// the bytes that nobody was asked for. Blocks.
    pub fn discard(&self) {
        self.take_keeper().map(Keeper::stop);
        let earlier = self.earlier.load(Ordering::Relaxed);
        let is_kept = earlier > 0 && keeper::take_back(&self.private, earlier).is_ok();
        if !is_kept {
            self.private.remove();
        }
    }

    /// What passed until now is right, whatever becomes of the streams that carried it. The word is for
    /// whoever sent it, when it is held.
    pub(crate) fn hold(&self, word: Option<Word>) {
        let keeper = self.keeper.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(keeper) = keeper.as_ref() {
            keeper.verified(word);
        }
    }

    /// No more comes. What verified is held, for a later try. Blocks.
    pub fn break_off(&self) {
        self.take_keeper().into_iter().for_each(Keeper::finish);
    }

    /// What an entry of which only parts came merges to, those that were here before among them, when
    /// all of these were read. Blocks.
    pub(crate) fn merger(&self, number: u32) -> Option<PieceMerger> {
        self.lost();
        let Aim { slot, size, .. } = self.target(number).ok()?;
        let pieced = parts_of(&self.pieced);
        let parts = pieced.get(&slot)?;
        parts.merger(&*self.part(number).ok()?, size).ok()
    }

    /// What was said to be here before, and is not. Waits until all is read.
    fn lost(&self) -> Vec<Lost> {
        self.reading.as_ref().map(Reading::end).unwrap_or_default()
    }

    /// Keeps of an entry only the leaves of this list, those of what it was before among them, and gives
    /// what is missing. From now on it is known what of it there is. To be done before anything comes.
    /// Blocks.
    pub(crate) fn keep_those_of(&self, number: u32, list: &LeafList) -> io::Result<Ranges> {
        let Aim { slot, size, .. } = self.target(number)?;
        if parts_of(&self.pieced).get(&slot).is_none_or(Parts::is_empty) {
            let ours = (&*self.private, &*self.head);
            // What cannot be had of it comes again.
            let before = rebase::take_over(&self.to, ours, (slot, list)).unwrap_or_default();
            parts_of(&self.pieced).insert(slot, before);
            self.earlier.store(keeper::length(&self.private), Ordering::Relaxed);
        }
        let mut pieced = parts_of(&self.pieced);
        let parts = pieced.entry(slot).or_default();
        let mut lost = Vec::new();
        parts.leaves.retain(|number, leaf| {
            let is_right = list.has(*number, *leaf);
            if !is_right {
                lost.push(Lost { entry: slot, number: *number });
            }
            is_right
        });
        let (missing, is_empty) = (parts.missing(size), parts.is_empty());
        drop(pieced);
        if !lost.is_empty() {
            // What still is said is compared again the next time.
            let _ = keeper::append_lost(&self.private, &lost);
            self.earlier.store(keeper::length(&self.private), Ordering::Relaxed);
            if is_empty {
                self.private.forget();
            }
        }
        Ok(missing)
    }

    fn take_keeper(&self) -> Option<Keeper> {
        self.keeper.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// The way in for a stream. It does not keep the batch: threads that carried a stream may outlive it
    /// for a moment, and what did not land is gone with its owner.
    pub fn door(self: &Arc<Self>) -> Arc<dyn Destination> {
        Arc::new(Door(Arc::downgrade(self)))
    }

    /// Gives names to the files that are proven, and makes them durable. What each of them came to
    /// stands in the order of the proofs. Blocks.
    ///
    /// All files are written out before the first gets its name, and all folders before this returns.
    /// What is proven and gets no name, or none that is durable, is held for a later try, if its parts
    /// are kept at all.
    pub fn land(
        &self,
        proofs: &[EntryProof],
        now: UnixTime,
    ) -> io::Result<Vec<Result<Landed, LandError>>> {
        self.land_after(proofs, now, || ())
    }

    /// The same; when all files are written out, this is done before the first of them gets its name.
    pub(crate) fn land_after(
        &self,
        proofs: &[EntryProof],
        now: UnixTime,
        before_names: impl FnOnce(),
    ) -> io::Result<Vec<Result<Landed, LandError>>> {
        let unsaid = self.take_keeper().map(Keeper::stop).unwrap_or_default();
        let ready: Vec<_> = proofs.iter().map(|proof| self.make_ready(proof, now)).collect();
        self.sync_files(proofs)?;
        before_names();
        let (mut touched, mut walker) = (BTreeSet::new(), Walker::from(&self.to));
        let land = |(proof, ready): (_, Result<_, _>)| {
            ready.and_then(|()| self.name(proof, &mut walker, &mut touched))
        };
        let landed: Vec<_> = proofs.iter().zip(ready).map(land).collect();
        self.sync_folders(&touched)?;
        self.hold_the_rest(proofs, &landed, unsaid);
        Ok(landed)
    }

    /// What has no name and is [worth it](Outcome::staying) stays, and nothing else. The journal says too much
    /// of what has its name: what is said and not there is passed over.
    fn hold_the_rest(
        &self,
        proofs: &[EntryProof],
        landed: &[Result<Landed, LandError>],
        mut unsaid: Vec<Held>,
    ) {
        let mut lost = self.lost();
        let slot = |proof: &EntryProof| self.target(proof.number()).ok().map(|aim| aim.slot);
        let proven = proofs.iter().zip(landed).filter_map(|(it, landed)| Some((slot(it)?, landed)));
        let pieced = parts_of(&self.pieced);
        let outcome = Outcome {
            proven: proven.collect(),
            coming: self.targets.iter().map(|aim| aim.slot).collect(),
            kept: &self.kept,
            pieced: &pieced,
        };
        let staying = outcome.staying(&mut lost);
        drop(pieced);
        if staying.is_empty() {
            return self.private.remove();
        }
        for aim in self.targets.iter().filter(|aim| !staying.contains(&aim.slot)) {
            // Most are not there any more.
            let _ = self.private.dir.remove_file(aim.slot.to_string());
        }
        unsaid.retain(|held| staying.contains(&held.entry()));
        // On a full disk, what was said before is held.
        let _ = keeper::write(&self.private, &self.head, &unsaid, &mut BTreeSet::new());
        let _ = keeper::append_lost(&self.private, &lost);
    }

    /// Gives a file the mode and the time that it will have, unless it came with them.
    fn make_ready(&self, proof: &EntryProof, now: UnixTime) -> Result<(), LandError> {
        let number = proof.number();
        let target = self.target(number).map_err(|_| LandError::Proof)?;
        if target.size != proof.content().size() {
            return Err(LandError::Proof);
        }
        let look = Look::proven(proof, now);
        if self.is_ready(number) && target.look == Some(look) {
            return Ok(());
        }
        match self.give_look(&*self.part(number)?, target.size, look)? {
            true => Ok(()),
            false => Err(LandError::Proof),
        }
    }

    fn is_ready(&self, number: u32) -> bool {
        let ready = usize::try_from(number).ok().and_then(|number| self.ready.get(number));
        ready.is_some_and(|ready| ready.load(Ordering::Acquire))
    }

    /// Says whether the file has all its bytes; if not, it stays as it is.
    fn give_look(&self, file: &File, size: u64, look: Look) -> io::Result<bool> {
        if file.metadata()?.len() != size {
            return Ok(false);
        }
        let is_program = self.rules.programs && look.is_program;
        set_mode(file, if is_program { 0o755 } else { 0o644 } & self.private.allowed)?;
        file.set_modified(look.modified.to_system())?;
        Ok(true)
    }

    /// Of many small files, none has to stay open, and none is opened again.
    fn put_whole(&self, entry: u32, target: Aim<'_>, bytes: &[u8]) -> io::Result<()> {
        let file = self.open_part(entry)?;
        disk::write_all_at(&file, bytes, 0)?;
        let number = usize::try_from(entry).ok();
        if let (Some(look), Some(ready)) = (target.look, number.and_then(|n| self.ready.get(n))) {
            // What fails here fails again when it is to get its name, and is told then.
            let is_ready = self.give_look(&file, target.size, look).unwrap_or_default();
            ready.store(is_ready, Ordering::Release);
        }
        Ok(())
    }

    fn put_chunk(&self, entry: u32, bytes: &[u8], offset: u64) -> io::Result<()> {
        let file = self.part(entry)?;
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        disk::write_all_at(&file, bytes, offset)
    }

    fn name<'s>(
        &'s self,
        proof: &EntryProof,
        walker: &mut Walker<'_, 's>,
        touched: &mut BTreeSet<&'s str>,
    ) -> Result<Landed, LandError> {
        let Aim { slot, path, .. } = self.target(proof.number()).map_err(|_| LandError::Proof)?;
        let walked = walker.walk(path, |folder| {
            touched.insert(folder);
        });
        let to = walked.map_err(LandError::from_step)?;
        let part = (&self.private.dir, &*slot.to_string());
        let landed = give_name(part, to, proof.content(), self.rules.overwrite)?;
        touched.insert(folder_of(path));
        Ok(landed)
    }

    fn target(&self, number: u32) -> io::Result<Aim<'_>> {
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
        let Aim { slot, .. } = self.target(number)?;
        Ok(self.private.dir.open_with(slot.to_string(), &options)?.into_std())
    }

    /// One call for all of them, where there is one: a thousand small files are one wait for the disk.
    fn sync_files(&self, proofs: &[EntryProof]) -> io::Result<()> {
        if proofs.len() > WORTH_ONE_SYNC && self.private.sync_all_at_once()? {
            return Ok(());
        }
        proofs.iter().try_for_each(|proof| match self.target(proof.number()) {
            Ok(_) => {
                let part = self.part(proof.number())?;
                self.private.write_out(|| part.sync_all())
            }
            Err(_) => Ok(()),
        })
    }

    fn sync_folders(&self, touched: &BTreeSet<&str>) -> io::Result<()> {
        if touched.len() > WORTH_ONE_SYNC && self.private.sync_all_at_once()? {
            return Ok(());
        }
        for folder in touched {
            match self.sync_one(folder) {
                // Somebody has moved it, with what landed in it: it is written out wherever it is.
                Err(error) if error.kind() == io::ErrorKind::NotFound || is_no_folder(&error) => {
                    self.private.sync_all_at_once()?;
                }
                synced => synced?,
            }
        }
        Ok(())
    }

    fn sync_one(&self, folder: &str) -> io::Result<()> {
        let Ok(path) = EntryPath::parse(folder) else { return disk::sync_folder(&self.to) };
        let (above, name) = disk::walk(&self.to, &path)?;
        disk::sync_folder(&cap_fs_ext::DirExt::open_dir_nofollow(&*above, name)?)
    }
}

impl Destination for Batch {
    fn put(&self, entry: u32, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let target = self.target(entry)?;
        let end = offset.checked_add(bytes.len() as u64);
        if end.is_none_or(|end| end > target.size) {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        // What would not land need not come.
        self.private.demand_written()?;
        match bytes.len() as u64 == target.size {
            true => self.put_whole(entry, target, bytes),
            false => self.put_chunk(entry, bytes, offset),
        }
    }

    fn passed(&self, passed: Passed) {
        let entry = match &passed {
            Passed::Leaf(leaf) => leaf.entry,
            Passed::Small { entry, .. } => *entry,
        };
        let Ok(Aim { slot, .. }) = self.target(entry) else { return };
        if let Passed::Leaf(leaf) = &passed
            && let Some(parts) = parts_of(&self.pieced).get_mut(&slot)
        {
            parts.leaves.insert(leaf.number, leaf.leaf);
        }
        let keeper = self.keeper.lock().unwrap_or_else(PoisonError::into_inner);
        if let (Some(keeper), Ok(_)) = (&*keeper, self.kept.binary_search(&slot)) {
            keeper.passed(Held::of(passed, slot));
        }
    }

    /// After the last segment nothing is missing: it lands now, and nobody waits for the journal.
    fn verified(&self, segment: &VerifiedSegment, word: Word) {
        let keeper = self.keeper.lock().unwrap_or_else(PoisonError::into_inner);
        match keeper.as_ref() {
            Some(keeper) if segment.is_final => keeper.tell_all(),
            Some(keeper) => keeper.verified(Some(word)),
            None => {}
        }
    }
}

struct Door(Weak<Batch>);

impl Destination for Door {
    fn put(&self, entry: u32, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let batch = self.0.upgrade().ok_or(io::ErrorKind::BrokenPipe)?;
        batch.put(entry, offset, bytes)
    }

    fn passed(&self, passed: Passed) {
        if let Some(batch) = self.0.upgrade() {
            batch.passed(passed);
        }
    }

    fn verified(&self, segment: &VerifiedSegment, word: Word) {
        if let Some(batch) = self.0.upgrade() {
            batch.verified(segment, word);
        }
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
