//! The server, as a process of its own and through HTTP: what a request costs it beyond what can't be avoided, what it
//! holds of the memory, how soon it answers.
//!
//! Processor time is read from outside (`/proc`), so both sides of a ratio count all that their process does.

pub(crate) mod fairness;
pub(crate) mod floor;
mod given;
pub(crate) mod memory;
pub(crate) mod operations;
mod requests;
pub(crate) mod scale;
pub(crate) mod start;
pub(crate) mod two;
