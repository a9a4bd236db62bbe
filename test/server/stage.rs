//! A folder in which servers run, and the verbs of their owner.

use crate::conduct::{all_logs_are_proper, is_proper};
use crate::keys::{key_pem, sealing_key, signing_key};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::SocketAddr;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc::sync_channel;
use std::thread;
use std::time::Duration;
use waxwing::codec::closed;
use waxwing::crypto::{Fingerprint, Identity, UnixTime};
use waxwing::index::store::{Place, Sqlite};
use waxwing::model::Invitation;

/// Somebody's machine: a folder to work in, and the index's data below it.
pub(crate) struct Machine {
    folder: tempfile::TempDir,
}

impl Machine {
    /// With nothing on it.
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    /// With the keys of an index, since making them takes seconds; here it is alice's turn.
    pub(crate) fn with_keys() -> Self {
        Self::new().and_keys()
    }

    /// The same, in this folder: on its disk, or in memory.
    #[allow(dead_code, reason = "benches choose the disk")]
    pub(crate) fn below(folder: &Path) -> Self {
        Self { folder: tempfile::tempdir_in(folder).unwrap() }.and_keys()
    }

    fn and_keys(self) -> Self {
        self.give_keys(&self.data());
        self
    }

    pub(crate) fn give_keys(&self, data: &Path) {
        let private = |path: &Path| fs::DirBuilder::new().recursive(true).mode(0o700).create(path);
        private(data).unwrap();
        private(&data.join("keys")).unwrap();
        let write = |name: &str, bytes: &[u8]| {
            let mut options = fs::File::options();
            let file =
                options.write(true).create_new(true).mode(0o600).open(data.join("keys").join(name));
            file.unwrap().write_all(bytes).unwrap();
        };
        let identity = identity();
        write("signing.key", key_pem("alice-signing").as_bytes());
        write("sealing.key", key_pem("alice-sealing").as_bytes());
        write("sealing.cert", &closed::encode(identity.certificate()));
        write("fingerprint", format!("{}\n", identity.fingerprint()).as_bytes());
        // Keys without a database are those of an index that lost it.
        let store = Sqlite::open(Place::File(data.join("index.db"))).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(store.close());
    }

    /// A path on it.
    pub(crate) fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The data folder that the commands here name.
    pub(crate) fn data(&self) -> PathBuf {
        self.at("data")
    }

    /// The program with these arguments, in an environment of its own.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_server"));
        command.args(arguments).current_dir(self.folder.path()).stdin(Stdio::null());
        command.env_clear().env("HOME", self.at("home"));
        command
    }

    /// Does something and ends.
    pub(crate) fn run(&self, arguments: &[&str]) -> Done {
        Done::of(&mut self.command(arguments))
    }

    /// A verb on the data here.
    pub(crate) fn verb(&self, arguments: &[&str]) -> Done {
        self.run(&[&["--data", "data"], arguments].concat())
    }

    /// A server on the data here, when it listens.
    pub(crate) fn start(&self) -> Running {
        self.start_with(&["--data", "data", "--listen", "127.0.0.1:0"])
    }

    pub(crate) fn start_with(&self, arguments: &[&str]) -> Running {
        Running::of(&mut self.command(arguments))
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        all_logs_are_proper(self.folder.path());
    }
}

/// Who the index is.
pub(crate) fn identity() -> Identity {
    person("alice")
}

/// Somebody else, as of today: the server's clock is the machine's.
pub(crate) fn person(name: &str) -> Identity {
    let (signing, sealing) = (format!("{name}-signing"), format!("{name}-sealing"));
    Identity::new(signing_key(&signing), sealing_key(&sealing), UnixTime::now()).unwrap()
}

/// A program that ended.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) exit: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Done {
    /// A program that ends by itself; one that does not is ended, and that is a failure.
    #[track_caller]
    pub(crate) fn of(command: &mut Command) -> Self {
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (pid, (ended, end)) = (Pid::from_child(&child), sync_channel(1));
        let waiting = thread::spawn(move || ended.send(child.wait_with_output().unwrap()));
        let output = end.recv_timeout(ENOUGH).unwrap_or_else(|_| {
            kill_process(pid, Signal::KILL).unwrap();
            panic!("it goes on and on");
        });
        waiting.join().unwrap().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        let exit = output.status.code().expect("it ended by itself");
        let (out, err) = (text(output.stdout), text(output.stderr));
        is_proper(&format!("{command:?}"), &(out.clone() + &err));
        Self { exit, out, err }
    }

    /// What it printed, when all went well.
    #[track_caller]
    pub(crate) fn ok(self) -> String {
        assert_eq!(self.exit, 0, "{self:?}");
        self.out
    }

    /// The objects that it printed, when all went well.
    #[track_caller]
    pub(crate) fn objects(self) -> Vec<Value> {
        self.ok().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// What it complained of, when it ended so.
    #[track_caller]
    pub(crate) fn failed(self, exit: i32) -> String {
        assert_eq!(self.exit, exit, "{self:?}");
        self.err
    }
}

/// Nothing here takes so long, on a machine that does much else.
const ENOUGH: Duration = Duration::from_secs(180);

/// A server that runs; killed when dropped.
pub(crate) struct Running {
    child: Child,
    out: BufReader<ChildStdout>,
    pub(crate) first_line: String,
}

impl Running {
    pub(crate) fn of(command: &mut Command) -> Self {
        command.arg("--json").stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut first_line = String::new();
        out.read_line(&mut first_line).unwrap();
        let mut running = Self { child, out, first_line };
        if running.first_line.is_empty() {
            let (exit, err) = running.end();
            panic!("it did not start: {exit}: {err}");
        }
        running
    }

    /// The event with which it began.
    pub(crate) fn listening(&self) -> Value {
        serde_json::from_str(&self.first_line).unwrap()
    }

    pub(crate) fn invitation(&self) -> Invitation {
        self.listening()["invitation"].as_str().unwrap().parse().unwrap()
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.listening()["address"].as_str().unwrap().parse().unwrap()
    }

    pub(crate) fn fingerprint(&self) -> Fingerprint {
        self.invitation().fingerprint
    }

    /// The next event.
    pub(crate) fn event(&mut self) -> Value {
        let mut line = String::new();
        self.out.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap()
    }

    /// The events that are left, up to its end.
    #[allow(dead_code, reason = "the client's tests read them")]
    pub(crate) fn events(&mut self) -> Vec<Value> {
        let lines = self.out.by_ref().lines();
        lines.map(|line| serde_json::from_str(&line.unwrap()).unwrap()).collect()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).unwrap();
    }

    pub(crate) fn number(&self) -> u32 {
        self.child.id()
    }

    fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    /// Waits for its end; gives what it said on stderr as well.
    #[track_caller]
    pub(crate) fn end(&mut self) -> (ExitStatus, String) {
        let (mut stderr, (said, listened)) = (self.child.stderr.take().unwrap(), sync_channel(1));
        thread::spawn(move || {
            let mut err = String::new();
            stderr.read_to_string(&mut err).unwrap();
            let _ = said.send(err);
        });
        let err = listened.recv_timeout(ENOUGH).expect("it ends");
        is_proper("a server", &err);
        (self.child.wait().unwrap(), err)
    }

    /// Stops it as a service manager does.
    pub(crate) fn stop(self) -> String {
        self.stop_and_tell().1
    }

    /// The same; gives all that it printed as well.
    pub(crate) fn stop_and_tell(mut self) -> (String, String) {
        self.signal(Signal::TERM);
        let (exit, err) = self.end();
        assert_eq!(exit.code(), Some(0), "{err}");
        let mut out = std::mem::take(&mut self.first_line);
        self.out.read_to_string(&mut out).unwrap();
        (out, err)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let mut said = String::new();
        if let Some(mut stderr) = self.child.stderr.take() {
            let _ = stderr.read_to_string(&mut said);
        }
        is_proper("a server", &said);
    }
}

/// An hour ago and later: the times that tests meet.
pub(crate) fn is_recent(time: &Value) -> bool {
    let now = UnixTime::now().0;
    (now - 3600..=now).contains(&time.as_u64().unwrap())
}
