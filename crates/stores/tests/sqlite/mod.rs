//! SQLite.

mod batch;
mod contract;
mod crash;
mod fault;
mod file;
pub(crate) mod folder;
mod log;
mod schema;
