//! What applications, browsers and attackers see of the SDK.

mod anti_csrf;
mod app;
mod bad_input;
mod by_handle;
mod client;
mod create;
mod faults;
mod first_use;
mod get;
mod get_table;
mod refresh;
mod sign_out;
mod smoke;
mod theft;
mod watched;
