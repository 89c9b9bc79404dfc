//! What applications, browsers and attackers see of the SDK.

mod anti_csrf;
mod app;
mod client;
mod create;
mod first_use;
mod get;
mod get_table;
mod refresh;
mod smoke;
mod theft;
mod watched;
