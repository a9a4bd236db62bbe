//! A verb about several things: what goes wrong with one of them holds up no other.

use crate::failures::Trouble;
use crate::program::Program;
use waxwing::node;
use waxwing::ui::{Exit, Failure};

/// How far a verb has come with several things.
pub(super) struct Several<'p> {
    program: &'p Program,
    of: usize,
    failed: Vec<Exit>,
}

impl<'p> Several<'p> {
    /// A verb about so many things.
    pub(super) fn new(program: &'p Program, of: usize) -> Self {
        Self { program, of, failed: Vec::new() }
    }

    /// What came of the one with this name. Trouble with it is told, and is the verb's own where there is no
    /// other, or where whoever is there wants no more of it.
    pub(super) fn came(&mut self, name: &str, done: Result<(), Trouble>) -> Result<(), Trouble> {
        let Err(trouble) = done else { return Ok(()) };
        if self.of == 1 || ends_all(&trouble) {
            return Err(trouble);
        }
        let Failure { exit, what, hint } = Failure::from(trouble);
        self.program.settle();
        let what = if what.contains(name) { what } else { format!("{name}: {what}") };
        self.program.printer.failure(&Failure { exit, what, hint });
        self.failed.push(exit);
        Ok(())
    }

    /// Ends as the first one did that failed. What was so already counts only where nothing worse happened.
    pub(super) fn end(self, what: &str) -> Result<(), Trouble> {
        let worse = self.failed.iter().find(|exit| **exit != Exit::NothingToDo);
        let Some(exit) = worse.or(self.failed.first()) else { return Ok(()) };
        let what = format!("{} of {} {what}", self.failed.len(), self.of);
        Err(Failure::new(*exit, what).hint("each is named above, with the reason").into())
    }
}

/// Whether the program ends, or the person at it stopped a question.
fn ends_all(trouble: &Trouble) -> bool {
    match trouble {
        Trouble::Node(error) => matches!(error, node::Error::Stopped),
        Trouble::Told(failure) => failure.exit == Exit::Interrupted,
    }
}
