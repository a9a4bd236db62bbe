//! How a program ends.

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
    /// Somebody stopped it.
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
