//! What the engine must do, seen from outside.
#![expect(clippy::unwrap_used, reason = "tests")]

mod tokens;
