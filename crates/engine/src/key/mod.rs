//! Which key signs, and which verify.

pub mod ring;
