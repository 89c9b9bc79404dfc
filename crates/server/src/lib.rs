//! Doorward's server and its command line, as a library: the binary, the conformance player and the bench use it. Nothing
//! here is a stable interface; applications use the `doorward` crate.
#![forbid(unsafe_code)]

pub mod cdi;
pub mod cli;
pub mod config;
mod demo;
pub mod http;
mod log;
pub mod metrics;
mod room;
mod runtime;
mod serve;
pub mod settings;
pub mod store;
mod terminal;
pub mod world;

pub use terminal::say_error;
