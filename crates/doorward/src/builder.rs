//! How [`Sessions`] are set up. What can't work stops here, with one sentence that says what to change.

use std::sync::Arc;
use std::time::Duration;

use doorward_engine::crypto::Algorithm;
use doorward_engine::id::AppId;
use doorward_engine::policy::{Policy, PolicyError, Rotation};
use doorward_engine::secret::Secret;
use doorward_service::env::{Clock, SystemClock};
use doorward_service::store::Store;
use doorward_service::{Service, ServiceError, ServiceOptions};
use doorward_wire::fdi::answer::{Statuses, StatusesError};
use doorward_wire::fdi::csrf::AntiCsrf;
use doorward_wire::fdi::same_site::SameSite;
use doorward_wire::fdi::site::{Site, SiteConfig};
use doorward_wire::fdi::site_error::SiteError;
use doorward_wire::fdi::transfer::{Allowed, TransferMethod};

use crate::error::{Reply, TheftReport, TryRefresh, Unauthorised};
use crate::hooks::Hooks;
use crate::options::lifetime_of;
use crate::sessions::Sessions;
use crate::world::world;

/// What the claim `iss` takes beside the issuer itself.
const ISSUER_BYTES: usize = 16;

/// Sets up [`Sessions`]. Everything has a default; only the API's origin must be known.
#[must_use = "nothing is set up before `build`"]
pub struct SessionsBuilder {
    site: SiteConfig,
    policy: Policy,
    store: Option<Arc<dyn Store>>,
    clock: Arc<dyn Clock>,
    algorithm: Algorithm,
    succession_secret: Option<Secret>,
    verified_tokens: usize,
    hooks: Hooks,
    session_expired_status: u16,
}

impl std::fmt::Debug for SessionsBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SessionsBuilder")
            .field("site", &self.site)
            .field("policy", &self.policy)
            .finish_non_exhaustive()
    }
}

/// Why sessions can't be set up.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BuildError {
    /// Browsers couldn't use it.
    #[error(transparent)]
    Site(#[from] SiteError),
    /// The statuses can't be told apart.
    #[error(transparent)]
    Statuses(#[from] StatusesError),
    /// Times that don't fit together.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// A secret too short to be one.
    #[error("succession_secret has {bytes} bytes, and needs at least 32 random ones")]
    SuccessionSecret {
        /// What it has.
        bytes: usize,
    },
    /// The store can't be used.
    #[error(transparent)]
    Service(#[from] ServiceError),
}

impl BuildError {
    /// A stable code for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Site(error) => error.code(),
            Self::Statuses(error) => error.code(),
            Self::Policy(_) => "config.policy",
            Self::SuccessionSecret { .. } => "config.succession_secret",
            Self::Service(error) => error.code(),
        }
    }
}

impl Sessions {
    /// Starts to set up sessions for an API that browsers reach at this origin, such as `https://api.example.com`.
    pub fn builder(api_domain: &str) -> SessionsBuilder {
        SessionsBuilder::new(api_domain)
    }
}

impl SessionsBuilder {
    fn new(api_domain: &str) -> Self {
        Self {
            site: SiteConfig::new(api_domain),
            policy: Policy::default(),
            store: None,
            clock: Arc::new(SystemClock),
            algorithm: Algorithm::Rs256,
            succession_secret: None,
            verified_tokens: 0,
            hooks: Hooks::default(),
            session_expired_status: 401,
        }
    }

    /// Sets where sessions are kept: a file (`Sqlite`), a PostgreSQL database (`Postgres`), this process alone (`Memory`),
    /// or a store of your own. By default it is the SQLite file `doorward.db` in the working directory.
    pub fn store(mut self, store: impl Store) -> Self {
        self.store = Some(Arc::new(store));
        self
    }

    /// The same for a store that others share.
    pub fn shared_store(mut self, store: Arc<dyn Store>) -> Self {
        self.store = Some(store);
        self
    }

    /// Sets the origin of the website that calls the API, if it isn't the API's own. Cookies and anti-CSRF follow from
    /// whether the two are one site (`spec/modern-sdk.md` 1.3.5).
    pub fn website(mut self, origin: impl Into<String>) -> Self {
        self.site.website_domain = Some(origin.into());
        self
    }

    /// Sets below which path refresh and sign-out are answered; `/auth` by default. Browser kits are told the same.
    pub fn base_path(mut self, path: impl Into<String>) -> Self {
        self.site.base_path = path.into();
        self
    }

    /// Sets what browsers see in front of the paths that the server sees: a gateway's prefix, or that of `nest`.
    pub fn gateway_path(mut self, path: impl Into<String>) -> Self {
        self.site.gateway_path = path.into();
        self
    }

    /// Sets the domain of the cookies, such as `.example.com`. By default only the API's host gets them.
    pub fn cookie_domain(mut self, domain: impl Into<String>) -> Self {
        self.site.cookie_domain = Some(domain.into());
        self
    }

    /// Says what the cookie domain was before it was changed (empty: it wasn't set), so that its cookies are cleared.
    pub fn older_cookie_domain(mut self, domain: impl Into<String>) -> Self {
        self.site.older_cookie_domain = Some(domain.into());
        self
    }

    /// Says whether cookies go over https only. By default they do if the API is there.
    pub fn cookie_secure(mut self, secure: bool) -> Self {
        self.site.cookie_secure = Some(secure);
        self
    }

    /// Sets on which requests from other sites cookies are sent.
    pub fn same_site(mut self, same_site: SameSite) -> Self {
        self.site.same_site = Some(same_site);
        self
    }

    /// Names the cookies, `sAccessToken` and `sRefreshToken` by default. With `__Host-` in front browsers take them from
    /// no other host.
    pub fn cookie_names(mut self, access: impl Into<String>, refresh: impl Into<String>) -> Self {
        self.site.access_cookie_name = Some(access.into());
        self.site.refresh_cookie_name = Some(refresh.into());
        self
    }

    /// Sets what protects against requests that another site makes.
    pub fn anti_csrf(mut self, mode: AntiCsrf) -> Self {
        self.site.anti_csrf = Some(mode);
        self
    }

    /// Fixes where tokens travel. By default each request chooses with `st-auth-mode`.
    pub fn transfer(mut self, allowed: Allowed) -> Self {
        self.site.allowed = allowed;
        self
    }

    /// Sets where a new session's tokens travel if the request doesn't say; in cookies by default.
    pub fn transfer_fallback(mut self, method: TransferMethod) -> Self {
        self.site.fallback = method;
        self
    }

    /// Lets the page's scripts have the access token too while it travels in a cookie.
    ///
    /// Security: a script that was planted in the page gets it as well.
    pub fn expose_access_token(mut self, expose: bool) -> Self {
        self.site.exposes_access_token = expose;
        self
    }

    /// Sets how long an access token lives; one hour by default.
    pub fn access_lifetime(mut self, lifetime: Duration) -> Self {
        self.policy.access_lifetime = lifetime_of(lifetime);
        self
    }

    /// Sets how long a session lives that isn't refreshed; 100 days by default.
    pub fn refresh_lifetime(mut self, lifetime: Duration) -> Self {
        self.policy.refresh_lifetime = lifetime_of(lifetime);
        self
    }

    /// Ends sessions that weren't refreshed for so long. Off by default.
    pub fn idle_limit(mut self, limit: Duration) -> Self {
        self.policy.idle_limit = Some(lifetime_of(limit));
        self
    }

    /// Ends sessions so long after their creation, whatever happens. Off by default.
    pub fn absolute_limit(mut self, limit: Duration) -> Self {
        self.policy.absolute_limit = Some(lifetime_of(limit));
        self
    }

    /// Sets how long a refresh token that was succeeded may come again without meaning theft: 30 s by default, at most
    /// 300 s. Zero is upstream's strict behaviour, where two tabs that refresh at once can end their session.
    pub fn grace(mut self, grace: Duration) -> Self {
        self.policy.grace = lifetime_of(grace);
        self
    }

    /// Sets when a successor becomes the current refresh token.
    pub fn rotation(mut self, rotation: Rotation) -> Self {
        self.policy.rotation = rotation;
        self
    }

    /// Sets how long a signing key signs: 168 h by default, at least 1.
    pub fn key_interval(mut self, interval: Duration) -> Self {
        self.policy.key_interval = lifetime_of(interval);
        self
    }

    /// Sets how many bytes of JSON an access token payload may have; 4 KiB by default.
    ///
    /// A cookie holds 4096 bytes, which about 2.5 KiB of payload fill; a larger token is worth a warning in the log, and
    /// is for transfer in headers.
    pub fn payload_limit(mut self, bytes: usize) -> Self {
        self.policy.payload_limit = bytes;
        self
    }

    /// Sets the algorithm of new signing keys: RS256 by default. EdDSA signs 20 times faster, and is understood by
    /// Doorward only.
    pub fn algorithm(mut self, algorithm: Algorithm) -> Self {
        self.algorithm = algorithm;
        self
    }

    /// Sets a secret of at least 32 random bytes that is mixed into the derivation of successors, so that a leaked
    /// database doesn't give them away. All processes on one store need the same.
    pub fn succession_secret(mut self, secret: impl Into<String>) -> Self {
        self.succession_secret = Some(Secret::new(secret.into()));
        self
    }

    /// Remembers the verification of so many access tokens. Off by default. Memory holds them as they are.
    pub fn verified_token_cache(mut self, tokens: usize) -> Self {
        self.verified_tokens = tokens;
        self
    }

    /// Sets the clock; for tests ([`crate::testing::SettableClock`]).
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Sets the status of the refusals that browser kits act on; 401 by default, 440 for the oldest kits. The kit is
    /// configured with the same.
    pub fn session_expired_status(mut self, status: u16) -> Self {
        self.session_expired_status = status;
        self
    }

    /// Runs when a request is refused as unauthorised, and may change the answer. It must not block.
    pub fn on_unauthorised(mut self, hook: impl Fn(&Unauthorised, &mut Reply) + Send + Sync + 'static) -> Self {
        self.hooks.unauthorised = Some(Arc::new(hook));
        self
    }

    /// Runs when a browser is asked to refresh, and may change the answer. It must not block.
    pub fn on_try_refresh(mut self, hook: impl Fn(&TryRefresh, &mut Reply) + Send + Sync + 'static) -> Self {
        self.hooks.try_refresh = Some(Arc::new(hook));
        self
    }

    /// Runs when a session ended because its refresh token was used by two, and may change the answer. It must not
    /// block: spawn what takes long, such as a mail to the user. It doesn't run if the client hangs up before the answer
    /// is made; the log has `doorward.session.theft_judged` then, and the session has ended all the same.
    pub fn on_theft(mut self, hook: impl Fn(&TheftReport, &mut Reply) + Send + Sync + 'static) -> Self {
        self.hooks.theft = Some(Arc::new(hook));
        self
    }

    /// Checks the settings, reads the keys, and makes those that are missing (a tenth of a second, once).
    pub async fn build(self) -> Result<Sessions, BuildError> {
        let site = Site::new(&self.site)?;
        let statuses = Statuses::new(self.session_expired_status, 403)?;
        for warning in self.policy.check()? {
            tracing::warn!(name: "doorward.config.warning", target: "doorward", "{warning}");
        }
        if let Some(secret) = &self.succession_secret
            && secret.expose().len() < 32
        {
            return Err(BuildError::SuccessionSecret { bytes: secret.expose().len() });
        }
        let store = match self.store {
            Some(store) => store,
            None => default_store().await?,
        };
        // What is stored has the issuer beside the application's members; the limit that was set is for those.
        let payload_limit = self.policy.payload_limit;
        let mut policy = self.policy;
        policy.payload_limit = payload_limit.saturating_add(site.issuer().len()).saturating_add(ISSUER_BYTES);
        let options = ServiceOptions {
            app: AppId::default(),
            policy,
            succession_secret: self.succession_secret,
            verified_tokens: self.verified_tokens,
            ..ServiceOptions::default()
        };
        let service = Service::open(store, world(self.clock, self.algorithm), options).await?;
        Ok(Sessions::new(service, site, Hooks { statuses, ..self.hooks }, payload_limit))
    }
}

#[cfg(feature = "sqlite")]
async fn default_store() -> Result<Arc<dyn Store>, ServiceError> {
    Ok(Arc::new(doorward_stores::sqlite::Sqlite::open("doorward.db").await?))
}

#[cfg(not(feature = "sqlite"))]
#[expect(clippy::unused_async, reason = "with the feature `sqlite` it opens a file")]
async fn default_store() -> Result<Arc<dyn Store>, ServiceError> {
    let hint = "no store was set: call `.store(..)`, or turn the feature `sqlite` on";
    Err(doorward_service::store::StoreError::Unavailable(hint.into()).into())
}
