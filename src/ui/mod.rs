//! The terminal: what a person may set, and how a program speaks to them.
//!
//! | part | what it is |
//! |---|---|
//! | [`settings`] | one table of what can be set; flags, environment, file and help come from it |
//! | [`Printer`] | the one owner of a program's output |
//! | [`Progress`] | how far work has come: bars, lines or objects |
//! | [`Ask`] | questions to a person, and secrets that are not shown |
//! | [`Shell`] | the prompt |
//! | [`Table`] | rows for a person's eyes, fitted to the terminal |
//! | [`Log`] | one line an event, on stderr and in a file that does not grow without end |
//! | [`errand`] | what a verb and a program in the same home say to each other |
//! | [`signals`] | what the system tells a program that it should end |
//! | [`Failure`], [`Exit`] | what went wrong, what to do next, and the exit code |
//!
//! Nothing here knows which program it serves.

mod ask;
pub mod errand;
mod failure;
mod limits;
mod log;
mod log_file;
mod output;
mod printer;
mod progress;
mod screen;
pub mod settings;
mod shell;
pub mod signals;
mod table;
mod typing;
mod words;

pub use crate::node::Exit;
pub use ask::{Ask, QuestionError, read_secret};
pub use failure::Failure;
pub use limits::raise_limits;
pub use log::{Level, Log, LogThread, Sinks};
pub use log_file::LogFile;
pub use output::Look;
pub use printer::{Loudness, Printer};
pub use progress::{Marks, Progress};
pub use shell::{Completion, Line, Shell, join_words, split_words};
pub use table::{Cell, Table};
pub use words::{ago, bytes, span, utc};
