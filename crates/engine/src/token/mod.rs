//! The tokens: how they are made, opened and checked.

pub mod access;
pub mod anti_csrf;
pub mod jws;
pub mod refresh;
pub mod succession;
pub mod version;
