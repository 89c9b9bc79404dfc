//! Real HTTP over loopback, against a server that is a process of its own.

mod browser;
pub(crate) mod route;
pub(crate) mod server;
pub(crate) mod throughput;

use std::ffi::OsStr;
use std::process::Command;

use anyhow::Result;

use crate::process::Process;

/// Starts the app.
fn start<A: AsRef<OsStr>>(args: impl IntoIterator<Item = A>) -> Result<Process> {
    Process::start(Command::new(std::env::current_exe()?).arg("serve").args(args))
}
