//! The folder of the story, and the processes in it.

use std::fs::{self, DirBuilder};
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use waxwing::crypto::random;
use waxwing::ui::{Exit, Failure, Printer};

/// Where the story is played. All of it is gone when it is cleared.
pub(super) struct Stage {
    pub(super) printer: Printer,
    pub(super) folder: PathBuf,
    program: PathBuf,
    actors: Mutex<Actors>,
}

#[derive(Default)]
struct Actors {
    /// Those who run.
    running: Vec<Child>,
    is_over: bool,
}

impl Stage {
    pub(super) fn new(printer: Printer) -> Result<Self, Failure> {
        let name: u64 = u64::from_le_bytes(random());
        let folder = std::env::temp_dir().join(format!("waxwing-demo-{name:016x}"));
        make_private(&folder).map_err(|error| {
            let what = format!("{}: the story has no place there: {error}", folder.display());
            Failure::new(Exit::Error, what).hint("TMPDIR names another folder for it")
        })?;
        let program = std::env::current_exe().map_err(failed)?;
        Ok(Self { printer, folder, program, actors: Mutex::default() })
    }

    /// The program of somebody, with what is typed to it.
    pub(super) fn command(&self, who: &str, typed: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.arg("--home").arg(self.home(who)).args(typed).current_dir(self.home(who));
        self.without_settings(command)
    }

    /// The index.
    pub(super) fn index(&self) -> Command {
        let mut command = Command::new(&self.program);
        command
            .arg("--home")
            .arg(&self.folder)
            .arg("demo")
            .arg("--index-in")
            .arg(self.home("index"));
        self.without_settings(command)
    }

    /// What the person has set for their own client is not for these.
    fn without_settings(&self, mut command: Command) -> Command {
        for (name, _) in std::env::vars_os() {
            if name.to_str().is_some_and(|name| name.starts_with("WAXWING_")) {
                command.env_remove(name);
            }
        }
        command
    }

    pub(super) fn home(&self, who: &str) -> PathBuf {
        self.folder.join(who)
    }

    pub(super) fn make_home(&self, who: &str) -> Result<PathBuf, Failure> {
        make_private(&self.home(who)).map_err(failed)?;
        Ok(self.home(who))
    }

    /// Begins somebody whose end is not this program's doing alone: they go on as long as their input
    /// is held, and so go when this program is killed.
    fn spawn(&self, command: &mut Command) -> Result<Child, Failure> {
        command.arg("--while-input-lasts").stdin(Stdio::piped()).spawn().map_err(failed)
    }

    /// Begins somebody who runs beside the story until its end, and gives their first line.
    pub(super) fn begin(&self, command: &mut Command) -> Result<String, Failure> {
        let mut child = self.spawn(command.stdout(Stdio::piped()).stderr(Stdio::null()))?;
        let out = child.stdout.take();
        self.keep(child)?;
        let mut line = String::new();
        let mut out = BufReader::new(out.ok_or_else(|| Failure::new(Exit::Error, "no output"))?);
        out.read_line(&mut line).map_err(failed)?;
        // Whoever goes on speaking is not held up.
        std::thread::spawn(move || std::io::copy(&mut out, &mut std::io::sink()));
        match line.trim() {
            "" => Err(Failure::new(Exit::Error, "somebody in the story ended before it began")),
            line => Ok(line.to_owned()),
        }
    }

    /// Gives the number of the process.
    fn keep(&self, mut child: Child) -> Result<u32, Failure> {
        let (mut actors, number) = (self.actors(), child.id());
        if actors.is_over {
            end(&mut child);
            return Err(stopped());
        }
        actors.running.push(child);
        Ok(number)
    }

    /// Waits until somebody has ended, by themselves or with all others, or `is_time` to end them.
    fn wait(&self, number: u32, is_time: impl Fn() -> bool) -> Result<ExitStatus, Failure> {
        loop {
            let mut actors = self.actors();
            let at = actors.running.iter().position(|child| child.id() == number);
            let at = at.ok_or_else(stopped)?;
            let child = actors.running.get_mut(at).ok_or_else(stopped)?;
            if is_time() {
                // It may have ended by itself.
                let _ = child.kill();
            }
            if child.try_wait().map_err(failed)?.is_some() {
                return actors.running.swap_remove(at).wait().map_err(failed);
            }
            drop(actors);
            std::thread::sleep(LOOK);
        }
    }

    /// Runs somebody's program to its end, and gives what it said.
    pub(super) fn run(&self, command: &mut Command) -> Result<(ExitStatus, String), Failure> {
        let mut child = self.spawn(command.stdout(Stdio::null()).stderr(Stdio::piped()))?;
        let (mut err, mut said) = (child.stderr.take(), String::new());
        let number = self.keep(child)?;
        if let Some(err) = &mut err {
            err.read_to_string(&mut said).map_err(failed)?;
        }
        Ok((self.wait(number, || false)?, said))
    }

    /// Runs somebody's program unseen, and kills it when it is time.
    pub(super) fn kill(
        &self,
        command: &mut Command,
        is_time: impl Fn() -> bool,
    ) -> Result<(), Failure> {
        let child = self.spawn(command.stdout(Stdio::null()).stderr(Stdio::null()))?;
        self.wait(self.keep(child)?, is_time).map(|_| ())
    }

    /// Runs somebody's program where all can see it: its tables and bars are the person's.
    pub(super) fn show(&self, who: &str, typed: &[&str]) -> Result<u8, Failure> {
        self.printer.result("");
        self.printer.headline(format!("{who}$ client {}", typed.join(" ")));
        let mut command = self.command(who, typed);
        if self.printer.is_json() {
            command.stdout(Stdio::null()).stderr(Stdio::null());
        }
        let status = self.wait(self.keep(self.spawn(&mut command)?)?, || false)?;
        Ok(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(u8::MAX))
    }

    /// Ends whoever runs, and removes the folder.
    pub(super) fn clear(&self) {
        let mut actors = self.actors();
        actors.is_over = true;
        actors.running.iter_mut().rev().for_each(end);
        actors.running.clear();
        let _ = fs::remove_dir_all(&self.folder);
    }

    fn actors(&self) -> MutexGuard<'_, Actors> {
        self.actors.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn end(child: &mut Child) {
    // It may have ended by itself.
    let _ = child.kill();
    let _ = child.wait();
}

#[cfg(unix)]
fn make_private(folder: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    DirBuilder::new().mode(0o700).create(folder)
}

#[cfg(not(unix))]
fn make_private(folder: &Path) -> std::io::Result<()> {
    DirBuilder::new().create(folder)
}

fn stopped() -> Failure {
    Failure::new(Exit::Interrupted, "stopped")
}

pub(super) fn failed(error: impl std::fmt::Display) -> Failure {
    Failure::new(Exit::Error, error)
}

/// How often is looked whether somebody has ended.
const LOOK: Duration = Duration::from_millis(5);
