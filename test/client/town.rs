//! An index and people with homes on one machine.

use crate::conduct::is_proper;
use crate::keys::key_pem;
use crate::stage::{Done, Machine, Running, person};
use serde_json::Value;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};
use waxwing::codec::closed;

/// The password of everybody here.
pub(crate) const PASSWORD: &str = "correct horse battery";

/// An index that runs, and people's homes beside it.
pub(crate) struct Town {
    pub(crate) machine: Machine,
    pub(crate) index: Running,
}

impl Town {
    pub(crate) fn new() -> Self {
        Self::on(Machine::with_keys())
    }

    /// On this machine.
    pub(crate) fn on(machine: Machine) -> Self {
        let index = machine.start();
        fs::write(machine.at("password"), format!("{PASSWORD}\n")).unwrap();
        Self { machine, index }
    }

    pub(crate) fn invitation(&self) -> String {
        self.index.invitation().to_string()
    }

    /// Somebody who has joined, with keys that are ready, since making them takes seconds.
    pub(crate) fn joined(&self, name: &str) -> Home<'_> {
        let home = self.home(name);
        home.give_keys(name);
        let invitation = self.invitation();
        home.run(&["join", &invitation, "--user", name, "--password-file", "password"]).ok();
        home
    }

    /// A home where nothing is yet.
    pub(crate) fn home(&self, name: &str) -> Home<'_> {
        Home { town: self, path: self.machine.at(name) }
    }
}

/// Somebody's home.
pub(crate) struct Home<'a> {
    town: &'a Town,
    pub(crate) path: PathBuf,
}

impl Home<'_> {
    /// The program with these arguments, about this home.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_client"));
        command.args(["--home", self.path.to_str().unwrap()]).args(arguments);
        command.current_dir(self.town.machine.at("")).stdin(Stdio::null());
        command.env_clear().env("HOME", self.town.machine.at("home"));
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Done {
        Done::of(&mut self.command(arguments))
    }

    /// The objects that a verb prints when all goes well.
    #[track_caller]
    pub(crate) fn objects(&self, arguments: &[&str]) -> Vec<Value> {
        self.run(&[arguments, &["--json"]].concat()).objects()
    }

    /// Is online until dropped.
    pub(crate) fn serve(&self) -> Serving {
        Serving::of(&mut self.command(&["serve", "--json"]))
    }

    /// A file of this size in the home.
    pub(crate) fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.path.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        path
    }

    /// The keys of one of those whose keys are public.
    pub(crate) fn give_keys(&self, name: &str) {
        self.give_keys_in("keys", name);
    }

    /// The same, in this folder of the home.
    pub(crate) fn give_keys_in(&self, folder: &str, name: &str) {
        let folder = self.path.join(folder);
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder).unwrap();
        let identity = person(name);
        let pem = |part: &str| key_pem(&format!("{name}-{part}")).as_bytes().to_vec();
        let fingerprint = format!("{}\n", identity.fingerprint()).into_bytes();
        write_private(&folder.join("signing.key"), &pem("signing"));
        write_private(&folder.join("sealing.key"), &pem("sealing"));
        write_private(&folder.join("sealing.cert"), &closed::encode(identity.certificate()));
        write_private(&folder.join("fingerprint"), &fingerprint);
    }
}

fn write_private(path: &Path, bytes: &[u8]) {
    let mut options = fs::File::options();
    let file = options.write(true).create_new(true).mode(0o600).open(path);
    file.unwrap().write_all(bytes).unwrap();
}

/// Somebody who is online; stopped when dropped.
pub(crate) struct Serving {
    child: Child,
    out: BufReader<ChildStdout>,
    said: String,
    /// Where its mistakes are told, if it has a home.
    log: Option<PathBuf>,
    pub(crate) first: Value,
}

impl Serving {
    pub(crate) fn of(command: &mut Command) -> Self {
        Self::telling(command, Stdio::inherit())
    }

    /// The same; what it says beside events goes there.
    pub(crate) fn telling(command: &mut Command, stderr: impl Into<Stdio>) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(stderr).spawn().unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        let home = command.get_args().skip_while(|argument| *argument != "--home").nth(1);
        let log = home.map(|home| Path::new(home).join("state/client.log"));
        let mut serving = Self { child, out, said: String::new(), log, first: Value::Null };
        serving.first = serving.event();
        serving
    }

    /// The next event.
    pub(crate) fn event(&mut self) -> Value {
        let mut line = String::new();
        self.out.read_line(&mut line).unwrap();
        self.said += &line;
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line:?}"))
    }

    /// The next event of this kind.
    pub(crate) fn await_event(&mut self, kind: &str) -> Value {
        loop {
            let event = self.event();
            if event["type"] == kind {
                return event;
            }
        }
    }

    /// All events, when it has been told to end.
    pub(crate) fn rest(&mut self) -> String {
        self.out.read_to_string(&mut self.said).unwrap();
        std::mem::take(&mut self.said)
    }

    pub(crate) fn pid(&self) -> rustix::process::Pid {
        rustix::process::Pid::from_child(&self.child)
    }

    pub(crate) fn exit(mut self) -> Option<i32> {
        self.child.wait().unwrap().code()
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if let Some(log) = &self.log {
            is_proper("a program that was online", &fs::read_to_string(log).unwrap_or_default());
        }
    }
}

/// Waits until it is so.
#[track_caller]
pub(crate) fn in_the_end<T: PartialEq + std::fmt::Debug>(expected: T, mut seen: impl FnMut() -> T) {
    let begun = Instant::now();
    loop {
        let seen = seen();
        if seen == expected {
            return;
        }
        assert!(begun.elapsed() < Duration::from_secs(120), "it is {seen:?}, not {expected:?}");
        sleep(Duration::from_millis(50));
    }
}

/// Whether bytes of a file have come that has no name yet.
pub(crate) fn has_begun(downloads: &Path) -> bool {
    let entries = fs::read_dir(downloads).into_iter().flatten().map(Result::unwrap);
    let size = |path: PathBuf| fs::metadata(path.join("0")).map_or(0, |about| about.len());
    entries.map(|entry| size(entry.path())).any(|size| size > 0)
}
