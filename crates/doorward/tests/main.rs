//! What applications, browsers and attackers see of the SDK.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod case_cookies;
mod case_csrf;
#[cfg(feature = "sqlite")]
mod case_durable;
mod case_operations;
mod case_refresh;
mod case_revoke;
mod case_store;
mod case_thief;
mod case_tokens;
mod case_world;
mod readme;
mod seed_docs;
mod seed_get_session;
mod smoke;
