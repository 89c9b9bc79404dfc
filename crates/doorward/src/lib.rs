//! Sessions for web applications, in the application's own process.
//!
//! An application signs its user in by whatever means it likes and calls [`Exchange::create_session`]. From then on each
//! request answers one question: *is this from a live session, and whose?* A signed access token answers it with no
//! I/O; a rotating refresh token, whose theft is noticed, keeps the session going; `SuperTokens`' browser kits speak to
//! it as they are.
//!
//! - [`Sessions`] is made once, by [`Sessions::builder`], and shared.
//! - [`Exchange`] is the handle of one request: made by the axum layer ([`Sessions::layer`]), or with no framework by
//!   [`Sessions::exchange`].
//! - [`Session`] is what a request proved.
//!
//! ```
//! # #[cfg(all(feature = "axum", feature = "sqlite"))]
//! # mod example {
#![doc = include_str!("../examples/quickstart.rs")]
//! # }
//! ```
//!
//! Features:
//!
//! - `axum` (on by default): the layer, the extractors and the routes.
//! - `sqlite` (on by default): `Sqlite`, sessions in one file.
//! - `postgres`: `Postgres`, sessions in a database that processes share, a new one or that of a SuperTokens core. All
//!   processes need the same settings.
//!
//! ```no_run
//! # #[cfg(feature = "postgres")]
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use doorward::{Postgres, Sessions};
//!
//! let store = Postgres::options().uri("postgresql://app@db.example.com/app?sslmode=verify-full")?.open().await?;
//! let sessions = Sessions::builder("https://api.example.com").store(store).build().await?;
//! # Ok(())
//! # }
//! ```
#![forbid(unsafe_code)]
#![deny(missing_docs)]

#[cfg(feature = "axum")]
mod axum;
mod builder;
mod error;
mod exchange;
mod hooks;
mod options;
mod request_view;
mod session;
mod sessions;
pub mod testing;
mod world;

#[cfg(feature = "axum")]
pub use axum::{ExchangeService, SessionsLayer};
pub use builder::{BuildError, SessionsBuilder};
pub use error::{GeneralError, InputError, Reply, SessionError, TheftReport, TryRefresh, Unauthorised};
pub use exchange::Exchange;
pub use options::{GetSession, NewSession};
pub use request_view::RequestView;
pub use session::Session;
pub use sessions::{SessionInformation, Sessions};

pub use doorward_engine::crypto::{Algorithm, KeyError};
pub use doorward_engine::id::{AppId, IdError, SessionHandle, TenantId, UserId};
pub use doorward_engine::payload::PayloadError;
pub use doorward_engine::policy::{PolicyError, Rotation};
pub use doorward_engine::session::lineage::{Evidence, Presented};
pub use doorward_engine::time::{Lifetime, Millis};
pub use doorward_service::env::{Clock, SystemClock};
pub use doorward_service::memory::Memory;
pub use doorward_service::store::{Store, StoreError};
pub use doorward_service::{ServiceError, UpkeepReport};
#[cfg(feature = "postgres")]
pub use doorward_stores::postgres::{
    OpenError as PostgresOpenError, OptionError as PostgresOptionError, Options as PostgresOptions, Postgres, SslMode,
    Stats as PostgresStats,
};
#[cfg(feature = "sqlite")]
pub use doorward_stores::sqlite::{Options as SqliteOptions, Sqlite, Synchronous};
pub use doorward_wire::fdi::answer::StatusesError;
pub use doorward_wire::fdi::cors::{ALLOW_HEADERS, EXPOSE_HEADERS};
pub use doorward_wire::fdi::csrf::AntiCsrf;
pub use doorward_wire::fdi::response::{Edit, How};
pub use doorward_wire::fdi::same_site::SameSite;
pub use doorward_wire::fdi::site_error::SiteError;
pub use doorward_wire::fdi::transfer::{Allowed, TransferMethod};
