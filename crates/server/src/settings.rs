//! What a server runs with, once file, environment and flags were read and found good.

use std::path::PathBuf;
use std::sync::Arc;

use doorward_engine::policy::{Policy, Rotation};
use doorward_engine::secret::Secret;
use doorward_engine::time::Lifetime;
use doorward_wire::cdi::version::CdiVersion;
use regex::Regex;

use crate::config::value::Values;

/// The settings of the whole process. `Settings::default()` is what holds where nothing is set.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The host name or address that is listened on.
    pub host: String,
    /// The port; 0 takes a free one.
    pub port: u16,
    /// What every path begins with: empty, or `/` and a text without a `/` at its end.
    pub base_path: String,
    /// Where the configuration file lies, if there is one: a full path.
    pub config_path: Option<PathBuf>,
    /// Where sessions are kept.
    pub store: StoreSettings,
    /// What is logged, and where.
    pub log: LogSettings,
    /// Where metrics are served, if they are.
    pub admin: Option<AdminSettings>,
    /// The core that has the other recipes, if there is one.
    pub upstream: Option<UpstreamSettings>,
    /// The key of who runs the server, where others have keys that can do less (`supertokens_saas_secret`).
    pub saas_secret: Option<Secret>,
    /// Mixed into the derivation of successors. All processes on one database need the same.
    pub succession_secret: Option<Secret>,
    /// A recent refresh token that comes again is answered with UNAUTHORISED instead of theft
    /// (`recent_token_reuse_behaviour`, CDI 5.6 and later).
    pub recent_reuse_is_unauthorised: bool,
    /// Bytes that a request's header section may have.
    pub header_limit: usize,
    /// Bytes that a request's body may have.
    pub body_limit: usize,
    /// How long a client may take to send the head of a request, and how long for its body.
    pub read_timeout: Lifetime,
    /// How long a connection may lie idle.
    pub idle_timeout: Lifetime,
    /// How many connections may be open at once.
    pub connection_limit: usize,
    /// How long requests that run may go on after the signal to stop.
    pub stop_timeout: Lifetime,
    /// What holds for every app and tenant that has no settings of its own.
    pub base: AppSettings,
}

/// The settings of an app, in its tenant `public`.
#[derive(Clone, Debug)]
pub struct AppSettings {
    /// The rules of its sessions, before a caller's dialect has its say.
    pub policy: Policy,
    /// When a successor becomes current, whatever the caller's version; `None` leaves it to the version.
    pub rotation: Option<Rotation>,
    /// Keys that a caller must show one of; without any, none is asked for.
    pub api_keys: Vec<Secret>,
    /// The lowest version that is spoken.
    pub min_cdi: Option<CdiVersion>,
    /// The highest version that is spoken, and the one that holds for a request without a version.
    pub max_cdi: Option<CdiVersion>,
    /// Callers below 2.21 have every token checked against the store.
    pub access_token_blacklisting: bool,
    /// Callers below 2.21 get tokens signed by keys that rotate.
    pub dynamic_signing_key: bool,
    /// The settings of its tenant `public`.
    pub tenant: TenantSettings,
    /// What all this was made of, for what is laid over it.
    pub(crate) values: Values,
}

/// The settings that each tenant may have of its own. Equal regular expressions are compiled once and shared.
#[derive(Clone, Debug, Default)]
pub struct TenantSettings {
    /// Peers whose whole address matches are let in, and others aren't. It is anchored at both ends.
    pub ip_allow: Option<Arc<Regex>>,
    /// Peers whose whole address matches are refused. It is anchored at both ends.
    pub ip_deny: Option<Arc<Regex>>,
}

/// Where sessions are kept.
#[derive(Clone, Debug)]
pub enum StoreSettings {
    /// In this process's memory, and lost when it ends.
    Memory,
    /// In an SQLite file in this folder.
    Sqlite(PathBuf),
    /// In PostgreSQL.
    PostgreSql(Box<PostgreSqlSettings>),
}

/// How PostgreSQL is reached (`spec/modern-core.md` 10.3).
#[derive(Clone, Debug)]
pub struct PostgreSqlSettings {
    /// What it names goes before the rest.
    pub uri: Option<Secret>,
    /// A host name, an address, or the folder of a socket.
    pub host: String,
    /// The port.
    pub port: u16,
    /// Who connects.
    pub user: Option<String>,
    /// His password.
    pub password: Option<Secret>,
    /// The database's name.
    pub database: String,
    /// The schema of the tables.
    pub schema: String,
    /// What the names of the tables begin with, without the `_` behind it; empty for none.
    pub prefix: String,
    /// The name of the table of sessions, where it was given one.
    pub session_info_table: Option<String>,
    /// The name of the table of named values, where it was given one.
    pub key_value_table: Option<String>,
    /// How many connections are opened at most.
    pub pool_size: usize,
    /// How many of them stay open; all, if nothing is said.
    pub minimum_idle: Option<usize>,
    /// When the others are closed.
    pub idle_timeout: Lifetime,
}

/// What is logged, and where.
#[derive(Clone, Debug)]
pub struct LogSettings {
    /// The least important thing that is logged; `None` is no log at all.
    pub level: Option<tracing::Level>,
    /// One JSON object a line, instead of text.
    pub is_json: bool,
    /// The file for DEBUG and INFO; standard output without one.
    pub info_path: Option<PathBuf>,
    /// The file for WARN and ERROR; standard error without one.
    pub error_path: Option<PathBuf>,
}

/// Where metrics are served.
#[derive(Clone, Debug)]
pub struct AdminSettings {
    /// The host name or address.
    pub host: String,
    /// The port; 0 takes a free one.
    pub port: u16,
}

/// How the core is reached that has the recipes which aren't here.
#[derive(Clone, Debug)]
pub struct UpstreamSettings {
    /// `http://` or `https://`, host, port and base path, without a `/` at its end.
    pub url: String,
    /// Shown to it instead of the caller's key.
    pub api_key: Option<Secret>,
    /// How long an answer may take, its last byte included.
    pub timeout: Lifetime,
}

/// Settings of a tenant's `core_config` that can't hold. The text is what SuperTokens answers
/// (`spec/modern-core.md` 5.2, 10.1, 10.2).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadCoreConfig(pub String);
