//! The end at which a verb was typed: it writes, draws and asks, and the other end does the work.

use super::SOCKET;
use crate::program::Program;
use crate::stopping::{self, signals};
use futures_util::StreamExt;
use std::env;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::net::UnixStream;
use tokio::task::spawn_blocking;
use tokio::time::sleep;
use tokio_util::codec::{Framed, LinesCodec};
use waxwing::link::find_local;
use waxwing::ui::errand::{Answer, Errand, Question, Said, Told};
use waxwing::ui::signals::{Signal, Signals, end_at_once};
use waxwing::ui::{Exit, Failure, QuestionError, read_secret};
use zeroize::Zeroizing;

/// The program that is open in this home.
pub(crate) type Called = Framed<UnixStream, LinesCodec>;

/// Finds it, if there is one.
pub(crate) async fn find(program: &Program) -> Option<Called> {
    // Who cannot be reached is not there: the verb does its work by itself.
    let found = find_local(&program.home.state_path(), SOCKET).await.ok().flatten()?;
    Some(Framed::new(found, LinesCodec::new_with_max_length(LONGEST_LINE)))
}

/// Has it carry a verb out; gives the exit code, or nothing when the program was about to end and has
/// done nothing of it.
pub(crate) async fn call(
    program: &Arc<Program>,
    mut called: Called,
    words: &[String],
) -> Result<Option<u8>, Failure> {
    let mut signals = signals()?;
    if say(&mut called, &errand(program, words)?).await.is_err() {
        return Ok(None);
    }
    let (mut is_heard, mut has_stopped) = (false, false);
    loop {
        let line = tokio::select! {
            line = called.next() => line,
            () = sleep(HEARD), if !is_heard => return Err(silent()),
            signal = signals.next() => {
                match signal {
                    Signal::Stop if has_stopped => end_at_once(),
                    Signal::Stop => {
                        has_stopped = true;
                        say(&mut called, &Said::Stop).await.map_err(gone)?;
                    }
                    Signal::End | Signal::HangUp => return Err(stopping::ended(signal)),
                }
                continue;
            }
        };
        let told = match line {
            Some(Ok(line)) => serde_json::from_str::<Told>(&line).map_err(|_| strange())?,
            // It has ended, or has no place for another, and did nothing of it.
            Some(Err(_)) | None if !is_heard => return Ok(None),
            Some(Err(error)) => return Err(gone(io::Error::other(error))),
            None => return Err(gone(io::ErrorKind::UnexpectedEof.into())),
        };
        match told {
            Told::Heard => is_heard = true,
            Told::Out(text) => {
                program.settle();
                program.printer.relay_out(&text);
            }
            Told::Err(text) => program.printer.relay_err(&text),
            Told::Event(event) => program.events().pass(event),
            Told::Ask(question) => {
                let answer = answered(program, question, words, &mut signals).await?;
                say(&mut called, &Said::Answer(answer)).await.map_err(gone)?;
            }
            Told::Done(exit) => return Ok(Some(exit)),
        }
    }
}

fn errand(program: &Program, words: &[String]) -> Result<Errand, Failure> {
    let (out, err) = program.printer.looks();
    Ok(Errand {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        words: words.to_vec(),
        folder: env::current_dir().map_err(|error| Failure::new(Exit::Error, error))?,
        json: program.json,
        out,
        err,
        can_ask: program.ask().is_some(),
        downloads: program.downloads_here(),
    })
}

/// The person's answer, unless the system ends the program while they are asked.
async fn answered(
    program: &Arc<Program>,
    question: Question,
    words: &[String],
    signals: &mut Signals,
) -> Result<Answer, Failure> {
    let (asked, named) = (Arc::clone(program), words.to_vec());
    let answer = spawn_blocking(move || answer(&asked, question, &named));
    tokio::select! {
        answer = answer => Ok(answer.unwrap_or(Answer::End)),
        told = told_to_end(signals) => {
            program.give_back_terminal();
            Err(stopping::ended(told))
        }
    }
}

async fn say(called: &mut Called, what: &impl serde::Serialize) -> io::Result<()> {
    // It may be a secret.
    let mut line = Zeroizing::new(Vec::with_capacity(LINE_ROOM));
    serde_json::to_writer(&mut *line, what)?;
    line.push(b'\n');
    called.get_mut().write_all(&line).await
}

/// At a question, Ctrl-C is a key like others.
async fn told_to_end(signals: &mut Signals) -> Signal {
    loop {
        match signals.next().await {
            Signal::Stop => {}
            told => return told,
        }
    }
}

fn answer(program: &Program, question: Question, words: &[String]) -> Answer {
    // Nothing is read that was not named here.
    let is_named = |path: &Path| {
        let of_flag =
            |word: &String| word.split_once('=').is_some_and(|(_, it)| Path::new(it) == path);
        words.iter().any(|word| Path::new(word) == path || of_flag(word))
    };
    let Some(ask) = program.ask() else {
        return match question {
            Question::SecretFile { path } if is_named(&path) => read(&path),
            _ => Answer::End,
        };
    };
    let answer = match question {
        Question::Yes { question, usual } => ask.yes(&question, usual).map(Answer::Yes),
        Question::Text { question, usual } => {
            ask.text(&question, usual.as_deref()).map(Answer::Text)
        }
        Question::Secret { question } => {
            ask.secret(&question).map(|mut text| Answer::Text(std::mem::take(&mut *text)))
        }
        Question::SecretFile { path } if is_named(&path) => Ok(read(&path)),
        Question::SecretFile { .. } => Ok(Answer::End),
    };
    answer.unwrap_or_else(|why| match why {
        QuestionError::Interrupted => Answer::Interrupted,
        QuestionError::End | QuestionError::Io(_) => Answer::End,
    })
}

fn read(path: &Path) -> Answer {
    match read_secret(path) {
        Ok(mut text) => Answer::Text(std::mem::take(&mut *text)),
        Err(error) => Answer::Unread {
            missing: error.kind() == io::ErrorKind::NotFound,
            text: error.to_string(),
        },
    }
}

fn gone(error: io::Error) -> Failure {
    let what = format!(
        "the program that is open in this home ended in the middle of it, or waited too long ({error})"
    );
    Failure::new(Exit::Error, what).hint("what was verified of a transfer is kept: type it again")
}

fn silent() -> Failure {
    Failure::new(Exit::Unreachable, "the program that is open in this home does not answer")
        .hint("is it stopped? Let it go on, or end it, and type this again")
}

fn strange() -> Failure {
    let what =
        "the program that is open in this home speaks in another way; is it of another version?";
    Failure::new(Exit::Error, what).hint("end it, and begin it again with this version")
}

/// Whoever is called says at once that it hears, whatever else it does.
const HEARD: Duration = Duration::from_secs(30);
/// A text that grows leaves copies behind.
const LINE_ROOM: usize = 16 << 10;
/// A table of very many rows is one line.
const LONGEST_LINE: usize = 64 << 20;
