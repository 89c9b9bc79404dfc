//! Tests of what other tests rest on.
#![expect(clippy::unwrap_used, reason = "tests")]

mod cdi_deviations;
mod cdi_player;
mod cdi_recorded;
mod cdi_requests;
