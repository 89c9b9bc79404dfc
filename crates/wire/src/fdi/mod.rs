//! The browser interface, versions 1.16 to 4.2, which are one format for sessions.
//!
//! A [`site::Site`] is made once from configuration; a [`request::Request`] is read once from each request; what an
//! answer must carry is collected in [`response::Edits`] and rendered at its end. [`transfer`] and [`csrf`] hold the
//! small decisions that need nothing but the wire.

pub mod answer;
mod bounded;
pub mod cookie;
pub mod cookie_domain;
pub mod cookie_name;
pub mod cors;
pub mod csrf;
pub mod defaults;
pub mod domain;
pub mod front_token;
pub mod http_date;
pub mod method;
pub mod path;
pub(crate) mod percent;
pub mod request;
pub mod response;
pub mod same_site;
pub mod set_cookie;
pub mod site;
pub mod site_error;
pub mod transfer;
