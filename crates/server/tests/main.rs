//! The server against its recorded twin, the interface beyond that, the binary as a person at a terminal and a client on
//! the network see it, and the parts that the binary is made of.
#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "tests"
)]

mod cdi;
mod compatibility;
mod config;
mod config_warnings;
mod conformance;
mod core_config;
mod database;
mod demo;
mod documents;
mod example;
mod import;
mod process;
mod raw_http;
mod secrets;
mod serve;
mod sessions;
mod tools;
mod two_servers;
mod upstream;
