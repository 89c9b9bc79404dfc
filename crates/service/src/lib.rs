//! Drives the rules of `doorward-engine` over a store.
//!
//! [`Service`] is the one handle: it draws time and randomness, carries the engine's steps to a [`store::Store`]
//! ([`drive`]), signs on threads of its own ([`signer`]) and keeps the keys ([`keys`]). It needs no async runtime and
//! spawns no task: [`Service::upkeep`] is a future that the application runs where it likes, and without it keys still
//! rotate, when a request finds that it is time.
#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod changes;
pub mod directory;
pub mod drive;
pub mod env;
mod error;
pub mod keys;
pub mod memory;
mod outcome;
mod published;
mod revoked;
mod service;
mod sessions;
pub mod signer;
pub mod store;
mod upkeep;
mod verified;

pub use error::ServiceError;
pub use outcome::{ChangeOutcome, ConfirmOutcome, IssuedTokens, RefreshOutcome, RegenerateOutcome, SignedAccess};
pub use service::{Recall, Service, ServiceOptions, Tenants};
pub use upkeep::UpkeepReport;
pub use verified::VerifyOutcome;
