//! A disk that takes nothing for a while costs no more than that while.

#![allow(clippy::unwrap_used, reason = "a test")]

use super::*;
use crate::model::{Content, EntryPath};
use crate::peer::landing::journal::{Origin, Sought};
use cap_std::ambient_authority;
use cap_std::fs::Dir;

fn held(entry: u32) -> Held {
    Held::Small { entry, id: Content::of(&entry.to_be_bytes()).id() }
}

#[test]
fn what_could_not_be_written_is_with_the_next_segment() {
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
    let keep = |entry: u32| {
        let mut state = shared.state();
        state.passed.push(held(entry));
        (state.verified, state.is_over) = (state.passed.len(), true);
        drop(state);
        shared.keep(&private, &head);
        shared.state().has_failed
    };
    // A folder stands where the journal would be.
    private.dir.create_dir(JOURNAL).unwrap();
    assert!(keep(0), "it is not written");
    assert_eq!(shared.state().passed, [held(0)]);
    private.dir.remove_dir(JOURNAL).unwrap();
    assert!(!keep(1), "it is written");
    assert_eq!(shared.state().passed, []);
    let said = [head.record(), held_record(&[held(0), held(1)])].concat();
    assert_eq!(private.dir.read(JOURNAL).unwrap(), said);
}
