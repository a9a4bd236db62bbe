//! The town in which it happens: an index and Bob, who say as much as they can, and Alice, who is honest.

use super::index::WRONG_PASSWORD;
use super::written::Written;
use crate::keys::bytes_of;
use crate::secrets::secret_lines;
use crate::soak::newcomer;
use crate::stage::Machine;
use crate::town::{Home, PASSWORD, Serving, Town, has_begun, in_the_end};
use rustix::process::{Pid, Signal, kill_process};
use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::thread::{self, JoinHandle};

/// An index that writes a log beside what it says.
pub(super) fn loud_town() -> Town {
    let machine = Machine::with_keys();
    let about = ["--data", "data", "--listen", "127.0.0.1:0", "--log", SERVER_LOG];
    let index = machine.start_with(&[&about[..], &IMPATIENT].concat());
    fs::write(machine.at("password"), format!("{PASSWORD}\n")).unwrap();
    Town { machine, index }
}

pub(super) struct Ground<'t> {
    pub(super) town: &'t Town,
    pub(super) bob: Home<'t>,
    alice: Home<'t>,
    /// What Alice gets.
    file: Vec<u8>,
}

impl<'t> Ground<'t> {
    /// Bob shares a folder, beside which others lie.
    pub(super) fn new(town: &'t Town) -> Self {
        let (bob, alice) = (town.joined("bob"), newcomer(town, "alice"));
        let file = [PLAINTEXT.as_bytes(), &bytes_of(1, 20 << 20)].concat();
        bob.write("share/large", &file);
        for name in ["share/a", "secret", "beside/mine", "beside/deep/mine"] {
            bob.write(name, name.as_bytes());
        }
        bob.run(&["share", "add", bob.path.join("share").to_str().unwrap()]).ok();
        bob.run(&["verify", "alice", "--yes"]).ok();
        Self { town, bob, alice, file }
    }

    pub(super) fn root(&self) -> PathBuf {
        self.town.machine.at("")
    }

    /// Bob takes what people send whom he has verified.
    pub(super) fn serve(&self) -> Online {
        let said =
            File::options().create(true).append(true).open(self.bob.path.join(SAID)).unwrap();
        let serve = ["serve", "-v", "--json", "--receive", "verified"];
        let mut command = self.bob.command(&[&serve[..], &IMPATIENT].concat());
        let mut serving = Serving::telling(&mut command, said);
        let address = serving.first["address"].as_str().unwrap().parse().unwrap();
        let pid = serving.pid();
        Online { address, pid, said: Some(thread::spawn(move || serving.rest())) }
    }

    /// With a program of her own each time. Takes it away when it has come.
    pub(super) fn alice_gets_her_file(&self) -> Result<(), String> {
        let done = self.alice.run(&["get", "bob:share/large", "--out", "alice/out", "--quiet"]);
        if done.exit != 0 {
            return Err(format!("{done:?}"));
        }
        let out = self.alice.path.join("out");
        let came = fs::read(out.join("large")).map_err(|error| error.to_string())?;
        fs::remove_dir_all(out).map_err(|error| error.to_string())?;
        if came == self.file { Ok(()) } else { Err("something else came".to_owned()) }
    }

    /// What Bob and Alice tell nobody: what is typed, what opens their sessions, their keys and what is in a
    /// file.
    pub(super) fn secrets(&self) -> Vec<Vec<u8>> {
        let mut secrets: Vec<_> =
            [PASSWORD, WRONG_PASSWORD, PLAINTEXT].map(|text| text.as_bytes().to_vec()).into();
        for home in [&self.bob.path, &self.alice.path] {
            secrets.push(fs::read(home.join("state/token")).unwrap());
            let keys = ["signing", "sealing"].map(|key| home.join(format!("keys/{key}.key")));
            let keys = keys.map(|key| fs::read_to_string(key).unwrap());
            let lines = keys.iter().flat_map(|key| secret_lines(key));
            secrets.extend(lines.map(|line| line.as_bytes().to_vec()));
        }
        secrets
    }

    /// Where Bob puts what others send.
    pub(super) fn inbox(&self) -> PathBuf {
        self.bob.path.join("downloads")
    }

    /// Bob is killed while Alice sends him something, and begins again. So does she, and nothing is left of the
    /// first time. Gives what was said.
    pub(super) fn comes_back_after_a_kill(&self, online: Online) -> Written {
        let gift = bytes_of(2, 8 << 20);
        let path = self.alice.write("gift", &gift);
        let send = ["send", "bob", path.to_str().unwrap()];
        let sending =
            self.begins(&[&send[..], &["--upload-limit", "2MB", "--retries", "1"]].concat());
        in_the_end(true, || has_begun(&self.inbox()));
        let mut written = Written::default();
        written.by("bob".to_owned(), online.killed());
        assert!(!sending.wait_with_output().unwrap().status.success(), "it was cut off");

        let online = self.serve();
        self.alice.run(&send).ok();
        assert!(fs::read(self.inbox().join("gift")).unwrap() == gift, "another gift came");
        // He may not be done with it when she is.
        in_the_end(Vec::<PathBuf>::new(), || unfinished(&self.bob.path));
        self.alice_gets_her_file().unwrap();
        for verb in [&["people"][..], &["people", "-v"], &["people", "--json"]] {
            written.done(PEOPLE.to_owned(), &self.alice.run(verb));
        }
        written.by("bob, later".to_owned(), online.killed());
        written
    }

    fn begins(&self, arguments: &[&str]) -> Child {
        let mut command = self.alice.command(arguments);
        command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
    }
}

/// Bob, while he is online, listened to.
pub(super) struct Online {
    pub(super) address: SocketAddr,
    pub(super) pid: Pid,
    said: Option<JoinHandle<String>>,
}

impl Online {
    /// Kills him, and gives all that he said.
    fn killed(mut self) -> String {
        kill_process(self.pid, Signal::KILL).unwrap();
        self.said.take().unwrap().join().unwrap()
    }
}

impl Drop for Online {
    fn drop(&mut self) {
        // A test has failed.
        if self.said.is_some() {
            let _ = kill_process(self.pid, Signal::KILL);
        }
    }
}

/// What was written to become a file, and has not.
fn unfinished(folder: &Path) -> Vec<PathBuf> {
    let below = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let is_left = |path: &PathBuf| {
        let name = path.file_name().unwrap().to_str().unwrap();
        name.starts_with(".waxwing-") || name.ends_with(".new") || name.ends_with(".part")
    };
    let (mut left, others): (Vec<_>, Vec<_>) = below.partition(is_left);
    let folders = others.iter().filter(|path| path.is_dir());
    folders.for_each(|folder| left.extend(unfinished(folder)));
    left
}

/// Who says nothing is not waited for very long.
const IMPATIENT: [&str; 2] = ["--handshake-timeout", "5"];
/// What the file that Alice gets begins with.
const PLAINTEXT: &str = "the koala sleeps until noon, and nobody is told so";
/// Where the server tells what happens.
pub(super) const SERVER_LOG: &str = "server.log";
/// Where Bob says what he says beside events.
pub(super) const SAID: &str = "state/said";
/// What Alice is shown of others.
pub(super) const PEOPLE: &str = "alice, of people";
