//! What applications, browsers and attackers see of the SDK.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "the tests' own helpers"
)]

mod anti_csrf;
mod app;
mod axum_surface;
mod bad_input;
mod by_handle;
mod client;
mod create;
mod faults;
mod first_use;
mod get;
mod get_table;
mod hooks;
mod log;
mod refresh;
mod refusals;
mod secrets;
mod sign_out;
mod smoke;
mod theft;
mod watched;
