//! A disk that takes nothing for a while costs no more than that while.

#![allow(clippy::unwrap_used, reason = "a test")]

use super::*;
use crate::model::{Content, EntryPath};
use crate::peer::landing::journal::{Origin, Sought};
use cap_std::ambient_authority;
use cap_std::fs::Dir;
use tempfile::TempDir;

fn held(entry: u32) -> Held {
    Held::Small { entry, id: Content::of(&entry.to_be_bytes()).id() }
}

/// A private folder with two parts, and what keeps its journal.
struct Kept {
    private: Private,
    head: Head,
    shared: Shared,
    _folder: TempDir,
}

impl Kept {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let parent = Arc::new(Dir::open_ambient_dir(folder.path(), ambient_authority()).unwrap());
        let private = Private::new(&parent).unwrap();
        let entries = (0..2).map(|slot| {
            let (path, content) = (EntryPath::parse("koala").unwrap(), Content::of(b"koala"));
            private.dir.write(slot.to_string(), b"").unwrap();
            Sought { slot, path, of: Origin::Content(content) }
        });
        let head = Head::Listed(entries.collect());
        let shared = Shared { state: Mutex::default(), bell: Condvar::new() };
        Self { private, head, shared, _folder: folder }
    }

    /// Says whether it failed.
    fn keep(&self, entry: u32) -> bool {
        let mut state = self.shared.state();
        state.passed.push(held(entry));
        (state.verified, state.is_over) = (state.passed.len(), true);
        drop(state);
        self.shared.keep(&self.private, &self.head);
        self.shared.state().has_failed
    }
}

#[test]
fn what_could_not_be_written_is_with_the_next_segment() {
    let kept = Kept::new();
    let Kept { private, head, shared, .. } = &kept;
    // A folder stands where the journal would be.
    private.dir.create_dir(JOURNAL).unwrap();
    assert!(kept.keep(0), "it is not written");
    assert_eq!(shared.state().passed, [held(0)]);
    private.dir.remove_dir(JOURNAL).unwrap();
    assert!(!kept.keep(1), "it is written");
    assert_eq!(shared.state().passed, []);
    let said = [head.record(), held_record(&[held(0), held(1)])].concat();
    assert_eq!(private.dir.read(JOURNAL).unwrap(), said);
}

#[test]
fn what_was_once_not_written_out_is_never_said_to_be_held() {
    let kept = Kept::new();
    let failed = kept.private.write_out(|| Err::<(), _>(io::ErrorKind::StorageFull.into()));
    assert_eq!(failed.unwrap_err().kind(), io::ErrorKind::StorageFull);
    // Whoever asks now is told that all is written out, and what failed is gone.
    assert!(kept.keep(0), "it is not said");
    assert!(kept.keep(1), "nor what comes after it");
    assert!(!kept.private.dir.exists(JOURNAL));
    let again = kept.private.write_out(|| Ok(()));
    assert_eq!(again.unwrap_err().kind(), io::ErrorKind::StorageFull);
}
