//! The client: one person, at a prompt or verb by verb.
//!
//! With a verb it does that and ends. Without one, on a terminal, it opens a prompt with the same verbs.

#![forbid(unsafe_code)]
#![deny(clippy::expect_used, clippy::indexing_slicing, clippy::unwrap_used)]

mod asker;
mod asking;
mod completing;
mod demo;
#[cfg(unix)]
mod errands;
mod failures;
mod first_run;
mod folders;
mod got_shared;
mod heap;
mod mistakes;
mod panics;
mod program;
mod prompt;
mod samples;
mod settings;
mod stopping;
mod sure;
mod verbs;
mod visits;

use clap::ArgMatches;
use program::Program;
use settings::{Given, JSON, TABLE};
use std::env;
use std::ffi::OsString;
use std::io;
use std::process::ExitCode;
use std::thread;
use waxwing::ui::settings::{ConfigFile, Settings};
use waxwing::ui::signals::end_at_once;
use waxwing::ui::{Exit, Failure, Level, Printer, raise_limits};

fn main() -> ExitCode {
    let matches = match verbs::command().try_get_matches() {
        Ok(matches) => matches,
        Err(answer) => {
            let words: Vec<_> = env::args_os().skip(1).collect();
            return told_wrong(&Printer::standard(reads_json(&words)), &answer).into();
        }
    };
    let typed = gather(&matches, None);
    let json = typed.is_on(&JSON).map_err(failures::setting);
    let printer =
        Printer::standard_at(json.as_ref().is_ok_and(|on| *on), verbs::loudness(&matches));
    let done = json
        .and_then(|_| configure(&matches, &typed))
        .and_then(|given| run(matches, given, &printer))
        .and_then(|exit| printer.finish().map(|()| exit));
    match done {
        Ok(exit) => exit.into(),
        Err(failure) => {
            printer.failure(&failure);
            failure.exit.into()
        }
    }
}

/// Says what was typed wrongly, or the help that was asked for.
pub(crate) fn told_wrong(printer: &Printer, answer: &clap::Error) -> Exit {
    let (text, is_error) = (mistakes::text(answer, &verbs::command()), answer.use_stderr());
    if !is_error {
        printer.usage(text, is_error);
        return Exit::Done;
    }
    match printer.is_json() {
        true => {
            let (what, hint) = text.split_once("\nhint: ").unwrap_or((&text, ""));
            let what = what.strip_prefix("error: ").unwrap_or(what);
            let failure = Failure::new(Exit::Usage, what);
            printer.failure(&match hint {
                "" => failure,
                hint => failure.hint(hint),
            });
        }
        false => printer.usage(text, is_error),
    }
    Exit::Usage
}

/// Whether a program reads what is printed, as far as that is known where the rest was not understood.
fn reads_json(words: &[OsString]) -> bool {
    let flag = JSON.flag();
    let set = |word: &OsString| match word.to_str()?.strip_prefix(&flag)? {
        "" => Some(true),
        value => value.strip_prefix('=').map(is_on),
    };
    let flags = words.iter().take_while(|word| *word != "--");
    let is_set = || env::var(JSON.variable()).is_ok_and(|value| is_on(&value));
    flags.filter_map(set).last().unwrap_or_else(is_set)
}

fn is_on(value: &str) -> bool {
    matches!(value, "true" | "1")
}

/// On threads of its own, so that a question to the person holds up nothing else.
fn run(matches: ArgMatches, given: Given, printer: &Printer) -> Result<u8, Failure> {
    let shared = heap::share_one();
    if matches.get_flag(verbs::WHILE_INPUT_LASTS) {
        thread::spawn(|| {
            let _ = io::copy(&mut io::stdin(), &mut io::sink());
            end_at_once();
        });
    }
    raise_limits();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(THREADS)
        .enable_all()
        .build()
        .map_err(|error| Failure::new(Exit::Error, format!("no threads can be had: {error}")))?;
    if shared.is_err() {
        // It can do without: whoever pipes its output sees where it ends.
        let _ = heap::outlive_pipes(&runtime);
    }
    let program = Program::new(given, printer.clone())?;
    panics::log(printer);
    let done = runtime.block_on(verbs::carry_out(&program, matches));
    match &done {
        Ok(exit) => printer.log(Level::Info, format!("ended with exit code {exit}")),
        Err(failure) => printer.log_failure(failure),
    }
    program.end();
    runtime.shutdown_background();
    done
}

fn configure(matches: &ArgMatches, typed: &Settings) -> Result<Given, Failure> {
    let home = settings::home(typed)?;
    let file = settings::read_file(&home)?;
    let settings = gather(matches, file.as_ref());
    Given::new(&settings, home, file.is_some()).map_err(failures::setting)
}

fn gather(matches: &ArgMatches, file: Option<&ConfigFile>) -> Settings {
    Settings::gather(TABLE, matches, &|name| env::var_os(name), file)
}

const THREADS: usize = 4;
