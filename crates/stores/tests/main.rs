//! The stores' tests, through their public interface.
#![expect(
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "helpers of tests, where a panic is a failure, and children that report to their parent"
)]

mod batch;
mod contract;
mod crash;
mod fault;
mod file;
mod folder;
mod log;
mod schema;
#[cfg(feature = "transfer")]
mod transfer;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "sqlite")]
mod sqlite;
