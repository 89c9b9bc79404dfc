//! What a caller may say of a session that it creates or asks for.

use std::fmt;
use std::time::Duration;

use doorward_engine::id::{TenantId, UserId};
use doorward_engine::session::create::NewLimits;
use doorward_engine::time::Lifetime;
use serde::Serialize;

use crate::error::InputError;

/// A session to be created: for a user, and with what else is set. `Debug` shows neither payload nor data.
#[derive(Clone)]
pub struct NewSession {
    pub(crate) user: UserId,
    pub(crate) tenant: TenantId,
    pub(crate) payload: Result<String, InputError>,
    pub(crate) data: Result<String, InputError>,
    pub(crate) limits: NewLimits,
}

impl fmt::Debug for NewSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewSession")
            .field("user", &self.user)
            .field("tenant", &self.tenant)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

impl NewSession {
    /// A session for this user, with an empty payload, in the default tenant, for as long as the settings say.
    pub fn for_user(user: UserId) -> Self {
        Self {
            user,
            tenant: TenantId::default(),
            payload: Ok("{}".into()),
            data: Ok("{}".into()),
            limits: NewLimits::default(),
        }
    }

    /// Sets what goes into the access token: a JSON object of at most 4 KiB (a setting) without reserved claims. The
    /// browser's scripts can read it. If it can't be stored, creating the session says so.
    #[must_use]
    pub fn payload(mut self, payload: impl Serialize) -> Self {
        self.payload = json_text(&payload);
        self
    }

    /// Sets what is kept beside the session in the store, where no browser sees it: any JSON of at most 64 KiB.
    #[must_use]
    pub fn data(mut self, data: impl Serialize) -> Self {
        self.data = json_text(&data);
        self
    }

    /// Sets the tenant.
    #[must_use]
    pub fn tenant(mut self, tenant: TenantId) -> Self {
        self.tenant = tenant;
        self
    }

    /// Lets this session's access tokens live shorter than the setting says. The shorter of the two holds.
    #[must_use]
    pub fn access_lifetime(mut self, lifetime: Duration) -> Self {
        self.limits.access_lifetime = Some(lifetime_of(lifetime));
        self
    }

    /// Ends this session earlier when it isn't refreshed. The shorter of this and the setting holds.
    #[must_use]
    pub fn refresh_lifetime(mut self, lifetime: Duration) -> Self {
        self.limits.refresh_lifetime = Some(lifetime_of(lifetime));
        self
    }

    /// Ends this session so long after its creation, whatever happens. The shorter of this and the setting holds.
    #[must_use]
    pub fn absolute_limit(mut self, lifetime: Duration) -> Self {
        self.limits.absolute = Some(lifetime_of(lifetime));
        self
    }
}

/// How a session is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GetSession {
    pub(crate) anti_csrf: Option<bool>,
    pub(crate) check_store: bool,
}

impl GetSession {
    /// With anti-CSRF judged by the request's method, and without asking the store.
    pub fn new() -> Self {
        Self::default()
    }

    /// Says whether an anti-CSRF check is made. By default it is, for every method but GET, HEAD, OPTIONS and TRACE.
    /// It counts for nothing where anti-CSRF is off, or the token came in a header.
    #[must_use]
    pub fn anti_csrf(mut self, check: bool) -> Self {
        self.anti_csrf = Some(check);
        self
    }

    /// Says whether the store is asked that the session is there now and its payload is still the token's. One round
    /// trip; by default a session that another process revoked lasts until its access token ends.
    #[must_use]
    pub fn check_store(mut self, check: bool) -> Self {
        self.check_store = check;
        self
    }
}

pub(crate) fn json_text(value: &impl Serialize) -> Result<String, InputError> {
    serde_json::to_string(value).map_err(|_| InputError::Unserialisable)
}

pub(crate) fn lifetime_of(duration: Duration) -> Lifetime {
    Lifetime::from_millis(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX))
}
