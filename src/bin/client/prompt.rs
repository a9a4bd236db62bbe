//! The prompt: the same verbs, one line each, while sharing and receiving go on.

use crate::completing::completion;
use crate::failures::{self, Trouble};
use crate::first_run;
use crate::folders;
use crate::mistakes;
use crate::program::Program;
use crate::stopping::{self, signals, until_stopped};
use crate::sure;
use crate::verbs::{self, account, serving};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::task::block_in_place;
use waxwing::node::index::Status;
use waxwing::node::{self, User};
use waxwing::ui::signals::Signal;
use waxwing::ui::{Exit, Failure, Line, Loudness, QuestionError, Shell, Table, split_words};

/// Opens the prompt, until the person leaves.
pub(crate) async fn open(program: &Arc<Program>) -> Result<(), Failure> {
    if program.ask().is_none() {
        let what = "what is to be done? Without a terminal there is no prompt";
        return Err(Failure::new(Exit::Usage, what).hint("client --help names the verbs"));
    }
    let (working, is_open) = (Arc::clone(program), Arc::new(AtomicBool::new(false)));
    let opened = Arc::clone(&is_open);
    let prompt = async move {
        let user = begin(&working).await?;
        if let Some(user) = &user {
            if user.name()?.is_some() && user.index().is_ok() {
                first_run::offer_to_share(&working, user).await?;
            }
            be_there(&working, user).await;
        }
        menu(&working, user.as_ref());
        opened.store(true, Ordering::Release);
        read_lines(&working).await
    };
    // On a task of its own, whose thread the questions may hold up.
    let prompt = tokio::spawn(prompt);
    let done = tokio::select! {
        done = prompt => done.map_err(|error| Failure::new(Exit::Error, error)),
        told = told_to_end(&is_open) => {
            // Whoever waits at the prompt for a line waits on: it ends with the program.
            program.give_back_terminal();
            Err(stopping::ended(told?))
        }
    };
    stopping::close(program).await?;
    done?.map_err(Failure::from)
}

/// Ctrl-C ends the way to the prompt; at the prompt it stops a verb.
async fn told_to_end(is_open: &AtomicBool) -> Result<Signal, Failure> {
    let mut signals = signals()?;
    loop {
        match signals.next().await {
            Signal::Stop if is_open.load(Ordering::Acquire) => {}
            told => return Ok(told),
        }
    }
}

/// Opens the keys and looks whether the session is good; makes both the first time.
async fn begin(program: &Arc<Program>) -> Result<Option<User>, Trouble> {
    if let (Ok(None), Some(index)) = (program.home.index(), account::set_index(program)) {
        return first_run::welcome(program, index).await.map(Some);
    }
    if !program.has_keys() {
        return Ok(None);
    }
    let user = program.user()?;
    let user = if user.is_rotating() { verbs::keys::finish(program).await? } else { user };
    let index = match user.index() {
        Ok(index) => index,
        Err(node::Error::NoIndex | node::Error::UntrustedIndex(_)) => return Ok(Some(user)),
        Err(error) => return Err(error.into()),
    };
    match user.account().await {
        Ok(_) => {}
        Err(_) if matches!(user.status(), Some(Status::LoggedOut(_))) => {
            let Some(name) = user.name()? else { return Ok(Some(user)) };
            program
                .printer
                .note(format!("You are logged out of the index at {}, {name}.", index.at));
            account::log_in(program, &user, &index, &name).await?;
        }
        // What does not need the index works without it.
        Err(error) => program.printer.failure(&failures::node(&error)),
    }
    Ok(Some(user))
}

/// Shares and receives from now on. A prompt that cannot is still good for the rest.
async fn be_there(program: &Arc<Program>, user: &User) {
    if user.name().ok().flatten().is_none() || user.index().is_err() {
        return;
    }
    serving::be_there(program, user).await;
}

/// The steps that a newcomer needs, in their order.
fn menu(program: &Program, user: Option<&User>) {
    if program.printer.loudness() == Loudness::Quiet {
        return;
    }
    let mut table = Table::without_heading();
    if user.is_none() {
        table.row(["join INVITATION", "make an account on an index, and your keys"]);
    }
    for (verb, what) in FIRST {
        table.row([verb, what]);
    }
    program.printer.result("");
    program.printer.table(table);
    program.printer.result("");
}

async fn read_lines(program: &Arc<Program>) -> Result<(), Trouble> {
    let history = program.home.path().exists().then(|| program.home.state_path().join("history"));
    let mut shell = block_in_place(|| Shell::open(&program.printer, history, completion(program)))
        .map_err(|error| Failure::new(Exit::Error, format!("the prompt cannot be had: {error}")))?;
    loop {
        let read = block_in_place(|| shell.read(&prompt(program)));
        let read = read.map_err(|error| Failure::new(Exit::Error, error))?;
        match read {
            Line::End if may_leave(program) => return Ok(()),
            Line::End => {}
            Line::Dropped => program.printer.note("`quit` or Ctrl-D leaves."),
            Line::Typed(line) => {
                if !carry_out(program, &line).await? {
                    return Ok(());
                }
            }
        }
    }
}

fn prompt(program: &Program) -> String {
    let name = program.opened().and_then(|user| user.name().ok().flatten());
    name.map_or("waxwing> ".to_owned(), |name| format!("{name}> "))
}

/// Does what a line says; gives whether another one is read.
async fn carry_out(program: &Arc<Program>, line: &str) -> Result<bool, Trouble> {
    let Some(words) = split_words(line) else {
        program.printer.failure(&failures::usage("a quote is not closed"));
        return Ok(true);
    };
    let typed: Vec<_> = words.iter().map(String::as_str).collect();
    if let Some(done) = folders::carry_out(program, &typed) {
        if let Err(trouble) = done {
            program.printer.failure(&trouble.into());
        }
        return Ok(true);
    }
    match typed.as_slice() {
        [] => return Ok(true),
        ["quit" | "exit"] => return Ok(!may_leave(program)),
        ["quit" | "exit", "-y" | "--yes"] => return Ok(false),
        ["help" | "?"] => help(program),
        ["help" | "?", verb, ..] if is_own(verb) => help_of_own(program, verb),
        ["help" | "?", verb @ ..] => {
            let asked = verb.iter().chain(&["--help"]).map(|word| (*word).to_owned());
            parse_and_do(program, &asked.collect::<Vec<_>>()).await?;
        }
        [verb, ..] if is_own(verb) => program.printer.failure(&too_much(verb)),
        _ => parse_and_do(program, &words).await?,
    }
    Ok(true)
}

/// Whether it is a verb of the prompt alone.
fn is_own(verb: &str) -> bool {
    verb == "exit" || own_verbs().any(|(own, _)| first_word(own) == verb)
}

/// The verbs of the prompt alone, and what they do.
fn own_verbs() -> impl Iterator<Item = (&'static str, &'static str)> {
    folders::VERBS.into_iter().chain(OWN)
}

fn first_word(text: &str) -> &str {
    text.split(' ').next().unwrap_or_default()
}

/// More was typed behind a verb of the prompt than it takes.
fn too_much(verb: &str) -> Failure {
    let (takes, hint) = match verb {
        "cd" | "ls" => ("one folder", "a name with spaces stands in quotes: cd \"my files\""),
        "pwd" => ("nothing behind it", "`pwd` alone says in which folder you are"),
        _ => ("nothing behind it but --yes", "`quit` leaves, `quit --yes` without a question"),
    };
    failures::usage(format!("{verb} takes {takes}")).hint(hint)
}

/// Whoever would cut something off is asked. Ctrl-D, once more, is a yes.
fn may_leave(program: &Program) -> bool {
    let lost = program.opened().as_ref().and_then(sure::under_way);
    let (Some(lost), Some(ask)) = (lost, program.ask()) else { return true };
    match ask.yes(&format!("{lost}. Leave, and cut that off?"), false) {
        Ok(leaves) => leaves,
        Err(why) => !matches!(why, QuestionError::Interrupted),
    }
}

async fn parse_and_do(program: &Arc<Program>, words: &[String]) -> Result<(), Trouble> {
    let matches = match verbs::prompt_command().try_get_matches_from(words) {
        Ok(matches) => matches,
        Err(answer) => {
            let all = (&verbs::prompt_command(), &verbs::command());
            let text = mistakes::text_at_prompt(&answer, all, words);
            program.printer.usage(text, answer.use_stderr());
            return Ok(());
        }
    };
    match until_stopped(program, matches, words, &mut signals()?).await {
        Err(failure) if matches!(failure.exit, Exit::Terminated | Exit::HungUp) => {
            Err(failure.into())
        }
        Err(failure) => {
            program.printer.failure(&failure);
            Ok(())
        }
        Ok(()) => Ok(()),
    }
}

fn help(program: &Program) {
    let mut table = Table::without_heading();
    for verb in verbs::prompt_command().get_subcommands() {
        let about = verb.get_about().map(ToString::to_string);
        table.row([verb.get_name(), about.as_deref().unwrap_or_default()]);
    }
    for (verb, what) in own_verbs() {
        table.row([verb, what]);
    }
    program.printer.table(table);
}

fn help_of_own(program: &Program, asked: &str) {
    let asked = if asked == "exit" { "quit" } else { asked };
    let mut table = Table::without_heading();
    for (verb, what) in own_verbs().filter(|(verb, _)| first_word(verb) == asked) {
        table.row([verb, what]);
    }
    program.printer.table(table);
}

const OWN: [(&str, &str); 2] = [
    ("help [VERB]", "Name all verbs, or say more of one"),
    ("quit", "Leave, as Ctrl-D does; what is under way is asked about, not with --yes"),
];
const FIRST: &[(&str, &str)] = &[
    ("share add PATH", "share a file or folder"),
    ("search WORDS", "find files that others share"),
    ("get NUMBER", "fetch a file of the last search"),
    ("send USER PATH", "send somebody a file or folder"),
    ("people", "see who is there"),
    ("verify USER", "make sure of somebody's key"),
    ("help", "all verbs"),
    ("quit", "leave"),
];
