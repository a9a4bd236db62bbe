//! Giving a file its name.

use super::{LandError, Landed, Standing, is_no_folder, standing_in};
use crate::model::Content;
use cap_std::fs::Dir;
use std::io;

/// Moves a file to its name, in the place of nothing, or of a regular file if that may be.
pub(super) fn give_name(
    (private, part): (&Dir, &str),
    (folder, name): (&Dir, &str),
    content: Content,
    overwrite: bool,
) -> Result<Landed, LandError> {
    match rename_to_nothing((private, part), (folder, name)) {
        Ok(()) => return Ok(Landed::New),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(error.into()),
    }
    match standing_in(folder, name, Some(content))? {
        Standing::Same => Ok(Landed::Already),
        Standing::Other if overwrite => {
            // A rename goes over no folder, and does not follow a link that is planted now.
            private.rename(part, folder, name).map_err(LandError::from_step)?;
            Ok(Landed::Replaced)
        }
        Standing::Other => Err(LandError::Taken),
        Standing::InTheWay => Err(LandError::InTheWay),
        // Gone in this moment: somebody else works here.
        Standing::Free => Err(LandError::Taken),
    }
}

impl LandError {
    /// What a failed step on the way to the name means.
    pub(super) fn from_step(error: io::Error) -> Self {
        match is_no_folder(&error) || error.kind() == io::ErrorKind::IsADirectory {
            true => Self::InTheWay,
            false => Self::Disk(error),
        }
    }
}

#[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
fn rename_to_nothing(from: (&Dir, &str), to: (&Dir, &str)) -> io::Result<()> {
    use rustix::fs::{RenameFlags, renameat_with};
    use rustix::io::Errno;
    match renameat_with(from.0, from.1, to.0, to.1, RenameFlags::NOREPLACE) {
        // Some file systems cannot.
        Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => link_to_nothing(from, to),
        done => Ok(done?),
    }
}

#[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
fn rename_to_nothing(from: (&Dir, &str), to: (&Dir, &str)) -> io::Result<()> {
    link_to_nothing(from, to)
}

/// The same in two steps: a second name, which is given only where there is none, and the first one
/// taken away.
fn link_to_nothing(from: (&Dir, &str), to: (&Dir, &str)) -> io::Result<()> {
    from.0.hard_link(from.1, to.0, to.1)?;
    from.0.remove_file(from.1)
}
