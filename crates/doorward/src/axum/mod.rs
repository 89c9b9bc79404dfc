//! The adapter for axum: a layer, extractors and two routes. It converts, and decides nothing about sessions.

mod extract;
mod layer;
mod routes;

pub use layer::{ExchangeService, SessionsLayer};
