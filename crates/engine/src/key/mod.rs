//! Which key signs, which verify, and what is published.

pub mod jwks;
pub mod public;
pub mod ring;
pub mod schedule;
pub(crate) mod succession;
