//! What applications, browsers and attackers see of the SDK.

mod readme;
mod case_cookies;
mod case_csrf;
mod case_operations;
mod case_refresh;
mod case_revoke;
mod case_store;
mod case_thief;
mod case_tokens;
mod case_world;
mod smoke;
