//! Tests of what other tests rest on.

mod cdi_deviations;
mod cdi_player;
mod cdi_recorded;
mod cdi_requests;
