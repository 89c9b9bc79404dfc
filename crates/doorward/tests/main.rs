//! What applications, browsers and attackers see of the SDK.

mod anti_csrf;
mod app;
mod client;
mod create;
mod get;
mod get_table;
mod smoke;
mod watched;
