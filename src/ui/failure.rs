//! What a program says when it did not do what was asked.

use crate::node::{Advice, Exit};
use std::fmt;

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

impl From<Advice> for Failure {
    fn from(Advice { exit, what, hint }: Advice) -> Self {
        Self { exit, what, hint }
    }
}
