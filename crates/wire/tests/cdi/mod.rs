//! The backend interface, without a server.

mod answer;
mod dialect;
mod elsewhere;
mod input;
mod names;
mod route;
mod session;
mod version;
mod words;
