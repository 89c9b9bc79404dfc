//! The server against its recorded twin, and what a person at a terminal sees of the binary.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod conformance;
mod demo;
mod sessions;
