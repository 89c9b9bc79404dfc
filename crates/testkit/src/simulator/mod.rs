//! A seeded simulation: browsers with tabs, two services with clocks of their own, one store, and everything that goes
//! wrong between them.
//!
//! - [`executor`]: one thread polls all requests, in an order that the dice decide;
//! - [`faults`]: the store fails before a write or after it, and lets others go first;
//! - [`browser`]: what tabs do, and what they may expect;
//! - [`run`]: rounds of requests, crashes, time between them, and the audit at the end.
//!
//! One seed decides all of it: the same seed ends the same way, to the byte.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    missing_debug_implementations,
    reason = "a broken assumption must stop the test that made it"
)]

pub mod browser;
pub mod executor;
pub mod faults;
pub mod log;
pub mod run;
