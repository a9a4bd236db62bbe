//! What goes wrong, in sentences for the person: the advice of the library, and exit codes.

use std::io;
use std::path::Path;
use waxwing::node;
use waxwing::ui::settings::SettingError;
use waxwing::ui::{Exit, Failure, QuestionError};

/// Why a verb was not carried out.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// The library did not do it.
    Node(node::Error),
    /// This program did not.
    Told(Failure),
}

impl From<node::Error> for Trouble {
    fn from(error: node::Error) -> Self {
        Self::Node(error)
    }
}

impl From<Failure> for Trouble {
    fn from(failure: Failure) -> Self {
        Self::Told(failure)
    }
}

impl From<QuestionError> for Trouble {
    fn from(error: QuestionError) -> Self {
        Self::Told(ask(&error))
    }
}

impl From<Trouble> for Failure {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Node(error) => node(&error),
            Trouble::Told(failure) => failure,
        }
    }
}

pub(crate) fn node(error: &node::Error) -> Failure {
    error.advice().into()
}

pub(crate) fn setting(error: SettingError) -> Failure {
    Failure::new(Exit::Usage, error).hint("client --help names all settings")
}

pub(crate) fn ask(error: &QuestionError) -> Failure {
    let exit = match error {
        QuestionError::Interrupted => Exit::Interrupted,
        QuestionError::End => Exit::Usage,
        QuestionError::Io(_) => Exit::Error,
    };
    Failure::new(exit, error)
}

/// Something had to be asked, and nobody is there.
pub(crate) fn nobody_to_ask(what: &str, instead: &str) -> Failure {
    let what = format!("{what} is needed, and there is no terminal to ask at");
    Failure::new(Exit::Usage, what).hint(instead)
}

/// What this program reads itself and cannot.
pub(crate) fn disk(path: &Path, error: &io::Error) -> Failure {
    let exit = match error.kind() {
        io::ErrorKind::NotFound => Exit::NotFound,
        io::ErrorKind::PermissionDenied => Exit::NotAllowed,
        _ => Exit::Error,
    };
    Failure::new(exit, format!("{}: {error}", path.display()))
}

pub(crate) fn usage(what: impl std::fmt::Display) -> Failure {
    Failure::new(Exit::Usage, what)
}
