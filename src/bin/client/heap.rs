//! One heap for all threads.
//!
//! The C library of most Linux systems gives each thread a heap of its own, and what is free in one is of no use
//! to the others: a program that stays open grew to twice what it needs with one heap, and one that moves very
//! many files to half as much again. How many heaps there are, it takes from the environment of a program
//! alone, when that begins. So ours begins a second time, in the same process, before it has done anything; that
//! takes a millisecond.

use std::io;
use tokio::runtime::Runtime;

/// Begins the program a second time, unless it is the second already, or somebody has said how many heaps there
/// are. An error when that cannot be done: then it goes on as it is, and takes more memory.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
pub(crate) fn share_one() -> io::Result<()> {
    use std::env;
    use std::os::unix::process::CommandExt as _;
    use std::process::Command;
    let me = std::process::id().to_string();
    let is_second = env::var_os(BEGAN).is_some_and(|began| began == *me);
    let tuned = env::var(TUNABLES).is_ok_and(|said| said.contains("arena_max"));
    if is_second || tuned || env::var_os(HEAPS).is_some() {
        return Ok(());
    }
    let (mut words, program) = (env::args_os(), env::current_exe()?);
    let Some(name) = words.next() else { return Ok(()) };
    // What was begun by something else, as by a loader, is not what that would begin again.
    let is_ours = |name: &std::path::Path| {
        name.file_name() == program.file_name()
            || name.canonicalize().is_ok_and(|name| name == program)
    };
    if !is_ours(name.as_ref()) {
        return Ok(());
    }
    let mut again = Command::new(&program);
    again.arg0(name).args(words).env(HEAPS, "1").env(BEGAN, me);
    if env::var_os(LARGE).is_none() {
        again.env(LARGE, LARGE_BYTES);
    }
    Err(again.exec())
}

/// Other systems have one heap, or keep them small.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub(crate) fn share_one() -> io::Result<()> {
    Ok(())
}

/// Who tried to begin another program is ended by a pipe that nobody reads any more: from now on it is an
/// error of whoever writes there, as it was before.
#[cfg(unix)]
pub(crate) fn outlive_pipes(runtime: &Runtime) -> io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let _runtime = runtime.enter();
    // Once it is looked for, it ends nothing any more.
    signal(SignalKind::pipe()).map(drop)
}

/// There are no such signals.
#[cfg(not(unix))]
pub(crate) fn outlive_pipes(_: &Runtime) -> io::Result<()> {
    Ok(())
}

/// How many heaps there are, for the C library.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const HEAPS: &str = "MALLOC_ARENA_MAX";
/// Where that can be said, too.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const TUNABLES: &str = "GLIBC_TUNABLES";
/// From how many bytes on something lies beside the heap, so that its room goes back to the system at once.
/// Where nobody says, that grows with the largest that was freed, and what is free in the heap with it.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const LARGE: &str = "MALLOC_MMAP_THRESHOLD_";
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const LARGE_BYTES: &str = "262144";
/// The process that began a second time. Of programs with more rights than whoever begins them, the system takes
/// the variables of the C library away: they would begin for ever.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const BEGAN: &str = "WAXWING_BEGAN_AGAIN";
