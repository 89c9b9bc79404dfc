//! Drives the rules of `doorward-engine` over a store.
#![forbid(unsafe_code)]
#![deny(missing_docs)]

pub mod memory;
pub mod store;
