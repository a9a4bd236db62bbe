//! The machines on which a page's story happens: folders, each with a home of its own.

use crate::blocks::Step;
use crate::help::Program;
use crate::terminal::Terminal;
use rustix::process::{Pid, Signal, kill_process};
use std::fs::{self, File};
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// All machines of a page, until it is dropped.
pub(crate) struct Stage {
    folder: tempfile::TempDir,
    /// Where the index listens; the page says 7311.
    port: u16,
    /// Programs that stay, the newest last.
    staying: Vec<Staying>,
    /// What the server printed last.
    invitation: Option<String>,
    verbs: [Vec<String>; 2],
    typed: usize,
}

/// A program that stays; gone when dropped.
struct Staying(Child);

impl Drop for Staying {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Stage {
    /// With the machines that the steps need.
    pub(crate) fn new(page: &str, steps: &[Step]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        for name in steps.iter().map(|step| step.who.as_str()).chain(["programs", "tmp"]) {
            fs::create_dir_all(at(name)).unwrap();
        }
        for (name, program) in
            [("client", env!("CARGO_BIN_EXE_client")), ("server", env!("CARGO_BIN_EXE_server"))]
        {
            symlink(program, at("programs").join(name)).unwrap();
        }
        // From one machine to another here, as `scp FILE MACHINE:` does it between real ones.
        let scp = format!("#!/bin/sh\nexec cp \"$1\" \"{}/${{2%:}}/\"\n", folder.path().display());
        let copies = at("programs/scp");
        fs::write(&copies, scp).unwrap();
        fs::set_permissions(&copies, fs::Permissions::from_mode(0o755)).unwrap();
        let verbs = Program::BOTH.map(|it| it.help(&[]).verbs().map(str::to_owned).collect());
        let (staying, invitation) = (Vec::new(), None);
        Self { folder, port: free_port(page), staying, invitation, verbs, typed: 0 }
    }

    /// Types it, and looks whether it does and shows what the page says.
    pub(crate) fn play(&mut self, step: &Step) -> Result<(), String> {
        if step.command == "^C" {
            return self.stop();
        }
        let command = self.real(&step.command);
        let told: Vec<_> = step.told.iter().map(|line| self.real(line)).collect();
        let shown = if self.stays(&command) {
            self.begin(&step.who, &command, &told)?
        } else {
            let answers = answers(&command);
            let (exit, shown) = match answers {
                [] => self.run(&step.who, &command)?,
                _ => self.answer(&step.who, &command, answers),
            };
            if exit != Some(0) {
                return Err(format!("it ended with {exit:?}:\n{shown}"));
            }
            shown
        };
        if command.starts_with("server") {
            let found = shown.rfind("waxwing://").map(|at| &shown[at..]);
            let link = found.and_then(|link| link.split([' ', '\n', '"']).next());
            self.invitation = link.map(str::to_owned).or(self.invitation.take());
        }
        match missing(&told, &shown) {
            Some(line) => Err(format!("it does not show {line:?}, but:\n{shown}")),
            None => Ok(()),
        }
    }

    /// What the page says, with what is so here.
    fn real(&self, text: &str) -> String {
        let port = self.port.to_string();
        let pairs = [
            ("cargo run --bin client -- ", "client "),
            ("cargo run --bin client", "client"),
            ("cargo run --bin server -- ", "server "),
            ("cargo run --bin server", "server"),
            ("7311", port.as_str()),
            ("files.example", "127.0.0.1"),
            ("new.example", "localhost"),
            ("INVITATION", self.invitation.as_deref().unwrap_or("INVITATION")),
        ];
        pairs.iter().fold(text.to_owned(), |text, (said, real)| text.replace(said, real))
    }

    /// Whether it goes on until it is stopped.
    fn stays(&self, command: &str) -> bool {
        let mut words = command.split_whitespace();
        let program = words.next();
        let verb =
            |of: usize| words.clone().find(|word| self.verbs[of].iter().any(|it| it == word));
        match program {
            Some("client") => verb(0) == Some("serve"),
            Some("server") => verb(1).is_none() && !command.contains("--help"),
            _ => false,
        }
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn path(&self) -> String {
        format!("{}:/usr/bin:/bin", self.at("programs").display())
    }

    /// A shell that carries it out; what is shown goes there.
    fn shell(&mut self, who: &str, command: &str) -> (Command, PathBuf) {
        self.typed += 1;
        let (home, shown) = (self.at(who), self.at("tmp").join(format!("shown-{}", self.typed)));
        let mut shell = Command::new("sh");
        shell.args(["-c", command]).current_dir(&home).env_clear().env("HOME", &home);
        shell.env("PATH", self.path()).env("TMPDIR", self.at("tmp"));
        let file = "waxwing-server.toml";
        let is_set =
            ["", ".local/share/waxwing/server"].map(|it| home.join(it).join(file).exists());
        if !command.contains("--listen") && is_set == [false; 2] {
            shell.env("WAXWING_LISTEN", format!("127.0.0.1:{}", self.port));
        }
        let out = File::create(&shown).unwrap();
        shell.stdin(Stdio::null()).stdout(out.try_clone().unwrap()).stderr(out);
        (shell, shown)
    }

    fn run(&mut self, who: &str, command: &str) -> Result<(Option<i32>, String), String> {
        let (mut shell, shown) = self.shell(who, command);
        let mut child = Staying(shell.spawn().unwrap());
        let exit = ends(&mut child.0).ok_or("it goes on and on")?;
        Ok((exit.code(), fs::read_to_string(shown).unwrap()))
    }

    /// The same at a terminal, where questions are answered.
    fn answer(&self, who: &str, command: &str, answers: Answers) -> (Option<i32>, String) {
        let (folder, call) = (self.at(who), format!("PATH={} {command}", self.path()));
        let mut at = Terminal::wide(200, &folder, &call, &folder);
        for (question, answer) in answers {
            at.sees(question).types(&format!("{answer}\r"));
        }
        at.ends();
        let shown = at.text().to_owned();
        (at.exit(), shown)
    }

    /// Begins what stays, until it shows what the page says.
    fn begin(&mut self, who: &str, command: &str, told: &[String]) -> Result<String, String> {
        let (mut shell, shown) = self.shell(who, &format!("exec {command}"));
        let (mut child, begun) = (Staying(shell.spawn().unwrap()), Instant::now());
        loop {
            let text = fs::read_to_string(&shown).unwrap();
            let is_ready = READY.iter().any(|it| text.contains(it));
            let ended = child.0.try_wait().unwrap();
            if ended.is_some() || begun.elapsed() > ENOUGH {
                return Err(format!("it does not begin ({ended:?}):\n{text}"));
            }
            if is_ready && (missing(told, &text).is_none() || begun.elapsed() > ENOUGH / 4) {
                self.staying.push(child);
                return Ok(text);
            }
            sleep(Duration::from_millis(20));
        }
    }

    fn stop(&mut self) -> Result<(), String> {
        let mut last = self.staying.pop().ok_or("nothing is under way")?;
        kill_process(Pid::from_child(&last.0), Signal::INT).unwrap();
        let exit = ends(&mut last.0).ok_or("it does not end")?;
        match exit.code() {
            Some(0 | 130) => Ok(()),
            _ => Err(format!("it ended with {exit}")),
        }
    }
}

/// Questions, and what is typed then.
type Answers = &'static [(&'static str, &'static str)];

/// What a command asks at a terminal.
fn answers(command: &str) -> Answers {
    let has = |what: &str| command.contains(what);
    match command.split_whitespace().next() {
        Some("client") if has(" join ") && !has("--password-file") => &[
            ("Password for", PASSWORD),
            ("The same again: ", PASSWORD),
            ("Passphrase for your keys", ""),
        ],
        Some("client") if has(" login") && !has("--password-file") => &[("Password: ", PASSWORD)],
        Some("server") if has(" restore ") || has("--close") || has("--end") => &[("[y/N] ", "y")],
        _ => &[],
    }
}

/// The first of these lines that does not come, in their order, among those that are shown.
fn missing<'a>(told: &'a [String], shown: &str) -> Option<&'a String> {
    let mut lines = shown.lines();
    told.iter().find(|told| !lines.any(|line| is_like(told, line)))
}

/// Whether a line is what the page says: `…` is anything there, and spaces are as many as they are.
fn is_like(told: &str, line: &str) -> bool {
    let plain = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let (told, line) = (plain(told), plain(line));
    let mut pieces = told.split('…');
    let Some(mut rest) = line.strip_prefix(pieces.next().unwrap_or_default()) else { return false };
    let pieces: Vec<_> = pieces.collect();
    let Some((last, between)) = pieces.split_last() else { return rest.is_empty() };
    for piece in between {
        let Some(at) = rest.find(piece) else { return false };
        rest = &rest[at + piece.len()..];
    }
    rest.ends_with(last)
}

fn ends(child: &mut Child) -> Option<ExitStatus> {
    let begun = Instant::now();
    while begun.elapsed() < ENOUGH {
        if let Some(exit) = child.try_wait().unwrap() {
            return Some(exit);
        }
        sleep(Duration::from_millis(20));
    }
    None
}

/// A port that is free, and that the system gives to nobody who asks for any: an index that is begun
/// again has the same one.
fn free_port(page: &str) -> u16 {
    let (first, last) = (61_000, u16::MAX);
    let sum =
        page.bytes().fold(std::process::id(), |sum, byte| sum * 31 % 65_521 + u32::from(byte));
    let begin = first + u16::try_from(sum % u32::from(last - first)).unwrap();
    let is_free = |port: &u16| TcpListener::bind(("0.0.0.0", *port)).is_ok();
    (begin..last).chain(first..begin).find(is_free).expect("a free port")
}

/// What a program that stays says when it has begun.
const READY: [&str; 3] = ["Ctrl-C stops", "\"type\":\"listening\"", "\"type\":\"online\""];
const PASSWORD: &str = "correct horse battery";
/// Nothing here takes so long.
const ENOUGH: Duration = Duration::from_secs(120);
