//! What the library refuses, in sentences for the index's owner, with what to do next.

use crate::settings::Call;
use std::io;
use waxwing::crypto::Fingerprint;
use waxwing::crypto::key_folder::KeyFolderError;
use waxwing::index::admin::{Fault, FaultKind};
use waxwing::index::control::OrderError;
use waxwing::index::store::OpenError;
use waxwing::index::{DataFolder, FolderError};
use waxwing::ui::settings::SettingError;
use waxwing::ui::{Exit, Failure};

pub(crate) fn setting(error: SettingError) -> Failure {
    Failure::new(Exit::Usage, error)
}

pub(crate) fn folder(error: FolderError, call: &Call) -> Failure {
    let start = || format!("{} starts one; --data DIR names another folder", call.with(""));
    let failure = Failure::new(folder_exit(&error), &error);
    match error {
        FolderError::Io { .. } | FolderError::NotAFolder(_) => failure.hint(OTHER_FOLDER),
        FolderError::Missing(_) => failure.hint(start()),
        FolderError::OtherOwner(_) => {
            failure.hint("run this as that user, or choose a folder of yours with --data DIR")
        }
        FolderError::OpenToOthers { path, .. } => {
            let close = format!("chmod 700 {}", path.display());
            failure.hint(format!(
                "choose a folder that is for this alone with --data DIR; if this one is, {close}"
            ))
        }
        FolderError::InUse { starts: true, .. } => {
            failure.hint("with a large database that takes a while: try again when it listens")
        }
        FolderError::InUse { by: Some(number), .. } => failure.hint(format!(
            "stop it first (kill {number}), or give this one a folder of its own with --data DIR"
        )),
        FolderError::InUse { by: None, .. } => {
            failure.hint("stop it first, or give this one a folder of its own with --data DIR")
        }
    }
}

fn folder_exit(error: &FolderError) -> Exit {
    match error {
        FolderError::Io { source, .. } => io_exit(source),
        FolderError::Missing(_) => Exit::NotFound,
        FolderError::NotAFolder(_) | FolderError::InUse { .. } => Exit::Conflict,
        FolderError::OtherOwner(_) | FolderError::OpenToOthers { .. } => Exit::NotAllowed,
    }
}

pub(crate) fn keys(error: KeyFolderError) -> Failure {
    match error {
        KeyFolderError::Io { ref source, .. } => {
            Failure::new(io_exit(source), &error).hint("put the keys back from a copy")
        }
        KeyFolderError::OpenToOthers { ref path, wanted, .. } => {
            let hint = format!("close it: chmod {wanted:o} {}", path.display());
            Failure::new(Exit::NotAllowed, &error)
                .hint(format!("{hint}; and if others use this machine, take the keys for known"))
        }
        KeyFolderError::OtherOwner(_) => Failure::new(Exit::NotAllowed, &error)
            .hint("run this as that user, or choose a folder of yours with --data DIR"),
        KeyFolderError::Exists(_) => Failure::new(Exit::Conflict, &error)
            .hint("move what is there away, or choose another folder with --data DIR"),
        KeyFolderError::KeyFile { .. } | KeyFolderError::Mismatch { .. } => {
            Failure::new(Exit::Verification, &error).hint("put the keys back from a copy")
        }
        KeyFolderError::NotMade(_) => Failure::new(Exit::Error, &error),
    }
}

/// Keys without the database that belongs to them: made anew, it would have lost everybody.
pub(crate) fn database_is_gone(folder: &DataFolder, call: &Call) -> Failure {
    let (database, keys) = (folder.database(), folder.keys());
    let (database, keys) = (database.display(), keys.display());
    let what = format!("the keys of an index are in {keys}, but {database} is missing or empty");
    Failure::new(Exit::NotFound, what).hint(format!(
        "put a backup in its place: {}; to begin another index, move the keys away",
        call.with("restore FILE")
    ))
}

/// A database without the keys that belong to it.
pub(crate) fn keys_are_gone(folder: &DataFolder) -> Failure {
    let (database, keys) = (folder.database(), folder.keys());
    let (database, keys) = (database.display(), keys.display());
    let what = format!("{database} is here, but the keys of its index are not in {keys}");
    Failure::new(Exit::Conflict, what).hint(
        "put the keys back from a copy; with new ones it would be another index to everybody who \
         knows it (for that, move the database away)",
    )
}

/// Keys and a database of two indexes: whoever knows the one would find the other in its place.
pub(crate) fn keys_of_another(
    folder: &DataFolder,
    (keys, database): (Fingerprint, Fingerprint),
    call: &Call,
) -> Failure {
    let (data, place) = (folder.database(), folder.keys());
    let (data, place) = (data.display(), place.display());
    let what =
        format!("{data} belongs to the index {database}, but the keys in {place} are {keys}");
    Failure::new(Exit::Conflict, what).hint(format!(
        "put the keys of that index back from a copy, or a backup of this one in the database's \
         place: {}; to begin another index, move the keys and the database away",
        call.with("restore FILE")
    ))
}

/// An invitation that would name no port.
pub(crate) fn invitation(error: &waxwing::model::Error) -> Failure {
    Failure::new(Exit::Usage, error)
        .hint("start the server, which knows its port, or say it with --listen")
}

/// What a store says has its advice in it.
pub(crate) fn store(error: OpenError, call: &Call) -> Failure {
    let exit = match &error {
        OpenError::Missing(_) => Exit::NotFound,
        OpenError::NoRights { .. } => Exit::NotAllowed,
        OpenError::NotADatabase(_) | OpenError::NotABackup { .. } | OpenError::Damaged { .. } => {
            Exit::Verification
        }
        OpenError::Full(_) => Exit::NoSpace,
        OpenError::Folder(_)
        | OpenError::Foreign(_)
        | OpenError::Newer { .. }
        | OpenError::InUse(_)
        | OpenError::Interrupted(_)
        | OpenError::OfAnother { .. } => Exit::Conflict,
        OpenError::Engine(_) | OpenError::Failed { .. } => Exit::Error,
    };
    Failure::new(exit, call.in_advice(&error.to_string()))
}

pub(crate) fn fault(fault: Fault, call: &Call) -> Failure {
    let exit = match fault.kind {
        FaultKind::NotFound => Exit::NotFound,
        FaultKind::Conflict => Exit::Conflict,
        FaultKind::NotAllowed => Exit::NotAllowed,
        FaultKind::NoSpace => Exit::NoSpace,
        FaultKind::Damaged => Exit::Verification,
        FaultKind::Failed => Exit::Error,
    };
    let failure = Failure::new(exit, call.in_advice(&fault.text));
    match fault.kind {
        FaultKind::Damaged => failure.hint(call.in_advice(
            "`server check` says what is; stop the server, and put the last good backup in its \
             place: `server restore FILE`",
        )),
        FaultKind::NotAllowed => {
            failure.hint("choose a folder where the user of the server may write")
        }
        _ => failure,
    }
}

pub(crate) fn ask(error: OrderError, call: &Call) -> Failure {
    match error {
        OrderError::Fault(told) => fault(told, call),
        OrderError::Strange => Failure::new(Exit::Conflict, &error)
            .hint("stop the server and start it again, with the same program as this one"),
        error => Failure::new(Exit::Unreachable, error),
    }
}

/// A port that cannot be listened on.
pub(crate) fn listen(error: &io::Error, at: std::net::SocketAddr) -> Failure {
    let what = format!("{at} cannot be listened on: {error}");
    let other = at.port().checked_add(1).unwrap_or(7311);
    let (ip, port) = (at.ip(), at.port());
    match error.kind() {
        io::ErrorKind::AddrInUse => {
            let what = format!("{at} is taken by another program, perhaps another index");
            let other = std::net::SocketAddr::new(ip, other);
            Failure::new(Exit::Conflict, what).hint(format!(
                "choose another port, with --listen {other}, or see who has it: {}",
                who_listens(port)
            ))
        }
        io::ErrorKind::AddrNotAvailable => Failure::new(Exit::Error, what).hint(format!(
            "this machine has no address {ip}; --listen 0.0.0.0:{port} takes all it has"
        )),
        io::ErrorKind::PermissionDenied => Failure::new(Exit::NotAllowed, what)
            .hint("ports below 1024 are for privileged users; choose another one with --listen"),
        _ => Failure::new(Exit::Error, what).hint("choose another address with --listen"),
    }
}

fn who_listens(port: u16) -> String {
    if cfg!(target_os = "linux") {
        format!("ss -ltnp 'sport = :{port}'")
    } else {
        format!("lsof -i tcp:{port}")
    }
}

pub(crate) fn io_exit(error: &io::Error) -> Exit {
    match error.kind() {
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => Exit::NotAllowed,
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Exit::NoSpace,
        io::ErrorKind::NotFound => Exit::NotFound,
        _ => Exit::Error,
    }
}

const OTHER_FOLDER: &str = "choose another folder for the data with --data DIR";
