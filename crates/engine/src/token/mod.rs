//! The tokens: how they are made, opened and checked.

pub mod access;
pub mod anti_csrf;
mod claims;
mod draft;
mod header;
pub mod jws;
pub mod jwt;
pub mod refresh;
pub mod succession;
pub mod version;
