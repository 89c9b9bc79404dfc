//! The player of the recorded conformance vectors (`vectors/cdi/README.md` says what they are, and what each placeholder
//! allows): it sends a scenario's requests to a [`Target`](player::Target) and compares the answers.
//!
//! Time is the target's own, so it is compared to the millisecond where a scenario has no pauses.

mod answers;
mod compare;
pub mod deviations;
pub mod files;
pub mod json;
pub mod mirror;
mod placeholder;
pub mod player;
pub mod scenario;
pub mod token;
