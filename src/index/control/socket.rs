//! The socket itself.

use super::line::{AskError, answer, ask_over};
use crate::crypto::UnixTime;
use crate::index::admin::{Desk, Order, Report};
use crate::index::data_folder::{DataFolder, Held};
use std::fs::{self, File, Permissions};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::Semaphore;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// A running server's end: orders come in here. Gone from the folder when it is dropped.
#[derive(Debug)]
pub struct Door {
    listener: UnixListener,
    path: PathBuf,
}

impl Door {
    /// Opens it. A socket that is there already was left by a server that is gone, since the folder
    /// is ours.
    pub fn open(held: &Held) -> io::Result<Self> {
        let path = held.folder().path().join(DataFolder::SOCKET);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let address = Address::of(held.folder())?;
        let listener = UnixListener::bind(&address.path)?;
        // Nobody else gets into the folder meanwhile.
        fs::set_permissions(&path, Permissions::from_mode(0o600))?;
        Ok(Self { listener, path })
    }

    /// Carries orders out until `stop`.
    pub async fn serve(self, desk: Desk, clock: fn() -> UnixTime, stop: CancellationToken) {
        let (tasks, places) = (TaskTracker::new(), Arc::new(Semaphore::new(AT_ONCE)));
        while let Some(Ok(place)) =
            stop.run_until_cancelled(Arc::clone(&places).acquire_owned()).await
        {
            let Some(socket) = stop.run_until_cancelled(self.listener.accept()).await else {
                break;
            };
            let Ok((socket, _)) = socket else {
                sleep(ACCEPT_PAUSE).await;
                continue;
            };
            let (desk, stop, work) = (desk.clone(), stop.clone(), tasks.clone());
            tasks.spawn(async move {
                let _place = place;
                if is_ours(&socket) {
                    // Whoever asked is told what went wrong, if anybody can be.
                    let _ = answer(socket, (desk, clock), &work, &stop).await;
                }
            });
        }
        tasks.close();
        tasks.wait().await;
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        // Who finds it later finds nobody behind it, which does no harm.
        let _ = fs::remove_file(&self.path);
    }
}

/// Has the server that runs on this data carry out an order.
pub async fn ask(
    folder: &DataFolder,
    order: &Order,
    report: impl FnMut(Report),
) -> Result<(), AskError> {
    let nobody = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => AskError::NotRunning,
        _ => AskError::Line(error),
    };
    let address = Address::of(folder).map_err(nobody)?;
    let socket = UnixStream::connect(&address.path).await.map_err(nobody)?;
    ask_over(socket, order, report).await
}

/// A path to the socket that is short enough, and what keeps it true.
struct Address {
    path: PathBuf,
    _folder: Option<File>,
}

impl Address {
    fn of(folder: &DataFolder) -> io::Result<Self> {
        let path = folder.path().join(DataFolder::SOCKET);
        if path.as_os_str().as_bytes().len() <= LONGEST_PATH {
            return Ok(Self { path, _folder: None });
        }
        if !cfg!(target_os = "linux") {
            let reason = "the path of the folder is too long for a socket";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, reason));
        }
        let folder = File::open(folder.path())?;
        let through = Path::new("/proc/self/fd").join(folder.as_raw_fd().to_string());
        Ok(Self { path: through.join(DataFolder::SOCKET), _folder: Some(folder) })
    }
}

fn is_ours(socket: &UnixStream) -> bool {
    let ours = rustix::process::geteuid().as_raw();
    socket.peer_cred().is_ok_and(|peer| peer.uid() == ours)
}

/// No system takes less, macOS 104 with the byte that ends it.
const LONGEST_PATH: usize = 100;
/// How many orders are carried out at once.
const AT_ONCE: usize = 16;
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
