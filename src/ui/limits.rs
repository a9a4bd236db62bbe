//! What the system lets a program have.

/// Takes as many descriptors as the system gives: each connection and each open file takes one, and the
/// usual 1,024 are few. What it does not give is told when it is missed. What lies in memory stays out of
/// core dumps.
#[cfg(unix)]
pub fn raise_limits() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let files = getrlimit(Resource::Nofile);
    let _ = setrlimit(Resource::Nofile, Rlimit { current: files.maximum, ..files });
    let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), ..getrlimit(Resource::Core) });
}

/// Other systems have no such limits, or none that a program can change.
#[cfg(not(unix))]
pub fn raise_limits() {}
