//! What applications, browsers and attackers see of the SDK.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod anti_csrf;
mod app;
mod axum_surface;
mod bad_input;
mod by_handle;
mod case_cookies;
mod case_csrf;
#[cfg(feature = "sqlite")]
mod case_durable;
mod case_logs;
mod case_operations;
#[cfg(feature = "postgres")]
mod case_postgres;
mod case_refresh;
mod case_revoke;
mod case_thief;
mod case_tokens;
mod case_world;
mod client;
mod create;
mod faults;
mod first_use;
mod get;
mod get_table;
mod hooks;
mod log;
mod readme;
mod refresh;
mod refusals;
mod secrets;
mod seed_docs;
mod seed_get_session;
mod seed_io;
mod sign_out;
mod theft;
mod watched;
