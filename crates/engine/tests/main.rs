//! What the engine must do, seen from outside.
#![expect(clippy::panic, clippy::unwrap_used, reason = "tests")]

mod bad_input;
mod given;
mod keys;
mod lineage;
mod model;
mod oracle;
mod payload;
mod policy;
mod properties;
mod protected;
mod security;
mod tokens;
