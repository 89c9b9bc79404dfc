//! Stores of Doorward, one a feature. No rule about sessions lives here.
//!
//! - `sqlite` (on by default): `sqlite::Sqlite`, sessions in one file, on threads of its own.
//! - `postgres`: `postgres::Postgres`, sessions in a PostgreSQL database. Needs a tokio runtime.
//! - `transfer`: `transfer::copy`, all that one database holds into another.
#![forbid(unsafe_code)]
#![deny(missing_docs)]

#[cfg(feature = "postgres")]
pub mod postgres;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
mod sql;
#[cfg(feature = "sqlite")]
pub mod sqlite;
#[cfg(feature = "transfer")]
pub mod transfer;
