//! The backend interface, without a server.

mod answer;
mod dialect;
mod input;
mod names;
mod route;
mod version;
