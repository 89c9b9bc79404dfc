//! Real HTTP over loopback, against a server that is a process of its own.

mod browser;
mod process;
pub(crate) mod route;
pub(crate) mod server;
pub(crate) mod throughput;
