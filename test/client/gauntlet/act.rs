//! One rudeness, by its name.

use super::crooks::Crooks;
use crate::soon::soon;
use crate::town::in_the_end;
use std::io::Write;
use std::thread::panicking;

/// Something rude. It is over when the other side has reacted as it should.
pub(super) struct Act {
    name: String,
    play: Box<dyn FnOnce(&Crooks)>,
    broken_off: usize,
}

pub(super) fn act(name: impl Into<String>, play: impl AsyncFnOnce(&Crooks) + 'static) -> Act {
    let play = |crooks: &Crooks| crooks.runtime.block_on(soon(play(crooks)));
    Act { name: name.into(), play: Box::new(play), broken_off: 0 }
}

impl Act {
    /// Bob says of so many transfers that he has broken them off.
    pub(super) fn breaking_off(self, broken_off: usize) -> Self {
        Self { broken_off, ..self }
    }

    /// Plays it, and gives its name.
    pub(super) fn play(self, crooks: &Crooks) -> String {
        let whose_fault = WhoseFault(self.name);
        let before = crooks.broken_off();
        (self.play)(crooks);
        in_the_end(before + self.broken_off, || crooks.broken_off());
        whose_fault.0.clone()
    }
}

/// Says in which act it was that something failed.
struct WhoseFault(String);

impl Drop for WhoseFault {
    fn drop(&mut self) {
        if panicking() {
            let _ = writeln!(std::io::stderr(), "it was in this act: {}", self.0);
        }
    }
}
