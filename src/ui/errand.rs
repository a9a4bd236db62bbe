//! Errands: a verb that is carried out by the program that is open in the same home already.
//!
//! ```text
//! verb    {"words":["get","1"],"folder":"/home/bob",…}\n        ──▶  prompt, or serve
//! verb    ◀──  "heard"\n                    from here on it is done there, and nowhere else
//!              {"event":{"began":{…}}}\n      drawn where the verb was typed
//!              {"ask":{"yes":{…}}}\n          and there it is asked
//! verb    {"answer":{"yes":true}}\n            ──▶
//! verb    ◀──  {"out":"…"}\n  {"err":"…"}\n    lines as they are to be written
//!              {"done":0}\n                    with which exit code the verb ends
//! ```
//!
//! One errand a connection, one JSON text a line, over a socket that only the same user can speak to.
//! Keys are open there, so no passphrase is asked for again, and nobody fights for the files of the
//! home. When the verb is stopped or its terminal goes away, so is its work.

use super::output::Look;
use crate::model::Event;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::path::PathBuf;

/// What a verb asks of the program that is open in its home.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Errand {
    /// The version of the program that asks: another one may mean something else by the same words.
    pub version: String,
    /// What was typed, without the program's name.
    pub words: Vec<String>,
    /// The folder in which it was typed.
    pub folder: PathBuf,
    /// Whether results are for a program.
    pub json: bool,
    /// How its standard output looks.
    pub out: Look,
    /// How its standard error looks.
    pub err: Look,
    /// Whether somebody is there to be asked.
    pub can_ask: bool,
    /// Where its fetched files go, if not into the folder for downloads of the home.
    pub downloads: Option<PathBuf>,
}

/// What the verb is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Told {
    /// It is about to be done: whatever happens, the verb does it no second time.
    Heard,
    /// To be written on its standard output.
    Out(String),
    /// To be written on its standard error.
    Err(String),
    /// How far work has come.
    Event(Event),
    /// To be asked of the person.
    Ask(Question),
    /// It is over, with this exit code.
    Done(u8),
}

/// What is asked of the person, or of their files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Question {
    /// Yes or no.
    Yes {
        /// The question.
        question: String,
        /// What Enter alone says.
        usual: bool,
    },
    /// A line of text.
    Text {
        /// The question.
        question: String,
        /// What Enter alone says.
        usual: Option<String>,
    },
    /// What must not be seen.
    Secret {
        /// The question.
        question: String,
    },
    /// A secret in a file, or on the verb's input.
    SecretFile {
        /// Which; `-` is the input.
        path: PathBuf,
    },
}

/// What the verb says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Said {
    /// The answer to the last question.
    Answer(Answer),
    /// The person stops it.
    Stop,
}

/// An answer. It may be a secret, so it does not show itself.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    /// Yes or no.
    Yes(bool),
    /// What was typed, or is in the file.
    Text(String),
    /// Ctrl-C.
    Interrupted,
    /// Nothing more comes.
    End,
    /// The file cannot be read, and why.
    Unread {
        /// Whether it is not there.
        missing: bool,
        /// What the system says.
        text: String,
    },
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Answer(..)")
    }
}
