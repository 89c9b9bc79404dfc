//! From a path to an endpoint, an app and a tenant (`spec/modern-core.md` 1.2).
//!
//! A path is decoded and folded to lower case once, and everything is judged on that: no spelling of a path reaches an
//! endpoint past the checks of another. Nothing is normalised: `//hello`, `/./hello` and `/hello;x` are no endpoints.

use alloc::borrow::Cow;
use alloc::string::String;

use super::answer::Refusal;
use crate::fdi::percent;

/// What is served at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Endpoint {
    /// `/`, under an app or tenant too.
    Root,
    /// Any other path.
    Unknown,
    /// A path of a recipe that isn't here, where there is a core for those. Only [`elsewhere`](super::elsewhere) finds it.
    Elsewhere,
    /// `/hello`
    Hello,
    /// `/apiversion`
    ApiVersion,
    /// `/config`
    Config,
    /// `/telemetry`
    Telemetry,
    /// `/ee/featureflag`
    FeatureFlag,
    /// `/ee/license`
    License,
    /// `/requests/stats`
    RequestStats,
    /// `/user/id`
    UserById,
    /// `/user/remove`
    UserRemove,
    /// `/users/count`
    UserCount,
    /// `/users/count/active`
    ActiveUserCount,
    /// `/recipe/session`
    Session,
    /// `/recipe/session/verify`
    SessionVerify,
    /// `/recipe/session/refresh`
    SessionRefresh,
    /// `/recipe/session/regenerate`
    SessionRegenerate,
    /// `/recipe/session/remove`
    SessionRemove,
    /// `/recipe/session/user`
    SessionUser,
    /// `/recipe/session/data`
    SessionData,
    /// `/recipe/jwt/data`
    JwtData,
    /// `/recipe/handshake`
    Handshake,
    /// `/recipe/jwt`
    Jwt,
    /// `/recipe/jwt/jwks`
    Jwks,
    /// `/.well-known/jwks.json`
    PublicJwks,
    /// `/recipe/multitenancy/tenant`
    Tenant(Generation),
    /// `/recipe/multitenancy/tenant/remove`
    TenantRemove,
    /// `/recipe/multitenancy/tenant/list`
    TenantList(Generation),
    /// `/recipe/multitenancy/app`
    App(Generation),
    /// `/recipe/multitenancy/app/remove`
    AppRemove,
    /// `/recipe/multitenancy/app/list`
    AppList(Generation),
}

/// Tenants and apps have endpoints of two generations, the second with `/v2` at the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Generation {
    /// With the login methods of each tenant.
    First,
    /// With factors instead.
    Second,
}

impl Endpoint {
    /// All that have a path of their own, with it. `Root`, `Unknown` and `Elsewhere` have none.
    pub const ALL: [(&'static str, Self); 33] = [
        ("/hello", Self::Hello),
        ("/apiversion", Self::ApiVersion),
        ("/config", Self::Config),
        ("/telemetry", Self::Telemetry),
        ("/ee/featureflag", Self::FeatureFlag),
        ("/ee/license", Self::License),
        ("/requests/stats", Self::RequestStats),
        ("/user/id", Self::UserById),
        ("/user/remove", Self::UserRemove),
        ("/users/count", Self::UserCount),
        ("/users/count/active", Self::ActiveUserCount),
        ("/recipe/session", Self::Session),
        ("/recipe/session/verify", Self::SessionVerify),
        ("/recipe/session/refresh", Self::SessionRefresh),
        ("/recipe/session/regenerate", Self::SessionRegenerate),
        ("/recipe/session/remove", Self::SessionRemove),
        ("/recipe/session/user", Self::SessionUser),
        ("/recipe/session/data", Self::SessionData),
        ("/recipe/jwt/data", Self::JwtData),
        ("/recipe/handshake", Self::Handshake),
        ("/recipe/jwt", Self::Jwt),
        ("/recipe/jwt/jwks", Self::Jwks),
        ("/.well-known/jwks.json", Self::PublicJwks),
        ("/recipe/multitenancy/tenant", Self::Tenant(Generation::First)),
        ("/recipe/multitenancy/tenant/v2", Self::Tenant(Generation::Second)),
        ("/recipe/multitenancy/tenant/remove", Self::TenantRemove),
        ("/recipe/multitenancy/tenant/list", Self::TenantList(Generation::First)),
        ("/recipe/multitenancy/tenant/list/v2", Self::TenantList(Generation::Second)),
        ("/recipe/multitenancy/app", Self::App(Generation::First)),
        ("/recipe/multitenancy/app/v2", Self::App(Generation::Second)),
        ("/recipe/multitenancy/app/remove", Self::AppRemove),
        ("/recipe/multitenancy/app/list", Self::AppList(Generation::First)),
        ("/recipe/multitenancy/app/list/v2", Self::AppList(Generation::Second)),
    ];

    fn of(path: &str) -> Option<Self> {
        Self::ALL.iter().find(|(known, _)| *known == path).map(|(_, endpoint)| *endpoint)
    }

    /// Its path below the app and tenant, for logs and metrics.
    pub fn path(self) -> &'static str {
        match self {
            Self::Root => "/",
            Self::Unknown => "unknown",
            Self::Elsewhere => "upstream",
            _ => Self::ALL.iter().find(|(_, endpoint)| *endpoint == self).map_or("", |(path, _)| *path),
        }
    }

    /// Whether it answers without an API key (`spec/modern-core.md` 1.5).
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Root | Self::Unknown | Self::Hello | Self::Config | Self::PublicJwks)
    }

    /// Whether it answers only to a version that is spoken (`spec/modern-core.md` 1.4).
    pub const fn needs_version(self) -> bool {
        !matches!(self, Self::Hello | Self::ApiVersion | Self::PublicJwks)
    }
}

/// Where a request goes. The names are as the path has them: there may be no such app or tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Route<'a> {
    /// What is asked for.
    pub endpoint: Endpoint,
    /// The app.
    pub app: &'a str,
    /// The tenant in it.
    pub tenant: &'a str,
}

/// The name of the default app and of each app's default tenant.
pub(super) const PUBLIC: &str = "public";

/// Names that no tenant has, because paths begin with them.
pub const RESERVED: [&str; 4] = ["recipe", "config", "users", "hello"];

/// Decodes a path, still with its letters as they came. An encoded separator or NUL is refused: whoever sent it wants
/// two readers to see two paths.
pub fn decode(raw: &str) -> Result<Cow<'_, str>, Refusal> {
    if !raw.contains('%') {
        return if raw.contains(['\\', '\0']) { Err(Refusal::PATH) } else { Ok(Cow::Borrowed(raw)) };
    }
    let decoded = percent::decoded(raw.as_bytes()).and_then(|bytes| String::from_utf8(bytes).ok());
    let decoded = decoded.ok_or(Refusal::PATH)?;
    let slashes = |text: &str| text.bytes().filter(|byte| *byte == b'/').count();
    if decoded.contains(['\\', '\0']) || slashes(&decoded) != slashes(raw) {
        return Err(Refusal::PATH);
    }
    Ok(Cow::Owned(decoded))
}

/// Folds a decoded path to lower case: ASCII letters only, since no name here has others.
pub fn fold(path: &str) -> Cow<'_, str> {
    if path.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(path.to_ascii_lowercase())
    } else {
        Cow::Borrowed(path)
    }
}

impl<'a> Route<'a> {
    /// Finds the route of a path that was decoded and folded, and that the base path was taken from.
    pub fn find(path: &'a str) -> Self {
        if let Some(endpoint) = Endpoint::of(without_slash(path)) {
            return Self { endpoint, app: PUBLIC, tenant: PUBLIC };
        }
        let (app, rest) = app_of(path);
        if let Some(endpoint) = Endpoint::of(without_slash(rest)) {
            return Self { endpoint, app, tenant: PUBLIC };
        }
        let (tenant, rest) = tenant_of(rest);
        let endpoint = match rest {
            "" | "/" => Some(Endpoint::Root),
            rest => Endpoint::of(without_slash(rest)),
        };
        Self { endpoint: endpoint.unwrap_or(Endpoint::Unknown), app, tenant }
    }
}

pub(super) fn without_slash(path: &str) -> &str {
    path.strip_suffix('/').unwrap_or(path)
}

/// The first segment behind a `/`, if it is a name, and the rest.
fn segment(path: &str) -> Option<(&str, &str)> {
    let path = path.strip_prefix('/')?;
    let (name, rest) = path.split_at(path.find('/').unwrap_or(path.len()));
    let is_name = name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    is_name.then_some((name, rest))
}

pub(super) fn app_of(path: &str) -> (&str, &str) {
    match segment(path).and_then(|(name, rest)| Some((name.strip_prefix("appid-")?, rest))) {
        // No name is the default one's.
        Some(("", rest)) => (PUBLIC, rest),
        Some((app, rest)) => (app, rest),
        None => (PUBLIC, path),
    }
}

pub(super) fn tenant_of(path: &str) -> (&str, &str) {
    match segment(path) {
        Some((name, rest)) if !name.is_empty() && !RESERVED.contains(&name) => (name, rest),
        _ => (PUBLIC, path),
    }
}
