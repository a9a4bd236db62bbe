//! Everything below a folder that can be shared, and what cannot and why.

use super::Stamp;
use super::passing::{NoRules, PassedOver, RULES, Rules};
use crate::link::is_out_of_files;
use crate::model::{Content, Entry, EntryPath, Foreign, Modified};
use cap_fs_ext::DirExt;
use cap_std::fs::{Dir, Metadata};
use std::collections::HashSet;
use std::ffi::OsString;
use std::fmt;
use std::io;

/// What lies below a folder.
#[derive(Debug, Default)]
pub struct Scan {
    /// What can be shared, in the order of its paths' names.
    pub files: Vec<Scanned>,
    /// What cannot.
    pub left_out: Vec<LeftOut>,
    /// What was passed over.
    pub passed_over: PassedOver,
}

/// A file as it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scanned {
    /// Where it lies below the folder.
    pub path: EntryPath,
    /// How many bytes it has.
    pub size: u64,
    /// When it changed.
    pub modified: Modified,
    /// Whether it is a program.
    pub executable: bool,
    /// What it was like.
    pub stamp: Stamp,
}

impl Scanned {
    /// The file as it is told to others, with its content where that is known.
    pub fn entry(&self, content: Option<Content>) -> Result<Entry, crate::model::Error> {
        let entry = Entry::new(self.path.clone(), self.size, self.modified)?;
        Ok(entry.executable(self.executable).with_content(content.map(|content| content.id())))
    }
}

/// What is not shared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// Where it lies below the folder.
    pub path: Foreign,
    /// Why.
    pub why: WhyLeftOut,
}

/// Why something is not shared.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum WhyLeftOut {
    /// Nothing on the wire may have its name or its path.
    Name(crate::model::Error),
    /// Its name is not text.
    NotText,
    /// It leads elsewhere.
    Link,
    /// It is a pipe, a device, a socket.
    NotAFile,
    /// On some systems, another file has this name already.
    Collision,
    /// The system does not let us look.
    Unreadable(io::ErrorKind),
    /// What in it was to be passed over cannot be understood.
    Rules(String),
}

impl fmt::Display for WhyLeftOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(error) => error.fmt(f),
            Self::NotText => f.write_str("its name is not text (UTF-8)"),
            Self::Link => f.write_str("it is a link, and links are not followed"),
            Self::NotAFile => f.write_str("it is neither a file nor a folder"),
            Self::Collision => f.write_str("on some systems another one has the same name"),
            Self::Unreadable(kind) => write!(f, "it cannot be read: {kind}"),
            Self::Rules(why) => write!(f, "nobody knows what its {RULES} keeps back: {why}"),
        }
    }
}

pub(super) fn scan(root: &Dir, only: Option<&EntryPath>) -> io::Result<Scan> {
    let mut scanning = Scanning::default();
    let looked = match only {
        Some(path) => {
            let about = root.symlink_metadata(path.as_str())?;
            scanning.names.push(path.as_str().to_owned());
            scanning.one(root, &about);
            Ok(())
        }
        None => scanning.below(root),
    };
    match (scanning.failed, looked) {
        (Some(error), _) => Err(error),
        (None, Err(WhyLeftOut::Unreadable(kind))) => Err(kind.into()),
        (None, Err(why)) => Err(io::Error::other(why.to_string())),
        (None, Ok(())) => Ok(scanning.scan),
    }
}

#[derive(Default)]
struct Scanning {
    scan: Scan,
    /// The folders that it is in, and the name at which it looks.
    names: Vec<String>,
    rules: Rules,
    /// Why nobody knows what there is: what cannot be opened just now is not gone.
    failed: Option<io::Error>,
}

impl Scanning {
    /// The folders below are few: a path has at most 64 names, and no folder is open twice.
    fn below(&mut self, folder: &Dir) -> Result<(), WhyLeftOut> {
        let listed = names_in(folder).map_err(|error| self.unreadable(error))?;
        match self.rules.enter(folder) {
            Ok(()) => {}
            Err(NoRules::Wrong(why)) => return Err(WhyLeftOut::Rules(why)),
            Err(NoRules::Unreadable(error)) => {
                let why = error.to_string();
                self.unreadable(error);
                return Err(WhyLeftOut::Rules(why));
            }
        }
        self.listed(folder, listed);
        self.rules.leave();
        Ok(())
    }

    fn unreadable(&mut self, error: io::Error) -> WhyLeftOut {
        let why = WhyLeftOut::Unreadable(error.kind());
        if is_out_of_files(&error) {
            self.failed.get_or_insert(error);
        }
        why
    }

    fn listed(&mut self, folder: &Dir, mut names: Vec<OsString>) {
        // The same on every system, and whichever of two that collide comes first.
        names.sort_unstable();
        let mut spellings = HashSet::with_capacity(names.len());
        for name in names {
            match name.into_string() {
                Ok(name) => {
                    self.names.push(name);
                    self.named(folder, &mut spellings);
                    self.names.pop();
                }
                Err(name) => {
                    self.names.push(name.to_string_lossy().into_owned());
                    self.leave_out(WhyLeftOut::NotText);
                    self.names.pop();
                }
            }
        }
    }

    fn named(&mut self, folder: &Dir, spellings: &mut HashSet<Box<str>>) {
        let name = self.names.last().map(String::as_str).unwrap_or_default();
        let looked = folder.symlink_metadata(name);
        let is_folder = looked.as_ref().is_ok_and(Metadata::is_dir);
        if let Some(why) = self.rules.why(&self.names, is_folder) {
            return self.scan.passed_over.count(why);
        }
        let alone = match EntryPath::of(&[name]) {
            Ok(alone) => alone,
            Err(error) => return self.leave_out(WhyLeftOut::Name(error)),
        };
        let about = match looked {
            Ok(about) if about.is_symlink() => return self.leave_out(WhyLeftOut::Link),
            Ok(about) => about,
            Err(error) => return self.leave_out(WhyLeftOut::Unreadable(error.kind())),
        };
        if !about.is_dir() && !about.is_file() {
            return self.leave_out(WhyLeftOut::NotAFile);
        }
        if !spellings.insert(alone.folded()) {
            return self.leave_out(WhyLeftOut::Collision);
        }
        self.one(folder, &about);
    }

    fn one(&mut self, folder: &Dir, about: &Metadata) {
        let names: Vec<&str> = self.names.iter().map(String::as_str).collect();
        let path = match EntryPath::of(&names) {
            Ok(path) => path,
            Err(error) => return self.leave_out(WhyLeftOut::Name(error)),
        };
        if about.is_dir() {
            let inside = folder.open_dir_nofollow(path.file_name());
            let inside = inside.map_err(|error| self.unreadable(error));
            if let Err(why) = inside.and_then(|inside| self.below(&inside)) {
                self.leave_out(why);
            }
            return;
        }
        self.scan.files.push(Scanned {
            path,
            size: about.len(),
            modified: modified(about),
            executable: is_executable(about),
            stamp: Stamp::of(about),
        });
    }

    fn leave_out(&mut self, why: WhyLeftOut) {
        let path = Foreign::new(&self.names.join("/"));
        self.scan.left_out.push(LeftOut { path, why });
    }
}

fn names_in(folder: &Dir) -> io::Result<Vec<OsString>> {
    folder.entries()?.map(|entry| Ok(entry?.file_name())).collect()
}

fn modified(about: &Metadata) -> Modified {
    about.modified().map_or(Modified::from_nanos(0), |time| Modified::from_system(time.into_std()))
}

#[cfg(unix)]
fn is_executable(about: &Metadata) -> bool {
    use cap_std::fs::MetadataExt;
    about.mode() & 0o100 != 0
}

#[cfg(not(unix))]
fn is_executable(_: &Metadata) -> bool {
    false
}
