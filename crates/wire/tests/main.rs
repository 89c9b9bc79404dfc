//! All integration tests of the crate.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod cdi;
mod fdi;
