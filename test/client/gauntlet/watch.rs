//! What holds, whatever others do.

use super::ground::{Ground, Online, SAID, SERVER_LOG};
use crate::conduct::PANICS;
use crate::crowded::{MOST, memory};
use crate::sandbox::Everything;
use crate::town::in_the_end;
use std::fs;
use std::path::PathBuf;

pub(super) struct Watch {
    root: PathBuf,
    inbox: PathBuf,
    before: Everything,
    /// Where programs say what they say.
    logs: Vec<PathBuf>,
    programs: [Program; 2],
}

struct Program {
    who: &'static str,
    number: String,
    /// What it has taken at most, before anybody was rude.
    memory: u64,
}

impl Program {
    fn new(who: &'static str, number: impl ToString) -> Self {
        let number = number.to_string();
        let memory = memory(&number);
        Self { who, number, memory }
    }

    #[track_caller]
    fn lives_after(&self, act: &str) {
        // Who is dead has no memory.
        assert!(memory(&self.number) > 0, "{} has died of this act: {act}", self.who);
    }

    #[track_caller]
    fn is_well_after(&self, act: &str) {
        self.lives_after(act);
        let more = memory(&self.number).saturating_sub(self.memory);
        assert!(more < MOST, "{} took {} KiB more, after this act: {act}", self.who, more >> 10);
    }
}

impl Watch {
    pub(super) fn begin(ground: &Ground<'_>, online: &Online) -> Self {
        let (root, bob) = (ground.root(), &ground.bob.path);
        let logs = [bob.join("state/client.log"), bob.join(SAID), root.join(SERVER_LOG)];
        let number = online.pid.as_raw_nonzero();
        let programs =
            [Program::new("Bob", number), Program::new("the index", ground.town.index.number())];
        let before = Everything::below_but(&root, &WRITTEN);
        Self { root, inbox: ground.inbox(), before, logs: logs.into(), programs }
    }

    #[track_caller]
    pub(super) fn all_live_after(&self, act: &str) {
        self.programs.iter().for_each(|program| program.lives_after(act));
    }

    #[track_caller]
    pub(super) fn all_is_well_after(&self, act: &str) {
        self.programs.iter().for_each(|program| program.is_well_after(act));
        self.nobody_panicked_in(act);
        self.nothing_landed_in(act);
        self.before.is_still(
            &self.root,
            &format!("something else is not as it was, after this act: {act}"),
        );
    }

    #[track_caller]
    fn nobody_panicked_in(&self, act: &str) {
        for log in &self.logs {
            let said = fs::read_to_string(log).unwrap();
            let told = PANICS.iter().find(|told| said.contains(**told));
            assert_eq!(told, None, "{}, after this act: {act}\n{said}", log.display());
        }
    }

    #[track_caller]
    fn nothing_landed_in(&self, act: &str) {
        let names = || {
            let entries = fs::read_dir(&self.inbox).into_iter().flatten();
            entries
                .map(|entry| entry.unwrap().file_name().into_string().unwrap())
                .collect::<Vec<_>>()
        };
        let seen: Vec<_> =
            names().into_iter().filter(|name| !name.starts_with(".waxwing-")).collect();
        assert_eq!(seen, [""; 0], "something has landed, after this act: {act}");
        // What had begun may take a moment to go.
        in_the_end((act, Vec::<String>::new()), || (act, names()));
    }
}

/// Where somebody is expected to write.
const WRITTEN: [&str; 5] = ["alice", "bob/downloads", "bob/state", "data", SERVER_LOG];
