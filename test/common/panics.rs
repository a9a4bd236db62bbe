//! Panics of tasks, and of threads of ours: where nobody waits for them, no test would fail.

use std::panic;
use std::sync::{Mutex, MutexGuard, Once, PoisonError};
use std::thread;
use tokio::runtime::{Handle, Id};
use tokio::task;

/// What a panic says that a test plants to see what becomes of it.
const PLANTED: &str = "a planted panic";

/// A panic, and in which test's runtime it was, where that is known.
type Told = (Option<Id>, String);

/// Fails, when it is dropped, if anything of its test panicked meanwhile that is not the test itself. What is of
/// no runtime may be of any test, and fails all that are under way: it is a mistake in any case.
pub(crate) struct NoPanics {
    runtime: Id,
    before: usize,
}

impl NoPanics {
    pub(crate) fn begin() -> Self {
        static HOOK: Once = Once::new();
        HOOK.call_once(listen);
        Self { runtime: Handle::current().id(), before: told().len() }
    }

    fn since(&self) -> Vec<String> {
        let told = told();
        let ours = told[self.before..]
            .iter()
            .filter(|(runtime, _)| runtime.is_none_or(|runtime| runtime == self.runtime));
        ours.map(|(_, told)| told.clone()).collect()
    }
}

impl Drop for NoPanics {
    fn drop(&mut self) {
        // A test that fails already has said why.
        if !thread::panicking() {
            assert_eq!(self.since(), [""; 0], "of tasks and threads");
        }
    }
}

/// From now on, it is noted what panics.
fn listen() {
    let usual = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        let thread = thread::current();
        // A test has a thread that is called by its path; one that runs alone may have the first thread.
        let is_tests = thread.name().is_some_and(|name| name == "main" || name.contains("::"));
        let told_as = panic.to_string();
        if (task::try_id().is_some() || !is_tests) && !told_as.contains(PLANTED) {
            let runtime = Handle::try_current().ok().map(|handle| handle.id());
            told().push((runtime, told_as));
        }
        usual(panic);
    }));
}

fn told() -> MutexGuard<'static, Vec<Told>> {
    static TOLD: Mutex<Vec<Told>> = Mutex::new(Vec::new());
    TOLD.lock().unwrap_or_else(PoisonError::into_inner)
}

fn planted() {
    panic!("one that nobody waits for");
}

#[tokio::test]
async fn a_task_that_panics_fails_its_test() {
    let noticed = NoPanics::begin();
    for planted in [tokio::spawn(async { planted() }), task::spawn_blocking(planted)] {
        planted.await.unwrap_err();
    }
    let told = noticed.since();
    assert!(
        told.len() == 2 && told.iter().all(|told| told.contains("nobody waits for")),
        "{told:?}"
    );
    assert!(panic::catch_unwind(|| drop(noticed)).is_err());
    drop(NoPanics::begin());
}
