//! An `sshd` on loopback, and the tools that go through it.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

/// Runs until it is dropped.
pub(crate) struct Ssh {
    daemon: Child,
    folder: PathBuf,
    port: u16,
}

impl Ssh {
    /// None where it is not installed, or does not start.
    pub(crate) fn start(folder: &Path) -> Option<Self> {
        let program = ["/usr/sbin/sshd", "/usr/bin/sshd"].map(Path::new);
        let program = program.into_iter().find(|program| program.exists())?;
        for key in ["host", "mine"] {
            let mut make = Command::new("ssh-keygen");
            make.args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(folder.join(key));
            make.status().ok().filter(|status| status.success())?;
        }
        let port = TcpListener::bind("127.0.0.1:0").ok()?.local_addr().ok()?.port();
        let at = |name: &str| folder.join(name).display().to_string();
        let settings = format!(
            "Port {port}\nListenAddress 127.0.0.1\nHostKey {}\nAuthorizedKeysFile {}\nPidFile none\n\
             StrictModes no\nUsePAM no\nPermitRootLogin yes\nSubsystem sftp internal-sftp\n",
            at("host"),
            at("mine.pub")
        );
        fs::write(folder.join("settings"), settings).ok()?;
        // The daemon asks for it when it is started as root.
        let _ = fs::create_dir_all("/run/sshd");
        let mut daemon = Command::new(program);
        daemon.args(["-D", "-e", "-f"]).arg(folder.join("settings")).stderr(Stdio::null());
        let ssh = Self { daemon: daemon.spawn().ok()?, folder: folder.to_owned(), port };
        let is_there = |_| {
            sleep(Duration::from_millis(50));
            TcpStream::connect(("127.0.0.1", port)).is_ok()
        };
        (0..100).any(is_there).then_some(ssh)
    }

    fn options(&self) -> Vec<String> {
        let mine = self.folder.join("mine").display().to_string();
        let options = [
            "StrictHostKeyChecking=no",
            "UserKnownHostsFile=/dev/null",
            "IdentitiesOnly=yes",
            "LogLevel=ERROR",
            "Ciphers=aes256-gcm@openssh.com",
        ];
        let options = options.iter().flat_map(|option| ["-o".to_owned(), (*option).to_owned()]);
        options.chain(["-i".to_owned(), mine]).collect()
    }

    /// `ssh`, as a shell is told it.
    fn line(&self) -> String {
        format!("ssh -p {} {}", self.port, self.options().join(" "))
    }

    /// Copies a file, or a folder with all that is in it.
    pub(crate) fn scp(&self, from: &Path, to: &Path) -> Command {
        let mut scp = Command::new("scp");
        scp.args(["-q", "-r", "-P", &self.port.to_string()]).args(self.options());
        scp.arg(from).arg(format!("127.0.0.1:{}", to.display()));
        scp
    }

    /// None where it is not installed.
    pub(crate) fn rsync(&self, from: &Path, to: &Path) -> Option<Command> {
        Command::new("rsync").arg("--version").stdout(Stdio::null()).status().ok()?;
        let mut rsync = Command::new("rsync");
        rsync.args(["-a", "-e", &self.line()]).arg(format!("{}/", from.display()));
        rsync.arg(format!("127.0.0.1:{}", to.display()));
        Some(rsync)
    }

    pub(crate) fn tar(&self, from: &Path, to: &Path) -> Command {
        let line = format!(
            "tar c -C {} . | {} 127.0.0.1 'mkdir {to} && tar x -C {to}'",
            from.display(),
            self.line(),
            to = to.display()
        );
        let mut shell = Command::new("sh");
        shell.args(["-c", &line]);
        shell
    }
}

impl Drop for Ssh {
    fn drop(&mut self) {
        let _ = self.daemon.kill();
        let _ = self.daemon.wait();
    }
}
