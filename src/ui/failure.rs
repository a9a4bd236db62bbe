//! How a program ends, and what it says when it did not do what was asked.

use std::fmt;
use std::process::ExitCode;

/// The exit codes of all our programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Exit {
    /// What was asked for is done.
    Done,
    /// Something went wrong.
    Error,
    /// The command was not understood.
    Usage,
    /// What was named is not there.
    NotFound,
    /// It may not be.
    NotAllowed,
    /// The other side cannot be reached.
    Unreachable,
    /// Something is not what it should be: somebody made a mistake, or lies.
    Verification,
    /// Something else is in the way.
    Conflict,
    /// There is no room left.
    NoSpace,
    /// It was so already.
    NothingToDo,
    /// Somebody stopped it at once.
    Interrupted,
    /// Its terminal was closed: 128 and the number of the signal, as shells say it.
    HungUp,
    /// The system ended it.
    Terminated,
}

impl Exit {
    /// The number that the system is told.
    pub const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Error => 1,
            Self::Usage => 2,
            Self::NotFound => 3,
            Self::NotAllowed => 4,
            Self::Unreachable => 5,
            Self::Verification => 6,
            Self::Conflict => 7,
            Self::NoSpace => 8,
            Self::NothingToDo => 9,
            Self::Interrupted => 130,
            Self::HungUp => 129,
            Self::Terminated => 143,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        exit.code().into()
    }
}

/// What went wrong, in a sentence for a person, and what they can do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// How the program ends.
    pub exit: Exit,
    /// What went wrong.
    pub what: String,
    /// What to do next, if there is something.
    pub hint: Option<String>,
}

impl Failure {
    /// A failure about which nothing can be advised.
    pub fn new(exit: Exit, what: impl fmt::Display) -> Self {
        Self { exit, what: what.to_string(), hint: None }
    }

    /// With advice.
    pub fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }
}
