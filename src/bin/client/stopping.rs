//! Being stopped: Ctrl-C once stops what is under way and says how to go on, twice ends at once.

use crate::program::Program;
use crate::verbs;
use crate::visits;
use clap::ArgMatches;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;
use waxwing::model::Invitation;
use waxwing::ui::signals::{Signal, Signals, end_at_once};
use waxwing::ui::{Exit, Failure, Level, join_words};

/// Carries out a verb, until it is done or the person stops it. `words` are how it was said.
pub(crate) async fn until_stopped(
    program: &Arc<Program>,
    matches: ArgMatches,
    words: &[String],
    stopper: &mut impl Stopper,
) -> Result<(), Failure> {
    program.printer.log(Level::Info, logged(words));
    let working = Arc::clone(program);
    let name = matches.subcommand_name().unwrap_or_default().to_owned();
    let numbers = matches.subcommand().map(|(_, of_verb)| numbers(of_verb, words));
    let leaves = name == "logout" && stopper.is_here();
    if leaves {
        visits::expect_logout(true);
    }
    // On a task of its own: a question to the person holds it up, and not the signals.
    let mut work = tokio::spawn(async move { verbs::carry_out_verb(&working, &matches).await });
    let told = tokio::select! {
        done = &mut work => {
            let done = match done {
                Ok(done) => done.map_err(Failure::from),
                Err(error) => {
                    Err(Failure::new(Exit::Error, format!("the verb broke off: {error}")))
                }
            };
            if leaves && done.is_err() {
                visits::expect_logout(false);
            }
            return done;
        }
        told = stopper.next() => told,
    };
    work.abort();
    // What was begun is put in order, which a question that is open may hold up.
    let grace = if told == Signal::Stop { GRACE } else { SHORT_GRACE };
    tokio::select! {
        _ = timeout(grace, work) => {}
        () = stopper.insists() => stopper.at_once(program),
    }
    match told {
        // What goes on until it is stopped is done then.
        _ if name == "serve" => Ok(()),
        Signal::Stop => Err(stopped(program, &name, words, &numbers.unwrap_or_default()).await),
        Signal::End | Signal::HangUp => Err(ended(told)),
    }
}

/// How a verb was said, for the log: an invitation may hold what lets its owner in.
fn logged(words: &[String]) -> String {
    let may_invite = |word: &String| word.contains(Invitation::SCHEME) || word.contains('#');
    let word = |word: &String| match may_invite(word) {
        true => "(left out)".to_owned(),
        false => word.clone(),
    };
    words.iter().map(word).collect::<Vec<_>>().join(" ")
}

/// Who stops a verb.
pub(crate) trait Stopper: Send {
    /// Waits until they do.
    fn next(&mut self) -> impl Future<Output = Signal> + Send;

    /// Waits for somebody who does not wait.
    fn insists(&mut self) -> impl Future<Output = ()> + Send;

    /// Whether they are at this program, and see all that it says.
    fn is_here(&self) -> bool;

    /// Does what they insist on.
    fn at_once(&self, program: &Program);
}

/// The person at the terminal, and the system.
impl Stopper for Signals {
    async fn next(&mut self) -> Signal {
        Self::next(self).await
    }

    /// That the terminal goes as well is no such sign.
    async fn insists(&mut self) {
        while Self::next(self).await == Signal::HangUp {}
    }

    fn is_here(&self) -> bool {
        true
    }

    fn at_once(&self, program: &Program) {
        program.give_back_terminal();
        end_at_once()
    }
}

/// Says goodbye, but not to somebody who insists.
pub(crate) async fn close(program: &Program) -> Result<(), Failure> {
    let mut signals = signals()?;
    tokio::select! {
        () = program.close() => {}
        () = signals.insists() => signals.at_once(program),
    }
    Ok(())
}

pub(crate) fn signals() -> Result<Signals, Failure> {
    Signals::new().map_err(|error| Failure::new(Exit::Error, error))
}

/// How a program ends that is told to by the system.
pub(crate) fn ended(told: Signal) -> Failure {
    match told {
        Signal::Stop => Failure::new(Exit::Interrupted, "stopped"),
        Signal::End => Failure::new(Exit::Terminated, "ended by the system"),
        Signal::HangUp => Failure::new(Exit::HungUp, "the terminal was closed"),
    }
}

/// What is left of a verb that was stopped, and how to go on with it.
async fn stopped(program: &Program, name: &str, words: &[String], numbers: &[usize]) -> Failure {
    let stopped = |what: &str, next: String| Failure::new(Exit::Interrupted, what).hint(next);
    match name {
        "get" => stopped(
            "stopped; what was verified of it is kept",
            go_on(&with_names(program, words, numbers).await),
        ),
        "send" => stopped("stopped; what was verified of it is kept there", go_on(words)),
        "share" => stopped(
            "stopped before all of it was read",
            "`share scan` goes on with it, `share rm NAME` takes it back".to_owned(),
        ),
        _ => Failure::new(Exit::Interrupted, "stopped"),
    }
}

/// The command stands between backticks, and so in one line: it is to be copied.
fn go_on(words: &[String]) -> String {
    format!("to go on: `{}`", join_words(words))
}

/// With the names of what had numbers in the last search: the next one has others. `numbers` are the
/// places of such words.
async fn with_names(program: &Program, words: &[String], numbers: &[usize]) -> Vec<String> {
    let Some(me) = program.opened() else { return words.to_vec() };
    let mut named = Vec::with_capacity(words.len());
    for (place, word) in words.iter().enumerate() {
        let object = match word.parse() {
            Ok(number) if numbers.contains(&place) => me.numbered(number).await,
            _ => None,
        };
        named.push(object.map_or_else(|| word.clone(), |object| object.to_string()));
    }
    named
}

/// The places of the words that say what is wanted by a number. A number may also be the value of a
/// flag, and behind `--all` it is searched for.
fn numbers(of_verb: &ArgMatches, words: &[String]) -> Vec<usize> {
    let has = |argument: &str, word: &str| {
        let values = of_verb.try_get_raw(argument).ok().flatten();
        values.is_some_and(|mut values| values.any(|value| value == word))
    };
    if matches!(of_verb.try_contains_id("all"), Ok(true)) {
        return Vec::new();
    }
    let before = std::iter::once("").chain(words.iter().map(String::as_str));
    let is_wanted = |(before, word): (&str, &str)| {
        let flag = before.strip_prefix("--").unwrap_or_default();
        word.parse::<usize>().is_ok() && has("WHAT", word) && !has(flag, word)
    };
    let words = before.zip(words.iter().map(String::as_str));
    words.enumerate().filter(|(_, pair)| is_wanted(*pair)).map(|(place, _)| place).collect()
}

/// So long what is stopped may take to end by itself.
const GRACE: Duration = Duration::from_secs(5);
const SHORT_GRACE: Duration = Duration::from_secs(1);
