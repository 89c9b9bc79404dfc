//! What applications, browsers and attackers see of the SDK.

mod case_refresh;
mod case_store;
mod case_thief;
mod case_tokens;
mod case_world;
mod smoke;
