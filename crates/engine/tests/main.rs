//! The engine's tests, through its public interface.

mod model;
//! What the engine must do, seen from outside.
#![expect(clippy::panic, clippy::unwrap_used, reason = "tests")]

mod bad_input;
mod given;
mod keys;
mod oracle;
mod payload;
mod policy;
mod security;
mod tokens;
