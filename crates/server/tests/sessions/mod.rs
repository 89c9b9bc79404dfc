//! The endpoints of sessions, beyond what is recorded of the real service: requests that race, versions that meet, apps
//! and tenants that must not, stores that fail.

mod apps;
mod concurrency;
mod deleted;
mod faults;
mod given;
mod input;
mod keys;
mod lists;
mod tenants;
mod theft;
mod users;
mod versions;
