//! Sockets by which programs of one person on one machine find each other: a name in a folder of theirs.
//!
//! The folder is closed to other users (0700), the socket too (0600), and both are not relied on alone:
//! the system says who is at the other end, and only the same user is heard.
//!
//! The socket lies in the folder that it is for, since whoever knows the folder must find it. Systems give
//! the path of a socket a hundred bytes or so; where the folder's own path is longer, Linux lets us go
//! through the open folder, `/proc/self/fd/N/name`. Decided against: a name in a shared place like
//! `/tmp`, which others could take first, and changing the working directory, which is the whole
//! process's.

use std::fs::{self, File, Permissions};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::net::{UnixListener, UnixStream};
use tokio::time::sleep;

/// The end that is found. Gone from the folder when it is dropped.
#[derive(Debug)]
pub struct LocalListener {
    listener: UnixListener,
    path: PathBuf,
}

impl LocalListener {
    /// Opens it. A socket that is there already was left by a program that is gone: whoever calls this
    /// has the folder to themselves.
    pub fn open(folder: &Path, name: &str) -> io::Result<Self> {
        let path = folder.join(name);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let address = Address::of(folder, name)?;
        let listener = UnixListener::bind(&address.path)?;
        // Nobody else gets into the folder meanwhile.
        fs::set_permissions(&path, Permissions::from_mode(0o600))?;
        Ok(Self { listener, path })
    }

    /// The next one of the same user.
    pub async fn accept(&self) -> UnixStream {
        loop {
            match self.listener.accept().await {
                Ok((socket, _)) if is_ours(&socket) => return socket,
                Ok(_) => {}
                Err(_) => sleep(ACCEPT_PAUSE).await,
            }
        }
    }
}

impl Drop for LocalListener {
    fn drop(&mut self) {
        // Who finds it later finds nobody behind it, which does no harm.
        let _ = fs::remove_file(&self.path);
    }
}

/// Whoever is behind the socket of that name; none when nobody is. Another user who put a socket there is
/// not spoken to.
pub async fn find_local(folder: &Path, name: &str) -> io::Result<Option<UnixStream>> {
    let found = async { UnixStream::connect(&Address::of(folder, name)?.path).await };
    match found.await {
        Ok(socket) if is_ours(&socket) => Ok(Some(socket)),
        Ok(_) => {
            Err(io::Error::new(io::ErrorKind::PermissionDenied, "it is another user's socket"))
        }
        Err(error) => match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => Ok(None),
            _ => Err(error),
        },
    }
}

/// A path to the socket that is short enough, and what keeps it true.
struct Address {
    path: PathBuf,
    _folder: Option<File>,
}

impl Address {
    fn of(folder: &Path, name: &str) -> io::Result<Self> {
        let path = folder.join(name);
        if path.as_os_str().as_bytes().len() <= LONGEST_PATH {
            return Ok(Self { path, _folder: None });
        }
        if !cfg!(target_os = "linux") {
            let reason = "the path of the folder is too long for a socket";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, reason));
        }
        let folder = File::open(folder)?;
        let through = Path::new("/proc/self/fd").join(folder.as_raw_fd().to_string());
        Ok(Self { path: through.join(name), _folder: Some(folder) })
    }
}

fn is_ours(socket: &UnixStream) -> bool {
    let ours = rustix::process::geteuid().as_raw();
    socket.peer_cred().is_ok_and(|peer| peer.uid() == ours)
}

/// No system takes less, macOS 104 with the byte that ends it.
const LONGEST_PATH: usize = 100;
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
