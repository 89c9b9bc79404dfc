//! The service's tests, through its public interface.
#![allow(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

mod given;
mod keys;
mod memory;
mod published;
mod regenerate;
mod sessions;
mod simulation;
