//! The binary as a person at a terminal and a client on the network see it, and the parts that the binary is made of.

mod config;
mod core_config;
mod demo;
mod example;
mod process;
mod raw_http;
mod serve;
mod tools;
//! The server against its recorded twin, and what a person at a terminal sees of the binary.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod conformance;
mod demo;
mod sessions;
