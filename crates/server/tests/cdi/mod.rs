//! The backend interface in process: what the recorded answers don't show.

mod apps;
mod bypass;
mod guard;
mod odd_bodies;
mod service_endpoints;
mod tenants;
mod watched;
pub(crate) mod world;
