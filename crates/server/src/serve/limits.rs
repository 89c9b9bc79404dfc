//! What the operating system lets this process have.

/// Each connection is an open file, and many systems begin with 1024. A process may raise that itself, up to what its
/// administrator allows.
#[cfg(unix)]
pub(super) fn raise_open_files() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let now = getrlimit(Resource::Nofile);
    // Where it can't be raised, what there is must do.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: now.maximum, ..now });
}

#[cfg(not(unix))]
pub(super) fn raise_open_files() {}
