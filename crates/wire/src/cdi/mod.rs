//! The backend interface (CDI) of SuperTokens core, versions 2.7 to 5.6 (`spec/modern-core.md`).
//!
//! [`route`] finds the endpoint of a path, [`elsewhere`] those of other recipes, [`version`] and [`dialect`] what a version means, [`input`] reads queries and
//! bodies, [`answer`] and [`status`] write what comes back. Each endpoint has a file of its own.

pub mod answer;
pub mod api_version;
pub mod config;
pub mod core_config;
pub mod dialect;
pub mod elsewhere;
pub mod feature_flag;
pub mod handshake;
pub mod input;
pub mod jwks;
pub mod jwt;
pub mod jwt_data;
pub mod key_infos;
pub mod license;
pub mod request_stats;
pub mod route;
pub mod session_body;
pub mod session_create;
pub mod session_data;
mod session_fields;
pub mod session_get;
pub mod session_refresh;
pub mod session_regenerate;
pub mod session_remove;
pub mod session_user;
pub mod session_verify;
pub mod status;
pub mod telemetry;
pub mod tenant;
pub mod tenant_list;
pub mod tenant_name;
pub mod user_count;
pub mod user_id;
pub mod user_remove;
pub mod version;
