//! SQLite.

mod batch;
mod contract;
mod crash;
mod fault;
mod file;
mod folder;
mod log;
mod schema;
