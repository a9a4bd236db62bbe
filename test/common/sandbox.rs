//! Everything below a folder, before and after somebody was rude: nothing of it differs.

#![allow(dead_code, reason = "each file of tests uses some of these")]

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use waxwing::model::Content;

/// Every name below a folder: what it is, who may do what with it, when it was changed, and what it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Everything {
    lines: Vec<String>,
    with_folders: bool,
    but: &'static [&'static str],
}

impl Everything {
    /// But for when folders were changed: something may have come and gone in them.
    pub(crate) fn below(folder: &Path) -> Self {
        Self::read(folder, false, &[])
    }

    /// The same, without these files and folders, where somebody is expected to write.
    pub(crate) fn below_but(folder: &Path, but: &'static [&'static str]) -> Self {
        Self::read(folder, false, but)
    }

    /// With that as well: nothing so much as came and went.
    pub(crate) fn untouched(folder: &Path) -> Self {
        Self::read(folder, true, &[])
    }

    fn read(folder: &Path, with_folders: bool, but: &'static [&'static str]) -> Self {
        let mut everything = Self { lines: Vec::new(), with_folders, but };
        everything.collect(folder, Path::new(""));
        everything.lines.sort();
        everything
    }

    fn collect(&mut self, root: &Path, below: &Path) {
        for entry in fs::read_dir(root.join(below)).unwrap().map(Result::unwrap) {
            let name = below.join(entry.file_name());
            if self.but.iter().any(|but| name == Path::new(but)) {
                continue;
            }
            let about = entry.metadata().unwrap();
            let (inode, mode) = (about.ino(), about.mode());
            let time = (about.mtime(), about.mtime_nsec());
            let time = (self.with_folders || !about.is_dir()).then_some(time);
            let target = fs::read_link(root.join(&name)).ok();
            // A pipe or a device is not read.
            let bytes = about.is_file().then(|| fs::read(root.join(&name)).unwrap());
            let bytes = bytes.map(|bytes| (bytes.len(), Content::of(&bytes).id().to_string()));
            let shown = name.display();
            self.lines.push(format!("{shown}: {inode} {mode:o} {time:?} {target:?} {bytes:?}"));
            if about.is_dir() {
                self.collect(root, &name);
            }
        }
    }

    /// Fails with what came, went or changed since.
    #[track_caller]
    pub(crate) fn is_still(&self, folder: &Path, after: &str) {
        let now = Self::read(folder, self.with_folders, self.but);
        let gone = self.lines.iter().filter(|line| !now.lines.contains(line));
        let come = now.lines.iter().filter(|line| !self.lines.contains(line));
        let gone = gone.map(|line| format!("- {line}"));
        let all: Vec<_> = gone.chain(come.map(|line| format!("+ {line}"))).collect();
        assert!(all.is_empty(), "{after}\n{}", all.join("\n"));
    }
}
