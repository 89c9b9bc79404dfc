//! The tokens: how they are made, opened and checked.

pub mod access;
pub mod anti_csrf;
pub mod claim_check;
mod claims;
mod draft;
mod header;
pub mod jws;
pub mod jwt;
pub mod refresh;
pub mod succession;
pub mod version;

/// The longest token that is looked at by default, in bytes.
pub const MAX_TOKEN_BYTES: usize = 8 * 1024;
