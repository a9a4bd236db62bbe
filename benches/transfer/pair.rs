//! Bob, who shares and is online, and Mallory, who gets from him and sends to him.

use crate::run::{Took, remove, run};
use crate::town::{Home, Town};
use std::fs;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::Duration;

pub(crate) struct Pair<'t> {
    pub(crate) bob: Home<'t>,
    pub(crate) mallory: Home<'t>,
    /// What is done with a folder that arrived.
    pub(crate) take_away: fn(&Path),
}

impl<'t> Pair<'t> {
    pub(crate) fn new(town: &'t Town) -> Self {
        let (bob, mallory) = (town.joined("bob"), town.joined("mallory"));
        bob.run(&["verify", "mallory", "--yes"]).ok();
        Self { bob, mallory, take_away: remove }
    }

    /// A folder that Bob will share.
    pub(crate) fn shared(&self, name: &str) -> PathBuf {
        let folder = self.bob.path.join(name);
        fs::create_dir_all(&folder).expect("room");
        folder
    }

    pub(crate) fn share(&self, name: &str) {
        share(&self.bob, name);
    }

    /// Mallory gets it with a program that is not running yet, and takes it away again.
    pub(crate) fn get(&self, what: &[&str]) -> Took {
        let took = run(&mut self.mallory.command(&[&["get"], what].concat()));
        (self.take_away)(&self.mallory.path.join("downloads"));
        took
    }

    /// Mallory sends it with a program that is not running yet, and Bob takes it away again.
    pub(crate) fn send(&self, what: &Path) -> Took {
        let send = ["send", "bob", what.to_str().expect("a path")];
        let took = run(&mut self.mallory.command(&send));
        (self.take_away)(&self.bob.path.join("downloads"));
        took
    }
}

/// Somebody shares a folder of their home.
pub(crate) fn share(home: &Home<'_>, name: &str) {
    // What was just made is not trusted to be at rest, and would be read again when it is served.
    sleep(Duration::from_secs(3));
    let folder = home.path.join(name);
    run(&mut home.command(&["share", "add", folder.to_str().expect("a path")]));
}
