//! The server: an index on its machine, and the verbs of its owner.
//!
//! Without a verb it serves until it is told to stop. With one it does that and ends: beside a
//! running server through its control socket, else on the data itself.

#![forbid(unsafe_code)]
#![deny(clippy::expect_used, clippy::indexing_slicing, clippy::unwrap_used)]

mod failures;
mod greeting;
mod panics;
mod place;
mod run;
mod settings;
mod show;
mod verbs;

use clap::ArgMatches;
use settings::{CONFIG, Config, FILE_NAME, JSON, TABLE};
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use waxwing::ui::settings::{ConfigFile, Settings};
use waxwing::ui::{Exit, Failure, Printer};

fn main() -> ExitCode {
    let matches = match verbs::command().try_get_matches() {
        Ok(matches) => matches,
        Err(answer) => {
            let is_error = answer.use_stderr();
            Printer::standard(false).usage(answer.render(), is_error);
            return if is_error { Exit::Usage } else { Exit::Done }.into();
        }
    };
    let typed = gather(&matches, None);
    let json = typed.is_on(&JSON).map_err(failures::setting);
    let printer = Printer::standard(json.as_ref().is_ok_and(|on| *on));
    let done = json
        .and_then(|_| configure(&matches, &typed))
        .and_then(|config| verbs::carry_out(&matches, &config, &printer))
        .and_then(|()| printer.finish());
    match done {
        Ok(()) => Exit::Done.into(),
        Err(failure) => {
            printer.failure(&failure);
            failure.exit.into()
        }
    }
}

fn configure(matches: &ArgMatches, typed: &Settings) -> Result<Config, Failure> {
    let file = find_file(typed)?;
    let settings = gather(matches, file.as_ref());
    let program = env::args_os().next().unwrap_or_else(|| "server".into());
    Config::new(&settings, file.map(|file| file.path().to_owned()), program)
        .map_err(failures::setting)
}

fn gather(matches: &ArgMatches, file: Option<&ConfigFile>) -> Settings {
    Settings::gather(TABLE, matches, &|name| env::var_os(name), file)
}

/// The file of settings: the one that was named, or the one that lies where we look.
fn find_file(typed: &Settings) -> Result<Option<ConfigFile>, Failure> {
    if let Some(named) = typed.path(&CONFIG) {
        return read_file(named).map(Some);
    }
    let data = settings::data(typed).map_err(failures::setting)?;
    let places = [PathBuf::from(FILE_NAME), data.join(FILE_NAME)];
    let found = places.into_iter().find(|place| place.exists());
    found
        .map(|found| {
            check_owner(&found)?;
            read_file(found)
        })
        .transpose()
}

/// A file that nobody named counts only if nobody else can have written it.
#[cfg(unix)]
fn check_owner(path: &Path) -> Result<(), Failure> {
    use std::os::unix::fs::MetadataExt;
    let about = fs::metadata(path).map_err(|error| {
        let what = format!("{}: the settings cannot be read: {error}", path.display());
        Failure::new(failures::io_exit(&error), what)
    })?;
    let ours = [0, rustix::process::geteuid().as_raw()].contains(&about.uid());
    if ours && about.mode() & 0o022 == 0 {
        return Ok(());
    }
    let what = format!("{}: other users of this machine can write these settings", path.display());
    let hint = "make the file yours and close it (chmod go-w), or name it with --config FILE";
    Err(Failure::new(Exit::NotAllowed, what).hint(hint))
}

/// Other systems keep a person's files from other users by themselves.
#[cfg(not(unix))]
fn check_owner(_: &Path) -> Result<(), Failure> {
    Ok(())
}

fn read_file(path: impl AsRef<Path>) -> Result<ConfigFile, Failure> {
    let path = path.as_ref();
    let text = fs::read_to_string(path).map_err(|error| {
        let what = format!("{}: the settings cannot be read: {error}", path.display());
        Failure::new(failures::io_exit(&error), what)
            .hint(format!("--config FILE names another file, or take away this {FILE_NAME}"))
    })?;
    ConfigFile::parse(TABLE, path, &text).map_err(failures::setting)
}
