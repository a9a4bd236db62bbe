//! An `sshd` on loopback with keys of its own, and the tools that go through it.

use crate::contest::{Way, way};
use crate::run::run;
use std::fs::{self, DirBuilder};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::DirBuilderExt;
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
    /// In a new folder; says why when there is none.
    pub(crate) fn start(folder: &Path) -> Option<Self> {
        let started = Self::try_start(folder.join("ssh"));
        started.inspect_err(|why| println!("without scp, rsync and tar: {why}")).ok()
    }

    fn try_start(folder: PathBuf) -> Result<Self, String> {
        let missing = ["ssh", "ssh-keygen"].into_iter().find(|tool| !is_installed(tool));
        let daemon = ["/usr/sbin/sshd", "/usr/local/sbin/sshd"].map(Path::new);
        let daemon = daemon.into_iter().find(|daemon| daemon.exists());
        let (None, Some(daemon)) = (missing, daemon) else {
            return Err(format!("{} is not installed", missing.unwrap_or("sshd")));
        };
        DirBuilder::new().mode(0o700).create(&folder).map_err(|why| why.to_string())?;
        for key in ["host", "mine"] {
            let mut make = Command::new("ssh-keygen");
            make.args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(folder.join(key));
            make.status().map_err(|why| why.to_string())?;
        }
        let sockets = TcpListener::bind("127.0.0.1:0").and_then(|it| it.local_addr());
        let port = sockets.map_err(|why| why.to_string())?.port();
        let settings = folder.join("settings");
        fs::write(&settings, settings_in(&folder, port)).map_err(|why| why.to_string())?;
        // A daemon that root starts asks for it.
        let _ = fs::create_dir_all("/run/sshd");
        let mut command = Command::new(daemon);
        command.args(["-D", "-e", "-f"]).arg(settings).stdin(Stdio::null()).stderr(Stdio::null());
        let daemon = command.spawn().map_err(|why| why.to_string())?;
        let ssh = Self { daemon, folder, port };
        let is_there = |_| {
            sleep(Duration::from_millis(50));
            TcpStream::connect(("127.0.0.1", port)).is_ok()
        };
        let lets_in = || ssh.shell("true").is_ok_and(|done| done.success());
        let works = (0..100).any(is_there) && lets_in();
        works.then_some(ssh).ok_or_else(|| "sshd does not let this user in".to_owned())
    }

    /// Each tool that is installed, copying a file, or a folder with all that is in it, to an empty
    /// folder that is taken away afterwards.
    pub(crate) fn ways<'a>(
        &'a self,
        from: &'a Path,
        to: &'a Path,
        take_away: fn(&Path),
    ) -> Vec<Way<'a>> {
        let is_there = |tool: &&str| {
            let is_there = is_installed(tool);
            if !is_there {
                println!("without {tool}: it is not installed");
            }
            is_there
        };
        let copying = |tool| {
            way(tool, move || {
                fs::create_dir(to).expect("room");
                let took = run(&mut self.copying(tool, from, to));
                take_away(to);
                took
            })
        };
        ["scp", "rsync", "tar"].into_iter().filter(is_there).map(copying).collect()
    }

    fn copying(&self, tool: &str, from: &Path, to: &Path) -> Command {
        match tool {
            "scp" => self.scp(from, to),
            "rsync" => self.rsync(from, to),
            _ => self.tar(from, to),
        }
    }

    fn scp(&self, from: &Path, to: &Path) -> Command {
        let mut scp = Command::new("scp");
        scp.args(["-q", "-r", "-P", &self.port.to_string()]).args(self.options());
        scp.arg(from).arg(format!("127.0.0.1:{}/", to.display()));
        scp
    }

    fn rsync(&self, from: &Path, to: &Path) -> Command {
        let mut rsync = Command::new("rsync");
        rsync.args(["-a", "-e", &self.line()]).arg(from);
        rsync.arg(format!("127.0.0.1:{}/", to.display()));
        rsync
    }

    fn tar(&self, from: &Path, to: &Path) -> Command {
        let (folder, name) = (from.parent().expect("a place"), from.file_name().expect("a name"));
        let mut shell = Command::new("sh");
        shell.arg("-c").arg(format!(
            "tar c -C {} {} | {} 127.0.0.1 tar x -C {}",
            folder.display(),
            name.display(),
            self.line(),
            to.display()
        ));
        shell
    }

    fn shell(&self, line: &str) -> std::io::Result<std::process::ExitStatus> {
        let mut ssh = Command::new("ssh");
        ssh.args(["-p", &self.port.to_string()]).args(self.options()).args(["127.0.0.1", line]);
        ssh.stdin(Stdio::null()).stderr(Stdio::null()).status()
    }

    /// `ssh`, as a shell is told it.
    fn line(&self) -> String {
        format!("ssh -p {} {}", self.port, self.options().join(" "))
    }

    fn options(&self) -> Vec<String> {
        let mine = self.folder.join("mine").display().to_string();
        let words = "-F none -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null \
                     -o IdentitiesOnly=yes -o BatchMode=yes -o LogLevel=ERROR \
                     -o Ciphers=aes256-gcm@openssh.com -i";
        words.split(' ').filter(|word| !word.is_empty()).map(str::to_owned).chain([mine]).collect()
    }
}

impl Drop for Ssh {
    fn drop(&mut self) {
        let _ = self.daemon.kill();
        let _ = self.daemon.wait();
    }
}

fn settings_in(folder: &Path, port: u16) -> String {
    let at = |name: &str| folder.join(name).display().to_string();
    let (host, mine) = (at("host"), at("mine.pub"));
    format!(
        "Port {port}\nListenAddress 127.0.0.1\nHostKey {host}\nAuthorizedKeysFile {mine}\n\
         PidFile none\nStrictModes no\nUsePAM no\nPermitRootLogin yes\n\
         PasswordAuthentication no\nSubsystem sftp internal-sftp\n"
    )
}

fn is_installed(tool: &str) -> bool {
    let folders = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&folders).any(|folder| folder.join(tool).exists())
}
