//! The service's tests, through its public interface.
#![allow(clippy::indexing_slicing, clippy::unwrap_used, reason = "a test fails by panicking")]

mod keys;
mod memory;
mod simulation;
