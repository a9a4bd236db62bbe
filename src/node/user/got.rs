//! How files are got, and what came of each.

use crate::crypto::{Fingerprint, UnixTime};
use crate::model::{Content, EntryPath, HostPort, UserName};
use crate::node::error::Exit;
use crate::node::{Error, Wanted};
use crate::peer::Landed;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// How files are got.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GetRules {
    /// Where they go; to [`User::downloads`](super::User::downloads) when nobody says.
    pub out: Option<PathBuf>,
    /// Whether files that are there are replaced.
    pub overwrite: bool,
    /// From whom alone.
    pub from: Option<UserName>,
    /// Where that person is, or the one whose files are named, for who knows better than the index.
    pub at: Option<HostPort>,
}

impl GetRules {
    /// Who is at the address that was named: from whom it is to be, else the one whose files these all are.
    pub(super) fn who_is_there<'a>(&'a self, wanted: &'a [Wanted]) -> Option<&'a UserName> {
        let owner = |wanted: &'a Wanted| match wanted {
            Wanted::Object(object) => Some(&object.user),
            _ => None,
        };
        let one = self.from.as_ref().or_else(|| owner(wanted.first()?))?;
        let is_theirs = |wanted| self.from.is_some() || owner(wanted) == Some(one);
        wanted.iter().all(is_theirs).then_some(one)
    }
}

/// What came of a file.
#[derive(Debug)]
pub struct Got {
    /// Where it is, below the folder.
    pub path: EntryPath,
    /// The folder.
    pub folder: Arc<Path>,
    /// How many bytes it has, as was said before.
    pub size: u64,
    /// What its bytes are, when they came or are there.
    pub content: Option<Content>,
    /// Who signed and sent it; nobody when it did not come, or was there already.
    pub from: Option<Arc<Sender>>,
    /// Who has sent how many of its bytes, when several did, the first of them most. All of them signed
    /// that it is this content; who did not is not among them.
    pub parts: Vec<(Sender, u64)>,
    /// Whether it has its name.
    pub landed: Result<Landed, Box<Error>>,
    /// Why no receipt of it was kept, though it came, if so.
    pub unkept: Option<Arc<Error>>,
}

/// Who has sent a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sender {
    /// Who.
    pub user: UserName,
    /// Their identity.
    pub fingerprint: Fingerprint,
    /// When their words were compared; none when nobody did.
    pub verified: Option<UnixTime>,
}

impl Got {
    /// How a program ends that got these: as the first that failed says; with nothing to do when all
    /// were there already.
    pub fn exit(all: &[Self]) -> Exit {
        if let Some(error) = all.iter().find_map(|got| got.landed.as_ref().err()) {
            return error.advice().exit;
        }
        let is_new = |got: &Self| !matches!(got.landed, Ok(Landed::Already));
        if all.iter().any(is_new) { Exit::Done } else { Exit::NothingToDo }
    }
}
