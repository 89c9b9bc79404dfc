//! The backend interface (CDI) of SuperTokens core, versions 2.7 to 5.6 (`spec/modern-core.md`).
//!
//! [`route`] finds the endpoint of a path, [`version`] and [`dialect`] what a version means, [`input`] reads queries and
//! bodies, [`answer`] and [`status`] write what comes back. Each endpoint has a file of its own.

pub mod answer;
pub mod dialect;
pub mod input;
pub mod route;
pub mod status;
pub mod version;
