//! Somebody to ask: the person at this program's terminal, or at that of a verb whose errand is done here.
//!
//! However long the answer takes, everything else goes on: what is shared is served, and the index hears
//! that one is there.

use crate::failures::{self, Trouble};
use std::io;
use std::path::Path;
use tokio::task::block_in_place;
use waxwing::ui::{Ask, QuestionError, read_secret};
use zeroize::Zeroizing;

#[cfg(unix)]
use crate::errands::ErrandLine;
#[cfg(unix)]
use std::sync::Arc;
#[cfg(unix)]
use waxwing::ui::errand::{Answer, Question};

/// Asks, if anybody is there.
pub(crate) enum Asks {
    Here(Option<Ask>),
    #[cfg(unix)]
    There {
        line: Arc<ErrandLine>,
        can_ask: bool,
    },
}

/// Somebody to ask.
#[derive(Clone, Copy)]
pub(crate) enum Asker<'p> {
    Here(&'p Ask),
    #[cfg(unix)]
    There(&'p ErrandLine),
}

impl Asks {
    pub(crate) fn asker(&self) -> Option<Asker<'_>> {
        match self {
            Self::Here(ask) => ask.as_ref().map(Asker::Here),
            #[cfg(unix)]
            Self::There { line, can_ask } => can_ask.then_some(Asker::There(line)),
        }
    }

    /// A secret in a file, or on the input: of the program at which it was typed.
    pub(crate) fn read(&self, path: &Path) -> Result<Zeroizing<String>, Trouble> {
        match self {
            Self::Here(_) => {
                let read = block_in_place(|| read_secret(path));
                read.map_err(|error| failures::disk(path, &error).into())
            }
            #[cfg(unix)]
            Self::There { line, .. } => {
                let question = Question::SecretFile { path: path.to_owned() };
                match block_in_place(|| line.ask(question))? {
                    Answer::Unread { missing, text } => {
                        let kind =
                            if missing { io::ErrorKind::NotFound } else { io::ErrorKind::Other };
                        Err(failures::disk(path, &io::Error::new(kind, text)).into())
                    }
                    answer => Ok(text_of(answer)?),
                }
            }
        }
    }

    /// The terminal is to be as it was, whatever is asked at it.
    pub(crate) fn give_back(&self) {
        if let Self::Here(Some(ask)) = self {
            ask.give_back();
        }
    }
}

impl Asker<'_> {
    pub(crate) fn yes(self, question: &str, usual: bool) -> Result<bool, QuestionError> {
        block_in_place(|| match self {
            Self::Here(ask) => ask.yes(question, usual),
            #[cfg(unix)]
            Self::There(line) => {
                match line.ask(Question::Yes { question: question.to_owned(), usual })? {
                    Answer::Yes(yes) => Ok(yes),
                    _ => Err(QuestionError::End),
                }
            }
        })
    }

    pub(crate) fn text(self, question: &str, usual: Option<&str>) -> Result<String, QuestionError> {
        block_in_place(|| match self {
            Self::Here(ask) => ask.text(question, usual),
            #[cfg(unix)]
            Self::There(line) => {
                let usual = usual.map(str::to_owned);
                let answer = line.ask(Question::Text { question: question.to_owned(), usual })?;
                Ok(text_of(answer)?.to_string())
            }
        })
    }

    pub(crate) fn secret(self, question: &str) -> Result<Zeroizing<String>, QuestionError> {
        block_in_place(|| match self {
            Self::Here(ask) => ask.secret(question),
            #[cfg(unix)]
            Self::There(line) => {
                text_of(line.ask(Question::Secret { question: question.to_owned() })?)
            }
        })
    }

    /// A new secret: typed until `check` has nothing against it, which `note` says, and typed again until
    /// both are the same.
    pub(crate) fn new_secret<T>(
        self,
        question: &str,
        note: impl Fn(&str),
        check: impl Fn(&str) -> Result<First<T>, String>,
    ) -> Result<T, QuestionError> {
        loop {
            let first = self.secret(question)?;
            match check(&first) {
                Ok(First::Enough(made)) => return Ok(made),
                Ok(First::Again(made)) if *self.secret("The same again")? == *first => {
                    return Ok(made);
                }
                Ok(First::Again(_)) => note("These were not the same. Once more:"),
                Err(reason) => note(&reason),
            }
        }
    }
}

/// What is made of what was typed first.
pub(crate) enum First<T> {
    /// It is to be typed once more.
    Again(T),
    /// That was all.
    Enough(T),
}

#[cfg(unix)]
fn text_of(answer: Answer) -> Result<Zeroizing<String>, QuestionError> {
    match answer {
        Answer::Text(text) => Ok(Zeroizing::new(text)),
        _ => Err(QuestionError::End),
    }
}
