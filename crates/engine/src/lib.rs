//! The rules of Doorward sessions, as functions.
//!
//! Time, randomness, keys and stored rows are arguments; what must be read or written is a value that the caller
//! carries to a store ([`flow`]). So the same rules run in a server, in an SDK, under a simulator and in a model
//! checker, and the compiler keeps clocks, randomness, environment and I/O out of this crate: it is `no_std`.
//!
//! Where to look: [`session::lineage`] judges refresh tokens, [`token`] makes and opens tokens, [`key`] decides which
//! key signs and which verify, [`policy`] holds what an operator may set.
#![no_std]
#![forbid(unsafe_code)]
#![deny(missing_docs)]

extern crate alloc;

pub mod crypto;
pub mod entropy;
pub mod flow;
pub mod hash;
pub mod id;
mod json;
mod json_equal;
pub mod key;
pub mod payload;
pub mod policy;
pub mod secret;
pub mod session;
pub mod time;
pub mod token;
